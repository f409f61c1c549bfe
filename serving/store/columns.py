"""What a column of the store holds, the same on SQLite and PostgreSQL.

Money is a 64-bit integer of minor units, a day counts from 1970-01-01, an instant is microseconds of UTC, a
flag is 0 or 1: integers compare and sort alike everywhere, and bulk code reads them without a conversion.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Dialect, Double, MetaData, Table, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1)

Int: Final[TypeEngine[int]] = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
Word: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that every database sorts by its bytes."""
Real: Final[TypeEngine[float]] = Double().with_variant(sqlite.REAL(), "sqlite")

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as microseconds of UTC."""

    impl = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's)
        """Refuse an instant without a zone: it could mean any of 24."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "An instant of the store needs a time zone."
            raise TypeError(message)
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A calendar day, kept as days since 1970-01-01."""

    impl = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Count the days."""
        return None if value is None else (value - _FIRST_DAY).days

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        """Give the date."""
        return None if value is None else _FIRST_DAY + timedelta(days=value)


def microseconds(instant: datetime) -> int:
    """Count the microseconds of an aware instant since 1970, without a float."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def text(*names: str, null: bool = True, key: bool = False) -> list[Column[Any]]:
    """Make text columns."""
    return [Column(name, Word, nullable=null and not key, primary_key=key) for name in names]


def whole(*names: str, null: bool = False, default: str | None = None) -> list[Column[Any]]:
    """Make integer columns: money in minor units, counters, flags."""
    return [Column(name, Int, nullable=null, server_default=default) for name in names]


def real(*names: str, null: bool = True) -> list[Column[Any]]:
    """Make columns of double precision: shares and confidences, never money."""
    return [Column(name, Real, nullable=null) for name in names]


def day(*names: str, null: bool = True) -> list[Column[Any]]:
    """Make columns of days."""
    return [Column(name, Day, nullable=null) for name in names]


def instant(*names: str, null: bool = True) -> list[Column[Any]]:
    """Make columns of instants."""
    return [Column(name, Instant, nullable=null) for name in names]


def table(
    name: str, *parts: SchemaItem | list[Column[Any]], own_key: bool = False, rowid: bool = True
) -> Table:
    """Make a table that belongs to a book, keyed by the book and its own id unless it has `own_key`."""
    columns: list[Any] = text("book_id", key=True)
    if not own_key:
        columns += text("id", key=True)
    for part in parts:
        columns += part if isinstance(part, list) else [part]
    return Table(name, metadata, *columns, sqlite_strict=True, sqlite_with_rowid=rowid)


def check(rule: str, name: str) -> CheckConstraint:
    """Make a rule that every row obeys."""
    return CheckConstraint(rule, name=name)
