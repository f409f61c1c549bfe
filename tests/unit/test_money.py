"""Money: exponents, text to minor units and back, rounding on integers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import pytest

from receivables.money import (
    ACTIVE,
    EXPONENTS,
    MAX_MINOR,
    WITHDRAWN,
    AmountOutOfRangeError,
    BadAmountError,
    CurrencyMismatchError,
    Exact,
    Money,
    MoneyError,
    TooManyDecimalsError,
    UnknownCurrencyError,
    convert,
    exact,
    exponent,
    percent_of,
    round_half_even,
    spread,
    to_minor,
    to_text,
)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("BHD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("DEM", 2),
        ("ITL", 0),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_the_table_holds_every_active_code_with_decimals_and_some_withdrawn_ones() -> None:
    # ISO 4217 list one of 2026-01-01 has 178 codes, 13 of them without a minor unit (gold, XDR, XXX ...).
    assert len(ACTIVE) == 165
    assert not set(ACTIVE) & set(WITHDRAWN)
    assert all(len(code) == 3 and code.isupper() for code in EXPONENTS)
    assert not {"XAU", "XDR", "XXX", "XTS"} & set(EXPONENTS)


@pytest.mark.parametrize("currency", ["eur", "", "EURO", "XXX", "€", None])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrencyError) as caught:
        exponent(currency)
    assert caught.value.code == "unknown_currency"
    assert "ISO 4217" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.50", "EUR", 123450),
        ("1234.5", "EUR", 123450),
        ("1234", "EUR", 123400),
        ("-0.05", "EUR", -5),
        ("+7", "EUR", 700),
        ("-0.00", "EUR", 0),
        ("00012.30", "EUR", 1230),
        ("1234.5000", "EUR", 123450),
        ("1250", "JPY", 1250),
        ("1250.00", "JPY", 1250),
        ("1.234", "BHD", 1234),
        ("0.0001", "CLF", 1),
        ("10000000000000.00", "EUR", MAX_MINOR),
    ],
)
def test_text_is_read_digit_by_digit(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "EUR", "1234.50"),
        (-5, "EUR", "-0.05"),
        (1250, "JPY", "1250"),
        (-1, "BHD", "-0.001"),
        (0, "CLF", "0.0000"),
    ],
)
def test_text_is_written_with_exactly_the_decimals_of_the_currency(
    minor: int, currency: str, text: str
) -> None:
    assert to_text(minor, currency) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "12,50",
        "1e3",
        "1.2.3",
        ".5",
        "5.",
        "NaN",
        "inf",
        "0x10",
        "1_000",
        "١٢",
        "--1",
        "1 0",
        "9" * 600,
    ],
)
def test_anything_but_digits_sign_and_point_is_refused(text: str) -> None:
    with pytest.raises(BadAmountError) as caught:
        to_minor(text, "EUR")
    assert caught.value.code == "bad_amount"


@pytest.mark.parametrize(
    ("text", "currency"), [("1.005", "EUR"), ("0.5", "JPY"), ("1.2345", "BHD"), ("1.00001", "CLF")]
)
def test_more_decimals_than_the_currency_has_are_never_rounded_away(text: str, currency: str) -> None:
    with pytest.raises(TooManyDecimalsError):
        to_minor(text, currency)


@pytest.mark.parametrize("text", ["10000000000000.01", "-10000000000000.01", "9" * 400])
def test_an_amount_beyond_the_bound_is_refused(text: str) -> None:
    with pytest.raises(AmountOutOfRangeError):
        to_minor(text, "EUR")


@pytest.mark.parametrize(
    "call",
    [
        lambda: to_minor(cast("Any", 12.5), "EUR"),
        lambda: to_text(cast("Any", 12.5), "EUR"),
        lambda: Money(cast("Any", 1.0), "EUR"),
        lambda: percent_of(100, cast("Any", 2.5)),
        lambda: percent_of(cast("Any", 1.5), 2),
        lambda: convert(100, "EUR", "USD", cast("Any", 1.08)),
        lambda: round_half_even(cast("Any", 1.0), 2),
        lambda: spread(cast("Any", 1.0), [1]),
        lambda: exact(cast("Any", True)),
        lambda: Money(cast("Any", True), "EUR"),
    ],
)
def test_a_float_never_carries_money(call: Callable[[], object]) -> None:
    with pytest.raises(MoneyError):
        call()


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [
        (5, 2, 2),
        (7, 2, 4),
        (-5, 2, -2),
        (-7, 2, -4),
        (5, -2, -2),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (4, 2, 2),
    ],
)
def test_a_half_goes_to_the_even_neighbour(numerator: int, denominator: int, whole: int) -> None:
    assert round_half_even(numerator, denominator) == whole


@pytest.mark.parametrize(
    ("minor", "percent", "share"),
    [
        (10000, 2, 200),
        (12345, "2.5", 309),
        (50, 1, 0),
        (150, 1, 2),
        (10000, Decimal("0.125"), 12),
        (100, Fraction(1, 3), 0),
    ],
)
def test_a_percentage_is_taken_exactly_and_rounded_once(minor: int, percent: Exact, share: int) -> None:
    assert percent_of(minor, percent) == share


def test_conversion_minds_the_decimals_of_both_currencies() -> None:
    assert convert(10000, "EUR", "JPY", "160.125") == 16012
    assert convert(16012, "JPY", "EUR", Fraction(1000, 160125)) == 10000
    assert convert(1000, "BHD", "EUR", Decimal("2.45")) == 245


def test_a_spread_sums_to_its_total_and_ties_go_to_the_first() -> None:
    assert spread(100, [1, 1, 1]) == (34, 33, 33)
    assert spread(-100, [1, 1, 1]) == (-34, -33, -33)
    assert spread(5, [0, 0]) == (3, 2)
    assert spread(10, [3, 0, 7]) == (3, 0, 7)
    assert spread(0, []) == ()
    with pytest.raises(BadAmountError):
        spread(1, [])
    with pytest.raises(BadAmountError):
        spread(1, [-1, 2])


def test_money_adds_and_compares_within_one_currency_only() -> None:
    ten, one = Money.parse("10.00", "EUR"), Money(100, "EUR")
    assert str(ten + one) == "11.00 EUR"
    assert ten - one == Money(900, "EUR")
    assert one < ten <= Money(1000, "EUR")
    assert ten > one >= Money(100, "EUR")
    assert -one == Money(-100, "EUR")
    assert abs(-one) == one
    assert not Money(0, "EUR")
    assert ten.percent("2.5") == Money(25, "EUR")
    assert ten.to("JPY", 160) == Money(1600, "JPY")
    with pytest.raises(CurrencyMismatchError) as caught:
        ten + Money(1, "USD")
    assert caught.value.code == "currency_mismatch"
    with pytest.raises(CurrencyMismatchError):
        ten < Money(1, "USD")  # noqa: B015 -- the comparison itself is refused


def test_money_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Money(1, "EUR").minor = 2  # type: ignore[misc]


@pytest.mark.parametrize("error", MoneyError.__subclasses__())
def test_every_error_has_its_own_code_and_says_the_mend(error: type[MoneyError]) -> None:
    codes = [other.code for other in MoneyError.__subclasses__()]
    assert codes.count(error.code) == 1
    assert error().message == (error.__doc__ or "").strip()
    assert str(error()).endswith(error.mend)
