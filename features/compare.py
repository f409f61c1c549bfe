"""Compare: from candidate pairs to the feature matrix, in schema order.

Each family of comparisons is one module of `features.comparisons`; each yields named float32 columns. `SCHEMA` lists
them all with the sign that the field knows: +1, a larger value never lowers the odds; -1, never raises them; 0, free.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from features.block import Candidates, OpenIndex
from features.comparisons import amounts, dates, history, party, references
from features.exchange import Converted, convert
from features.frame import I32, I64, Frame
from features.habits import Habits, read_habits
from features.state import State
from features.textfacts import TextFacts, read_texts

F32 = NDArray[np.float32]

FAMILIES = (references, amounts, dates, party, history)
SCHEMA: dict[str, int] = {name: sign for family in FAMILIES for name, sign in family.COLUMNS.items()}
SCHEMA_VERSION = 1


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
        """Whether the payments' amounts equal an instalment of the items (see `comparisons.amounts.instalments`)."""
        return amounts.instalments(self)

    @cached_property
    def balance(self) -> I64:
        """Open balances of the items, signed."""
        return self.state.open_amount[self.item]

    @cached_property
    def customer(self) -> I32:
        """Customers of the items."""
        return self.frame.item_customer[self.item]


def compare(comparison: Comparison) -> F32:
    """Return the feature matrix, shape (pairs, len(SCHEMA)), float32, NaN where nothing can be said."""
    out = np.empty((len(comparison.payment), len(SCHEMA)), np.float32, order="F")
    position = {name: index for index, name in enumerate(SCHEMA)}
    prepare(comparison)

    def fill(family: ModuleType) -> None:
        for name, column in family.columns(comparison).items():
            out[:, position[name]] = column

    if len(out) < THREADED or comparison.index.reading.threads == 1:
        for family in FAMILIES:
            fill(family)
    else:
        with ThreadPoolExecutor(comparison.index.reading.threads) as pool:
            list(pool.map(fill, FAMILIES))
    return out


THREADED = (
    50_000  # pairs from which threads pay; each family writes columns of its own, so the result is the same
)


def prepare(comparison: Comparison) -> None:
    """Compute what several families share, before threads ask for it."""
    for name in ("payment_row", "texts", "habits", "cash", "balance", "customer", "instalment"):
        getattr(comparison, name)
    _ = comparison.index.open_rows, comparison.index.by_customer
    frame = comparison.frame
    _ = frame.item_due, frame.item_issue, frame.item_discount, frame.item_discount_date, frame.item_known
    _ = frame.payment_known, frame.payment_value_day, frame.payment_customer
