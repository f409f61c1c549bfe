"""Backup and restore: the store, the checkpoints and the keys, under a manifest, verified after restore."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from receivables.errors import TieoutError
from serving.audit.chain import chain_head
from serving.audit.keeping import AuditFolder, keep_checkpoint, verify_book
from serving.audit.record import instant_text
from serving.store.copying import NotEmptyError, copy_sqlite, dump_rows, has_books, load_rows
from serving.store.migrations import migrate, newest
from serving.store.store import Store

__all__ = ["BackupError", "Restored", "make_backup", "restore_backup"]

MANIFEST: Final = "MANIFEST.json"
NATIVE: Final = "store.db"
PORTABLE: Final = "store.ndjson"
AUDIT: Final = "audit"
KEYS: Final = "keys"


class BackupError(TieoutError):
    """This backup cannot be used."""

    code = "backup"
    mend = "Take another backup; this one is not whole."


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: how long the chain of each book is."""

    books: Mapping[str, int]
    made_at: str


def make_backup(store: Store, home: Path, out: Path, now: datetime, *, portable: bool = False) -> Path:
    """Write a backup into the new folder `out`, while others go on working.

    SQLite is copied as it is; PostgreSQL, and SQLite with `portable`, as rows that either database takes.
    """
    if out.exists():
        raise BackupError(f"The folder {out} exists already.")
    out.mkdir(parents=True, mode=0o700)
    folder = AuditFolder(home / AUDIT)
    for book in store.books():
        keep_checkpoint(store, book, folder, now)
    for part in (AUDIT, KEYS):  # before the store, so that no checkpoint is ahead of it
        if (home / part).exists():
            shutil.copytree(home / part, out / part)
    if store.engine.dialect.name == "sqlite" and not portable:
        copy_sqlite(store, out / NATIVE)
    else:
        with (out / PORTABLE).open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in dump_rows(store))
    manifest = {"made_at": instant_text(now), "revision": newest(), "files": _hashes(out)}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return out


def restore_backup(backup: Path, url: str, home: Path) -> Restored:
    """Put a backup into an empty home and database, then verify every chain and journal.

    Raises `BackupError` when a file of it is missing or changed or a chain does not verify, `NotEmptyError`
    when there is something that would be overwritten.
    """
    manifest = _checked(backup)
    store = Store(url)
    try:
        _refuse_full(store, home)
        for part in (AUDIT, KEYS):
            if (backup / part).exists():
                shutil.copytree(backup / part, home / part)
        if (backup / NATIVE).exists():
            _put_native(backup / NATIVE, store)
        else:
            migrate(store, manifest["revision"])
            with (backup / PORTABLE).open(encoding="utf-8") as file:
                load_rows(store, file)
        migrate(store)
        return Restored(_verified(store, home), manifest["made_at"])
    finally:
        store.close()


def _put_native(file: Path, store: Store) -> None:
    database = store.engine.url.database
    if store.engine.dialect.name != "sqlite" or not database:
        raise BackupError("A copy of SQLite cannot go into PostgreSQL: back up with --portable.")
    shutil.copyfile(file, database)


def _refuse_full(store: Store, home: Path) -> None:
    database = store.engine.url.database
    if store.engine.dialect.name == "sqlite":
        is_full = database is not None and Path(database).exists()
    else:
        migrate(store)
        is_full = has_books(store)
    if is_full or (home / AUDIT).exists() or (home / KEYS).exists():
        raise NotEmptyError(f"{home} or its database holds something already.")


def _verified(store: Store, home: Path) -> dict[str, int]:
    folder = AuditFolder(home / AUDIT)
    sizes = {}
    for book in store.books():
        result = verify_book(store, book, folder.checkpoints, folder.public_key)
        if not result.is_intact:
            raise BackupError(f"The chain of {book!r} does not verify: {result.findings[0].message}")
        with store.reading(book) as tx:
            sizes[book] = chain_head(tx)[0]
    return sizes


def _checked(backup: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((backup / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(f"{backup} has no manifest that can be read.") from error
    found = _hashes(backup)
    for name, digest in manifest["files"].items():
        if found.get(name) != digest:
            raise BackupError(f"The file {name} of {backup} is missing or changed.")
    return manifest


def _hashes(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found
