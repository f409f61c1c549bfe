"""What was known at an instant: which items were open with which balance, and who had paid what before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.frame import I32, I64, MISSING, STATUSES, B, Frame
from features.sorting import order_by

FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Applied:
    """Lines that earlier parts of a run have applied, ordered by payment row."""

    payment: I32
    item: I32
    amount: I64
    write_off: I64

    @classmethod
    def of(cls, payment: I32, item: I32, amount: I64, write_off: I64) -> Applied:
        """Order some lines."""
        order = order_by(payment, item)
        return cls(payment[order], item[order], amount[order], write_off[order])

    @classmethod
    def empty(cls) -> Applied:
        """No lines."""
        none, rows = np.zeros(0, np.int64), np.zeros(0, np.int32)
        return cls(rows, rows, none, none)

    def joined(self, other: Applied) -> Applied:
        """Return the lines of both."""
        names = ("payment", "item", "amount", "write_off")
        return Applied.of(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


@dataclass(frozen=True)
class Elsewhere:
    """What a part of a book does not show of the whole; all else that features look at is in the part."""

    habit_count: int  # allocations of receipts in force
    habit_due_days: int  # their days after the due day, added up as `features.habits` counts them
    habit_issue_days: int
    balance: I64  # signed balances times 512 plus the currency's code, sorted
    open_items: I64  # how many open items outside the part have that balance


@dataclass(frozen=True)
class State:
    """A book as it stood at one instant.

    ``known_until``: rows known later do not exist. ``decided_until``: allocations decided later do not exist.
    ``replay``: ignore exported balances and status, which an export sets with hindsight, and hide what was
    decided on the payments of ``batch``. Instants in microseconds.
    """

    frame: Frame
    known_until: int
    decided_until: int
    replay: bool
    batch: I32
    claimed: I64 | None = None  # applied by earlier batches of the same run, by item, signed
    applied: Applied | None = None  # the lines behind ``claimed``
    elsewhere: Elsewhere | None = None
    cold: bool = False  # balances only: who paid what before is not known

    @cached_property
    def allocation_rows(self) -> I64:
        """Allocations in force: decided, not reversed, both ends in the book."""
        frame = self.frame
        standing = (frame.allocation_reversed > self.decided_until) | (frame.allocation_reversed == FOREVER)
        live = (frame.allocation_decided <= self.decided_until) & standing
        live &= (frame.allocation_item >= 0) & (frame.allocation_payment >= 0)
        live &= frame.allocation_known <= self.known_until
        if self.replay:
            deciding = np.zeros(frame.payment_count + 1, np.bool_)
            deciding[self.batch] = True
            live &= ~deciding[frame.allocation_payment]
        return np.flatnonzero(live)

    @cached_property
    def visible(self) -> B:
        """Items that exist and may ever be candidates."""
        seen = self.frame.item_known <= self.known_until
        if not self.replay:
            status = self.frame.item_status
            seen &= (status != STATUSES.index("draft")) & (status != STATUSES.index("void"))
        return seen

    @cached_property
    def open_amount(self) -> I64:
        """Balances, signed, in the item's currency; 0 for what is settled or not visible."""
        frame = self.frame
        rows = self.allocation_rows
        settled = np.zeros(frame.item_count, np.int64)
        np.add.at(
            settled,
            frame.allocation_item[rows],
            frame.allocation_amount[rows] + frame.allocation_write_off[rows],
        )
        balance = frame.item_amount - settled
        if not self.replay:
            stated = frame.item_stated_open
            balance = np.where(stated == MISSING, balance, stated)
            balance = np.where(frame.item_status == STATUSES.index("settled"), 0, balance)
        if self.claimed is not None:
            balance = balance - self.claimed
        # an over-applied item is closed, never open in the other direction
        balance = np.where(np.sign(balance) == np.sign(frame.item_amount), balance, 0)
        return np.where(self.visible, balance, 0)

    @cached_property
    def _remembered(self) -> I64:
        return self.allocation_rows[:0] if self.cold else self.allocation_rows

    @cached_property
    def history_payment(self) -> I32:
        """Payment rows of the allocations that habits and aliases are read off."""
        return self.frame.allocation_payment[self._remembered]

    @cached_property
    def history_item(self) -> I32:
        """Item rows of the same allocations."""
        return self.frame.allocation_item[self._remembered]

    @cached_property
    def history_amount(self) -> I64:
        """Cash of the same allocations, signed, in the item's currency."""
        return self.frame.allocation_amount[self._remembered]

    @cached_property
    def visible_customers(self) -> B:
        """Customers that own a visible item or stand in the master data known by then."""
        frame = self.frame
        seen = np.zeros(len(frame.customers), np.bool_)
        seen[frame.item_customer[self.frame.item_known <= self.known_until]] = True
        from features.frame import codes, integers

        book = frame.book
        if book.customers.num_rows:
            known = integers(book.customers["known_at"], 0) <= self.known_until
            seen[codes(book.customers["customer_id"], frame.customers)[known]] = True
        return seen
