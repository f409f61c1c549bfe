"""Document numbers and structured payment references of the third world's issuers."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Final

BASE36: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def luhn(digits: str) -> str:
    """Return the check digit of modulus 10 with weights 2 and 1."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def finnish(digits: str) -> str:
    """Return the check digit of a viitenumero: weights 7, 3, 1 from the right."""
    return str(-sum(int(d) * (7, 3, 1)[place % 3] for place, d in enumerate(reversed(digits))) % 10)


def mod11(digits: str) -> str:
    """Return the check digit of modulus 11 with weights 2 to 7; a dash stands for ten, as in a KID."""
    rest = -sum(int(d) * (2 + place % 6) for place, d in enumerate(reversed(digits))) % 11
    return "-" if rest == 10 else str(rest)


def recursive(digits: str) -> str:
    """Return the check digit of a Swiss 27-digit reference."""
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def mod97(text: str) -> str:
    """Return the two ISO 7064 check digits of a text that ends in its country letters and 00."""
    return f"{98 - int(''.join(str(int(c, 36)) for c in text)) % 97:02d}"


def iban(country: str, rng: Random) -> str:
    """Make up a bank account: an IBAN where the country has them, plain digits elsewhere."""
    length = {
        "DE": 18,
        "AT": 16,
        "CH": 17,
        "FR": 23,
        "BE": 12,
        "ES": 20,
        "SE": 20,
        "NO": 11,
        "FI": 14,
        "DK": 14,
        "PL": 24,
        "CZ": 20,
        "PT": 21,
    }
    if country in {"US", "JP"}:
        return f"{rng.randrange(10**9):09d}{rng.randrange(10**4):04d}"
    lead = {"GB": "NWBK", "NL": "RABO", "BH": "BBKU", "IT": "X"}.get(country, "")
    size = {"GB": 14, "NL": 10, "BH": 14, "IT": 22}.get(country, length.get(country, 18))
    body = lead + "".join(str(rng.randrange(10)) for _ in range(size))
    return country + mod97(body + country + "00") + body


def reference(scheme: str, customer: int, serial: int) -> str:
    """Return the structured reference of an invoice; `serial` 0 gives one reference a customer for ever."""
    core = f"{customer:06d}{serial:07d}"
    match scheme:
        case "kid" | "kid11":
            return core + (luhn(core) if scheme == "kid" else mod11(core))
        case "ocr":
            long = core + str((len(core) + 2) % 10)
            return long + luhn(long)
        case "viite":
            return core.lstrip("0") + finnish(core.lstrip("0"))
        case "rf":
            return "RF" + mod97(core.lstrip("0") + "RF00") + core.lstrip("0")
        case "qr":
            long = "21" + core.rjust(24, "0")
            return long + recursive(long)
        case "ogm":
            core = core[-10:]
            return core + f"{int(core) % 97 or 97:02d}"
        case "fik":
            return core.rjust(14, "0") + luhn(core)
        case _:
            return ""


_SHAPES: Final = {
    "dense": "{dense}", "sap": "{sap}", "year": "INV-{day:%Y}-{seq:06d}", "slash": "{seq}/{day:%Y}", "short_year": "{day:%y}{seq:05d}", "customer": "{short}-{seq:04d}",
    "check": "{core}-{digit}", "branch": "R{branch:02d}-{seq:06d}", "long": "{day:%Y%m%d}{branch:02d}{seq:04d}", "long_plain": "1800{who:04d}{seq:07d}",
    "fv": "FV/{seq}/{day:%m/%Y}", "small": "{small}",
    "julian": "{year}{day:%j}.{seq:05d}", "base36": "{base36}", "suffix": "{seq:05d}{letter}{day:%y}/{part}", "words": "{word}{seq:05d}",
    "dotted": "{day:%m}.{seq:05d}.{short}", "numero": "№{seq:06d}·{day:%y}",
}  # fmt: skip
SEEN: Final = tuple(_SHAPES)[:12]
UNSEEN: Final = tuple(_SHAPES)[12:]
"""Customs that only the profile `unseen_numbering` uses."""


def number(custom: str, seq: int, day: date, customer: int, short: str) -> str:
    """Return a document number; `seq` counts within the custom's own scope (see `scope`)."""
    core = str(10_000 + seq)
    return _SHAPES[custom].format(
        seq=seq, day=day, short=short, dense=4_500_000 + seq, sap=9_012_400_000 + seq, small=100 + seq, core=core, digit=luhn(core), branch=customer % 47,
        who=customer % 10_000, year=day.year % 10, base36=_base36(seq), letter="ABCDEFGH"[day.month % 8], part=1 + customer % 3,
        word=("ALFA", "BRAVO", "CIRRUS", "DELTA")[customer % 4],
    )  # fmt: skip


def _base36(seq: int) -> str:
    value, text = seq * 7919 + 1_000_003, ""
    while value:
        value, rest = divmod(value, 34)
        text = BASE36[rest] + text
    return f"{text[:-3]}-{text[-3:]}"


def scope(custom: str, day: date, customer: int) -> tuple[int, ...]:
    """Say within what a custom counts: for ever, a year, a month, a day or a customer."""
    match custom:
        case "year" | "slash" | "short_year":
            return (day.year,)
        case "fv":
            return (day.year, day.month)
        case "customer":
            return (-1, customer)
        case "branch":
            return (-2, customer % 47)
        case "long":
            return (day.toordinal(), customer % 47)
        case _:
            return ()
