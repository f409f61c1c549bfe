"""Searched sets: items that no text names together, whose balances add up to the payment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.comparison import Comparison
from features.frame import F64, I64, B, codes
from features.hypotheses import Drafts, Shape, WriteOff
from features.join import expand, group_starts
from features.sorting import order_by
from features.threads import in_threads

SEARCH_ITEMS = 12  # items among which unnamed subsets are searched: DESIGN 5

WINDOW_ITEMS = 30

SOLUTIONS = 3

SURE = 3.0

SUBSETS_AT_ONCE = 1 << 20  # compared together: bounds memory, stays in cache


def searched_sets(c: Comparison, score: F64, usable: B, named: B, out: Drafts) -> None:
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
    order = order_by(key)  # pairs come in the order of their items
    rows, key = rows[order], key[order]
    starts = group_starts(key)
    count = np.diff(np.append(starts, len(rows)))
    best = np.maximum.reduceat(score[rows] + 3.0 * named[rows], starts)
    payment = key[starts] // size
    rank_order = order_by(payment, -best)
    first = group_starts(payment[rank_order])
    rank = np.arange(len(payment)) - np.repeat(first, np.diff(np.append(first, len(payment))))
    use = np.zeros(len(payment), np.bool_)
    use[rank_order[rank < 2]] = True
    use &= count > 1
    starts, count = starts[use], count[use]
    searches = (
        lambda drafts: _subsets(c, rows, starts, count, score, named, drafts),
        lambda drafts: _windows(c, rows, starts, count, drafts),
        lambda drafts: _oldest_first(c, rows, starts, count, drafts),
    )

    def searched(search: Callable[[Drafts], None]) -> Drafts:
        drafts = Drafts.empty()
        search(drafts)
        return drafts

    for drafts in in_threads(searched, searches, c.index.reading.threads):
        out.extend(drafts)


def _family_groups(c: Comparison) -> I64:
    """Return a group for each pair: the item's customer, or its parent company where one is on file."""
    table = c.frame.book.customers
    parent = np.arange(len(c.frame.customers), dtype=np.int64)
    if table.num_rows:
        child = codes(table["customer_id"], c.frame.customers)
        above = codes(table["parent_id"], c.frame.customers)
        has = (above >= 0) & (child >= 0)
        parent[child[has]] = above[has]
    return parent[c.customer]


def _sums(values: I64) -> I64:
    """Return the sums of all subsets of each row; bit k of a column's number says that it holds item k."""
    sums = np.zeros((len(values), 1), np.int64)
    for item in range(values.shape[1]):
        sums = np.concatenate([sums, sums + values[:, item : item + 1]], axis=1)
    return sums


def _adding_up(values: I64, cash: I64) -> tuple[I64, I64]:
    """Return (row, subset) of all subsets of two items and more whose values add up to the row's cash.

    The two halves of a row meet: what one half lacks must be what the other has. 32 bits of the sums sift,
    whole sums decide.
    """
    count = values.shape[1]
    half = count // 2
    low = _sums(values[:, :half])
    lacking = cash[:, None] - _sums(values[:, half:])
    alike = lacking.astype(np.uint32)[:, :, None] == low.astype(np.uint32)[:, None, :]
    row, subset = np.divmod(np.flatnonzero(alike), 1 << count)
    exact = lacking[row, subset >> half] == low[row, subset & ((1 << half) - 1)]
    exact &= (subset & (subset - 1)) != 0
    return row[exact], subset[exact]


def _subsets(c: Comparison, rows: I64, starts: I64, count: I64, score: F64, named: B, out: Drafts) -> None:
    """Find the subsets of up to `SEARCH_ITEMS` items that add up to the payment, whole and less discounts."""
    owner, at = expand(starts, count)
    pair = rows[at]
    prefer = -(score[pair] + 4.0 * named[pair])
    order = order_by(owner, prefer)
    first = group_starts(owner[order])
    size = np.diff(np.append(first, len(order)))
    rank = np.arange(len(order)) - np.repeat(first, size)
    keep = np.sort(order[rank < SEARCH_ITEMS])
    owner, pair = owner[keep], pair[keep]
    size = np.bincount(owner, minlength=len(starts))
    first = np.cumsum(size) - size
    discount, in_time = c.discounts(pair)
    net = c.balance[pair] - np.where(in_time, discount, 0)
    for n in range(2, SEARCH_ITEMS + 1):
        groups = np.flatnonzero(size == n)
        step = max(1, SUBSETS_AT_ONCE >> n)
        for low in range(0, len(groups), step):
            chunk = groups[low : low + step]
            cells = first[chunk][:, None] + np.arange(n)
            whole = c.balance[pair[cells]]
            reduced = (net[cells] != whole).any(1)
            for some, values, shape in (
                (cells, whole, Shape.SUBSET),
                (cells[reduced], net[cells[reduced]], Shape.SUBSET_DISCOUNT),
            ):
                group, mask = _adding_up(values, c.cash.amount[pair[some[:, 0]]])
                if len(group):
                    _take_solutions(c, some, pair, group, mask, score, shape, out)


