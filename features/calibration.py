"""From log-odds to confidence: the applying side of calibration, in numpy, read from and written to JSON.

Everything here works in log-odds. A probability close to one cannot be told from the next one in 64 bits, and
the payments that close by themselves live exactly there; log-odds keep the order to the last payment.
Every map is strictly increasing, so calibrating never ties and never reorders two payments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from receivables.errors import TieoutError

__all__ = [
    "BetaMap",
    "Calibration",
    "CalibrationError",
    "IdentityMap",
    "SplineMap",
    "confidence_of",
    "log_odds_of",
    "log_odds_with_none",
    "offsets_of",
    "softmax_with_none",
]

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]

STEEPEST: Final = 3.0
"""A cubic piece with end slopes within three times its chord is monotone (Fritsch and Carlson, 1980)."""


class CalibrationError(TieoutError):
    """The calibration cannot be used."""

    code = "calibration_invalid"
    mend = "Train the model again, or restore its folder from the registry."


def confidence_of(log_odds: ArrayLike) -> Floats:
    """The probability of each log-odds, without overflow at either end."""
    x = np.asarray(log_odds, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small), dtype=np.float64)


def log_odds_of(probability: ArrayLike) -> Floats:
    """The log-odds of each probability; 0 and 1 become minus and plus infinity."""
    p = np.asarray(probability, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def offsets_of(payment_index: ArrayLike, payments: int) -> Offsets:
    """Where each payment's hypotheses begin, and the total, from their sorted payment index."""
    index = np.asarray(payment_index, dtype=np.int64)
    if index.size and (index[0] < 0 or index[-1] >= payments or np.any(np.diff(index) < 0)):
        raise CalibrationError("the payment index must be sorted and lie within the payments.")
    counts = np.bincount(index, minlength=payments)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def softmax_with_none(scores: ArrayLike, offsets: ArrayLike, a: float, b: float) -> tuple[Floats, Floats]:
    """P(hypothesis | payment) for every hypothesis and P(none of them) for every payment.

    `scores` holds the log-odds of all hypotheses, payment after payment; `offsets` where each payment begins,
    with the total at the end. The probabilities of a payment and its "none" add up to one:
    `exp(a s_h) / (exp(b) + sum exp(a s_j))`. A payment without hypotheses is surely "none".
    """
    hypotheses, none = log_odds_with_none(scores, offsets, a, b)
    return confidence_of(hypotheses), confidence_of(none)


def log_odds_with_none(scores: ArrayLike, offsets: ArrayLike, a: float, b: float) -> tuple[Floats, Floats]:
    """The log-odds of `softmax_with_none`, exact where the probability itself would round to one.

    The leading hypothesis is compared with the sum of the others, never with "one minus itself".
    """
    s, begin = _checked(scores, offsets)
    payments = begin.size - 1
    log_odds_none = np.full(payments, np.inf)
    counts = np.diff(begin)
    filled = np.flatnonzero(counts)
    if not filled.size:
        return np.empty(0), log_odds_none
    starts, sizes = begin[filled], counts[filled]
    z = a * s
    lead = np.maximum.reduceat(z, starts)
    log_odds_none[filled] = b - (lead + np.log(_sums(np.exp(z - np.repeat(lead, sizes)), starts)))

    top = np.maximum(lead, b)
    own = np.exp(z - np.repeat(top, sizes))
    total = np.exp(b - top) + _sums(own, starts)
    is_leader = _first_maxima(z, lead, starts, sizes)
    others = np.where(is_leader, 1.0, np.repeat(total, sizes) - own)
    log_odds = z - np.repeat(top, sizes) - np.log(others)

    # A leader far ahead would leave nothing of "total - own": its rivals are summed on their own scale.
    rivals = np.where(is_leader, -np.inf, z)
    second = np.maximum(np.maximum.reduceat(rivals, starts), b)
    behind = np.exp(b - second) + _sums(np.exp(rivals - np.repeat(second, sizes)), starts)
    log_odds[is_leader] = lead - second - np.log(behind)
    return log_odds, log_odds_none


def _first_maxima(z: Floats, lead: Floats, starts: Offsets, sizes: Offsets) -> NDArray[np.bool_]:
    """True at the first hypothesis of each payment that reaches the payment's largest value."""
    at_top = np.flatnonzero(z == np.repeat(lead, sizes))
    firsts = at_top[np.searchsorted(at_top, starts)]
    is_first = np.zeros(z.size, dtype=np.bool_)
    is_first[firsts] = True
    return is_first


def _sums(values: Floats, starts: Offsets) -> Floats:
    return np.asarray(np.add.reduceat(values, starts), dtype=np.float64)


