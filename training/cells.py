"""Which evidence cells may close by themselves where nothing has been learnt yet.

A cold start claims no guarantee of its own. A cell (one kind of evidence: which reference, which amount, how
unique) is chosen if its bound holds in every one of several worlds written independently of each other. The
bound is per cell, so it holds for any mixture of chosen cells, and mixtures are what differs between books.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from training.bounds import clustered_upper, least_labels, upper_bound

__all__ = ["CellChoice", "CellResult", "choose_cells"]


@dataclass(frozen=True, slots=True)
class CellResult:
    """What one cell did in one world."""

    cell: int
    world: str
    payments: int
    errors: int
    cp_upper: float
    cluster_upper: float

    @property
    def upper(self) -> float:
        """The bound that counts: the larger."""
        return max(self.cp_upper, self.cluster_upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChoice:
    """The cells a cold start may close, and the test behind the choice."""

    cells: tuple[int, ...]
    tested: tuple[int, ...]
    worlds: tuple[str, ...]
    alpha: float
    delta: float
    results: tuple[CellResult, ...]

    def statement(self) -> str:
        """The claim in words: what was transferred, and that nothing was certified on the user's data."""
        return (
            f"Transferred, not certified on your data: {len(self.cells)} of {len(self.tested)} kinds of "
            f"evidence had at most {self.alpha * 100:g} % false closes in each of {len(self.worlds)} "
            f"independently written synthetic worlds (one-sided bounds, {self.delta * 100:g} % shared "
            "equally by all kinds tested)."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        chosen = set(self.cells)
        return {
            "basis": "transferred",
            "statement": self.statement(),
            "alpha": self.alpha,
            "delta": self.delta,
            "delta_a_cell": self.delta / max(len(self.tested), 1),
            "worlds": list(self.worlds),
            "cells": list(self.cells),
            "results": [
                {
                    "cell": one.cell,
                    "world": one.world,
                    "n": one.payments,
                    "k": one.errors,
                    "cp_upper": one.cp_upper,
                    "cluster_upper": one.cluster_upper,
                    "chosen": one.cell in chosen,
                }
                for one in self.results
            ],
        }


def choose_cells(
    cell: ArrayLike,
    is_wrong: ArrayLike,
    world: ArrayLike,
    customer: ArrayLike,
    *,
    alpha: float = 0.001,
    delta: float = 0.05,
) -> CellChoice:
    """Choose the cells whose error bound is at most `alpha` in every world.

    Which cells are tested depends on their sizes alone, never on their errors: the most cells that, sharing
    `delta` equally (Bonferroni), are still large enough in every world to pass without an error. Being right
    in all worlds at once needs no further correction: a cell passes only if it passes each.
    """
    cells = np.asarray(cell, dtype=np.int64)
    wrong = np.asarray(is_wrong, dtype=np.bool_)
    where = np.asarray(world, dtype=np.str_)
    customers = np.unique(np.asarray(customer, dtype=np.str_), return_inverse=True)[1]
    worlds = tuple(str(name) for name in np.unique(where))
    ids = np.unique(cells)
    sizes = np.array(
        [np.bincount(np.searchsorted(ids, cells[where == name]), minlength=ids.size) for name in worlds]
    )
    tested = _large_enough(ids, sizes.min(axis=0) if worlds else np.zeros(0, dtype=np.int64), alpha, delta)
    results = [
        _result(one, name, wrong, customers, (cells == one) & (where == name), delta / len(tested))
        for one in tested
        for name in worlds
    ]
    failed = {result.cell for result in results if result.upper > alpha}
    return CellChoice(
        cells=tuple(one for one in tested if one not in failed),
        tested=tested,
        worlds=worlds,
        alpha=alpha,
        delta=delta,
        results=tuple(results),
    )


def _large_enough(
    ids: NDArray[np.int64], sizes: NDArray[np.int64], alpha: float, delta: float
) -> tuple[int, ...]:
    """The largest cells, as many as keep every one of them able to pass when they share delta."""
    order = np.lexsort((ids, -sizes))
    count = 0
    while count < ids.size and sizes[order[count]] >= least_labels(0, alpha, delta / (count + 1)):
        count += 1
    return tuple(sorted(int(one) for one in ids[order[:count]]))


def _result(
    cell: int,
    world: str,
    wrong: NDArray[np.bool_],
    customers: NDArray[np.int64],
    rows: NDArray[np.bool_],
    delta: float,
) -> CellResult:
    own, who = wrong[rows], customers[rows]
    payments, errors = int(own.size), int(np.count_nonzero(own))
    cp_upper = upper_bound(errors, payments, delta)
    cluster_upper = clustered_upper(own, who, delta)
    return CellResult(cell, world, payments, errors, cp_upper, cluster_upper)
