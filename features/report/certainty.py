"""How sure the decisions are: the distribution of confidence, and its reliability where truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from features.report.tables import OUTCOMES, Bools, Floats, Ints

if TYPE_CHECKING:
    from features.report.tables import Decided

EVEN_BINS: Final = 20
TAIL_BINS: Final = 25
TAIL_END: Final = 5.0
"""The certain end of the logarithmic scale: 99.999 %."""

RELIABILITY_BINS: Final = 15
_Z95: Final = 1.959963984540054


def tail(confidence: Floats) -> Floats:
    """Place confidences on a scale where 0, 90, 99, 99.9 % are 0, 1, 2, 3; it ends at 5."""
    doubt = np.clip(1.0 - confidence, 10.0**-TAIL_END, 1.0)
    return -np.log10(doubt)


def even_histogram(decided: Decided) -> Ints:
    """Count payments in 20 equal steps of confidence, one row an outcome."""
    return _histogram(decided, decided.confidence * EVEN_BINS, EVEN_BINS)


def tail_histogram(decided: Decided) -> Ints:
    """Count payments in 25 equal steps of the `tail` scale, one row an outcome."""
    return _histogram(decided, tail(decided.confidence) * (TAIL_BINS / TAIL_END), TAIL_BINS)


def _histogram(decided: Decided, place: Floats, bins: int) -> Ints:
    sure = np.isfinite(place)
    # A hair to the right, so that 0.9 counts from 0.9 on although 0.9 * 20 is 17.999...
    column = np.clip((place[sure] + 1e-9).astype(np.int64), 0, bins - 1)
    counts = np.bincount(decided.outcome[sure] * bins + column, minlength=len(OUTCOMES) * bins)
    return counts.reshape(len(OUTCOMES), bins)


@dataclass(frozen=True)
class ReliabilityBin:
    """One of fifteen equally full bins: what was claimed, what was true."""

    payments: int
    stated: float
    right: float
    low: float
    high: float


def reliability_bins(confidence: Floats, is_right: Bools) -> list[ReliabilityBin]:
    """Cut payments into equally full bins by confidence and compare with truth; intervals are Wilson's."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(RELIABILITY_BINS, len(order))) if len(order) else []
    return [_bin(confidence[part], is_right[part]) for part in parts]


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """Return the expected calibration error of these bins."""
    total = sum(b.payments for b in bins)
    return sum(b.payments * abs(b.stated - b.right) for b in bins) / total if total else 0.0


def _bin(confidence: Floats, is_right: Bools) -> ReliabilityBin:
    number, right = len(confidence), float(is_right.mean())
    middle = (right + _Z95**2 / (2 * number)) / (1 + _Z95**2 / number)
    reach = (
        _Z95
        / (1 + _Z95**2 / number)
        * float(np.sqrt(right * (1 - right) / number + _Z95**2 / (4 * number**2)))
    )
    return ReliabilityBin(
        number, float(confidence.mean()), right, max(middle - reach, 0.0), min(middle + reach, 1.0)
    )
