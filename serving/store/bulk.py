"""Many rows at once: columns of plain numbers and texts in, columns out, without a row object in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Table, bindparam, select, type_coerce

from serving.store.columns import Day, Instant, Int
from serving.store.store import Transaction

AT_ONCE: Final = 900
"""Ids in one query: below what old SQLite builds bind."""


def plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Read a day or an instant as the integer it is kept as."""
    kept_as_integer = isinstance(column.type, (Day, Instant))
    return type_coerce(column, Int).label(column.key) if kept_as_integer else column


def read_columns(
    tx: Transaction, columns: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]
) -> list[Sequence[Any]]:
    """Read some columns of the rows that fulfil all conditions, column by column."""
    rows = tx.connection.execute(select(*map(plain, columns)).where(*conditions)).all()
    return list(zip(*rows, strict=True)) if rows else [() for _ in columns]


def insert_columns(
    tx: Transaction, table: Table, columns: Mapping[str, Sequence[Any]], *, ignore: bool = False
) -> None:
    """Insert columns of plain values; `book_id` is filled in; `ignore` skips keys that are there."""
    count = len(next(iter(columns.values())))
    if count == 0:
        return
    binds: dict[str, BindParameter[Any]] = {
        name: bindparam(
            name, type_=Int if isinstance(table.c[name].type, (Day, Instant)) else table.c[name].type
        )
        for name in ("book_id", *columns)
    }
    statement = tx.upsert(table).values(binds)
    if ignore:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=tx.connection.dialect)
    given = {"book_id": [tx.book_id] * count, **columns}
    names = compiled.positiontup if compiled.positional else list(given)
    assert names is not None
    rows = zip(*(given[name] for name in names), strict=True)
    parameters: list[Any] = (
        list(rows) if compiled.positional else [dict(zip(names, row, strict=True)) for row in rows]
    )
    tx.connection.exec_driver_sql(str(compiled), parameters)


def parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut ids into what one query takes."""
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
