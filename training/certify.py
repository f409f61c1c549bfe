"""Certify an auto-close threshold: walk the pre-registered order over labels that nothing else has used.

The statement is: with probability 95 %, at most alpha of the auto-closes of this model and policy are false,
for payments like those certified on. Each test takes the larger of the Clopper-Pearson and the customer-
clustered bound. The walk ends at the first failure; what lies beyond is neither tested nor looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.bounds import clustered_upper, upper_bound
from training.ladder import Plan, Step
from training.shortfall import Shortfall, shortfall

__all__ = ["Basis", "Certificate", "RiskSet", "Tested", "certify", "supporting_rows"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

VALID_DAYS: Final = 90
UNREVERSED_DAYS: Final = 60


class Basis(StrEnum):
    """What the labels of a certificate are worth."""

    CHECKED = "checked"
    """Every label was checked independently of the machine."""

    HISTORY = "history"
    """Applied cash that nobody reversed for 60 days counts as right; the history's errors are not counted."""

    NONE = "none"
    """There are no labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSet:
    """Decided payments with known truth that no earlier choice has used; one row each.

    Only payments that the policy would close at a low enough threshold belong here (not held, not twins under
    review, and so on), and of those only `supporting_rows`. `confidence` is the number that `match` compares
    with its threshold, `is_wrong` the false auto-close of the contract. `weight` is one over the inclusion
    probability of an audit; `amount_minor` is in one currency. `lane` names parts to be shown apart
    (deterministic, model).
    """

    confidence: Floats
    is_wrong: Booleans
    customer: NDArray[Any]
    segment: Sequence[str] | None = None
    lane: Sequence[str] | None = None
    is_harmful: Booleans | None = None
    amount_minor: NDArray[np.int64] | None = None
    is_checked: Booleans | None = None
    weight: Floats | None = None

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        columns = (self.is_wrong, self.customer, self.segment, self.lane, self.is_harmful, self.amount_minor)
        size = self.confidence.size
        for column in (*columns, self.is_checked, self.weight):
            if column is not None and len(column) != size:
                message = "every column of a risk set needs one value a payment"
                raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Tested:
    """One test of the walk and its outcome."""

    alpha: float
    knob: float
    payments: int
    errors: int
    cp_upper: float
    cluster_upper: float
    is_passed: bool

    @property
    def upper(self) -> float:
        """The bound that counts: the larger."""
        return max(self.cp_upper, self.cluster_upper)

    def to_dict(self) -> dict[str, Any]:
        """JSON values of one row of the trace."""
        return {
            "alpha": self.alpha,
            "t": self.knob,
            "n": self.payments,
            "k": self.errors,
            "cp_upper": self.cp_upper,
            "cluster_upper": self.cluster_upper,
            "passed": self.is_passed,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What may be claimed of a model and its policy, the numbers behind it and what is missing for more."""

    plan: Plan
    trace: tuple[Tested, ...]
    basis: Basis
    checked: int
    customers: int
    erring_customers: int
    by_cause: dict[str, Any] = field(default_factory=dict)
    missing: tuple[Shortfall, ...] = ()
    as_of: date
    payments: int

    @property
    def claim(self) -> Tested | None:
        """The tightest rung reached; None if nothing is certified.

        The last rung is taken at its widest threshold, a looser one at its safest: that it was reached is no
        reason to use it up. All tests passed hold together under the one delta, so the choice costs nothing.
        """
        return _claim([test for test in self.trace if test.is_passed], self.plan)

    @property
    def rungs(self) -> tuple[Tested, ...]:
        """The widest threshold of each rung reached, loosest first; all hold together under the one delta.

        A looser rung that reaches no further than a tighter one is left out: the tighter says more.
        """
        widest: list[Tested] = []
        for test in sorted((test for test in self.trace if test.is_passed), key=_tightest_then_widest):
            if not widest or test.knob < widest[-1].knob:
                widest.append(test)
        return tuple(reversed(widest))

    def knobs(self, alpha: float | None = None) -> dict[str, Any]:
        """`auto_threshold` and `segment_thresholds` for the policy: of the claim, or of a looser rung.

        Without a claim nothing closes; a caller may put back what another policy allows and certifies.
        """
        chosen = self.claim
        if alpha is not None:
            chosen = next((test for test in self.rungs if test.alpha <= alpha), None)
        if chosen is None:
            return {"auto_threshold": None, "segment_thresholds": {}}
        auto, listed = self.plan.segments.thresholds(chosen.knob)
        return {"auto_threshold": auto, "segment_thresholds": listed}

    @property
    def valid_until(self) -> date:
        """The last day of the claim; a new model, new features or an alarm end it earlier."""
        return self.as_of + timedelta(days=VALID_DAYS)

    def statement(self) -> str:
        """The claim in one or two sentences, with everything that limits it."""
        claim = self.claim
        sure = f"{1 - self.plan.delta:.0%}".replace("%", " %")
        if claim is None:
            return "Nothing is certified, so nothing closes by itself on the strength of this certificate."
        said = (
            f"With probability {sure}, at most {_percent(claim.alpha)} of the auto-closes of this model and "
            f"policy are false, for payments like the {claim.payments:,} certified on, of which "
            f"{claim.errors:,} were false. Valid until {self.valid_until.isoformat()}."
        )
        if self.basis is Basis.CHECKED:
            return f"{said} All {self.checked:,} were checked independently of the machine."
        return (
            f"Against this history, whose own errors are not counted: {said[0].lower()}{said[1:]} What stood "
            f"unreversed for {UNREVERSED_DAYS} days counts as right; {self.checked:,} of the "
            f"{claim.payments:,} were truly double-checked."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values for `guarantee` in `policy.json`."""
        claim = self.claim
        return {
            "certified": claim is not None,
            "statement": self.statement(),
            "basis": self.basis.value,
            "rung": None if claim is None else claim.alpha,
            "alpha": None if claim is None else claim.alpha,
            "delta": self.plan.delta,
            "t": None if claim is None else claim.knob,
            "n": 0 if claim is None else claim.payments,
            "k": 0 if claim is None else claim.errors,
            "cp_upper": 1.0 if claim is None else claim.cp_upper,
            "cluster_upper": 1.0 if claim is None else claim.cluster_upper,
            "payments": self.payments,
            "customers": self.customers,
            "erring_customers": self.erring_customers,
            "burst": self.plan.burst,
            "checked": self.checked,
            "as_of": self.as_of.isoformat(),
            "valid_until": None if claim is None else self.valid_until.isoformat(),
            "rungs": [{**test.to_dict(), **self.knobs(test.alpha)} for test in self.rungs],
            "by_cause": self.by_cause,
            "missing": [one.to_dict() for one in self.missing],
            "plan": {key: value for key, value in self.plan.to_dict().items() if key != "steps"},
            "plan_fingerprint": self.plan.fingerprint(),
            "plan_steps": len(self.plan.steps),
            "trace": [test.to_dict() for test in self.trace],
        }


def supporting_rows(
    is_checked: Booleans,
    by_machine: Booleans,
    is_reversed: Booleans,
    days_standing: NDArray[np.float64],
) -> Booleans:
    """Which rows of a history may support a certificate.

    Those checked independently, whoever decided them; and those that a person decided and nobody reversed for
    60 days. What the machine decided and nobody checked says nothing about the machine.
    """
    has_stood = ~by_machine & ~is_reversed & (days_standing >= UNREVERSED_DAYS)
    return np.asarray(is_checked | has_stood, dtype=np.bool_)


def certify(risk: RiskSet, plan: Plan, *, as_of: date, seed: int = 0) -> Certificate:
    """Walk the order of `plan` over a risk set; the walk ends at the first test that fails."""
    customer = np.unique(risk.customer, return_inverse=True)[1] if risk.confidence.size else risk.customer
    trace: list[Tested] = []
    for step in plan.steps:
        test = _test(risk, customer, plan, step, seed)
        trace.append(test)
        if not test.is_passed:
            break
    passed = [test for test in trace if test.is_passed]
    best = _claim(passed, plan)
    closed = np.zeros(risk.confidence.size, dtype=np.bool_)
    if best is not None:
        closed = plan.segments.closes(risk.confidence, risk.segment, best.knob)
    checked = closed if risk.is_checked is None else closed & risk.is_checked
    is_checked = 0 if risk.is_checked is None else int(np.count_nonzero(checked))
    reached = {test.alpha for test in passed}
    return Certificate(
        plan=plan,
        trace=tuple(trace),
        basis=_basis(risk, closed),
        checked=is_checked,
        customers=int(np.unique(customer[closed]).size),
        erring_customers=int(np.unique(customer[closed & risk.is_wrong]).size),
        by_cause=_by_cause(risk, closed, plan.delta),
        missing=_missing(plan, trace, reached),
        as_of=as_of,
        payments=risk.confidence.size,
    )


def _missing(plan: Plan, trace: Sequence[Tested], reached: set[float]) -> tuple[Shortfall, ...]:
    """What each rung that was not reached would take, by the lowest error rate that a test made has shown."""
    tests = [(test.errors, test.payments) for test in trace]
    seen = min(tests, key=lambda test: (test[0] + 0.5) / (test[1] + 1.0), default=(0, 0))
    tested = {test.alpha for test in trace}
    return tuple(
        shortfall(
            alpha, plan.delta, plan.burst, seen=seen, was_tested=alpha in tested, payments=plan.payments
        )
        for alpha in plan.ladder
        if alpha not in reached
    )


def _test(risk: RiskSet, customer: NDArray[Any], plan: Plan, step: Step, seed: int) -> Tested:
    closed = plan.segments.closes(risk.confidence, risk.segment, step.knob)
    wrong = risk.is_wrong[closed]
    weight = None if risk.weight is None else risk.weight[closed]
    payments, errors = int(wrong.size), int(np.count_nonzero(wrong))
    cp_upper = upper_bound(*_effective(wrong, weight), plan.delta)
    cluster_upper = clustered_upper(
        wrong,
        customer[closed],
        plan.delta,
        weight=weight,
        burst=plan.burst,
        seed=seed,
    )
    is_passed = max(cp_upper, cluster_upper) <= step.alpha
    return Tested(step.alpha, step.knob, payments, errors, cp_upper, cluster_upper, is_passed)


def _effective(wrong: Booleans, weight: Floats | None) -> tuple[float, float]:
    """Errors and payments for Clopper-Pearson; audit weights count by Kish's effective sample size."""
    if weight is None or not wrong.size:
        return float(np.count_nonzero(wrong)), float(wrong.size)
    effective = float(weight.sum()) ** 2 / float(weight @ weight)
    return effective * float(weight @ wrong) / float(weight.sum()), effective


def _basis(risk: RiskSet, closed: Booleans) -> Basis:
    if not risk.confidence.size:
        return Basis.NONE
    if risk.is_checked is not None and bool(risk.is_checked[closed if closed.any() else slice(None)].all()):
        return Basis.CHECKED
    return Basis.HISTORY


def _by_cause(risk: RiskSet, closed: Booleans, delta: float) -> dict[str, Any]:
    """What was closed at the claim, by harm, money, lane and segment: shown, not claimed."""
    if not closed.any():
        return {}
    shown: dict[str, Any] = {}
    if risk.is_harmful is not None:
        shown["harmful"] = _row(risk.is_harmful[closed], delta)
    if risk.amount_minor is not None:
        shown["money"] = _money(risk, np.abs(risk.amount_minor[closed]), closed, delta)
    for name, column in (("lanes", risk.lane), ("segments", risk.segment)):
        if column is not None:
            labels = np.asarray(column, dtype=np.str_)
            parts = np.unique(labels[closed])
            shown[name] = {str(part): _row(risk.is_wrong[closed & (labels == part)], delta) for part in parts}
    return shown


def _row(wrong: Booleans, delta: float) -> dict[str, Any]:
    payments, errors = int(wrong.size), int(np.count_nonzero(wrong))
    return {"n": payments, "k": errors, "cp_upper": upper_bound(errors, payments, delta)}


def _money(risk: RiskSet, minor: NDArray[np.int64], closed: Booleans, delta: float) -> dict[str, Any]:
    """The share of money in false auto-closes; unequal amounts count as fewer equal ones in its bound."""
    wrong = risk.is_wrong[closed]
    total, false = int(minor.sum()), int(minor[wrong].sum())
    weight = minor.astype(np.float64) * (1.0 if risk.weight is None else risk.weight[closed])
    return {
        "auto_minor": total,
        "false_minor": false,
        "rate": false / total if total else 0.0,
        "upper": upper_bound(*_effective(wrong, weight), delta) if total else 1.0,
    }


def _tightest_then_widest(test: Tested) -> tuple[float, float]:
    return test.alpha, test.knob


def _claim(passed: Sequence[Tested], plan: Plan) -> Tested | None:
    last = min(plan.ladder)
    return min(
        passed, key=lambda test: (test.alpha, test.knob if test.alpha <= last else test.upper), default=None
    )


def _percent(share: float) -> str:
    return f"{share * 100:g} %"
