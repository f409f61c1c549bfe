"""Fitting calibration recovers known truth from generated labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from features.calibration import (
    BetaMap,
    CalibrationError,
    IdentityMap,
    SplineMap,
    confidence_of,
    offsets_of,
    softmax_with_none,
)
from training.calibrate import choose_top_map, fit_beta, fit_cells, fit_competition, fit_spline, log_losses

TRUE_BETA = BetaMap(0.6, 1.3, -0.4)


def drawn(size: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 3, size)
    return x, rng.random(size) < confidence_of(TRUE_BETA.apply(x))


def test_the_competition_recovers_the_weights_the_labels_were_drawn_with() -> None:
    rng = np.random.default_rng(5)
    offsets = offsets_of(np.sort(rng.integers(0, 6000, 18_000)), 6000)
    scores = rng.normal(0, 3, 18_000)
    hypotheses, _ = softmax_with_none(scores, offsets, 0.7, 1.1)
    is_right = np.zeros(scores.size, dtype=bool)
    for begin, end, u in zip(offsets[:-1], offsets[1:], rng.random(6000), strict=True):
        place = int(np.searchsorted(np.cumsum(hypotheses[begin:end]), u))
        if begin + place < end:
            is_right[begin + place] = True
    a, b = fit_competition(scores, offsets, is_right)
    assert a == pytest.approx(0.7, abs=0.04)
    assert b == pytest.approx(1.1, abs=0.12)
    ones = np.ones(6000)
    assert fit_competition(scores, offsets, is_right, ones * 7) == pytest.approx((a, b))


def test_a_weight_of_two_is_the_row_twice() -> None:
    x, y = drawn(400, 1)
    w = np.where(np.arange(400) < 100, 2.0, 1.0)
    twice = np.concatenate((np.arange(400), np.arange(100)))
    weighted, repeated = fit_beta(x, y, w, smooth=False), fit_beta(x[twice], y[twice], smooth=False)
    assert (weighted.a, weighted.b, weighted.c) == pytest.approx(
        (repeated.a, repeated.b, repeated.c), abs=1e-3
    )


def test_labels_that_are_all_right_do_not_claim_certainty() -> None:
    x = np.random.default_rng(2).normal(4, 1, 500)
    mapped = confidence_of(fit_beta(x, np.ones(500, dtype=bool)).apply(x))
    assert 0.99 < mapped.mean() < 0.9995


def test_beta_agrees_with_the_published_implementation() -> None:
    betacal = pytest.importorskip("betacal")
    x, y = drawn(4000, 3)
    theirs = betacal.BetaCalibration("abm").fit(confidence_of(x).reshape(-1, 1), y)
    grid = np.linspace(-6, 9, 60)
    ours = confidence_of(fit_beta(x, y, smooth=False).apply(grid))
    assert ours == pytest.approx(theirs.predict(confidence_of(grid).reshape(-1, 1)), abs=2e-3)


def test_beta_calibration_improves_the_held_out_log_loss() -> None:
    x, y = drawn(2000, 4)
    new_x, new_y = drawn(20_000, 5)
    fitted = fit_beta(x, y)
    before = log_losses(IdentityMap().apply(new_x), new_y).mean()
    assert log_losses(fitted.apply(new_x), new_y).mean() < before - 0.001


def test_few_labels_take_beta_without_a_contest() -> None:
    x, y = drawn(500, 6)
    choice = choose_top_map(x, y)
    assert isinstance(choice.chosen, BetaMap)
    assert choice.log_loss_spline is None


def test_the_spline_wins_only_where_beta_cannot_bend() -> None:
    x, y = drawn(6000, 7)
    assert isinstance(choose_top_map(x, y, spline_from=5000).chosen, BetaMap)
    bent = np.random.default_rng(8).random(6000) < confidence_of(x + 2 * np.sin(x))
    choice = choose_top_map(x, bent, spline_from=5000)
    assert isinstance(choice.chosen, SplineMap)
    assert choice.gain is not None
    assert choice.gain_error is not None
    assert choice.gain > choice.gain_error


def test_a_spline_over_a_single_value_falls_back_to_beta() -> None:
    assert isinstance(fit_spline(np.full(50, 2.0), np.arange(50) > 3), BetaMap)


def test_small_cells_are_drawn_towards_their_fellows() -> None:
    rng = np.random.default_rng(9)
    cell = np.concatenate((rng.integers(0, 20, 8000), [99, 99]))
    is_right = np.concatenate((rng.random(8000) > 0.02, [True, True]))
    confidence, unseen = fit_cells(cell, is_right)
    assert confidence[99] == pytest.approx(unseen, abs=0.01)
    assert unseen == pytest.approx(0.98, abs=0.01)
    assert max(confidence.values()) < 1.0


@pytest.mark.parametrize("weight", [[-1.0, 1.0], [0.0, 0.0], [1.0], [np.nan, 1.0]])
def test_weights_that_mean_nothing_are_refused(weight: list[float]) -> None:
    with pytest.raises(CalibrationError):
        fit_beta([0.0, 1.0], [True, False], weight)
