"""Hypotheses: what a complete explanation of a payment is made of, and how many are written down.

A *hypothesis* is one complete explanation of a payment: a set of items with cash applied, write-offs and
deductions. Hypotheses of a whole batch are laid out as two tables, one row a hypothesis and one row a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.frame import I32, I64
from features.join import expand
from features.text import U64, mix

FEE_SHARE = 0.06

FEE_MINOR = 6_000  # 60.00: wire charges above that are not seen in published tariffs

FEE_MOST = 0.5
FEE_STEP = 50  # a wire charge on a small item is a large share of it, but a tariff: whole or half units

FX_SHARE = 0.025

ROUNDING_MINOR = 5


class Shape(IntEnum):
    """What kind of explanation a hypothesis is."""

    EXACT = 0
    DISCOUNT = 1
    LATE_DISCOUNT = 2
    FEE = 3
    ROUNDING = 4
    WITHHOLDING = 5
    PARTIAL = 6
    INSTALMENT = 7
    OVER = 8
    FOREIGN = 9
    NAMED_EXACT = 10
    NAMED_DISCOUNT = 11
    NAMED_FEE = 12
    NAMED_PARTIAL = 13
    NAMED_OVER = 14
    SUBSET = 15
    SUBSET_DISCOUNT = 16
    WINDOW = 17
    LINES = 18
    OLDEST_FIRST = 19
    CHARGED = 20


class WriteOff(IntEnum):
    """Why something is written off; `NAMES` gives the contract's words."""

    NONE = 0
    BANK_FEE = 1
    EARLY_PAYMENT_DISCOUNT = 2
    ROUNDING = 3
    PROCESSOR_FEE = 4
    OTHER = 5


class Deduction(IntEnum):
    """Why something stays open."""

    NONE = 0
    DISPUTED = 1
    WITHHOLDING = 2
    SHORT_PAYMENT = 3


WRITE_OFF_WORDS = ("", "bank_fee", "early_payment_discount", "rounding", "processor_fee", "other")

DEDUCTION_WORDS = ("", "disputed", "withholding", "short_payment")


@dataclass(frozen=True)
class Hypotheses:
    """All hypotheses of a batch, ordered by payment; lines ordered by hypothesis."""

    payment: I32
    shape: NDArray[np.int8]
    solutions: NDArray[np.int16]  # how many equal sums the search found
    first_line: I64  # shape (hypotheses + 1,)
    pair: I64  # candidate pair of each line, -1 for lines of an undone payment
    item: I32
    amount: I64  # cash, signed, item's currency
    write_off: I64
    write_off_reason: NDArray[np.int8]
    deduction: I64
    deduction_reason: NDArray[np.int8]

    @cached_property
    def owner(self) -> I64:
        """Hypothesis of each line."""
        return np.repeat(np.arange(len(self.payment)), np.diff(self.first_line))

    def only(self, chosen: I64) -> tuple[Hypotheses, I64]:
        """Return some of the hypotheses, one a payment, and where each payment's now stands.

        ``chosen``: a hypothesis a payment, -1 for none, shape (payments,).
        """
        has = chosen >= 0
        kept = chosen[has]
        first = self.first_line[kept]
        count = self.first_line[kept + 1] - first
        _, cells = expand(first, count)
        place = np.where(has, np.cumsum(has) - 1, -1)
        part = Hypotheses(
            payment=self.payment[kept],
            shape=self.shape[kept],
            solutions=self.solutions[kept],
            first_line=np.concatenate([[0], np.cumsum(count)]),
            pair=self.pair[cells],
            item=self.item[cells],
            amount=self.amount[cells],
            write_off=self.write_off[cells],
            write_off_reason=self.write_off_reason[cells],
            deduction=self.deduction[cells],
            deduction_reason=self.deduction_reason[cells],
        )
        return part, place

    def fingerprint(self) -> U64:
        """Return a hash of items, amounts and write-offs, independent of the order of the lines."""
        return fingerprints(self.owner, len(self.payment), self.item, self.amount, self.write_off)


def fingerprints(owner: I64, count: int, item: I32, amount: I64, write_off: I64) -> U64:
    """Hash sets of (item, amount, write-off), one set an owner."""
    line = mix(
        mix(mix(item.astype(np.uint64), 31) + amount.astype(np.uint64), 37) + write_off.astype(np.uint64), 41
    )
    out = np.zeros(count, np.uint64)
    np.add.at(out, owner, line)
    return out


@dataclass
class Drafts:
    """Hypotheses under construction."""

    payment: list[NDArray[np.integer]]
    shape: list[NDArray[np.integer]]
    solutions: list[NDArray[np.integer]]
    count: list[NDArray[np.integer]]
    pair: list[NDArray[np.integer]]
    amount: list[I64]
    write_off: list[I64]
    reason: list[NDArray[np.integer]]
    deduction: list[I64]
    deduction_reason: list[NDArray[np.integer]]

    @classmethod
    def empty(cls) -> Drafts:
        """None yet."""
        return cls([], [], [], [], [], [], [], [], [], [])

    def extend(self, others: Drafts) -> None:
        """Add the hypotheses of others behind these."""
        for name in self.__dataclass_fields__:
            getattr(self, name).extend(getattr(others, name))

    def add(  # noqa: PLR0913, PLR0917 - one argument a column
        self, payment: NDArray[np.integer], shape: NDArray[np.integer], count: NDArray[np.integer],
        pair: NDArray[np.integer], amount: I64, write_off: I64, reason: NDArray[np.integer], deduction: I64,
        deduction_reason: NDArray[np.integer], solutions: NDArray[np.integer] | None = None,
    ) -> None:  # fmt: skip
        """Add hypotheses of one kind: by hypothesis payment, shape and count of lines, by line the rest."""
        self.payment.append(payment)
        self.shape.append(shape)
        self.count.append(count)
        self.pair.append(pair)
        self.amount.append(amount)
        self.write_off.append(write_off)
        self.reason.append(reason)
        self.deduction.append(deduction)
        self.deduction_reason.append(deduction_reason)
        self.solutions.append(np.ones(len(payment), np.int16) if solutions is None else solutions)
