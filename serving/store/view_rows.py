"""Rows as others read them: a payment or an item with all that happened to it, the feed, the cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from serving.store.bulk import parts
from serving.store.schema import (
    allocation,
    case,
    decision,
    invoice,
    journal_entry,
    payment,
    proposal,
)
from serving.store.store import Store, Transaction

__all__ = [
    "allocations_of_invoice", "allocations_of_payment", "cases_after", "decisions_after", "decisions_by_id",
    "decisions_of_payment", "entries_of_payment", "find_allocation", "find_case", "find_invoice",
    "find_payment", "lines_of_decisions", "proposals_on_invoice", "store_figures",
]  # fmt: skip


def find_payment(tx: Transaction, payment_id: str) -> Row[Any] | None:
    """Find a payment."""
    query = select(payment).where(payment.c.book_id == tx.book_id, payment.c.id == payment_id)
    return tx.connection.execute(query).first()


def find_invoice(tx: Transaction, invoice_id: str) -> Row[Any] | None:
    """Find an item."""
    query = select(invoice).where(invoice.c.book_id == tx.book_id, invoice.c.id == invoice_id)
    return tx.connection.execute(query).first()


def decisions_of_payment(tx: Transaction, payment_id: str) -> Sequence[Row[Any]]:
    """Read all decisions about a payment, the first one first."""
    query = select(decision).where(decision.c.book_id == tx.book_id, decision.c.payment_id == payment_id)
    return tx.connection.execute(query.order_by(decision.c.seq)).all()


def decisions_by_id(tx: Transaction, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Read decisions by id."""
    found: dict[str, Row[Any]] = {}
    for part in parts(sorted(set(ids))):
        query = select(decision).where(decision.c.book_id == tx.book_id, decision.c.id.in_(part))
        found.update((row.id, row) for row in tx.connection.execute(query))
    return found


def decisions_after(tx: Transaction, after: int, limit: int) -> Sequence[Row[Any]]:
    """Read decisions in the order in which they were made."""
    query = (
        select(decision)
        .where(decision.c.book_id == tx.book_id, decision.c.seq > after)
        .order_by(decision.c.seq)
        .limit(limit)
    )
    return tx.connection.execute(query).all()


def lines_of_decisions(tx: Transaction, decisions: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Read the lines that decisions propose."""
    found: dict[str, list[Row[Any]]] = {one: [] for one in decisions}
    for part in parts(sorted(set(decisions))):
        query = select(proposal).where(proposal.c.book_id == tx.book_id, proposal.c.decision_id.in_(part))
        for row in tx.connection.execute(query.order_by(proposal.c.decision_id, proposal.c.line)):
            found[row.decision_id].append(row)
    return found


def allocations_of_payment(tx: Transaction, payment_id: str) -> Sequence[Row[Any]]:
    """Read every allocation of a payment, reversed ones and their reversals too."""
    query = select(allocation).where(
        allocation.c.book_id == tx.book_id, allocation.c.payment_id == payment_id
    )
    return tx.connection.execute(query.order_by(allocation.c.known_at, allocation.c.id)).all()


def allocations_of_invoice(tx: Transaction, invoice_id: str) -> Sequence[Row[Any]]:
    """Read every allocation on an item."""
    query = select(allocation).where(
        allocation.c.book_id == tx.book_id, allocation.c.invoice_id == invoice_id
    )
    return tx.connection.execute(query.order_by(allocation.c.known_at, allocation.c.id)).all()


def find_allocation(tx: Transaction, allocation_id: str) -> Row[Any] | None:
    """Find an allocation."""
    query = select(allocation).where(allocation.c.book_id == tx.book_id, allocation.c.id == allocation_id)
    return tx.connection.execute(query).first()


def entries_of_payment(tx: Transaction, payment_id: str) -> Sequence[Row[Any]]:
    """Read the journal entries about a payment."""
    query = select(journal_entry).where(
        journal_entry.c.book_id == tx.book_id, journal_entry.c.payment_id == payment_id
    )
    return tx.connection.execute(query.order_by(journal_entry.c.seq)).all()


def proposals_on_invoice(tx: Transaction, invoice_id: str, limit: int) -> Sequence[Row[Any]]:
    """Read the proposals in force that wait for a person and name this item."""
    query = (
        select(proposal, decision.c.confidence, decision.c.outcome)
        .join(
            payment,
            and_(payment.c.book_id == proposal.c.book_id, payment.c.decision_id == proposal.c.decision_id),
        )
        .join(
            decision,
            and_(decision.c.book_id == proposal.c.book_id, decision.c.id == proposal.c.decision_id),
        )
        .where(
            proposal.c.book_id == tx.book_id,
            proposal.c.invoice_id == invoice_id,
            payment.c.state.in_(("review", "unmatched")),
        )
        .order_by(proposal.c.payment_id, proposal.c.line)
        .limit(limit)
    )
    return tx.connection.execute(query).all()


def cases_after(
    tx: Transaction, states: Sequence[str], after: tuple[float, str] | None, limit: int
) -> Sequence[Row[Any]]:
    """Read cases, the most important first."""
    query = select(case).where(case.c.book_id == tx.book_id, case.c.state.in_(states))
    if after is not None:
        priority, case_id = after
        query = query.where(
            or_(case.c.priority < priority, and_(case.c.priority == priority, case.c.id > case_id))
        )
    return tx.connection.execute(query.order_by(case.c.priority.desc(), case.c.id).limit(limit)).all()


def find_case(tx: Transaction, case_id: str) -> Row[Any] | None:
    """Find a case."""
    query = select(case).where(case.c.book_id == tx.book_id, case.c.id == case_id)
    return tx.connection.execute(query).first()


def store_figures(store: Store) -> dict[str, Any]:
    """Give what the metrics say about all books together: queues, ages, cash on no item, late events."""
    from serving.store.schema import outbox, posting

    waiting = case.c.state.in_(("open", "held"))
    unapplied = (
        select(payment.c.currency, func.sum(payment.c.unapplied_minor))
        .where(payment.c.state.in_(("new", "review", "unmatched", "applied")))
        .group_by(payment.c.currency)
    )
    imbalance = select(posting.c.currency, func.sum(posting.c.amount_minor)).group_by(posting.c.currency)
    with store.looking() as connection:
        cases = connection.execute(select(func.count(), func.min(case.c.opened_at)).where(waiting)).one()
        late = connection.execute(
            select(func.count(), func.min(outbox.c.created_at)).where(outbox.c.sent_at.is_(None))
        ).one()
        new = connection.execute(select(func.count()).where(payment.c.state == "new")).scalar_one()
        oldest: datetime | None = cases[1]
        return {
            "cases": cases[0],
            "oldest_case": oldest,
            "outbox": late[0],
            "oldest_outbox": late[1],
            "undecided": new,
            "unapplied": {code: int(total) for code, total in connection.execute(unapplied)},
            "imbalance": {code: int(total) for code, total in connection.execute(imbalance)},
        }
