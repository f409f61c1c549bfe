"""Laws of calibration: order is kept, probabilities add up, JSON gives the same map back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calibration import (
    BetaMap,
    Calibration,
    CalibrationError,
    SplineMap,
    confidence_of,
    log_odds_with_none,
    offsets_of,
    softmax_with_none,
)
from training.calibrate import fit_beta, fit_spline

SCORE = st.floats(-60, 60)
GROUPS = st.lists(st.lists(SCORE, max_size=6), min_size=1, max_size=8)


def flat(groups: list[list[float]]) -> tuple[list[float], list[int]]:
    index = [number for number, group in enumerate(groups) for _ in group]
    return [score for group in groups for score in group], [
        int(one) for one in offsets_of(index, len(groups))
    ]


@given(GROUPS, st.floats(0.05, 4), st.floats(-8, 8))
def test_a_payment_and_its_none_add_up_to_one(groups: list[list[float]], a: float, b: float) -> None:
    scores, offsets = flat(groups)
    hypotheses, none = softmax_with_none(scores, offsets, a, b)
    for number in range(len(groups)):
        own = hypotheses[offsets[number] : offsets[number + 1]]
        assert own.sum() + none[number] == pytest.approx(1.0, abs=1e-12)


@given(GROUPS, st.floats(0.05, 4), st.floats(-8, 8))
def test_the_softmax_equals_its_formula(groups: list[list[float]], a: float, b: float) -> None:
    scores, offsets = flat(groups)
    hypotheses, _ = softmax_with_none(scores, offsets, a, b)
    for number, group in enumerate(groups):
        top = max([b, *(a * one for one in group)])
        total = np.exp(b - top) + sum(np.exp(a * one - top) for one in group)
        expected = [np.exp(a * one - top) / total for one in group]
        assert hypotheses[offsets[number] : offsets[number + 1]] == pytest.approx(
            expected, rel=1e-9, abs=1e-300
        )


@given(st.lists(st.floats(-3000, 3000), min_size=1, max_size=5), st.floats(-8, 8))
def test_log_odds_stay_finite_and_keep_the_order_where_probability_rounds_to_one(
    scores: list[float],
    b: float,
) -> None:
    log_odds, none = log_odds_with_none(scores, [0, len(scores)], 1.0, b)
    assert np.isfinite(log_odds).all()
    assert np.isfinite(none).all()
    order = np.argsort(scores, kind="stable")
    # equal scores may part in the last bit: the leader is compared on a scale of its own
    assert (np.diff(log_odds[order]) >= -1e-12).all()


def test_a_leader_far_ahead_is_still_told_from_one_further_ahead() -> None:
    near, _ = log_odds_with_none([900.0, -20.0], [0, 2], 1.0, 0.0)
    far, _ = log_odds_with_none([901.0, -20.0], [0, 2], 1.0, 0.0)
    assert far[0] - near[0] == pytest.approx(1.0)


def test_a_payment_without_hypotheses_takes_the_confidence_fitted_for_it() -> None:
    _, none = Calibration(no_candidates=0.93).confidence([], [0, 0])
    assert none.tolist() == [pytest.approx(0.93)]


@given(st.floats(0.01, 5), st.floats(0.01, 5), st.floats(-5, 5), st.lists(st.floats(-700, 700), min_size=2))
def test_beta_calibration_never_turns_two_payments_round(
    a: float, b: float, c: float, x: list[float]
) -> None:
    mapped = BetaMap(a, b, c).apply(np.sort(np.asarray(x)))
    assert (np.diff(mapped) >= 0).all()
    apart = np.diff(np.sort(x)) > 1e-3
    assert (np.diff(mapped)[apart] > 0).all()


@given(st.integers(0, 2**32 - 1), st.integers(40, 400))
def test_a_fitted_spline_is_strictly_increasing_everywhere(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(2, 3, size)
    # Labels that know nothing of x, the worst case for keeping the order.
    spline = fit_spline(x, rng.random(size) < 0.5)
    grid = np.linspace(-30, 30, 2001)
    assert (np.diff(spline.apply(grid)) > 0).all()


@given(st.integers(0, 2**32 - 1))
def test_calibration_does_not_worsen_the_log_loss_it_was_fitted_on(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(1, 2, 600)
    y = rng.random(600) < confidence_of(BetaMap(0.5, 1.6, -0.7).apply(x))
    before = np.logaddexp(0, np.where(y, -x, x)).mean()
    z = fit_beta(x, y).apply(x)
    assert np.logaddexp(0, np.where(y, -z, z)).mean() <= before + 1e-9


@given(
    st.floats(0.01, 5),
    st.floats(-5, 5),
    st.dictionaries(st.integers(-5, 2**62), st.floats(0, 1), max_size=4),
    st.floats(0, 1),
)
def test_json_gives_the_same_calibration_back(
    a: float, b: float, cells: dict[int, float], empty: float
) -> None:
    spline = SplineMap((-2.0, 0.1, 3.0), (-1.0, 0.5, 2.0), (0.6, 0.5, 0.4))
    written = Calibration(a=a, b=b, top=BetaMap(a, 1.0, b), none=spline, cells=cells, no_candidates=empty)
    assert Calibration.from_dict(json.loads(json.dumps(written.to_dict()))) == written


@pytest.mark.parametrize(
    "broken",
    [
        {"softmax": {"a": 0.0, "b": 1.0}},
        {"softmax": {"a": 1.0}},
        {"softmax": {"a": 1.0, "b": 0.0}, "top": {"kind": "beta", "a": -1.0, "b": 1.0, "c": 0.0}},
        {"softmax": {"a": 1.0, "b": 0.0}, "top": {"kind": "isotonic"}},
        {"softmax": {"a": 1.0, "b": 0.0}, "cells": {"3": 1.5}},
        {"softmax": {"a": 1.0, "b": 0.0}, "cells": {"three": 0.5}},
        {
            "softmax": {"a": 1.0, "b": 0.0},
            "top": {"kind": "spline", "x": [0.0, 1.0], "y": [0.0, 0.0], "slope": [1.0, 1.0]},
        },
        {
            "softmax": {"a": 1.0, "b": 0.0},
            "top": {"kind": "spline", "x": [0.0, 1.0], "y": [0.0, 1.0], "slope": [9.0, 1.0]},
        },
    ],
)
def test_a_calibration_that_could_reorder_payments_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(CalibrationError):
        Calibration.from_dict(broken)
