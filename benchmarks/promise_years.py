"""Years of auto-closing, simulated: how often the promise breaks without drift, how long a jump goes unseen.

``python -m benchmarks.promise_years --years 1000`` prints both tables. Everything here is synthetic: payments
are log-odds with a known error rate, certified by `training.certify`, closed at the certified threshold,
audited with `receivables.audit_sample`, and watched by `receivables.assurance`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.calibration import confidence_of
from receivables.assurance import VALID_DAYS, Alarm, Promise, Rung
from receivables.audit_sample import Audited
from training.bounds import upper_bound
from training.certify import Certificate, RiskSet, certify
from training.ladder import lay_plan

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

START: Final = date(2026, 1, 1)
QUARTERS: Final = 4
SHARE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Year:
    """What one simulated year came to."""

    closed: int
    false: int
    bound: float
    """The loosest bound in force while anything closed; 0 when nothing ever did."""

    steps_down: int

    @property
    def is_broken(self) -> bool:
        """Say whether more was false than the bound in force allowed."""
        return self.closed > 0 and self.false > self.bound * self.closed


def payments(rng: np.random.Generator, size: int) -> tuple[Floats, Booleans]:
    """Draw confidences and errors: nearly calibrated, and slightly too sure at the top."""
    log_odds = rng.normal(6.0, 2.5, size)
    wrong = rng.random(size) < 1.0 - confidence_of(0.93 * log_odds)
    return np.asarray(confidence_of(log_odds), np.float64), np.asarray(wrong, np.bool_)


def certified(rng: np.random.Generator, size: int) -> Certificate:
    """Certify on fresh labels, in the order laid from other ones."""
    calibration, calibration_wrong = payments(rng, size)
    confidence, wrong = payments(rng, size)
    log_odds = np.log(calibration) - np.log1p(-calibration)
    plan = lay_plan(log_odds, size, burst=1.0, calibration_wrong=calibration_wrong)
    customer = np.arange(size)
    return certify(RiskSet(confidence=confidence, is_wrong=wrong, customer=customer), plan, as_of=START)


def promise_of(certificate: Certificate) -> Promise:
    """Publish what was certified, the widest rung first."""
    rungs = [Rung(one.alpha, certificate.knobs(one.alpha)["auto_threshold"]) for one in certificate.rungs]
    until = START + timedelta(days=VALID_DAYS)
    return Promise.published(rungs, on=START, valid_until=until, least_pi=SHARE)


def year(seed: int, *, labels: int = 12_000, traffic: int = 60_000) -> Year:
    """Certify, then close and audit for a year; the promise may only be extended, never certified anew."""
    rng = np.random.default_rng(seed)
    promise = promise_of(certified(rng, labels))
    closed = false = 0
    bound = 0.0
    for quarter in range(QUARTERS):
        rung = promise.in_force
        if rung is None or rung.auto_threshold is None:
            break
        bound = max(bound, rung.alpha)
        confidence, wrong = payments(rng, traffic // QUARTERS)
        auto = confidence >= rung.auto_threshold
        closed += int(auto.sum())
        false += int(wrong[auto].sum())
        drawn = rng.random(int(auto.sum())) < SHARE
        audits = [Audited(SHARE, bool(one)) for one in wrong[auto][drawn]]
        day = START + timedelta(days=(VALID_DAYS + 1) * (quarter + 1))
        promise = promise.heard(audits, on=day).on_day(day)
    return Year(closed, false, bound, promise.place)


def audits_until_alarm(seed: int, *, rate: float, quiet: int = 3_000, most: int = 100_000) -> int | None:
    """Count the audits from a jump of the error rate until the alarm; None: it rang before the jump."""
    rng = np.random.default_rng(seed)
    alarm = Alarm(0.001, SHARE)
    alarm = alarm.after_all(Audited(SHARE, False) for _ in range(quiet))
    if alarm.is_raised:
        return None
    for count in range(1, most + 1):
        alarm = alarm.after(Audited(SHARE, bool(rng.random() < rate)))
        if alarm.is_raised:
            return count
    return most


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables; the exit code is 1 when a promise of the house is not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promise_years", description=__doc__)
    parser.add_argument("--years", type=int, default=1_000)
    parser.add_argument("--jumps", type=int, default=300)
    options = parser.parse_args(arguments)
    years = [year(seed) for seed in range(options.years)]
    broken = sum(one.is_broken for one in years)
    limit = upper_bound(broken, len(years), 0.05)
    print("Synthetic years without drift")
    print(f"  {len(years):,} years, {broken} broken; 95 % upper limit of the share: {limit:.2%}")
    print(f"  closed {sum(one.closed for one in years):,}, false {sum(one.false for one in years):,}")
    print(f"  years with a step down: {sum(one.steps_down > 0 for one in years)}")
    print("Audits from a jump (after 3,000 quiet ones, bound 0.1 %) until the step down")
    median_of_jump = np.inf
    for rate in (0.002, 0.003, 0.005, 0.01, 0.02):
        counts = [audits_until_alarm(seed, rate=rate) for seed in range(options.jumps)]
        seen = np.array([count for count in counts if count is not None])
        median = float(np.median(seen))
        median_of_jump = median if rate == 0.005 else median_of_jump
        print(f"  to {rate:.1%}: median {median:,.0f}, 90 % within {np.quantile(seen, 0.9):,.0f}")
    return 0 if limit <= 0.05 and median_of_jump <= 2_500 else 1


if __name__ == "__main__":
    raise SystemExit(main())
