"""Laws of money, for currencies of 0, 2, 3 and 4 decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from receivables.money import (
    MAX_MINOR,
    Money,
    MoneyError,
    convert,
    exponent,
    percent_of,
    round_half_even,
    spread,
    to_minor,
    to_text,
)

currencies = st.sampled_from(["JPY", "EUR", "USD", "BHD", "TND", "CLF", "DEM"])
minors = st.integers(-MAX_MINOR, MAX_MINOR)


@given(minors, currencies)
def test_writing_then_reading_gives_the_same_amount(minor: int, currency: str) -> None:
    assert to_minor(to_text(minor, currency), currency) == minor


@given(minors, currencies)
def test_the_text_is_the_exact_decimal(minor: int, currency: str) -> None:
    text = to_text(minor, currency)
    assert Decimal(text) == Decimal(minor).scaleb(-exponent(currency))
    assert len(text.partition(".")[2]) == exponent(currency)


@given(minors, currencies, st.integers(0, 6), st.integers(0, 3))
def test_zeros_around_the_number_change_nothing(minor: int, currency: str, after: int, before: int) -> None:
    text = to_text(abs(minor), currency)
    padded = "0" * before + text + ("" if after == 0 else ("" if "." in text else ".") + "0" * after)
    assert to_minor(padded, currency) == abs(minor)


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9),
    currencies,
)
def test_reading_is_exact_or_refused(number: Decimal, currency: str) -> None:
    units = number.scaleb(exponent(currency))
    try:
        minor = to_minor(f"{number:f}", currency)
    except MoneyError:
        assert units != units.to_integral_value()
    else:
        assert units == minor


@given(st.text(max_size=30), currencies)
def test_any_text_gives_an_integer_or_a_money_error(text: str, currency: str) -> None:
    try:
        minor: int | None = to_minor(text, currency)
    except MoneyError:
        minor = None
    assert minor is None or type(minor) is int


@given(st.integers(), st.integers())
def test_rounding_is_that_of_the_exact_fraction(numerator: int, denominator: int) -> None:
    assume(denominator != 0)
    assert round_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(minors, st.decimals(min_value=0, max_value=100, places=3))
def test_a_percentage_equals_the_decimal_rule(minor: int, percent: Decimal) -> None:
    wanted = (Decimal(minor) * percent / 100).quantize(Decimal(1), ROUND_HALF_EVEN)
    assert percent_of(minor, percent) == wanted
    assert percent_of(-minor, percent) == -percent_of(minor, percent)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_spread_loses_no_unit_and_strays_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = spread(total, weights)
    assert sum(parts) == total
    weights = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(minors, currencies, currencies)
def test_converting_at_par_only_rescales(minor: int, one: str, other: str) -> None:
    wanted = Fraction(minor) * Fraction(10) ** (exponent(other) - exponent(one))
    assert convert(minor, one, other, 1) == round(wanted)


@given(st.integers(-(10**14), 10**14), st.integers(-(10**14), 10**14), currencies)
def test_adding_then_subtracting_gives_the_same_money(one: int, other: int, currency: str) -> None:
    money, change = Money(one, currency), Money(other, currency)
    assert money + change - change == money
    assert (money < change) == (one < other)
