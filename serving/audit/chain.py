"""The one way into the audit chain: a record beside its effect, in the effect's own transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from serving.audit.record import Record, first_hash, make_record
from serving.store.audit_rows import AuditRow, head_of, insert_record, read_records
from serving.store.store import Transaction

__all__ = ["append", "chain_head", "records"]


def append(
    tx: Transaction, kind: str, body: Mapping[str, Any], now: datetime, subject: str | None = None
) -> int:
    """Append one record and give its number.

    `body` must not hold personal data in clear (see `serving.personal`); `subject` names whose sealed data it
    holds. The record is there exactly if the transaction is.
    """
    seq, head = chain_head(tx)
    made = make_record(tx.book_id, seq + 1, head, kind, body, now)
    insert_record(tx, AuditRow(made.seq, made.previous, made.hash, made.kind, made.payload), subject, now)
    return made.seq


def chain_head(tx: Transaction) -> tuple[int, str]:
    """Give the length of the chain and the hash it ends on."""
    return head_of(tx) or (0, first_hash(tx.book_id))


def records(tx: Transaction, after: int = 0) -> Iterator[Record]:
    """Read the chain in order."""
    for row in read_records(tx, after):
        yield Record(row.seq, row.previous, row.hash, row.kind, row.payload)
