"""The promise itself: over many data sets, a certificate is wrong in at most delta of them."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from features.calibration import confidence_of
from training.bounds import burst_near_top
from training.certify import RiskSet, certify
from training.ladder import Segments, lay_plan

DELTA = 0.05
LADDER = (0.08, 0.04, 0.02)
AS_OF = date(2026, 1, 1)

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def flat(log_odds: Floats, rate: float) -> Floats:
    """Every payment is equally bad, a hair above the last rung: no threshold may be certified there."""
    return np.full(log_odds.size, rate)


def sloped(log_odds: Floats, rate: float) -> Floats:
    """Errors grow as confidence falls, past every rung somewhere down the grid."""
    return np.asarray(np.minimum(1.0, confidence_of(-0.9 * log_odds) + rate / 10), dtype=np.float64)


def labels(
    rng: np.random.Generator, size: int, world: str, burst: int
) -> tuple[Floats, Booleans, NDArray[np.int64]]:
    """Log-odds, errors and customers; a customer's errors come in bursts of this many."""
    customers = size // 12
    customer = rng.integers(0, customers, size)
    x = rng.normal(4.5, 2.0, size)
    rate = flat(x, 0.0201) if world == "flat" else sloped(x, 0.02)
    if burst == 1:
        return x, rng.random(size) < rate, customer
    # Runs of `burst` payments share one draw, and a customer: errors together, each payment's rate unchanged.
    run = np.arange(size) // burst
    order = np.argsort(x + rng.normal(0, 1.0, size))
    x, rate = x[order], rate[order]
    shared = rng.random(int(run.max()) + 1)[run]
    return x, shared < rate, rng.permutation(size)[run]


@cache
def population(world: str) -> tuple[Floats, Floats]:
    """Many log-odds, largest first, and the true error rate among those down to each."""
    x = np.sort(np.random.default_rng(99).normal(4.5, 2.0, 400_000))[::-1].astype(np.float64)
    rate = flat(x, 0.0201) if world == "flat" else sloped(x, 0.02)
    return x, np.cumsum(rate) / np.arange(1, x.size + 1)


def true_rate(world: str, knob: float) -> float:
    x, rates = population(world)
    return float(rates[max(int(np.searchsorted(-x, -knob, side="right")) - 1, 0)])


def violations(world: str, burst: int, size: int, repeats: int, *, is_sighted: bool) -> int:
    """How many certificates hold a rung, any rung, that is not true."""
    wrong = 0
    for seed in range(repeats):
        rng = np.random.default_rng([seed, size, burst, len(world)])
        x, is_wrong, customer = labels(rng, size, world, burst)
        past_x, past_wrong, past_customer = labels(rng, size, world, burst)
        plan = lay_plan(
            past_x if is_sighted else x,
            size,
            calibration_wrong=past_wrong if is_sighted else None,
            burst=burst_near_top(past_wrong, past_customer, past_x),
            ladder=LADDER,
        )
        risk = RiskSet(confidence=confidence_of(x), is_wrong=is_wrong, customer=customer)
        certificate = certify(risk, plan, as_of=AS_OF)
        wrong += any(true_rate(world, test.knob) > test.alpha for test in certificate.rungs)
    return wrong


@pytest.mark.parametrize("burst", [1, 5])
@pytest.mark.parametrize("world", ["flat", "sloped"])
def test_certificates_are_wrong_in_at_most_delta_of_the_data_sets(world: str, burst: int) -> None:
    repeats = 60
    # Three standard errors of the count above its expectation at exactly delta.
    allowed = repeats * DELTA + 3 * (repeats * DELTA * (1 - DELTA)) ** 0.5
    assert violations(world, burst, 1000, repeats, is_sighted=burst > 1) <= allowed


@pytest.mark.proof
@pytest.mark.parametrize("world", ["flat", "sloped"])
@pytest.mark.parametrize("burst", [1, 2, 5])
@pytest.mark.parametrize("size", [1000, 4000])
def test_over_a_thousand_data_sets_too(world: str, burst: int, size: int) -> None:
    repeats = 1000
    allowed = repeats * DELTA + 3 * (repeats * DELTA * (1 - DELTA)) ** 0.5
    assert violations(world, burst, size, repeats, is_sighted=True) <= allowed


def test_certifying_is_not_a_formality_good_models_do_pass() -> None:
    rng = np.random.default_rng(5)
    x, is_wrong, customer = labels(rng, 4000, "sloped", 1)
    risk = RiskSet(confidence=confidence_of(x), is_wrong=is_wrong, customer=customer)
    plan = lay_plan(Segments().knob_of(risk.confidence, None), 4000, burst=1.0, ladder=LADDER)
    certificate = certify(risk, plan, as_of=AS_OF)
    assert certificate.claim is not None
    assert certificate.claim.alpha == 0.02
    assert certificate.claim.payments > 2000
