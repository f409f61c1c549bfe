"""Rows of the review room: which cases wait, who holds them, what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update
from sqlalchemy import case as sql_case

from serving.store.bulk import plain
from serving.store.schema import case, decision, invoice, payment, proposal, run, verdict
from serving.store.store import StoredRow, Transaction

OPEN: Final = "open"
HELD: Final = "held"
APPROVAL: Final = "approval"
"""One person has decided; another one must agree before anything is posted."""
CLOSED: Final = "closed"
WAITING: Final = (OPEN, APPROVAL)


def orders() -> dict[str, tuple[ColumnElement[Any], ...]]:
    """Give the orders in which a queue may be worked, each ending with the id so that ties stay put."""
    return {
        "value": (case.c.priority.desc(), case.c.id),
        "age": (case.c.opened_at, case.c.id),
        "due": (case.c.due_at.is_(None), case.c.due_at, case.c.id),
        "confidence": (func.coalesce(decision.c.confidence, 0.0).desc(), case.c.id),
        # the answer that teaches most is the one the model is least sure of
        "learning": (func.abs(func.coalesce(decision.c.confidence, 0.5) - 0.5), case.c.id),
    }


def _free(now: datetime, who: str) -> ColumnElement[bool]:
    """Nobody else holds the case."""
    return or_(case.c.lease_until.is_(None), case.c.lease_until <= now, case.c.lease_by == who)


def _joined() -> Select[Any]:
    mine = and_(decision.c.book_id == case.c.book_id, decision.c.id == case.c.decision_id)
    return select(*map(plain, case.columns), decision.c.confidence).outerjoin(decision, mine)


def waiting(
    tx: Transaction,
    who: str,
    now: datetime,
    *,
    order: str,
    reason: str | None,
    limit: int,
    skip: Sequence[str],
) -> list[Any]:
    """Read cases that this person may take, in order; held ones come back when their day has come."""
    query = _joined().where(
        case.c.book_id == tx.book_id,
        or_(case.c.state.in_(WAITING), and_(case.c.state == HELD, case.c.due_at <= now)),
        _free(now, who),
        or_(case.c.assignee.is_(None), case.c.assignee == who),
    )
    if reason:
        query = query.where(case.c.reason == reason)
    if skip:
        query = query.where(case.c.id.not_in(list(skip)))
    return list(tx.connection.execute(query.order_by(*orders()[order]).limit(limit)))


def take(tx: Transaction, ids: Sequence[str], who: str, until: datetime) -> None:
    """Lease cases to a person."""
    change = update(case).where(case.c.book_id == tx.book_id, case.c.id.in_(list(ids)))
    tx.connection.execute(change.values(lease_by=who, lease_until=until))


def extend(tx: Transaction, ids: Sequence[str], who: str, until: datetime) -> list[str]:
    """Extend this person's leases; give those that are still hers."""
    mine = and_(case.c.book_id == tx.book_id, case.c.id.in_(list(ids)), case.c.lease_by == who)
    tx.connection.execute(update(case).where(mine).values(lease_until=until))
    return list(tx.connection.execute(select(case.c.id).where(mine)).scalars())


def let_go(tx: Transaction, ids: Sequence[str], who: str) -> None:
    """End this person's leases."""
    mine = and_(case.c.book_id == tx.book_id, case.c.id.in_(list(ids)), case.c.lease_by == who)
    tx.connection.execute(update(case).where(mine).values(lease_by=None, lease_until=None))


def find_case(tx: Transaction, case_id: str) -> StoredRow | None:
    """Read one case."""
    return tx.connection.execute(_joined().where(case.c.book_id == tx.book_id, case.c.id == case_id)).first()


def change_case(tx: Transaction, case_id: str, **values: object) -> None:
    """Set columns of a case; its version goes up."""
    change = update(case).where(case.c.book_id == tx.book_id, case.c.id == case_id)
    tx.connection.execute(change.values(version=case.c.version + 1, **values))


def find_verdict(tx: Transaction, verdict_id: str) -> StoredRow | None:
    """Read a verdict by the id that its client made."""
    query = select(*map(plain, verdict.columns)).where(
        verdict.c.book_id == tx.book_id, verdict.c.id == verdict_id
    )
    return tx.connection.execute(query).first()


