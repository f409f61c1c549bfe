"""Engines: how each database is opened so that what was acknowledged is safe.

SQLite: write-ahead log, `synchronous=FULL`, foreign keys, and triggers that REPLACE cannot go around. We
begin transactions ourselves, since the driver would begin a write too late to be a lock.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from serving.store.errors import UnsupportedDatabaseError

BUSY_MS: Final = 60_000
"""How long a writer of SQLite waits for its turn."""
WRITES: Final = "tieout_writes"
"""The execution option of a connection that will write."""


def open_engine(url: str) -> Engine:
    """Open the database at `url`, SQLite or PostgreSQL."""
    made = make_url(url)
    match made.get_backend_name():
        case "sqlite":
            if made.database and made.database != ":memory:":
                Path(made.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(made, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        case "postgresql":
            engine = create_engine(made.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        case other:
            raise UnsupportedDatabaseError(f"{other} does not hold a store.")
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # no BEGIN by the driver
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
