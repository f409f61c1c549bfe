"""Proposals: which open items a payment may settle, with which amounts, and what remains under which name.

A *hypothesis* is one complete explanation of a payment: a set of items with cash applied, write-offs and deductions.
Hypotheses of a whole batch are laid out as two tables, one row a hypothesis and one row a line. The scalar rule of
laying cash on items is `receivables.allocation.lay`; this is its columnar twin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.frame import F64, I32, I64, NO_DATE, B, flat, integers
from features.join import expand, group_starts
from features.text import U64, mix

if TYPE_CHECKING:
    from features.compare import Comparison

SINGLES = 6  # best single items that become hypotheses
SEARCH_ITEMS = 12  # items among which unnamed subsets are searched: DESIGN 5
WINDOW_ITEMS = 30
SOLUTIONS = 3
FEE_SHARE = 0.06
FEE_MINOR = 6_000  # 60.00: wire charges above that are not seen in published tariffs
FX_SHARE = 0.025
WITHHOLDING_RATES = (
    0.01,
    0.015,
    0.02,
    0.03,
    0.05,
    0.06,
    0.07,
    0.075,
    0.08,
    0.10,
    0.12,
    0.125,
    0.15,
    0.19,
    0.20,
    0.24,
    0.25,
    0.30,
)


class Shape(IntEnum):
    """What kind of explanation a hypothesis is."""

    EXACT = 0
    DISCOUNT = 1
    LATE_DISCOUNT = 2
    FEE = 3
    ROUNDING = 4
    WITHHOLDING = 5
    PARTIAL = 6
    INSTALMENT = 7
    OVER = 8
    FOREIGN = 9
    NAMED_EXACT = 10
    NAMED_DISCOUNT = 11
    NAMED_FEE = 12
    NAMED_PARTIAL = 13
    NAMED_OVER = 14
    SUBSET = 15
    SUBSET_DISCOUNT = 16
    WINDOW = 17
    LINES = 18
    OLDEST_FIRST = 19
    CHARGED = 20


class WriteOff(IntEnum):
    """Why something is written off; `NAMES` gives the contract's words."""

    NONE = 0
    BANK_FEE = 1
    EARLY_PAYMENT_DISCOUNT = 2
    ROUNDING = 3
    PROCESSOR_FEE = 4
    OTHER = 5


class Deduction(IntEnum):
    """Why something stays open."""

    NONE = 0
    DISPUTED = 1
    WITHHOLDING = 2
    SHORT_PAYMENT = 3


WRITE_OFF_WORDS = ("", "bank_fee", "early_payment_discount", "rounding", "processor_fee", "other")
DEDUCTION_WORDS = ("", "disputed", "withholding", "short_payment")


@dataclass(frozen=True)
class Hypotheses:
    """All hypotheses of a batch, ordered by payment; lines ordered by hypothesis."""

    payment: I32
    shape: NDArray[np.int8]
    solutions: NDArray[np.int16]  # how many equal sums the search found
    first_line: I64  # shape (hypotheses + 1,)
    pair: I64  # candidate pair of each line, -1 for lines of an undone payment
    item: I32
    amount: I64  # cash, signed, item's currency
    write_off: I64
    write_off_reason: NDArray[np.int8]
    deduction: I64
    deduction_reason: NDArray[np.int8]

    @cached_property
    def owner(self) -> I64:
        """Hypothesis of each line."""
        return np.repeat(np.arange(len(self.payment)), np.diff(self.first_line))

    def fingerprint(self) -> U64:
        """Return a hash of items, amounts and write-offs, independent of the order of the lines."""
        return fingerprints(self.owner, len(self.payment), self.item, self.amount, self.write_off)


def fingerprints(owner: I64, count: int, item: I32, amount: I64, write_off: I64) -> U64:
    """Hash sets of (item, amount, write-off), one set an owner."""
    line = mix(
        mix(mix(item.astype(np.uint64), 31) + amount.astype(np.uint64), 37) + write_off.astype(np.uint64), 41
    )
    out = np.zeros(count, np.uint64)
    np.add.at(out, owner, line)
    return out


