"""Laws of a whole run of `match` on small hostile books: cash, balances, order, threads and batches."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features import pipeline
from features.book import book_from_rows
from features.outputs import write_match
from features.pipeline import MatchResult, match_book
from receivables.reasons import WhyNot
from receivables.words import Outcome
from tests.hostile import Tables, assert_within_balances, balances, books, match, money, rows_of, undoing
from tests.learnt import WIDE_OPEN, bundle, policy

DECISIONS: Final = (
    "payment_id", "kind", "outcome", "confidence", "customer_id", "allocated", "unapplied", "currency",
    "related_payment_id", "reasons", "model", "policy",
)  # fmt: skip
ALLOCATIONS: Final = (
    "payment_id", "invoice_id", "amount", "write_off", "write_off_reason", "deduction", "deduction_reason",
    "payment_amount", "rate", "rate_date", "pair_confidence", "outcome",
)  # fmt: skip
CANDIDATES: Final = (
    "payment_id",
    "invoice_id",
    "rules",
    "model_score",
    "pair_confidence",
    "chosen",
    "why_not",
)

relaxed = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(books())
def test_every_unit_of_cash_is_allocated_or_unapplied(tables: Tables) -> None:
    result = match(tables)
    applied: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(result.allocations):
        applied[row["payment_id"]] += money(row["payment_amount"])
    amounts = {row["payment_id"]: Decimal(row["amount"]) for row in tables["payments"]}
    for row in rows_of(result.decisions):
        amount, allocated = amounts[row["payment_id"]], money(row["allocated"])
        assert allocated == applied[row["payment_id"]]
        assert allocated + money(row["unapplied"]) == amount
        assert min(amount, Decimal(0)) <= allocated <= max(amount, Decimal(0)), row


@relaxed
@given(books())
def test_no_item_is_paid_beyond_its_balance_whatever_the_outcome(tables: Tables) -> None:
    assert_within_balances(tables, match(tables), lambda _: True)


@relaxed
@given(books())
def test_tolerances_write_nothing_off_beyond_the_balance(tables: Tables) -> None:
    result = match(tables, tolerance="0.60")
    assert_within_balances(tables, result, lambda _: True)


@relaxed
@given(books())
def test_a_line_has_the_sign_of_its_cash_against_the_item(tables: Tables) -> None:
    memo = {row["invoice_id"]: row["type"] == "credit_memo" for row in tables["invoices"]}
    result = match(tables)
    undone = undoing(result)
    for row in rows_of(result.allocations):
        if row["payment_id"] not in undone and money(row["amount"]):
            assert (money(row["amount"]) < 0) == memo[row["invoice_id"]]
            assert (money(row["payment_amount"]) < 0) == (money(row["amount"]) < 0)


@relaxed
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_every_table_changes_nothing(tables: Tables, random: Random) -> None:
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in tables.items()}
    first, second = match(tables), match(shuffled)
    assert second.decisions.equals(first.decisions)
    assert repr(rows_of(second.candidates)) == repr(rows_of(first.candidates))
    if not tables["remittance_lines"]:  # a fee's odd cent goes to the first line that is listed
        assert second.allocations.equals(first.allocations)


@relaxed
@given(books())
def test_held_and_contested_items_never_close_and_drafts_are_never_proposed(tables: Tables) -> None:
    status = {row["invoice_id"]: row["status"] for row in tables["invoices"]}
    held = {row["payment_id"] for row in tables["payments"] if row["hold"]}
    result = match(tables)
    undone = undoing(result)
    closed = {row["payment_id"] for row in rows_of(result.decisions) if row["outcome"] == Outcome.AUTO}
    assert not closed & held
    for row in rows_of(result.allocations):
        if row["payment_id"] not in undone:
            assert status[row["invoice_id"]] not in {"draft", "void"}
        if row["payment_id"] in closed:
            assert status[row["invoice_id"]] not in {"disputed", "on_hold"}


@relaxed
@given(books())
def test_the_outputs_have_the_columns_of_the_contract_and_agree_with_each_other(tables: Tables) -> None:
    result = match(tables)
    assert tuple(result.decisions.column_names) == DECISIONS
    assert tuple(result.allocations.column_names) == ALLOCATIONS
    assert tuple(result.candidates.column_names[: len(CANDIDATES)]) == CANDIDATES
    outcomes = {row["payment_id"]: row["outcome"] for row in rows_of(result.decisions)}
    assert len(outcomes) == result.decisions.num_rows
    assert set(outcomes.values()) <= {outcome.value for outcome in Outcome}
    for row in rows_of(result.allocations):
        assert row["outcome"] == outcomes[row["payment_id"]]
        assert (row["write_off_reason"] is None) == (money(row["write_off"]) == 0)
        assert (row["deduction_reason"] is None) == (money(row["deduction"]) == 0)


@relaxed
@given(books())
def test_every_candidate_that_was_not_chosen_says_why_and_no_other_does(tables: Tables) -> None:
    result = match(tables)
    codes = {reason.value for reason in WhyNot}
    chosen = set()
    for row in rows_of(result.candidates):
        assert (not row["why_not"]) if row["chosen"] else (row["why_not"] in codes)
        if row["chosen"]:
            chosen.add((row["payment_id"], row["invoice_id"]))
    lines = {(row["payment_id"], row["invoice_id"]) for row in rows_of(result.allocations)}
    repeated = lines - chosen
    assert chosen <= lines
    original = {row["payment_id"]: row["related_payment_id"] for row in rows_of(result.decisions)}
    assert all(original[payment] for payment, _ in repeated)
    assert not {payment for payment, _ in repeated} & {payment for payment, _ in chosen}


@relaxed
@given(books())
def test_what_was_posted_is_neither_decided_nor_paid_again(tables: Tables) -> None:
    first = match(tables)
    auto = {
        row["payment_id"]
        for row in rows_of(first.decisions)
        if row["outcome"] == Outcome.AUTO and money(row["allocated"])
    }
    posted = [
        {
            "payment_id": row["payment_id"],
            "invoice_id": row["invoice_id"],
            "amount": row["amount"],
            "write_off": row["write_off"] or "",
            "reason": row["write_off_reason"] or "",
            "decided_at": "2025-06-01T12:00:00Z",
        }
        for row in rows_of(first.allocations)
        if row["payment_id"] in auto and (money(row["amount"]) or money(row["write_off"]))
    ]
    later = {**tables, "allocations": [*tables["allocations"], *posted]}
    second = match(later)
    assert not auto & {row["payment_id"] for row in rows_of(second.decisions)}
    before = balances(tables)
    for row in posted:
        if row["payment_id"] not in undoing(first):
            before[row["invoice_id"]] -= Decimal(row["amount"]) + money(row["write_off"])
    spent: dict[str, Decimal] = defaultdict(Decimal)
    undone = undoing(first) | undoing(second)
    for row in rows_of(second.allocations):
        spent[row["invoice_id"]] += money(row["amount"]) + money(row["write_off"])
    if not undone:
        for item, balance in before.items():
            assert min(balance, Decimal(0)) <= balance - spent[item] <= max(balance, Decimal(0))


@relaxed
@given(books())
def test_a_second_run_says_the_same_and_threads_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, tables: Tables
) -> None:
    folders: list[Path] = []
    for threads in (1, 1, 2):
        folder = tmp_path_factory.mktemp("run")
        write_match(match(tables, threads=threads), folder)
        folders.append(folder)
    for name in ("decisions.csv", "allocations.csv", "candidates.parquet"):
        assert len({(folder / name).read_bytes() for folder in folders}) == 1


@pytest.fixture(params=[1, 2])
def small_batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Cut runs into batches of very few payments, as a huge book is cut into large ones."""
    monkeypatch.setattr(pipeline, "BATCH", request.param)
    return int(request.param)


