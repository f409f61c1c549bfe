"""Counts behind the measures of the dashboard."""

from __future__ import annotations

from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy import case as sql_case

from serving.store.bulk import plain
from serving.store.columns import EPOCH, Int, microseconds
from serving.store.review_rows import HELD, WAITING
from serving.store.schema import allocation, audit, case, decision, invoice, journal_entry, payment
from serving.store.store import Transaction

HOUR = 3_600_000_000


def _in_force() -> ColumnElement[bool]:
    return and_(decision.c.book_id == payment.c.book_id, decision.c.id == payment.c.decision_id)


def payments_since(tx: Transaction, since: datetime) -> tuple[int, int, int]:
    """Count decided receipts that are customers' money, those applied, and those applied by the machine."""
    query = (
        select(
            func.count(),
            func.sum(sql_case((payment.c.state == "applied", 1), else_=0)),
            func.sum(sql_case((decision.c.outcome == "auto", 1), else_=0)),
        )
        .join(decision, _in_force())
        .where(
            payment.c.book_id == tx.book_id,
            decision.c.created_at >= since,
            payment.c.amount_minor > 0,
            payment.c.state != "dismissed",
        )
    )
    decided, applied, auto = tx.connection.execute(query).one()
    return int(decided or 0), int(applied or 0), int(auto or 0)


def median_hours_to_match(tx: Transaction, since: datetime) -> float | None:
    """From the later of cash and invoice known to the allocation, in hours."""
    query = (
        select(
            plain(allocation.c.decided_at),
            plain(payment.c.known_at).label("paid"),
            plain(invoice.c.known_at).label("issued"),
        )
        .join(
            payment, and_(payment.c.book_id == allocation.c.book_id, payment.c.id == allocation.c.payment_id)
        )
        .join(
            invoice, and_(invoice.c.book_id == allocation.c.book_id, invoice.c.id == allocation.c.invoice_id)
        )
        .where(
            allocation.c.book_id == tx.book_id,
            allocation.c.decided_at >= since,
            allocation.c.source != "history",
            allocation.c.reverses.is_(None),
        )
        .limit(100_000)
    )
    hours = [
        max(decided - max(paid or 0, issued or 0), 0) / HOUR
        for decided, paid, issued in tx.connection.execute(query)
    ]
    return median(hours) if hours else None


def queue(tx: Transaction, now: datetime) -> tuple[int, float | None]:
    """Count what waits, and the age of the oldest in hours."""
    query = select(func.count(), func.min(plain(case.c.opened_at))).where(
        case.c.book_id == tx.book_id,
        or_(case.c.state.in_(WAITING), and_(case.c.state == HELD, case.c.due_at <= now)),
    )
    count, oldest = tx.connection.execute(query).one()
    return int(count), None if oldest is None else (microseconds(now) - int(oldest)) / HOUR


def median_hours_to_resolve(tx: Transaction, since: datetime) -> float | None:
    """From opening to closing of cases, in hours."""
    query = (
        select(plain(case.c.opened_at), plain(case.c.closed_at))
        .where(case.c.book_id == tx.book_id, case.c.state == "closed", case.c.closed_at >= since)
        .limit(100_000)
    )
    hours = [(closed - opened) / HOUR for opened, closed in tx.connection.execute(query)]
    return median(hours) if hours else None


def duplicate_invoices(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Count invoices that became known, and those that repeat another in customer, number and amount."""
    mine = and_(invoice.c.book_id == tx.book_id, invoice.c.known_at >= since, invoice.c.status != "void")
    issued = tx.connection.execute(select(func.count()).where(mine)).scalar() or 0
    groups = (
        select((func.count() - 1).label("extra"))
        .where(mine)
        .group_by(invoice.c.customer_id, invoice.c.invoice_number, invoice.c.currency, invoice.c.amount_minor)
        .having(func.count() > 1)
        .subquery()
    )
    extra = tx.connection.execute(select(func.coalesce(func.sum(groups.c.extra), 0))).scalar() or 0
    return int(issued), int(extra)


def overturned(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Count automatic closes, and those of which an allocation was undone."""
    auto = and_(
        decision.c.book_id == tx.book_id, decision.c.created_at >= since, decision.c.outcome == "auto"
    )
    closed = tx.connection.execute(select(func.count()).where(auto)).scalar() or 0
    undone = (
        select(func.count(decision.c.id.distinct()))
        .join(
            allocation,
            and_(allocation.c.book_id == decision.c.book_id, allocation.c.decision_id == decision.c.id),
        )
        .where(auto, allocation.c.reversed_at.is_not(None))
    )
    return int(closed), int(tx.connection.execute(undone).scalar() or 0)


def partial_payments(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Count receipts whose proposal leaves an item open in part, and those of them that are applied."""
    query = (
        select(func.count(), func.sum(sql_case((payment.c.state == "applied", 1), else_=0)))
        .join(decision, _in_force())
        .where(
            payment.c.book_id == tx.book_id,
            decision.c.created_at >= since,
            decision.c.reasons.like("%partial_payment%"),
        )
    )
    count, done = tx.connection.execute(query).one()
    return int(count or 0), int(done or 0)


def median_days_of_backfill(tx: Transaction, since: datetime) -> float | None:
    """How long after their day entries were booked that had to move to an open one."""
    from sqlalchemy import type_coerce

    query = select(type_coerce(journal_entry.c.booked_on, Int), plain(journal_entry.c.created_at)).where(
        journal_entry.c.book_id == tx.book_id,
        journal_entry.c.created_at >= since,
        journal_entry.c.backfilled == 1,
    )
    days = [max(made / (24 * HOUR) - booked, 0.0) for booked, made in tx.connection.execute(query)]
    return median(days) if days else None


def corrected_entries(tx: Transaction, since: datetime) -> tuple[int, int]:
    """Count entries, and those that undo another."""
    mine = and_(journal_entry.c.book_id == tx.book_id, journal_entry.c.created_at >= since)
    query = select(
        func.count(), func.sum(sql_case((journal_entry.c.reverses.is_not(None), 1), else_=0))
    ).where(mine)
    count, undone = tx.connection.execute(query).one()
    return int(count or 0), int(undone or 0)


def decisions_with_trail(tx: Transaction) -> tuple[int, int]:
    """Count decisions, and those that audit records name: both are numbered without gaps, so counts tell."""
    decisions = (
        tx.connection.execute(select(func.count()).where(decision.c.book_id == tx.book_id)).scalar() or 0
    )
    heads = select(func.count(), func.max(audit.c.seq)).where(audit.c.book_id == tx.book_id)
    count, last = tx.connection.execute(heads).one()
    whole = int(count or 0) == int(last or 0)
    return int(decisions), int(decisions) if whole else 0


__all__ = [
    "EPOCH",
    "corrected_entries",
    "decisions_with_trail",
    "duplicate_invoices",
    "median_days_of_backfill",
    "median_hours_to_match",
    "median_hours_to_resolve",
    "overturned",
    "partial_payments",
    "payments_since",
    "queue",
]
