"""`:86:` with slash codes: of Dutch banks (`/EREF/`, `/BENM//NAME/`) and SWIFT's own (`/ORDP/`)."""

from __future__ import annotations

import re
from typing import Final

from features.ingest.mt940.details import IBAN, Details, account_in, clean, told

_NAMES: Final = (
    "ACCW ADDR BENM BIC BUSP CHGS CNTP CREF CSID EREF EXCH IBAN ID IREF ISDT KREF MARF NAME NREF NRTX OCMT "
    "ORDP PREF PURP REMI RREF RTRN SVCL SVWZ TRCD TRTP ULTB ULTC ULTD UDTR UCRD BENA ORDB MREF TYPE"
)
_CODE: Final = re.compile(rf"/({'|'.join(_NAMES.split())})/")
_OPENING: Final = re.compile(rf"\s*/?/({'|'.join(_NAMES.split())})/")
_STRUCTURED: Final = re.compile(r"STRD/(?:[A-Z]{3}/)?([^/]*)/?")
_OUTER: Final = ("BENM", "ORDP", "ULTB", "ULTD", "ULTC")


def has_slash_codes(text: str) -> bool:
    """Say whether a text starts with a slash code."""
    return _OPENING.match(text) is not None


def read_slash_codes(text: str) -> Details:
    """Read a text of slash codes; a slash that opens no known code belongs to the value."""
    values = _values(text)
    found = Details()
    found.name = _first(values, "BENM/NAME", "ORDP/NAME", "NAME") or _party(values)
    found.account = account_in(_first(values, "IBAN", "ACCW", "BENM/IBAN", "ORDP/IBAN").split(",")[0])
    found.end_to_end_id = told(_first(values, "EREF")) or told(_first(values, "KREF", "ROC"))
    found.mandate_id = told(_first(values, "MARF", "MREF"))
    found.ultimate = _first(values, "ULTD/NAME", "ULTB/NAME", "ULTC/NAME", "ULTD", "ULTB", "ULTC")
    found.return_reason = told(_first(values, "RTRN"))
    found.is_return = bool(found.return_reason)
    found.original = _first(values, "OCMT")
    found.charges = _first(values, "CHGS")
    if contra := values.get("CNTP"):
        _read_contra(contra, found)
    _read_remittance(values, found)
    return found


def _values(text: str) -> dict[str, str]:
    """Cut at each known code; `NAME` and `ID` belong to the party that opened before them."""
    codes = list(_CODE.finditer(text))
    values: dict[str, str] = {"": text[: codes[0].start()]} if codes else {"": text}
    outer = ""
    for place, code in enumerate(codes):
        name = code.group(1)
        end = codes[place + 1].start() if place + 1 < len(codes) else len(text)
        value = text[code.end() : end]
        if name in _OUTER:
            outer = name
        elif name in ("NAME", "ID", "IBAN") and outer:
            name = f"{outer}/{name}"
        else:
            outer = ""
        if name == "REMI" and "REMI" in values:
            values["REMI"] += " " + value
        else:
            values.setdefault(name, value if name in ("CNTP", "REMI") else clean(value).strip("/"))
    return values


def _first(values: dict[str, str], *names: str) -> str:
    return next((value for name in names if (value := clean(values.get(name, "")))), "")


def _party(values: dict[str, str]) -> str:
    """Take a party that is given without a code of its own for the name; an account may stand before it."""
    return _first(values, "ORDP", "BENM").strip("/")


def _read_contra(text: str, found: Details) -> None:
    """Read ING's `account/bank/name/city/`."""
    parts = [*(clean(part) for part in text.split("/")), "", "", ""]
    found.account = found.account or account_in(parts[0])
    found.name = found.name or parts[2]


def _read_remittance(values: dict[str, str], found: Details) -> None:
    text = values.get("REMI", values.get("SVWZ", "")).strip()
    if (structured := _STRUCTURED.match(text)) is not None:
        found.structured_reference = told(structured.group(1))
        text = text[structured.end() :]
    elif text.startswith("USTD/"):
        text = text[5:].lstrip("/")
    spare = clean(values[""]).strip("/")
    said = clean(text).strip("/ ") if text.startswith("/") else clean(text).removesuffix("/")
    found.remittance = clean(f"{said} {spare}")
    if not found.account and (token := found.name.split(" ")[0]) and IBAN.fullmatch(token):
        found.account, found.name = token, found.name.removeprefix(token).strip()
