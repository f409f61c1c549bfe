"""Customers named like payers: found once for each payer of a book, whatever batch asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.frame import I32
from features.sorting import order_by

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Likeness:
    """Which customers are named most like which payers, as far as payers were searched; ordered by payer."""

    searched: NDArray[np.bool_]  # by payer code
    payer: I32
    customer: I32
    score: F32

    @classmethod
    def nothing(cls, payers: int) -> Likeness:
        """Nobody searched yet."""
        none = np.zeros(0, np.int32)
        return cls(np.zeros(payers, np.bool_), none, none, np.zeros(0, np.float32))

    def joined(self, searched: I32, payer: I32, customer: I32, score: F32) -> Likeness:
        """Return this with what was found for more payers."""
        done = self.searched.copy()
        done[searched] = True
        payer = np.concatenate([self.payer, payer])
        order = order_by(payer)
        customer, score = np.concatenate([self.customer, customer]), np.concatenate([self.score, score])
        return Likeness(done, payer[order], customer[order], score[order])
