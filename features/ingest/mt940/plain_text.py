"""`:86:` as plain text: labels and columns of Dutch and Polish banks; what is not known stays text."""

from __future__ import annotations

import re
from typing import Final

from features.ingest.mt940.details import IBAN, Details, account_in, clean, rejoin, told
from features.ingest.mt940.sepa_tags import read_tags

_POLISH: Final = re.compile(r"(?:^|;)\s*(Z RACH|NA RACH|OD|DLA|TYT|TNR)\.?:")
_COLLECTED: Final = re.compile(r"\bID IPH:\s*([A-Z0-9]{4,35})")
"""Which of our collection accounts was paid: it says who pays."""
_DUTCH: Final = re.compile(r"(?:^|(?<=\s))(IBAN|BIC|NAAM|OMSCHRIJVING|KENMERK|MACHTIGING|INCASSANT):")
_KNAB: Final = re.compile(r"(?:^|\s)REK: ?([A-Z0-9]{6,34})(?:/NAAM: ?(.*))?$")
_GIRO: Final = re.compile(r"GIRO\s+(\d{1,10})\s+(\S.*?)(?:\s{2,}|$)")
_BANK: Final = re.compile(r"(\d{2}\.\d{2}\.\d{2}\.\d{3})\s+(\S.*?)(?:\s{2,}|$)")
_CARD: Final = re.compile(
    r"(?:BEA|GEA)\s+NR:\S+\s+\d\d\.\d\d\.\d\d/\d\d\.\d\d\s+(\S.*?)(?:,PAS\s?\d+|\s{2,}|$)"
)
_SENDER: Final = re.compile(r"\b(?:ABSENDER|DONNEUR D.ORDRE|MITTENTE):\s*([^\n]+)")
"""PostFinance: the name stands in the line after its label."""
_ACCOUNT_COLUMN: Final = re.compile(r"(?=.{16})P?(\d{6,15})\s*(?<=^.{16})(\S.*)")
"""Rabobank before IBAN: sixteen characters of account, then the name."""
_LEADING: Final = re.compile(r"((?:[A-Z]{2}\d{2}[A-Z0-9]{11,30})|\d{9,10})(?:\s+|$)")


def read_text(lines: list[str], reference: str, supplementary: str) -> Details:
    """Read a text without codes.

    `reference` and `supplementary` are those of `:61:`: some banks write there the account and the name that
    they repeat at the start of the text.
    """
    text = rejoin(lines)
    found, leading = Details(remittance=clean(text)), _LEADING.match(text)
    if "RACH.:" in text or "TYT.:" in text:
        _read_polish(text, found)
    elif text.startswith("SEPA") and _DUTCH.search(text):
        _read_dutch(text, found)
    elif (knab := _KNAB.search(text)) is not None:
        found.account, found.name = knab.group(1), clean(knab.group(2) or "")
        found.remittance = clean(text[: knab.start()])
    elif leading is not None and reference.startswith(leading.group(1)):
        _read_repeated(text[leading.end() :], leading.group(1), supplementary, found)
    elif (columns := _GIRO.match(text) or _BANK.match(text)) is not None:
        found.account, found.name = columns.group(1).replace(".", ""), clean(columns.group(2))
    elif (card := _CARD.match(text)) is not None:
        found.name = clean(card.group(1))
    elif (sender := _SENDER.search("\n".join(lines))) is not None:
        found.name = clean(sender.group(1))
    elif "+" in text:
        read_tags(text, found)
    if leading is not None and not found.account:
        found.account = leading.group(1)
        if len(lines) > 1 and not found.name:  # ING: account and name, then the text
            found.name = clean(lines[0][leading.end() :])
    return found


def _labelled(text: str, labels: re.Pattern[str]) -> dict[str, str]:
    marks = list(labels.finditer(text))
    values: dict[str, str] = {}
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        values.setdefault(mark.group(1), text[mark.end() : end])
    return values


def _read_polish(text: str, found: Details) -> None:
    """Read mBank's labels: account, party, title and number; an address follows the name."""
    values = _labelled(text, _POLISH)
    found.account = account_in(values.get("Z RACH", "") or values.get("NA RACH", ""))
    party = (values.get("OD", "") or values.get("DLA", "")).strip()
    found.name = clean(re.split(r"\s{2,}", party)[0])
    found.remittance = clean(values.get("TYT", "")).strip("; ") or found.remittance
    if (collected := _COLLECTED.search(text)) is not None:
        found.structured_reference = collected.group(1)


def _read_dutch(text: str, found: Details) -> None:
    """Read ABN AMRO's labels in columns."""
    values = _labelled(text, _DUTCH)
    found.account = account_in(clean(values.get("IBAN", "")))
    found.name = clean(values.get("NAAM", ""))
    found.end_to_end_id = told(values.get("KENMERK", ""))
    found.mandate_id = told(values.get("MACHTIGING", ""))
    found.remittance = clean(values.get("OMSCHRIJVING", "")) or found.remittance


def _read_repeated(text: str, account: str, supplementary: str, found: Details) -> None:
    """Read SNS's and ASN's: account and name, a blank line, then what was written to us."""
    name = clean(supplementary)
    found.account = account_in(account)
    rest = clean(text)
    if name and rest.startswith(name):
        rest = rest[len(name) :].strip()
    found.name, found.remittance = name, rest


def read_own_lines(lines: list[str], reference: str, supplementary: str, found: Details) -> None:
    """Fill what `:86:` left open from `:61:`: an account or a name that stands in its last parts."""
    if lines and found.account and found.name:
        return
    first, _, rest = supplementary.partition("\n")
    first = first.strip()
    account = first.lstrip("P") if re.fullmatch(r"P\d{9,10}", first) else first
    if not found.account and (IBAN.fullmatch(account) or re.fullmatch(r"\d{9,10}", account)):
        found.account = account
        first = rest.strip()
    if not found.account and (columns := _ACCOUNT_COLUMN.match(reference)) is not None:
        found.account = columns.group(1)
        found.name = found.name or clean(columns.group(2))
    elif not found.account and (leading := _LEADING.match(reference)) is not None:
        found.account = leading.group(1)
        found.name = found.name or clean(reference[leading.end() :])
    if not lines and not found.remittance:
        found.remittance = "" if supplementary.startswith("/") else clean(supplementary)
    elif lines and first and not found.name and found.account and not re.search(r"\d", first):
        found.name = clean(first)
