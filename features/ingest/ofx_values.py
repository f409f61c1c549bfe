"""Dates and amounts as OFX writes them, and as banks write them all the same."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from features.ingest.amount_text import minor_of
from receivables.money import MoneyError

_DATE: Final = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})"
    r"(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:\.\d+)?)?"
    r"\s*(?:\[([+-]?\d{1,2}(?:\.\d+)?)(?::[^\]]*)?\]|Z|\[.*\])?",
    re.ASCII,
)


class ValueProblemError(Exception):
    """A value cannot be read; the caller knows the place."""

    def __init__(self, part: str, code: str, raw: str) -> None:
        super().__init__(part, code, raw)
        self.part = part
        self.code = code
        self.raw = raw


def day_of(text: str, part: str) -> date | None:
    """Read a date as the bank's own calendar has it; nothing is none."""
    return None if not text else _parts(text, part)[0]


def instant_of(text: str) -> datetime | None:
    """Read an instant in UTC, where time and zone are given."""
    try:
        return _parts(text, "")[1] if text else None
    except ValueProblemError:
        return None


def amount_of(text: str, currency: str, part: str) -> int:
    """Read a signed amount; OFX allows comma or point before the decimals."""
    if not text:
        raise ValueProblemError(part, "missing_value", text)
    if not currency:
        raise ValueProblemError("CURDEF", "missing_currency", text)
    try:
        return minor_of(text, currency)
    except MoneyError as error:
        raise ValueProblemError(part, error.code, f"{text} {currency}") from None


def _parts(text: str, part: str) -> tuple[date, datetime | None]:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise ValueProblemError(part, "bad_date", text)
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        at = date(int(year), int(month), int(day))
        if at.year < 1900:
            raise ValueProblemError(part, "bad_date", text)
        if hour is None or zone is None:
            return at, None
        offset = timezone(timedelta(minutes=round(float(zone) * 60)))
        instant = datetime(at.year, at.month, at.day, int(hour), int(minute), int(second or 0), tzinfo=offset)
        return at, instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueProblemError(part, "bad_date", text) from None