def _take_solutions(
    c: Comparison, cells: I64, pair: I64, group: I64, mask: I64, score: F64, shape: Shape, out: Drafts
) -> None:
    """Keep the likeliest solutions of each payment and turn them into hypotheses."""
    member = ((mask[:, None] >> np.arange(cells.shape[1])) & 1).astype(np.bool_)
    pairs = pair[cells[group]]
    value = np.where(member, np.clip(score[pairs], -8, 8), 0).sum(1) / member.sum(1)
    found = np.bincount(group, minlength=len(cells))
    order = order_by(group, -value, mask)
    first = group_starts(group[order])
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    pick = order[rank < SOLUTIONS]
    member, pairs, group = member[pick], pairs[pick], group[pick]
    count = member.sum(1)
    lines = pairs[member]
    balance = c.balance[lines]
    discount, in_time = c.discounts(lines)
    off = np.where(in_time, discount, 0) if shape == Shape.SUBSET_DISCOUNT else np.zeros(len(lines), np.int64)
    out.add(
        c.payment[pairs[:, 0]], np.full(len(group), shape, np.int8), count, lines, balance - off, off,
        np.where(off != 0, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), np.zeros(len(lines), np.int64),
        np.zeros(len(lines), np.int8), np.minimum(found[group], 999).astype(np.int16),
    )  # fmt: skip


def _windows(c: Comparison, rows: I64, starts: I64, count: I64, out: Drafts) -> None:
    """Find runs of a customer's items, in due order and in issue order, that add up to the payment."""
    owner, at = expand(starts, count)
    pair = rows[at]
    frame = c.frame
    discount, in_time = c.discounts(pair)
    granted = np.where(in_time, discount, 0)
    readings = [
        (frame.item_due, np.zeros(len(pair), np.int64)),
        (frame.item_issue, np.zeros(len(pair), np.int64)),
    ]
    if granted.any():
        readings.append((frame.item_issue, granted))
    for dates, off in readings:
        order = order_by(owner, dates[c.item[pair]])  # by item where these are equal
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
        wanted = before + cash
        low = np.arange(len(p))
        left = np.repeat(first + size, size) - low  # items from here to the end of the group
        for run in range(3, WINDOW_ITEMS + 1):
            low = low[left[low] >= run]
            if len(low) == 0:
                break
            hit = low[total[low + (run - 1)] == wanted[low]]
            hits_low.append(hit)
            hits_high.append(hit + (run - 1))
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
            c.payment[p[low]], np.full(len(low), Shape.WINDOW, np.int8), width, lines,
            c.balance[lines] - given, given,
            np.where(given != 0, WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.NONE), zero,
            np.zeros(len(lines), np.int8), np.minimum(found[o[low]], 999).astype(np.int16),
        )  # fmt: skip


def _oldest_first(c: Comparison, rows: I64, starts: I64, count: I64, out: Drafts) -> None:
    """Lay a lump sum on a customer's items from the oldest on, the last one in part."""
    frame = c.frame
    owner, at = expand(starts, count)
    pair = rows[at]
    positive = (c.balance[pair] > 0) & (c.cash.amount[pair] > 0)
    owner, pair = owner[positive], pair[positive]
    order = order_by(owner, frame.item_due[c.item[pair]], frame.item_issue[c.item[pair]])
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
        c.payment[pair[first]][good], np.full(int(good.sum()), Shape.OLDEST_FIRST, np.int8), size[good],
        lines, laid[pick], zero, none, zero, none,
    )  # fmt: skip
