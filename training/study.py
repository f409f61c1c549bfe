"""What the notebooks look at: recall of blocking, outcomes of a history, and what a policy costs.

Notebooks import from here and define nothing, so that a figure in one is a figure of the code that runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from features.block import Reading
from features.book import Book, read_book
from features.bundle import Bundle
from features.frame import Frame
from features.pipeline import canonical
from features.references import Rule
from features.snapshot import Snapshot, open_snapshot, write_snapshot
from training.blocks import as_it_ended, blocks_of
from training.figures import kinds
from training.fit import Sample, sample_of
from training.held_out import evaluate
from training.replay import Truth, read_truth, windows
from training.train import WINDOW_DAYS, Learned, learn
from training.verdicts import Verdicts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Costs", "Study", "cost_of_policies", "outcomes_table", "recall_by_rule", "study_snapshot"]

BOOK: Final = "TIEOUT_NOTEBOOK_BOOK"
INVOICES: Final = "TIEOUT_NOTEBOOK_INVOICES"
THRESHOLDS: Final = 60


def study_snapshot(root: Path, *, invoices: int = 12_000, seed: int = 7) -> Snapshot:
    """Return the snapshot to study: of the book that TIEOUT_NOTEBOOK_BOOK names, else a synthetic one."""
    named = os.environ.get(BOOK)
    if named:
        return open_snapshot(write_snapshot(read_book(Path(named)), None, root))
    from training.synthetic import make_book, write_book

    with TemporaryDirectory() as place:
        write_book(make_book(int(os.environ.get(INVOICES, invoices)), seed), Path(place), parquet=True)
        book = read_book(Path(place))
    return open_snapshot(write_snapshot(book, None, root, facts={"synthetic": True, "seed": seed}))


@dataclass(frozen=True)
class Study:
    """A history read, replayed and, on demand, learnt from."""

    frame: Frame
    truth: Truth
    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, book: Book) -> Study:
        """Replay the days after the warm-up of a labelled book, as training does."""
        frame = Frame(canonical(as_it_ended(book)))
        truth = read_truth(frame)
        blocks = blocks_of(frame, truth)
        reading = Reading(frame)
        cuts = windows(frame, blocks.fit, blocks.end, WINDOW_DAYS)
        return cls(frame, truth, tuple(sample_of(reading, truth, window) for window in cuts))

    def learnt(self) -> Learned | None:
        """Fit, calibrate and certify on this history."""
        return learn(self.frame, self.truth)


def recall_by_rule(study: Study) -> pd.DataFrame:
    """Return for each blocking rule: its pairs, the true ones among them, and those that only it found."""
    import pandas as pd

    pairs, true, alone = (np.zeros(len(Rule), np.int64) for _ in range(3))
    found = wanted = 0
    for sample in study.samples:
        known = sample.labelled[sample.compared.comparison.payment]
        bits = sample.compared.comparison.candidates.rules[known]
        is_true = sample.is_true[known]
        for rule in Rule:
            has = (bits >> np.uint32(rule)) & np.uint32(1) == 1
            pairs[rule] += int(has.sum())
            true[rule] += int((has & is_true).sum())
            alone[rule] += int((is_true & (bits == np.uint32(1 << rule))).sum())
        found += int(is_true.sum())
        wanted += int(study.truth.lines[sample.window.batch[sample.labelled]].sum())
    table = pd.DataFrame(
        {
            "rule": [rule.name.lower() for rule in Rule],
            "pairs": pairs,
            "true_pairs": true,
            "found_by_it_alone": alone,
            "share_of_true_pairs": true / max(wanted, 1),
        }
    )
    table.attrs["recall"] = found / max(wanted, 1)
    table.attrs["true_pairs"] = wanted
    return table[table["pairs"] > 0].sort_values("true_pairs", ascending=False, ignore_index=True)


def outcomes_table(learned: Learned) -> pd.DataFrame:
    """Return one row a payment of the certification and calibration blocks, out of every model's sight."""
    import pandas as pd

    from training.outcomes import joined

    check = joined([learned.certification_check, learned.calibration_check])
    return pd.DataFrame(
        {
            "confidence": check.confidence,
            "is_right": ~check.wrong,
            "may_close": check.closes,
            "pays": check.matchable,
            "kind": kinds(check),
            "in_lane": check.in_lane,
        }
    )


@dataclass(frozen=True, slots=True)
class Costs:
    """What a policy costs, in minutes of people: the house's rule is that a false close costs ten reviews."""

    minutes_a_review: float = 5.0
    reviews_a_false_close: float = 10.0

    def minutes(self, reviews: float, false_closes: float) -> float:
        """Return the minutes that reviews and the repair of false closes take."""
        return self.minutes_a_review * (reviews + self.reviews_a_false_close * false_closes)


def cost_of_policies(outcomes: pd.DataFrame, costs: Costs, certified: float | None) -> pd.DataFrame:
    """Return for a row of thresholds how much closes, how much of it is wrong, and what people spend on it.

    ``certified`` marks the threshold that a certificate allows; cheaper ones below it have no promise.
    """
    import pandas as pd

    confidence = outcomes["confidence"].to_numpy()
    closes = outcomes["may_close"].to_numpy()
    wrong = ~outcomes["is_right"].to_numpy()
    grid = np.unique(np.quantile(confidence[closes], np.linspace(0.02, 1.0, THRESHOLDS)))
    rows = []
    for threshold in grid if certified is None else np.unique(np.append(grid, certified)):
        auto = closes & (confidence >= threshold)
        false = int((auto & wrong).sum())
        reviews = int((~auto).sum())
        rows.append(
            {
                "threshold": float(threshold),
                "closed": float(auto.mean()),
                "false_closes": false,
                "false_share": false / max(int(auto.sum()), 1),
                "minutes_a_payment": costs.minutes(reviews, false) / len(outcomes),
                "is_certified": certified is not None and threshold >= certified,
            }
        )
    return pd.DataFrame(rows)


def evaluated(book: Book, bundle: Bundle, months: int = 2) -> Verdicts:
    """Return what a model makes of the last months of a book, judged."""
    return evaluate(book, bundle, months=months)


def counts(table: pa.Table, columns: Mapping[str, str]) -> pd.DataFrame:
    """Count the values of a column of a table, largest first; ``columns`` is {column: shown as}."""
    import pandas as pd

    parts = []
    for column, name in columns.items():
        values = pd.Series(table[column].to_pylist(), name=name).fillna("(none)").value_counts()
        parts.append(values.rename_axis(name).reset_index(name=f"rows by {name}"))
    return pd.concat(parts, axis=1)
