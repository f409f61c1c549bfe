"""Dates and amounts of QIF: order of day and month, and decimal mark, show only in the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from features.ingest.amount_text import mark_of
from receivables.money import MoneyError

_DATE: Final = re.compile(r"\s*(\d{1,4})\s*[-/. ]\s*(\d{1,2})\s*([-/.' ])\s*(\d{1,4})\s*", re.ASCII)


class DateOrder(StrEnum):
    """Which part of a date comes first."""

    DAY = "day"
    MONTH = "month"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Customs:
    """How a file writes dates and amounts."""

    order: DateOrder
    mark: str


def customs_of(lines: Iterable[str]) -> Customs:
    """Find the customs of a file from all its dates and amounts.

    A number above twelve settles the order of a date. Where none is, the order that keeps the dates of the
    file sorted does, if only one of the two does.
    """
    firsts: list[tuple[int, int, int]] = []
    marks: dict[str, int] = {}
    for line in lines:
        if line[:1] == "D" and (parts := split_date(line[1:])) is not None and parts[0] <= 31:
            firsts.append(parts)
        elif line[:1] in ("T", "U", "$"):
            try:
                mark = mark_of(line[1:])
            except MoneyError:
                continue
            marks[mark] = marks.get(mark, 0) + 1
    marks.pop("", None)
    mark = next(iter(marks)) if len(marks) == 1 else ""
    return Customs(_order(firsts), mark)


def _order(dates: list[tuple[int, int, int]]) -> DateOrder:
    is_day = any(first > 12 for first, _, _ in dates)
    is_month = any(second > 12 for _, second, _ in dates)
    if is_day != is_month:
        return DateOrder.DAY if is_day else DateOrder.MONTH
    if is_day or len(dates) < 3 or all(first == second for first, second, _ in dates):
        return DateOrder.UNKNOWN
    by_day = _is_sorted([(year, second, first) for first, second, year in dates])
    by_month = _is_sorted([(year, first, second) for first, second, year in dates])
    if by_day == by_month:
        return DateOrder.UNKNOWN
    return DateOrder.DAY if by_day else DateOrder.MONTH


def _is_sorted(dates: list[tuple[int, int, int]]) -> bool:
    ordered = sorted(dates)
    return dates in (ordered, ordered[::-1])


def split_date(text: str) -> tuple[int, int, int] | None:
    """Cut a date into first, second and year; a date that starts with its year gives the year first."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    first, second, apostrophe, third = (
        int(found.group(1)),
        int(found.group(2)),
        found.group(3),
        found.group(4),
    )
    if len(found.group(1)) == 4:
        return first, second, int(third)
    year = int(third)
    if len(third) <= 2:  # Quicken writes 1/5'04 for 2004 and 1/5/98 for 1998
        year += 2000 if apostrophe == "'" or year < 70 else 1900
    return first, second, year


def read_date(text: str, order: DateOrder) -> date | None:
    """Read a date; nothing when its order is unknown and matters. Raises `ValueError` when it is no date."""
    parts = split_date(text)
    if parts is None:
        raise ValueError(text)
    first, second, third = parts
    if first > 31:
        return date(first, second, third)
    if order is DateOrder.UNKNOWN and first != second:
        if first > 12:
            return date(third, second, first)
        if second > 12:
            return date(third, first, second)
        return None
    return date(third, second, first) if order is DateOrder.DAY else date(third, first, second)
