"""Learn from a history book: fit, calibrate, certify, evaluate, and write the model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.block import Reading
from features.book import Book
from features.bundle import schema_fingerprint, write_bundle
from features.calibration import Calibration
from features.evidence import SEGMENTS
from features.frame import F64, Frame
from features.golden import golden_confidence, golden_margins
from features.match_model import PAIR_MODEL, SET_MODEL, schema
from features.pipeline import Progress, canonical
from receivables.policy import Policy
from training.backing import certificate
from training.blocks import Blocks, as_it_ended, blocks_of
from training.card import card
from training.certify import Certificate
from training.checklist import FILE, write_checklist
from training.errors import HistoryMissingError
from training.figures import figures, recall_of
from training.fit import (
    PAIR_PARAMETERS,
    SET_PARAMETERS,
    Fitted,
    Sample,
    can_fit,
    fit_calibration,
    fit_models,
    sample_of,
)
from training.outcomes import OPEN, Checked, Stated, check_decisions, check_sample, joined
from training.replay import Truth, Window, read_truth, windows

__all__ = [
    "LEAST_PAYMENTS",
    "OPEN",
    "REVIEW_THRESHOLD",
    "Checked",
    "Learned",
    "check_decisions",
    "golden_rows",
    "joined",
    "learn",
    "train_book",
]

WINDOW_DAYS: Final = 75
"""A batch of the replay; `match` is asked for months at a time."""

LEAST_PAYMENTS: Final = 600
"""Payments with known allocations below which no model of one's own is fitted."""

LEAST_FITTED: Final = 300
"""Of them, those that the fitting block must hold."""

REVIEW_THRESHOLD: Final = 0.05
GOLDEN_ROWS: Final = 25


@dataclass(frozen=True)
class Learned:
    """Everything a model folder is written from."""

    fitted: Fitted
    calibration: Calibration
    certificate: Certificate
    calibration_check: Checked
    certification_check: Checked
    stated: tuple[Stated, ...]  # of both blocks
    blocks: Blocks
    recall: Mapping[str, Any]
    golden_pairs: NDArray[np.float32]
    golden_sets: NDArray[np.float32]


def train_book(
    book: Book,
    out: Path,
    *,
    tune: bool = False,
    register: bool = False,
    progress: Progress | None = None,
    threads: int = 2,
) -> dict[str, Any]:
    """Learn from a history book and write the model folder; returns what `metrics.json` holds.

    A history too small to learn from gets the base model and an account of what is missing. Raises
    `HistoryMissingError` when the book has no allocations at all.
    """
    book = as_it_ended(book)
    frame = Frame(canonical(book))
    truth = read_truth(frame)
    if not len(truth.pair_payment):
        raise HistoryMissingError
    learned = None
    if has_enough(frame, truth):
        learned = learn(frame, truth, tune=tune, progress=progress, threads=threads)
    if learned is None:
        from training.beginning import write_base_folder

        metrics = write_base_folder(frame, truth, out, needed=LEAST_PAYMENTS, threads=threads)
    else:
        metrics = write_folder(learned, out, book.sources)
        both = joined([learned.certification_check, learned.calibration_check])
        write_checklist(out / FILE, frame, truth, both, learned.stated, _sureness(learned.certificate, both))
    if register:
        from training.registry import register_bundle

        register_bundle(out, metrics)
    return metrics


def has_enough(frame: Frame, truth: Truth) -> bool:
    """Tell whether a history is large enough, and long enough, to fit a model of one's own."""
    paying = truth.labelled & (truth.lines > 0)
    if int(paying.sum()) < LEAST_PAYMENTS:
        return False
    blocks = blocks_of(frame, truth)
    fitting = windows(frame, blocks.fit, blocks.certify, WINDOW_DAYS)
    return sum(int(paying[window.batch].sum()) for window in fitting) >= LEAST_FITTED