@dataclass
class _Lines:
    """Hypotheses under construction."""

    payment: list[NDArray[np.integer]]
    shape: list[NDArray[np.integer]]
    solutions: list[NDArray[np.integer]]
    count: list[NDArray[np.integer]]
    pair: list[NDArray[np.integer]]
    amount: list[I64]
    write_off: list[I64]
    reason: list[NDArray[np.integer]]
    deduction: list[I64]
    deduction_reason: list[NDArray[np.integer]]

    def add(  # noqa: PLR0913 - one argument a column
        self, payment: NDArray[np.integer], shape: NDArray[np.integer], count: NDArray[np.integer],
        pair: NDArray[np.integer], amount: I64, write_off: I64, reason: NDArray[np.integer], deduction: I64,
        deduction_reason: NDArray[np.integer], solutions: NDArray[np.integer] | None = None,
    ) -> None:  # fmt: skip
        self.payment.append(payment)
        self.shape.append(shape)
        self.count.append(count)
        self.pair.append(pair)
        self.amount.append(amount)
        self.write_off.append(write_off)
        self.reason.append(reason)
        self.deduction.append(deduction)
        self.deduction_reason.append(deduction_reason)
        self.solutions.append(np.ones(len(payment), np.int16) if solutions is None else solutions)


def propose(c: Comparison, score: F64) -> Hypotheses:
    """Lay out the hypotheses of a batch.

    ``score``: log-odds of the candidate pairs, shape (pairs,).
    """
    out = _Lines([], [], [], [], [], [], [], [], [], [])
    usable = _usable(c)
    _singles(c, score, usable, out)
    named = _named_sets(c, usable, out)
    _searched_sets(c, score, usable, named, out)
    from features.settlements import line_sets

    line_sets(c, usable, out)
    return _assemble(c, out)


def _usable(c: Comparison) -> B:
    """Tell which pairs may be part of a hypothesis: a balance, a direction that can be, an amount that compares."""
    return (c.balance != 0) & c.cash.known


def _top_per_payment(payment: I32, value: F64, count: int) -> I64:
    order = np.lexsort((-value, payment))
    starts = group_starts(payment[order])
    size = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, size)
    return np.sort(order[rank < count])


def discounts(c: Comparison, pair: I64) -> tuple[I64, B]:
    """Return the early-payment discount of pairs (signed, 0 where none or already touched) and whether it is in time."""
    frame, item = c.frame, c.item[pair]
    discount = frame.item_discount[item] * frame.item_sign[item]
    untouched = c.balance[pair] == frame.item_amount[item]
    last = frame.item_discount_date[item]
    in_time = (last == NO_DATE) | (frame.payment_value_day[c.payment_row[pair]] <= last)
    return np.where(untouched, discount, 0), in_time


