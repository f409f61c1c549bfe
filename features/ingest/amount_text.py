"""Amounts as banks and people write them: with a comma, a point or both, before or after a sign."""

from __future__ import annotations

import re
from typing import Final

from receivables.money import BadAmountError, MoneyError, exponent, to_minor

_PLAIN: Final = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_GROUPED: Final = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*", re.ASCII)
_SEPARATORS: Final = re.compile(r"[.,' ]")
_MAX_CHARS: Final = 64


class AmbiguousAmountError(MoneyError):
    """A separator may mark decimals or thousands."""

    code = "ambiguous_amount"
    mend = "Write the amount with its decimals."


def minor_of(text: str, currency: str, mark: str = "") -> int:
    """Read a signed amount as minor units of `currency`, exactly.

    `mark` is the decimal mark where it is known (`.` or `,`). Where it is not, the last separator is one,
    unless three digits follow it and the currency has not three decimals: then nobody can tell.
    """
    sign, digits = _split_sign(text)
    return sign * to_minor(_canonical(digits, exponent(currency), mark), currency)


def mark_of(text: str) -> str:
    """Say which decimal mark an amount shows beyond doubt; empty where it shows none."""
    digits = _split_sign(text)[1]
    found = _SEPARATORS.findall(digits)
    if not found:
        return ""
    last, after = found[-1], len(digits) - digits.rfind(found[-1]) - 1
    if last not in ".," or found.count(last) > 1:
        return {".": ",", ",": "."}.get(last, "")
    return last if after != 3 or len(set(found)) > 1 else ""


def _split_sign(text: str) -> tuple[int, str]:
    text = text.strip().replace("\u2212", "-").replace("\u00a0", " ")
    if not text or len(text) > _MAX_CHARS:
        raise BadAmountError(f"The amount {text[:_MAX_CHARS]!r} is not a decimal number.")
    sign = -1 if text[0] == "-" or text[-1] == "-" else 1
    if text[0] in "+-":
        text = text[1:]
    elif text[-1] in "+-":
        text = text[:-1]
    return sign, text.strip()


def _canonical(text: str, decimals: int, mark: str) -> str:
    found = _SEPARATORS.findall(text)
    if not found:
        return _checked(text)
    last = found[-1]
    if not mark:
        mark = last if last in ".," and found.count(last) == 1 else "?"
        after = len(text) - text.rfind(last) - 1
        if mark == last and after == 3 and decimals != 3 and len(found) == 1 and text[0] != "0":
            raise AmbiguousAmountError(f"The separator of {text!r} may mark decimals or thousands.")
    whole, _, fraction = text.rpartition(mark) if mark in text else (text, "", "")
    if _SEPARATORS.search(whole):
        if not _GROUPED.fullmatch(whole):
            raise BadAmountError(f"The amount {text!r} is not a decimal number.")
        whole = _SEPARATORS.sub("", whole)
    return _checked(f"{whole}.{fraction}" if fraction else whole or "")


def _checked(text: str) -> str:
    if not _PLAIN.fullmatch(text):
        raise BadAmountError(f"The amount {text!r} is not a decimal number.")
    return f"0{text}" if text.startswith(".") else text.removesuffix(".")
