"""Parts of document numbers that people quote alone."""

from __future__ import annotations

import numpy as np

from features.frame import I64
from features.text import SpanText

INNER_LENGTH = 4


def longest_inner_run(text: SpanText, last_digit: I64, least: int) -> tuple[I64, I64, I64]:
    """Return the longest run of digits, without leading zeros, of numbers that end with a shorter one.

    INV0009973-01 and M/38206/2025-04 are called 9973 and 38206; a year is no serial. ``last_digit``: the last
    run of each row, -1 for none; ``least``: characters a span must have.
    """
    width = np.where(text.atom_is_digit, text.atom_end - text.atom_start, 0)
    century = (width == INNER_LENGTH) & (text.raw[text.atom_start] == ord("2"))
    century &= text.raw[np.minimum(text.atom_start + 1, max(len(text.raw) - 1, 0))] == ord("0")
    width = np.where(century, 0, width)
    order = np.lexsort((-np.arange(len(width)), width, text.atom_row))
    rows = np.flatnonzero(np.diff(text.row_first_atom) > 0)
    longest = order[text.row_first_atom[rows + 1] - 1]  # atoms stay within their row's places
    good = (width[longest] >= INNER_LENGTH) & (longest != last_digit[rows])
    good &= width[longest] > width[np.maximum(last_digit[rows], 0)]
    rows, longest = rows[good], longest[good]
    start, end = text.atom_start[longest], text.atom_end[longest]
    start = text.skip_zeros(start, end)
    fits = end - start >= least
    return rows[fits], start[fits], end[fits]
