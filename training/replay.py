"""Replay a history: batch after batch, each seeing only what was known when it would have been decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.frame import F64, I32, I64, RESOLUTIONS, B, Frame
from features.hypotheses import fingerprints
from features.state import FOREVER
from features.text import U64

DAY = 86_400_000_000


@dataclass(frozen=True)
class Truth:
    """What a history says each payment settled, by payment row of the book."""

    labelled: B
    lines: I64  # how many items
    fingerprint: U64  # of items, amounts and write-offs, 0 for nothing
    pair_payment: I32  # truth pairs, ordered by payment, item
    pair_item: I32
    amount: I64
    write_off: I64
    weight: F64  # one over the chance of having been looked at, clipped; 1 where nobody sampled


MOST_WEIGHT = 20.0


def read_truth(frame: Frame) -> Truth:
    """Read the final allocations of a history; reversed ones do not count.

    What was reversed and not replaced has no known answer, unless the payment's resolution gives one.
    """
    rows = np.flatnonzero(
        (frame.allocation_reversed == FOREVER)
        & (frame.allocation_item >= 0)
        & (frame.allocation_payment >= 0)
    )
    items = np.int64(max(frame.item_count, 1))
    packed = frame.allocation_payment[rows].astype(np.int64) * items + frame.allocation_item[rows]
    distinct, inverse = np.unique(packed, return_inverse=True)
    amount = np.zeros(len(distinct), np.int64)
    write_off = np.zeros(len(distinct), np.int64)
    np.add.at(amount, inverse, frame.allocation_amount[rows])
    np.add.at(write_off, inverse, frame.allocation_write_off[rows])
    real = (amount != 0) | (write_off != 0)
    distinct, amount, write_off = distinct[real], amount[real], write_off[real]
    payment, item = (distinct // items).astype(np.int32), (distinct % items).astype(np.int32)
    lines = np.bincount(payment, minlength=frame.payment_count)
    known = frame.payment_resolution >= 0
    pending = frame.payment_resolution == RESOLUTIONS.index("pending")
    labelled = (lines > 0) | (known & ~pending)
    labelled |= _old_enough(frame) & ~pending
    return Truth(
        labelled=labelled,
        lines=lines,
        fingerprint=fingerprints(payment.astype(np.int64), frame.payment_count, item, amount, write_off),
        pair_payment=payment,
        pair_item=item,
        amount=amount,
        write_off=write_off,
        weight=_weights(frame, rows),
    )


def _weights(frame: Frame, rows: NDArray[np.int64]) -> F64:
    """Return what each payment stands for: an audited one for those like it that nobody looked at."""
    weight = np.ones(frame.payment_count)
    pi = frame.allocation_pi[rows]
    sampled = (pi > 0) & (pi < 1)
    heavier = np.minimum(1.0 / np.where(sampled, pi, 1.0), MOST_WEIGHT)
    np.maximum.at(weight, frame.allocation_payment[rows], heavier)
    return weight


def _old_enough(frame: Frame) -> B:
    """Tell which payments nobody decided on for longer than nearly all decisions take (99th percentile)."""
    rows = np.flatnonzero((frame.allocation_payment >= 0) & (frame.allocation_item >= 0))
    if len(rows) == 0:
        return np.zeros(frame.payment_count, np.bool_)
    decided = frame.allocation_decided[rows]
    lag = decided - frame.payment_known[frame.allocation_payment[rows]]
    limit = max(float(np.percentile(lag, 99)), 0.0)
    silent = np.ones(frame.payment_count, np.bool_)
    silent[frame.allocation_payment[rows]] = False
    return np.asarray(silent & (decided.max() - frame.payment_known > limit), dtype=np.bool_)


@dataclass(frozen=True)
class Window:
    """One batch of a replay: its payments, and the instant at which it is decided."""

    batch: I32
    decided_at: int


def day_of(frame: Frame) -> I64:
    """Return the day on which each payment could first be decided: booked, and known."""
    return np.asarray(np.maximum(frame.payment_booking.astype(np.int64), frame.payment_known // DAY))


def windows(frame: Frame, start: int, end: int, length: int) -> list[Window]:
    """Cut the days from ``start`` until before ``end`` into windows of ``length`` days; no empty ones."""
    out = []
    day = day_of(frame)
    for low in range(start, end, length):
        high = min(low + length, end)
        batch = np.flatnonzero((day >= low) & (day < high)).astype(np.int32)
        if len(batch):
            out.append(Window(batch, high * DAY))
    return out


def pair_labels(truth: Truth, frame: Frame, payment_row: I32, item: I32) -> NDArray[np.bool_]:
    """Tell which pairs are true."""
    items = np.int64(max(frame.item_count, 1))
    keys = truth.pair_payment.astype(np.int64) * items + truth.pair_item
    probe = payment_row.astype(np.int64) * items + item
    if len(keys) == 0:
        return np.zeros(len(probe), np.bool_)
    at = np.minimum(np.searchsorted(keys, probe), len(keys) - 1)
    return np.asarray(keys[at] == probe, dtype=np.bool_)
