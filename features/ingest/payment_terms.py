"""Terms of payment: early-payment discounts and due dates, structured or in the usual sentences.

XRechnung writes discounts as lines `#SKONTO#TAGE=14#PROZENT=2.25#BASISBETRAG=100.00#` inside a text; many
German invoices say `3% Skonto innerhalb 10 Tagen bis 15.03.2018` and nothing else. Both bind, and are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

TEXT_LIMIT: Final = 4_000
"""Characters of a text that are searched."""
_MOST_DAYS: Final = 366

_SKONTO: Final = re.compile(
    r"#SKONTO#TAGE=(\d{1,3})#PROZENT=(\d{1,2}(?:\.\d{1,4})?)(?:#BASISBETRAG=(-?\d{1,15}(?:\.\d{1,4})?))?#",
    re.ASCII,
)
_PERCENT: Final = r"(\d{1,2}(?:[.,]\d{1,2})?)\s{0,2}%"
_DATE: Final = r"(\d{1,2})\.(\d{1,2})\.(\d{4})"
_SENTENCES: Final = (
    re.compile(
        _PERCENT + r"\s{1,3}Skonto[^%#]{0,60}?bis\s{1,3}(?:zum\s{1,3})?" + _DATE, re.IGNORECASE | re.ASCII
    ),
    re.compile(
        _PERCENT + r"\s{1,3}(?:Skonto|discount|escompte)[^%#]{0,40}?"
        r"(?:innerhalb|within|sous|in)\s{1,3}(?:von\s{1,3})?(\d{1,3})\s{1,3}(?:Tage|days|jours)",
        re.IGNORECASE | re.ASCII,
    ),
)
# `Bei Zahlung innerhalb 14 Tagen gewähren wir 2,0% Skonto`, but not `innerhalb 30 Tagen netto, 2% Skonto ...`
_DAYS_FIRST: Final = re.compile(
    r"(?:innerhalb|binnen|within|sous)\s{1,3}(?:von\s{1,3})?(\d{1,3})\s{1,3}(?:Tage?n?|days|jours)"
    r"(?![^%#\d]{0,25}(?:nett|ohne|without))[^%#\d]{0,25}?"
    + _PERCENT
    + r"\s{1,3}(?:Skonto|discount|escompte)",
    re.IGNORECASE | re.ASCII,
)
_NET_UNTIL: Final = re.compile(
    r"netto[^%#]{0,20}?bis\s{1,3}(?:zum\s{1,3})?" + _DATE, re.IGNORECASE | re.ASCII
)
_NET_ON: Final = re.compile(r"zahlbar\s{1,3}bis\s{1,3}(?:zum\s{1,3})?" + _DATE, re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Discount:
    """A percentage off for paying by a day, or within days of the invoice or of a base date."""

    percent: str
    until: date | None = None
    days: int | None = None
    since: date | None = None
    base: str = ""

    def last_day(self, issue_date: date) -> date | None:
        """Give the last day on which the discount may be taken."""
        if self.until is not None or self.days is None:
            return self.until
        try:
            return (self.since or issue_date) + timedelta(days=self.days)
        except OverflowError:
            return None

    def shown(self) -> str:
        """Say it in one line."""
        return f"{self.percent} % " + (f"until {self.until}" if self.until else f"within {self.days} days")


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of the amount with a due date of its own, as the document says it."""

    due_date: date
    amount: str


def best(discounts: Sequence[Discount], issue_date: date) -> tuple[Discount | None, list[Discount]]:
    """Choose the largest discount that has a last day; give the others too."""
    usable = [one for one in dict.fromkeys(discounts) if one.last_day(issue_date) is not None]
    if not usable:
        return None, []
    chosen = max(usable, key=lambda one: (_value(one.percent), one.last_day(issue_date) or date.min))
    return chosen, [one for one in usable if one is not chosen]


def in_text(text: str) -> Iterator[Discount]:
    """Find the discounts in a text of terms: XRechnung's lines, or else the sentences."""
    text = text[:TEXT_LIMIT]
    found = False
    for match in _SKONTO.finditer(text):
        days, percent, base = match.groups()
        if (one := percent_text(percent)) and int(days) <= _MOST_DAYS:
            found = True
            yield Discount(one, days=int(days), base=(base or "").lstrip("-"))
    if found:
        return
    until = list(_SENTENCES[0].finditer(text))
    for match in until:
        percent, day, month, year = match.groups()
        if (last := _day(year, month, day)) is not None and (one := percent_text(percent)):
            yield Discount(one, until=last)
    if until:
        return
    told = [match.groups() for match in _SENTENCES[1].finditer(text)]
    for percent, days in told or [(percent, days) for days, percent in _DAYS_FIRST.findall(text)]:
        if (one := percent_text(percent)) and int(days) <= _MOST_DAYS:
            yield Discount(one, days=int(days))


def due_in_text(text: str) -> str:
    """Find the day on which the whole is due in a text of terms, as an ISO date, or nothing."""
    for pattern in (_NET_UNTIL, _NET_ON):
        if (match := pattern.search(text[:TEXT_LIMIT])) is not None:
            day, month, year = match.groups()
            last = _day(year, month, day)
            return "" if last is None else last.isoformat()
    return ""


def percent_text(text: str) -> str:
    """Write a percentage plainly, such as `2.25`; nothing when it is none between 0 and 100."""
    text = text.strip().replace(",", ".")
    if re.fullmatch(r"\d{1,3}(?:\.\d{1,10})?", text, re.ASCII) is None or not 0 < _value(text) < 100_000_000:
        return ""
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))


def days_of(measure: str, unit: str) -> int | None:
    """Read a period in days or weeks (UN/ECE units DAY and WEE) as days."""
    if re.fullmatch(r"\d{1,3}(?:\.0+)?", measure, re.ASCII) is None:
        return None
    days = int(measure.partition(".")[0]) * {"": 1, "DAY": 1, "DAYS": 1, "WEE": 7}.get(unit.upper(), 0)
    return days if 0 < days <= _MOST_DAYS or (days == 0 and unit.upper() in {"", "DAY"}) else None


def _value(percent: str) -> int:
    """Compare percentages exactly: as millionths of a percent."""
    whole, _, fraction = percent.partition(".")
    return int(whole + fraction[:6].ljust(6, "0"))


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