in_batches = settings(
    relaxed,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=20,
)


@in_batches
@given(tables=books(4))
def test_a_book_cut_into_batches_conserves_cash_and_closes_no_item_twice(
    small_batches: int, tables: Tables
) -> None:
    assert small_batches == pipeline.BATCH
    result = match(tables)
    amounts = {row["payment_id"]: Decimal(row["amount"]) for row in tables["payments"]}
    decided = {row["payment_id"]: row for row in rows_of(result.decisions)}
    assert len(decided) == result.decisions.num_rows
    for row in decided.values():
        assert money(row["allocated"]) + money(row["unapplied"]) == amounts[row["payment_id"]]
    assert_within_balances(tables, result, lambda row: decided[row["payment_id"]]["outcome"] == Outcome.AUTO)


@in_batches
@given(tables=books(4))
def test_a_book_cut_into_batches_proposes_no_item_twice(small_batches: int, tables: Tables) -> None:
    assert small_batches == pipeline.BATCH
    assert_within_balances(tables, match(tables), lambda _: True)


FUTURE: Final = "2025-04-01T00:00:00Z"


@relaxed
@given(books(4), books(4))
def test_what_becomes_known_after_the_instant_changes_nothing(tables: Tables, later: Tables) -> None:
    def as_of(rows: Tables) -> MatchResult:
        book = book_from_rows(rows)
        assert not book.quarantined, book.problems.to_pylist()
        instant = datetime(2025, 3, 29, tzinfo=UTC)
        return match_book(book, bundle(), policy(**WIDE_OPEN), as_of=instant, threads=1)

    planted = {name: list(rows) for name, rows in tables.items()}
    for name in ("invoices", "payments"):
        key = f"{name[:-1]}_id"
        planted[name] += [{**row, key: f"Z-{row[key]}", "known_at": FUTURE} for row in later[name]]
    planted["remittance_lines"] += [
        {**row, "payment_id": f"Z-{row['payment_id']}", "known_at": FUTURE}
        for row in later["remittance_lines"]
    ]
    planted["customers"].append(
        {"customer_id": "C9", "name": "Acme", "customer_number": "2025", "known_at": FUTURE}
    )
    planted["customer_accounts"].append({"customer_id": "C1", "account": "A-1", "known_at": FUTURE})
    planted["fx_rates"].append(
        {"date": "2025-03-28", "base": "EUR", "quote": "JPY", "rate": "80", "known_at": FUTURE}
    )
    payer, item = tables["payments"][-1], tables["invoices"][-1]
    planted["allocations"].append({
        "payment_id": payer["payment_id"], "invoice_id": item["invoice_id"], "amount": item["amount"],
        "decided_at": FUTURE,
    })  # fmt: skip
    before, after = as_of(tables), as_of(planted)
    assert after.decisions.equals(before.decisions)
    assert after.allocations.equals(before.allocations)
    assert repr(rows_of(after.candidates)) == repr(rows_of(before.candidates))  # NaN is no number
