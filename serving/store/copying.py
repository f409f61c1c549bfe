"""Whole copies of a store: SQLite's own online backup, and rows as text that either database takes."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, ColumnClause, TableClause, column, insert, select
from sqlalchemy import table as bare_table

from serving.store.columns import Day, Instant, Int
from serving.store.engine import WRITES
from serving.store.errors import StoreError
from serving.store.schema import metadata
from serving.store.store import Store

__all__ = ["NotEmptyError", "copy_sqlite", "dump_rows", "has_books", "load_rows"]

_AT_ONCE: Final = 1_000


class NotEmptyError(StoreError):
    """There is data in this store already."""

    code = "store_not_empty"
    mend = "Restore into a new home or an empty database; nothing is ever overwritten."


def copy_sqlite(store: Store, target: Path) -> None:
    """Copy a SQLite store while others write to it: one state, whole."""
    with store.engine.connect() as connection, closing(sqlite3.connect(target)) as copy:
        source: Any = connection.connection.driver_connection
        source.backup(copy)


def dump_rows(store: Store) -> Iterator[str]:
    """Write every row of every table as a line of JSON, `[table, row]`, from one state of the database."""
    options: dict[str, Any] = {WRITES: False}
    if store.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with store.engine.connect().execution_options(**options) as connection, connection.begin():
        for name, table in _tables():
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(select(table))
            for row in rows.mappings():
                said = {key: _told(value) for key, value in row.items()}
                yield json.dumps([name, said], ensure_ascii=False)


def load_rows(store: Store, lines: Iterable[str]) -> int:
    """Put dumped rows into an empty, migrated store, all or none; say how many."""
    tables = dict(_tables())
    count = 0
    with store.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        for name, rows in _grouped(lines):
            values = [{key: _heard(value) for key, value in row.items()} for row in rows]
            connection.execute(insert(tables[name]), values)
            count += len(values)
    return count


def has_books(store: Store) -> bool:
    """Say whether the store holds anything."""
    return bool(store.books())


def _tables() -> Iterator[tuple[str, TableClause]]:
    """Give every table with plain column types, in an order that respects what points where."""
    for known in metadata.sorted_tables:
        yield known.name, bare_table(known.name, *(_plain(part) for part in known.columns))


def _plain(part: Column[Any]) -> ColumnClause[Any]:
    return column(part.name, Int if isinstance(part.type, Instant | Day) else part.type)


def _grouped(lines: Iterable[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Bring the rows of one table together, up to a limit."""
    name = ""
    rows: list[dict[str, Any]] = []
    for line in lines:
        other, row = json.loads(line)
        if rows and (other != name or len(rows) >= _AT_ONCE):
            yield name, rows
            rows = []
        name = other
        rows.append(row)
    if rows:
        yield name, rows


def _told(value: object) -> object:
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _heard(value: object) -> object:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
