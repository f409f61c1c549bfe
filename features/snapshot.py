"""Snapshots: what learning opens and nothing else; immutable, content-hashed, every row with `known_at`.

A snapshot is a folder of Parquet: the tables of a book as the contract's text, and `votes`, what reviewers
said. Its name is the hash of its content, so that the same content is the same snapshot and a changed one is
another. "As of" is a filter over `known_at`, never another export.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.book import Book, read_book
from features.book_schema import INSTANT_TYPE, TABLES
from features.book_writing import write_book
from receivables.errors import TieoutError

__all__ = ["VOTES", "Snapshot", "SnapshotError", "book_as_of", "open_snapshot", "write_snapshot"]

FORMAT: Final = "tieout-snapshot/1"
MANIFEST: Final = "MANIFEST.json"
SHORT: Final = 16

VOTES: Final = pa.schema(
    [
        pa.field("vote_id", pa.string(), nullable=False),
        pa.field("payment_id", pa.string(), nullable=False),
        pa.field("reviewer", pa.string(), nullable=False),
        pa.field(
            "source", pa.string(), nullable=False
        ),  # ambiguous, audit, exploration, dispute, adjudication
        pa.field("pi", pa.float64(), nullable=False),  # chance of being asked, fixed before the answer
        pa.field("answer", pa.string(), nullable=False),  # canonical JSON, see `training.labels.Answer`
        pa.field("known_at", INSTANT_TYPE, nullable=False),
        pa.field("model", pa.string()),
        pa.field("policy", pa.string()),
        pa.field("seconds", pa.float64()),
        pa.field("reason", pa.string()),
        pa.field("is_blind", pa.bool_(), nullable=False),
        pa.field("is_bulk", pa.bool_(), nullable=False),
    ]
)
"""What one reviewer said of one payment; a second look is a second row."""


class SnapshotError(TieoutError):
    """The snapshot cannot be used."""

    code = "snapshot_invalid"
    mend = "Export it again with `tieout export snapshot`; a snapshot is never edited."


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A verified snapshot as of an instant."""

    id: str
    folder: Path
    as_of: datetime
    book: Book
    votes: pa.Table


def write_snapshot(
    book: Book, votes: pa.Table | None, root: Path, *, facts: Mapping[str, Any] | None = None
) -> Path:
    """Write a snapshot under ``root`` and return its folder; the same content again changes nothing.

    ``facts`` (where the rows came from) go into the manifest and take no part in the name.
    """
    table = VOTES.empty_table() if votes is None else votes.select(VOTES.names).cast(VOTES)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".writing-") as place:
        made = Path(place) / "snapshot"
        write_book(book, made, kind="parquet")
        pq.write_table(table.sort_by([("vote_id", "ascending")]), made / "votes.parquet", compression="zstd")
        files = {path.name: _digest(path) for path in sorted(made.iterdir())}
        name = _id(files)
        target = root / name[:SHORT]
        if target.exists():
            open_snapshot(target)
            return target
        manifest = {"format": FORMAT, "id": name, "files": files, "facts": dict(facts or {})}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        for path in made.iterdir():
            path.chmod(0o444)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # another writer came first with the same content
                raise
            shutil.rmtree(made)
    return target


