"""Migrations: bring the tables of a store to this version.

Each is expand-and-contract: a release only adds (tables, columns that may be empty or have a default,
indexes), so that processes of the release before go on working; what nobody uses any more is dropped one
release later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from serving.store.engine import WRITES
from serving.store.errors import NotMigratedError
from serving.store.store import Store

_FOLDER: Final = Path(__file__).parent


def migrate(store: Store, to: str = "head") -> tuple[str | None, str | None]:
    """Bring the store to revision `to`; give the revisions before and after."""
    with store.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7408261133)")  # one migration at a time
        before = _revision(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        return before, _revision(connection)


def check_migrated(store: Store) -> None:
    """Raise `NotMigratedError` unless the store has this version's tables (or a later, expanded one's)."""
    with store.engine.connect() as connection, connection.begin():
        found = _revision(connection)
    wanted = newest()
    if found is None or found < wanted:
        raise NotMigratedError(f"The store is at {found or 'nothing'}, this version needs {wanted}.")


def newest() -> str:
    """Give the newest revision of this version."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "alembic"))
    return config
