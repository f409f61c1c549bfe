"""The rows of the audit chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, func, insert, select

from serving.store.schema import audit, decision, outbox
from serving.store.store import Transaction

__all__ = [
    "AuditRow", "DecisionRow", "all_decisions", "count_records", "find_decision", "head_of", "insert_record",
    "last_of_subject", "payloads_of_kind", "payloads_of_subject", "read_record", "read_records",
    "told_decisions",
]  # fmt: skip

_HEAD = "audit_head"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One record as it is stored."""

    seq: int
    previous: str
    hash: str
    kind: str
    payload: str


def head_of(tx: Transaction) -> tuple[int, str] | None:
    """Give the number and the hash of the last record, if there is any."""
    known: tuple[int, str] | None = tx.memory.get(_HEAD)
    if known is not None:
        return known
    last = select(audit.c.seq, audit.c.hash).where(audit.c.book_id == tx.book_id).order_by(audit.c.seq.desc())
    row = tx.connection.execute(last.limit(1)).first()
    return (row.seq, row.hash) if row else None


def insert_record(tx: Transaction, record: AuditRow, subject: str | None, at: datetime) -> None:
    """Write one record; the head moves within the transaction."""
    tx.connection.execute(
        insert(audit).values(
            book_id=tx.book_id,
            seq=record.seq,
            prev_hash=record.previous,
            hash=record.hash,
            kind=record.kind,
            body=record.payload,
            subject=subject,
            created_at=at,
        )
    )
    tx.memory[_HEAD] = (record.seq, record.hash)


def read_records(tx: Transaction, after: int = 0) -> Iterator[AuditRow]:
    """Read the chain in order, a page at a time."""
    while True:
        page = (
            select(audit.c.seq, audit.c.prev_hash, audit.c.hash, audit.c.kind, audit.c.body)
            .where(audit.c.book_id == tx.book_id, audit.c.seq > after)
            .order_by(audit.c.seq)
            .limit(_AT_ONCE)
        )
        rows = tx.connection.execute(page).all()
        for row in rows:
            yield AuditRow(row.seq, row.prev_hash, row.hash, row.kind, row.body)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].seq


def read_record(tx: Transaction, seq: int) -> AuditRow | None:
    """Read one record."""
    return next((record for record in read_records(tx, seq - 1) if record.seq == seq), None)


def count_records(tx: Transaction) -> int:
    """Count the records of the chain."""
    counted = select(func.count()).select_from(audit).where(audit.c.book_id == tx.book_id)
    return tx.connection.execute(counted).scalar_one()


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a decision said and stood on."""

    id: str
    payment_id: str
    outcome: str
    confidence: float
    reasons: str
    model: str
    policy: str
    grounds: str | None
    at: datetime


def find_decision(tx: Transaction, decision_id: str) -> DecisionRow | None:
    """Read one decision."""
    query = select(decision).where(decision.c.book_id == tx.book_id, decision.c.id == decision_id)
    row = tx.connection.execute(query).first()
    if row is None:
        return None
    return DecisionRow(
        row.id,
        row.payment_id,
        row.outcome,
        row.confidence,
        row.reasons,
        row.model,
        row.policy,
        row.evidence,
        row.created_at,
    )


def payloads_of_subject(tx: Transaction, subject: str) -> list[str]:
    """Read the records about a subject."""
    query = select(audit.c.body).where(audit.c.book_id == tx.book_id, audit.c.subject == subject)
    return list(tx.connection.execute(query.order_by(audit.c.seq)).scalars())


def last_of_subject(tx: Transaction, subject: str) -> str | None:
    """Read the newest record about a subject."""
    query = select(audit.c.body).where(audit.c.book_id == tx.book_id, audit.c.subject == subject)
    return tx.connection.execute(query.order_by(audit.c.seq.desc()).limit(1)).scalar()


def payloads_of_kind(tx: Transaction, kind: str, at: datetime) -> list[str]:
    """Read the records of a kind that were written at an instant."""
    query = select(audit.c.body).where(
        audit.c.book_id == tx.book_id, audit.c.kind == kind, audit.c.created_at == at
    )
    return list(tx.connection.execute(query.order_by(audit.c.seq)).scalars())


def told_decisions(tx: Transaction) -> Iterator[str]:
    """Read what others were told of decisions, in order."""
    query = select(outbox.c.body).where(outbox.c.book_id == tx.book_id, outbox.c.topic == "decision.made")
    streamed = tx.connection.execution_options(yield_per=_AT_ONCE).execute(query.order_by(outbox.c.seq))
    yield from streamed.scalars()


def all_decisions(tx: Transaction) -> Iterator[RowMapping]:
    """Read every decision, in order."""
    query = select(decision).where(decision.c.book_id == tx.book_id).order_by(decision.c.seq)
    yield from tx.connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings()
