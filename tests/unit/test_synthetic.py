"""The main synthetic world: the same bytes for a seed, every kind of case, and laws that no book breaks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from training.synthetic import TooSmallBookError, main, make_book, write_book
from training.world.check import check_book
from training.world.dice import Dice
from training.world.issuers import make_issuers
from training.world.mix import PROFILES
from training.world.numbering import SEEN, UNSEEN, make_numberer

KINDS = {
    "single", "multi", "twin", "parent_pays", "partial", "remainder", "many_to_one", "instalment", "n_to_m",
    "overpayment", "bank_fee", "rounding", "discount", "discount_late", "withholding", "credit_netted",
    "credit_cleared", "refund", "foreign_currency", "processor", "return", "chargeback", "representment",
    "duplicate_payment", "duplicate_line", "late_invoice", "prepayment", "on_account", "own_transfer",
    "salary", "tax", "fees", "interest", "supplier", "other_income", "unknown", "unknown_fits",
}  # fmt: skip
STATES = {
    "clean", "structured", "damaged", "order", "customer", "month", "chatter", "stale", "advice", "lines",
    "none",
}  # fmt: skip

Book = dict[str, pa.Table]


def column(book: Book, table: str, name: str) -> list[str]:
    return [str(value) for value in book[table][name].to_pylist()]


@pytest.fixture(scope="module")
def books() -> list[Book]:
    sizes = (("default", 6000), ("exporter", 3000), ("marketplace", 3000))
    return [make_book(size, 21 + place, profile=name) for place, (name, size) in enumerate(sizes)]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_book(make_book(400, 7, 6), tmp_path / folder)
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_another_seed_makes_another_book() -> None:
    assert make_book(60, 1, 3)["invoices"] != make_book(60, 2, 3)["invoices"]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_keeps_the_laws(profile: str) -> None:
    assert check_book(make_book(700, 5, 18, profile)) == {}


def test_large_books_keep_the_laws(books: list[Book]) -> None:
    for book in books:
        assert check_book(book) == {}


def test_a_book_has_as_many_documents_as_asked_for() -> None:
    for count in (1, 2, 37, 500):
        assert make_book(count, 3, 12)["invoices"].num_rows == count


def test_a_book_of_nothing_is_refused() -> None:
    with pytest.raises(TooSmallBookError, match="at least one invoice"):
        make_book(0, 1)


def test_every_kind_of_case_occurs(books: list[Book]) -> None:
    found = {kind for book in books for kind in column(book, "truth_kinds", "kind_of_case")}
    assert found == KINDS


def test_references_are_found_in_every_state(books: list[Book]) -> None:
    found = {state for book in books for state in column(book, "truth_kinds", "reference_state")}
    assert found == STATES


def test_the_usual_shares_hold(books: list[Book]) -> None:
    kinds = column(books[0], "truth_kinds", "kind_of_case")
    plain = sum(kind in {"single", "twin", "foreign_currency", "discount"} for kind in kinds) / len(kinds)
    assert 0.45 < plain < 0.8
    noise = {"own_transfer", "salary", "tax", "fees", "interest", "supplier", "other_income", "unknown"}
    assert 0.03 < sum(kind in noise for kind in kinds) / len(kinds) < 0.14


def schemes(profile: str, books: int) -> set[str]:
    mix = PROFILES[profile]
    return {issuer.scheme for seed in range(books) for issuer in make_issuers(mix, Dice(seed, "t"))}


def test_schemes_of_numbering_are_many_and_the_kept_back_ones_are_apart() -> None:
    seen, unseen = schemes("default", 80), schemes("unseen_numbering", 30)
    assert len(seen) >= 12
    assert seen <= SEEN.keys()
    assert unseen == UNSEEN.keys()


@pytest.mark.parametrize("scheme", sorted({**SEEN, **UNSEEN}))
def test_a_scheme_never_gives_a_number_twice(scheme: str) -> None:
    numberer = make_numberer(scheme, Dice(11, scheme))
    numbers = [numberer(738_000 + place // 9, f"K{place % 7}", place % 7) for place in range(4000)]
    assert len(set(numbers)) == len(numbers)


def test_what_a_real_export_would_not_know_is_left_empty(books: list[Book]) -> None:
    for book in books:
        sources = column(book, "payments", "source")
        related = book["payments"]["related_payment_id"].to_pylist()
        known = book["payments"]["customer_id"].to_pylist()
        for source, relation, customer in zip(sources, related, known, strict=True):
            assert source == "gateway" or (relation is None and customer is None)


def test_the_original_stands_before_its_copy(books: list[Book]) -> None:
    for book in books:
        places = {ident: place for place, ident in enumerate(column(book, "payments", "payment_id"))}
        for row in book["truth_kinds"].to_pylist():
            if row["related_payment_id"]:
                assert places[row["related_payment_id"]] < places[row["payment_id"]]


def test_wrong_labels_are_made_only_when_asked_for() -> None:
    pure, wrong = make_book(1500, 9), make_book(1500, 9, wrong_labels=0.05)
    assert "true_allocations" not in pure
    labels, truth = wrong["allocations"].to_pylist(), wrong["true_allocations"].to_pylist()
    moved = sum(a["invoice_id"] != b["invoice_id"] for a, b in zip(labels, truth, strict=True))
    assert 0 < moved < 0.08 * len(truth)
    balances = {"the exported balance is what the allocations leave", "settled means nothing is open"}
    assert check_book(wrong).keys() <= balances


def test_corrected_labels_are_reversed_and_replaced() -> None:
    book = make_book(1500, 9, corrected_labels=0.05)
    reversed_rows = [row for row in book["allocations"].to_pylist() if row["reversed_at"]]
    assert reversed_rows
    assert check_book(book) == {}


def test_parquet_holds_what_csv_holds(tmp_path: Path) -> None:
    book = make_book(50, 4, 3)
    write_book(book, tmp_path, parquet=True)
    for name, rows in book.items():
        assert pyarrow.parquet.read_table(tmp_path / f"{name}.parquet") == rows


def test_the_command_says_synthetic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--invoices", "40", "--seed", "2", "--months", "4", "--out", str(tmp_path), "--shares"]) == 0
    assert all("synthetic" in line for line in capsys.readouterr().out.splitlines())
    kinds = pyarrow.csv.read_csv(tmp_path / "truth_kinds.csv")
    assert set(kinds["origin"].to_pylist()) == {"synthetic"}


def test_money_of_every_exponent_has_its_decimals(books: list[Book]) -> None:
    decimals = {"JPY": 0, "BHD": 3}
    for book in books:
        for row in book["invoices"].select(["currency", "amount"]).to_pylist():
            exponent = Decimal(row["amount"]).as_tuple().exponent
            assert exponent == -decimals.get(row["currency"], 2)
