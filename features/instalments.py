"""Instalments: which payments pay exactly a part of an item that was agreed on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.frame import I32, I64, codes, days, integers
from features.join import count_equal, mix_keys
from features.state import State


def instalments(state: State, payment_row: I32, item: I32, cash: I64) -> NDArray[np.int8]:
    """Tell which amounts equal an instalment of the item: 2 for the one due about that day, 1 else."""
    table = state.frame.book.instalments
    out = np.zeros(len(item), np.int8)
    if table.num_rows == 0:
        return out
    whose = state.frame.instalment_item.astype(np.int64)
    amount = integers(table["amount_minor"], 0)
    known = (integers(table["known_at"], 0) <= state.known_until) & (whose >= 0)
    whose, amount, due = whose[known], amount[known], days(table["due_date"])[known].astype(np.int64)
    planned = np.zeros(state.frame.item_count, np.bool_)
    planned[whose] = True
    rows = np.flatnonzero(planned[item])
    wanted = mix_keys(cash[rows], item[rows].astype(np.int64))
    key = mix_keys(amount, whose)
    hit = count_equal(wanted, key) > 0
    out[rows[hit]] = 1
    booked = state.frame.payment_booking[payment_row[rows]].astype(np.int64)
    exact = np.sort(mix_keys(key, due // 14))
    for shift in (-1, 0, 1):
        near = count_equal(mix_keys(wanted, booked // 14 + shift), exact) > 0
        out[rows[near]] = 2
    return out


def agreed_parts(state: State) -> tuple[I64, I64]:
    """Return (item, amount) of the instalments that are smaller than what their item has open, each once."""
    table, frame = state.frame.book.instalments, state.frame
    if table.num_rows == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    whose = codes(table["invoice_id"], frame.item_ids).astype(np.int64)
    amount = integers(table["amount_minor"], 0)
    good = (integers(table["known_at"], 0) <= state.known_until) & (whose >= 0)
    good &= amount < state.open_amount[np.maximum(whose, 0)]
    both = np.unique(np.stack([whose[good], amount[good]]), axis=1)
    return both[0], both[1]
