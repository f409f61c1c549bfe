"""What is always true of a book in the store: each invariant is one question whose answer must be empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from receivables.accounts import CASH_NOT_ON_ITEMS, RECEIVABLES
from serving.store.columns import Int
from serving.store.schema import (
    allocation,
    audit,
    decision,
    held_posting,
    invoice,
    journal_entry,
    outbox,
    payment,
    posting,
)
from serving.store.schema import case as review_case
from serving.store.store import Transaction

MOST: Final = 20
"""Violations of one invariant that are listed."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    invariant: str
    subject: str
    said: str


def violations(tx: Transaction) -> list[Violation]:
    """Ask every invariant of a book."""
    found: list[Violation] = []
    for ask in INVARIANTS:
        for place, (subject, said) in enumerate(ask(tx)):
            if place == MOST:
                break
            found.append(Violation(ask.__name__, str(subject), said))
    return found


def _rows(tx: Transaction, query: Select[Any]) -> Iterator[tuple[Any, str]]:
    for subject, *facts in tx.connection.execute(query.limit(MOST + 1)):
        yield subject, ", ".join(str(fact) for fact in facts)


def _sum_by(
    tx: Transaction, table: Table, by: str, amount: ColumnElement[Any], *conditions: ColumnElement[bool]
) -> Subquery:
    return (
        select(table.c[by].label("of"), func.sum(amount).label("total"))
        .where(table.c.book_id == tx.book_id, *conditions)
        .group_by(table.c[by])
        .subquery()
    )


_SIDE: Final = case((invoice.c.type == "credit_memo", -1), else_=1)


