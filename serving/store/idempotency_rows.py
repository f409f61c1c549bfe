"""The rows of idempotency: each request that wrote, its hash and the answer it got, byte by byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from serving.store.schema import idempotency, inbox
from serving.store.store import Transaction

__all__ = ["AnswerRow", "find_answer", "insert_answer", "take_event"]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What was answered to the request under `key`."""

    key: str
    request_hash: str
    status: int
    content_type: str
    body: str


def find_answer(tx: Transaction, key: str) -> AnswerRow | None:
    """Find what was answered under this key."""
    query = select(idempotency).where(idempotency.c.book_id == tx.book_id, idempotency.c.key == key)
    row = tx.connection.execute(query).first()
    if row is None or row.status is None:
        return None
    return AnswerRow(row.key, row.request_hash, row.status, row.content_type, row.body)


def insert_answer(tx: Transaction, answer: AnswerRow, now: datetime) -> None:
    """Write the answer in the transaction of its effect."""
    tx.connection.execute(
        insert(idempotency).values(
            book_id=tx.book_id,
            key=answer.key,
            request_hash=answer.request_hash,
            status=answer.status,
            content_type=answer.content_type,
            body=answer.body,
            created_at=now,
        )
    )


def take_event(tx: Transaction, source: str, event_id: str, body_hash: str, now: datetime) -> bool:
    """Take an event of somebody else, once for ever; say whether it is new."""
    values = {
        "book_id": tx.book_id,
        "source": source,
        "event_id": event_id,
        "body_hash": body_hash,
        "received_at": now,
    }
    taken = tx.upsert(inbox).values(**values).on_conflict_do_nothing().returning(inbox.c.event_id)
    return tx.connection.execute(taken).first() is not None
