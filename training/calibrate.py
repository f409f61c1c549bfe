"""Fit what `features.calibration` applies: the competition, the map to confidence and the evidence cells.

All fits are weighted maximum likelihood, convex, started at a fixed point and free of chance: the same labels
give the same numbers. Isotonic regression is left out on purpose: it ties a third of all payments at the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator
from scipy.optimize import minimize
from scipy.special import betaln, expit, log_expit, logsumexp

from features.calibration import BetaMap, CalibrationError, IdentityMap, SplineMap, TopMap

__all__ = [
    "TopChoice",
    "choose_top_map",
    "fit_beta",
    "fit_cells",
    "fit_competition",
    "fit_spline",
    "log_losses",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Objective = Callable[[Floats], tuple[float, Floats]]

SPLINE_FROM: Final = 10_000
"""Labels below which beta calibration is not contested (three numbers hold better than a table)."""

FOLDS: Final = 5
LEAST_SLOPE: Final = 0.02
"""Smallest slope of a fitted map: increasing for sure, whatever the labels say."""

SMOOTHNESS: Final = 10.0
"""Inverse variance of how far neighbouring slopes of the spline may part from those of the beta map."""


def fit_competition(
    scores: ArrayLike,
    offsets: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
) -> tuple[float, float]:
    """The a and b of `softmax_with_none` under which the labels are most likely.

    `is_right` marks the right hypothesis of each payment (any of several equal ones); a payment without one
    is an example of "none". `weight` counts payments. A ridge of one thousandth of a payment keeps a and b
    finite when the labels are perfectly separated.
    """
    s = np.asarray(scores, dtype=np.float64)
    begin = np.asarray(offsets, dtype=np.int64)
    right = np.asarray(is_right, dtype=np.bool_)
    counts = np.diff(begin)
    w = _weights(weight, counts.size)
    filled = np.flatnonzero(counts)
    if not filled.size:
        raise CalibrationError("no payment has a hypothesis, so there is nothing to weigh.")
    starts, sizes, w = begin[filled], counts[filled], w[filled]
    has_right = np.logical_or.reduceat(right, starts)
    payment = np.repeat(np.arange(sizes.size), sizes)

    def negative_log_likelihood(parameters: Floats) -> tuple[float, Floats]:
        a, b = parameters
        every = _log_total(a * s, b, starts, sizes)
        chosen = np.where(right, a * s, -np.inf)
        among = _log_total(chosen, -np.inf, starts, sizes)
        picked = np.where(has_right, among, b)
        share = np.exp(a * s - every[payment])
        share_right = np.where(right, np.exp(chosen - np.where(has_right, among, 0.0)[payment]), 0.0)
        slope = np.add.reduceat((share - share_right) * s, starts)
        none = np.exp(b - every) - ~has_right
        value = float(w @ (every - picked)) + 0.5e-3 * ((a - 1.0) ** 2 + b**2)
        return value, np.array([w @ slope + 1e-3 * (a - 1.0), w @ none + 1e-3 * b])

    fitted = _minimum(negative_log_likelihood, np.array([1.0, 0.0]), [(1e-3, 50.0), (-100.0, 100.0)])
    return float(fitted[0]), float(fitted[1])


def fit_beta(
    log_odds: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    smooth: bool = True,
) -> BetaMap:
    """Weighted beta calibration of uncalibrated log-odds.

    `smooth` replaces the labels 1 and 0 by Platt's (n+1)/(n+2) and 1/(n+2) and draws both slopes to one, with
    the weight of a label or so: without it, labels that are all right would claim certainty.
    """
    x, y, w = _labels(log_odds, is_right, weight)
    target = _platt_targets(y, w) if smooth else y.astype(np.float64)
    columns = np.column_stack((log_expit(x), -log_expit(-x), np.ones_like(x)))
    ridge = np.array([1.0, 1.0, 1e-6]) if smooth else np.full(3, 1e-6)
    start = np.array([1.0, 1.0, 0.0])

    def negative_log_likelihood(parameters: Floats) -> tuple[float, Floats]:
        z = columns @ parameters
        apart = parameters - start
        value = float(w @ (np.logaddexp(0.0, z) - target * z)) + 0.5 * float(ridge @ apart**2)
        return value, columns.T @ (w * (expit(z) - target)) + ridge * apart

    bounds = [(LEAST_SLOPE, 50.0), (LEAST_SLOPE, 50.0), (-100.0, 100.0)]
    a, b, c = _minimum(negative_log_likelihood, start, bounds)
    return BetaMap(float(a), float(b), float(c))


def fit_spline(
    log_odds: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    knots: int = 10,
) -> SplineMap | BetaMap:
    """A monotone table bent away from the beta map only where labels say so; the beta map if x hardly varies.

    Knots stand half by count and half by information p(1-p), so that the sparse top does not take them all.
    Between knots the log-odds are first fitted straight (convex, slopes above zero), then rounded by PCHIP.
    """
    x, y, w = _labels(log_odds, is_right, weight)
    beta = fit_beta(x, y, w)
    at = _knots(x, w, expit(beta.apply(x)), knots)
    if at.size < 3:
        return beta
    width = np.diff(at)
    prior = beta.apply(at)
    prior_slope = np.diff(prior) / width
    progress = (x[:, None] - at[:-1]) / width
    # Inner pieces run from 0 to 1; the first and last go on straight beyond the knots.
    low = np.zeros(width.size)
    high = np.ones(width.size)
    low[0], high[-1] = -np.inf, np.inf
    columns = np.column_stack((np.ones_like(x), np.clip(progress, low, high) * width))
    target = _platt_targets(y, w)

    def penalised(parameters: Floats) -> tuple[float, Floats]:
        z = columns @ parameters
        apart = parameters - np.concatenate(([prior[0]], prior_slope))
        bends = np.diff(apart[1:])
        value = float(w @ (np.logaddexp(0.0, z) - target * z))
        value += 0.5 * SMOOTHNESS * float(bends @ bends) + 0.05 * float(apart @ apart)
        gradient = columns.T @ (w * (expit(z) - target)) + 0.1 * apart
        gradient[1:-1] -= SMOOTHNESS * bends
        gradient[2:] += SMOOTHNESS * bends
        return value, gradient

    start = np.concatenate(([prior[0]], np.maximum(prior_slope, LEAST_SLOPE)))
    bounds = [(-100.0, 100.0), *([(LEAST_SLOPE, 50.0)] * width.size)]
    fitted = _minimum(penalised, start, bounds)
    return _rounded(at, fitted[0] + np.concatenate(([0.0], np.cumsum(fitted[1:] * width))))


@dataclass(frozen=True, slots=True)
class TopChoice:
    """The map that was chosen, and why: held-out log loss of each, over the same folds."""

    chosen: TopMap
    labels: int
    log_loss_identity: float
    log_loss_beta: float
    log_loss_spline: float | None
    gain: float | None
    gain_error: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON values for `metrics.json`."""
        return {
            "chosen": self.chosen.to_dict()["kind"],
            "labels": self.labels,
            "held_out_log_loss": {
                "identity": self.log_loss_identity,
                "beta": self.log_loss_beta,
                "spline": self.log_loss_spline,
            },
            "spline_gain": self.gain,
            "spline_gain_standard_error": self.gain_error,
        }


