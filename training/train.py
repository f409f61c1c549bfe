"""Learn from a history book: fit, calibrate, certify, evaluate, and write the model folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.block import Reading
from features.bundle import schema_fingerprint, write_bundle
from features.calibration import Calibration
from features.conclude import SEGMENTS
from features.decide import OUTCOMES
from features.frame import F64, I32, I64, B, Frame, flat
from features.lane import CELLS
from features.golden import golden_confidence, golden_margins
from features.match_model import PAIR_MODEL, SET_MODEL, Scored, schema
from features.pipeline import Decided, canonical, conclude_batch
from receivables.policy import Policy
from receivables.words import Outcome
from training.bounds import burst_near_top, clopper_pearson
from training.card import card
from training.certify import Certificate, RiskSet, certify, supporting_rows
from training.errors import HistoryMissingError
from training.fit import Fitted, Sample, fit_calibration, fit_models, is_right, sample_of, scored_sample
from training.ladder import Segments, lay_plan
from training.replay import DAY, Truth, Window, read_truth, windows

if TYPE_CHECKING:
    from features.book import Book

WARM_UP = 0.10  # share of the days that only teach habits and aliases
STANDING_DAYS = 60  # an allocation supports a certificate when nobody reversed it for so long
CERTIFY_SHARE = 0.30
WINDOW_DAYS = 75  # a batch of the replay; `match` is asked for months at a time
LEAST_PAYMENTS = 600  # labelled payments below which no model of one's own is fitted
OPEN = Policy(auto_threshold=1e-9, review_threshold=1e-9)
"""The default policy with its threshold wide open: what could close by itself at some threshold."""

Progress = Callable[[str, int, int], object]


@dataclass(frozen=True)
class Blocks:
    """Days at which the blocks of a history begin: fit, certify, calibrate, end."""

    fit: int
    certify: int
    calibrate: int
    end: int


def blocks_of(frame: Frame, truth: Truth) -> Blocks:
    """Cut the days of a history into its blocks.

    The latest days calibrate, being nearest to what comes; the certificate rests on the days before, whose
    allocations have stood long enough. No payment is in two blocks.
    """
    days = frame.payment_booking[truth.labelled]
    first, end = int(days.min()), int(days.max()) + 1
    length = end - first
    calibrate = end - max(min(STANDING_DAYS, int(length * 0.2)), 1)
    certify_from = calibrate - int(length * CERTIFY_SHARE)
    return Blocks(first + int(length * WARM_UP), certify_from, calibrate, end)


@dataclass(frozen=True)
class Checked:
    """Outcomes of a block under the open policy, one row a labelled payment."""

    payment: I32
    customer: I32
    confidence: F64
    closes: B  # nothing but the threshold stands in the way
    wrong: B
    harmful: B
    amount: I64
    matchable: B
    proposed: B
    kind: NDArray[np.int8]
    segment: I64  # code into `features.conclude.SEGMENTS`
    in_lane: B


def check_decisions(sample: Sample, decided: Decided, truth: Truth) -> Checked:
    """Compare the decisions of a window with its truth."""
    rows = np.flatnonzero(sample.labelled)
    proposed = decided.scored.proposed
    h = proposed.hypotheses
    frame = sample.state.frame
    chosen = decided.settled.chosen
    has = chosen >= 0
    right_of = is_right(sample, proposed)
    right = np.where(has, right_of[np.maximum(chosen, 0)] if len(right_of) else False, ~sample.matchable)
    batch = sample.window.batch
    laid = np.zeros(len(batch), np.int64)
    lines = np.flatnonzero(np.isin(h.owner, chosen[has]))
    np.add.at(laid, h.payment[h.owner[lines]], h.amount[lines])
    true_total = np.zeros(frame.payment_count, np.int64)
    np.add.at(true_total, truth.pair_payment, truth.amount)
    true_customer = np.full(frame.payment_count, -1, np.int32)
    true_customer[truth.pair_payment] = frame.item_customer[truth.pair_item]
    customer = decided.conclusion.customer
    harmful = ~right & has & ((customer != true_customer[batch]) | (laid != true_total[batch]))
    auto = [code for code, outcome in enumerate(OUTCOMES) if outcome is Outcome.AUTO][0]
    return joined([check_lane(sample, decided, true_customer, true_total), Checked(
        payment=batch[rows],
        customer=np.where(has, customer, -1 - np.arange(len(batch)))[rows].astype(np.int32),
        confidence=decided.conclusion.confidence[rows],
        closes=(decided.outcome == auto)[rows],
        wrong=~right[rows],
        harmful=harmful[rows],
        amount=np.abs(frame.payment_amount[batch[rows]]),
        matchable=sample.matchable[rows],
        proposed=has[rows],
        kind=decided.conclusion.kind[rows],
        segment=decided.conclusion.facts.segment[rows],
        in_lane=np.zeros(len(rows), np.bool_),
    )])


def check_lane(sample: Sample, decided: Decided, true_customer: I32, true_total: I64) -> Checked:
    """Compare what the deterministic lane decided in a window with its truth."""
    lane, frame = sample.lane, sample.state.frame
    rows = np.flatnonzero(sample.lane_labelled)
    payment, item = lane.payment[rows], lane.item[rows]
    wrong = ~sample.lane_is_right[rows]
    amount = frame.payment_amount[payment]
    customer = frame.item_customer[item]
    confidence = decided.scored.lane_confidence
    yes = np.ones(len(rows), np.bool_)
    codes = np.array([SEGMENTS.index(name) for name in CELLS], np.int64)
    return Checked(
        payment=payment,
        customer=customer,
        confidence=confidence[rows] if confidence is not None else np.zeros(len(rows)),
        closes=yes,
        wrong=wrong,
        harmful=wrong & ((customer != true_customer[payment]) | (amount != true_total[payment])),
        amount=np.abs(amount),
        matchable=true_customer[payment] >= 0,
        proposed=yes,
        kind=np.zeros(len(rows), np.int8),
        segment=codes[lane.cell[rows]],
        in_lane=yes,
    )


def joined(parts: Sequence[Checked]) -> Checked:
    return Checked(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in Checked.__dataclass_fields__})


def _support(frame: Frame) -> tuple[B, B]:
    """Return by payment whether its label may support a certificate, and whether it was truly double-checked."""
    size = frame.payment_count
    allocations = frame.book.allocations
    checked = np.zeros(size + 1, np.bool_)
    machine = np.zeros(size + 1, np.bool_)
    checked_rows = np.asarray(pc.is_valid(flat(allocations["checked_by"])))
    by = flat(allocations["decided_by"])
    by_machine = np.asarray(pc.fill_null(pc.starts_with(pc.fill_null(by, ""), "tieout"), False))
    payment = frame.allocation_payment
    known = payment >= 0
    checked[payment[known & checked_rows]] = True
    machine[payment[known & by_machine]] = True
    latest = max(int(frame.allocation_decided.max(initial=0)), int(frame.payment_known.max(initial=0)))
    decided = np.zeros(size + 1, np.int64)
    np.maximum.at(decided, payment[known], frame.allocation_decided[known])
    decided[:-1] = np.where(decided[:-1] == 0, frame.payment_known, decided[:-1])
    standing = (latest - decided) / DAY
    rows = supporting_rows(checked, machine, np.zeros(size + 1, np.bool_), standing.astype(np.float64))
    return rows[:-1], checked[:-1]


@dataclass(frozen=True)
class Learned:
    """Everything a model folder is written from."""

    fitted: Fitted
    calibration: Calibration
    certificate: Certificate
    calibration_check: Checked
    certification_check: Checked
    blocks: Blocks
    recall: float
    golden_pairs: NDArray[np.float32]
    golden_sets: NDArray[np.float32]


def learn(book: Book, *, tune: bool = False, progress: Progress | None = None, threads: int = 2) -> Learned:
    """Fit, calibrate and certify on a history book.

    Raises `HistoryMissingError` when there is nothing, or far too little, to learn from.
    """
    say = progress or (lambda _stage, _done, _total: None)
    frame = Frame(canonical(book))
    truth = read_truth(frame)
    labelled = int((truth.labelled & (truth.lines > 0)).sum())
    if labelled < LEAST_PAYMENTS:
        raise HistoryMissingError(labelled, LEAST_PAYMENTS)
    reading = Reading(frame, threads)
    blocks = blocks_of(frame, truth)
    cuts = {
        "fit": windows(frame, blocks.fit, blocks.certify, WINDOW_DAYS),
        "certify": windows(frame, blocks.certify, blocks.calibrate, WINDOW_DAYS),
        "calibrate": windows(frame, blocks.calibrate, blocks.end, WINDOW_DAYS),
    }
    total = sum(len(some) for some in cuts.values())
    done = 0

    def sampled(some: Sequence[Window]) -> list[Sample]:
        nonlocal done
        out = []
        for window in some:
            say("replaying the history", done, total)
            out.append(sample_of(reading, truth, window))
            done += 1
        return out

    fit_samples = sampled(cuts["fit"])
    recall = _recall(fit_samples, truth)
    say("fitting", 0, 0)
    parameters: dict[str, Any] = {}
    if tune:
        from training.tune import tune_parameters  # noqa: PLC0415 - Optuna only when asked for

        parameters = tune_parameters(fit_samples, progress=say)
    fitted = fit_models(fit_samples, **parameters)
    del fit_samples
    calibration_samples = sampled(cuts["calibrate"])
    say("calibrating", 0, 0)
    calibration, _ = fit_calibration(calibration_samples, fitted)

    def checked(samples: Sequence[Sample]) -> tuple[Checked, list[Scored]]:
        parts, scored = [], []
        for sample in samples:
            one = scored_sample(sample, fitted, calibration, threads)
            scored.append(one)
            parts.append(check_decisions(sample, conclude_batch(one, sample.state, OPEN), truth))
        return joined(parts), scored

    calibration_check, _ = checked(calibration_samples)
    certify_samples = sampled(cuts["certify"])
    say("certifying", 0, 0)
    certification_check, scored = checked(certify_samples)
    certificate = _certificate(frame, calibration_check, certification_check)
    return Learned(
        fitted, calibration, certificate, calibration_check, certification_check, blocks, recall,
        golden_rows(scored[0].proposed.compared.matrix), golden_rows(scored[0].proposed.matrix),
    )  # fmt: skip


GOLDEN_ROWS = 25


def golden_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a few rows spread over a matrix."""
    return matrix[:: max(len(matrix) // GOLDEN_ROWS, 1)][:GOLDEN_ROWS]


def _recall(samples: Sequence[Sample], truth: Truth) -> float:
    found = sum(int(s.is_true.sum()) for s in samples)
    found += sum(int(s.lane_is_right.sum()) for s in samples)
    wanted = sum(int(np.isin(truth.pair_payment, s.window.batch[s.labelled]).sum()) for s in samples)
    wanted += sum(len(s.lane.payment) for s in samples)
    return found / max(wanted, 1)


def _certificate(frame: Frame, calibration: Checked, certification: Checked) -> Certificate:
    """Lay the order of tests on the calibration block and walk it on the certification block."""
    support, double = _support(frame)
    segments = Segments()
    low = calibration.closes
    knob = segments.knob_of(calibration.confidence[low], None)
    burst = burst_near_top(calibration.wrong[low], calibration.customer[low], knob) if low.any() else 1.0
    rows = certification.closes & support[certification.payment]
    plan = lay_plan(
        knob if low.any() else segments.knob_of(certification.confidence[rows], None),
        int(rows.sum()),
        burst=burst,
        segments=segments,
        calibration_wrong=calibration.wrong[low] if low.any() else None,
    )
    last = int(frame.payment_known.max())
    risk = RiskSet(
        confidence=certification.confidence[rows],
        is_wrong=certification.wrong[rows],
        customer=certification.customer[rows],
        is_harmful=certification.harmful[rows],
        amount_minor=certification.amount[rows],
        is_checked=double[certification.payment[rows]],
        lane=np.where(certification.in_lane[rows], "deterministic", "model").tolist(),
    )
    return certify(risk, plan, as_of=datetime.fromtimestamp(last / 1_000_000, UTC).date())


def train_book(  # noqa: PLR0913 - the interface others rely on
    book: Book,
    out: Path,
    *,
    tune: bool = False,
    register: bool = False,
    progress: Progress | None = None,
    threads: int = 2,
) -> dict[str, Any]:
    """Learn from a history book and write the model folder; returns what `metrics.json` holds.

    Raises `HistoryMissingError` when the book holds too little to learn from.
    """
    learned = learn(book, tune=tune, progress=progress, threads=threads)
    metrics = metrics_of(learned)
    guarantee = learned.certificate.to_dict()
    policy = {**Policy().to_dict(), **learned.certificate.knobs(), "guarantee": guarantee}
    policy["review_threshold"] = REVIEW_THRESHOLD
    golden = [
        *(
            golden_margins(name, booster, rows)
            for name, booster, rows in (
                (PAIR_MODEL, learned.fitted.pair, learned.golden_pairs),
                (SET_MODEL, learned.fitted.proposal, learned.golden_sets),
            )
        ),
        *(golden_confidence("", learned.calibration, scores) for scores in ([], [2.5], [3.0, -1.0, 0.5])),
    ]
    described = schema()
    write_bundle(
        out,
        {
            f"{PAIR_MODEL}.txt": learned.fitted.pair.model_to_string(),
            f"{SET_MODEL}.txt": learned.fitted.proposal.model_to_string(),
            "calibration.json": learned.calibration.to_dict(),
            "schema.json": {**described, "fingerprint": schema_fingerprint(described)},
            "policy.json": policy,
            "golden.jsonl": golden,
            "metrics.json": metrics,
            "model_card.md": card(metrics, guarantee),
        },
        name="tieout",
        facts={"snapshot": book.sources},
    )
    if register:
        from training.registry import register_bundle  # noqa: PLC0415 - MLflow only when asked for

        register_bundle(out, metrics)
    return metrics


REVIEW_THRESHOLD = 0.05


def metrics_of(learned: Learned) -> dict[str, Any]:
    """Return the figures of a training run, each with its interval where one is due."""
    check = learned.certification_check
    threshold = learned.certificate.knobs()["auto_threshold"]
    auto = check.closes & (check.confidence >= (2.0 if threshold is None else threshold))
    matchable = int(check.matchable.sum())
    closed, wrong = int(auto.sum()), int((auto & check.wrong).sum())
    low, high = clopper_pearson(wrong, closed) if closed else (0.0, 1.0)
    exact = int((check.matchable & check.proposed & ~check.wrong).sum())
    return {
        "blocking_recall": round(learned.recall, 6),
        "held_out": {
            "payments": len(check.wrong),
            "matchable": matchable,
            "closed_automatically": round(int((auto & check.matchable).sum()) / max(matchable, 1), 6),
            "auto_closes": closed,
            "false_auto_closes": wrong,
            "harmful_auto_closes": int((auto & check.harmful).sum()),
            "false_share_interval_95": [round(low, 7), round(high, 7)],
            "exact_allocation": round(exact / max(matchable, 1), 6),
            "exact_interval_95": [round(v, 6) for v in clopper_pearson(exact, max(matchable, 1))],
            "calibration_error": round(calibration_error(check.confidence, ~check.wrong), 6),
        },
        "threshold": threshold,
        "certified": learned.certificate.claim is not None,
        "statement": learned.certificate.statement(),
        "missing": [one.to_dict() for one in learned.certificate.missing],
        "blocks": {
            name: (np.datetime64(0, "D") + np.timedelta64(getattr(learned.blocks, name), "D")).astype(str).item()
            for name in ("fit", "certify", "calibrate", "end")
        },
    }


def calibration_error(confidence: F64, right: B, bins: int = 15) -> float:
    """Return the expected calibration error over bins of equal mass."""
    if len(confidence) == 0:
        return 0.0
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, bins)
    return float(
        sum(abs(confidence[p].mean() - right[p].mean()) * len(p) for p in parts if len(p)) / len(confidence)
    )
