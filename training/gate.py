"""The gate: whether a challenger may take the champion's place, judged on the same payments.

Both decide the same held-out months through the rules that serving runs, each at its own frozen thresholds.
The differences are bootstrapped over customers (whole customers are drawn anew, both models together), since
errors and habits come by customer. A person approves; nothing is promoted by figures alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.book import Book
from features.bundle import Bundle
from features.pipeline import Progress
from receivables.errors import TieoutError
from training.held_out import evaluate
from training.metrics import LEAST_CERTAIN, calibration_error
from training.verdicts import Verdicts

__all__ = ["Check", "GateError", "GateReport", "Shadow", "judge_challenger"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

DRAWS: Final = 1_000
SEED: Final = 20_260_101
LEAST_SHADOW_DAYS: Final = 7

COVERAGE_LOSS: Final = 0.005
LOG_LOSS_GAIN: Final = 0.02
CALIBRATION_GAIN: Final = 0.003
FALSE_GAIN: Final = 0.001
"""Margins of "not worse", at the bad end of the interval: half a point of automation, 2 % of the champion's
log loss, 0.3 points of calibration error, 0.1 points of false auto-closes. Without a margin an equally good
model would be refused half of the time."""

SLICE_LOSS: Final = 0.01
"""No slice may close less by more than a point, with its whole interval below zero."""

LEAST_SLICE: Final = 200
"""Payments below which a slice says nothing."""

SLOWER: Final = 1.5


class GateError(TieoutError):
    """The challenger may not be promoted."""

    code = "promotion_refused"
    mend = "Mend what the report names, or keep the champion."


@dataclass(frozen=True, slots=True)
class Shadow:
    """What serving saw of a challenger that decided beside the champion."""

    model: str
    days: int
    """Days (UTC) on which it decided something."""

    payments: int
    errors: int = 0
    """Payments on which it failed."""

    compared: Mapping[str, int] = field(default_factory=dict)
    """Payments by how the two closed them: same, only_champion, only_challenger, otherwise."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, whether it holds, and the figures behind it."""

    name: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger less champion, with a 90 % interval: 95 % on either side."""

    point: float
    low: float
    high: float

    def __str__(self) -> str:
        """Show the difference as people read it."""
        return f"{self.point:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


@dataclass(frozen=True, slots=True)
class GateReport:
    """Every check, and the paired differences behind them."""

    champion: str
    challenger: str
    payments: int
    checks: tuple[Check, ...]
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Say whether a person may approve."""
        return all(check.passed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Write everything as JSON values."""
        return {**asdict(self), "passed": self.passed}

    def refusal(self) -> GateError:
        """Say in one sentence what stands in the way."""
        failed = "; ".join(f"{check.name}: {check.said}" for check in self.checks if not check.passed)
        return GateError(f"{self.challenger} is not promoted: {failed}.")


def judge_challenger(
    book: Book,
    champion: Bundle,
    challenger: Bundle,
    *,
    today: date,
    shadow: Shadow | None,
    months: int = 3,
    progress: Progress | None = None,
) -> GateReport:
    """Judge a challenger against the champion on the last months of a labelled book.

    Neither may have learnt from those months: hold them out of the snapshot that the challenger trains on.
    """
    began = time.process_time()
    theirs = evaluate(book, champion, months=months, progress=progress)
    middle = time.process_time()
    ours = evaluate(book, challenger, months=months, progress=progress)
    seconds = (middle - began, time.process_time() - middle)
    return compare(theirs, ours, (champion, challenger), seconds=seconds, today=today, shadow=shadow)


def compare(
    champion: Verdicts,
    challenger: Verdicts,
    bundles: tuple[Bundle, Bundle],
    *,
    seconds: tuple[float, float],
    today: date,
    shadow: Shadow | None,
) -> GateReport:
    """Compare two models' outcomes on the same payments, and check what else a promotion asks."""
    paired = Paired.of(champion, challenger)
    change = {name: paired.difference(measure) for name, measure in MEASURES.items()}
    loss_margin = LOG_LOSS_GAIN * log_loss(paired.champion, np.ones(len(paired.customer)))
    checks = (
        _certified(bundles[1], today),
        _margin("closed automatically", -change["closed_automatically"].low, COVERAGE_LOSS, change),
        _margin("log loss", change["log_loss"].high, loss_margin, change),
        _margin("calibration error", change["calibration_error"].high, CALIBRATION_GAIN, change),
        _margin("false share", change["false_share"].high, FALSE_GAIN, change),
        _slices(paired),
        _schema(*bundles),
        _latency(*seconds),
        _shadowed(bundles[1], shadow),
    )
    return GateReport(bundles[0].name, bundles[1].name, len(paired.customer), checks, change)


@dataclass(frozen=True, slots=True)
class Side:
    """One model's outcomes, one element a payment."""

    auto: Booleans
    right: Booleans
    confidence: Floats
    matchable: Booleans

    def of(self, rows: Booleans) -> Side:
        """Return some of the payments."""
        return Side(self.auto[rows], self.right[rows], self.confidence[rows], self.matchable[rows])


Measure = Callable[[Side, Floats], float]


@dataclass(frozen=True, slots=True)
class Paired:
    """Both models' outcomes for the payments whose answer is known."""

    champion: Side
    challenger: Side
    customer: NDArray[np.int64]
    slices: Mapping[str, Booleans]

    @classmethod
    def of(cls, champion: Verdicts, challenger: Verdicts) -> Paired:
        """Pair the outcomes; customers are those that truly paid."""
        if not np.array_equal(champion.payment_id, challenger.payment_id):
            raise GateError("The two models did not decide the same payments.")
        known = champion.labelled
        cluster = np.unique(champion.cluster[known].astype(str), return_inverse=True)[1]
        return cls(
            _side(champion, known),
            _side(challenger, known),
            np.asarray(cluster, np.int64),
            _slices_of(champion, known),
        )

    def difference(self, measure: Measure, rows: Booleans | None = None) -> Difference:
        """Bootstrap the difference of a measure over whole customers."""
        among = np.ones(len(self.customer), np.bool_) if rows is None else rows
        champion, challenger = self.champion.of(among), self.challenger.of(among)
        customer = np.unique(self.customer[among], return_inverse=True)[1]
        ones = np.ones(len(customer))
        generator = np.random.default_rng(SEED)
        count = int(customer.max(initial=-1)) + 1
        drawn = np.empty(DRAWS)
        for number in range(DRAWS):
            weight = generator.poisson(1.0, count).astype(np.float64)[customer]
            drawn[number] = measure(challenger, weight) - measure(champion, weight)
        low, high = np.quantile(drawn, [0.05, 0.95])
        return Difference(measure(challenger, ones) - measure(champion, ones), float(low), float(high))


def _side(verdicts: Verdicts, known: Booleans) -> Side:
    confidence = np.nan_to_num(verdicts.confidence[known].astype(np.float64), nan=0.5)
    return Side(
        verdicts.auto[known],
        ~verdicts.false[known],
        confidence,
        np.asarray(verdicts.matchable[known], np.bool_),
    )


def _slices_of(verdicts: Verdicts, known: Booleans) -> dict[str, Booleans]:
    """Cut payments by kind of case and by size of amount."""
    case = verdicts.case[known].astype(str)
    money = verdicts.money[known]
    cuts = {f"kind {name}": np.asarray(case == name, np.bool_) for name in np.unique(case).tolist()}
    if np.isfinite(money).any():
        edges = np.nanquantile(money, [0.0, 0.1, 0.5, 0.9, 1.0])
        for number, label in enumerate(("lowest tenth", "below median", "above median", "highest tenth")):
            inside = (money >= edges[number]) & (money <= edges[number + 1])
            cuts[f"amount {label}"] = np.asarray(inside, np.bool_)
    return {name: rows for name, rows in cuts.items() if int(rows.sum()) >= LEAST_SLICE}


def coverage(side: Side, weight: Floats) -> float:
    """The share of payments that pay something and close automatically."""
    return _mean(side.auto & side.matchable, weight * side.matchable)


def false_share(side: Side, weight: Floats) -> float:
    """The share of auto-closes that are false."""
    return _mean(side.auto & ~side.right, weight * side.auto)


def log_loss(side: Side, weight: Floats) -> float:
    """Mean negative log of the probability given to what happened."""
    said = np.clip(np.where(side.right, side.confidence, 1.0 - side.confidence), LEAST_CERTAIN, 1.0)
    total = float(weight.sum())
    return float(-np.log(said) @ weight) / total if total else 0.0


def calibration(side: Side, weight: Floats) -> float:
    """The expected calibration error over 15 bins of equal mass."""
    return calibration_error(side.confidence, side.right, weight)


MEASURES: Final[Mapping[str, Measure]] = {
    "closed_automatically": coverage,
    "log_loss": log_loss,
    "calibration_error": calibration,
    "false_share": false_share,
}


def _mean(true: Booleans, weight: Floats) -> float:
    total = float(weight.sum())
    return float(weight @ true) / total if total else 0.0


def _margin(name: str, worst: float, margin: float, change: Mapping[str, Difference]) -> Check:
    figures = change[name.replace(" ", "_")]
    return Check(name, worst <= margin + 1e-12, f"{figures}; may be worse by {margin:.4f} at most")


def _certified(bundle: Bundle, today: date) -> Check:
    guarantee = bundle.policy.get("guarantee")
    said = guarantee if isinstance(guarantee, Mapping) else {}
    until = said.get("valid_until")
    if not said.get("certified") or until is None:
        return Check("certificate", False, "it certifies no threshold of its own")
    fine = date.fromisoformat(str(until)) >= today
    return Check("certificate", fine, f"at most {said.get('alpha')} false, valid until {until}")


def _slices(paired: Paired) -> Check:
    worse = []
    for name, rows in paired.slices.items():
        change = paired.difference(coverage, rows)
        if change.point < -SLICE_LOSS and change.high < 0.0:
            worse.append(f"{name} {change}")
    said = "; ".join(worse) or f"none of {len(paired.slices)} closes less by more than a point"
    return Check("slices", not worse, said)


def _schema(champion: Bundle, challenger: Bundle) -> Check:
    """Golden rows were asked again on loading, and the features must be those of this version."""
    same = champion.schema.get("fingerprint") == challenger.schema.get("fingerprint")
    said = (
        "the same features as the champion"
        if same
        else "other features than the champion, which this version computes"
    )
    return Check("golden rows and schema", same, said)


def _latency(champion: float, challenger: float) -> Check:
    ratio = challenger / champion if champion else 1.0
    return Check("latency", ratio <= SLOWER, f"{ratio:.2f} times the champion's CPU time")


def _shadowed(bundle: Bundle, shadow: Shadow | None) -> Check:
    if shadow is None or shadow.model != bundle.name:
        return Check("shadow", False, f"it has not scored beside the champion for {LEAST_SHADOW_DAYS} days")
    fine = shadow.days >= LEAST_SHADOW_DAYS and not shadow.errors
    said = f"{shadow.days} days, {shadow.payments:,} payments, {shadow.errors} errors"
    if shadow.compared:
        said += "; closed " + ", ".join(
            f"{shadow.compared.get(name, 0):,} {text}"
            for name, text in (
                ("only_champion", "by the champion alone"),
                ("only_challenger", "by the challenger alone"),
                ("otherwise", "on other items"),
            )
        )
    return Check("shadow", fine, said)
