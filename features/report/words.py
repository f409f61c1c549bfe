"""Numbers and codes in words: money, shares, dates, reasons, and what the guarantee says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from receivables.money import EXPONENTS
from receivables.reasons import SENTENCES, WHY_NOT_SENTENCES, Reason, WhyNot

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTCOME_WORDS: Final = {
    "auto": "closed automatically",
    "review": "for review",
    "unmatched": "unmatched",
    "dismissed": "dismissed",
}

OUTCOME_VERBS: Final = {
    "auto": "closed automatically",
    "review": "are for review",
    "unmatched": "match nothing",
    "dismissed": "were dismissed",
}

_ORDER: Final = list(Reason)
NOTHING_PROPOSED: Final = frozenset(
    _ORDER[_ORDER.index(Reason.UNIDENTIFIED_PAYER) : _ORDER.index(Reason.ON_ACCOUNT) + 1]
)
RECOGNISED: Final = frozenset(
    _ORDER[_ORDER.index(Reason.DUPLICATE_STATEMENT_LINE) : _ORDER.index(Reason.REFUND) + 1]
)
BLOCKERS: Final = frozenset(
    _ORDER[_ORDER.index(Reason.MODEL_UNAVAILABLE) : _ORDER.index(Reason.BELOW_THRESHOLD) + 1]
)
"""Codes that keep a payment from closing by itself: the answer to `why must a person look`."""

# C0 and C1 controls, and the marks that turn reading direction: a payer's name may hold them to mislead.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def money(minor: int, currency: str) -> str:
    """Write minor units with thousands grouped and the currency's own decimals; no currency code."""
    digits = EXPONENTS.get(currency, 2)
    whole, fraction = divmod(abs(int(minor)), 10**digits)
    tail = f".{fraction:0{digits}d}" if digits else ""
    sign = "\u2212" if minor < 0 else ""
    return f"{sign}{whole:,}{tail}"


def share(part: float, whole: float) -> str:
    """Write a share in percent with one decimal; a dash where there is nothing to share."""
    if not whole:
        return "\u2013"
    percent = 100 * part / whole
    # Never round a remainder away: 2,999 of 3,000 is not 100 %.
    if part < whole and percent > 99.9:
        return "> 99.9 %"
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.1f} %"


def certainty(confidence: float) -> str:
    """Write a confidence in percent without ever rounding up to certainty."""
    if not np.isfinite(confidence):
        return "\u2013"
    percent = float(np.floor(confidence * 1e4 + 1e-9) / 100)
    return f"{percent:.2f} %" if percent < 99.99 or confidence >= 1 else "> 99.99 %"


def date(day: int) -> str:
    """Write days since 1970 as an ISO date."""
    return str(np.datetime64(int(day), "D"))


def plain(text: object) -> str:
    """Show text without control characters and marks that turn its reading direction."""
    return _UNSEEN.sub("\ufffd", str(text))


def sentence(code: str) -> str:
    """Say a reason or why-not code in a sentence; a code from a newer release stands for itself."""
    if code in SENTENCES:
        return SENTENCES[Reason(code)]
    if code in WHY_NOT_SENTENCES:
        return WHY_NOT_SENTENCES[WhyNot(code)]
    return f"{code.replace('_', ' ')}."


def money_list(minor_by_currency: Mapping[str, int]) -> str:
    """Write amounts of several currencies side by side; they are never added up."""
    return " \u00b7 ".join(f"{money(minor, code)}\u00a0{code}" for code, minor in minor_by_currency.items())


def count(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
