"""Exact money: ISO 4217 exponents, text to minor units and back, and integer rounding.

An amount inside Tieout is an integer of minor units beside its currency. Nothing here makes or
takes a float: text is read digit by digit, and every division says how it rounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from receivables.errors import TieoutError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_MINOR: Final = 10**15
"""Largest magnitude accepted, in minor units: sums of nine thousand such amounts still fit in 64 bits."""

Exact: TypeAlias = int | str | Decimal | Fraction
"""What may carry a percentage or a rate: never a float."""

# ISO 4217 list one by minor unit. The funds and metals that have none (XAU, XDR, XTS, XXX ...) are left
# out: no invoice can be exact in them.
_NO_MINOR_UNIT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO_DECIMALS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
    CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
    VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS: Final = "CLF UYW"
# Withdrawn codes that old invoices still carry.
_WITHDRAWN_NO_MINOR_UNIT: Final = "BEF BYR ESP GRD ITL LUF PTE TRL"
_WITHDRAWN_TWO_DECIMALS: Final = """
    ANG ATS BGN CUC CYP DEM EEK FIM FRF HRK IEP LTL LVL MRO MTL NLG SIT SKK SLL STD VEF ZMK ZWL
"""


def _table(*groups: tuple[int, str]) -> dict[str, int]:
    """Spread `groups` of codes over one table, in alphabetical order."""
    return dict(sorted((code, digits) for digits, codes in groups for code in codes.split()))


ACTIVE: Final[Mapping[str, int]] = _table(
    (0, _NO_MINOR_UNIT),
    (2, _TWO_DECIMALS),
    (3, _THREE_DECIMALS),
    (4, _FOUR_DECIMALS),
)
"""Currencies in force and their number of decimals."""

WITHDRAWN: Final[Mapping[str, int]] = _table((0, _WITHDRAWN_NO_MINOR_UNIT), (2, _WITHDRAWN_TWO_DECIMALS))
"""Currencies no longer in force that are still read."""

EXPONENTS: Final[Mapping[str, int]] = dict(sorted({**ACTIVE, **WITHDRAWN}.items()))
"""Every currency that Tieout reads and its number of decimals."""

_CANONICAL: Final = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_MAX_TEXT: Final = 512
_SHOWN: Final = 60


class MoneyError(TieoutError, ValueError):
    """An amount of money cannot be read."""

    code = "money"


class UnknownCurrencyError(MoneyError):
    """The currency is not an ISO 4217 code."""

    code = "unknown_currency"
    mend = "Use the three-letter ISO 4217 code, such as EUR."


class BadAmountError(MoneyError):
    """The amount is not a decimal number."""

    code = "bad_amount"
    mend = "Write digits with a point before the decimals, such as 1234.50."


class TooManyDecimalsError(MoneyError):
    """The amount has more decimals than its currency."""

    code = "too_many_decimals"
    mend = "Round the amount to the decimals of its currency where it was made."


class AmountOutOfRangeError(MoneyError):
    """The amount is larger than Tieout can hold."""

    code = "amount_out_of_range"
    mend = "Check the amount: at most 10^15 minor units are accepted."


class CurrencyMismatchError(MoneyError):
    """Two amounts of different currencies cannot be added or compared."""

    code = "currency_mismatch"
    mend = "Convert one of them at a named rate first."


class InexactNumberError(MoneyError, TypeError):
    """A floating-point number cannot carry money, a percentage or a rate."""

    code = "inexact_number"
    mend = "Pass an integer, a Decimal, a Fraction or the number as text."


def exponent(currency: str) -> int:
    """Say how many decimals `currency` has; raise `UnknownCurrencyError` when it is not known."""
    try:
        return EXPONENTS[currency]
    except (KeyError, TypeError):
        msg = f"The currency {str(currency)[:_SHOWN]!r} is not an ISO 4217 code."
        raise UnknownCurrencyError(msg) from None


def to_minor(text: str, currency: str) -> int:
    """Read a decimal text such as `"1234.50"` as integer minor units of `currency`, exactly.

    Zeros after the last decimal of the currency are dropped; any other digit there is an error.
    """
    return scaled(text, exponent(currency))


def to_text(minor: int, currency: str) -> str:
    """Write integer minor units as decimal text with exactly the decimals of `currency`."""
    return unscaled(minor, exponent(currency))


def scaled(text: str, digits: int) -> int:
    """Read a decimal text as an integer of units of 10^-`digits`, exactly."""
    if not isinstance(text, str):
        raise BadAmountError
    found = _CANONICAL.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if found is None:
        msg = f"The amount {text[:_SHOWN]!r} is not a decimal number."
        raise BadAmountError(msg)
    sign, whole, fraction = found.group(1), found.group(2), found.group(3) or ""
    if fraction[digits:].strip("0"):
        msg = f"The amount {text[:_SHOWN]!r} has more than {digits} decimals."
        raise TooManyDecimalsError(msg)
    return bounded(int(sign + whole + fraction[:digits].ljust(digits, "0")))


def unscaled(minor: int, digits: int) -> str:
    """Write an integer of units of 10^-`digits` as decimal text with exactly `digits` decimals."""
    minor = _integer(minor)
    if digits == 0:
        return str(minor)
    whole, fraction = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{fraction:0{digits}d}"


def bounded(minor: int) -> int:
    """Give `minor` back, or raise `AmountOutOfRangeError` when it lies beyond `MAX_MINOR`."""
    if not -MAX_MINOR <= minor <= MAX_MINOR:
        raise AmountOutOfRangeError
    return minor


def round_half_even(numerator: int, denominator: int) -> int:
    """Divide two integers and round to the nearest integer, a half going to the even one."""
    numerator, denominator = _integer(numerator), _integer(denominator)
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2 == 1))


def percent_of(minor: int, percent: Exact) -> int:
    """Take `percent` percent of `minor`, rounded half to even in minor units."""
    share = exact(percent)
    return round_half_even(_integer(minor) * share.numerator, 100 * share.denominator)


def convert(minor: int, currency: str, other: str, rate: Exact) -> int:
    """Convert `minor` of `currency` into minor units of `other`, where 1 `currency` = `rate` `other`."""
    factor = exact(rate) * Fraction(10) ** (exponent(other) - exponent(currency))
    return round_half_even(_integer(minor) * factor.numerator, factor.denominator)


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` in proportion to non-negative `weights` so that the parts sum to it exactly.

    Largest remainder; ties go to the first. Weights that are all zero count as equal.
    """
    total = _integer(total)
    parts = [_integer(weight) for weight in weights]
    if not parts:
        if total:
            msg = "A sum cannot be spread over nothing."
            raise BadAmountError(msg)
        return ()
    if min(parts) < 0:
        msg = "A weight is negative."
        raise BadAmountError(msg)
    if not any(parts):
        parts = [1] * len(parts)
    whole, sign = sum(parts), -1 if total < 0 else 1
    shares = [divmod(abs(total) * part, whole) for part in parts]
    left = abs(total) - sum(share for share, _ in shares)
    order = sorted(range(len(parts)), key=lambda place: (-shares[place][1], place))
    lucky = set(order[:left])
    return tuple(sign * (share + (place in lucky)) for place, (share, _) in enumerate(shares))


