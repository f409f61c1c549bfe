"""The one door to the journal: one effect per business event, in the transaction of whoever decided.

Give `post` what happened; it knows how that is booked, on which day, and whether it was booked before. An
event has a permanent key, so saying it twice books it once. A month that is locked takes nothing more: the
entry moves to the first open day and is marked `backfilled`. While the book's posting switch is off, entries
wait in order; matching goes on, and turning the switch on books them.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from receivables.accounts import CASH_NOT_ON_ITEMS, Account
from receivables.errors import TieoutError
from receivables.journal import (
    Applied,
    CashMoved,
    EntryKind,
    Event,
    Fee,
    Foreign,
    Item,
    JournalEntry,
    Line,
    Offset,
    Payment,
    PutOnAccount,
    Reversed,
    SettledElsewhere,
    WithholdingProven,
    entry_of,
)
from serving.audit.chain import append
from serving.audit.entries import entry_digest
from serving.store import ledger_rows
from serving.store.ledger_rows import EntryRow, HeldRow, LineRow
from serving.store.store import Transaction

__all__ = [
    "Applied", "Booking", "CashMoved", "EventConflictError", "Fee", "Foreign", "Item", "Offset", "Payment",
    "Posted", "PostedState", "PutOnAccount", "SettledElsewhere", "UnknownEntryError", "WithholdingProven",
    "book_held", "entry_id", "lock_period", "open_period", "post", "reverse", "switch_off", "switch_on",
]  # fmt: skip

AT_ONCE: Final = 500
"""Held entries booked in one transaction."""
_LOCKED: Final = "locked_periods"


class EventConflictError(TieoutError):
    """This business event was booked before, with other amounts."""

    code = "event_conflict"
    mend = "Reverse the entry and book the event under a new id; an id stands for one event for ever."


class UnknownEntryError(TieoutError):
    """There is no such entry."""

    code = "unknown_entry"
    mend = "Use the id of an entry of this book's journal."


class BadPeriodError(TieoutError, ValueError):
    """This is not a month."""

    code = "bad_period"
    mend = "Write the month as 2026-03."


class PostedState(StrEnum):
    """What became of an event."""

    POSTED = "posted"
    ALREADY = "already"
    HELD = "posting_held"


@dataclass(frozen=True, slots=True)
class Booking:
    """An event, the day it belongs to, and the decision behind it."""

    event: Event
    day: date
    decision_id: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """Where an event stands in the journal."""

    event_key: str
    entry_id: str
    state: PostedState
    booked_on: date | None = None
    backfilled: bool = False


def entry_id(book_id: str, event_key: str) -> str:
    """Give the id of the entry of an event: known before it is booked, and the same on every retry."""
    name = f"{book_id}\x00{event_key}"
    return f"je_{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def post(tx: Transaction, bookings: Sequence[Booking], now: datetime) -> list[Posted]:
    """Book what happened, once: the answer has one row an event, in order.

    Raises `EventConflictError` when an event was booked with other amounts, `JournalError` when it cannot be
    booked; the transaction is then to be given up.
    """
    known = ledger_rows.entries_of_keys(tx, [booking.event.key for booking in bookings])
    cash = _OnAccount(tx, bookings)
    fresh: dict[str, tuple[Booking, JournalEntry]] = {}
    answers: dict[str, Posted] = {}
    for booking in bookings:
        key = booking.event.key
        if key in known:
            _refuse_other_amounts(tx, known[key], entry_of(booking.event))
            answers[key] = Posted(key, known[key], PostedState.ALREADY)
            if isinstance(booking.event, CashMoved) and (undone := _undone_by(tx, known[key])):
                # a payment was dismissed and is receivables' money after all: its cash comes back
                again = Reversed(undone, _stored(tx, undone), "money of receivables after all")
                fresh[again.key] = replace(booking, event=again), entry_of(again)
        elif key in fresh:
            _refuse_difference(fresh[key][1], entry_of(booking.event))
        else:
            fresh[key] = booking, entry_of(cash.taken_for(booking.event))
            cash.note(fresh[key][1])
    if fresh:
        write = _book if ledger_rows.is_posting_on(tx) else _hold
        answers |= write(tx, list(fresh.values()), now)
    return [answers[booking.event.key] for booking in bookings]


def reverse(tx: Transaction, of: str, day: date, now: datetime, reason: str = "correction") -> Posted:
    """Undo an entry by its mirror image, once; an entry that is still held is undone behind it.

    Where an undoing was itself undone, the entry stands, and undoing it again is a new reversal.
    """
    original = _stored_row(tx, of)
    if undone := _undone_by(tx, of):
        return Posted(f"reverse:{of}", undone, PostedState.ALREADY)
    last = _last_of(tx, of)[0]
    event = Reversed(last, _stored(tx, last), reason)
    return post(tx, [Booking(event, day, original.decision_id)], now)[0]


def _last_of(tx: Transaction, of: str) -> tuple[str, int]:
    """Follow an entry, its reversal, the reversal of that, and so on; give the last and their number."""
    count = 0
    while ledger_rows.entries_of_keys(tx, [f"reverse:{of}"]):
        of, count = entry_id(tx.book_id, f"reverse:{of}"), count + 1
    return of, count


def _undone_by(tx: Transaction, of: str) -> str | None:
    """Give the reversal in force of an entry; None where the entry stands."""
    last, count = _last_of(tx, of)
    return last if count % 2 else None


def _stored_row(tx: Transaction, of: str) -> EntryRow:
    """Read an entry, booked or held."""
    row = ledger_rows.find_entry(tx, of)
    if row is not None:
        return row
    held = ledger_rows.held_bodies(tx, entry_ids=[of])
    if not held:
        raise UnknownEntryError(f"The book {tx.book_id!r} has no entry {of[:80]!r}.")
    return _from_body(held[0].body)[0]


def _stored(tx: Transaction, of: str) -> JournalEntry:
    return _entry(_stored_row(tx, of))


# --------------------------------------------------------------------------- switch and periods


def switch_off(tx: Transaction, by: str, now: datetime) -> None:
    """Stop posting; matching goes on and its entries wait."""
    ledger_rows.set_posting_on(tx, on=False)
    append(tx, "posting.off", {"by": by}, now)


def book_held(tx: Transaction, now: datetime, limit: int = AT_ONCE) -> int:
    """Book what has waited longest, in order; say how many entries that were."""
    rows = ledger_rows.next_held(tx, limit)
    pairs = [_from_body(row.body) for row in rows]
    _write(tx, [_placed(tx, entry, day) for entry, day in pairs], now)
    ledger_rows.release(tx, [row.seq for row in rows], now)
    return len(rows)


def switch_on(tx: Transaction, by: str, now: datetime) -> bool:
    """Start posting again, if nothing waits any more: call `book_held` until it says 0 first."""
    if ledger_rows.next_held(tx, 1):
        return False
    ledger_rows.set_posting_on(tx, on=True)
    append(tx, "posting.on", {"by": by}, now)
    return True


def lock_period(tx: Transaction, month: str, by: str, now: datetime) -> None:
    """Close a month: it takes no more entries."""
    ledger_rows.set_period_lock(tx, _month(month), now, by)
    tx.memory.pop(_LOCKED, None)
    append(tx, "period.locked", {"period": month, "by": by}, now)


def open_period(tx: Transaction, month: str, by: str, now: datetime) -> None:
    """Open a month again."""
    ledger_rows.set_period_lock(tx, _month(month), None, by)
    tx.memory.pop(_LOCKED, None)
    append(tx, "period.opened", {"period": month, "by": by}, now)


def _month(text: str) -> str:
    try:
        return f"{datetime.strptime(text, '%Y-%m').replace(tzinfo=None):%Y-%m}"  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise BadPeriodError(f"{text[:20]!r} is not a month.") from None


def _first_open_day(day: date, locked: set[str]) -> date:
    """Give the day itself, or the first day of the next month that is open."""
    while f"{day:%Y-%m}" in locked:
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day


# --------------------------------------------------------------------------- writing


def _book(tx: Transaction, pairs: Sequence[tuple[Booking, JournalEntry]], now: datetime) -> dict[str, Posted]:
    rows = [_placed(tx, _row(tx, booking, entry), booking.day) for booking, entry in pairs]
    _write(tx, rows, now)
    return {
        row.event_key: Posted(row.event_key, row.id, PostedState.POSTED, row.booked_on, row.backfilled)
        for row in rows
    }


def _hold(tx: Transaction, pairs: Sequence[tuple[Booking, JournalEntry]], now: datetime) -> dict[str, Posted]:
    rows = [_row(tx, booking, entry) for booking, entry in pairs]
    held = [HeldRow(0, row.event_key, row.id, row.payment_id, _body(row)) for row in rows]
    ledger_rows.hold_entries(tx, held, now)
    append(tx, "journal.held", {"entries": [{"id": row.id, "key": row.event_key} for row in rows]}, now)
    return {row.event_key: Posted(row.event_key, row.id, PostedState.HELD) for row in rows}


def _write(tx: Transaction, rows: Sequence[EntryRow], now: datetime) -> None:
    if not rows:
        return
    ledger_rows.insert_entries(tx, rows, now)
    said = [{"id": row.id, "key": row.event_key, "sha256": entry_digest(row)} for row in rows]
    append(tx, "journal.posted", {"entries": said}, now)


def _placed(tx: Transaction, row: EntryRow, day: date) -> EntryRow:
    """Put an entry on its day, or on the first open day after it."""
    if _LOCKED not in tx.memory:
        tx.memory[_LOCKED] = ledger_rows.locked_periods(tx)
    booked_on = _first_open_day(day, tx.memory[_LOCKED])
    return replace(row, booked_on=booked_on, backfilled=booked_on != day)


def _row(tx: Transaction, booking: Booking, entry: JournalEntry) -> EntryRow:
    return EntryRow(
        id=entry_id(tx.book_id, entry.event_key),
        event_key=entry.event_key,
        kind=entry.kind,
        booked_on=booking.day,
        backfilled=False,
        description=entry.description,
        reverses=entry.reverses,
        decision_id=booking.decision_id,
        payment_id=next((line.payment_id for line in entry.lines if line.payment_id), None),
        lines=tuple(
            LineRow(
                line.account,
                line.currency,
                line.amount_minor,
                line.payment_id,
                line.invoice_id,
                line.customer_id,
            )
            for line in entry.lines
        ),
    )


def _entry(row: EntryRow) -> JournalEntry:
    lines = tuple(Line(Account(line.account), *_rest(line)) for line in row.lines)
    return JournalEntry(row.event_key, EntryKind(row.kind), row.description, lines, row.reverses)


def _rest(line: LineRow) -> tuple[str, int, str | None, str | None, str | None]:
    return line.currency, line.amount_minor, line.payment_id, line.invoice_id, line.customer_id


def _body(row: EntryRow) -> str:
    return json.dumps({**asdict(row), "booked_on": row.booked_on.isoformat()}, ensure_ascii=False)


def _from_body(body: str) -> tuple[EntryRow, date]:
    raw = json.loads(body)
    day = date.fromisoformat(raw["booked_on"])
    lines = tuple(LineRow(**line) for line in raw["lines"])
    return EntryRow(**{**raw, "booked_on": day, "lines": lines}), day


# --------------------------------------------------------------------------- what was booked before


class _OnAccount:
    """How much of each payment is on account now, as the events of one call go by."""

    def __init__(self, tx: Transaction, bookings: Sequence[Booking]) -> None:
        ids = {name for booking in bookings for name in _may_take_from(booking.event)}
        self._left: defaultdict[str, int] = defaultdict(int)
        self._left.update(ledger_rows.cash_on_account(tx, ids, Account.ON_ACCOUNT))
        for held in ledger_rows.held_bodies(tx, payment_ids=ids):
            self.note(_entry(_from_body(held.body)[0]))

    def taken_for(self, event: Event) -> Event:
        """Say in the event how much of its cash comes from on account: as much as is there."""
        match event:
            case Applied():
                cash = event.foreign.payment_minor if event.foreign else event.amount_minor
                return replace(event, on_account_minor=self._available(event.payment.payment_id, cash))
            case Offset():
                available = self._available(event.related_payment_id, event.amount_minor)
                return replace(event, on_account_minor=available)
            case _:
                return event

    def note(self, entry: JournalEntry) -> None:
        """Follow what an entry does to the cash on account."""
        for line in entry.lines:
            if line.account is Account.ON_ACCOUNT and line.payment_id:
                self._left[line.payment_id] += line.amount_minor

    def _available(self, payment_id: str, cash: int) -> int:
        left = -self._left[payment_id]
        return min(left, cash) if left > 0 and cash > 0 else max(left, cash) if left < 0 and cash < 0 else 0


def _may_take_from(event: Event) -> tuple[str, ...]:
    match event:
        case Applied():
            return (event.payment.payment_id,)
        case Offset():
            return (event.related_payment_id,)
        case _:
            return ()


def _refuse_other_amounts(tx: Transaction, of: str, again: JournalEntry) -> None:
    _refuse_difference(_stored(tx, of), again)


def _refuse_difference(before: JournalEntry, again: JournalEntry) -> None:
    """Compare what two entries move; which part of a payment was on account may differ on a retry."""
    if _moved(before) != _moved(again):
        raise EventConflictError(f"The event {before.event_key!r} was booked before, with other amounts.")


def _moved(entry: JournalEntry) -> dict[tuple[str, ...], int]:
    totals: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for line in entry.lines:
        account = Account.UNAPPLIED if line.account in CASH_NOT_ON_ITEMS else line.account
        totals[account, line.currency, line.payment_id or "", line.invoice_id or ""] += line.amount_minor
    return {key: total for key, total in totals.items() if total}
