"""The whole loop on sample data made on the spot: learn, match held-out months, score, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from features.book import Book, read_book
from features.bundle import load_bundle
from features.outputs import CandidateFile, write_match
from features.pipeline import MatchResult, Progress, match_book
from features.report import write_report
from training.scoring import score
from training.synthetic import make_book, write_book
from training.train import train_book
from training.verdicts import judge
from training.worlds import split

__all__ = ["SYNTHETIC", "Demo", "play"]

HISTORY_MONTHS: Final = 16
"""Of the demo's eighteen: the certificate of the history is then still valid when the rest is matched."""

SYNTHETIC: Final = "Synthetic data: everything on this page is made up."

Demo = dict[str, Any]


def play(folder: Path, invoices: int, seed: int, progress: Progress) -> Demo:
    """Play the loop under a folder: gives `metrics`, `scores` against the truth and the `summary`."""
    progress("making a book", 0, 0)
    write_book(make_book(invoices, seed), folder / "book")
    split(folder / "book", folder, HISTORY_MONTHS)
    progress("learning from history", 0, 0)
    metrics = train_book(read_book(folder / "history"), folder / "model", progress=progress)
    book = read_book(folder / "match")
    pairs = CandidateFile(folder / "result")
    result = match_book(book, load_bundle(folder / "model"), progress=progress, sink=pairs)
    pairs.close()
    write_match(result, folder / "result")
    progress("scoring", 0, 0)
    scores = score(folder / "result", folder / "truth", folder / "match")
    _write_report(folder, book, result)
    return {"metrics": metrics, "scores": scores, "summary": result.summary}


def _write_report(folder: Path, book: Book, result: MatchResult) -> None:
    verdicts = judge(folder / "result", folder / "truth", folder / "match")
    known = verdicts.labelled
    truth = pa.table(
        {"payment_id": pa.array(verdicts.payment_id[known], pa.string()), "is_right": ~verdicts.false[known]}
    )
    write_report(book, result, folder / "result", truth, banner=SYNTHETIC)