def verdicts_of(tx: Transaction, case_id: str) -> list[Any]:
    """Read what was said of a case, in order."""
    query = (
        select(*map(plain, verdict.columns))
        .where(verdict.c.book_id == tx.book_id, verdict.c.case_id == case_id)
        .order_by(verdict.c.created_at, verdict.c.id)
    )
    return list(tx.connection.execute(query))


def add_verdict(tx: Transaction, **values: object) -> None:
    """Write a verdict."""
    tx.connection.execute(insert(verdict).values(book_id=tx.book_id, **values))


def lines_of_decision(tx: Transaction, decision_id: str | None) -> list[Any]:
    """Read the lines that a decision proposes."""
    if decision_id is None:
        return []
    query = (
        select(*map(plain, proposal.columns))
        .where(proposal.c.book_id == tx.book_id, proposal.c.decision_id == decision_id)
        .order_by(proposal.c.line)
    )
    return list(tx.connection.execute(query))


def find_decision(tx: Transaction, decision_id: str | None) -> StoredRow | None:
    """Read a decision."""
    if decision_id is None:
        return None
    query = select(*map(plain, decision.columns)).where(
        decision.c.book_id == tx.book_id, decision.c.id == decision_id
    )
    return tx.connection.execute(query).first()


def search_items(tx: Transaction, words: str, currency: str, limit: int) -> list[Any]:
    """Find open items whose number, id or customer begins with the words typed, or with that amount open."""
    text = words.strip()
    if not text:
        return []
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{escaped}%"
    wanted = or_(
        invoice.c.id.ilike(like, escape="\\"),
        invoice.c.invoice_number.ilike(like, escape="\\"),
        invoice.c.customer_name.ilike(like, escape="\\"),
        invoice.c.customer_id.ilike(like, escape="\\"),
    )
    query = (
        select(*map(plain, invoice.columns))
        .where(invoice.c.book_id == tx.book_id, invoice.c.open_minor > 0, wanted)
        .order_by(invoice.c.currency != currency, invoice.c.due_date, invoice.c.id)
        .limit(limit)
    )
    return list(tx.connection.execute(query))


def payer_history(tx: Transaction, row: StoredRow, limit: int) -> list[Any]:
    """Read the last applied payments of the same payer: by account, else by name."""
    column = "payer_account" if row.payer_account else "payer_name"
    value = getattr(row, column)
    if not value:
        return []
    query = (
        select(*map(plain, payment.columns))
        .where(
            payment.c.book_id == tx.book_id,
            payment.c[column] == value,
            payment.c.id != row.id,
            payment.c.state.in_(("applied", "history")),
        )
        .order_by(payment.c.booking_date.desc(), payment.c.id)
        .limit(limit)
    )
    return list(tx.connection.execute(query))


def counts_by_reason(tx: Transaction, now: datetime) -> list[tuple[str, int, datetime | None]]:
    """Count what waits by reason, with the oldest of each."""
    query = (
        select(case.c.reason, func.count(), func.min(case.c.opened_at))
        .where(
            case.c.book_id == tx.book_id,
            or_(case.c.state.in_(WAITING), and_(case.c.state == HELD, case.c.due_at <= now)),
        )
        .group_by(case.c.reason)
        .order_by(func.count().desc(), case.c.reason)
    )
    return [(reason, count, oldest) for reason, count, oldest in tx.connection.execute(query)]


def opened_at(tx: Transaction, now: datetime) -> list[datetime]:
    """Read since when each waiting case waits."""
    query = select(case.c.opened_at).where(
        case.c.book_id == tx.book_id,
        or_(case.c.state.in_(WAITING), and_(case.c.state == HELD, case.c.due_at <= now)),
    )
    return list(tx.connection.execute(query).scalars())


def money_today(tx: Transaction, who: str, since: datetime) -> list[Any]:
    """Read payer, currency and amount of each payment whose money a person moved since an instant."""
    query = (
        select(payment.c.payer_name, payment.c.payer_account, payment.c.currency, payment.c.amount_minor)
        .join(decision, and_(decision.c.book_id == payment.c.book_id, decision.c.payment_id == payment.c.id))
        .where(
            decision.c.book_id == tx.book_id,
            decision.c.decided_by == who,
            decision.c.created_at >= since,
            decision.c.outcome.in_(("person", "dismissed")),
        )
    )
    return list(tx.connection.execute(query))


