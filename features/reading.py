"""The texts of a book, read once: keys of its items and its normalised parties."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from features import references as ref
from features.digit_runs import DigitRuns, numbers_as_runs
from features.frame import I32, Frame, flat
from features.join import KeyFilter, KeyTable
from features.party import Parties
from features.references import ItemKeys
from features.sorting import order_by


@dataclass(frozen=True)
class Reading:
    """What never changes about a book's texts: keys of items, normalised parties. Built once a book."""

    frame: Frame
    threads: int = 2
    _memory: dict[str, tuple[Hashable, object]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def item_keys(self) -> ItemKeys:
        """Reference keys of all items."""
        return ref.item_keys(self.frame)

    @cached_property
    def key_order(self) -> I32:
        """Rows of the item keys in the order of their keys."""
        return order_by(self.item_keys.key).astype(np.int32)

    @cached_property
    def key_table(self) -> KeyTable:
        """The reference keys of all items, ready to be joined with."""
        return KeyTable(self.item_keys.key[self.key_order], self.key_order)

    @cached_property
    def key_place(self) -> I32:
        """By row of the item keys: the place of its key among the distinct keys."""
        out = np.empty(len(self.key_table.key), np.int32)
        fresh = np.ones(len(out), np.bool_)
        fresh[1:] = self.key_table.key[1:] != self.key_table.key[:-1]
        out[self.key_order] = np.cumsum(fresh, dtype=np.int32)
        return out

    @cached_property
    def neighbour_table(self) -> KeyTable:
        """The delete-one neighbourhoods of all items' numbers, ready to be joined with."""
        return KeyTable(self.item_keys.neighbour_key)

    @cached_property
    def items_by_customer(self) -> I32:
        """Items ordered by customer, then due day."""
        return order_by(self.frame.item_customer, self.frame.item_due).astype(np.int32)

    def recall(self, name: str, instant: Hashable) -> object:
        """Return what was remembered under a name for an instant, `None` when it was another one."""
        kept_instant, kept = self._memory.get(name, (None, None))
        return kept if kept_instant == instant else None

    def remember(self, name: str, instant: Hashable, value: object) -> None:
        """Keep what holds for an instant, in place of what held for another."""
        self._memory[name] = instant, value

    @cached_property
    def key_filter(self) -> KeyFilter:
        """Sieve of everything that may be named in a text."""
        return KeyFilter(np.concatenate([self.item_keys.key, self.parties.number_keys[1]]))

    @cached_property
    def number_runs(self) -> tuple[DigitRuns, DigitRuns]:
        """All digits of each item's number as one run, and its last run without leading zeros."""
        return numbers_as_runs(flat(self.frame.book.invoices["invoice_number"]))

    @cached_property
    def parties(self) -> Parties:
        """Normalised names and accounts."""
        return Parties(self.frame)
