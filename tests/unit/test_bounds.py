"""Bounds agree with published tables and other libraries, and stay honest when errors come in bursts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from training.bounds import (
    burst_near_top,
    burst_size,
    clopper_pearson,
    clustered_upper,
    least_labels,
    likely_labels,
    lower_bound,
    most_errors,
    upper_bound,
    wilson,
)


@pytest.mark.parametrize(("errors", "payments"), [(0, 1), (0, 2995), (3, 40), (7, 7), (50, 63_281)])
def test_clopper_pearson_agrees_with_scipy(errors: int, payments: int) -> None:
    theirs = binomtest(errors, payments).proportion_ci(0.95, method="exact")
    assert clopper_pearson(errors, payments) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert upper_bound(errors, payments, 0.025) == pytest.approx(theirs.high, abs=1e-12)
    assert lower_bound(errors, payments, 0.025) == pytest.approx(theirs.low, abs=1e-12)


def test_wilson_agrees_with_scipy() -> None:
    for successes, trials in ((0, 5), (3, 40), (40, 40)):
        theirs = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
        assert wilson(successes, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("alpha", "delta", "table"),
    [
        (0.001, 0.05, {0: 2995, 1: 4742, 2: 6294, 3: 7752, 5: 10_511, 10: 16_959, 50: 63_281}),
        (0.001, 0.01, {0: 4603, 1: 6636}),
        (0.005, 0.05, {0: 598, 1: 947}),
        (0.01, 0.05, {0: 299, 1: 473, 5: 1049}),
    ],
)
def test_least_labels_is_the_exact_binomial_table(alpha: float, delta: float, table: dict[int, int]) -> None:
    for errors, labels in table.items():
        assert least_labels(errors, alpha, delta) == labels
        assert upper_bound(errors, labels, delta) <= alpha < upper_bound(errors, labels - 1, delta)
        assert most_errors(labels, alpha, delta) == errors
        assert most_errors(labels - 1, alpha, delta) == errors - 1


def test_likely_labels_is_the_published_power_table() -> None:
    table = {0.0001: 4742, 0.0002: 6294, 0.0004: 13_146, 0.0006: 31_411}
    assert {rate: likely_labels(rate, 0.001, 0.05) for rate in table} == table
    assert likely_labels(0.001, 0.001, 0.05) is None
    assert likely_labels(0.5, 0.001, 0.05) is None


def test_without_errors_the_clustered_bound_is_the_exact_one() -> None:
    for payments in (50, 2995):
        clustered = clustered_upper(np.zeros(payments, dtype=bool), np.arange(payments), 0.05)
        assert clustered == pytest.approx(upper_bound(0, payments, 0.05), rel=3 / payments)


def test_errors_of_different_customers_count_as_clopper_pearson_counts_them() -> None:
    wrong = np.arange(8000) < 6
    clustered = clustered_upper(wrong, np.arange(8000), 0.05)
    assert clustered == pytest.approx(upper_bound(6, 8000, 0.05), rel=1e-3)


def test_the_same_errors_at_one_customer_leave_more_doubt() -> None:
    wrong = np.arange(8000) < 6
    apart = clustered_upper(wrong, np.arange(8000), 0.05)
    together = clustered_upper(wrong, np.arange(8000) // 10, 0.05)
    assert together > 2 * apart


def test_bursts_seen_elsewhere_widen_the_bound_of_labels_without_an_error() -> None:
    customer = np.arange(3000) // 3
    none = np.zeros(3000, dtype=bool)
    assert clustered_upper(none, customer, 0.05, burst=4.0) == pytest.approx(
        4 * clustered_upper(none, customer, 0.05), rel=0.01
    )


def test_a_rare_heavy_label_widens_the_bound() -> None:
    none = np.zeros(1000, dtype=bool)
    even = clustered_upper(none, np.arange(1000), 0.05)
    uneven = clustered_upper(none, np.arange(1000), 0.05, weight=np.where(np.arange(1000) < 10, 50.0, 1.0))
    assert uneven > 10 * even


def test_the_clustered_bound_repeats_and_hardly_depends_on_its_seed() -> None:
    wrong = np.arange(6000) % 1500 == 0
    bounds = [clustered_upper(wrong, np.arange(6000) // 7, 0.05, seed=seed) for seed in (1, 1, 2, 3)]
    assert bounds[0] == bounds[1]
    assert bounds == pytest.approx([bounds[0]] * 4, rel=0.03)


def test_many_erring_customers_are_summed_in_closed_form_to_the_same_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = np.arange(30_000) // 3
    wrong = (np.arange(30_000) % 600 < 3) | (np.arange(30_000) % 900 == 5)
    drawn = clustered_upper(wrong, customer, 0.05)
    monkeypatch.setattr("training.bounds.MOST_DRAWN", 10)
    assert clustered_upper(wrong, customer, 0.05) == pytest.approx(drawn, rel=0.01)


def test_an_error_is_counted_with_its_companions() -> None:
    assert burst_size([True, True, True, False, True], ["a", "a", "a", "a", "b"]) == pytest.approx(10 / 4)
    assert burst_size([False, False], ["a", "b"]) == 1.0


def test_bursts_are_measured_as_near_the_top_as_there_are_errors() -> None:
    confidence = np.linspace(1, 0.5, 100)
    customer = np.where(np.arange(100) < 50, np.arange(100), 1000)
    wrong = np.arange(100) % 10 == 0
    assert burst_near_top(wrong, customer, confidence, least_errors=4) == 1.0
    assert burst_near_top(wrong, customer, confidence, least_errors=99) > 2.0
