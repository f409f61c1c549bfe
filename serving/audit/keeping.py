"""What keeps a chain honest: checkpoints when they are due, verification, and the export for outsiders."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from receivables.errors import TieoutError
from serving.audit.chain import chain_head, records
from serving.audit.checkpoints import Checkpoint, CheckpointFile, SigningKey, VerifyingKey
from serving.audit.decisions import check_decisions
from serving.audit.entries import check_journal
from serving.audit.record import instant_text
from serving.audit.verify import Verification, verify_chain
from serving.store.store import Store, Transaction

__all__ = ["AuditFolder", "BrokenChainError", "export_lines", "keep_checkpoint", "verify_book"]

MOST_RECORDS: Final = 1_000
MOST_TIME: Final = timedelta(minutes=5)
"""A checkpoint is due after so many records or so long: the window in which a cut-off tail stays unseen."""


class BrokenChainError(TieoutError):
    """The chain is not the one that was signed before, so it is not signed again."""

    code = "broken_chain"
    mend = "Run `tieout audit verify`, and restore the store from a backup that verifies."


@dataclass(frozen=True, slots=True)
class AuditFolder:
    """Where checkpoints and their key live: outside the database."""

    folder: Path

    @property
    def checkpoints(self) -> CheckpointFile:
        """The file that only grows."""
        return CheckpointFile(self.folder / "checkpoints.jsonl")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from signing meanwhile: checkpoints of a book never go back."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / "signing.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @property
    def key(self) -> Path:
        """The private key, for its owner alone; `.pub` beside it is for everybody."""
        return self.folder / "signing.key"

    @property
    def public_key(self) -> Path:
        """The public key."""
        return self.folder / "signing.pub"


def keep_checkpoint(
    store: Store, book: str, folder: AuditFolder, now: datetime, *, only_if_due: bool = False
) -> Checkpoint | None:
    """Sign how long the chain is, unless nothing is new; give the checkpoint written.

    Raises `BrokenChainError` when the chain no longer holds what the newest checkpoint saw.
    """
    with folder.alone():
        newest = folder.checkpoints.newest(book)
        with store.reading(book) as tx:
            size, head = chain_head(tx)
            _refuse_other_chain(tx, newest, size)
        if newest is not None and (size == newest.size or (only_if_due and not _is_due(newest, size, now))):
            return None
        checkpoint = SigningKey.read_or_make(folder.key).sign(book, size, head, now)
        folder.checkpoints.append(checkpoint)
        return checkpoint


def verify_book(store: Store, book: str, checkpoints: CheckpointFile, public_key: Path) -> Verification:
    """Walk a book's chain, hold it against its checkpoints, and journal and decisions against the chain."""
    key = VerifyingKey.read(public_key) if public_key.exists() else None
    with store.reading(book) as tx:
        result = verify_chain(book, records(tx), checkpoints.read(book), key)
        if result.is_intact:
            check_journal(tx, result)
            check_decisions(tx, result)
    return result


def export_lines(tx: Transaction) -> Iterator[str]:
    """Write the chain for an outsider: one JSON object a record, in order."""
    for record in records(tx):
        fields = {
            "book": tx.book_id,
            "seq": record.seq,
            "previous": record.previous,
            "hash": record.hash,
            "kind": record.kind,
            "payload": record.payload,
        }
        yield json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _is_due(newest: Checkpoint, size: int, now: datetime) -> bool:
    # both texts have the same length and zone, so they compare as the instants do
    return size - newest.size >= MOST_RECORDS or newest.at <= instant_text(now - MOST_TIME)


def _refuse_other_chain(tx: Transaction, newest: Checkpoint | None, size: int) -> None:
    if newest is None or newest.size == 0:
        return
    found = next(iter(records(tx, newest.size - 1)), None) if size >= newest.size else None
    if found is None or (found.seq, found.hash) != (newest.size, newest.head):
        raise BrokenChainError(f"The chain of {tx.book_id!r} is not the one signed at {newest.at}.")
