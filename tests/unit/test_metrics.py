"""Figures mean what they say, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from training.metrics import (
    brier_score,
    by_kind,
    calibration_error,
    confidence_report,
    log_loss,
    pair_scores,
    reliability_table,
    top_bins,
)

ROWS = st.lists(
    st.tuples(st.sampled_from([0.2, 0.5, 0.9, 0.99, 1.0]), st.booleans()), min_size=1, max_size=80
)


def test_an_honest_confidence_has_hardly_any_error_and_a_boastful_one_has_what_it_boasts() -> None:
    rng = np.random.default_rng(1)
    c = rng.beta(8, 1, 60_000)
    y = rng.random(60_000) < c
    assert calibration_error(c, y) < 0.006
    assert calibration_error(np.minimum(c + 0.05, 1.0), y) == pytest.approx(0.05, abs=0.012)


@given(ROWS, st.integers(0, 2**32 - 1))
def test_the_calibration_error_does_not_depend_on_the_order_of_equal_payments(
    rows: list[tuple[float, bool]],
    seed: int,
) -> None:
    c, y = np.array([one for one, _ in rows]), np.array([right for _, right in rows])
    order = np.random.default_rng(seed).permutation(len(rows))
    assert calibration_error(c[order], y[order]) == pytest.approx(calibration_error(c, y), abs=1e-12)


@given(ROWS)
def test_a_weight_of_two_counts_as_two_payments(rows: list[tuple[float, bool]]) -> None:
    c, y = np.array([one for one, _ in rows]), np.array([right for _, right in rows])
    twice = np.concatenate((np.arange(len(rows)), np.arange(len(rows))))
    two = np.full(len(rows), 2.0)
    assert brier_score(c, y, two) == pytest.approx(brier_score(c[twice], y[twice]))
    assert 0 <= calibration_error(c, y, two) <= 1


def test_brier_and_log_loss_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    c, y = rng.random(500), rng.random(500) < 0.6
    assert brier_score(c, y) == pytest.approx(brier_score_loss(y, c))
    assert log_loss(c, y) == pytest.approx(sklearn_log_loss(y, c))
    assert np.isfinite(log_loss([1.0, 0.0], [False, True]))


def test_bins_hold_equal_numbers_and_every_payment_once() -> None:
    table = reliability_table(np.linspace(0, 1, 150), np.ones(150, dtype=bool))
    assert [row["n"] for row in table] == [10] * 15
    assert len(reliability_table([0.5, 0.6], [True, False])) == 2
    assert reliability_table([], []) == []


def test_the_top_bins_count_the_wrong_ones_with_their_exact_bounds() -> None:
    c = np.array([0.999] * 100 + [0.9999] * 200 + [0.5])
    y = np.ones(301, dtype=bool)
    y[0] = False
    rows = {row["above"]: row for row in top_bins(c, y)}
    assert (rows[0.99]["n"], rows[0.99]["k"]) == (300, 1)
    assert (rows[0.999]["n"], rows[0.999]["k"]) == (200, 0)
    assert rows[0.999]["wrong_upper_95"] == pytest.approx(1 - 0.05 ** (1 / 200))
    assert rows[0.99]["expected_wrong"] == pytest.approx(100 * 0.001 + 200 * 0.0001)


def test_below_the_threshold_is_reported_apart() -> None:
    rng = np.random.default_rng(3)
    c = np.concatenate((np.full(900, 0.999), rng.random(100)))
    report = confidence_report(c, np.ones(1000, dtype=bool), threshold=0.99)
    assert report["payments_below_threshold"] < 110
    assert report["calibration_error_below_threshold"] > 5 * report["calibration_error"]
    assert confidence_report(c, np.ones(1000, dtype=bool))["payments_below_threshold"] == 1000
    assert confidence_report([], [])["calibration_error"] == 0.0


def test_pairs_are_scored_as_sets() -> None:
    scores = pair_scores([("p", "a"), ("p", "b"), ("p", "a")], [("p", "a"), ("q", "c")])
    assert scores["precision"]["share"] == 0.5
    assert scores["recall"]["share"] == 0.5
    assert scores["f1"] == 0.5
    assert pair_scores([], [])["f1"] is None


def test_kinds_stand_largest_first_with_their_intervals() -> None:
    kinds = ["single"] * 6 + ["refund"] * 2
    hits = [True] * 5 + [False] + [True, True]
    rows = by_kind(kinds, {"exact": (hits, [True] * 8), "auto": (hits, [False] * 8)})
    assert [row["kind"] for row in rows] == ["single", "refund"]
    assert rows[0]["exact"]["k"] == 5
    low, high = rows[0]["exact"]["interval_95"]
    assert low < 5 / 6 < high
    assert rows[1]["auto"] == {"k": 0, "n": 0, "share": None, "interval_95": [0.0, 1.0]}
