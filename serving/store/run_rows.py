"""Rows of bulk runs: what is undecided, what a run decided, how far its effects are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update

from serving.store.bulk import insert_columns, parts
from serving.store.schema import book, decision, payment, run, run_part
from serving.store.store import StoredRow, Transaction


def undecided_payments(tx: Transaction) -> tuple[list[str], int]:
    """Find the payments that the machine may decide, and how many of them are new or asked for again."""
    by_person = and_(
        decision.c.book_id == payment.c.book_id,
        decision.c.id == payment.c.decision_id,
        decision.c.decided_by != "tieout",
    )
    query = (
        select(payment.c.id, or_(payment.c.state == "new", payment.c.recheck == 1))
        .where(
            payment.c.book_id == tx.book_id,
            payment.c.state.in_(("new", "review", "unmatched")),
            ~select(decision.c.id).where(by_person).exists(),
        )
        .order_by(payment.c.id)
    )
    rows = tx.connection.execute(query).all()
    return [one for one, _ in rows], sum(1 for _, asked in rows if asked)


def may_decide(tx: Transaction, payments: Sequence[str]) -> list[str]:
    """Keep the payments that no person has decided."""
    found: set[str] = set()
    for part in parts(sorted(set(payments))):
        query = (
            select(payment.c.id)
            .join(
                decision,
                and_(decision.c.book_id == payment.c.book_id, decision.c.id == payment.c.decision_id),
            )
            .where(payment.c.book_id == tx.book_id, payment.c.id.in_(part), decision.c.decided_by != "tieout")
        )
        found.update(tx.connection.execute(query).scalars())
    return [one for one in sorted(set(payments)) if one not in found]


def unfinished_run(tx: Transaction, kind: str) -> StoredRow | None:
    """Find the run that was begun and not ended."""
    query = select(run).where(run.c.book_id == tx.book_id, run.c.kind == kind, run.c.state == "running")
    return tx.connection.execute(query.order_by(run.c.id)).first()


def items_version(tx: Transaction) -> tuple[int, int]:
    """Count the deliveries of new or changed items, and those that the last run saw."""
    query = select(book.c.items_version, book.c.items_seen).where(book.c.id == tx.book_id)
    version, seen = tx.connection.execute(query).one()
    return version, seen


def begin_run(
    tx: Transaction, run_id: str, kind: str, bodies: Sequence[str], total: int, now: datetime, *, seen: int
) -> None:
    """Write a run with everything that it decided."""
    tx.connection.execute(
        insert(run).values(
            book_id=tx.book_id, id=run_id, kind=kind, state="running", done=0, total=total, started_at=now
        )
    )
    tx.connection.execute(update(book).where(book.c.id == tx.book_id).values(items_seen=seen))
    columns: dict[str, list[Any]] = {
        "run_id": [run_id] * len(bodies), "part": list(range(len(bodies))), "body": list(bodies)
    }  # fmt: skip
    insert_columns(tx, run_part, columns)


def count_runs(tx: Transaction) -> int:
    """Count the runs of the book."""
    return tx.connection.execute(select(func.count()).where(run.c.book_id == tx.book_id)).scalar() or 0


def next_part(tx: Transaction, run_id: str) -> tuple[int, str] | None:
    """Give the first part whose effects are not there yet."""
    query = (
        select(run_part.c.part, run_part.c.body)
        .where(run_part.c.book_id == tx.book_id, run_part.c.run_id == run_id, run_part.c.done_at.is_(None))
        .order_by(run_part.c.part)
        .limit(1)
    )
    row = tx.connection.execute(query).first()
    return None if row is None else (row.part, row.body)


def finish_part(tx: Transaction, run_id: str, part: int, done: int, now: datetime) -> None:
    """Note that the effects of a part are there: in the transaction of the effects themselves."""
    mine = and_(run_part.c.book_id == tx.book_id, run_part.c.run_id == run_id, run_part.c.part == part)
    tx.connection.execute(update(run_part).where(mine).values(done_at=now, body=""))
    tx.connection.execute(
        update(run).where(run.c.book_id == tx.book_id, run.c.id == run_id).values(done=run.c.done + done)
    )


def end_run(tx: Transaction, run_id: str, now: datetime) -> None:
    """Note that a run is done; its parts are no longer needed."""
    tx.connection.execute(
        delete(run_part).where(run_part.c.book_id == tx.book_id, run_part.c.run_id == run_id)
    )
    tx.connection.execute(
        update(run).where(run.c.book_id == tx.book_id, run.c.id == run_id).values(state="done", ended_at=now)
    )


def run_number(tx: Transaction) -> int:
    """Give the number of the next run, for its id."""
    return count_runs(tx) + 1


__all__ = [
    "begin_run", "end_run", "finish_part", "items_version", "may_decide", "next_part", "run_number",
    "undecided_payments", "unfinished_run",
]  # fmt: skip
