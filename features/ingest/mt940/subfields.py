"""`:86:` with numbered subfields: German and Austrian banks (`?20`), Polish ones (`~20`), Triodos (`>20`)."""

from __future__ import annotations

import re
from typing import Final

from features.ingest.mt940.details import IBAN, Details, account_in, clean, rejoin_structured
from features.ingest.mt940.sepa_tags import FULL, SHORT, read_tags

_OPENING: Final = re.compile(r"(\d{3})?\s*([?~<>^@|\u00a7\x1d])(\d{2})")
_CUTS: Final = {mark: re.compile(re.escape(mark) + r"(\d{2})") for mark in "?~<>^@|\u00a7\x1d"}
_FULL_WIDTH: Final = 27
_POLISH: Final = frozenset("~<^")
_REMITTANCE: Final = (*range(20, 30), *range(60, 64))
_POLISH_REMITTANCE: Final = range(20, 27)
_RETURNS: Final = frozenset({"108", "109", "159"})
"""German business transaction codes of returned direct debits and credit transfers."""
_EMPTY: Final = "\u02d9\u00ff\u02fa"
"""Polish banks fill empty subfields with one of these."""


def is_structured(lines: list[str]) -> bool:
    """Say whether a text has numbered subfields."""
    return _OPENING.match(lines[0]) is not None


def read_subfields(lines: list[str], own: str) -> Details:
    """Read the subfields; `own` is the own account, which some banks repeat among them."""
    text = rejoin_structured(lines)
    opening = _OPENING.match(text)
    assert opening is not None
    code, mark = opening.group(1) or "", opening.group(2)
    parts = _split(text[opening.start(2) :], mark)
    found = Details(business_code=code)
    if mark in _POLISH:
        _read_polish(parts, found)
    else:
        found.account = _account(parts)
        found.name = joined(parts, (32, 33))
        other = parts.get(10, "").strip()
        is_own = bool(found.account) and own.endswith(found.account)
        if (mark == ">" or is_own) and other.isdigit() and len(other) >= 9:  # Triodos
            found.account = other
        read_tags(_marked(parts, _REMITTANCE), found)
    if mark == "?" and code in _RETURNS:
        found.is_return = True
        found.return_reason = parts.get(34, "").strip()
    return found


def _split(text: str, mark: str) -> dict[int, str]:
    """Cut at each mark with two digits behind; a number that comes again goes on with its text."""
    parts: dict[int, str] = {}
    pieces = _CUTS[mark].split(text)
    for number, value in zip(pieces[1::2], pieces[2::2], strict=True):
        key = int(number)
        parts[key] = f"{parts[key]} {value}" if key in parts else value
    return parts


def _marked(parts: dict[int, str], numbers: tuple[int, ...] | range) -> str:
    """Join subfields, showing where a full one goes on in the next."""
    out, before, was_full = "", 0, False
    for number in numbers:
        if number not in parts:
            continue
        value = parts[number]
        if out:
            follows = number == before + 1 or (before, number) == (29, 60)
            out += FULL if was_full and follows else SHORT
        out += value
        before, was_full = number, len(value) >= _FULL_WIDTH
    return out


def joined(parts: dict[int, str], numbers: tuple[int, ...] | range) -> str:
    """Join subfields of a text that the bank cut after 27 characters."""
    return clean(_marked(parts, numbers).replace(FULL, "").replace(SHORT, " ").strip(_EMPTY))


def _account(parts: dict[int, str]) -> str:
    """Give the IBAN, or bank code and account: an account number alone is no account."""
    account = account_in(parts.get(38, "") or parts.get(31, ""))
    bank = parts.get(30, "").strip()
    if account.isdigit() and bank.isdigit():
        return f"{bank}/{account}"
    return account


def _read_polish(parts: dict[int, str], found: Details) -> None:
    parts = {number: value.strip(_EMPTY) for number, value in parts.items()}
    found.account = account_in(parts.get(38, "") or parts.get(31, "") or "")
    found.name = joined(parts, (32, 33))
    rest = [27, 28, 29, 60, 61, 62, 63]
    account = account_in(parts.get(29, ""))
    if IBAN.fullmatch(account) or re.fullmatch(r"\d{26}", account):
        found.account = found.account or account
        rest.remove(29)
    if not found.name:
        found.name = joined(parts, (27, 28))
        rest = [number for number in rest if number not in (27, 28)]
    read_tags(_marked(parts, (*_POLISH_REMITTANCE, *rest)), found)
