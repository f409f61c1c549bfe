"""The store: one place to open transactions, each of which belongs to one book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from serving.store.engine import WRITES, open_engine
from serving.store.errors import StoreUnavailableError, UnknownBookError
from serving.store.schema import book

StoredRow: TypeAlias = Row[Any]
"""A row of the store, its columns by name."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction over one book; leaving its block by an exception undoes all of it."""

    connection: Connection
    book_id: str
    memory: dict[str, Any] = field(default_factory=dict)
    """What repositories remember for the length of the transaction: heads of chains, next numbers."""

    @property
    def is_sqlite(self) -> bool:
        """Say which dialect speaks."""
        return self.connection.dialect.name == "sqlite"

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Open a part that can be undone alone; numbers that it gave out are then free again."""
        kept = dict(self.memory)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self.memory.clear()
            self.memory.update(kept)
            raise

    def upsert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Begin an INSERT that knows ON CONFLICT in this dialect."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


class Store:
    """A database that holds books."""

    def __init__(self, url: str) -> None:
        """Open the engine; nothing is read or made yet."""
        self.engine: Engine = open_engine(url)

    @contextmanager
    def transaction(self, book_id: str) -> Iterator[Transaction]:
        """Open the one writing transaction of a book: others wait until it ends.

        Raises `UnknownBookError` when there is no such book, `StoreUnavailableError` when the database is
        away.
        """
        with self._connection(writes=True) as connection:
            locked = select(book.c.id).where(book.c.id == book_id).with_for_update()
            if connection.execute(locked).first() is None:
                raise UnknownBookError(f"The store has no book {book_id!r}.")
            yield Transaction(connection, book_id)

    @contextmanager
    def reading(self, book_id: str) -> Iterator[Transaction]:
        """Open a transaction that only reads, over one state of the book."""
        with self._connection(writes=False) as connection:
            if connection.execute(select(book.c.id).where(book.c.id == book_id)).first() is None:
                raise UnknownBookError(f"The store has no book {book_id!r}.")
            yield Transaction(connection, book_id)

    def create_book(self, book_id: str, name: str, now: datetime) -> bool:
        """Make a book; say whether it is new."""
        with self._connection(writes=True) as connection:
            made = (
                Transaction(connection, book_id)
                .upsert(book)
                .values(id=book_id, name=name, created_at=now)
                .on_conflict_do_nothing()
            )
            return connection.execute(made.returning(book.c.id)).first() is not None

    def books(self) -> list[str]:
        """List the books."""
        with self._connection(writes=False) as connection:
            return list(connection.execute(select(book.c.id).order_by(book.c.id)).scalars())

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Open a transaction that reads across books: which book a key belongs to, what waits in each."""
        with self._connection(writes=False) as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _connection(self, *, writes: bool) -> Iterator[Connection]:
        # A database that goes away, fills its disk or stays locked midway is as unavailable as one that
        # was never there: whatever the statement was, its transaction is gone.
        try:
            with self.engine.connect() as opened:
                options: dict[str, Any] = {WRITES: writes}
                if not writes and opened.dialect.name == "postgresql":
                    options["isolation_level"] = "REPEATABLE READ"
                connection = opened.execution_options(**options)
                with connection.begin():
                    yield connection
        except (OperationalError, PoolTimeoutError) as error:
            said = getattr(error, "orig", None) or error
            raise StoreUnavailableError(f"The store does not answer: {said}.") from error
