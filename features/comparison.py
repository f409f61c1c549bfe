"""What the comparisons of a batch look at: candidate pairs beside everything known about both sides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.block import Candidates, OpenIndex
from features.exchange import Converted, convert
from features.frame import I32, I64, NO_DATE, B, Frame
from features.habits import Habits, read_habits
from features.instalments import instalments
from features.state import State
from features.textfacts import TextFacts, read_texts

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Comparison:
    """All that the comparisons of a batch look at; computed once, shared by the families."""

    index: OpenIndex
    candidates: Candidates

    @property
    def state(self) -> State:
        """The instant."""
        return self.index.state

    @property
    def frame(self) -> Frame:
        """The book."""
        return self.index.reading.frame

    @property
    def payment(self) -> I32:
        """Batch positions of the pairs."""
        return self.candidates.payment

    @property
    def item(self) -> I32:
        """Item rows of the pairs."""
        return self.candidates.item

    @cached_property
    def payment_row(self) -> I32:
        """Payment rows of the pairs."""
        return self.candidates.batch[self.candidates.payment]

    @property
    def payments(self) -> int:
        """Size of the batch."""
        return len(self.candidates.batch)

    @cached_property
    def texts(self) -> TextFacts:
        """Facts of the texts."""
        return read_texts(self.candidates.spans, self.candidates.references)

    @cached_property
    def habits(self) -> Habits:
        """Habits of the customers."""
        return read_habits(self.state)

    @cached_property
    def cash(self) -> Converted:
        """The payments' amounts in the items' currencies."""
        return convert(self.state, self.payment_row, self.item)

    @cached_property
    def instalment(self) -> NDArray[np.int8]:
        """Whether the payments' amounts equal an instalment of the items."""
        return instalments(self.state, self.payment_row, self.item, self.cash.amount)

    @cached_property
    def balance(self) -> I64:
        """Open balances of the items, signed."""
        return self.state.open_amount[self.item]

    @cached_property
    def customer(self) -> I32:
        """Customers of the items."""
        return self.frame.item_customer[self.item]

    def discounts(self, pair: I64) -> tuple[I64, B]:
        """Return the early-payment discount of pairs (signed, 0: none is left) and whether it is in time.

        The booking day decides; where the value day says otherwise, `discount_is_close` knows.
        """
        frame, item = self.frame, self.item[pair]
        discount = frame.item_discount[item] * frame.item_sign[item]
        untouched = self.balance[pair] == frame.item_amount[item]
        last = frame.item_discount_date[item]
        in_time = (last == NO_DATE) | (frame.payment_booking[self.payment_row[pair]] <= last)
        return np.where(untouched, discount, 0), in_time

    def discount_is_close(self, pair: I64) -> B:
        """Tell where booking day and value day lie on different sides of the last day of the discount."""
        frame, last = self.frame, self.frame.item_discount_date[self.item[pair]]
        row = self.payment_row[pair]
        apart = (frame.payment_booking[row] <= last) != (frame.payment_value_day[row] <= last)
        return np.asarray((last != NO_DATE) & apart, np.bool_)
