"""The base model for a cold start: learnt on the synthetic world, its policy drawn from sealed worlds.

``python -m training.cold_start`` (``make base-model``) makes the books, fits, calibrates on other seeds, and
then asks worlds that other people wrote, without learning from them: a kind of evidence may close by itself
only where its bound held in every one of them. All data is synthetic, and the policy says so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.block import Reading
from features.book import read_book
from features.bundle import BASE_MODEL, schema_fingerprint, write_bundle
from features.evidence import SEGMENTS
from features.frame import Frame
from features.golden import golden_confidence, golden_margins
from features.lane import CELLS
from features.match_model import PAIR_MODEL, SET_MODEL, schema
from features.pipeline import canonical, conclude_batch
from receivables.policy import Policy
from training.bounds import clopper_pearson
from training.card import card
from training.cells import CellChoice, choose_cells
from training.fit import Sample, fit_calibration, fit_models, sample_of, scored_sample
from training.replay import read_truth, windows
from training.train import OPEN, REVIEW_THRESHOLD, Checked, check_decisions, golden_rows, joined

PROFILES = ("default", "easy", "hard", "saas", "b2b", "marketplace", "consumers", "exporter", "clean_ids")
LEARN_INVOICES = 7_200
SEALED_INVOICES = 80_000
LEARN_SEEDS = (101, 102)
CALIBRATE_SEED = 301
WINDOW_DAYS = 80
ALPHA = 0.001
LEAST_CONFIDENCE = 0.998
"""Below this nothing closes by itself in a cold start; settled on the sealed worlds, see `SETTLED`."""

LANE_CONFIDENCE = 0.5
"""The lane's cells have one confidence each, so their threshold only has to let it through."""


