"""Comparison of amounts: equal to the balance, the discounted one, an instalment; how far off; how common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.comparisons.references import LEVEL
from features.frame import NO_DATE, integers
from features.join import count_equal, group_starts, lookup, mix_keys
from features.sorting import order_by

if TYPE_CHECKING:
    from features.comparison import F32, Comparison
    from features.frame import I64, B

COLUMNS = {
    "amount_exact": 1, "amount_discounted": 0, "amount_instalment": 1, "amount_relative": 0,
    "amount_log_difference": 0, "amount_short_small": 0, "amount_twins_book": -1, "amount_twins_customer": 0,
    "amount_is_customer_balance": 0, "amount_share_of_balance": 0, "amount_log": 0, "amount_round": 0,
    "amount_original": 0, "amount_foreign": 0, "amount_foreign_relative": 0, "amount_negative_item": 0,
    "amount_paid_before": 0, "amount_charged": 1, "amount_zeros": 0, "amount_short_zeros": 0,
    "amount_fraction": 0,
    "amount_credit_equal": 0, "amount_claims_complete": 0, "amount_withheld": 0,
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
    booked = frame.payment_booking[c.payment_row]
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
        "amount_zeros": _zeros(cash),
        "amount_short_zeros": np.where(known, _zeros(difference), 0).astype(np.float32),
        "amount_fraction": _fraction(cash, frame.item_amount[c.item], known),
        "amount_credit_equal": (
            count_equal(mix_keys(-state.open_amount * 512 + currency, owner)[c.item], mixed[rows]) > 0
        ).astype(np.float32),
        "amount_claims_complete": _complete(c),
        "amount_withheld": _withheld(c, known, -difference * np.sign(balance)),
        "amount_charged": ((charges != 0) & (np.abs(difference) == charges) & (relative < 0)).astype(
            np.float32
        ),
    }


FRACTIONS = np.array([1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4, 1 / 5, 1 / 6, 1 / 10, 3 / 10, 2 / 5, 3 / 5, 1 / 12])
"""Parts that people agree to pay."""


def _zeros(minor: I64) -> F32:
    """Count the zeros that amounts end with, at most five."""
    out = np.zeros(len(minor), np.float32)
    for place in range(1, 6):
        out += (minor != 0) & (minor % 10**place == 0)
    return out


def _fraction(cash: I64, whole: I64, known: B) -> F32:
    """Tell which amounts are a usual part of the item's, to the minor unit."""
    out = np.zeros(len(cash), np.float32)
    rows = np.flatnonzero(known & (np.abs(cash) < np.abs(whole)))
    part = np.abs(cash[rows])[:, None] - np.abs(whole[rows])[:, None] * FRACTIONS
    out[rows] = (np.abs(part) < 1).any(axis=1)
    return out


def _complete(c: Comparison) -> F32:
    """Tell which items several payments of the batch name and together pay off exactly."""
    found, frame = c.candidates.references, c.frame
    good = (LEVEL[found.rule] >= 3) & ~found.covered & (found.clean > 0)
    payment, item = c.candidates.batch[found.payment[good]], found.item[good]
    alike = frame.payment_currency[payment] == frame.item_currency[item]
    payment, item = payment[alike], item[alike]
    total = np.zeros(frame.item_count, np.int64)
    np.add.at(total, item, frame.payment_amount[payment])
    count = np.bincount(item, minlength=frame.item_count)
    whole = (count > 1) & (total == c.state.open_amount) & (total != 0)
    return np.asarray(whole[c.item], np.float32)


WITHHOLDING_RATES = (
    0.01, 0.015, 0.02, 0.03, 0.05, 0.06, 0.07, 0.075, 0.08, 0.10, 0.12, 0.125, 0.15, 0.19, 0.20, 0.24, 0.25,
    0.30,
)  # fmt: skip


def _withheld(c: Comparison, known: B, short: I64) -> F32:
    """Tell where cash is short by a usual rate of withheld tax."""
    out = np.zeros(len(short), np.float32)
    most = np.abs(c.frame.item_amount[c.item]) * max(WITHHOLDING_RATES) + 1
    rows = np.flatnonzero(known & (short > 0) & (short <= most))
    out[rows] = withheld(c, rows, short[rows])
    return out


def withheld(c: Comparison, rows: I64, short: I64) -> B:
    """Tell whether a shortage is a usual withholding rate of the gross or the net amount."""
    frame, item = c.frame, c.item[rows]
    gross = np.abs(frame.item_amount[item])
    net = gross - frame.item_tax[item]
    untouched = c.balance[rows] == frame.item_amount[item]
    out = np.zeros(len(rows), np.bool_)
    for rate in WITHHOLDING_RATES:
        out |= np.abs(short - gross * rate) <= 1
        out |= (net != gross) & (np.abs(short - net * rate) <= 1)
    return np.asarray(out & untouched & (short > 0), np.bool_)