def exact(value: Exact) -> Fraction:
    """Read a percentage or a rate as an exact fraction; a float is refused."""
    if isinstance(value, bool | float):
        raise InexactNumberError
    if isinstance(value, str) and (len(value) > _MAX_TEXT or _CANONICAL.fullmatch(value) is None):
        msg = f"The number {str(value)[:_SHOWN]!r} is not a decimal number."
        raise BadAmountError(msg)
    try:
        return Fraction(value)
    except (TypeError, ValueError, OverflowError):
        msg = f"The number {str(value)[:_SHOWN]!r} is not a decimal number."
        raise BadAmountError(msg) from None


def _integer(value: int) -> int:
    """Refuse anything but an integer where minor units are meant."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InexactNumberError
    return value


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: integer minor units of one currency.

    Adding, subtracting and comparing demand the same currency; there is no implicit conversion.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse a float, an unknown currency and an amount beyond the bound."""
        exponent(self.currency)
        bounded(_integer(self.minor))

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read a decimal text in major units."""
        return cls(to_minor(text, currency), currency)

    def __str__(self) -> str:
        """Write the amount in major units and its currency, such as `1234.50 EUR`."""
        return f"{to_text(self.minor, self.currency)} {self.currency}"

    def __bool__(self) -> bool:
        """Say whether the amount differs from zero."""
        return self.minor != 0

    def __neg__(self) -> Money:
        """Turn the sign."""
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        """Drop the sign."""
        return Money(abs(self.minor), self.currency)

    def __add__(self, other: Money) -> Money:
        """Add an amount of the same currency."""
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract an amount of the same currency."""
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        """Compare with an amount of the same currency."""
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        """Compare with an amount of the same currency."""
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        """Compare with an amount of the same currency."""
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        """Compare with an amount of the same currency."""
        return self.minor >= self._same(other)

    def percent(self, percent: Exact) -> Money:
        """Take `percent` percent of it, rounded half to even."""
        return Money(percent_of(self.minor, percent), self.currency)

    def to(self, currency: str, rate: Exact) -> Money:
        """Convert at `rate`, where 1 of its own currency = `rate` of `currency`."""
        return Money(convert(self.minor, self.currency, currency, rate), currency)

    def _same(self, other: Money) -> int:
        if self.currency != other.currency:
            msg = f"{self.currency} and {other.currency} cannot be added or compared."
            raise CurrencyMismatchError(msg)
        return other.minor
