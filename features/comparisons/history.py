"""Comparison with the past of the customer: how much is known, and how it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from features.comparison import F32, Comparison

COLUMNS = {
    "history_payments": 0, "history_lag_due": 0, "history_lag_spread": 0, "history_items": 0,
    "history_single": 0, "customer_open_items": 0, "payment_candidates": 0, "item_candidates": 0,
}  # fmt: skip


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    habits, who = c.habits, c.customer
    _, owner, _ = c.index.by_customer
    open_items = np.bincount(owner, minlength=len(c.frame.customers))
    item_count = np.bincount(c.item, minlength=c.frame.item_count)
    return {
        "history_payments": np.log1p(habits.payments[who]).astype(np.float32),
        "history_lag_due": habits.lag_due[who].astype(np.float32),
        "history_lag_spread": habits.lag_spread[who].astype(np.float32),
        "history_items": habits.items_per_payment[who].astype(np.float32),
        "history_single": habits.single_share[who].astype(np.float32),
        "customer_open_items": np.minimum(open_items[who], 200).astype(np.float32),
        "payment_candidates": np.minimum(np.bincount(c.payment, minlength=c.payments)[c.payment], 60).astype(
            np.float32
        ),
        "item_candidates": np.minimum(item_count[c.item], 60).astype(np.float32),
    }