def _checked(scores: ArrayLike, offsets: ArrayLike) -> tuple[Floats, Offsets]:
    s = np.asarray(scores, dtype=np.float64)
    begin = np.asarray(offsets, dtype=np.int64)
    if begin.size < 1 or begin[0] != 0 or begin[-1] != s.size or np.any(np.diff(begin) < 0):
        raise CalibrationError("offsets must rise from 0 to the number of scores.")
    if not np.isfinite(s).all():
        raise CalibrationError("a score is not a finite number.")
    return s, begin


@dataclass(frozen=True, slots=True)
class IdentityMap:
    """Leaves log-odds as they are: for a model nothing has been fitted for yet."""

    def apply(self, log_odds: Floats) -> Floats:
        """The same log-odds."""
        return log_odds

    def to_dict(self) -> dict[str, object]:
        """JSON values of this map."""
        return {"kind": "identity"}


@dataclass(frozen=True, slots=True)
class BetaMap:
    """Beta calibration `a ln p - b ln(1 - p) + c` (Kull, Silva Filho and Flach, 2017), a and b above zero."""

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        """Refuse a map that would tie or turn the order round."""
        if not (self.a > 0.0 and self.b > 0.0 and all(np.isfinite((self.a, self.b, self.c)))):
            raise CalibrationError("beta calibration needs finite a > 0, b > 0 and c.")

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds; `ln p` and `ln(1 - p)` come from log-odds, so nothing rounds at the ends."""
        log_p = -np.logaddexp(0.0, -log_odds)
        log_q = -np.logaddexp(0.0, log_odds)
        return np.asarray(self.a * log_p - self.b * log_q + self.c, dtype=np.float64)

    def to_dict(self) -> dict[str, object]:
        """JSON values of this map."""
        return {"kind": "beta", "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True, slots=True)
class SplineMap:
    """A strictly increasing cubic (PCHIP) through knots, log-odds to log-odds, straight beyond the ends."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    slope: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a table that is not surely increasing between all its knots."""
        x, y, slope = (np.asarray(values, dtype=np.float64) for values in (self.x, self.y, self.slope))
        if x.size < 2 or not x.size == y.size == slope.size or not np.isfinite((x, y, slope)).all():
            raise CalibrationError(
                "a spline needs two or more finite knots with x, y and slope of equal length."
            )
        width, rise = np.diff(x), np.diff(y)
        if (width <= 0).any() or (rise <= 0).any() or (slope <= 0).any():
            raise CalibrationError("the knots of a spline must rise strictly.")
        limit = STEEPEST * rise / width * (1 + 1e-9)
        if (slope[:-1] > limit).any() or (slope[1:] > limit).any():
            raise CalibrationError("a spline's slopes are too steep to stay increasing between its knots.")

    def apply(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds."""
        x, y, slope = np.asarray(self.x), np.asarray(self.y), np.asarray(self.slope)
        inside = np.clip(log_odds, x[0], x[-1])
        piece = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, x.size - 2)
        width = x[piece + 1] - x[piece]
        u = (inside - x[piece]) / width
        rise = y[piece + 1] - y[piece]
        # Hermite form around the left knot: the four blending polynomials with y[left] taken out.
        bend = slope[piece] * width * u * (1 - u) ** 2 - slope[piece + 1] * width * u**2 * (1 - u)
        middle = y[piece] + rise * u**2 * (3 - 2 * u) + bend
        below = slope[0] * np.minimum(log_odds - x[0], 0.0)
        above = slope[-1] * np.maximum(log_odds - x[-1], 0.0)
        return np.asarray(middle + below + above, dtype=np.float64)

    def to_dict(self) -> dict[str, object]:
        """JSON values of this map."""
        return {"kind": "spline", "x": list(self.x), "y": list(self.y), "slope": list(self.slope)}


TopMap: TypeAlias = IdentityMap | BetaMap | SplineMap
"""Any map from uncalibrated to calibrated log-odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All that turns a payment's hypothesis scores into the confidence of its decision.

    `a` and `b` weigh hypotheses against each other and against "none"; `top` maps the leader's log-odds to
    those of being exactly right, `none` (default: `top`) those of "none"; `no_candidates` is the confidence
    of "none" where nothing was proposed at all. `cells` holds the confidence of each evidence cell of the
    deterministic lane, and `unseen_cell` that of a cell without labels.
    """

    a: float = 1.0
    b: float = 0.0
    top: TopMap = IdentityMap()
    none: TopMap | None = None
    no_candidates: float = 0.5
    cells: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    unseen_cell: float = 0.0

    def __post_init__(self) -> None:
        """Refuse weights that would turn the order round, and confidences outside 0..1."""
        if not (self.a > 0.0 and np.isfinite(self.a) and np.isfinite(self.b)):
            raise CalibrationError("the softmax needs finite a > 0 and b.")
        confidences = (*self.cells.values(), self.unseen_cell, self.no_candidates)
        if not all(0.0 <= value <= 1.0 for value in confidences):
            raise CalibrationError(
                "the confidence of an evidence cell, and without candidates, must lie within 0..1."
            )

    def competition(self, scores: ArrayLike, offsets: ArrayLike) -> tuple[Floats, Floats]:
        """P(hypothesis | payment) and P(none | payment), before the last calibration."""
        return softmax_with_none(scores, offsets, self.a, self.b)

    def log_odds(self, scores: ArrayLike, offsets: ArrayLike) -> tuple[Floats, Floats]:
        """Calibrated log-odds that each hypothesis is exactly right, and that "none" is."""
        hypotheses, none = log_odds_with_none(scores, offsets, self.a, self.b)
        calibrated = (self.none or self.top).apply(none)
        is_empty = np.isposinf(none)
        return self.top.apply(hypotheses), np.where(is_empty, log_odds_of(self.no_candidates), calibrated)

    def confidence(self, scores: ArrayLike, offsets: ArrayLike) -> tuple[Floats, Floats]:
        """Calibrated probability that each hypothesis is exactly right, and that "none" is.

        Meant for the leader of a payment, which is what was fitted; strictly increasing in the competition.
        """
        hypotheses, none = self.log_odds(scores, offsets)
        return confidence_of(hypotheses), confidence_of(none)

    def apply(self, log_odds: ArrayLike) -> Floats:
        """Calibrated probability for uncalibrated log-odds of the leader."""
        return confidence_of(self.top.apply(np.asarray(log_odds, dtype=np.float64)))

    def cell_confidence(self, cell: ArrayLike) -> Floats:
        """The confidence of each evidence cell id; a cell nobody has labelled gets `unseen_cell`."""
        ids, place = np.unique(np.asarray(cell, dtype=np.int64), return_inverse=True)
        known = np.array([self.cells.get(int(one), self.unseen_cell) for one in ids], dtype=np.float64)
        return np.asarray(known[place], dtype=np.float64)

    def to_dict(self) -> dict[str, object]:
        """JSON values; `from_dict` gives the same calibration back, to the last bit."""
        return {
            "softmax": {"a": self.a, "b": self.b},
            "top": self.top.to_dict(),
            "none": None if self.none is None else self.none.to_dict(),
            "no_candidates": self.no_candidates,
            "cells": {str(cell): self.cells[cell] for cell in sorted(self.cells)},
            "unseen_cell": self.unseen_cell,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Self:
        """A calibration from the JSON values of `to_dict`; keys it does not know are left alone."""
        softmax = _mapping(raw.get("softmax"), "softmax")
        cells = _mapping(raw.get("cells", {}), "cells")
        none = raw.get("none")
        return cls(
            a=_number(softmax.get("a"), "softmax.a"),
            b=_number(softmax.get("b"), "softmax.b"),
            top=_map_from(_mapping(raw.get("top", {"kind": "identity"}), "top")),
            none=None if none is None else _map_from(_mapping(none, "none")),
            no_candidates=_number(raw.get("no_candidates", 0.5), "no_candidates"),
            cells=MappingProxyType({_cell_id(cell): _number(one, "cells") for cell, one in cells.items()}),
            unseen_cell=_number(raw.get("unseen_cell", 0.0), "unseen_cell"),
        )


def _map_from(raw: Mapping[str, object]) -> TopMap:
    match raw.get("kind"):
        case "identity":
            return IdentityMap()
        case "beta":
            return BetaMap(*(_number(raw.get(name), f"top.{name}") for name in ("a", "b", "c")))
        case "spline":
            return SplineMap(*(_numbers(raw.get(name), f"top.{name}") for name in ("x", "y", "slope")))
        case other:
            raise CalibrationError(f"top.kind is {other!r}; identity, beta and spline are known.")


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise CalibrationError(f"{name} must be a JSON object.")


def _number(value: object, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise CalibrationError(f"{name} must be a number.")


def _numbers(value: object, name: str) -> tuple[float, ...]:
    if isinstance(value, list):
        return tuple(_number(one, name) for one in value)
    raise CalibrationError(f"{name} must be a list of numbers.")


def _cell_id(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise CalibrationError(f"cells: {text!r} is not a cell id.") from None