def _singles(c: Comparison, score: F64, usable: B, out: _Lines) -> None:
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
    discount, in_time = discounts(c, rows)
    near_discount = (discount != 0) & (np.abs(short - np.abs(discount)) <= 1)
    foreign = c.cash.foreign[rows]
    near_foreign = foreign & (np.abs(short) <= FX_SHARE * size) & ~c.cash.exact[rows]
    share = short / size
    withheld = _withheld(c, rows, short) & c.texts.about("withholding")[c.payment[rows]]
    instalment = (c.candidates.rules[rows] >= 0) & (short > 0) & _is_instalment(c, rows)
    shape = np.select(
        [
            near_foreign, short == 0, near_discount & in_time, near_discount, short < 0, instalment, withheld,
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
    # a second reading of small shortages: charges that the source states, a fee, or rounding
    told = charges(c, rows)
    charged = (short > 0) & (short == told) & (shape != Shape.DISCOUNT)
    small = np.flatnonzero(
        charged
        | (
            (short > 0)
            & (share <= FEE_SHARE)
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


ROUNDING_MINOR = 5


def _withheld(c: Comparison, rows: I64, short: I64) -> B:
    """Tell whether a shortage is a usual withholding rate of the gross or the net amount."""
    frame, item = c.frame, c.item[rows]
    gross = np.abs(frame.item_amount[item])
    net = gross - frame.item_tax[item]
    untouched = c.balance[rows] == frame.item_amount[item]
    out = np.zeros(len(rows), np.bool_)
    for rate in WITHHOLDING_RATES:
        out |= np.abs(short - gross * rate) <= 1
        out |= (net != gross) & (np.abs(short - net * rate) <= 1)
    return out & untouched & (short > 0)


def _is_instalment(c: Comparison, rows: I64) -> B:
    return c.instalment[rows] > 0


def _fill(cash: I64, open_amount: I64, first: I64, count: I64) -> I64:
    """Lay cash on items in order: credit memos whole, then each item up to its balance.

    ``cash``: signed cash a hypothesis; ``open_amount``: signed balances of all lines. Signs are those of the cash.
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


def _named_mask(c: Comparison) -> B:
    """Tell which pairs the payment's text names well enough to build a set on."""
    from features.comparisons.references import LEVEL

    found, row = c.candidates.references, c.candidates.reference_row
    has = row >= 0
    if len(found.item) == 0:
        return has
    at = np.maximum(row, 0)
    good = (LEVEL[found.rule] >= 3) & ~found.covered & (found.clean > 0) & (found.length >= 3)
    return has & good[at]


def _named_sets(c: Comparison, usable: B, out: _Lines) -> B:
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
    order = np.lexsort((c.item[rows], _position(c, rows), c.payment[rows]))
    rows = rows[order]
    for subset in _customer_choices(c, rows):
        _add_set(c, subset, out, named=True)
    return named


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


def _add_set(c: Comparison, rows: I64, out: _Lines, *, named: bool) -> None:
    """Add one hypothesis for each payment whose pairs stand in ``rows`` (ordered by payment)."""
    if len(rows) == 0:
        return
    payment = c.payment[rows]
    starts = group_starts(payment)
    count = np.diff(np.append(starts, len(rows)))
    currency = c.frame.item_currency[c.item[rows]]
    alike = np.maximum.reduceat(currency, starts) == np.minimum.reduceat(currency, starts)
    keep = np.repeat((count > 1) & alike, count)
    rows, payment = rows[keep], payment[keep]
    starts = group_starts(payment)
    if len(starts) == 0:
        return
    count = np.diff(np.append(starts, len(rows)))
    cash = c.cash.amount[rows[starts]]
    foreign = np.logical_or.reduceat(c.cash.foreign[rows], starts)
    total = np.add.reduceat(c.balance[rows], starts)
    discount, in_time = discounts(c, rows)
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
    amount = _fill(cash, c.balance[rows], starts, count)
    amount = np.where(near[owner], c.balance[rows], amount)
    amount, write_off, deduction = _granted(
        c, rows, owner, is_discount, is_late, cash, total, granted, discount, amount
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
            payment[starts][fee][fits], np.full(int(fits.sum()), Shape.NAMED_FEE, np.int8), local_count[fits], at[ok],
            laid[ok], fees[ok],
            np.where(fees[ok] == 0, WriteOff.NONE, np.where(cents, WriteOff.ROUNDING, WriteOff.BANK_FEE)),
            zero[: int(ok.sum())], np.zeros(int(ok.sum()), np.int8),
        )  # fmt: skip


def _granted(  # noqa: PLR0913
    c: Comparison, rows: I64, owner: I64, is_discount: B, is_late: B, cash: I64, total: I64, granted: I64,
    discount: I64, amount: I64,
) -> tuple[I64, I64, I64]:  # fmt: skip
    """Apply discounts line by line; the last line takes the rounding of at most one minor unit an item."""
    write_off = np.where(is_discount[owner], granted, 0)
    deduction = np.where(is_late[owner], discount, 0)
    balance = c.balance[rows]
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
    del total
    return amount, write_off, deduction


def _searched_sets(c: Comparison, score: F64, usable: B, named: B, out: _Lines) -> None:
    """Search unnamed sets: subsets and runs of one customer's items whose sum is the payment."""
    amount = c.frame.payment_amount[c.candidates.batch]
    cash, balance = c.cash.amount, c.balance
    settled = usable & (cash == balance) & (score > SURE)
    done = np.zeros(c.payments, np.bool_)
    done[c.payment[settled]] = True
    by_family = _family_groups(c)
    rows = np.flatnonzero(usable & ~c.cash.foreign & ~done[c.payment] & (amount[c.payment] != 0))
    rows = rows[by_family[rows] >= 0]
    if len(rows) == 0:
        return
    # the likeliest customers of each payment, two at most
    group = by_family[rows]
    size = np.int64(len(c.frame.customers) + 1)
    key = c.payment[rows].astype(np.int64) * size + group
    order = np.lexsort((c.item[rows], key))
    rows, key = rows[order], key[order]
    starts = group_starts(key)
    count = np.diff(np.append(starts, len(rows)))
    best = np.maximum.reduceat(score[rows] + 3.0 * named[rows], starts)
    payment = key[starts] // size
    rank_order = np.lexsort((-best, payment))
    first = group_starts(payment[rank_order])
    rank = np.arange(len(payment)) - np.repeat(first, np.diff(np.append(first, len(payment))))
    use = np.zeros(len(payment), np.bool_)
    use[rank_order[rank < 2]] = True
    use &= count > 1
    _subsets(c, rows, starts[use], count[use], score, named, out)
    _windows(c, rows, starts[use], count[use], score, out)
    _oldest_first(c, rows, starts[use], count[use], out)


SURE = 3.0


def _family_groups(c: Comparison) -> I64:
    """Return a group for each pair: the item's customer, or its parent company where one is on file."""
    from features.frame import codes

    table = c.frame.book.customers
    parent = np.arange(len(c.frame.customers), dtype=np.int64)
    if table.num_rows:
        child = codes(table["customer_id"], c.frame.customers)
        above = codes(table["parent_id"], c.frame.customers)
        has = (above >= 0) & (child >= 0)
        parent[child[has]] = above[has]
    return parent[c.customer]


_MASKS: dict[int, F64] = {}


def _mask_matrix(n: int) -> F64:
    if n not in _MASKS:
        numbers = np.arange(1 << n)
        _MASKS[n] = ((numbers[None, :] >> np.arange(n)[:, None]) & 1).astype(np.float64)
    return _MASKS[n]


def _subsets(c: Comparison, rows: I64, starts: I64, count: I64, score: F64, named: B, out: _Lines) -> None:
    """Find the subsets of up to `SEARCH_ITEMS` items that add up to the payment, whole and less discounts."""
    owner, at = expand(starts, count)
    pair = rows[at]
    prefer = -(score[pair] + 4.0 * named[pair])
    order = np.lexsort((prefer, owner))
    first = group_starts(owner[order])
    size = np.diff(np.append(first, len(order)))
    rank = np.arange(len(order)) - np.repeat(first, size)
    keep = np.sort(order[rank < SEARCH_ITEMS])
    owner, pair = owner[keep], pair[keep]
    size = np.bincount(owner, minlength=len(starts))
    first = np.cumsum(size) - size
    discount, in_time = discounts(c, pair)
    net = c.balance[pair] - np.where(in_time, discount, 0)
    for n in range(2, SEARCH_ITEMS + 1):
        groups = np.flatnonzero(size == n)
        if len(groups) == 0:
            continue
        masks = _mask_matrix(n)
        step = max(1, (1 << 22) >> n)
        for low in range(0, len(groups), step):
            chunk = groups[low : low + step]
            cells = first[chunk][:, None] + np.arange(n)
            cash = c.cash.amount[pair[cells[:, 0]]].astype(np.float64)
            for values, shape in ((c.balance[pair], Shape.SUBSET), (net, Shape.SUBSET_DISCOUNT)):
                if shape == Shape.SUBSET_DISCOUNT and not (values[cells] != c.balance[pair][cells]).any():
                    continue
                sums = values[cells].astype(np.float64) @ masks
                group, mask = np.nonzero(sums == cash[:, None])
                several = (mask & (mask - 1)) != 0
                group, mask = group[several], mask[several]
                if len(group):
                    _take_solutions(c, cells, pair, group, mask, n, score, shape, out)


def _take_solutions(  # noqa: PLR0913
    c: Comparison, cells: I64, pair: I64, group: I64, mask: I64, n: int, score: F64, shape: Shape, out: _Lines
) -> None:
    """Keep the likeliest solutions of each payment and turn them into hypotheses."""
    member = ((mask[:, None] >> np.arange(n)) & 1).astype(np.bool_)
    pairs = pair[cells[group]]
    value = np.where(member, np.clip(score[pairs], -8, 8), 0).sum(1) / member.sum(1)
    found = np.bincount(group, minlength=len(cells))
    order = np.lexsort((mask, -value, group))
    first = group_starts(group[order])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    pick = order[rank < SOLUTIONS]
    member, pairs, group = member[pick], pairs[pick], group[pick]
    count = member.sum(1)
    lines = pairs[member]
    balance = c.balance[lines]
    discount, in_time = discounts(c, lines)
    off = np.where(in_time, discount, 0) if shape == Shape.SUBSET_DISCOUNT else np.zeros(len(lines), np.int64)
    out.add(
        c.payment[pairs[:, 0]], np.full(len(group), shape, np.int8), count, lines, balance - off, off,
        np.where(off != 0, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), np.zeros(len(lines), np.int64),
        np.zeros(len(lines), np.int8), np.minimum(found[group], 999).astype(np.int16),
    )  # fmt: skip


def _windows(c: Comparison, rows: I64, starts: I64, count: I64, score: F64, out: _Lines) -> None:
    """Find runs of a customer's items, in due order and in issue order, that add up to the payment."""
    owner, at = expand(starts, count)
    pair = rows[at]
    frame = c.frame
    discount, in_time = discounts(c, pair)
    granted = np.where(in_time, discount, 0)
    readings = [
        (frame.item_due, np.zeros(len(pair), np.int64)),
        (frame.item_issue, np.zeros(len(pair), np.int64)),
    ]
    if granted.any():
        readings.append((frame.item_issue, granted))
    for dates, off in readings:
        order = np.lexsort((c.item[pair], dates[c.item[pair]], owner))
        o, p, less = owner[order], pair[order], off[order]
        first = group_starts(o)
        size = np.diff(np.append(first, len(o)))
        rank = np.arange(len(o)) - np.repeat(first, size)
        keep = rank < WINDOW_ITEMS
        o, p, less = o[keep], p[keep], less[keep]
        first = group_starts(o)
        size = np.diff(np.append(first, len(o)))
        value = c.balance[p] - less
        total = np.cumsum(value)
        before = total - value
        base = np.repeat(before[first], size)
        before, total = before - base, total - base
        cash = c.cash.amount[p]
        hits_low: list[I64] = []
        hits_high: list[I64] = []
        index = np.arange(len(p))
        for width in range(3, WINDOW_ITEMS + 1):
            low = index[: len(p) - width + 1]
            high = low + width - 1
            if len(low) == 0:
                break
            hit = (o[low] == o[high]) & (total[high] - before[low] == cash[low])
            hits_low.append(low[hit])
            hits_high.append(high[hit])
        if not hits_low:
            continue
        low, high = np.concatenate(hits_low), np.concatenate(hits_high)
        if len(low) == 0:
            continue
        width = high - low + 1
        _, cells = expand(low, width)
        lines, given = p[cells], less[cells]
        zero = np.zeros(len(lines), np.int64)
        found = np.bincount(o[low], minlength=len(starts))
        out.add(
            c.payment[p[low]], np.full(len(low), Shape.WINDOW, np.int8), width, lines, c.balance[lines] - given, given,
            np.where(given != 0, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), zero, np.zeros(len(lines), np.int8),
            np.minimum(found[o[low]], 999).astype(np.int16),
        )  # fmt: skip
    del score


def _oldest_first(c: Comparison, rows: I64, starts: I64, count: I64, out: _Lines) -> None:
    """Lay a lump sum on a customer's items from the oldest on, the last one in part."""
    frame = c.frame
    owner, at = expand(starts, count)
    pair = rows[at]
    positive = (c.balance[pair] > 0) & (c.cash.amount[pair] > 0)
    owner, pair = owner[positive], pair[positive]
    order = np.lexsort((c.item[pair], frame.item_issue[c.item[pair]], frame.item_due[c.item[pair]], owner))
    owner, pair = owner[order], pair[order]
    first = group_starts(owner)
    size = np.diff(np.append(first, len(owner)))
    total = np.cumsum(c.balance[pair])
    before = total - c.balance[pair]
    before -= np.repeat(before[first], size)
    laid = np.minimum(c.cash.amount[pair] - before, c.balance[pair])
    keep = laid > 0
    owner, pair, laid = owner[keep], pair[keep], laid[keep]
    first = group_starts(owner)
    if len(first) == 0:
        return
    size = np.diff(np.append(first, len(owner)))
    spent = np.add.reduceat(laid, first) == c.cash.amount[pair[first]]
    good = spent & (size > 1) & (size <= WINDOW_ITEMS)
    pick = np.repeat(good, size)
    lines = pair[pick]
    zero, none = np.zeros(len(lines), np.int64), np.zeros(len(lines), np.int8)
    out.add(
        c.payment[pair[first]][good], np.full(int(good.sum()), Shape.OLDEST_FIRST, np.int8), size[good], lines,
        laid[pick], zero, none, zero, none,
    )  # fmt: skip


def _assemble(c: Comparison, parts: _Lines) -> Hypotheses:
    """Order hypotheses by payment, drop doubles (the first shape wins), and set the columns."""
    if not parts.payment:
        none, small = np.zeros(0, np.int64), np.zeros(0, np.int8)
        return Hypotheses(
            none.astype(np.int32), small, none.astype(np.int16), np.zeros(1, np.int64), none, none.astype(np.int32),
            none, none, small, none, small,
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
    order = np.lexsort((np.arange(len(count)), print_, payment))
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (payment[order][1:] != payment[order][:-1]) | (print_[order][1:] != print_[order][:-1])
    kept = np.sort(order[fresh])
    kept = kept[np.argsort(payment[kept], kind="stable")]
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
