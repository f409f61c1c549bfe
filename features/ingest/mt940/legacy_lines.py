"""`:NS:` after `:61:`: numbered lines of German home banking programs, also used by Hungarian Sberbank."""

from __future__ import annotations

import re
from typing import Final

from features.ingest.mt940.details import Details
from features.ingest.mt940.subfields import joined

_NUMBERED: Final = re.compile(r"(\d\d)(.*)", re.DOTALL)


def read_numbered(lines: list[str]) -> Details:
    """Read 01-14 remittance, 15-16 name, 33 bank code, 34 account."""
    parts: dict[int, str] = {}
    for line in lines:
        found = _NUMBERED.match(line)
        if found is not None:
            number = int(found.group(1))
            parts[number] = f"{parts[number]} {found.group(2)}" if number in parts else found.group(2)
    bank, account = parts.get(33, "").strip(), parts.get(34, "").strip()
    if account.isdigit() and bank.isdigit():
        account = f"{bank}/{account}"
    return Details(
        name=joined(parts, (15, 16)),
        account=account,
        remittance=joined(parts, range(1, 15)),
    )
