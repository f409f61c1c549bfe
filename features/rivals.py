"""Competition: which payments of a batch claim one item, and which look like the same money twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.frame import F64, I32, I64
from features.join import group_starts
from features.reading import Reading
from features.sorting import order_by

TWICE_DAYS = 45


@dataclass(frozen=True)
class Claims:
    """Rival claims on the item of each pair: the strongest other score, and that of earlier payments."""

    best: F64  # log-odds, -30 where nobody else
    earlier: F64
    count: I64  # others with even odds or more


def read_claims(payment: I32, item: I32, score: F64, when: I64) -> Claims:
    """Weigh the claims of other payments.

    ``when``: shape (payments,), the order in which payments came.
    """
    none = -30.0
    order = order_by(item, when[payment])
    (
        i,
        s,
    ) = item[order], score[order]
    starts = group_starts(i)
    size = np.diff(np.append(starts, len(i)))
    owner = np.repeat(np.arange(len(starts)), size)
    top = np.maximum.reduceat(s, starts) if len(starts) else np.zeros(0)
    is_top = s == top[owner]
    rank_top = np.flatnonzero(is_top)
    first_top = rank_top[np.searchsorted(rank_top, starts)] if len(starts) else np.zeros(0, np.int64)
    rest = s.copy()
    rest[first_top] = none
    second = np.maximum.reduceat(rest, starts) if len(starts) else np.zeros(0)
    best = np.where(np.arange(len(s)) == first_top[owner], second[owner], top[owner])
    # strongest earlier claim: running maximum inside each item's group
    shifted = np.full(len(s), none)
    shifted[1:] = s[:-1]
    shifted[starts] = none
    lift = owner * 1000.0
    earlier = np.maximum.accumulate(shifted + lift) - lift if len(s) else shifted
    strong = (s > 0).astype(np.int64)
    total = np.add.reduceat(strong, starts) if len(starts) else np.zeros(0, np.int64)
    count = total[owner] - strong
    out_best, out_earlier = np.empty(len(s)), np.empty(len(s))
    out_count = np.empty(len(s), np.int64)
    out_best[order], out_earlier[order], out_count[order] = best, earlier, count
    return Claims(np.maximum(out_best, none), np.maximum(out_earlier, none), out_count)


@dataclass(frozen=True)
class Twice:
    """For each payment of a batch: the nearest earlier payment of the same payer and amount."""

    other: I32  # payment row, -1 where none
    days: NDArray[np.int32]  # between the two, 9999 where none
    same_text: NDArray[np.bool_]
    same_reference: NDArray[np.bool_]  # same non-empty end-to-end id
    same_day: NDArray[np.bool_]


def find_twice(reading: Reading, batch: I32, known_until: int) -> Twice:
    """Look for the same money twice among all payments known by an instant."""
    frame = reading.frame
    kept = reading.recall("earlier", known_until)
    other_of = kept if isinstance(kept, np.ndarray) else _earlier(reading, known_until)
    reading.remember("earlier", known_until, other_of)
    text, end_to_end = frame.payment_words, frame.payment_end_to_end
    other = other_of[batch]
    has = other >= 0
    at = np.maximum(other, 0)
    gap = np.where(has, frame.payment_booking[batch] - frame.payment_booking[at], 9999).astype(np.int32)
    return Twice(
        other=other.astype(np.int32),
        days=gap,
        same_text=has & (text[batch] == text[at]) & (text[batch] >= 0),
        same_reference=has & (end_to_end[batch] >= 0) & (end_to_end[batch] == end_to_end[at]),
        same_day=has & (gap == 0),
    )


def _earlier(reading: Reading, known_until: int) -> I64:
    """Return for each payment of the book the one before it of the same payer and amount, -1 for none."""
    frame, parties = reading.frame, reading.parties
    seen = np.flatnonzero(frame.payment_known <= known_until)
    payer = parties.payer_of_payment.astype(np.int64)
    account = parties.account_of_payment.astype(np.int64)
    who = np.where(account >= 0, account + (np.int64(1) << 40), payer)
    text = frame.payment_words
    rows = seen[(who[seen] >= 0) | (text[seen] >= 0)]
    amount, currency = frame.payment_amount[rows], frame.payment_currency[rows].astype(np.int64)
    key_who = np.where(who[rows] >= 0, who[rows], text[rows].astype(np.int64) + (np.int64(1) << 50))
    key = (amount * 512 + currency) * np.int64(1_000_003) ^ (key_who * np.int64(0x5DEECE66D))
    booked = frame.payment_booking[rows].astype(np.int64)
    order = order_by(key, booked)
    rows, key, booked = rows[order], key[order], booked[order]
    previous = np.full(len(rows), -1, np.int64)
    same = np.zeros(len(rows), np.bool_)
    same[1:] = (key[1:] == key[:-1]) & (booked[1:] - booked[:-1] <= TWICE_DAYS)
    previous[1:] = rows[:-1]
    other_of = np.full(frame.payment_count, -1, np.int64)
    other_of[rows[same]] = previous[same]
    return other_of