def _kinds(shape: str, references: Sequence[str], parties: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{shape}/{reference}/{party}" for reference in references for party in parties)


GROUPS = (
    (*CELLS, *_kinds("exact", ("full", "part"), ("known", "named", "open"))),
    _kinds("exact", ("none",), ("known",)),
    _kinds("reduced", ("full", "part"), ("known", "named")),
    _kinds("named", ("full", "part"), ("known", "named")),
    _kinds("lines", ("full", "part"), ("known", "named", "open")),
    _kinds("alike", ("full",), ("known",)),
    _kinds("partial", ("full",), ("known", "named")),
    _kinds("sum", ("none",), ("known",)),
)
"""Kinds of evidence that are asked together, being alike and small."""

SETTLED = (
    "These groups of evidence and the least confidence were settled over several rounds while looking at the "
    "answers of the same two worlds, and their sizes grew in between: the bounds do not count that choice "
    "and are development figures until worlds nobody has looked at confirm them."
)


@dataclass(frozen=True)
class Made:
    """A generated book: which world, which profile, how large."""

    world: str
    profile: str
    invoices: int
    seed: int


def _write(made: Made, folder: Path) -> Path:
    """Generate one labelled book."""
    from importlib import import_module

    module = import_module({"main": "training.synthetic"}.get(made.world, f"training.worlds.{made.world}"))
    out = folder / f"{made.world}-{made.profile}-{made.seed}"
    arguments = [
        "--invoices",
        str(made.invoices),
        "--seed",
        str(made.seed),
        "--months",
        "18",
        "--out",
        str(out),
    ]
    module.main([*arguments, "--profile", made.profile, "--parquet"])
    return out


def samples_of(folder: Path, *, cold_every: int = 2) -> Iterator[Sample]:
    """Replay a labelled book in windows; every second one as a cold start that knows nobody's past."""
    frame = Frame(canonical(read_book(folder)))
    truth = read_truth(frame)
    reading = Reading(frame)
    days = frame.payment_booking
    first, end = int(days.min()), int(days.max()) + 1
    start = first + (end - first) // 8
    for number, window in enumerate(windows(frame, start, end, WINDOW_DAYS)):
        yield sample_of(reading, truth, window, cold=number % cold_every == 0)


@dataclass(frozen=True)
class Answers:
    """What sealed worlds said about the base model under the open policy."""

    world: NDArray[np.str_]
    check: Checked


def ask(made: Sequence[Made], fitted: Any, calibration: Any, folder: Path) -> Answers:  # noqa: ANN401
    """Run the base model over sealed worlds."""
    parts: list[Checked] = []
    worlds: list[NDArray[np.str_]] = []
    for one in made:
        book = _write(one, folder)
        frame = Frame(canonical(read_book(book)))
        truth = read_truth(frame)
        for sample in samples_of(book):
            decided = conclude_batch(scored_sample(sample, fitted, calibration), sample.state, OPEN)
            check = check_decisions(sample, decided, truth)
            parts.append(check)
            worlds.append(np.full(len(check.wrong), one.world))
    return Answers(np.concatenate(worlds), joined(parts))


def cells_of(check: Checked) -> NDArray[np.int64]:
    """Return the cell of each payment: its group of evidence; -1 where unlikely or outside all groups."""
    table = np.full(len(SEGMENTS), -1, np.int64)
    for group, names in enumerate(GROUPS):
        table[[SEGMENTS.index(name) for name in names]] = group
    return np.where(check.in_lane | (check.confidence >= LEAST_CONFIDENCE), table[check.segment], -1)


def segment_thresholds(choice: CellChoice) -> dict[str, float]:
    """Return the kinds of evidence that may close by themselves."""
    return {
        name: LANE_CONFIDENCE if name in CELLS else LEAST_CONFIDENCE
        for cell in choice.cells
        for name in GROUPS[cell]
    }


def build(
    out: Path, sealed: Sequence[Made], learn: Sequence[Made], calibrate: Sequence[Made]
) -> dict[str, Any]:
    """Make the base model and its policy."""
    with tempfile.TemporaryDirectory(prefix="tieout-base-") as scratch:
        folder = Path(scratch)
        samples = [sample for made in learn for sample in samples_of(_write(made, folder))]
        _say(f"fitting on {sum(len(s.window.batch) for s in samples):,} synthetic payments")
        fitted = fit_models(samples)
        del samples
        held = [sample for made in calibrate for sample in samples_of(_write(made, folder))]
        calibration, _ = fit_calibration(held, fitted)
        scored = scored_sample(held[0], fitted, calibration)
        golden = (golden_rows(scored.proposed.compared.matrix), golden_rows(scored.proposed.matrix))
        del held
        _say("asking the sealed worlds")
        answers = ask(sealed, fitted, calibration, folder)
    check = answers.check
    cells = cells_of(check)
    rows = check.closes & (cells >= 0)
    choice = choose_cells(
        cells[rows], check.wrong[rows], answers.world[rows], _customers(answers)[rows], alpha=ALPHA
    )
    thresholds = segment_thresholds(choice)
    metrics = _metrics(answers, thresholds, choice)
    guarantee = {**choice.to_dict(), "synthetic": True, "notes": [SETTLED]}
    policy = {
        **Policy().to_dict(),
        "auto_threshold": None,
        "segment_thresholds": thresholds,
        "guarantee": guarantee,
    }
    policy["review_threshold"] = REVIEW_THRESHOLD
    described = schema()
    write_bundle(
        out,
        {
            f"{PAIR_MODEL}.txt": fitted.pair.model_to_string(),
            f"{SET_MODEL}.txt": fitted.proposal.model_to_string(),
            "calibration.json": calibration.to_dict(),
            "schema.json": {**described, "fingerprint": schema_fingerprint(described)},
            "policy.json": policy,
            "golden.jsonl": [
                golden_margins(PAIR_MODEL, fitted.pair, golden[0]),
                golden_margins(SET_MODEL, fitted.proposal, golden[1]),
                golden_confidence("", calibration, [3.0, -1.0, 0.5]),
            ],
            "metrics.json": metrics,
            "model_card.md": card(metrics, guarantee, name="base")
            + f"\n## How the cold-start bounds came about\n\n{SETTLED}\n",
        },
        name="base",
        facts={"synthetic": True},
    )
    return metrics


def _customers(answers: Answers) -> NDArray[np.str_]:
    return np.char.add(np.char.add(answers.world, "/"), answers.check.customer.astype(np.str_))


def _metrics(answers: Answers, thresholds: dict[str, float], choice: CellChoice) -> dict[str, Any]:
    """Return what each sealed world said."""
    check = answers.check
    edge = np.array([thresholds.get(name, 2.0) for name in SEGMENTS])
    auto = check.closes & (check.confidence >= edge[check.segment])
    worlds = {}
    for world in np.unique(answers.world):
        here = answers.world == world
        closed, wrong = int((auto & here).sum()), int((auto & here & check.wrong).sum())
        matchable = int((here & check.matchable).sum())
        worlds[str(world)] = {
            "payments": int(here.sum()),
            "closed_automatically": round(int((auto & here & check.matchable).sum()) / max(matchable, 1), 6),
            "auto_closes": closed,
            "false_auto_closes": wrong,
            "false_share_interval_95": [round(v, 7) for v in clopper_pearson(wrong, max(closed, 1))],
            "exact_allocation": round(
                int((here & check.matchable & check.proposed & ~check.wrong).sum()) / max(matchable, 1), 6
            ),
        }
    return {
        "synthetic": True,
        "sealed_worlds": worlds,
        "cells": len(choice.cells),
        "segment_thresholds": thresholds,
    }


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.cold_start", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=BASE_MODEL)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the books, 1 for the shipped model")
    parser.add_argument("--worlds", default="second,third", help="sealed worlds to ask")
    options = parser.parse_args(arguments)
    size = max(int(LEARN_INVOICES * options.scale), 1_500)
    learn = [Made("main", profile, size, seed) for profile in PROFILES for seed in LEARN_SEEDS]
    calibrate = [Made("main", profile, size, CALIBRATE_SEED) for profile in (*PROFILES, "unseen_numbering")]
    large = int(SEALED_INVOICES * options.scale)
    sealed = []
    for world in options.worlds.split(","):
        sealed += [
            Made(world, profile, large, seed)
            for profile, seed in (("default", 701), ("hard", 702), ("unseen_numbering", 703))
        ]
    metrics = build(options.out, sealed, learn, calibrate)
    import json

    sys.stdout.write(json.dumps(metrics, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