def every_entry_balances(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """Each entry sums to zero in each of its currencies, and has lines."""
    total = func.sum(posting.c.amount_minor)
    mine = posting.c.book_id == tx.book_id
    grouped = select(posting.c.entry_id, posting.c.currency, total).where(mine)
    yield from _rows(tx, grouped.group_by(posting.c.entry_id, posting.c.currency).having(total != 0))
    lines = exists().where(
        posting.c.book_id == journal_entry.c.book_id, posting.c.entry_id == journal_entry.c.id
    )
    bare = select(journal_entry.c.id, literal("no lines")).where(
        journal_entry.c.book_id == tx.book_id, ~lines
    )
    yield from _rows(tx, bare)


def item_balance_is_opening_less_postings(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """What is open of an item is what it came with and every line on its receivable since."""
    if _something_is_held(tx):
        return
    lines = _sum_by(tx, posting, "invoice_id", posting.c.amount_minor, posting.c.account.in_(RECEIVABLES))
    booked = invoice.c.opening_minor + _SIDE * func.coalesce(lines.c.total, 0)
    query = (
        select(invoice.c.id, invoice.c.open_minor, booked)
        .outerjoin(lines, lines.c.of == invoice.c.id)
        .where(invoice.c.book_id == tx.book_id, invoice.c.open_minor != booked)
    )
    yield from _rows(tx, query)


def payment_balance_is_opening_less_postings(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """What a payment still has is its unapplied cash, what is on account, and what was never booked."""
    if _something_is_held(tx):
        return
    lines = _sum_by(
        tx, posting, "payment_id", posting.c.amount_minor, posting.c.account.in_(CASH_NOT_ON_ITEMS)
    )
    booked = payment.c.opening_minor - func.coalesce(lines.c.total, 0)
    query = (
        select(payment.c.id, payment.c.unapplied_minor, booked)
        .outerjoin(lines, lines.c.of == payment.c.id)
        .where(payment.c.book_id == tx.book_id, payment.c.unapplied_minor != booked)
    )
    yield from _rows(tx, query)


def item_postings_are_its_allocations(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """The lines on an item's receivable are its allocations and what was settled elsewhere."""
    if _something_is_held(tx):
        return
    elsewhere = and_(
        posting.c.account.in_(RECEIVABLES),
        ~exists().where(
            journal_entry.c.book_id == posting.c.book_id,
            journal_entry.c.id == posting.c.entry_id,
            journal_entry.c.kind == "settled_elsewhere",
        ),
    )
    lines = _sum_by(tx, posting, "invoice_id", posting.c.amount_minor, elsewhere)
    ours = allocation.c.source != "history"
    cash = _sum_by(tx, allocation, "invoice_id", allocation.c.amount_minor, ours)
    given_up = _sum_by(tx, allocation, "invoice_id", allocation.c.write_off_minor, ours)
    applied = func.coalesce(cash.c.total, 0) + _SIDE * func.coalesce(given_up.c.total, 0)
    query = (
        select(invoice.c.id, applied, lines.c.total)
        .outerjoin(lines, lines.c.of == invoice.c.id)
        .outerjoin(cash, cash.c.of == invoice.c.id)
        .outerjoin(given_up, given_up.c.of == invoice.c.id)
        .where(invoice.c.book_id == tx.book_id, applied + func.coalesce(lines.c.total, 0) != 0)
    )
    yield from _rows(tx, query)


def nothing_is_applied_beyond_its_amount(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """No item is open below zero or above its amount, and no payment has more left than it brought."""
    open_, amount = invoice.c.open_minor, invoice.c.amount_minor
    items = select(invoice.c.id, open_, amount).where(
        invoice.c.book_id == tx.book_id, or_(open_ < 0, open_ > amount)
    )
    yield from _rows(tx, items)
    left, whole = payment.c.unapplied_minor, payment.c.amount_minor
    wrong = or_(and_(whole >= 0, or_(left < 0, left > whole)), and_(whole < 0, or_(left > 0, left < whole)))
    yield from _rows(tx, select(payment.c.id, left, whole).where(payment.c.book_id == tx.book_id, wrong))


def every_allocation_has_its_entry(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """Each allocation of ours was booked by its own entry, or waits to be: none twice, none without."""
    found = exists().where(
        journal_entry.c.book_id == allocation.c.book_id, journal_entry.c.id == allocation.c.entry_id
    )
    waits = exists().where(
        held_posting.c.book_id == allocation.c.book_id, held_posting.c.entry_id == allocation.c.entry_id
    )
    ours = and_(allocation.c.book_id == tx.book_id, allocation.c.source != "history")
    yield from _rows(tx, select(allocation.c.id, literal("no entry")).where(ours, ~found, ~waits))
    twice = select(allocation.c.entry_id, func.count()).where(ours).group_by(allocation.c.entry_id)
    yield from _rows(tx, twice.having(func.count() > 1))


def state_is_that_of_the_decision_in_force(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """A payment's state follows from its decision, and the decision is its own and the newest."""
    said = case(
        (decision.c.outcome == "auto", "applied"),
        (decision.c.outcome == "person", payment.c.state),
        else_=decision.c.outcome,
    )
    mine = and_(decision.c.book_id == payment.c.book_id, decision.c.id == payment.c.decision_id)
    query = (
        select(payment.c.id, payment.c.state, decision.c.outcome)
        .join(decision, mine)
        .where(
            payment.c.book_id == tx.book_id,
            decision.c.decided_by == "tieout",
            or_(payment.c.state != said, decision.c.payment_id != payment.c.id),
        )
    )
    yield from _rows(tx, query)
    bare = and_(payment.c.decision_id.is_(None), payment.c.state.not_in(("new", "history")))
    yield from _rows(tx, select(payment.c.id, payment.c.state).where(payment.c.book_id == tx.book_id, bare))


def who_waits_has_one_case(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """A payment in review or unmatched has one open case, any other none."""
    waiting = (
        select(review_case.c.payment_id.label("of"), func.count().label("total"))
        .where(
            review_case.c.book_id == tx.book_id,
            review_case.c.payment_id.is_not(None),
            review_case.c.source == "ambiguous",
            review_case.c.state.in_(("open", "held")),
        )
        .group_by(review_case.c.payment_id)
        .subquery()
    )
    wanted = case((payment.c.state.in_(("review", "unmatched")), 1), else_=0)
    by_machine = or_(
        payment.c.decision_id.is_(None),
        exists().where(
            decision.c.book_id == payment.c.book_id,
            decision.c.id == payment.c.decision_id,
            decision.c.decided_by == "tieout",
        ),
    )
    count = func.coalesce(waiting.c.total, 0)
    query = (
        select(payment.c.id, payment.c.state, count)
        .outerjoin(waiting, waiting.c.of == payment.c.id)
        .where(payment.c.book_id == tx.book_id, by_machine, count != wanted)
    )
    yield from _rows(tx, query)


def numbers_have_no_gaps(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """Decisions, entries, audit records and events are numbered from 1 without a gap."""
    for table in (decision, journal_entry, audit, outbox):
        query = select(func.count(), func.min(table.c.seq), func.max(table.c.seq)).where(
            table.c.book_id == tx.book_id
        )
        count, first, last = tx.connection.execute(query).one()
        if count and (first != 1 or last != count):
            yield table.name, f"{count} rows numbered {first} to {last}"


def every_decision_was_told(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """There are as many events about decisions as decisions."""
    decided = select(func.count()).where(decision.c.book_id == tx.book_id)
    told = select(func.count()).where(outbox.c.book_id == tx.book_id, outbox.c.topic == "decision.made")
    counts = tx.connection.execute(decided).scalar(), tx.connection.execute(told).scalar()
    if counts[0] != counts[1]:
        yield tx.book_id, f"{counts[0]} decisions, {counts[1]} events"


def habits_add_up(tx: Transaction) -> Iterator[tuple[Any, str]]:
    """The kept sums of how long payments take are those of the allocations in force."""
    from serving.store.effect_rows import habit_sums

    due = func.coalesce(invoice.c.due_date, invoice.c.issue_date)

    def clipped(days: ColumnElement[Any], low: int, high: int) -> ColumnElement[Any]:
        return case((days < low, low), (days > high, high), else_=days)

    def counted(column: ColumnElement[Any]) -> ColumnElement[int]:
        return type_coerce(column, Int)

    query = (
        select(
            func.count(),
            func.coalesce(func.sum(clipped(counted(payment.c.booking_date) - counted(due), -90, 180)), 0),
            func.coalesce(
                func.sum(clipped(counted(payment.c.booking_date) - counted(invoice.c.issue_date), -60, 270)),
                0,
            ),
        )
        .select_from(allocation)
        .join(
            payment, and_(payment.c.book_id == allocation.c.book_id, payment.c.id == allocation.c.payment_id)
        )
        .join(
            invoice, and_(invoice.c.book_id == allocation.c.book_id, invoice.c.id == allocation.c.invoice_id)
        )
        .where(
            allocation.c.book_id == tx.book_id,
            allocation.c.amount_minor > 0,
            allocation.c.reversed_at.is_(None),
            allocation.c.reverses.is_(None),
        )
    )
    found = tuple(int(value) for value in tx.connection.execute(query).one())
    kept = habit_sums(tx)
    if found != kept:
        yield tx.book_id, f"kept {kept}, found {found}"


def _something_is_held(tx: Transaction) -> bool:
    """While posting is off, balances move before their entries."""
    waits = select(held_posting.c.seq).where(
        held_posting.c.book_id == tx.book_id, held_posting.c.released_at.is_(None)
    )
    return tx.connection.execute(waits.limit(1)).first() is not None


INVARIANTS: Final[tuple[Callable[[Transaction], Iterator[tuple[Any, str]]], ...]] = (
    every_entry_balances,
    item_balance_is_opening_less_postings,
    payment_balance_is_opening_less_postings,
    item_postings_are_its_allocations,
    nothing_is_applied_beyond_its_amount,
    every_allocation_has_its_entry,
    state_is_that_of_the_decision_in_force,
    who_waits_has_one_case,
    numbers_have_no_gaps,
    every_decision_was_told,
    habits_add_up,
)
"""Every invariant, asked one after the other."""

__all__ = ["INVARIANTS", "Violation", "violations"]
