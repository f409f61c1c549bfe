"""Snapshots: same content same name, nothing edited, nothing from the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.book import Book
from features.book_schema import INSTANT_TYPE, TABLES
from features.snapshot import VOTES, SnapshotError, book_as_of, open_snapshot, write_snapshot
from tests.learnt import synthetic_book


@pytest.fixture(scope="module")
def book() -> Book:
    return synthetic_book(400, 3)


def vote(number: int, payment: str, known_at: datetime) -> dict[str, object]:
    return {
        "vote_id": f"v{number}",
        "payment_id": payment,
        "reviewer": "ana",
        "source": "audit",
        "pi": 0.05,
        "answer": '{"lines":[],"resolution":"nothing"}',
        "known_at": known_at,
        "is_blind": True,
        "is_bulk": False,
    }


def test_the_same_content_is_the_same_snapshot_and_other_content_another(book: Book, tmp_path: Path) -> None:
    first = write_snapshot(book, None, tmp_path)
    assert write_snapshot(book, None, tmp_path, facts={"again": True}) == first
    fewer = replace(book, allocations=book.allocations.slice(1))
    assert write_snapshot(fewer, None, tmp_path) != first
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {first.name, write_snapshot(fewer, None, tmp_path).name}
    )


def test_a_snapshot_gives_the_book_back_table_by_table(book: Book, tmp_path: Path) -> None:
    again = open_snapshot(write_snapshot(book, None, tmp_path)).book
    for spec in TABLES:
        key = [
            (name, "ascending")
            for name in spec.schema.names
            if pa.types.is_string(spec.schema.field(name).type)
        ]
        assert (
            again.table(spec.name)
            .sort_by(key)
            .equals(book.table(spec.name).select(spec.schema.names).sort_by(key))
        )


@pytest.mark.parametrize("damage", ["edit", "add", "remove"])
def test_a_snapshot_that_was_touched_is_refused(book: Book, tmp_path: Path, damage: str) -> None:
    folder = write_snapshot(book, None, tmp_path)
    table = folder / "allocations.parquet"
    if damage == "add":
        (folder / "more.parquet").write_bytes(b"x")
    else:
        table.chmod(0o644)
        data = table.read_bytes()
        table.unlink()
        if damage == "edit":
            table.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(SnapshotError, match=r"parquet|changed"):
        open_snapshot(folder)


def test_as_of_shows_nothing_that_came_later(book: Book, tmp_path: Path) -> None:
    known = sorted(book.payments["known_at"].to_pylist())
    instant = known[len(known) // 2]
    ids = book.payments["payment_id"].to_pylist()
    votes = pa.Table.from_pylist(
        [vote(1, ids[0], instant), vote(2, ids[1], instant + timedelta(seconds=1))], schema=VOTES
    )
    seen = open_snapshot(write_snapshot(book, votes, tmp_path), instant)
    at = pa.scalar(instant, INSTANT_TYPE)
    for spec in TABLES:
        table = seen.book.table(spec.name)
        assert not table.num_rows or pc.all(pc.less_equal(table["known_at"], at)).as_py()
    undone = seen.book.allocations["reversed_at"]
    assert not pc.any(pc.fill_null(pc.greater(undone, at), False)).as_py()
    assert seen.votes["vote_id"].to_pylist() == ["v1"]


def test_a_planted_future_row_changes_nothing(book: Book) -> None:
    instant = datetime(2024, 6, 1, tzinfo=UTC)
    later = pa.scalar(instant + timedelta(days=1), INSTANT_TYPE)
    place = book.allocations.schema.get_field_index("known_at")
    planted = book.allocations.slice(0, 5)
    planted = planted.set_column(
        place, "known_at", pa.array([later.as_py()] * planted.num_rows, INSTANT_TYPE)
    )
    with_future = replace(book, allocations=pa.concat_tables([book.allocations, planted]))
    assert book_as_of(with_future, instant).allocations.equals(book_as_of(book, instant).allocations)


def test_a_resolution_of_a_young_payment_is_not_known_yet(book: Book) -> None:
    known = sorted(book.payments["known_at"].to_pylist())
    seen = book_as_of(book, known[len(known) // 2])
    told = seen.payments.filter(pc.is_valid(seen.payments["resolution"]))
    assert told.num_rows, "old ones are known"
    youngest = seen.payments.sort_by([("known_at", "descending")]).slice(0, 5)
    assert youngest["resolution"].null_count == 5
