"""SEPA tags inside a text (`EREF+`, `SVWZ+` ...), also where a line or subfield breaks them in two."""

from __future__ import annotations

import re
from typing import Final

from features.ingest.mt940.details import Details, account_in, clean, told

FULL: Final = "\x1e"
"""Stands where a full subfield goes on in the next one."""
SHORT: Final = "\x1f"
"""Stands where a subfield ended before it was full."""

_NAMES: Final = frozenset(
    "EREF KREF MREF CRED DEBT COAM OAMT SVWZ ABWA ABWE IBAN BIC BREF RREF SQTP PURP RCUR TREF MTLG".split()
)
_TAG: Final = re.compile(
    rf"(?:(?<=[\s{FULL}{SHORT}])|^)(?:((?:[A-Z]{FULL}?){{3,4}})\+[ ]?|(?<=[{FULL}{SHORT}])(MTLG):)"
)
_COLON: Final = re.compile(r"(?:^|\s)(EREF|MREF|IBAN|BIC|ABWA|ABWE):\s*(\S*)")
_TEXTS: Final = frozenset({"SVWZ", "ABWA", "ABWE", "MTLG"})


def read_tags(marked: str, found: Details) -> None:
    """Take what the tags of a text say into `found`; what no tag claims is remittance.

    `marked` shows by `FULL` and `SHORT` where subfields met.
    """
    tags: list[tuple[str, re.Match[str]]] = []
    if "+" in marked or "MTLG:" in marked:
        named = [((tag[1] or tag[2]).replace(FULL, ""), tag) for tag in _TAG.finditer(marked)]
        tags = [(name, tag) for name, tag in named if name in _NAMES]
    if not tags:
        found.remittance = plain(marked)
        _read_colons(found)
        return
    values: dict[str, list[str]] = {}
    free = [marked[: tags[0][1].start()]]
    for place, (name, tag) in enumerate(tags):
        end = tags[place + 1][1].start() if place + 1 < len(tags) else len(marked)
        value = marked[tag.end() : end]
        if name not in _TEXTS:
            value, _, rest = value.partition(SHORT)
            free.append(rest)
        values.setdefault(name, []).append(plain(value))
    _assign(values, found)
    spare = clean(" ".join(plain(one) for one in free))
    said = " ".join(values.get("SVWZ", []) + values.get("MTLG", []))
    found.remittance = clean(f"{said} {spare}") if said else spare


def plain(marked: str) -> str:
    """Take the marks out of a text."""
    return clean(marked.replace(FULL, "").replace(SHORT, " ")) if marked else ""


def _assign(values: dict[str, list[str]], found: Details) -> None:
    def first(name: str) -> str:
        return told(values[name][0]) if name in values else ""

    found.end_to_end_id = first("EREF") or first("KREF")
    found.mandate_id = first("MREF")
    found.ultimate = first("ABWA") or first("ABWE")
    found.original = first("OAMT")
    found.account = found.account or account_in(first("IBAN"))


def _read_colons(found: Details) -> None:
    """Read ids written with a colon, as some banks do; the text stays whole."""
    for name, value in _COLON.findall(found.remittance):
        if name == "EREF":
            found.end_to_end_id = found.end_to_end_id or told(value)
        elif name == "MREF":
            found.mandate_id = found.mandate_id or told(value)
        elif name == "IBAN":
            found.account = found.account or account_in(value)
