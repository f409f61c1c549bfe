"""Runs of digits as single integers, so that how far two of them agree is a matter of a few bit operations.

A run of up to sixteen digits becomes one 64-bit word, four bits a digit (its value plus one, so that a zero
is not nothing), once aligned to its last digit and once to its first. Where two words first differ, seen from
either end, gives the digits that two runs share at their ends and at their beginnings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.frame import I64, NO_CODE
from features.text import U64, SpanText, span_text

WORD = 16  # digits a word holds


@dataclass(frozen=True)
class DigitRuns:
    """Some runs of digits; those longer than a word hold nothing and agree with nothing."""

    ending: U64  # the last digit in the lowest four bits
    beginning: U64  # the first digit in the highest four bits
    length: I64

    def take(self, rows: I64) -> DigitRuns:
        """Return some of the runs."""
        return DigitRuns(self.ending[rows], self.beginning[rows], self.length[rows])


def digit_runs(text: SpanText, start: I64, end: I64) -> DigitRuns:
    """Read runs of digits off a text; ``start`` and ``end`` are positions in its buffer."""
    length = np.where((end - start > 0) & (end - start <= WORD), end - start, 0)
    ending = np.zeros(len(start), np.uint64)
    for place in range(WORD):
        has = np.flatnonzero(length > place)
        digit = (text.raw[end[has] - 1 - place] - np.uint8(ord("0") - 1)).astype(np.uint64)
        ending[has] |= digit << np.uint64(4 * place)
    shift = (np.uint64(4) * (WORD - np.maximum(length, 1)).astype(np.uint64)).astype(np.uint64)
    return DigitRuns(ending, ending << shift, length)


def numbers_as_runs(numbers: pa.Array) -> tuple[DigitRuns, DigitRuns]:
    """Return all digits of each document number as one run, and its last run without leading zeros."""
    bare = span_text(pc.replace_substring_regex(pc.fill_null(numbers, ""), "[^0-9]", ""))
    whole = _last_run(bare, strip=False)
    return whole, _last_run(span_text(numbers), strip=True)


def _last_run(text: SpanText, *, strip: bool) -> DigitRuns:
    """Return the last run of digits of each row."""
    digits = np.flatnonzero(text.atom_is_digit)
    last = np.full(text.rows, int(NO_CODE), np.int64)
    last[text.atom_row[digits]] = digits
    has = np.flatnonzero(last >= 0)
    start, end = np.zeros(text.rows, np.int64), np.zeros(text.rows, np.int64)
    start[has], end[has] = text.atom_start[last[has]], text.atom_end[last[has]]
    if strip:
        start[has] = text.skip_zeros(start[has], end[has])
    return digit_runs(text, start, end)


def shared(a: DigitRuns, b: DigitRuns) -> tuple[I64, I64]:
    """Count the digits that runs share at their beginnings, and at their ends."""
    shortest = np.minimum(a.length, b.length)
    apart = a.ending ^ b.ending
    same_end = np.bitwise_count((apart & (~apart + np.uint64(1))) - np.uint64(1)).astype(np.int64) // 4
    apart = a.beginning ^ b.beginning
    for step in (1, 2, 4, 8, 16, 32):
        apart |= apart >> np.uint64(step)
    same_start = WORD - (np.bitwise_count(apart).astype(np.int64) + 3) // 4
    return np.minimum(same_start, shortest), np.minimum(same_end, shortest)


def likeness(a: DigitRuns, b: DigitRuns) -> NDArray[np.float32]:
    """Return how alike runs are: 1 for equal ones; one digit wrong, lost or added costs one digit's share."""
    start, end = shared(a, b)
    longest = np.maximum(np.maximum(a.length, b.length), 1)
    both = np.minimum(start + end, np.minimum(a.length, b.length))
    return np.asarray(both / longest, np.float32)
