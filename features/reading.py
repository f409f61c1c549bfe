"""The texts of a book, read once: keys of its items and its normalised parties."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from features import references as ref
from features.frame import I64, Frame
from features.join import KeyFilter, KeyTable
from features.party import Parties
from features.references import ItemKeys


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
    def key_table(self) -> KeyTable:
        """The reference keys of all items, ready to be joined with."""
        return KeyTable.of(self.item_keys.key)

    @cached_property
    def key_place(self) -> I64:
        """By row of the item keys: the place of its key among the distinct keys."""
        out = np.empty(len(self.key_table.row), np.int64)
        fresh = np.ones(len(out), np.bool_)
        fresh[1:] = self.key_table.key[1:] != self.key_table.key[:-1]
        out[self.key_table.row] = np.cumsum(fresh)
        return out

    @cached_property
    def neighbour_table(self) -> KeyTable:
        """The delete-one neighbourhoods of all items' numbers, ready to be joined with."""
        return KeyTable.of(self.item_keys.neighbour_key)

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
    def parties(self) -> Parties:
        """Normalised names and accounts."""
        return Parties(self.frame)
