"""How much more, or less, confidence each segment needs, learnt from the calibration block.

Calibration does not travel between segments (issuers, kinds of evidence): a segment whose confidence promises
too much gets a higher threshold. All of them then hang on one knob, which the certificate tests (`ladder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from features.calibration import log_odds_of
from training.ladder import Segments

__all__ = ["fit_segments"]

Floats = NDArray[np.float64]

LEAST_PAYMENTS: Final = 100
"""A smaller segment is not listed: too little has been seen of it to place its threshold."""

NEAR_TOP: Final = 0.8
"""Only payments with at least this confidence place a threshold; what happens far below says little."""

SPREAD: Final = 1.0
"""How far segments are expected to differ, in log-odds (standard deviation of the prior)."""

NEWTON_STEPS: Final = 50


def fit_segments(
    confidence: ArrayLike,
    is_right: ArrayLike,
    segment: Sequence[str],
    weight: ArrayLike | None = None,
    *,
    unlisted: float | None = None,
    caution: float = 1.0,
) -> Segments:
    """A shift for each segment with enough payments: its overconfidence plus `caution` standard errors.

    A segment that is not listed takes `unlisted`: by default it never closes by itself.
    """
    c = np.asarray(confidence, dtype=np.float64)
    y = np.asarray(is_right, dtype=np.bool_)
    w = np.ones(c.size) if weight is None else np.asarray(weight, dtype=np.float64)
    names = np.asarray(segment, dtype=np.str_)
    near = c >= NEAR_TOP
    x = np.minimum(log_odds_of(c), 40.0)
    shifts: dict[str, float] = {}
    for name in np.unique(names[near]):
        own = near & (names == name)
        if int(np.count_nonzero(own)) >= LEAST_PAYMENTS:
            overconfidence, error = _overconfidence(x[own], y[own], w[own])
            shifts[str(name)] = overconfidence + caution * error
    return Segments(shifts=MappingProxyType(shifts), unlisted=unlisted)


def _overconfidence(x: Floats, y: NDArray[np.bool_], w: Floats) -> tuple[float, float]:
    """The log-odds to take off so that confidence and labels agree, and its standard error (by Newton)."""
    off, information = 0.0, 1.0
    for _ in range(NEWTON_STEPS):
        p = expit(x - off)
        information = float(w @ (p * (1.0 - p))) + SPREAD**-2
        step = (float(w @ (p - y)) - off * SPREAD**-2) / information
        off += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10:
            break
    return off, information**-0.5
