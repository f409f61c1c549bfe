"""Amounts in the item's currency: the rate of the booking day, or what the bank said the payer sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.frame import F64, I32, I64, MISSING, B, codes, days, flat, integers
from features.state import State
from receivables.money import exponent

MAX_RATE_AGE = 7  # days


@dataclass(frozen=True)
class Converted:
    """Amounts of pairs in the item's currency; ``rate_row``: of fx_rates or -1; ``known``: with a rate."""

    amount: I64
    known: B
    foreign: B
    rate: F64
    rate_row: I64
    exact: B  # converted by what the payer sent, not by a rate


def convert(state: State, payment: I32, item: I32) -> Converted:
    """Bring the amounts of payments into the currencies of items, pair by pair."""
    frame = state.frame
    amount = frame.payment_amount[payment].copy()
    source, target = frame.payment_currency[payment], frame.item_currency[item]
    foreign = source != target
    known = np.ones(len(payment), np.bool_)
    rate = np.ones(len(payment))
    rate_row = np.full(len(payment), -1, np.int64)
    exact = np.zeros(len(payment), np.bool_)
    rows = np.flatnonzero(foreign)
    if len(rows) == 0:
        return Converted(amount, known, foreign, rate, rate_row, exact)
    known[rows] = False
    _by_rate(state, payment, rows, source, target, amount=amount, known=known, rate=rate, rate_row=rate_row)
    sent = codes(frame.book.payments["original_currency"], frame.currencies)[payment[rows]]
    original = integers(frame.book.payments["original_amount_minor"])[payment[rows]]
    told = (sent == target[rows]) & (original != MISSING) & (original != 0)
    at = rows[told]
    amount[at] = np.sign(amount[at]) * np.abs(original[told])
    known[at], exact[at] = True, True
    return Converted(amount, known, foreign, rate, rate_row, exact)


def _by_rate(  # noqa: PLR0913 - fills the columns of `convert`
    state: State, payment: I32, rows: I64, source: I32, target: I32, *,
    amount: I64, known: B, rate: F64, rate_row: I64,
) -> None:  # fmt: skip
    frame = state.frame
    table = frame.book.fx_rates
    if table.num_rows == 0:
        return
    base, quote = codes(table["base"], frame.currencies), codes(table["quote"], frame.currencies)
    day = days(table["date"]).astype(np.int64)
    value = np.asarray(flat(table["rate"]))
    seen = (integers(table["known_at"], 0) <= state.known_until) & (base >= 0) & (quote >= 0)
    size = max(len(frame.currencies), 1)
    span = np.int64(1) << 24
    scale = np.array([10.0 ** exponent(code) for code in frame.currencies.to_pylist()])
    for inverse in (False, True):
        a, b = (quote, base) if inverse else (base, quote)
        at = np.flatnonzero(seen)
        if len(at) == 0:
            return
        key = (a[at].astype(np.int64) * size + b[at]) * span + day[at]
        order = np.argsort(key, kind="stable")
        key, at = key[order], at[order]
        open_rows = rows[~known[rows]]
        want = (source[open_rows].astype(np.int64) * size + target[open_rows]) * span
        want += frame.payment_value_day[payment[open_rows]]
        found = np.searchsorted(key, want, side="right") - 1
        ok = (found >= 0) & (want - key[np.maximum(found, 0)] <= MAX_RATE_AGE)
        hit, row = open_rows[ok], at[found[ok]]
        factor = 1.0 / value[row] if inverse else value[row]
        minor = scale[target[hit]] / scale[source[hit]]
        amount[hit] = np.rint(amount[hit] * factor * minor).astype(np.int64)
        known[hit], rate[hit], rate_row[hit] = True, factor, row