def learn(
    frame: Frame, truth: Truth, *, tune: bool = False, progress: Progress | None = None, threads: int = 2
) -> Learned | None:
    """Fit, calibrate and certify on a history that `has_enough`; None if it holds nothing to tell apart."""
    say = progress or (lambda _stage, _done, _total: None)
    reading = Reading(frame, threads)
    blocks = blocks_of(frame, truth)
    starts = (blocks.fit, blocks.certify, blocks.calibrate, blocks.end)
    cuts = [windows(frame, low, high, WINDOW_DAYS) for low, high in pairwise(starts)]
    total, done = sum(len(some) for some in cuts), 0

    def sampled(some: Sequence[Window]) -> list[Sample]:
        nonlocal done
        out = []
        for window in some:
            say("replaying the history", done, total)
            out.append(sample_of(reading, truth, window))
            done += 1
        return out

    fitting = sampled(cuts[0])
    if not can_fit(fitting):
        return None
    pair, proposal = PAIR_PARAMETERS, SET_PARAMETERS
    if tune:
        from training.tune import tune_parameters

        found = tune_parameters(fitting, progress=say)
        pair, proposal = found["pair_parameters"], found["set_parameters"]
    say("fitting", 0, 0)
    fitted = fit_models(fitting, pair, proposal)
    del fitting
    calibrating = sampled(cuts[2])
    say("calibrating", 0, 0)
    calibration, _ = fit_calibration(calibrating, fitted)
    certifying = sampled(cuts[1])
    say("certifying", 0, 0)
    late = [check_sample(sample, fitted, calibration, truth, threads) for sample in calibrating]
    early = [check_sample(sample, fitted, calibration, truth, threads) for sample in certifying]
    calibration_check = joined([one[0] for one in late])
    certification_check = joined([one[0] for one in early]) if early else calibration_check.none()
    scored = max((one[2] for one in (*early, *late)), key=lambda one: len(one.proposed.matrix))
    return Learned(
        fitted=fitted,
        calibration=calibration,
        certificate=certificate(frame, calibration_check, certification_check, truth.weight),
        calibration_check=calibration_check,
        certification_check=certification_check,
        stated=tuple(part for one in (*early, *late) for part in one[1]),
        blocks=blocks,
        recall=recall_of(certifying or calibrating, truth),
        golden_pairs=golden_rows(scored.proposed.compared.matrix),
        golden_sets=golden_rows(scored.proposed.matrix),
    )


def golden_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a few rows spread over a matrix."""
    return matrix[:: max(len(matrix) // GOLDEN_ROWS, 1)][:GOLDEN_ROWS]


def write_folder(learned: Learned, out: Path, sources: Mapping[str, str]) -> dict[str, Any]:
    """Write a model folder from what was learnt; returns what `metrics.json` holds."""
    metrics = metrics_of(learned)
    guarantee = learned.certificate.to_dict()
    policy = {**Policy().to_dict(), **learned.certificate.knobs(), "guarantee": guarantee}
    policy["review_threshold"] = REVIEW_THRESHOLD
    margins = (
        (PAIR_MODEL, learned.fitted.pair, learned.golden_pairs),
        (SET_MODEL, learned.fitted.proposal, learned.golden_sets),
    )
    described = schema()
    write_bundle(
        out,
        {
            f"{PAIR_MODEL}.txt": learned.fitted.pair.model_to_string(),
            f"{SET_MODEL}.txt": learned.fitted.proposal.model_to_string(),
            "calibration.json": learned.calibration.to_dict(),
            "schema.json": {**described, "fingerprint": schema_fingerprint(described)},
            "policy.json": policy,
            "golden.jsonl": [
                *(golden_margins(name, booster, rows) for name, booster, rows in margins if len(rows)),
                *(golden_confidence("", learned.calibration, one) for one in ([], [2.5], [3.0, -1.0, 0.5])),
            ],
            "metrics.json": metrics,
            "model_card.md": card(metrics, guarantee),
        },
        name="tieout",
        facts={"snapshot": dict(sources)},
    )
    return metrics


def metrics_of(learned: Learned) -> dict[str, Any]:
    """Return the figures of a training run; where nothing is left to certify on, of the calibration block."""
    knobs = learned.certificate.knobs()
    certified_on = learned.certification_check
    check = certified_on if len(certified_on.wrong) else learned.calibration_check
    return {
        "blocking_recall": round(learned.recall["share"] or 0.0, 6),
        "blocking_recall_interval_95": [round(bound, 6) for bound in learned.recall["interval_95"]],
        **figures(check, knobs),
        "measured_on": "certification block" if check is certified_on else "calibration block",
        "threshold": knobs["auto_threshold"],
        "segment_thresholds": knobs["segment_thresholds"],
        "certified": learned.certificate.claim is not None,
        "statement": learned.certificate.statement(),
        "missing": [one.to_dict() for one in learned.certificate.missing],
        "blocks": learned.blocks.to_dict(),
    }


def _sureness(certified: Certificate, check: Checked) -> tuple[F64, float | None]:
    """Return how far down the knob of the certificate each payment closes, and where the claim stands."""
    claim = certified.claim
    segment = np.asarray(SEGMENTS)[check.segment].tolist()
    knob = certified.plan.segments.knob_of(check.confidence, segment)
    return knob, None if claim is None else claim.knob
