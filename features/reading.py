"""The texts of a book, read once: keys of its items and its normalised parties."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features import references as ref
from features.digit_runs import DigitRuns, numbers_as_runs
from features.frame import I64, Frame, flat
from features.party import Parties
from features.references import ItemKeys, KeyFilter


@dataclass(frozen=True)
class Reading:
    """What never changes about a book's texts: keys of items, normalised parties. Built once a book."""

    frame: Frame
    threads: int = 2

    @cached_property
    def item_keys(self) -> ItemKeys:
        """Reference keys of all items."""
        return ref.item_keys(self.frame)

    @cached_property
    def sorted_keys(self) -> I64:
        """Rows of the item keys in key order."""
        return np.argsort(self.item_keys.key, kind="stable")

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
