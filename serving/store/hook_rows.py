"""The rows of those who may send us events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from serving.store.schema import webhook_source
from serving.store.store import Store, Transaction

__all__ = ["SourceRow", "disable_source", "find_source", "insert_source", "sources"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One sender of events: whose book they go to, and the sealed secret of their signature."""

    book_id: str
    id: str
    kind: str
    sealed_secret: str
    created_at: datetime
    disabled_at: datetime | None = None


def insert_source(tx: Transaction, source: SourceRow) -> None:
    """Write a sender of the transaction's book."""
    tx.connection.execute(
        insert(webhook_source).values(
            book_id=tx.book_id,
            id=source.id,
            kind=source.kind,
            sealed_secret=source.sealed_secret,
            created_at=source.created_at,
        )
    )


def find_source(store: Store, kind: str, source_id: str) -> SourceRow | None:
    """Find a sender that is in force, of whichever book."""
    query = select(webhook_source).where(
        webhook_source.c.id == source_id,
        webhook_source.c.kind == kind,
        webhook_source.c.disabled_at.is_(None),
    )
    with store.looking() as connection:
        row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    return SourceRow(row.book_id, row.id, row.kind, row.sealed_secret, row.created_at)


def sources(tx: Transaction) -> list[SourceRow]:
    """List the senders of the book."""
    query = select(webhook_source).where(webhook_source.c.book_id == tx.book_id)
    return [
        SourceRow(tx.book_id, row.id, row.kind, row.sealed_secret, row.created_at, row.disabled_at)
        for row in tx.connection.execute(query.order_by(webhook_source.c.id))
    ]


def disable_source(tx: Transaction, source_id: str, now: datetime) -> bool:
    """Take no more events from a sender; say whether it was in force."""
    mine = (webhook_source.c.book_id == tx.book_id) & (webhook_source.c.id == source_id)
    done = update(webhook_source).where(mine, webhook_source.c.disabled_at.is_(None)).values(disabled_at=now)
    return tx.connection.execute(done).rowcount == 1