def open_snapshot(folder: Path, as_of: datetime | None = None) -> Snapshot:
    """Verify a snapshot and return it as known at an instant; default: with all its rows.

    Raises `SnapshotError` when a file is missing, added or not the one that was written.
    """
    manifest = _manifest(folder)
    files = {path.name: _digest(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    if files != manifest["files"] or _id(files) != manifest["id"]:
        changed = sorted(
            name for name in {*files, *manifest["files"]} if files.get(name) != manifest["files"].get(name)
        )
        raise SnapshotError(f"The snapshot {folder} was changed after it was written: {', '.join(changed)}.")
    with tempfile.TemporaryDirectory(prefix="tieout-") as place:
        for spec in TABLES:  # votes are no table of a book
            table = (folder / f"{spec.name}.parquet").resolve()
            if table.exists():
                (Path(place) / table.name).symlink_to(table)
        book = read_book(Path(place))
    if book.quarantined:
        raise SnapshotError(
            f"The snapshot {folder} holds {book.quarantined} rows that are no rows of a book."
        )
    votes = pq.read_table(folder / "votes.parquet").cast(VOTES)
    latest = as_of if as_of is not None else _latest(book, votes)
    if as_of is not None:
        book = book_as_of(book, as_of)
        votes = votes.filter(pc.less_equal(votes["known_at"], pa.scalar(as_of, INSTANT_TYPE)))
    return Snapshot(str(manifest["id"]), folder, latest, book, votes)


def book_as_of(book: Book, instant: datetime) -> Book:
    """Return a book with only what was known at an instant; a reversal of later has not happened yet.

    A payment's `resolution` carries no time of its own. It is kept where the payment is older than nearly all
    decisions take (the 99th percentile of the lags seen by then), and blank otherwise.
    """
    at = pa.scalar(instant.astimezone(UTC), INSTANT_TYPE)
    parts: dict[str, pa.Table] = {}
    for spec in TABLES:
        table = book.table(spec.name)
        keep = pc.less_equal(table["known_at"], at)
        if spec.name == "allocations":
            keep = pc.and_(keep, pc.fill_null(pc.less_equal(table["decided_at"], at), True))
        parts[spec.name] = table.filter(keep)
    parts["allocations"] = _unreversed(parts["allocations"], at)
    parts["payments"] = _unresolved(parts["payments"], parts["allocations"], instant)
    return replace(book, **parts)


def _unreversed(allocations: pa.Table, at: pa.Scalar) -> pa.Table:
    place = allocations.schema.get_field_index("reversed_at")
    undone = allocations["reversed_at"]
    later = pc.fill_null(pc.greater(undone, at), False)
    return allocations.set_column(
        place, "reversed_at", pc.if_else(later, pa.scalar(None, undone.type), undone)
    )


def _unresolved(payments: pa.Table, allocations: pa.Table, instant: datetime) -> pa.Table:
    place = payments.schema.get_field_index("resolution")
    lag = _decision_lag(payments, allocations)
    limit = int(instant.astimezone(UTC).timestamp() * 1_000_000) - lag
    known = np.asarray(payments["known_at"].cast(pa.int64()))
    old = pa.array(known <= limit)
    told = pc.if_else(old, payments["resolution"], pa.scalar(None, pa.string()))
    return payments.set_column(place, "resolution", told)


def _decision_lag(payments: pa.Table, allocations: pa.Table) -> int:
    """Return how long nearly every decision took, in microseconds; 0 where nothing tells."""
    at = pc.index_in(allocations["payment_id"], value_set=payments["payment_id"].combine_chunks())
    found = np.asarray(pc.fill_null(at, -1))
    fine = np.flatnonzero((found >= 0) & np.asarray(pc.is_valid(allocations["decided_at"])))
    if not len(fine):
        return 0
    decided = np.asarray(allocations["decided_at"].cast(pa.int64()).take(pa.array(fine)))
    known = np.asarray(payments["known_at"].cast(pa.int64()))[found[fine]]
    return max(int(np.percentile(decided - known, 99)), 0)


def _latest(book: Book, votes: pa.Table) -> datetime:
    columns = [book.table(name)["known_at"] for name in ("invoices", "payments", "allocations")]
    latest = [pc.max(column).as_py() for column in (*columns, votes["known_at"]) if len(column)]
    found = [one for one in latest if one is not None]
    return max(found) if found else datetime.fromtimestamp(0, UTC)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{folder} is no snapshot: its {MANIFEST} cannot be read.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or "files" not in manifest:
        raise SnapshotError(f"{folder} is no snapshot that this version reads.")
    return manifest


def _digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _id(files: Mapping[str, Mapping[str, Any]]) -> str:
    lines = (f"{name} {facts['sha256']}\n" for name, facts in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
