"""How customers paid in the past: lag behind the due day, items a payment, how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.frame import F64
from features.join import group_starts
from features.state import State

PRIOR_WEIGHT = 2.0  # a customer with two payments counts half, the book's mean the other half
PRIOR_SPREAD = 12.0  # days


@dataclass(frozen=True)
class Habits:
    """Habits by customer code, shape (customers,)."""

    payments: F64
    lag_due: F64  # mean days from due day to booking, shrunk to the book's mean
    lag_spread: F64  # days
    lag_issue: F64
    lag_last: F64  # days from due day to booking of the latest payment known, the mean where there is none
    items_per_payment: F64
    single_share: F64


def read_habits(state: State) -> Habits:
    """Read habits off the allocations of the past."""
    frame = state.frame
    size = len(frame.customers)
    customer = frame.item_customer[state.history_item]
    positive = state.history_amount > 0
    pay, item, customer = state.history_payment[positive], state.history_item[positive], customer[positive]
    booked = frame.payment_booking[pay].astype(np.float64)
    due_lag = np.clip(booked - frame.item_due[item], -90, 180)
    issue_lag = np.clip(booked - frame.item_issue[item], -60, 270)
    count = np.bincount(customer, minlength=size).astype(np.float64)

    whole = state.elsewhere

    def shrunk(values: F64, days: int | None) -> F64:
        mean = float(values.mean()) if len(values) else 0.0
        if whole is not None and days is not None:  # the mean is that of the whole book
            mean = days / whole.habit_count if whole.habit_count else 0.0
        total = np.bincount(customer, weights=values, minlength=size)
        return (total + PRIOR_WEIGHT * mean) / (count + PRIOR_WEIGHT)

    lag = shrunk(due_lag, whole.habit_due_days if whole else None)
    order = np.lexsort((item, booked, customer))
    last = order[np.append(group_starts(customer[order])[1:], len(order)) - 1] if len(order) else order
    lag_last = lag.copy()
    lag_last[customer[last]] = due_lag[last]
    square = np.bincount(customer, weights=(due_lag - lag[customer]) ** 2, minlength=size)
    spread = np.sqrt((square + PRIOR_WEIGHT * PRIOR_SPREAD**2) / (count + PRIOR_WEIGHT))
    votes = np.sort(pay.astype(np.int64) * max(size, 1) + customer)
    starts = group_starts(votes)
    items = np.diff(np.append(starts, len(votes)))
    owner = (votes[starts] % max(size, 1)).astype(np.int64)
    payments = np.bincount(owner, minlength=size).astype(np.float64)
    singles = np.bincount(owner, weights=(items == 1).astype(np.float64), minlength=size)
    return Habits(
        payments=payments,
        lag_due=lag,
        lag_spread=spread,
        lag_issue=shrunk(issue_lag, whole.habit_issue_days if whole else None),
        lag_last=lag_last,
        items_per_payment=(count + PRIOR_WEIGHT) / (payments + PRIOR_WEIGHT),
        single_share=(singles + PRIOR_WEIGHT * 0.8) / (payments + PRIOR_WEIGHT),
    )
