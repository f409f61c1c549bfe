"""Named sets: the explanation of a payment whose text names several items."""

from __future__ import annotations

import numpy as np

from features.comparison import Comparison
from features.comparisons.references import LEVEL
from features.frame import I64, B
from features.hypotheses import (
    FEE_MINOR,
    FEE_SHARE,
    FX_SHARE,
    ROUNDING_MINOR,
    Deduction,
    Drafts,
    Shape,
    WriteOff,
)
from features.join import group_starts
from features.sorting import order_by


def named_sets(c: Comparison, usable: B, out: Drafts) -> B:
    """Add the set of all items that a payment names, when there are several; return which pairs are named."""
    named = _named_mask(c) & usable
    rows = np.flatnonzero(named)
    # one customer's items only, unless no customer has two: the customer with most named items wins
    owner = c.payment[rows].astype(np.int64)
    starts = group_starts(owner)
    count = np.diff(np.append(starts, len(rows)))
    several = np.repeat(count > 1, count)
    rows = rows[several]
    if len(rows) == 0:
        return named
    order = order_by(c.payment[rows], _position(c, rows), c.item[rows])
    rows = rows[order]
    for subset in _customer_choices(c, rows):
        _add_set(c, subset, out, named=True)
    return named


def _named_mask(c: Comparison) -> B:
    """Tell which pairs the payment's text names well enough to build a set on."""
    found, row = c.candidates.references, c.candidates.reference_row
    has = row >= 0
    if len(found.item) == 0:
        return has
    at = np.maximum(row, 0)
    good = (LEVEL[found.rule] >= 3) & ~found.covered & (found.clean > 0) & (found.length >= 3)
    return has & good[at]


def _position(c: Comparison, rows: I64) -> I64:
    found, row = c.candidates.references, c.candidates.reference_row[rows]
    return (
        np.where(row >= 0, found.start[np.maximum(row, 0)], 0)
        if len(found.start)
        else np.zeros(len(rows), np.int64)
    )


def _customer_choices(c: Comparison, rows: I64) -> list[I64]:
    """Return the named rows of all customers, and those of the customer named most where that differs."""
    size = np.int64(max(len(c.frame.customers), 1))
    key = c.payment[rows].astype(np.int64) * size + c.customer[rows]
    distinct, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    payment = distinct // size
    order = np.lexsort((-count, payment))
    best = order[group_starts(payment[order])]
    chosen = np.zeros(len(distinct), np.bool_)
    chosen[best] = True
    customers = np.bincount(payment.astype(np.int64), minlength=c.payments)
    mixed = customers[c.payment[rows]] > 1
    main = chosen[inverse] & mixed & (count[inverse] > 1)
    return [rows, rows[main]]


