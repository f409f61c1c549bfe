"""Comparison of dates: from issue and due day to booking day, against habit; months and dates in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.frame import NO_DATE
from features.join import lookup
from features.sorting import order_by
from features.textfacts import month_of

if TYPE_CHECKING:
    from features.comparison import F32, Comparison

COLUMNS = {
    "days_from_issue": 0, "days_from_due": 0, "days_off_habit": 0, "habit_score": 0, "month_named": 0,
    "date_named": 0, "older_equal_open": 0, "younger_equal_open": 0, "known_after_payment": 0,
    "older_open": 0, "days_off_last": 0, "younger_equal_paid": 0, "discount_days": 0,
}  # fmt: skip


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    frame = c.frame
    booked = frame.payment_booking[c.payment_row]
    issue, due = frame.item_issue[c.item], frame.item_due[c.item]
    since_due = (booked - due).astype(np.float64)
    lag = np.clip(since_due, -90, 180) - c.habits.lag_due[c.customer]
    spread = c.habits.lag_spread[c.customer]
    months = c.texts.months[c.payment].astype(np.int64)
    month = month_of(issue).astype(np.int64)
    named = (months >> month) & 1
    near = ((months >> ((month + 1) % 12)) & 1) | ((months >> ((month + 11) % 12)) & 1)
    month_named = np.where(months == 0, 0, np.where(named > 0, 2, np.where(near > 0, -1, -2)))
    _, date_named = lookup(c.payment.astype(np.int64) * (1 << 20) + issue + (1 << 19), c.texts.date_payment)
    older, younger, older_all = _rank(c)
    micro_per_day = 86_400_000_000
    off_last = np.clip(since_due, -90, 180) - c.habits.lag_last[c.customer]
    last_day = frame.item_discount_date[c.item].astype(np.int64)
    left = last_day - frame.payment_booking[c.payment_row]
    grants = (last_day != NO_DATE) & (frame.item_discount[c.item] != 0)
    return {
        "days_from_issue": np.clip(booked - issue, -200, 400).astype(np.float32),
        "days_from_due": np.clip(since_due, -200, 400).astype(np.float32),
        "days_off_habit": np.clip(lag, -200, 200).astype(np.float32),
        "habit_score": np.clip(np.abs(lag) / np.maximum(spread, 1.0), 0, 20).astype(np.float32),
        "month_named": month_named.astype(np.float32),
        "date_named": date_named.astype(np.float32),
        "older_equal_open": older,
        "younger_equal_open": younger,
        "known_after_payment": np.clip(
            (frame.item_known[c.item] - frame.payment_known[c.payment_row]) / micro_per_day, -30, 60
        ).astype(np.float32),
        "older_open": older_all,
        "days_off_last": np.clip(off_last, -200, 200).astype(np.float32),
        "younger_equal_paid": _skipped(c),
        "discount_days": np.where(grants, np.clip(left, -30, 60), np.nan).astype(np.float32),
    }


def _rank(c: Comparison) -> tuple[F32, F32, F32]:
    """Count older and younger open items of the customer with the same balance, and older ones at all."""
    frame, rows = c.frame, c.index.open_rows
    money = c.state.open_amount * np.int64(512) + frame.item_currency
    mixed = money * np.int64(1_000_003) ^ (frame.item_customer.astype(np.int64) * np.int64(0x5DEECE66D))
    order = order_by(mixed[rows], frame.item_due[rows])
    keys = mixed[rows][order]
    rank = np.zeros(frame.item_count, np.int64)
    size = np.zeros(frame.item_count, np.int64)
    first = np.searchsorted(keys, keys)
    rank[rows[order]] = np.arange(len(rows)) - first
    size[rows[order]] = np.searchsorted(keys, keys, side="right") - first
    by_customer, owner, _ = c.index.by_customer
    position = np.zeros(frame.item_count, np.int64)
    position[by_customer] = np.arange(len(by_customer)) - np.searchsorted(owner, owner)
    return (
        np.minimum(rank[c.item], 30).astype(np.float32),
        np.minimum(size[c.item] - 1 - rank[c.item], 30).astype(np.float32),
        np.minimum(position[c.item], 60).astype(np.float32),
    )


def _skipped(c: Comparison) -> F32:
    """Count the settled items of the customer, of the same amount, that fell due after the item."""
    frame, state = c.frame, c.state
    settled = np.flatnonzero(state.visible & (state.open_amount == 0))
    money = frame.item_amount * np.int64(512) + frame.item_currency
    key = money * np.int64(1_000_003) ^ (frame.item_customer.astype(np.int64) * np.int64(0x5DEECE66D))
    order = np.lexsort((frame.item_due[settled], key[settled]))
    keys = key[settled][order]
    dense, inverse = np.unique(keys, return_inverse=True)
    at, found = lookup(key[c.item], dense)
    span = np.int64(1) << 32
    due = frame.item_due.astype(np.int64) + (np.int64(1) << 31)
    table = inverse.astype(np.int64) * span + due[settled][order]
    last = np.searchsorted(table, (at + 1) * span)
    later = last - np.searchsorted(table, at * span + due[c.item], side="right")
    return np.where(found, np.minimum(later, 20), 0).astype(np.float32)
