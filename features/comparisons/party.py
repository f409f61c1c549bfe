"""Comparison of parties: who the source, the account, the name, the past and the text say paid.

Levels of a name, best to worst: the same words; a beginning cut by the bank; most words; some words; nothing
alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.frame import NO_CODE
from features.party import name_similarity

if TYPE_CHECKING:
    from features.comparison import F32, Comparison

COLUMNS = {
    "party_given": 1, "party_account": 1, "party_account_other": -1, "party_alias": 1, "party_alias_count": 0,
    "party_alias_other": -1, "party_name": 1, "party_name_other": 0, "party_number": 1,
    "party_number_other": 0, "party_family": 0, "party_score": 1, "party_margin": 1, "party_unknown_payer": 0,
    "party_customers": 0,
}  # fmt: skip


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    frame, table = c.frame, c.candidates.parties
    size = max(len(frame.customers), 1)
    at, found = table.find(c.payment, c.customer, size)
    payer = c.index.reading.parties.payer_of_payment[c.payment_row]

    def take(values: np.ndarray, empty: float = 0) -> F32:
        if len(values) == 0:
            return np.full(len(at), empty, np.float32)
        return np.where(found, values[at], empty).astype(np.float32)

    name = take(table.name, np.nan)
    missing = np.flatnonzero(np.isnan(name))
    name[missing] = name_similarity(
        c.index.reading.parties,
        c.state.known_until,
        payer[missing],
        c.customer[missing],
        c.index.reading.threads,
    )
    given_code = frame.payment_customer[c.payment_row]
    given = np.where(given_code == NO_CODE, 0, np.where(given_code == c.customer, 1, -1))
    row_score = table.score()
    score = np.maximum.reduce([
        (given > 0) * np.float32(1.0), take(table.account) * np.float32(0.98),
        take(table.alias) * np.float32(0.95), take(table.number) * np.float32(0.9),
        np.nan_to_num(name) * np.float32(0.9),
    ])  # fmt: skip
    best = _best_other(c, table.payment, table.customer, row_score)
    return {
        "party_given": given.astype(np.float32),
        "party_account": take(table.account),
        "party_account_other": _best_other(c, table.payment, table.customer, table.account),
        "party_alias": take(table.alias),
        "party_alias_count": np.log1p(take(table.alias_count)),
        "party_alias_other": _best_other(c, table.payment, table.customer, table.alias),
        "party_name": name,
        "party_name_other": _best_other(c, table.payment, table.customer, np.nan_to_num(table.name)),
        "party_number": take(table.number),
        "party_number_other": _best_other(c, table.payment, table.customer, table.number.astype(np.float32)),
        "party_family": take(table.family),
        "party_score": score,
        "party_margin": score - best,
        "party_unknown_payer": (payer == NO_CODE).astype(np.float32),
        "party_customers": np.minimum(np.bincount(table.payment, minlength=c.payments)[c.payment], 30).astype(
            np.float32
        ),
    }


def _best_other(c: Comparison, payment: np.ndarray, customer: np.ndarray, value: np.ndarray) -> F32:
    """Return for each pair the largest value that any other customer of the payment has."""
    top = np.zeros(c.payments, np.float32)
    np.maximum.at(top, payment, value)
    is_top = value == top[payment]
    holder = np.full(c.payments, -1, np.int64)
    rows = np.flatnonzero(is_top & (value > 0))
    holder[payment[rows][::-1]] = customer[rows][::-1]
    second = np.zeros(c.payments, np.float32)
    others = customer != holder[payment]
    np.maximum.at(second, payment[others], value[others])
    return np.where(holder[c.payment] == c.customer, second[c.payment], top[c.payment]).astype(np.float32)
