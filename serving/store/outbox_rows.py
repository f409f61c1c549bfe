"""The rows of the outbox: what others are told, and how far each endpoint has been told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from serving.store.bulk import insert_columns
from serving.store.columns import microseconds
from serving.store.schema import outbox, webhook_delivery, webhook_endpoint
from serving.store.store import Store, Transaction

__all__ = [
    "Due", "Endpoint", "OutboxEvent", "append_events", "disable_endpoint", "due_deliveries", "endpoints",
    "fan_out", "finish_events", "has_unsent",
    "insert_endpoint", "lag", "lease", "mark_delivered", "mark_failed",
    "read_events",
]  # fmt: skip

_NEXT = "outbox_next"


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One thing to tell: `topic` such as `decision.made`, `key` what it is about, `body` canonical JSON."""

    topic: str
    key: str
    body: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a book's events go; `topics` is empty for all of them."""

    id: str
    url: str
    secret: str
    topics: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery whose time has come."""

    endpoint_id: str
    url: str
    secret: str
    seq: int
    topic: str
    body: str
    created_at: datetime
    attempts: int


def append_events(tx: Transaction, events: Sequence[OutboxEvent], now: datetime) -> list[int]:
    """Write what others are told, in the transaction of the effect itself; give the numbers."""
    if not events:
        return []
    known: int | None = tx.memory.get(_NEXT)
    if known is None:
        last = select(func.max(outbox.c.seq)).where(outbox.c.book_id == tx.book_id)
        known = (tx.connection.execute(last).scalar_one() or 0) + 1
    seqs = [known + place for place in range(len(events))]
    columns: dict[str, list[Any]] = {
        "seq": seqs,
        "topic": [event.topic for event in events],
        "key": [event.key for event in events],
        "body": [event.body for event in events],
        "created_at": [microseconds(now)] * len(events),
    }
    insert_columns(tx, outbox, columns)
    tx.memory[_NEXT] = known + len(events)
    return seqs


def read_events(tx: Transaction, after: int, limit: int) -> list[tuple[int, OutboxEvent]]:
    """Read events in order."""
    query = (
        select(outbox)
        .where(outbox.c.book_id == tx.book_id, outbox.c.seq > after)
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    return [(row.seq, OutboxEvent(row.topic, row.key, row.body)) for row in tx.connection.execute(query)]


def lag(tx: Transaction) -> tuple[int, datetime | None]:
    """Count the events that some endpoint still waits for, and give the age of the oldest."""
    query = select(func.count(), func.min(outbox.c.created_at)).where(
        outbox.c.book_id == tx.book_id, outbox.c.sent_at.is_(None)
    )
    row = tx.connection.execute(query).one()
    return row[0], row[1]


def has_unsent(store: Store) -> list[str]:
    """List the books in which something waits to be told."""
    with store.looking() as connection:
        query = select(outbox.c.book_id).where(outbox.c.sent_at.is_(None)).distinct()
        return sorted(connection.execute(query).scalars())


# --------------------------------------------------------------------------- endpoints


def insert_endpoint(tx: Transaction, endpoint: Endpoint) -> None:
    """Write an endpoint."""
    tx.connection.execute(
        insert(webhook_endpoint).values(
            book_id=tx.book_id,
            id=endpoint.id,
            url=endpoint.url,
            secret=endpoint.secret,
            topics=" ".join(endpoint.topics),
            created_at=endpoint.created_at,
        )
    )


def endpoints(tx: Transaction) -> list[Endpoint]:
    """List the endpoints of the book."""
    query = (
        select(webhook_endpoint)
        .where(webhook_endpoint.c.book_id == tx.book_id)
        .order_by(webhook_endpoint.c.id)
    )
    return [
        Endpoint(
            row.id,
            row.url,
            row.secret,
            tuple(row.topics.split()),
            row.created_at,
            row.disabled_at,
            row.disabled_why,
        )
        for row in tx.connection.execute(query)
    ]


def disable_endpoint(tx: Transaction, endpoint_id: str, why: str, now: datetime) -> bool:
    """Stop telling an endpoint; say whether it was told so far. What waits for it is given up."""
    mine = (webhook_endpoint.c.book_id == tx.book_id) & (webhook_endpoint.c.id == endpoint_id)
    done = tx.connection.execute(
        update(webhook_endpoint)
        .where(mine, webhook_endpoint.c.disabled_at.is_(None))
        .values(disabled_at=now, disabled_why=why)
    )
    if done.rowcount == 0:
        return False
    waiting = webhook_delivery.c
    tx.connection.execute(
        update(webhook_delivery)
        .where(
            waiting.book_id == tx.book_id,
            waiting.endpoint_id == endpoint_id,
            waiting.delivered_at.is_(None),
            waiting.given_up_at.is_(None),
        )
        .values(given_up_at=now, last_error=why)
    )
    return True


# --------------------------------------------------------------------------- deliveries


def fan_out(tx: Transaction, now: datetime, limit: int = 500) -> int:
    """Give every endpoint its delivery of each event not sent yet; say how many were made.

    An endpoint hears what happened from its own creation on; the past stands in the feed.
    """
    waiting = (
        select(outbox.c.seq, outbox.c.topic, outbox.c.created_at)
        .where(outbox.c.book_id == tx.book_id, outbox.c.sent_at.is_(None))
        .order_by(outbox.c.seq)
        .limit(limit)
    )
    rows = tx.connection.execute(waiting).all()
    told = [endpoint for endpoint in endpoints(tx) if endpoint.disabled_at is None]
    made = [
        {"book_id": tx.book_id, "endpoint_id": endpoint.id, "seq": row.seq, "attempts": 0, "next_at": now}
        for row in rows
        for endpoint in told
        if row.created_at >= endpoint.created_at and (not endpoint.topics or row.topic in endpoint.topics)
    ]
    if made:
        tx.connection.execute(tx.upsert(webhook_delivery).on_conflict_do_nothing(), made)
    return len(made)


def due_deliveries(tx: Transaction, now: datetime, limit: int) -> list[Due]:
    """List the deliveries whose time has come and that nobody else holds, oldest first."""
    d = webhook_delivery.c
    query = (
        select(
            d.endpoint_id, d.seq, d.attempts, webhook_endpoint.c.url, webhook_endpoint.c.secret,
            outbox.c.topic, outbox.c.body, outbox.c.created_at,
        )
        .join(outbox, and_(outbox.c.book_id == d.book_id, outbox.c.seq == d.seq))
        .join(
            webhook_endpoint,
            and_(webhook_endpoint.c.book_id == d.book_id, webhook_endpoint.c.id == d.endpoint_id),
        )
        .where(
            d.book_id == tx.book_id,
            d.delivered_at.is_(None),
            d.given_up_at.is_(None),
            d.next_at <= now,
            or_(d.leased_until.is_(None), d.leased_until <= now),
            webhook_endpoint.c.disabled_at.is_(None),
        )
        .order_by(d.seq, d.endpoint_id)
        .limit(limit)
    )  # fmt: skip
    return [
        Due(
            row.endpoint_id,
            row.url,
            row.secret,
            row.seq,
            row.topic,
            row.body,
            row.created_at,
            row.attempts,
        )
        for row in tx.connection.execute(query)
    ]


def lease(tx: Transaction, due: Sequence[Due], until: datetime) -> None:
    """Hold deliveries, so that no other process sends them meanwhile."""
    for one in due:
        tx.connection.execute(update(webhook_delivery).where(*_of(tx, one)).values(leased_until=until))


def mark_delivered(tx: Transaction, due: Due, now: datetime) -> None:
    """Note that an endpoint has an event."""
    tx.connection.execute(
        update(webhook_delivery)
        .where(*_of(tx, due))
        .values(delivered_at=now, attempts=due.attempts + 1, leased_until=None, last_error=None)
    )


def mark_failed(tx: Transaction, due: Due, error: str, next_at: datetime | None, now: datetime) -> None:
    """Note a failed attempt: when to try again, or that it is given up."""
    tx.connection.execute(
        update(webhook_delivery)
        .where(*_of(tx, due))
        .values(
            attempts=due.attempts + 1,
            leased_until=None,
            last_error=error[:300],
            next_at=next_at,
            given_up_at=now if next_at is None else None,
        )
    )


def finish_events(tx: Transaction, now: datetime) -> int:
    """Mark the events that no endpoint waits for any more; say how many."""
    d = webhook_delivery.c
    waits = (
        select(d.seq)
        .where(
            d.book_id == tx.book_id,
            d.seq == outbox.c.seq,
            d.delivered_at.is_(None),
            d.given_up_at.is_(None),
        )
        .exists()
    )
    done = tx.connection.execute(
        update(outbox)
        .where(outbox.c.book_id == tx.book_id, outbox.c.sent_at.is_(None), ~waits)
        .values(sent_at=now)
    )
    return done.rowcount


def _of(tx: Transaction, due: Due) -> tuple[ColumnElement[bool], ...]:
    d = webhook_delivery.c
    return d.book_id == tx.book_id, d.endpoint_id == due.endpoint_id, d.seq == due.seq
