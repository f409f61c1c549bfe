"""How customers paid before: means that lean on the book where a customer's own past is short."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from features.book import book_from_rows
from features.frame import Frame
from features.habits import Habits, read_habits
from features.state import FOREVER, State

Row = dict[str, str]

ISSUED = date(2025, 1, 1)
TERMS = 30


def item(customer: str, number: str) -> Row:
    return {
        "invoice_id": number,
        "customer_id": customer,
        "currency": "EUR",
        "amount": "1",
        "issue_date": str(ISSUED),
        "due_date": str(ISSUED + timedelta(TERMS)),
    }


def habits(
    paid: dict[str, list[tuple[int, int]]], until: date | None = None, *, cold: bool = False
) -> tuple[Habits, dict[str, int]]:
    """Read the habits of customers, each with payments of (days after due, items)."""
    invoices: list[Row] = []
    payments: list[Row] = []
    allocations: list[Row] = []
    for customer, past in paid.items():
        for number, (lag, count) in enumerate(past):
            day = ISSUED + timedelta(TERMS + lag)
            link = {"payment_id": f"{customer}-P{number}"}
            payments.append({**link, "booking_date": str(day), "currency": "EUR", "amount": str(count)})
            items = [item(customer, f"{customer}-{number}-{place}") for place in range(count)]
            invoices += items
            allocations += [
                {**link, "invoice_id": one["invoice_id"], "amount": "1", "decided_at": str(day)}
                for one in items
            ]
        if not past:
            invoices.append(item(customer, f"{customer}-X"))
    if not payments:
        payments.append({"payment_id": "P", "booking_date": str(ISSUED), "currency": "EUR", "amount": "1"})
    book = book_from_rows({"invoices": invoices, "payments": payments, "allocations": allocations})
    assert not book.quarantined, book.problems.to_pylist()
    frame = Frame(book)
    instant = FOREVER
    if until is not None:
        instant = int(datetime(until.year, until.month, until.day, tzinfo=UTC).timestamp() * 10**6)
    state = State(frame, instant, instant, replay=True, batch=np.zeros(0, np.int32), cold=cold)
    return read_habits(state), {name: place for place, name in enumerate(frame.customers.to_pylist())}


def test_a_long_past_speaks_for_itself() -> None:
    found, at = habits({"EARLY": [(-10, 1)] * 40, "LATE": [(20, 1)] * 40})
    assert found.lag_due[at["EARLY"]] == pytest.approx(-10, abs=1)
    assert found.lag_due[at["LATE"]] == pytest.approx(20, abs=1)
    assert found.lag_issue[at["LATE"]] - found.lag_due[at["LATE"]] == pytest.approx(TERMS, abs=1)


def test_a_short_past_leans_on_the_book() -> None:
    found, at = habits({"MANY": [(0, 1)] * 40, "NEW": [(30, 1)], "NOBODY": []})
    mean = 30 / 41
    assert found.lag_due[at["NEW"]] == pytest.approx((30 + 2 * mean) / 3)
    assert found.lag_due[at["NOBODY"]] == pytest.approx(mean)
    assert found.payments[at["NOBODY"]] == 0


def test_a_regular_payer_has_a_narrower_spread_than_an_irregular_one() -> None:
    found, at = habits(
        {"REGULAR": [(3, 1)] * 30, "IRREGULAR": [(-20 if n % 2 else 40, 1) for n in range(30)]}
    )
    assert found.lag_spread[at["REGULAR"]] < 5
    assert found.lag_spread[at["IRREGULAR"]] > 25


def test_items_a_payment_and_the_share_of_single_ones_are_told_apart() -> None:
    found, at = habits({"SINGLE": [(0, 1)] * 30, "BUNDLE": [(0, 5)] * 30})
    assert found.items_per_payment[at["SINGLE"]] == pytest.approx(1)
    assert found.items_per_payment[at["BUNDLE"]] == pytest.approx(5, abs=0.5)
    assert found.single_share[at["SINGLE"]] > 0.98
    assert found.single_share[at["BUNDLE"]] < 0.1
    assert found.payments[at["BUNDLE"]] == 30


def test_one_wild_payment_does_not_move_a_mean_without_bound() -> None:
    found, at = habits({"OLD": [(2_000, 1)], "OTHER": [(0, 1)] * 5})
    assert found.lag_due[at["OLD"]] <= 180
    assert found.lag_issue[at["OLD"]] <= 270


def test_only_the_past_counts() -> None:
    past = {"C": [(0, 1)] * 5 + [(60, 1)] * 5}
    found, at = habits(past, until=ISSUED + timedelta(TERMS + 30))
    assert found.payments[at["C"]] == 5
    assert found.lag_due[at["C"]] == pytest.approx(0)


def test_a_cold_start_knows_no_habits() -> None:
    warm, at = habits({"C": [(9, 1)] * 5})
    cold, _ = habits({"C": [(9, 1)] * 5}, cold=True)
    assert (warm.payments[at["C"]], cold.payments[at["C"]]) == (5, 0)
    assert np.isfinite([cold.lag_due, cold.lag_spread, cold.lag_issue, cold.single_share]).all()


def test_a_book_without_a_past_has_finite_habits() -> None:
    found, _ = habits({"C": []})
    assert np.isfinite([found.lag_due, found.lag_spread, found.items_per_payment, found.single_share]).all()


def test_the_latest_payment_stands_for_itself_however_long_the_past() -> None:
    found, at = habits({"MOVED": [(0, 1)] * 40 + [(33, 1)], "NEW": []})
    assert found.lag_last[at["MOVED"]] == 33
    assert found.lag_due[at["MOVED"]] < 5


def test_without_a_past_the_latest_lag_is_the_books_mean() -> None:
    found, at = habits({"OTHER": [(10, 1)] * 5, "NEW": []})
    assert found.lag_last[at["NEW"]] == pytest.approx(found.lag_due[at["NEW"]])
