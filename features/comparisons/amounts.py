"""Comparison of amounts: equal to the balance, the discounted one, an instalment; how far off; how common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.frame import NO_DATE, integers
from features.join import count_equal, group_starts, lookup, mix_keys
from features.sorting import order_by

if TYPE_CHECKING:
    from features.comparison import F32, Comparison

COLUMNS = {
    "amount_exact": 1, "amount_discounted": 0, "amount_instalment": 1, "amount_relative": 0,
    "amount_log_difference": 0, "amount_short_small": 0, "amount_twins_book": -1, "amount_twins_customer": 0,
    "amount_is_customer_balance": 0, "amount_share_of_balance": 0, "amount_log": 0, "amount_round": 0,
    "amount_original": 0, "amount_foreign": 0, "amount_foreign_relative": 0, "amount_negative_item": 0,
    "amount_paid_before": 0, "amount_charged": 1,
}  # fmt: skip


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    frame, state = c.frame, c.state
    cash, balance = c.cash.amount, c.balance
    difference = cash - balance
    scale = np.maximum(np.abs(balance), 1)
    relative = difference / scale
    known = c.cash.known
    foreign = c.cash.foreign
    exact = known & (difference == 0)
    discount = frame.item_discount[c.item] * frame.item_sign[c.item]
    untouched = balance == frame.item_amount[c.item]
    booked = frame.payment_value_day[c.payment_row]
    last_day = frame.item_discount_date[c.item]
    in_time = (last_day == NO_DATE) | (booked <= last_day)
    taken = known & (discount != 0) & untouched & (np.abs(cash - (balance - discount)) <= 1)
    charges = np.abs(integers(frame.book.payments["charges_minor"], 0)[c.payment_row])
    rows = c.index.open_rows
    currency = frame.item_currency.astype(np.int64)
    money = state.open_amount * np.int64(512) + currency
    twins_book = count_equal(money[c.item], money[rows])
    if state.elsewhere is not None:
        at, found = lookup(money[c.item], state.elsewhere.balance)
        twins_book = twins_book + np.where(found, np.append(state.elsewhere.open_items, 0)[at], 0)
    owner = frame.item_customer.astype(np.int64)
    mixed = mix_keys(money, owner)
    twins_customer = count_equal(mixed[c.item], mixed[rows])
    total_key = owner * 512 + currency
    keys = np.sort(total_key[rows])
    starts = group_starts(keys)
    order = order_by(total_key[rows])
    totals = np.add.reduceat(state.open_amount[rows][order], starts) if len(starts) else np.zeros(0, np.int64)
    at, found = lookup(total_key[c.item], keys[starts])
    customer_total = np.where(found, totals[at], 0)
    return {
        "amount_exact": exact.astype(np.float32),
        "amount_discounted": np.where(taken, np.where(in_time, 2, 1), 0).astype(np.float32),
        "amount_instalment": c.instalment.astype(np.float32),
        "amount_relative": np.where(known, np.clip(relative, -1.5, 5), np.nan).astype(np.float32),
        "amount_log_difference": np.where(
            known, np.sign(difference) * np.log1p(np.abs(difference)), np.nan
        ).astype(np.float32),
        "amount_short_small": (known & (relative < 0) & (relative > -0.06)).astype(np.float32),
        "amount_twins_book": np.log1p(np.maximum(twins_book - 1, 0)).astype(np.float32),
        "amount_twins_customer": np.minimum(np.maximum(twins_customer - 1, 0), 20).astype(np.float32),
        "amount_is_customer_balance": (known & (customer_total == cash)).astype(np.float32),
        "amount_share_of_balance": np.where(
            customer_total != 0,
            np.clip(cash / np.where(customer_total == 0, 1, customer_total), -1, 3),
            np.nan,
        ).astype(np.float32),
        "amount_log": np.log1p(np.abs(frame.payment_amount[c.payment_row])).astype(np.float32),
        "amount_round": (cash % 10_000 == 0).astype(np.float32),
        "amount_original": (known & (cash == frame.item_amount[c.item])).astype(np.float32),
        "amount_foreign": np.where(foreign, np.where(known, 1, 2), 0).astype(np.float32),
        "amount_foreign_relative": np.where(foreign & known, np.clip(np.abs(relative), 0, 1), np.nan).astype(
            np.float32
        ),
        "amount_negative_item": (balance < 0).astype(np.float32),
        "amount_paid_before": (~untouched).astype(np.float32),
        "amount_charged": ((charges != 0) & (np.abs(difference) == charges) & (relative < 0)).astype(
            np.float32
        ),
    }
