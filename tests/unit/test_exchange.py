"""Amounts in another currency: which day's rate, which direction, and when there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.book import book_from_rows
from features.exchange import MAX_RATE_AGE, Converted, convert
from features.frame import Frame
from features.state import FOREVER, State
from receivables.money import exponent, to_minor, to_text

Row = dict[str, str]

DAY = "2025-03-10"


def converted(
    amount: str, source: str, target: str, rates: list[Row], until: str | None = None, **payment: str
) -> Converted:
    """Convert one payment of `DAY` into the currency of one item."""
    item = {"invoice_id": "I", "customer_id": "C", "currency": target, "amount": "1", "issue_date": DAY}
    cash = {"payment_id": "P", "booking_date": DAY, "currency": source, "amount": amount, **payment}
    book = book_from_rows({"invoices": [item], "payments": [cash], "fx_rates": rates})
    assert not book.quarantined, book.problems.to_pylist()
    frame = Frame(book)
    instant = (
        FOREVER
        if until is None
        else int(datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp() * 10**6)
    )
    state = State(frame, instant, instant, replay=False, batch=np.zeros(1, np.int32))
    return convert(state, np.zeros(1, np.int32), np.zeros(1, np.int32))


def rate(value: str, base: str = "EUR", quote: str = "USD", day: str = DAY, **more: str) -> Row:
    return {"date": day, "base": base, "quote": quote, "rate": value, **more}


def amount_of(found: Converted) -> int | None:
    """Give the converted amount, None where no rate is known."""
    return int(found.amount[0]) if found.known[0] else None


def test_the_same_currency_needs_no_rate() -> None:
    found = converted("12.34", "EUR", "EUR", [])
    assert (amount_of(found), bool(found.foreign[0]), int(found.rate_row[0])) == (1234, False, -1)


@pytest.mark.parametrize(
    ("amount", "source", "target", "rates", "minor"),
    [
        ("100.00", "EUR", "USD", [rate("1.10")], 11_000),
        ("110.00", "USD", "EUR", [rate("1.10")], 10_000),
        ("-100.00", "EUR", "USD", [rate("1.10")], -11_000),
        ("10.00", "EUR", "JPY", [rate("161.25", quote="JPY")], 1_612),
        ("1613", "JPY", "EUR", [rate("161.25", quote="JPY")], 1_000),
        ("10.00", "EUR", "BHD", [rate("0.408", quote="BHD")], 4_080),
        ("4.080", "BHD", "JPY", [rate("395.5", "BHD", "JPY")], 1_614),
    ],
)
def test_rates_work_both_ways_and_between_any_decimals(
    amount: str, source: str, target: str, rates: list[Row], minor: int
) -> None:
    found = converted(amount, source, target, rates)
    assert amount_of(found) == minor
    assert bool(found.foreign[0])


def test_the_latest_rate_up_to_the_value_day_counts() -> None:
    rates = [
        rate("1.00", day="2025-03-05"),
        rate("2.00", day="2025-03-08"),
        rate("4.00", day="2025-03-11"),
    ]
    assert amount_of(converted("1.00", "EUR", "USD", rates)) == 200
    assert amount_of(converted("1.00", "EUR", "USD", rates, value_date="2025-03-06")) == 100
    assert amount_of(converted("1.00", "EUR", "USD", rates, value_date="2025-03-12")) == 400


@pytest.mark.parametrize(
    ("day", "known"),
    [("2025-03-10", True), ("2025-03-03", True), ("2025-03-02", False), ("2025-03-11", False)],
)
def test_a_rate_is_good_for_a_week(day: str, *, known: bool) -> None:
    assert MAX_RATE_AGE == 7
    assert (amount_of(converted("1.00", "EUR", "USD", [rate("2", day=day)])) is not None) == known


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [rate("161", quote="JPY")],
        [rate("1.1", "GBP", "USD")],
        [rate("161", quote="JPY"), rate("1", "USD", "JPY")],
    ],
)
def test_a_missing_rate_is_no_rate_never_a_raw_amount(rates: list[Row]) -> None:
    assert amount_of(converted("100.00", "EUR", "USD", rates)) is None


def test_a_rate_that_became_known_later_does_not_exist() -> None:
    late = [rate("2", known_at="2025-03-12")]
    assert amount_of(converted("1.00", "EUR", "USD", late, until="2025-03-11")) is None
    assert amount_of(converted("1.00", "EUR", "USD", late, until="2025-03-12")) == 200


def test_a_direct_rate_wins_over_an_inverse_one() -> None:
    rates = [rate("0.25", "USD", "EUR"), rate("2")]
    assert amount_of(converted("1.00", "EUR", "USD", rates)) == 200


@pytest.mark.parametrize("sign", ["", "-"])
def test_what_the_payer_sent_is_exact_and_keeps_the_sign_of_the_cash(sign: str) -> None:
    found = converted(
        f"{sign}91.17", "EUR", "USD", [rate("1.10")], original_amount="100.00", original_currency="USD"
    )
    assert amount_of(found) == int(f"{sign}10000")
    assert bool(found.exact[0])


def test_what_the_payer_sent_in_a_third_currency_says_nothing() -> None:
    found = converted("91.17", "EUR", "USD", [], original_amount="100.00", original_currency="GBP")
    assert amount_of(found) is None


@given(
    st.integers(-(10**9), 10**9).filter(bool),
    st.sampled_from(["EUR", "JPY", "BHD"]),
    st.sampled_from(["USD", "KRW", "KWD"]),
    st.decimals("0.001", "1000", places=4),
)
def test_a_conversion_is_the_exact_product_to_the_minor_unit(
    minor: int, source: str, target: str, value: Decimal
) -> None:
    found = converted(to_text(minor, source), source, target, [rate(str(value), source, target)])
    exact = Decimal(minor) / 10 ** exponent(source) * value * 10 ** exponent(target)
    assert abs(exact - int(found.amount[0])) <= Decimal("0.5001")
    rounded = exact.quantize(Decimal(1), ROUND_HALF_EVEN)
    assert to_minor(to_text(int(found.amount[0]), target), target) in {rounded - 1, rounded, rounded + 1}