def verdicts_with_cases(tx: Transaction) -> list[Any]:
    """Read every verdict with why its case was asked and what the model had said, in order."""
    of_case = and_(case.c.book_id == verdict.c.book_id, case.c.id == verdict.c.case_id)
    of_decision = and_(decision.c.book_id == case.c.book_id, decision.c.id == case.c.decision_id)
    query = (
        select(*map(plain, verdict.columns), case.c.source, case.c.pi, decision.c.model, decision.c.policy)
        .join(case, of_case)
        .outerjoin(decision, of_decision)
        .where(verdict.c.book_id == tx.book_id)
        .order_by(verdict.c.created_at, verdict.c.id)
    )
    return list(tx.connection.execute(query))


def lines_by_decision(tx: Transaction) -> dict[str, list[Any]]:
    """Read the lines of every decision that a verdict made; `side` is -1 for credit memos."""
    side = sql_case((invoice.c.type == "credit_memo", -1), else_=1).label("side")
    query = (
        select(
            proposal.c.decision_id,
            proposal.c.invoice_id,
            proposal.c.amount_minor,
            proposal.c.write_off_minor,
            side,
        )
        .join(
            verdict,
            and_(verdict.c.book_id == proposal.c.book_id, verdict.c.decision_id == proposal.c.decision_id),
        )
        .join(invoice, and_(invoice.c.book_id == proposal.c.book_id, invoice.c.id == proposal.c.invoice_id))
        .where(proposal.c.book_id == tx.book_id)
        .distinct()
    )
    found: dict[str, list[Any]] = {}
    for row in tx.connection.execute(query):
        found.setdefault(row.decision_id, []).append(row)
    return found


AUDIT_RUN: Final = "audit-draw"


def audited_until(tx: Transaction) -> int:
    """Give the number of the last decision that a draw has seen."""
    query = select(func.max(run.c.total)).where(run.c.book_id == tx.book_id, run.c.kind == AUDIT_RUN)
    return int(tx.connection.execute(query).scalar() or 0)


def set_audited_until(tx: Transaction, seq: int, now: datetime) -> None:
    """Note how far draws have come."""
    row_id = f"{AUDIT_RUN}-{seq:012d}"
    tx.connection.execute(
        insert(run).values(
            book_id=tx.book_id,
            id=row_id,
            kind=AUDIT_RUN,
            state="done",
            total=seq,
            started_at=now,
            ended_at=now,
        )
    )


def closes_after(tx: Transaction, seq: int, limit: int) -> list[Any]:
    """Read the machine's closes and dismissals after a number."""
    query = (
        select(
            decision.c.id,
            decision.c.seq,
            decision.c.payment_id,
            decision.c.allocated_minor,
            decision.c.unapplied_minor,
            decision.c.currency,
        )
        .where(
            decision.c.book_id == tx.book_id,
            decision.c.seq > seq,
            decision.c.decided_by == "tieout",
            decision.c.outcome.in_(("auto", "dismissed")),
        )
        .order_by(decision.c.seq)
        .limit(limit)
    )
    return list(tx.connection.execute(query))


def audits_after(tx: Transaction, model: str, policy: str, seq: int) -> list[Any]:
    """Read the audits of what a model closed under a policy, after the number of a decision, in order."""
    query = (
        select(
            decision.c.seq,
            decision.c.outcome,
            decision.c.allocated_minor,
            case.c.id.label("case_id"),
            case.c.decision_id,
            case.c.state,
            case.c.pi,
        )
        .join(decision, and_(decision.c.book_id == case.c.book_id, decision.c.id == case.c.decision_id))
        .where(
            case.c.book_id == tx.book_id,
            case.c.source == "audit",
            decision.c.model == model,
            decision.c.policy == policy,
            decision.c.seq > seq,
        )
        .order_by(decision.c.seq)
    )
    return list(tx.connection.execute(query))


def least_audit_chance(tx: Transaction) -> float | None:
    """Give the least chance with which an audit was drawn; None before the first."""
    query = select(func.min(case.c.pi)).where(case.c.book_id == tx.book_id, case.c.source == "audit")
    least = tx.connection.execute(query).scalar()
    return None if least is None else float(least)
