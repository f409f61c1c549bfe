"""How good a model is, each figure with its interval: calibration, pairs, exact allocations, kinds.

Pure functions over columns; what is true, and what counts as false, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.bounds import clopper_pearson, upper_bound, wilson

__all__ = [
    "brier_score",
    "by_kind",
    "calibration_error",
    "confidence_report",
    "log_loss",
    "pair_scores",
    "reliability_table",
    "share",
    "top_bins",
]

Floats = NDArray[np.float64]

BINS: Final = 15
TOPS: Final = (0.99, 0.995, 0.999)
LEAST_CERTAIN: Final = 1e-15


def share(successes: int, trials: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval."""
    low, high = wilson(successes, trials)
    return {
        "k": int(successes),
        "n": int(trials),
        "share": successes / trials if trials else None,
        "interval_95": [low, high],
    }


def calibration_error(
    confidence: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
    bins: int = BINS,
) -> float:
    """Expected calibration error: how far confidence and truth lie apart, over bins of equal mass."""
    table = _bins(confidence, is_right, weight, bins)
    if not table.size:
        return 0.0
    mass, stated, right = table.T
    return float(np.abs(stated - right) @ mass)


def brier_score(confidence: ArrayLike, is_right: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared distance of confidence from truth."""
    c, y, w = _columns(confidence, is_right, weight)
    return float(w @ (c - y) ** 2) if c.size else 0.0


def log_loss(confidence: ArrayLike, is_right: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean negative log of the probability given to what happened; certainty is taken as almost certain."""
    c, y, w = _columns(confidence, is_right, weight)
    said = np.clip(np.where(y > 0.5, c, 1.0 - c), LEAST_CERTAIN, 1.0)
    return float(w @ -np.log(said)) if c.size else 0.0


def reliability_table(confidence: ArrayLike, is_right: ArrayLike, bins: int = BINS) -> list[dict[str, Any]]:
    """The bins of the reliability curve: payments, mean confidence, share right and its interval."""
    c, y, _ = _columns(confidence, is_right, None)
    order = np.argsort(c, kind="stable")
    rows = []
    for part in np.array_split(order, min(bins, c.size)) if c.size else []:
        right = int(y[part].sum())
        rows.append(
            {
                "confidence_from": float(c[part[0]]),
                "confidence_to": float(c[part[-1]]),
                "mean_confidence": float(c[part].mean()),
                **share(right, int(part.size)),
            }
        )
    return rows


def top_bins(
    confidence: ArrayLike, is_right: ArrayLike, tops: Sequence[float] = TOPS
) -> list[dict[str, Any]]:
    """Where auto-close lives: payments above each confidence, wrong ones, and exact bounds of their share."""
    c, y, _ = _columns(confidence, is_right, None)
    rows = []
    for above in tops:
        in_bin = c > above
        n = int(np.count_nonzero(in_bin))
        k = n - int(y[in_bin].sum())
        low, high = clopper_pearson(k, n)
        rows.append(
            {
                "above": above,
                "n": n,
                "k": k,
                "expected_wrong": float((1.0 - c[in_bin]).sum()),
                "wrong_interval_95": [low, high],
                "wrong_upper_95": upper_bound(k, n, 0.05),
            }
        )
    return rows


def confidence_report(
    confidence: ArrayLike,
    is_right: ArrayLike,
    threshold: float | None = None,
    weight: ArrayLike | None = None,
) -> dict[str, Any]:
    """Every figure on confidence, over all payments and over those below the threshold alone."""
    c, y, _ = _columns(confidence, is_right, None)
    w = None if weight is None else np.asarray(weight, dtype=np.float64)
    below = c < (2.0 if threshold is None else threshold)
    return {
        "payments": int(c.size),
        "calibration_error": calibration_error(c, y, w),
        "payments_below_threshold": int(np.count_nonzero(below)),
        "calibration_error_below_threshold": calibration_error(
            c[below], y[below], None if w is None else w[below]
        ),
        "brier_score": brier_score(c, y, w),
        "log_loss": log_loss(c, y, w),
        "reliability": reliability_table(c, y),
        "top_bins": top_bins(c, y),
    }


def pair_scores(
    proposed: Sequence[tuple[str, str]] | set[tuple[str, str]],
    true: Sequence[tuple[str, str]] | set[tuple[str, str]],
) -> dict[str, Any]:
    """Precision, recall and F1 of (payment, item) pairs."""
    said, meant = set(proposed), set(true)
    hit = len(said & meant)
    total = len(said) + len(meant)
    return {
        "precision": share(hit, len(said)),
        "recall": share(hit, len(meant)),
        "f1": 2 * hit / total if total else None,
    }


def by_kind(kind: Sequence[str], columns: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> list[dict[str, Any]]:
    """One row a kind of payment, largest first; each column (hits, among) becomes a share with interval."""
    names = np.asarray(kind, dtype=np.str_)
    masks = {
        name: (np.asarray(hits, dtype=np.bool_), np.asarray(among, dtype=np.bool_))
        for name, (hits, among) in columns.items()
    }
    kinds, sizes = np.unique(names, return_counts=True)
    rows = []
    for at in np.lexsort((kinds, -sizes)):
        own = names == kinds[at]
        row: dict[str, Any] = {"kind": str(kinds[at]), "payments": int(sizes[at])}
        for name, (hits, among) in masks.items():
            row[name] = share(int((own & among & hits).sum()), int((own & among).sum()))
        rows.append(row)
    return rows


def _bins(confidence: ArrayLike, is_right: ArrayLike, weight: ArrayLike | None, bins: int) -> Floats:
    """Mass, mean confidence and share right of each bin; equal confidences share their mean truth.

    Without that the error would depend on the order in which payments of equal confidence stand in the file.
    """
    c, y, w = _columns(confidence, is_right, weight)
    if not c.size:
        return np.empty((0, 3))
    values, place = np.unique(c, return_inverse=True)
    tied = np.bincount(place, weights=w * y) / np.maximum(np.bincount(place, weights=w), 1e-300)
    order = np.argsort(c, kind="stable")
    c, y, w = values[place][order], tied[place][order], w[order]
    # A payment belongs to the bin in which the middle of its mass lies.
    number = np.minimum(((np.cumsum(w) - w / 2) * bins).astype(np.int64), bins - 1)
    mass = np.bincount(number, weights=w, minlength=bins)
    kept = mass > 0
    stated = np.bincount(number, weights=w * c, minlength=bins)[kept] / mass[kept]
    right = np.bincount(number, weights=w * y, minlength=bins)[kept] / mass[kept]
    return np.column_stack((mass[kept], stated, right))


def _columns(
    confidence: ArrayLike, is_right: ArrayLike, weight: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    c = np.asarray(confidence, dtype=np.float64)
    y = np.asarray(is_right, dtype=np.float64)
    w = np.ones(c.size) if weight is None else np.asarray(weight, dtype=np.float64)
    return c, y, w / max(float(w.sum()), 1e-300)
