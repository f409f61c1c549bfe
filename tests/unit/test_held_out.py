"""Holding out the last months of a labelled book."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.book import Book, book_from_rows
from training.held_out import NothingToHoldOutError, hold_out, plain_tables
from training.scoring import figures
from training.verdicts import judge

SETTLED = {"currency": "JPY", "issue_date": "2025-01-01", "status": "settled", "open_amount": "0"}
INVOICES = [{"invoice_id": f"I{n}", "customer_id": "C1", "amount": str(100 + n), **SETTLED} for n in range(4)]
PAYMENTS = [
    {
        "payment_id": f"P{n}",
        "booking_date": day,
        "currency": "JPY",
        "amount": str(100 + n),
        "resolution": resolution,
    }
    for n, (day, resolution) in enumerate(
        [
            ("2025-01-10", ""),
            ("2025-02-28", ""),
            ("2025-03-01", ""),
            ("2025-04-02", ""),
            ("2025-05-31", "nothing"),
        ]
    )
]
ALLOCATIONS = [
    {"payment_id": "P0", "invoice_id": "I0", "amount": "100", "decided_at": "2025-01-11T00:00:00Z"},
    {"payment_id": "P1", "invoice_id": "I1", "amount": "101", "decided_at": "2025-03-01T00:00:00Z"},
    {"payment_id": "P2", "invoice_id": "I2", "amount": "102", "decided_at": "2025-03-03T00:00:00Z"},
]


@pytest.fixture
def book() -> Book:
    """Five months, the last payment of which pays nothing, and one that nobody decided."""
    return book_from_rows({"invoices": INVOICES, "payments": PAYMENTS, "allocations": ALLOCATIONS})


def test_the_last_months_lose_their_outcomes(book: Book) -> None:
    held = hold_out(book, 3)
    assert held.cut == date(2025, 3, 1)
    assert held.book.allocations["payment_id"].to_pylist() == ["P0", "P1"]
    assert held.book.payments["resolution"].null_count == 5


def test_balances_and_status_give_no_answer_away(book: Book) -> None:
    held = hold_out(book, 3)
    assert held.book.invoices["open_amount_minor"].null_count == 4
    assert set(held.book.invoices["status"].to_pylist()) == {"open"}


def test_long_silence_counts_as_paying_nothing(book: Book) -> None:
    truth = hold_out(book, 3).truth
    said = zip(*(truth["payments"][c].to_pylist() for c in ("payment_id", "resolution")), strict=True)
    assert dict(said) == {"P2": None, "P3": "nothing", "P4": "nothing"}


def test_money_keeps_its_unit(book: Book, tmp_path: Path) -> None:
    held = hold_out(book, 3)
    (tmp_path / "decisions.csv").write_text(
        "payment_id,outcome,confidence,customer_id,related_payment_id\nP2,auto,0.9,C1,\nP3,auto,0.9,C1,\n"
    )
    (tmp_path / "allocations.csv").write_text(
        "payment_id,invoice_id,amount,write_off\nP2,I2,102,\nP3,I3,103,\n"
    )
    score = figures(judge(tmp_path, held.truth, plain_tables(held.book)))
    assert (score.false.count, score.false.of, score.matchable) == (1, 2, 1)


def test_a_book_without_late_labels_is_refused(book: Book) -> None:
    with pytest.raises(NothingToHoldOutError):
        hold_out(book, 1)
