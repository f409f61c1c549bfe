"""Comparison of document numbers: how well, how tellingly and how exclusively the text names the item.

Levels, best to worst: the whole number or structured reference as written and standing free; the number
without its prefix or with a short year; its serial part; an entry of an abbreviated list; one digit wrong;
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.references import Rule

if TYPE_CHECKING:
    from features.comparison import F32, Comparison

COLUMNS = {
    "ref_level": 1, "ref_length": 0, "ref_share": 0, "ref_written": 1, "ref_clean": 1, "ref_covered": -1,
    "ref_neighbour": 0, "ref_hot_serial": 0, "ref_rivals": 0, "ref_rivals_customer": 0,
    "ref_best_of_payment": 0, "ref_order": 0, "text_named": 0, "text_stale": 0, "text_stale_customer": 0,
    "text_unexplained": 0, "text_leftover": 0, "text_words": 0, "text_silent": 0,
}  # fmt: skip

LEVEL = np.zeros(16, np.float32)
LEVEL[Rule.NUMBER], LEVEL[Rule.STRUCTURED], LEVEL[Rule.LINE] = 6, 6, 6
LEVEL[Rule.NUMBER_WITHOUT_PREFIX], LEVEL[Rule.PURCHASE_ORDER] = 5, 4
LEVEL[Rule.NUMBER_YEAR_SERIAL], LEVEL[Rule.NUMBER_SERIAL], LEVEL[Rule.LISTED] = 4, 3, 3


def columns(c: Comparison) -> dict[str, F32]:
    """Return the columns of this family."""
    found = c.candidates.references
    row = c.candidates.reference_row
    has = row >= 0
    at = np.maximum(row, 0)
    payments = c.payments

    def take(values: np.ndarray, empty: float = 0) -> F32:
        if len(values) == 0:
            return np.full(len(row), empty, np.float32)
        return np.where(has, values[at], empty).astype(np.float32)

    level = take(LEVEL[found.rule])
    covered = take(found.covered)
    strong = LEVEL[found.rule] * ~found.covered * (found.clean > 0)
    is_open = c.state.open_amount[found.item] != 0
    best = np.zeros(payments, np.float32)
    np.maximum.at(best, found.payment[is_open], strong[is_open])
    good = is_open & (strong >= 3) & (found.length >= 4)
    named = np.bincount(found.payment[good], minlength=payments)
    own = np.where(has, good[at] if len(good) else False, False)
    # mentions of the same customer's items
    size = max(len(c.frame.customers), 1)
    owner = found.payment.astype(np.int64) * size + c.frame.item_customer[found.item]
    pair_owner = c.payment.astype(np.int64) * size + c.customer
    open_keys, open_counts = np.unique(owner[good], return_counts=True)
    of_customer = _count(pair_owner, open_keys, open_counts)
    stale = c.candidates.stale
    stale_strong = (LEVEL[stale.rule] * ~stale.covered >= 3) & (stale.length >= 4)
    stale_keys, stale_counts = np.unique(
        stale.payment[stale_strong].astype(np.int64) * size + c.frame.item_customer[stale.item[stale_strong]],
        return_counts=True,
    )
    texts = c.texts
    return {
        "ref_level": level,
        "ref_length": take(found.length),
        "ref_share": take(found.share),
        "ref_written": take(found.written),
        "ref_clean": take(found.clean),
        "ref_covered": covered,
        "ref_neighbour": c.candidates.neighbour.astype(np.float32),
        "ref_hot_serial": ((c.candidates.rules >> np.uint32(Rule.HOT_SERIAL)) & 1).astype(np.float32),
        "ref_rivals": (named[c.payment] - own).astype(np.float32),
        "ref_rivals_customer": (of_customer - own).astype(np.float32),
        "ref_best_of_payment": best[c.payment] - level * (1 - covered),
        "ref_order": _order(found.payment, found.start, has, at),
        "text_named": named[c.payment].astype(np.float32),
        "text_stale": np.bincount(stale.payment[stale_strong], minlength=payments)[c.payment].astype(
            np.float32
        ),
        "text_stale_customer": _count(pair_owner, stale_keys, stale_counts).astype(np.float32),
        "text_unexplained": texts.unexplained[c.payment].astype(np.float32),
        "text_leftover": np.minimum(texts.leftover[c.payment], 20).astype(np.float32),
        "text_words": np.minimum(texts.words[c.payment], 30).astype(np.float32),
        "text_silent": texts.silent[c.payment].astype(np.float32),
    }


def _count(wanted: np.ndarray, keys: np.ndarray, counts: np.ndarray) -> np.ndarray:
    if len(keys) == 0:
        return np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, counts[at], 0)


def _order(payment: np.ndarray, start: np.ndarray, has: np.ndarray, at: np.ndarray) -> F32:
    """Return 0 for the first mention of a text, 1 for later ones, NaN for none."""
    first = np.full(int(payment.max()) + 1 if len(payment) else 0, np.iinfo(np.int64).max)
    np.minimum.at(first, payment, start)
    later = start > first[payment]
    if len(later) == 0:
        return np.full(len(has), np.nan, np.float32)
    return np.where(has, later[at], np.nan).astype(np.float32)
