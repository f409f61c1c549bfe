"""The peers and the scales of the benchmark."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from benchmarks import acceptance, picture, run
from benchmarks.books import BookSpec, parse_spec, size, step
from benchmarks.odoo_like import match, tokens_of
from benchmarks.peer_book import PeerBook, read_peer_book, write_answers
from benchmarks.splink_matcher import references
from benchmarks.weigh import Limits, Weight, weigh
from training.scoring import figures
from training.verdicts import judge

FILES = {
    "book/invoices.csv": """\
invoice_id,invoice_number,customer_id,currency,amount,issue_date,due_date,discount_percent,discount_date
I1,RE-2025-0001,C1,EUR,100.00,2025-01-01,2025-02-01,,
I2,RE-2025-0002,C1,EUR,100.00,2025-01-01,2025-03-01,,
I3,RE-2025-0003,C2,EUR,250.00,2025-01-01,2025-02-01,2,2025-01-15
I4,RE-2025-0004,C2,EUR,40.00,2025-01-01,2025-02-01,,
""",
    "book/customers.csv": "customer_id,name\nC1,Alpha Werke GmbH\nC2,Beta Handels AG\n",
    "book/payments.csv": """\
payment_id,booking_date,currency,amount,remittance,payer_name,payer_account,resolution
P0,2025-01-05,EUR,60.00,,Beta,ACC 2,
P1,2025-01-10,EUR,100.00,Rechnung 2025-0002,Alpha Werke,,
P2,2025-01-11,EUR,245.00,RE20250003,Nobody,,
P3,2025-01-12,EUR,40.00,,Somebody,acc2,
P4,2025-01-13,EUR,90.00,RE-2025-0001,,,
P5,2025-01-14,EUR,77.00,hello world,,,
""",
    "book/allocations.csv": "payment_id,invoice_id,amount\nP0,I4,0.01\n",
    "truth/payments.csv": """\
payment_id,booking_date,currency,amount
P1,2025-01-10,EUR,100.00
P2,2025-01-11,EUR,245.00
""",
    "truth/allocations.csv": "payment_id,invoice_id,amount,write_off\nP1,I2,100.00,\nP2,I3,245.00,5.00\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a small book."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def book(root: Path) -> PeerBook:
    """Read it as a peer."""
    return read_peer_book(root / "book")


def test_a_peer_sees_balances_after_the_history(book: PeerBook) -> None:
    assert {i.id: i.open for i in book.items}["I4"] == 399_900
    assert [p.id for p in book.payments] == ["P1", "P2", "P3", "P4", "P5"]


def test_an_account_seen_in_the_history_names_its_owner(book: PeerBook) -> None:
    assert book.account_owner == {"ACC2": "C2"}


def test_rules_in_odoos_manner(book: PeerBook) -> None:
    answers = {a.payment.id: a for a in match(book)}
    assert [(i.id, cash, off) for i, cash, off in answers["P1"].rows] == [("I2", 1_000_000, 0)]
    assert answers["P1"].outcome == "auto"
    assert [(i.id, cash, off) for i, cash, off in answers["P2"].rows] == [("I3", 2_450_000, 50_000)]
    assert answers["P3"].outcome == "review"  # the partner's items, without a word about them
    assert answers["P4"].outcome == "review"  # paid in part
    assert answers["P5"].rows == []


def test_answers_are_scored_like_ours(root: Path, book: PeerBook) -> None:
    write_answers(match(book), root / "out", "rules")
    score = figures(judge(root / "out", root / "truth", root / "book"))
    assert (score.false.count, score.false.of, score.f1) == (0, 2, 1.0)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("Rechnung 2025-0002", {"20250002"}), ("INV/123 of 12.03.2025", {"12032025"}), ("no 999", set())],
)
def test_tokens_are_digits_of_long_words(said: str, numbers: set[str]) -> None:
    assert tokens_of([said]).numbers == numbers


def test_reference_cores_join_over_separators() -> None:
    assert references(["RE-2025-0042, 77"]) == {"2025", "20250042"}


def test_a_process_is_weighed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "sum(range(3_000_000)); print('done')"]
    weight = weigh(command, tmp_path / "log", Limits())
    assert weight.problem == ""
    assert weight.cpu_seconds > 0
    assert weight.peak_mib > 1
    assert (tmp_path / "log").read_text() == "done\n"


def test_a_failing_process_says_why(tmp_path: Path) -> None:
    weight = weigh([sys.executable, "-c", "raise SystemExit('no such book')"], tmp_path / "log", Limits())
    assert weight.problem == "ended with 1: no such book"


def test_a_process_over_its_limit_is_stopped(tmp_path: Path) -> None:
    weight = weigh(
        [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path / "log", Limits(seconds=0.1)
    )
    assert weight.problem.startswith("stopped after")


def test_sizes_and_recipes_read_as_typed() -> None:
    assert [size(t) for t in ("10k", "1M", "2500")] == [10_000, 1_000_000, 2_500]
    assert parse_spec("second:7:hard", 10_000) == BookSpec("second", 10_000, 7, "hard")
    assert parse_spec("synthetic:1", 10_000).name == "synthetic-10k-seed1"
    with pytest.raises(ValueError, match="unknown world"):
        parse_spec("moon:1", 10)


def test_a_step_is_done_once(tmp_path: Path) -> None:
    done: list[int] = []
    assert step(tmp_path, "work", lambda: done.append(1))
    assert not step(tmp_path, "work", lambda: done.append(2))
    assert done == [1]


def test_peers_write_exact_amounts(root: Path, book: PeerBook) -> None:
    write_answers(match(book), root / "out", "rules")
    with (root / "out/allocations.csv").open() as lines:
        rows = {r["payment_id"]: r for r in csv.DictReader(lines)}
    assert (rows["P2"]["amount"], rows["P2"]["write_off"]) == ("245", "5")


def test_the_acceptance_table_says_reached_and_required(root: Path, book: PeerBook) -> None:
    write_answers(match(book), root / "out", "rules")
    verdicts = judge(root / "out", root / "truth", root / "book")
    scores = acceptance._scores({"a": verdicts, "b": verdicts})
    rows = acceptance._rows({"learnt": scores, "unseen": {}, "cold": scores}, {"speed": 12_000.0})
    held = {r.measure: r.is_held for r in rows}
    assert held["pair F1"]
    assert held["payments a second, 80k against 100k invoices"]
    assert held["false auto-closes, 95 % bound"] is False  # four payments prove nothing
    assert held["numbering schemes never seen: bound; closed"] is None
    assert len(next(r for r in rows if r.measure == "pair F1").by_book) == 2


def test_a_run_writes_ratios_and_a_picture(tmp_path: Path) -> None:
    ours = run.Result("b", 100, 1000, run.OURS, Weight(2, 1, 100), 0.99, 0.97, 0.9, 0, 0.001, 0, 0.95, 0.95)
    peer = run.Result("b", 100, 1000, run.SPLINK, Weight(6, 4, 300), 0.7, 0.6, 0.5, 0.01, 0.02, 0, 0.1, 0.1)
    late = run.Result("b", 100, 1000, run.ODOO, Weight(9, 9, 9, "stopped after 9 s"))
    (ratio,) = run._ratios([ours, peer, late])
    assert (ratio["speed"], ratio["cpu"], ratio["memory"]) == (4, 3, 3)
    assert "skipped: stopped after 9 s" in run._markdown([ours, peer, late], [], 2)
    picture.draw([ours, peer, late], tmp_path, run.COLORS)
    assert (tmp_path / "benchmark.svg").stat().st_size > 1000
