"""What `:86:` says, whatever the dialect of the bank: recognised by its form, never by a bank's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SWIFT_WIDTH: Final = 65
"""Characters of a full line of `:86:`; a text that fills it goes on in the next line without a blank."""
SLASH_WIDTH: Final = 64
"""The same for slash codes: Rabobank was seen to cut words there."""
NOT_GIVEN: Final = frozenset(
    "NONREF NONE NOREF NOTPROVIDED NOTAVAILABLE NOTAPPLICABLE EREF KREF EREF+ KREF+ NREF PREF MARF CREF MREF "
    "/NONREF/ -".split()
) | {"", "NOT PROVIDED", "UNKNOWN"}

IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BLANKS: Final = re.compile(r"\s+")
_ISO_AMOUNT: Final = re.compile(r"([A-Z]{3})\s?(\d[\d.]*(?:,\d*)?)")


@dataclass(slots=True)
class Details:
    """What is told of a payment beside its amount and dates."""

    name: str = ""
    account: str = ""
    remittance: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    ultimate: str = ""
    business_code: str = ""
    """Three digits of a German or Polish structured text (GVC)."""
    structured_reference: str = ""
    is_return: bool = False
    return_reason: str = ""
    original: str = ""
    """Original amount as written, such as `USD100,5`."""
    charges: str = ""


def rejoin(lines: list[str], width: int = SWIFT_WIDTH) -> str:
    """Join wrapped lines: a full line goes on without a blank, a shorter one ends at a word."""
    if len(lines) == 1:
        return lines[0]
    return "".join(line if len(line) >= width else line + " " for line in lines[:-1]) + lines[-1]


def rejoin_structured(lines: list[str]) -> str:
    """Join the lines of a text with subfields; one or two blanks lost at the end of a full line come back."""
    if len(lines) == 1:
        return lines[0]
    return "".join(line + " " if SWIFT_WIDTH - 3 < len(line) < SWIFT_WIDTH else line for line in lines)


def clean(text: str) -> str:
    """Make every run of blanks one blank."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _BLANKS.sub(" ", text).strip()


def told(text: str) -> str:
    """Give a reference, or nothing where the text says that there is none."""
    text = clean(text)
    return "" if len(text) < 2 or text.upper() in NOT_GIVEN else text


def account_in(text: str) -> str:
    """Give an account without the blanks of its print."""
    return text.replace(" ", "").strip("/")


def amount_parts(text: str) -> tuple[str, str]:
    """Split `USD100,5` into currency and amount."""
    found = _ISO_AMOUNT.search(text)
    return ("", "") if found is None else (found.group(1), found.group(2))
