"""Field `:61:`: one line of a statement, and the amounts and dates of the other fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from features.ingest.amount_text import minor_of
from receivables.money import MoneyError, to_minor

_LINE: Final = re.compile(
    r"\s*(?P<dates>[\d ]{6,16}?)\s*(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?\s*"
    r"(?P<amount>\d[\d.]*(?:,\d*)?|,\d+)(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_CODE: Final = re.compile(r"[NFS][A-Z0-9 ]{3}")
_BALANCE: Final = re.compile(
    r"(?P<mark>[CD])(?P<day>\d{6})(?P<currency>[A-Z]{3})?\s*(?P<amount>\d[\d.]*(?:,\d*)?|,\d+)\s*", re.ASCII
)
_TOTAL: Final = re.compile(
    r"(?P<count>\d{1,9})\s*(?P<currency>[A-Z]{3})?(?P<amount>[\d.]*(?:,\d*)?)\s*", re.ASCII
)
_HALF_A_YEAR: Final = 182
_CENTURY: Final = 80
"""Years from here on are of the last century, as SWIFT has it."""


class FieldError(Exception):
    """A field cannot be read; the caller knows the place."""

    def __init__(self, part: str, code: str, raw: str = "") -> None:
        super().__init__(part, code, raw)
        self.part = part
        self.code = code
        self.raw = raw


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What `:61:` says."""

    value_date: date
    booking_date: date
    sign: int
    is_reversal: bool
    is_expected: bool
    amount: str
    code: str
    reference: str
    """Of the account owner, as written."""
    bank_reference: str
    supplementary: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What `:60F:` to `:65:` say."""

    day: date
    currency: str
    minor: int


def read_line(lines: list[str]) -> StatementLine:
    """Read the lines of a `:61:`; raise `FieldError`."""
    first, rest = lines[0], lines[1:]
    found = _LINE.fullmatch(first)
    if found is None and rest:  # cut in the middle
        first, rest = first + rest[0], rest[1:]
        found = _LINE.fullmatch(first)
    if found is None:
        raise FieldError("61", "bad_row", first)
    value_date, booking_date = _dates(found["dates"].rstrip())
    mark, tail, code = found["mark"], found["rest"], ""
    if (typed := _CODE.match(tail)) is not None:
        code, tail = typed.group(), tail[4:]
    reference, _, bank_reference = tail.partition("//")
    is_reversal = mark[0] == "R"
    is_in = (mark[-1] == "C") != is_reversal
    return StatementLine(
        value_date,
        booking_date,
        1 if is_in else -1,
        is_reversal,
        mark[0] == "E",
        found["amount"],
        code.strip(),
        reference.rstrip(),
        bank_reference.strip(),
        "\n".join(rest),
    )


def _dates(digits: str) -> tuple[date, date]:
    """Read value date and entry date, whose year is the one that brings them closest."""
    if not digits.isdigit():
        raise FieldError("61", "bad_date", digits)
    century = 2 if len(digits) in (8, 12) and digits[:2] in ("19", "20") else 0
    head, rest = digits[: 6 + century], digits[6 + century :]
    day = read_day(head)
    if not rest:
        return day, day
    if len(rest) != 4:
        raise FieldError("61", "bad_date", digits)
    same = _day(day.year, rest)
    if same is not None and abs((same - day).days) < _HALF_A_YEAR:
        return day, same
    near = [one for year in (day.year - 1, day.year, day.year + 1) if (one := _day(year, rest)) is not None]
    if not near:
        raise FieldError("61", "bad_date", digits)
    return day, min(near, key=lambda one: abs((one - day).days))


def read_day(text: str) -> date:
    """Read YYMMDD or YYYYMMDD; the 30th of February of bankers' months is its last day."""
    if len(text) == 6:
        year = int(text[:2]) + (1900 if int(text[:2]) >= _CENTURY else 2000)
        rest = text[2:]
    else:
        year, rest = int(text[:4]), text[4:]
    found = _day(year, rest)
    if found is None:
        raise FieldError("date", "bad_date", text)
    return found


def _day(year: int, text: str) -> date | None:
    month, day = int(text[:2]), int(text[2:])
    if month == 2 and day in (29, 30):
        try:
            return date(year, 2, day)
        except ValueError:
            return date(year, 3, 1) - timedelta(days=1) if day == 30 else None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_balance(text: str, currency: str) -> Balance:
    """Read a balance; its currency defaults to that of the statement."""
    found = _BALANCE.fullmatch(text.strip())
    if found is None:
        raise FieldError("balance", "bad_row", text)
    named = found["currency"] or currency
    if not named:
        raise FieldError("balance", "missing_currency", text)
    sign = 1 if found["mark"] == "C" else -1
    return Balance(read_day(found["day"]), named, sign * read_amount(found["amount"], named))


def read_total(text: str, currency: str) -> tuple[int, str, int | None]:
    """Read count, currency and sum of `:90C:` or `:90D:`."""
    found = _TOTAL.fullmatch(text.strip())
    if found is None:
        raise FieldError("90", "bad_row", text)
    named = found["currency"] or currency
    amount = found["amount"]
    return int(found["count"]), named, read_amount(amount, named) if amount and named else None


def read_amount(text: str, currency: str) -> int:
    """Read an amount as SWIFT writes it: a comma before the decimals, which may be missing."""
    whole, comma, fraction = text.partition(",")
    try:
        if comma and whole.isdigit() and fraction.isdigit():
            return to_minor(f"{whole}.{fraction}", currency)
        return minor_of(text, currency, comma)
    except MoneyError as error:
        raise FieldError("amount", error.code, f"{text} {currency}") from None
