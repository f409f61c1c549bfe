"""Retrain: from a snapshot to a challenger in the registry; a broken run goes on where it was.

Labels, data set, fit, calibrate, certify, evaluate on months held out from the start, register. The champion
is judged on the same months when promotion is asked for (`training.gate`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc

from features.book import Book
from features.bundle import BundleError, load_bundle
from features.pipeline import Progress
from features.snapshot import Snapshot, book_as_of, open_snapshot
from receivables.errors import TieoutError
from training.held_out import months_before
from training.labels import labelled_book, resolve
from training.scoring import evaluate_book
from training.train import train_book

__all__ = ["HELD_OUT_MONTHS", "Retrained", "SnapshotTooShortError", "held_out_from", "retrain"]

HELD_OUT_MONTHS: Final = 2
"""Months at the end that no model learns from: evaluation and gate are decided on them."""

DONE: Final = "retrain.json"


class SnapshotTooShortError(TieoutError):
    """The snapshot is too short to hold months out and learn from the rest."""

    code = "snapshot_too_short"
    mend = "Export a snapshot that covers at least six months, or train from files with `tieout train`."


@dataclass(frozen=True, slots=True)
class Retrained:
    """Where the challenger lies, its name in the registry, and its figures."""

    folder: Path
    registered: str | None
    snapshot: str
    labels: Mapping[str, Any]
    held_out: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Write everything as JSON values."""
        return {
            "folder": str(self.folder),
            "registered": self.registered,
            "snapshot": self.snapshot,
            "labels": dict(self.labels),
            "held_out": dict(self.held_out),
        }


def retrain(
    snapshot_folder: Path,
    home: Path,
    *,
    as_of: datetime | None = None,
    months: int = HELD_OUT_MONTHS,
    tune: bool = False,
    register: bool = True,
    threads: int = 2,
    progress: Progress | None = None,
) -> Retrained:
    """Learn a challenger from a snapshot; the same snapshot and instant again give what is there already."""
    say = progress or (lambda _stage, _done, _total: None)
    say("opening the snapshot", 0, 0)
    snapshot = open_snapshot(snapshot_folder, as_of)
    folder = home / "models" / f"challenger-{snapshot.id[:12]}-{snapshot.as_of:%Y%m%d}"
    kept = _kept(folder)
    if kept is not None and (kept.registered or not register):
        return kept
    labels = resolve(snapshot.votes, snapshot.book)
    book = labelled_book(snapshot, labels)
    cut = held_out_from(book, months)
    if not _is_whole(folder):
        train_book(book_as_of(book, cut), folder, tune=tune, progress=progress, threads=threads)
    say("evaluating on held-out months", 0, 0)
    bundle = load_bundle(folder)
    held_out = evaluate_book(book, bundle, months=months, progress=progress)
    registered = None
    if register:
        say("registering", 0, 0)
        from training.registry import register_bundle

        lineage = _lineage(snapshot, labels.report(), cut)
        registered = register_bundle(folder, {"held_out": held_out}, home=home, lineage=lineage)
    made = Retrained(folder, registered, snapshot.id, labels.report(), held_out)
    _beside(folder).write_text(json.dumps(made.to_dict(), indent=2, default=str) + "\n", encoding="utf-8")
    return made


def held_out_from(book: Book, months: int) -> datetime:
    """Return the first instant of the held-out months: nothing known from then on is learnt from."""
    last = pc.max(book.payments["booking_date"]).as_py() if book.payments.num_rows else None
    first = pc.min(book.payments["booking_date"]).as_py() if book.payments.num_rows else None
    if last is None or first is None:
        raise SnapshotTooShortError
    cut = months_before(last, months)
    if cut <= first:
        raise SnapshotTooShortError
    return datetime(cut.year, cut.month, cut.day, tzinfo=UTC)


def _lineage(snapshot: Snapshot, labels: Mapping[str, Any], cut: datetime) -> dict[str, str]:
    """What the run was made from, as tags of the registry."""
    return {
        "snapshot": snapshot.id,
        "as_of": snapshot.as_of.isoformat(),
        "learnt_until": cut.isoformat(),
        "labels": json.dumps(labels, sort_keys=True, default=str)[:4_000],
    }


def _beside(folder: Path) -> Path:
    """The account of a run lies beside the model folder, whose own files are closed."""
    return folder.with_name(f"{folder.name}.{DONE}")


def _is_whole(folder: Path) -> bool:
    try:
        load_bundle(folder)
    except BundleError:
        return False
    return True


def _kept(folder: Path) -> Retrained | None:
    path = _beside(folder)
    if not path.exists() or not _is_whole(folder):
        return None
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Retrained(Path(raw["folder"]), raw["registered"], raw["snapshot"], raw["labels"], raw["held_out"])
