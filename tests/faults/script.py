"""What the rigs run: a small book and a script of operations, each one transaction with an id of its own.

An operation goes through the very code that posts in production (`serving.effects.record`). What it must
leave behind is known from the script alone, in integers, so a check needs no second opinion.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import event, insert, select

from receivables.money import to_minor, to_text
from serving import posting
from serving.audit.chain import records
from serving.audit.entries import check_journal
from serving.audit.record import parsed
from serving.audit.verify import FindingKind, verify_chain
from serving.effects import record
from serving.proposals import Line, Proposed
from serving.store import schema
from serving.store.invariants import violations
from serving.store.migrations import migrate
from serving.store.store import Store, Transaction

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = date(2026, 3, 31)
BOOK = "rig"
SMALL_CACHE = "TIEOUT_RIG_CHECKPOINT"
"""Pages after which the write-ahead log of a rig goes into the database: few, so that both files play."""


@dataclass(frozen=True)
class Op:
    """One operation: what is done with a payment of so much."""

    id: str
    kind: str
    payment: str = ""
    invoice: str = ""
    amount: str = "0.00"
    applied: str = "0.00"

    @property
    def applied_minor(self) -> int:
        return to_minor(self.applied, "EUR")


AMOUNTS = ("0.29", "1.15", "4.35", "8.20", "16.08", "19.99", "33.33", "64.10", "2.01", "10.10")


def script(payments: int) -> list[Op]:
    """Lay out operations on so many payments: apply, overpay, review, decide again, lock, hold, release."""
    ops: list[Op] = []
    for number in range(payments):
        amount = AMOUNTS[number % len(AMOUNTS)]
        part = amount if number % 3 else to_text(to_minor(amount, "EUR") * 2 // 3, "EUR")
        one = Op(f"apply-{number}", "apply", f"P-{number}", f"I-{number % 4}", amount, part)
        if number % 4 == 1:
            ops.append(Op(f"review-{number}", "review", one.payment, one.invoice, amount, amount))
        if number % 6 == 4:
            ops += [Op(f"off-{number}", "off"), one, Op(f"on-{number}", "on")]
        else:
            ops.append(one)
        if number == 5:
            ops.append(Op("lock", "lock"))
    return ops


def make_base(url: str, ops: list[Op]) -> None:
    """Make a store with the items and payments of a script, nothing decided."""
    store = Store(url)
    migrate(store)
    store.create_book(BOOK, BOOK, NOW)
    same = {"book_id": BOOK, "known_at": NOW, "row_hash": "0", "changed_at": NOW}
    with store.transaction(BOOK) as tx:
        run = tx.connection.execute
        run(insert(schema.customer).values(book_id=BOOK, id="C-1", known_at=NOW, row_hash="0"))
        for invoice in sorted({op.invoice for op in ops if op.invoice}):
            run(
                insert(schema.invoice).values(
                    id=invoice, customer_id="C-1", currency="EUR", amount_minor=10_000_00, issue_date=DAY,
                    due_date=DAY, type="invoice", invoice_number=invoice, status="open",
                    opening_minor=10_000_00, open_minor=10_000_00, **same,
                )
            )  # fmt: skip
        for payment, amount in sorted({(op.payment, op.amount) for op in ops if op.payment}):
            minor = to_minor(amount, "EUR")
            run(
                insert(schema.payment).values(
                    id=payment, booking_date=DAY, currency="EUR", amount_minor=minor, opening_minor=minor,
                    unapplied_minor=minor, state="new", **same,
                )
            )  # fmt: skip
    store.close()


def perform(store: Store, op: Op, after: Callable[[], None] = lambda: None) -> None:
    """Do one operation in one transaction; `after` runs at its end, still inside."""
    if op.kind == "on":
        _switch_on(store)
        return
    with store.transaction(BOOK) as tx:
        match op.kind:
            case "apply":
                record(tx, [proposed(op, "auto", op.applied_minor)], NOW)
            case "review":
                record(tx, [proposed(op, "review", op.applied_minor)], NOW)
            case "off":
                _once(tx, op, lambda: posting.switch_off(tx, "rig", NOW))
            case "lock":
                _once(tx, op, lambda: posting.lock_period(tx, "2026-03", "rig", NOW))
        after()


def _switch_on(store: Store) -> None:
    """Book what waits, a few at a time, each in its own transaction, then start again."""
    is_on = False
    while not is_on:
        with store.transaction(BOOK) as tx:
            state = select(schema.book.c.posting_on).where(schema.book.c.id == BOOK)
            is_on = bool(tx.connection.execute(state).scalar())
            if not is_on and not posting.book_held(tx, NOW, limit=2):
                is_on = posting.switch_on(tx, "rig", NOW)


def _once(tx: Transaction, op: Op, act: Callable[[], None]) -> None:
    """Say an operation without a business key of its own once: the inbox remembers its id for ever."""
    taken = tx.upsert(schema.inbox).values(book_id=BOOK, source="rig", event_id=op.id, received_at=NOW)
    if tx.connection.execute(taken.on_conflict_do_nothing().returning(schema.inbox.c.event_id)).first():
        act()


def proposed(op: Op, outcome: str, minor: int) -> Proposed:
    """What matching would have said of the payment."""
    line = Line(op.invoice, "EUR", minor, 0, None, 0, None, minor, None, None, 0.999)
    left = to_minor(op.amount, "EUR") - minor
    said = ("receipt", outcome, 0.999, "C-1", minor, left, "EUR", None, "reference_exact", "m", "p")
    return Proposed(op.payment, *said, (line,))


# ---------------------------------------------------------------------------------------------- checking


def check(url: str, ops: list[Op], acknowledged: set[str]) -> list[str]:
    """Say everything that is wrong with a store on which some operations were acknowledged."""
    with opened(url) as store, store.reading(BOOK) as tx:
        return [*_wrong_inside(tx), *_lost(tx, ops, acknowledged), *_doubled(tx, ops)]


def _wrong_inside(tx: Transaction) -> Iterator[str]:
    yield from (f"{one.invariant}: {one.subject} {one.said}" for one in violations(tx))
    result = verify_chain(BOOK, records(tx), [], None)
    check_journal(tx, result)
    wrong = [finding for finding in result.findings if finding.kind is not FindingKind.NO_CHECKPOINT]
    yield from (f"audit: {finding.message}" for finding in wrong)
    told = Counter(
        decision["id"]
        for one in records(tx)
        if one.kind == "decisions.made"
        for decision in parsed(one.payload)["body"]["decisions"]
    )
    made = Counter(tx.connection.execute(select(schema.decision.c.id)).scalars())
    if told != made:
        yield f"audit: {len(told)} decisions in the chain, {len(made)} in the store"


def _lost(tx: Transaction, ops: list[Op], acknowledged: set[str]) -> Iterator[str]:
    """What was acknowledged is there, with the amount that the script says."""
    applied, there = _applied(tx), _committed(tx, ops)
    for op in ops:
        if op.kind == "apply" and applied.get(op.payment, op.applied_minor) != op.applied_minor:
            yield f"{op.id} applied {applied[op.payment]} instead of {op.applied_minor}"
        if op.kind != "on" and op.id in acknowledged - there:
            yield f"{op.id} was acknowledged and is lost"


def _applied(tx: Transaction) -> dict[str, int]:
    wanted = (schema.allocation.c.payment_id, schema.allocation.c.amount_minor)
    return {row[0]: row[1] for row in tx.connection.execute(select(*wanted))}


def _committed(tx: Transaction, ops: list[Op]) -> set[str]:
    applied = _applied(tx)
    decided = set(tx.connection.execute(select(schema.decision.c.payment_id)).scalars())
    seen = set(tx.connection.execute(select(schema.inbox.c.event_id)).scalars())
    marks = {"apply": applied, "review": decided}
    return {op.id for op in ops if (op.payment if op.kind in marks else op.id) in marks.get(op.kind, seen)}


def committed(url: str, ops: list[Op]) -> set[str]:
    """Name the operations whose effect is in the store; starting again leaves none of its own."""
    with opened(url) as store, store.reading(BOOK) as tx:
        return _committed(tx, ops)


def _doubled(tx: Transaction, ops: list[Op]) -> Iterator[str]:
    """Each business event has one effect at most: sums alone cannot see a double posting."""
    entries = select(schema.journal_entry.c.kind, schema.journal_entry.c.payment_id)
    effects = Counter((row[0], row[1]) for row in tx.connection.execute(entries))
    yield from (f"{key} has {count} effects" for key, count in effects.items() if count > 1)
    allocations = Counter(tx.connection.execute(select(schema.allocation.c.payment_id)).scalars())
    yield from (
        f"{payment} was allocated {count} times" for payment, count in allocations.items() if count > 1
    )


def digest(url: str) -> str:
    """Hash every row of every table, in the order of their keys."""
    said = hashlib.sha256()
    with opened(url) as store, store.reading(BOOK) as tx:
        for table in schema.metadata.sorted_tables:
            rows = tx.connection.execute(select(table).order_by(*table.primary_key.columns))
            said.update("\n".join([table.name, *map(str, rows)]).encode())
    return said.hexdigest()


def copy_base(base: Path, target: Path) -> str:
    """Copy the prepared database of a rig; give its address."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base.read_bytes())
    return f"sqlite:///{target}"


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """Open a store and let go of it, with as small a write-ahead log as the rig asks for."""
    store = Store(url)
    pages = os.environ.get(SMALL_CACHE)
    if pages and store.engine.dialect.name == "sqlite":
        event.listen(
            store.engine,
            "connect",
            lambda raw, _: raw.execute(f"PRAGMA wal_autocheckpoint={int(pages)}").close(),
        )
    try:
        yield store
    finally:
        store.close()


__all__ = [
    "BOOK",
    "NOW",
    "Op",
    "check",
    "committed",
    "copy_base",
    "digest",
    "make_base",
    "opened",
    "perform",
    "script",
]
