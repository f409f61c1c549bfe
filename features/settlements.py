"""Processor settlements: one payout, many sales, each short of its fee; the remittance lines say which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.frame import I64, LINE_KINDS, MISSING, B, codes, flat, integers
from features.join import group_starts

if TYPE_CHECKING:
    from features.compare import Comparison
    from features.propose import _Lines


def line_sets(c: Comparison, usable: B, out: _Lines) -> None:
    """Add, for each payment with remittance lines, the set of items that its lines name, net of fees.

    A line's own deduction is the fee of its item; fees on lines of their own are spread over the sales by gross
    amount (largest remainder, ties to the first line). Only a set whose cash is the payment becomes a hypothesis.
    """
    from features.propose import Shape, WriteOff  # noqa: PLC0415 - built on by `propose`

    lines = c.frame.book.remittance_lines
    if lines.num_rows == 0:
        return
    mentions = _line_items(c)
    if mentions is None:
        return
    payment, line, pair, gross, fee_own = mentions
    order = np.lexsort((line, payment))
    payment, line, pair, gross, fee_own = payment[order], line[order], pair[order], gross[order], fee_own[order]
    starts = group_starts(payment)
    count = np.diff(np.append(starts, len(payment)))
    cash = c.frame.payment_amount[c.candidates.batch[payment[starts]]]
    separate = _fees(c)[payment[starts]]
    owner = np.repeat(np.arange(len(starts)), count)
    total = np.add.reduceat(gross - fee_own, starts)
    spread = total - cash  # what the separate fee lines must explain
    fee = fee_own + _spread(spread * (separate != 0), gross, starts, count, owner)
    explained = (spread == 0) | ((separate != 0) & (np.abs(spread) <= np.abs(separate) + 1))
    fits = np.logical_and.reduceat(
        usable[pair] & (np.abs(gross) <= np.abs(c.balance[pair])) & (np.sign(gross - fee) == np.sign(c.balance[pair])),
        starts,
    )
    good = explained & fits
    pick = good[owner]
    if not good.any():
        return
    amount, fees = (gross - fee)[pick], fee[pick]
    out.add(
        payment[starts][good], np.full(int(good.sum()), Shape.LINES, np.int8), count[good], pair[pick], amount, fees,
        np.where(fees != 0, WriteOff.PROCESSOR_FEE, WriteOff.NONE), np.zeros(len(amount), np.int64),
        np.zeros(len(amount), np.int8),
    )  # fmt: skip


def _line_items(c: Comparison) -> tuple[I64, I64, I64, I64, I64] | None:
    """Return (payment, line row, pair, gross, own fee) of the lines that name an open item of the candidates."""
    from features import references as ref  # noqa: PLC0415
    from features.join import lookup, sorted_join  # noqa: PLC0415

    frame = c.frame
    lines = frame.book.remittance_lines
    position = np.full(frame.payment_count, -1, np.int64)
    position[c.candidates.batch] = np.arange(c.payments)
    owner = codes(lines["payment_id"], frame.payment_ids)
    at = np.where(owner >= 0, position[np.maximum(owner, 0)], -1)
    kind = codes(lines["kind"], LINE_KINDS)
    rows = np.flatnonzero((at >= 0) & (kind != LINE_KINDS.index("fee")) & (kind != LINE_KINDS.index("reserve")))
    if len(rows) == 0:
        return None
    import pyarrow as pa  # noqa: PLC0415

    keys = c.index.reading.item_keys
    spans = ref.payment_spans(flat(lines["reference"]).take(pa.array(rows)), ref.KeyFilter(keys.key))
    left, right = sorted_join(spans.key, keys.key)
    length = (spans.end - spans.start)[left]
    item = keys.item[right].astype(np.int64)
    line = rows[spans.payment[left]]
    packed = at[line] * np.int64(frame.item_count) + item
    pairs = c.payment.astype(np.int64) * np.int64(frame.item_count) + c.item
    pair, found = lookup(packed, pairs)
    line, pair, length = line[found], pair[found], length[found]
    if len(line) == 0:
        return None
    order = np.lexsort((c.item[pair], -length, line))
    best = order[group_starts(line[order])]
    line, pair = line[best], pair[best]
    gross = integers(lines["amount_minor"])[line]
    gross = np.where(gross == MISSING, c.balance[pair], gross)
    own = integers(lines["deduction_minor"], 0)[line]
    return at[line], line, pair, gross, own


def _fees(c: Comparison) -> I64:
    """Return the sum of separate fee lines of each payment of the batch, as they change the payout (negative)."""
    frame = c.frame
    lines = frame.book.remittance_lines
    position = np.full(frame.payment_count, -1, np.int64)
    position[c.candidates.batch] = np.arange(c.payments)
    owner = codes(lines["payment_id"], frame.payment_ids)
    at = np.where(owner >= 0, position[np.maximum(owner, 0)], -1)
    fee = (codes(lines["kind"], LINE_KINDS) == LINE_KINDS.index("fee")) & (at >= 0)
    out = np.zeros(c.payments, np.int64)
    np.add.at(out, at[fee], integers(lines["amount_minor"], 0)[fee])
    return out


def _spread(total: I64, gross: I64, starts: I64, count: I64, owner: I64) -> I64:
    """Spread totals over lines by gross amount with the largest-remainder method, ties to the first line."""
    weight = np.abs(gross)
    base = np.maximum(np.add.reduceat(weight, starts), 1)
    sign = np.sign(total)
    size = np.abs(total)
    share = size[owner] * weight // base[owner]
    remainder = size[owner] * weight - share * base[owner]
    missing = size - np.add.reduceat(share, starts)
    order = np.lexsort((np.arange(len(gross)), -remainder, owner))
    rank = np.empty(len(gross), np.int64)
    rank[order] = np.arange(len(gross)) - np.repeat(starts, count)
    share += rank < missing[owner]
    return share * sign[owner]
