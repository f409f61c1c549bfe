"""Proposals: which open items a payment may settle, with which amounts, and what remains under which name.

The scalar rule of laying cash on items is `receivables.allocation.lay`; this is its columnar twin.
"""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from features.comparison import Comparison
from features.comparisons.amounts import withheld
from features.frame import F64, I32, I64, B, flat, integers
from features.hypotheses import (
    FEE_MINOR,
    FEE_MOST,
    FEE_SHARE,
    FEE_STEP,
    FX_SHARE,
    ROUNDING_MINOR,
    Deduction,
    Drafts,
    Hypotheses,
    Shape,
    WriteOff,
    fingerprints,
)
from features.item_sets import named_sets
from features.join import expand, group_starts
from features.set_search import searched_sets
from features.settlements import line_sets
from features.sorting import first_of_equal, order_by
from features.text import mix

SINGLES = 6  # best single items that become hypotheses


def propose(c: Comparison, score: F64) -> Hypotheses:
    """Lay out the hypotheses of a batch.

    ``score``: log-odds of the candidate pairs, shape (pairs,).
    """
    out = Drafts.empty()
    usable = _usable(c)
    line_sets(c, usable, out)  # first: of equal explanations the one that an advice spells out is kept
    _singles(c, score, usable, out)
    named = named_sets(c, usable, out)
    searched_sets(c, score, usable, named, out)
    return _assemble(c, out)


def _usable(c: Comparison) -> B:
    """Tell which pairs may be part of a hypothesis: a balance, and an amount that compares."""
    return np.asarray((c.balance != 0) & c.cash.known, np.bool_)


def _top_per_payment(payment: I32, value: F64, count: int) -> I64:
    order = order_by(payment, -value)
    starts = group_starts(payment[order])
    size = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, size)
    return np.sort(order[rank < count])


def _singles(c: Comparison, score: F64, usable: B, out: Drafts) -> None:
    """Add one item a hypothesis, with each reading of its residual that makes sense."""
    same_way = usable & (np.sign(c.cash.amount) == np.sign(c.balance))
    rows = np.flatnonzero(same_way)
    if len(rows) == 0:
        return
    rows = rows[_top_per_payment(c.payment[rows], score[rows], SINGLES)]
    cash, balance = c.cash.amount[rows], c.balance[rows]
    sign = np.sign(balance)
    short = (balance - cash) * sign  # positive: less cash than open
    size = np.abs(balance)
    discount, in_time = c.discounts(rows)
    near_discount = (discount != 0) & (np.abs(short - np.abs(discount)) <= 1)
    foreign = c.cash.foreign[rows]
    near_foreign = foreign & (np.abs(short) <= FX_SHARE * size) & ~c.cash.exact[rows]
    share = short / size
    taxed = withheld(c, rows, short) & c.texts.about("withholding")[c.payment[rows]]
    instalment = (c.candidates.rules[rows] >= 0) & (short > 0) & _is_instalment(c, rows)
    shape = np.select(
        [
            near_foreign, short == 0, near_discount & in_time, near_discount, short < 0, instalment, taxed,
        ],
        [
            Shape.FOREIGN, Shape.EXACT, Shape.DISCOUNT, Shape.LATE_DISCOUNT, Shape.OVER, Shape.INSTALMENT,
            Shape.WITHHOLDING,
        ],
        Shape.PARTIAL,
    ).astype(np.int8)  # fmt: skip
    amount = np.where(near_foreign | (short < 0), balance, cash)
    write_off = np.where(shape == Shape.DISCOUNT, short * sign, 0)
    reason = np.where(shape == Shape.DISCOUNT, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE)
    deduction = np.where((shape == Shape.LATE_DISCOUNT) | (shape == Shape.WITHHOLDING), short * sign, 0)
    deduction_reason = np.select(
        [shape == Shape.LATE_DISCOUNT, shape == Shape.WITHHOLDING],
        [Deduction.SHORT_PAYMENT, Deduction.WITHHOLDING],
        Deduction.NONE,
    )
    one = np.ones(len(rows), np.int64)
    out.add(c.payment[rows], shape, one, rows, amount, write_off, reason, deduction, deduction_reason)
    # what is in time by one of booking day and value day may be granted or not: the history of the book tells
    close = np.flatnonzero(near_discount & c.discount_is_close(rows))
    if len(close):
        late = shape[close] == Shape.LATE_DISCOUNT
        rest, none = (short * sign)[close], np.zeros(len(close), np.int64)
        out.add(
            c.payment[rows[close]], np.where(late, Shape.DISCOUNT, Shape.LATE_DISCOUNT).astype(np.int8),
            none + 1, rows[close], cash[close], np.where(late, rest, 0),
            np.where(late, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), np.where(late, 0, rest),
            np.where(late, Deduction.NONE, Deduction.SHORT_PAYMENT),
        )  # fmt: skip
    # a second reading of small shortages: charges that the source states, a fee, or rounding
    told = charges(c, rows)
    charged = (short > 0) & (short == told) & (shape != Shape.DISCOUNT)
    small = np.flatnonzero(
        charged
        | (
            (short > 0)
            & ((share <= FEE_SHARE) | ((share <= FEE_MOST) & (short % FEE_STEP == 0)))
            & (short <= FEE_MINOR)
            & ~near_foreign
            & (shape != Shape.DISCOUNT)
        )
    )
    if len(small):
        at, off = rows[small], (short * sign)[small]
        cents = np.abs(off) <= ROUNDING_MINOR
        gateway = _from_gateway(c)[c.payment_row[at]]
        kind = np.select([charged[small], cents], [Shape.CHARGED, Shape.ROUNDING], Shape.FEE).astype(np.int8)
        why = np.select(
            [charged[small] & gateway, charged[small], cents],
            [WriteOff.PROCESSOR_FEE, WriteOff.BANK_FEE, WriteOff.ROUNDING],
            WriteOff.BANK_FEE,
        )
        none = np.zeros(len(at), np.int64)
        out.add(c.payment[at], kind, none + 1, at, cash[small], off, why, none, none.astype(np.int8))