def choose_top_map(
    log_odds: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    spline_from: int = SPLINE_FROM,
    seed: int = 0,
) -> TopChoice:
    """Beta calibration, or the spline if it beats it on held-out log loss by more than one standard error.

    `groups` (customers) stay whole in a fold, and the standard error is taken over them.
    """
    x, y, w = _labels(log_odds, is_right, weight)
    group = np.arange(x.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(seed).integers(0, FOLDS, size=int(group.max()) + 1)[group]
    contested = x.size >= spline_from
    beta_losses, spline_losses = np.zeros(x.size), np.zeros(x.size)
    for number in range(FOLDS):
        out = fold == number
        kept = ~out
        if not out.any() or not kept.any():
            continue
        beta_losses[out] = log_losses(fit_beta(x[kept], y[kept], w[kept]).apply(x[out]), y[out])
        if contested:
            spline_losses[out] = log_losses(fit_spline(x[kept], y[kept], w[kept]).apply(x[out]), y[out])
    total = float(w.sum())
    identity = float(w @ log_losses(IdentityMap().apply(x), y)) / total
    beta_loss = float(w @ beta_losses) / total
    if not contested:
        return TopChoice(fit_beta(x, y, w), x.size, identity, beta_loss, None, None, None)
    by_group = np.bincount(group, weights=w * (beta_losses - spline_losses)) / total
    gain = float(by_group.sum())
    error = float(np.sqrt(by_group.size) * by_group.std())
    top = fit_spline(x, y, w) if gain > error else fit_beta(x, y, w)
    return TopChoice(top, x.size, identity, beta_loss, float(w @ spline_losses) / total, gain, error)


def log_losses(log_odds: ArrayLike, is_right: ArrayLike) -> Floats:
    """The log loss of each row, finite for any finite log-odds."""
    z = np.asarray(log_odds, dtype=np.float64)
    y = np.asarray(is_right, dtype=np.bool_)
    return np.asarray(np.logaddexp(0.0, np.where(y, -z, z)), dtype=np.float64)


def fit_cells(
    cell: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None = None,
) -> tuple[dict[int, float], float]:
    """The confidence of each evidence cell and of one never seen, small cells drawn towards their fellows.

    Empirical Bayes: cell error rates come from one beta distribution, fitted to all cells by marginal
    likelihood; a cell's confidence is its posterior mean, a new cell's the mean over cells.
    """
    ids, place = np.unique(np.asarray(cell, dtype=np.int64), return_inverse=True)
    y = np.asarray(is_right, dtype=np.bool_)
    w = _weights(weight, y.size)
    n = np.bincount(place, weights=w, minlength=ids.size)
    wrong = np.bincount(place, weights=w * ~y, minlength=ids.size)

    def negative_log_marginal(parameters: Floats) -> float:
        share, strength = expit(parameters[0]), np.exp(parameters[1])
        p, q = share * strength, (1.0 - share) * strength
        # Weak prior: error shares around 1 %, strengths around 20 payments, both within wide bounds.
        prior = (parameters[0] + 4.6) ** 2 / 18.0 + (parameters[1] - 3.0) ** 2 / 8.0
        return float(np.sum(betaln(p, q) - betaln(p + wrong, q + n - wrong)) + prior)

    bounds = [(-14.0, 4.0), (-2.0, 12.0)]
    fitted = minimize(negative_log_marginal, np.array([-4.6, 3.0]), method="L-BFGS-B", bounds=bounds).x
    share, strength = float(expit(fitted[0])), float(np.exp(fitted[1]))
    confidence = 1.0 - (wrong + share * strength) / (n + strength)
    return {int(one): float(value) for one, value in zip(ids, confidence, strict=True)}, 1.0 - share


def _rounded(x: Floats, y: Floats) -> SplineMap:
    """PCHIP through the knots; its slopes are kept above zero and within the monotone limit."""
    slope = np.asarray(PchipInterpolator(x, y).derivative()(x), dtype=np.float64)
    chord = np.diff(y) / np.diff(x)
    nearest = np.minimum(np.concatenate((chord[:1], chord)), np.concatenate((chord, chord[-1:])))
    slope = np.clip(slope, 0.1 * nearest, 3.0 * nearest)
    return SplineMap(*(tuple(float(one) for one in values) for values in (x, y, slope)))


def _knots(x: Floats, w: Floats, p: Floats, count: int) -> Floats:
    order = np.argsort(x, kind="stable")
    information = (w * p * (1.0 - p))[order]
    by_count = w[order]
    mass = np.cumsum(0.5 * by_count / by_count.sum() + 0.5 * information / max(information.sum(), 1e-300))
    at = x[order][np.clip(np.searchsorted(mass, np.linspace(0.005, 0.995, count)), 0, x.size - 1)]
    spread = [at[0]]
    for one in at[1:]:
        if one - spread[-1] >= 0.2:
            spread.append(one)
    return np.array(spread, dtype=np.float64)


def _platt_targets(y: Booleans, w: Floats) -> Floats:
    right, wrong = float(w @ y), float(w @ ~y)
    return np.where(y, (right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0))


def _log_total(z: Floats, b: float, starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Floats:
    """log(exp(b) + sum exp(z)) for each payment."""
    lead = np.maximum.reduceat(z, starts)
    safe = np.where(np.isfinite(lead), lead, 0.0)
    inner = safe + np.log(np.maximum(np.add.reduceat(np.exp(z - np.repeat(safe, sizes)), starts), 1e-300))
    inner = np.where(np.isfinite(lead), inner, -np.inf)
    return np.asarray(logsumexp(np.stack((inner, np.full(inner.size, b))), axis=0), dtype=np.float64)


def _minimum(objective: Objective, start: Floats, bounds: list[tuple[float, float]]) -> Floats:
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(found.x, dtype=np.float64)


def _labels(
    log_odds: ArrayLike,
    is_right: ArrayLike,
    weight: ArrayLike | None,
) -> tuple[Floats, Booleans, Floats]:
    x = np.asarray(log_odds, dtype=np.float64)
    y = np.asarray(is_right, dtype=np.bool_)
    if x.size == 0 or x.shape != y.shape or not np.isfinite(x).all():
        raise CalibrationError("calibration needs one finite log-odds for each label, and at least one.")
    return x, y, _weights(weight, x.size)


def _weights(weight: ArrayLike | None, size: int) -> Floats:
    if weight is None:
        return np.ones(size)
    w = np.asarray(weight, dtype=np.float64)
    if w.shape != (size,) or not np.isfinite(w).all() or (w < 0).any() or not (w > 0).any():
        raise CalibrationError("weights must be one finite number of zero or more for each row.")
    # Mean one: a weighted fit then smooths and shrinks as much as an unweighted one of the same size.
    return w * (size / float(w.sum()))
