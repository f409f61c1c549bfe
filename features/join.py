"""The one equality join of blocking, run by DuckDB on Arrow columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.frame import I64
from features.sorting import order_by
from features.text import U64

_SMALL = 1 << 20
"""Rows below which sorting and binary search cost less than the engine's start-up and its hash table."""


def equijoin(left: U64, right: U64, threads: int = 2) -> tuple[I64, I64]:
    """Return the row numbers (left, right) of all pairs with equal keys, ordered by left, then right.

    Few rows are joined by binary search, which spares the engine's start-up; both ways give the same rows.
    """
    if len(left) == 0 or len(right) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(left) + len(right) <= _SMALL:
        return sorted_join(left, right)
    import duckdb  # late: its import costs a third of a second, and most books are below the size

    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as engine:
        engine.register("l", pa.table({"key": left, "row": np.arange(len(left), dtype=np.int64)}))
        engine.register("r", pa.table({"key": right, "row": np.arange(len(right), dtype=np.int64)}))
        pairs = engine.sql("SELECT l.row AS a, r.row AS b FROM l JOIN r ON l.key = r.key").to_arrow_table()
    packed = np.asarray(pairs["a"]) * np.int64(len(right)) + np.asarray(pairs["b"])
    packed.sort()
    return np.divmod(packed, np.int64(len(right)))


def sorted_join(left: U64 | I64, right: U64 | I64) -> tuple[I64, I64]:
    """Join by binary search; same result as `equijoin`."""
    order = order_by(right)
    keys = right[order]
    low = np.searchsorted(keys, left)
    high = np.searchsorted(keys, left, side="right")
    a, flat_positions = expand(low, high - low)
    return a, order[flat_positions]


class KeyFilter:
    """A one-hash bitmap of known keys: sifts spans before the exact join (false positives ~ keys/2^bits)."""

    MOST_BITS = 25
    LEAST_BITS = 16

    def __init__(self, keys: U64, bits: int | None = None) -> None:
        # touching 32 MiB for a few keys took 25 ms
        few = min(self.MOST_BITS, max(self.LEAST_BITS, len(keys).bit_length() + 6))
        bits = few if bits is None else bits
        self._shift = np.uint64(64 - bits)
        self._map = np.zeros(1 << bits, np.bool_)
        self._map[keys >> self._shift] = True

    def __call__(self, keys: U64) -> NDArray[np.bool_]:
        """Tell for each key whether it may be known."""
        return np.asarray(self._map[keys >> self._shift], np.bool_)


@dataclass(frozen=True)
class KeyTable:
    """A table of keys, sorted once, that many batches are joined with."""

    key: U64 | I64  # sorted
    row: NDArray[np.int32] | None = None  # rows of the table in key order; none: the table itself is sorted

    @classmethod
    def of(cls, keys: U64 | I64) -> KeyTable:
        """Sort a table."""
        order = order_by(keys)
        return cls(keys[order], order.astype(np.int32))

    def join(self, left: U64 | I64) -> tuple[I64, I64]:
        """Return what `equijoin` of some keys with the table returns.

        The keys are looked up in their own order: neighbours then touch the same lines of the cache.
        """
        if len(left) == 0 or len(self.key) == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        order = np.argsort(left)
        wanted = left[order]
        low = np.searchsorted(self.key, wanted)
        hit = np.flatnonzero(self.key[np.minimum(low, len(self.key) - 1)] == wanted)
        first = np.zeros(len(left), np.int64)
        count = np.zeros(len(left), np.int64)
        first[order[hit]] = low[hit]
        count[order[hit]] = np.searchsorted(self.key, wanted[hit], side="right") - low[hit]
        rows = np.flatnonzero(count)
        owner, at = expand(first[rows], count[rows])
        return rows[owner], at if self.row is None else self.row[at].astype(np.int64)


def expand(start: I64, count: I64) -> tuple[I64, I64]:
    """Unroll ranges: return (owner, position) for ``start[i] .. start[i] + count[i] - 1``."""
    owner = np.repeat(np.arange(len(start), dtype=np.int64), count)
    first = np.cumsum(count) - count
    position = np.arange(len(owner), dtype=np.int64) - np.repeat(first, count) + np.repeat(start, count)
    return owner, position


def group_starts(sorted_keys: NDArray[np.generic]) -> I64:
    """Return where each run of equal values begins in a sorted array."""
    if len(sorted_keys) == 0:
        return np.zeros(0, np.int64)
    change = np.ones(len(sorted_keys), np.bool_)
    change[1:] = sorted_keys[1:] != sorted_keys[:-1]
    return np.flatnonzero(change)


def count_equal(wanted: I64, table: I64) -> I64:
    """Count how often each wanted value stands in a table."""
    table = np.sort(table)
    return np.searchsorted(table, wanted, side="right") - np.searchsorted(table, wanted)


def mix_keys(first: I64, second: I64) -> I64:
    """Mix two numbers into one key."""
    return first * np.int64(1_000_003) ^ (second * np.int64(0x5DEECE66D))


def lookup(keys: NDArray[np.int64], table: NDArray[np.int64]) -> tuple[I64, NDArray[np.bool_]]:
    """Find keys in a sorted table: (position, found)."""
    if len(table) == 0:
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return at, table[at] == keys
