"""Dates as exports write them: the order of day and month is that which all dates of a file agree on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final

_PARTS: Final = re.compile(r"(\d{1,4})([./ -])(\d{1,2})\2(\d{1,4})(?:[T ].*)?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_CENTURY: Final = 2_000


class DayOrder(StrEnum):
    """What comes first in a date that does not start with its year."""

    DAY = "day"
    MONTH = "month"
    UNKNOWN = "unknown"


class DayError(Exception):
    """A date cannot be read; `code` is that of its problem."""

    def __init__(self, raw: str, code: str = "bad_date") -> None:
        super().__init__(raw)
        self.raw, self.code = raw, code


def order_of(texts: Iterable[str]) -> DayOrder:
    """Learn the order from dates that leave no doubt: points are written day first, 25 is no month."""
    found: set[DayOrder] = set()
    for text in texts:
        parts = _PARTS.fullmatch(text.strip())
        if parts is None or len(parts.group(1)) == 4:
            continue
        first, mark, second, _ = parts.groups()
        if mark == "." or int(first) > 12:
            found.add(DayOrder.DAY)
        elif int(second) > 12:
            found.add(DayOrder.MONTH)
    return found.pop() if len(found) == 1 else DayOrder.UNKNOWN


def read_day(text: str, order: DayOrder) -> date:
    """Read a date; raise `DayError` when it is none or its order cannot be told."""
    text = text.strip()
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        return _made(text, *compact.groups())
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise DayError(text)
    first, mark, second, last = parts.groups()
    if len(first) == 4:
        return _made(text, first, second, last)
    if len(last) not in {2, 4}:
        raise DayError(text)
    year = last if len(last) == 4 else str(_CENTURY + int(last))
    if mark == "." or int(first) > 12 or first == second:
        return _made(text, year, second, first)
    if int(second) > 12:
        return _made(text, year, first, second)
    match order:
        case DayOrder.DAY:
            return _made(text, year, second, first)
        case DayOrder.MONTH:
            return _made(text, year, first, second)
        case DayOrder.UNKNOWN:
            raise DayError(text, "ambiguous_date")


def _made(text: str, year: str, month: str, day: str) -> date:
    try:
        made = date(int(year), int(month), int(day))
    except ValueError:
        raise DayError(text) from None
    if made.year < 1900:
        raise DayError(text)
    return made
