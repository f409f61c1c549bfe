"""The rows of the journal: entries, their lines, what is held back, and locked periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, func, insert, select, update

from serving.store.bulk import insert_columns
from serving.store.columns import microseconds
from serving.store.schema import book, held_posting, journal_entry, period, posting
from serving.store.store import Transaction

__all__ = [
    "EntryRow", "HeldRow", "LineRow", "accounts_in_use", "balances", "cash_on_account", "entries_of_keys",
    "find_entry", "held_bodies", "hold_entries", "insert_entries", "is_posting_on", "locked_periods",
    "next_held", "read_entries", "release", "set_period_lock", "set_posting_on",
]  # fmt: skip

_AT_ONCE = 500
_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of an entry as it is stored."""

    account: str
    currency: str
    amount_minor: int
    payment_id: str | None
    invoice_id: str | None
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry as it is stored."""

    id: str
    event_key: str
    kind: str
    booked_on: date
    backfilled: bool
    description: str
    reverses: str | None
    decision_id: str | None
    payment_id: str | None
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One entry that waits because posting is switched off."""

    seq: int
    event_key: str
    entry_id: str
    payment_id: str | None
    body: str


def insert_entries(tx: Transaction, entries: Sequence[EntryRow], now: datetime) -> None:
    """Write entries with their lines."""
    if not entries:
        return
    first = _next(tx, journal_entry)
    days = [(entry.booked_on - _FIRST_DAY).days for entry in entries]
    heads: dict[str, list[Any]] = {
        "seq": [first + place for place in range(len(entries))],
        "booked_on": days,
        "period": [f"{entry.booked_on:%Y-%m}" for entry in entries],
        "backfilled": [int(entry.backfilled) for entry in entries],
        "created_at": [microseconds(now)] * len(entries),
    }
    for name in ("id", "event_key", "kind", "reverses", "decision_id", "payment_id", "description"):
        heads[name] = [getattr(entry, name) for entry in entries]
    numbered = [(entry.id, number, line) for entry in entries for number, line in enumerate(entry.lines, 1)]
    lines: dict[str, list[Any]] = {
        "entry_id": [entry_id for entry_id, _, _ in numbered],
        "line": [number for _, number, _ in numbered],
    }
    for name in ("account", "currency", "amount_minor", "payment_id", "invoice_id", "customer_id"):
        lines[name] = [getattr(line, name) for _, _, line in numbered]
    insert_columns(tx, journal_entry, heads)
    insert_columns(tx, posting, lines)
    tx.memory[journal_entry.name] = first + len(entries)


def entries_of_keys(tx: Transaction, keys: Sequence[str]) -> dict[str, str]:
    """Find which event keys are booked or held, and under which entry."""
    found: dict[str, str] = {}
    for source, entry in ((journal_entry, journal_entry.c.id), (held_posting, held_posting.c.entry_id)):
        for part in _parts(keys):
            query = select(source.c.event_key, entry).where(
                source.c.book_id == tx.book_id, source.c.event_key.in_(part)
            )
            found.update((key, entry_id) for key, entry_id in tx.connection.execute(query))
    return found


def find_entry(tx: Transaction, entry_id: str) -> EntryRow | None:
    """Read one entry that is booked."""
    query = select(journal_entry).where(_mine(tx, journal_entry), journal_entry.c.id == entry_id)
    return next(_with_lines(tx, tx.connection.execute(query).all()), None)


def read_entries(tx: Transaction) -> Iterator[EntryRow]:
    """Read the whole journal in the order of booking, a page at a time."""
    after = 0
    while True:
        page = (
            select(journal_entry)
            .where(_mine(tx, journal_entry), journal_entry.c.seq > after)
            .order_by(journal_entry.c.seq)
            .limit(_AT_ONCE)
        )
        rows = tx.connection.execute(page).all()
        yield from _with_lines(tx, rows)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].seq


def balances(tx: Transaction) -> dict[tuple[str, str], int]:
    """Sum the lines by account and currency."""
    summed = (
        select(posting.c.account, posting.c.currency, func.sum(posting.c.amount_minor).label("total"))
        .where(_mine(tx, posting))
        .group_by(posting.c.account, posting.c.currency)
    )
    return {(row.account, row.currency): int(row.total) for row in tx.connection.execute(summed)}


def accounts_in_use(tx: Transaction) -> tuple[set[str], date | None]:
    """List the accounts that have lines, and the first day of the journal."""
    named = select(posting.c.account).where(_mine(tx, posting)).distinct()
    first = select(func.min(journal_entry.c.booked_on)).where(_mine(tx, journal_entry))
    return set(tx.connection.execute(named).scalars()), tx.connection.execute(first).scalar_one()


