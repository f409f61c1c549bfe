"""Amounts, dates and marks as camt writes them, in all its versions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from features.ingest.xml_stream import Node
from receivables.money import MoneyError, to_minor

_DATE: Final = re.compile(r"\s*(\d{4}-\d{2}-\d{2})(?:T|Z|[+-]|\s|$)", re.ASCII)
_INSTANT: Final = re.compile(
    r"\s*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})\s*"
)
NOTHING: Final = frozenset(
    "|NOTPROVIDED|NOTAPPLICABLE|NONREF|NOREF|NOT PROVIDED|NOT APPLICABLE|N/A|/NONREF/"
    "|KEINE INFORMATION VORHANDEN|UNKNOWN|NICHT ANGEGEBEN".split("|")
)
"""What banks write into a field that they must fill and cannot."""


class UnreadableValueError(Exception):
    """A value cannot be read; the caller knows the place and states the problem."""

    def __init__(self, field: str, code: str, raw: str = "") -> None:
        super().__init__(field, code, raw)
        self.field = field
        self.code = code
        self.raw = raw


class Amount(NamedTuple):
    """Minor units and their currency."""

    minor: int
    currency: str


def amount_of(node: Node | None, field: str, currency: str = "") -> Amount:
    """Read an amount without sign; its `Ccy` attribute wins over the currency of the account."""
    if node is None or not node.text:
        raise UnreadableValueError(field, "missing_value")
    named = (node.attributes.get("Ccy") or currency).strip().upper()
    if not named:
        raise UnreadableValueError(field, "missing_currency", node.text)
    text = node.text
    if text.startswith("."):  # xs:decimal may leave out the zero
        text = "0" + text
    elif text.endswith("."):
        text = text[:-1]
    try:
        return Amount(to_minor(text, named), named)
    except MoneyError as error:
        raise UnreadableValueError(field, error.code, f"{node.text} {named}") from None


def given_amount(node: Node | None, field: str, currency: str = "") -> Amount | None:
    """Read an amount that may be missing."""
    return None if node is None or not node.text else amount_of(node, field, currency)


def sign_of(node: Node, field: str = "CdtDbtInd") -> int:
    """Say 1 for money in, -1 for money out."""
    mark = node.at("CdtDbtInd").upper()
    if mark in ("CRDT", "DBIT"):
        return 1 if mark == "CRDT" else -1
    raise UnreadableValueError(field, "bad_sign", mark)


def date_of(node: Node | None, field: str) -> date | None:
    """Read the date of a `Dt` or `DtTm` choice, as the bank's own calendar has it."""
    text = _date_text(node)
    if not text:
        return None
    found = _DATE.match(text)
    if found is None:
        raise UnreadableValueError(field, "bad_date", text)
    try:
        day = date.fromisoformat(found.group(1))
    except ValueError:
        raise UnreadableValueError(field, "bad_date", text) from None
    if day.year < 1900:
        raise UnreadableValueError(field, "bad_date", text)
    return day


def instant_of(text: str) -> datetime | None:
    """Read an instant in UTC; a time without a zone is no instant."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    zone = "+00:00" if found.group(2) == "Z" else found.group(2)
    try:
        return datetime.fromisoformat(found.group(1) + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def told(text: str) -> str:
    """Give a reference, or nothing where the file says that there is none."""
    if not text:
        return ""
    clean = " ".join(text.split())
    return "" if clean.upper() in NOTHING else clean


def reference(text: str) -> str:
    """Give an identifier; one of nothing but zeros is none."""
    clean = told(text)
    return clean if clean.strip("0") else ""


def is_true(text: str) -> bool:
    """Read an XML boolean."""
    return text.strip().lower() in ("true", "1")


def _date_text(node: Node | None) -> str:
    if node is None:
        return ""
    return node.at("Dt") or node.at("DtTm") or node.text
