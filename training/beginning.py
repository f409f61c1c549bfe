"""A history too small to learn from: the base model as it is, and an account of what more would take."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from features.block import Reading
from features.bundle import Bundle, base_bundle, write_bundle
from features.frame import Frame
from features.match_model import PAIR_MODEL, SET_MODEL, model_of
from training.card import card
from training.checklist import FILE, write_checklist
from training.figures import held_out, thresholds_of
from training.fit import Fitted, sample_of
from training.ladder import DELTA, LADDER
from training.outcomes import Checked, Stated, check_sample, joined
from training.replay import Truth, day_of, windows
from training.shortfall import shortfall

WINDOW_DAYS: Final = 75
LIKELY_TO_CLOSE: Final = 0.99
"""Agreements above this confidence are the ones a first certificate would rest on."""


def write_base_folder(
    frame: Frame, truth: Truth, out: Path, *, needed: int, threads: int = 2
) -> dict[str, Any]:
    """Write a model folder that holds the base model unchanged; returns what `metrics.json` holds.

    Nothing is certified on this book. The few labels it has are listed in `to_check.csv` beside what the base
    model says of them.
    """
    base = base_bundle()
    check, stated = _ask(base, frame, truth, threads)
    guarantee = dict(base.policy.get("guarantee") or {})
    paying = int((truth.labelled & (truth.lines > 0)).sum())
    metrics = _metrics(base, check, paying, needed)
    guarantee["missing"] = metrics["missing"]
    written = {file: (base.path / file).read_text(encoding="utf-8") for file in base.manifest["files"]}
    write_bundle(
        out,
        {
            **written,
            "policy.json": {**base.policy, "guarantee": guarantee},
            "metrics.json": metrics,
            "model_card.md": _card(metrics, guarantee, base),
        },
        name=str(base.manifest["name"]),
        facts={"snapshot": dict(frame.book.sources), "base": base.name},
    )
    write_checklist(out / FILE, frame, truth, check, stated, (check.confidence, LIKELY_TO_CLOSE))
    return metrics


def _ask(base: Bundle, frame: Frame, truth: Truth, threads: int) -> tuple[Checked, list[Stated]]:
    """Run the base model over all that is labelled, as a replay."""
    model = model_of(base)
    fitted = Fitted(base.boosters[PAIR_MODEL], base.boosters[SET_MODEL])
    reading = Reading(frame, threads)
    day = day_of(frame)
    parts, stated = [], []
    for window in windows(frame, int(day.min()), int(day.max()) + 1, WINDOW_DAYS):
        sample = sample_of(reading, truth, window)
        check, said, _ = check_sample(sample, fitted, model.calibration, truth, threads)
        parts.append(check)
        stated += said
    return joined(parts), stated


def _metrics(base: Bundle, check: Checked, paying: int, needed: int) -> dict[str, Any]:
    auto = check.closes & (check.confidence >= thresholds_of(check, base.policy))
    errors, closes = int((auto & check.wrong).sum()), int(auto.sum())
    gaps = [
        shortfall(alpha, DELTA, 1.0, seen=(errors, closes), was_tested=False, payments=closes)
        for alpha in LADDER
    ]
    return {
        "base_model": base.name,
        "labelled_payments": paying,
        "needed_to_learn": needed,
        "held_out": held_out(check, auto),
        "threshold": base.policy.get("auto_threshold"),
        "certified": False,
        "statement": (
            "Nothing was learnt from or certified on this data: it has "
            f"{paying:,} payments with known allocations, and a model of one's own takes {needed:,} or more, "
            f"over months. The folder holds the base model {base.name} with its own policy."
        ),
        "missing": [gap.to_dict() for gap in gaps],
    }


def _card(metrics: dict[str, Any], guarantee: dict[str, Any], base: Bundle) -> str:
    """Write the card of a folder whose model was made elsewhere, on synthetic data."""
    said = {key: value for key, value in metrics.items() if key != "held_out"}
    text = card(
        {**said, "synthetic": base.metrics.get("synthetic", False)},
        guarantee,
        name=str(base.manifest["name"]),
    )
    figures = metrics["held_out"]
    seen = (
        f"This book has {figures['payments']:,} labelled payments. The proposals agreed with the history in "
        f"{figures['exact_allocation'] * 100:.3g} % of those that paid something known; "
        f"{figures['auto_closes']:,} would have closed by themselves, "
        f"{figures['false_auto_closes']:,} of them otherwise than the history.\n"
    )
    return f"{text}\n## On this book\n\n{metrics['statement']}\n\n{seen}"


__all__ = ["write_base_folder"]