def cash_on_account(tx: Transaction, payment_ids: Iterable[str], account: str) -> dict[str, int]:
    """Sum the lines of `account` by payment, for the payments given."""
    totals: dict[str, int] = {}
    for part in _parts(sorted(set(payment_ids))):
        summed = (
            select(posting.c.payment_id, func.sum(posting.c.amount_minor).label("total"))
            .where(_mine(tx, posting), posting.c.account == account, posting.c.payment_id.in_(part))
            .group_by(posting.c.payment_id)
        )
        totals.update((row.payment_id, int(row.total)) for row in tx.connection.execute(summed))
    return totals


# --------------------------------------------------------------------------- the switch and what it holds


def is_posting_on(tx: Transaction) -> bool:
    """Say whether the book's journal takes entries now."""
    return bool(tx.connection.execute(select(book.c.posting_on).where(book.c.id == tx.book_id)).scalar_one())


def set_posting_on(tx: Transaction, on: bool) -> None:  # noqa: FBT001 - it is the switch
    """Turn the switch."""
    tx.connection.execute(update(book).where(book.c.id == tx.book_id).values(posting_on=int(on)))


def hold_entries(tx: Transaction, rows: Sequence[HeldRow], now: datetime) -> None:
    """Keep entries for later, in order; `seq` of the rows given is not read."""
    first = _next(tx, held_posting)
    values = [
        {
            "book_id": tx.book_id,
            "seq": first + place,
            "event_key": row.event_key,
            "entry_id": row.entry_id,
            "payment_id": row.payment_id,
            "body": row.body,
            "held_at": now,
            "released_at": None,
        }
        for place, row in enumerate(rows)
    ]
    tx.connection.execute(insert(held_posting), values)
    tx.memory[held_posting.name] = first + len(rows)


def next_held(tx: Transaction, limit: int) -> list[HeldRow]:
    """Read what has waited longest."""
    query = (
        select(held_posting)
        .where(_mine(tx, held_posting), held_posting.c.released_at.is_(None))
        .order_by(held_posting.c.seq)
        .limit(limit)
    )
    return [_held(row) for row in tx.connection.execute(query)]


def held_bodies(
    tx: Transaction, payment_ids: Iterable[str] = (), entry_ids: Iterable[str] = ()
) -> list[HeldRow]:
    """Read what waits for the payments or entries given."""
    found = []
    for column, ids in ((held_posting.c.payment_id, payment_ids), (held_posting.c.entry_id, entry_ids)):
        for part in _parts(sorted(set(ids))):
            query = select(held_posting).where(
                _mine(tx, held_posting), held_posting.c.released_at.is_(None), column.in_(part)
            )
            found += [_held(row) for row in tx.connection.execute(query.order_by(held_posting.c.seq))]
    return found


def release(tx: Transaction, seqs: Sequence[int], now: datetime) -> None:
    """Mark what no longer waits."""
    for part in _parts(seqs):
        done = update(held_posting).where(_mine(tx, held_posting), held_posting.c.seq.in_(part))
        tx.connection.execute(done.values(released_at=now))


# --------------------------------------------------------------------------- periods


def locked_periods(tx: Transaction) -> set[str]:
    """List the months that take no more entries, as `2026-03`."""
    query = select(period.c.period).where(_mine(tx, period), period.c.locked_at.is_not(None))
    return set(tx.connection.execute(query).scalars())


def set_period_lock(tx: Transaction, month: str, locked_at: datetime | None, by: str) -> None:
    """Lock a month, or open it again."""
    insertion = tx.upsert(period).values(book_id=tx.book_id, period=month, locked_at=locked_at, locked_by=by)
    tx.connection.execute(
        insertion.on_conflict_do_update(
            index_elements=["book_id", "period"], set_={"locked_at": locked_at, "locked_by": by}
        )
    )


# --------------------------------------------------------------------------- within


def _mine(tx: Transaction, table: Table) -> ColumnElement[bool]:
    return table.c.book_id == tx.book_id


def _next(tx: Transaction, table: Table) -> int:
    known: int | None = tx.memory.get(table.name)
    if known is not None:
        return known
    last = select(func.max(table.c.seq)).where(_mine(tx, table))
    return (tx.connection.execute(last).scalar_one() or 0) + 1


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _held(row: Row[Any]) -> HeldRow:
    return HeldRow(row.seq, row.event_key, row.entry_id, row.payment_id, row.body)


def _with_lines(tx: Transaction, rows: Sequence[Row[Any]]) -> Iterator[EntryRow]:
    ids = [row.id for row in rows]
    query = select(posting).where(_mine(tx, posting), posting.c.entry_id.in_(ids))
    lines: dict[str, list[LineRow]] = {entry_id: [] for entry_id in ids}
    for line in tx.connection.execute(query.order_by(posting.c.entry_id, posting.c.line)):
        lines[line.entry_id].append(
            LineRow(
                line.account,
                line.currency,
                line.amount_minor,
                line.payment_id,
                line.invoice_id,
                line.customer_id,
            )
        )
    for row in rows:
        yield EntryRow(
            row.id,
            row.event_key,
            row.kind,
            row.booked_on,
            bool(row.backfilled),
            row.description,
            row.reverses,
            row.decision_id,
            row.payment_id,
            tuple(lines[row.id]),
        )
