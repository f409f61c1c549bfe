"""Comparison of numbers that nearly name an item, and of amounts that the text spells out.

Of several equal open items it is often a damaged, cut or abbreviated number that tells which one is meant,
and a text whose numbers are like those of no open item speaks of something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.comparisons.references import LEVEL
from features.digit_runs import WORD, digit_runs, likeness, shared
from features.join import expand, group_starts, lookup
from features.textfacts import amounts_named, pack_amount

if TYPE_CHECKING:
    from features.comparison import F32, Comparison
    from features.frame import I64
    from features.text import SpanText

COLUMNS = {
    "near_number": 0, "near_number_other": 0, "near_tail": 0, "near_head": 0, "amount_in_text": 0,
    "cash_in_text": 0,
}  # fmt: skip

LEAST_DIGITS = 3
NAMED = 3.0  # level from which an item counts as named


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    found, row = c.candidates.references, c.candidates.reference_row
    at = np.maximum(row, 0)
    named = np.zeros(len(row), np.bool_)
    if len(found.item):
        named = (row >= 0) & (LEVEL[found.rule[at]] >= NAMED) & ~found.covered[at]
    near, tail, head = _nearness(c, named)
    text = c.candidates.spans.text
    amounts = amounts_named(text)
    _, balance = lookup(pack_amount(c.payment, np.abs(c.balance)), amounts)
    _, cash = lookup(pack_amount(c.payment, np.abs(c.frame.payment_amount[c.payment_row])), amounts)
    return {
        "near_number": near,
        "near_number_other": _best_other(c, near),
        "near_tail": tail,
        "near_head": head,
        "amount_in_text": balance.astype(np.float32),
        "cash_in_text": cash.astype(np.float32),
    }


def _nearness(c: Comparison, named: np.ndarray) -> tuple[F32, F32, F32]:
    """Return the likeness of the likest number in the text, and digits shared with its tail and its head."""
    text = c.candidates.spans.text
    atoms = _telling_runs(text)
    first = np.searchsorted(text.atom_row[atoms], c.payment)
    last = np.searchsorted(text.atom_row[atoms], c.payment, side="right")
    count = np.where(named, 0, last - first)
    pair, place = expand(first, count)
    near = named.astype(np.float32)
    tail = np.where(named, WORD, 0).astype(np.float32)
    head = tail.copy()
    if len(pair) == 0:
        return near, tail, head
    start, end = text.atom_start[atoms], text.atom_end[atoms]
    plain = digit_runs(text, start, end).take(place)
    bare = digit_runs(text, text.skip_zeros(start, end), end).take(place)
    whole, serial = c.index.reading.number_runs
    whole, serial = whole.take(c.item[pair].astype(np.int64)), serial.take(c.item[pair].astype(np.int64))
    alike = np.maximum(likeness(bare, whole), likeness(bare, serial))
    begins, ends = shared(plain, whole)
    begins_serial, _ = shared(bare, serial)
    cut = np.where(begins == plain.length, begins, np.where(begins_serial == bare.length, begins_serial, 0))
    starts = group_starts(pair)
    owner = pair[starts]
    near[owner] = np.maximum.reduceat(alike, starts)
    tail[owner] = np.maximum.reduceat(np.where(ends == plain.length, ends, 0), starts)
    head[owner] = np.maximum.reduceat(cut, starts)
    return near, tail, head


def _telling_runs(text: SpanText) -> I64:
    """Return the runs of digits that may be part of a number: not too short, and no year."""
    width = text.atom_end - text.atom_start
    rows = np.flatnonzero(text.atom_is_digit & (width >= LEAST_DIGITS))
    start = text.atom_start[rows]
    century = (text.raw[start] == ord("2")) & (text.raw[start + 1] == ord("0"))
    return np.asarray(rows[~((width[rows] == len("2025")) & century)], np.int64)


def _best_other(c: Comparison, near: F32) -> F32:
    """Return for each pair the largest likeness of any other candidate of its payment."""
    if len(near) == 0:
        return near
    starts = group_starts(c.payment)
    size = np.diff(np.append(starts, len(near)))
    top = np.repeat(np.maximum.reduceat(near, starts), size)
    is_top = near == top
    several = np.repeat(np.add.reduceat(is_top.astype(np.int64), starts) > 1, size)
    second = np.repeat(np.maximum.reduceat(np.where(is_top, 0, near), starts), size)
    return np.where(is_top & ~several, second, top).astype(np.float32)