def charges(c: Comparison, rows: I64) -> I64:
    """Return the charges that the source states for the payments of pairs, 0 for none or another currency."""
    stated = integers(c.frame.book.payments["charges_minor"], 0)[c.payment_row[rows]]
    return np.where(c.cash.foreign[rows], 0, np.abs(stated))


def _from_gateway(c: Comparison) -> B:
    """Tell which payments of the book a payment processor reported, not a bank."""
    words = pc.utf8_lower(pc.fill_null(flat(c.frame.book.payments["source"]), ""))
    return np.asarray(
        pc.match_substring_regex(words, "gateway|psp|processor|stripe|adyen|paypal|mollie|card|wallet")
    )


def _is_instalment(c: Comparison, rows: I64) -> B:
    return c.instalment[rows] > 0


def _assemble(c: Comparison, parts: Drafts) -> Hypotheses:
    """Order hypotheses by payment, drop doubles (the first shape wins), and set the columns."""
    if not parts.payment:
        none, small = np.zeros(0, np.int64), np.zeros(0, np.int8)
        return Hypotheses(
            none.astype(np.int32), small, none.astype(np.int16), np.zeros(1, np.int64), none,
            none.astype(np.int32), none, none, small, none, small,
        )  # fmt: skip
    payment = np.concatenate(parts.payment).astype(np.int64)
    count = np.concatenate(parts.count).astype(np.int64)
    pair = np.concatenate(parts.pair).astype(np.int64)
    first = np.cumsum(count) - count
    owner = np.repeat(np.arange(len(count)), count)
    item = c.item[pair]
    amount, write_off = np.concatenate(parts.amount), np.concatenate(parts.write_off)
    print_ = fingerprints(owner, len(count), item, amount, write_off)
    shape = np.concatenate(parts.shape).astype(np.int8)
    kept = first_of_equal(mix(print_ + payment.astype(np.uint64), 43))
    kept = kept[order_by(payment[kept])]
    _, cells = expand(first[kept], count[kept])
    return Hypotheses(
        payment=payment[kept].astype(np.int32),
        shape=shape[kept],
        solutions=np.concatenate(parts.solutions).astype(np.int16)[kept],
        first_line=np.concatenate([[0], np.cumsum(count[kept])]),
        pair=pair[cells],
        item=item[cells],
        amount=amount[cells],
        write_off=write_off[cells],
        write_off_reason=np.concatenate(parts.reason).astype(np.int8)[cells],
        deduction=np.concatenate(parts.deduction)[cells],
        deduction_reason=np.concatenate(parts.deduction_reason).astype(np.int8)[cells],
    )