def _add_set(c: Comparison, rows: I64, out: Drafts, *, named: bool) -> None:
    """Add one hypothesis for each payment whose pairs stand in ``rows`` (ordered by payment)."""
    if len(rows) == 0:
        return
    payment = c.payment[rows]
    starts = group_starts(payment)
    count = np.diff(np.append(starts, len(rows)))
    currency = c.frame.item_currency[c.item[rows]]
    alike = np.maximum.reduceat(currency, starts) == np.minimum.reduceat(currency, starts)
    # at least one item must run with the cash: credit memos alone explain no receipt
    along = np.maximum.reduceat(c.balance[rows] * np.where(c.cash.amount[rows] < 0, -1, 1), starts) > 0
    keep = np.repeat((count > 1) & alike & along, count)
    rows, payment = rows[keep], payment[keep]
    starts = group_starts(payment)
    if len(starts) == 0:
        return
    count = np.diff(np.append(starts, len(rows)))
    cash = c.cash.amount[rows[starts]]
    foreign = np.logical_or.reduceat(c.cash.foreign[rows], starts)
    total = np.add.reduceat(c.balance[rows], starts)
    discount, in_time = c.discounts(rows)
    granted = np.where(in_time, discount, 0)
    off = np.add.reduceat(granted, starts)
    late = np.add.reduceat(discount, starts)
    sign = np.where(cash < 0, -1, 1)
    short = (total - cash) * sign
    exact = short == 0
    is_discount = ~exact & (off != 0) & (np.abs(total - off - cash) <= count)
    is_late = ~exact & ~is_discount & (late != 0) & (np.abs(total - late - cash) <= count)
    fee = (
        ~exact
        & ~is_discount
        & ~is_late
        & (short > 0)
        & (short <= FEE_MINOR)
        & (short <= FEE_SHARE * np.abs(total))
    )
    near = foreign & (np.abs(short) <= FX_SHARE * np.abs(total))
    shape = np.select(
        [near, exact, is_discount, short < 0],
        [Shape.NAMED_EXACT, Shape.NAMED_EXACT, Shape.NAMED_DISCOUNT, Shape.NAMED_OVER],
        Shape.NAMED_PARTIAL,
    ).astype(np.int8)
    if not named:
        shape = np.where(shape == Shape.NAMED_EXACT, Shape.SUBSET, shape).astype(np.int8)
    owner = np.repeat(np.arange(len(starts)), count)
    amount = lay_in_order(cash, c.balance[rows], starts, count)
    amount = np.where(near[owner], c.balance[rows], amount)
    amount, write_off, deduction = _granted(
        c.balance[rows], owner, is_discount, is_late, cash, granted, discount, amount
    )
    zero = np.zeros(len(rows), np.int64)
    out.add(
        payment[starts], shape, count, rows, amount, write_off,
        np.where(write_off != 0, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), deduction,
        np.where(deduction != 0, Deduction.SHORT_PAYMENT, Deduction.NONE),
    )  # fmt: skip
    if fee.any():
        pick = fee[owner]
        at = rows[pick]
        fees = np.zeros(len(at), np.int64)
        local_count = count[fee]
        last = np.cumsum(local_count) - 1
        fees[last] = (total - cash)[fee]
        laid = c.balance[at] - fees
        fits = np.logical_and.reduceat(
            np.sign(laid) == np.sign(c.balance[at]), np.cumsum(local_count) - local_count
        )
        ok = np.repeat(fits, local_count)
        cents = np.abs(fees[ok]) <= ROUNDING_MINOR
        out.add(
            payment[starts][fee][fits], np.full(int(fits.sum()), Shape.NAMED_FEE, np.int8), local_count[fits],
            at[ok], laid[ok], fees[ok],
            np.where(fees[ok] == 0, WriteOff.NONE, np.where(cents, WriteOff.ROUNDING, WriteOff.BANK_FEE)),
            zero[: int(ok.sum())], np.zeros(int(ok.sum()), np.int8),
        )  # fmt: skip


def _granted(
    balance: I64, owner: I64, is_discount: B, is_late: B, cash: I64, granted: I64, discount: I64, amount: I64
) -> tuple[I64, I64, I64]:
    """Apply discounts line by line; the last line takes the rounding of at most one minor unit an item."""
    write_off = np.where(is_discount[owner], granted, 0)
    deduction = np.where(is_late[owner], discount, 0)
    amount = np.where(
        is_discount[owner], balance - write_off, np.where(is_late[owner], balance - deduction, amount)
    )
    laid = np.zeros(len(cash), np.int64)
    np.add.at(laid, owner, amount)
    rest = np.where(is_discount | is_late, cash - laid, 0)
    last = np.searchsorted(owner, np.arange(len(cash)), side="right") - 1
    amount[last] += rest
    write_off[last] -= np.where(is_discount, rest, 0)
    deduction[last] -= np.where(is_late, rest, 0)
    return amount, write_off, deduction


def lay_in_order(cash: I64, open_amount: I64, first: I64, count: I64) -> I64:
    """Lay cash on items in order: credit memos whole, then each item up to its balance.

    ``cash``: signed cash a hypothesis; ``open_amount``: signed balances of all lines. Signs are those of the
    cash.
    """
    owner = np.repeat(np.arange(len(count)), count)
    sign = np.where(cash < 0, -1, 1)[owner]
    due = open_amount * sign
    against = np.minimum(due, 0)
    pot = np.abs(cash)
    np.add.at(pot, owner, -against)
    towards = np.maximum(due, 0)
    total = np.cumsum(towards)
    before = total - towards - np.repeat((total - towards)[first], count)
    laid = np.clip(pot[owner] - before, 0, towards)
    return np.where(due < 0, due, laid) * sign
