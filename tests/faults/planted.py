"""Planted bugs: each is a mistake that somebody made somewhere, and that a rig must catch.

They are put into a process of a rig by replacing parts of the real code, which itself has no switch for them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from unittest import mock
from uuid import uuid4

from sqlalchemy import event

from receivables.money import to_minor
from serving import effects, posting
from serving.proposals import Proposed
from serving.store import store as store_module
from serving.store.store import Store
from tests.faults import script
from tests.faults.script import BOOK, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving.store.store import Transaction

Perform = Callable[[Store, Op, Callable[[], None]], None]
"""Do an operation, then acknowledge it."""


def honest(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """Acknowledge once the transaction is over."""
    script.perform(store, op)
    acknowledge()


def acknowledge_before_commit(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """The answer goes out while the transaction is still open."""
    script.perform(store, op, acknowledge if op.kind != "on" else lambda: None)
    if op.kind == "on":
        acknowledge()


def outbox_after_commit(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """What others are told is written once the effect is safe: or not at all."""
    _later(store, op, acknowledge, "append_events")


def audit_outside_the_transaction(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """The record of a decision is written in a transaction of its own."""
    _later(store, op, acknowledge, "append")


def _later(store: Store, op: Op, acknowledge: Callable[[], None], name: str) -> None:
    real = getattr(effects, name)
    waiting: list[tuple[Any, ...]] = []
    with mock.patch.object(effects, name, lambda _, *rest: waiting.append(rest)):
        script.perform(store, op)
    for rest in waiting:
        with store.transaction(BOOK) as tx:
            real(tx, *rest)
    acknowledge()


def new_id_per_retry(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """Each try has an id of its own, so the second cannot know of the first."""
    states = (*effects.OPEN_STATES, "applied")
    real = effects.made_id

    def made_id(kind: str, *parts: object) -> str:
        return real(kind, *parts, uuid4())

    def renaming_post(
        tx: Transaction, bookings: Sequence[posting.Booking], now: datetime
    ) -> list[posting.Posted]:
        return posting.post(tx, [_renamed(booking) for booking in bookings], now)

    with (
        mock.patch.object(effects, "OPEN_STATES", states),
        mock.patch.object(effects, "_says_the_same", return_value=False),
        mock.patch.object(effects, "made_id", made_id),
        mock.patch.object(effects, "post", renaming_post),
    ):
        script.perform(store, op)
    acknowledge()


def _renamed(booking: posting.Booking) -> posting.Booking:
    event_ = booking.event
    if isinstance(event_, posting.PutOnAccount):
        return replace(booking, event=replace(event_, decision_id=f"{event_.decision_id}-{uuid4()}"))
    return booking


def float_money(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """Amounts pass through a float and are cut to cents."""

    def careless(text: str, currency: str) -> int:
        return int(float(text) * 100) if currency == "EUR" else to_minor(text, currency)

    real = script.proposed

    def proposed(one: Op, outcome: str, minor: int) -> Proposed:
        return real(one, outcome, careless(one.applied, "EUR"))

    with mock.patch.object(script, "proposed", proposed):
        script.perform(store, op)
    acknowledge()


def swallowed_fsync_error(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """What the disk complains of is nobody's business."""
    with suppress(Exception):
        script.perform(store, op)
    acknowledge()


def time_window_dedup(store: Store, op: Op, acknowledge: Callable[[], None]) -> None:
    """What was seen is remembered for the last few operations only."""
    recent: list[str] = store.__dict__.setdefault("recent", [])
    if op.id not in recent:
        recent.append(op.id)
        del recent[:-3]
        new_id_per_retry(store, op, lambda: None)
    acknowledge()


PLANTED: dict[str, Perform] = {
    bug.__name__: bug
    for bug in (
        honest,
        acknowledge_before_commit,
        outbox_after_commit,
        audit_outside_the_transaction,
        new_id_per_retry,
        float_money,
        swallowed_fsync_error,
        time_window_dedup,
    )
}


@contextmanager
def no_lock() -> Iterator[None]:
    """Writers of a book do not wait for each other."""

    @contextmanager
    def transaction(self: Store, book_id: str) -> Iterator[Transaction]:
        with self._connection(writes=True) as connection:
            yield store_module.Transaction(connection, book_id)

    with mock.patch.object(Store, "transaction", transaction):
        yield


@contextmanager
def careless_sync(store: Store, level: str) -> Iterator[None]:
    """Let SQLite acknowledge before the disk has it: `NORMAL` or `OFF` instead of `FULL`."""

    def loosen(raw: sqlite3.Connection, _: object) -> None:
        raw.execute(f"PRAGMA synchronous={level}").close()

    event.listen(store.engine, "connect", loosen)
    try:
        yield
    finally:
        event.remove(store.engine, "connect", loosen)


__all__ = ["PLANTED", "Perform", "careless_sync", "honest", "no_lock"]
