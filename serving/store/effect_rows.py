"""Rows of decisions, proposals, allocations and cases, and the balances that move with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.types import TypeEngine

from receivables.errors import TieoutError
from serving.store.bulk import insert_columns, parts, plain
from serving.store.columns import Int
from serving.store.schema import allocation, book, decision, invoice, payment, proposal
from serving.store.store import Transaction

_NEXT = "decision_next"


class OverAppliedError(TieoutError):
    """More would be applied than is open."""

    code = "over_applied"
    mend = "Read the balances again and apply at most what is open; nothing was written."


def insert_decisions(tx: Transaction, columns: dict[str, list[Any]]) -> list[int]:
    """Write decisions; give the numbers they got."""
    count = len(columns["id"])
    known: int | None = tx.memory.get(_NEXT)
    if known is None:
        last = select(func.max(decision.c.seq)).where(decision.c.book_id == tx.book_id)
        known = (tx.connection.execute(last).scalar() or 0) + 1
    seqs = list(range(known, known + count))
    insert_columns(tx, decision, {**columns, "seq": seqs})
    tx.memory[_NEXT] = known + count
    return seqs


def insert_proposals(tx: Transaction, columns: dict[str, list[Any]]) -> None:
    """Write the lines of proposals."""
    insert_columns(tx, proposal, columns)


def insert_allocations(tx: Transaction, columns: dict[str, list[Any]]) -> None:
    """Write allocations."""
    insert_columns(tx, allocation, columns)


def allocations_in_force(tx: Transaction, payment_id: str) -> list[Any]:
    """Read the allocations of a payment that nobody has undone, those of before Tieout left out."""
    query = (
        select(*map(plain, allocation.columns))
        .where(
            allocation.c.book_id == tx.book_id,
            allocation.c.payment_id == payment_id,
            allocation.c.reversed_at.is_(None),
            allocation.c.reverses.is_(None),
            allocation.c.source != "history",
        )
        .order_by(allocation.c.id)
    )
    return list(tx.connection.execute(query))


def mark_reversed(tx: Transaction, ids: Sequence[str], now_us: int) -> None:
    """Note when allocations were undone; each once."""
    for part in parts(list(ids)):
        change = (
            update(allocation)
            .where(
                allocation.c.book_id == tx.book_id,
                allocation.c.id.in_(part),
                allocation.c.reversed_at.is_(None),
            )
            .values(reversed_at=bindparam("at", type_=Int))
        )
        tx.connection.execute(change, {"at": now_us})


def count_decisions_of(tx: Transaction, payments: Sequence[str]) -> dict[str, int]:
    """Count the decisions that each payment has had."""
    found: dict[str, int] = {}
    for part in parts(sorted(set(payments))):
        query = (
            select(decision.c.payment_id, func.count())
            .where(decision.c.book_id == tx.book_id, decision.c.payment_id.in_(part))
            .group_by(decision.c.payment_id)
        )
        found.update((one, count) for one, count in tx.connection.execute(query))
    return found


def move_items(tx: Transaction, deltas: Mapping[str, int], now_us: int) -> None:
    """Add to the balances of items; raise `OverAppliedError` where one would leave 0 to its amount."""
    rows = [{"row_id": one, "delta": delta} for one, delta in sorted(deltas.items()) if delta]
    if not rows:
        return
    delta = bindparam("delta", type_=Int)
    after = invoice.c.open_minor + delta
    change = (
        update(invoice)
        .where(
            invoice.c.book_id == tx.book_id,
            invoice.c.id == bindparam("row_id"),
            after >= 0,
            after <= invoice.c.amount_minor,
        )
        .values(open_minor=after, version=invoice.c.version + 1, changed_at=bindparam("now_us", type_=Int))
    )
    done = tx.connection.execute(change, [{**row, "now_us": now_us} for row in rows])
    if done.rowcount != len(rows):
        raise OverAppliedError(
            f"{len(rows) - done.rowcount} of {len(rows)} items would be applied beyond their balance."
        )


def set_payments(tx: Transaction, columns: Mapping[str, Sequence[Any]]) -> None:
    """Set state, balance and decision of payments; the columns are those of the table."""
    names = [name for name in columns if name != "id"]
    change = (
        update(payment)
        .where(payment.c.book_id == tx.book_id, payment.c.id == bindparam("row_id"))
        .values(
            {name: bindparam(f"new_{name}", type_=_plain(name)) for name in names}
            | {"version": payment.c.version + 1}
        )
    )
    rows = [
        {"row_id": one, **{f"new_{name}": columns[name][place] for name in names}}
        for place, one in enumerate(columns["id"])
    ]
    if rows:
        tx.connection.execute(change, rows)


def _plain(name: str) -> TypeEngine[Any]:
    return Int if name == "changed_at" else payment.c[name].type


def add_habits(tx: Transaction, count: int, due_days: int, issue_days: int) -> None:
    """Add to what the book knows of how long payments take."""
    if count or due_days or issue_days:
        tx.connection.execute(
            update(book)
            .where(book.c.id == tx.book_id)
            .values(
                habit_count=book.c.habit_count + count,
                habit_due_days=book.c.habit_due_days + due_days,
                habit_issue_days=book.c.habit_issue_days + issue_days,
            )
        )


def habit_sums(tx: Transaction) -> tuple[int, int, int]:
    """Give how many allocations the habits of the book rest on, and their days after due and issue."""
    query = select(book.c.habit_count, book.c.habit_due_days, book.c.habit_issue_days).where(
        book.c.id == tx.book_id
    )
    count, due, issue = tx.connection.execute(query).one()
    return count, due, issue


def proposals_in_force(tx: Transaction, payments: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Read what the decision in force of each payment proposes: item, amounts and reasons, in order."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    columns = (
        proposal.c.invoice_id,
        proposal.c.amount_minor,
        proposal.c.write_off_minor,
        proposal.c.write_off_reason,
        proposal.c.deduction_minor,
        proposal.c.deduction_reason,
        proposal.c.payment_amount_minor,
    )
    for part in parts(sorted(set(payments))):
        query = (
            select(payment.c.id, *columns)
            .join(
                proposal,
                and_(
                    proposal.c.book_id == payment.c.book_id, proposal.c.decision_id == payment.c.decision_id
                ),
            )
            .where(payment.c.book_id == tx.book_id, payment.c.id.in_(part))
            .order_by(payment.c.id, proposal.c.line)
        )
        for one, *line in tx.connection.execute(query):
            found.setdefault(one, []).append(tuple(line))
    return found


def decisions_in_force(tx: Transaction, payments: Sequence[str]) -> dict[str, Any]:
    """Read the decision in force of each payment."""
    found: dict[str, Any] = {}
    for part in parts(sorted(set(payments))):
        query = (
            select(decision)
            .join(
                payment, and_(payment.c.book_id == decision.c.book_id, payment.c.decision_id == decision.c.id)
            )
            .where(payment.c.book_id == tx.book_id, payment.c.id.in_(part))
        )
        found.update((row.payment_id, row) for row in tx.connection.execute(query))
    return found
