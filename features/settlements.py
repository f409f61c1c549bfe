"""Settlements: the hypothesis that remittance lines spell out, each with its gross amount, fee or deduction.

The lines of a payment together must explain its cash to the minor unit.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.comparison import Comparison
from features.frame import I64, LINE_KINDS, MISSING, B, Frame, flat, integers
from features.hypotheses import Deduction, Drafts, Shape, WriteOff
from features.join import group_starts, lookup
from features.remittance import BatchLines, batch_lines
from features.text import ascii_upper

FEE_WORDS = r"FEE|PROCESS|COMMISSION|GEBUEHR|GEBUHR|ENTGELT|FRAIS|DISAGIO|MDR|INTERCHANGE|CHARGES"

DISCOUNT_WORDS = r"SKONTO|DISCOUNT|ESCOMPTE|SCONTO|DESCUENTO|KORTING|EARLY"

TAX_WORDS = r"WITHH|WHT|TDS|RETENTION|RETENUE|QUELLENSTEUER|RITENUTA|RETENCION"

DISPUTE_WORDS = (
    r"DAMAGE|DEFECT|QUALITY|DISPUT|CLAIM|SHORTAGE|PRICE|RETURNED|COMPLAINT|MANGEL|REKLAM|MISSING|FREIGHT|"
    r"ALLOWANCE"
)


def line_sets(c: Comparison, usable: B, out: Drafts) -> None:
    """Add, for each payment with remittance lines, the set of items that its lines name.

    A line's own deduction is a processor fee, a discount or something that stays open, by its reason; fees on
    lines of their own are spread over the sales by gross amount (largest remainder, ties to the first line).
    Only a set whose cash is the payment becomes a hypothesis.
    """
    matches = c.candidates.lines
    if len(matches.line) == 0:
        return
    frame = c.frame
    lines = batch_lines(frame, c.candidates.batch)
    packed = matches.payment * np.int64(frame.item_count) + matches.item
    pairs = c.payment.astype(np.int64) * np.int64(frame.item_count) + c.item
    pair, found = lookup(packed, pairs)
    order = np.flatnonzero(found)
    order = order[np.lexsort((matches.line[order], matches.payment[order]))]
    payment, line, pair = matches.payment[order], matches.line[order], pair[order]
    if len(payment) == 0:
        return
    gross = np.where(lines.amount[line] == MISSING, c.balance[pair], lines.amount[line])
    own = integers(frame.book.remittance_lines["deduction_minor"], 0)[line]
    meaning = _meaning(frame, line)
    starts = group_starts(payment)
    count = np.diff(np.append(starts, len(payment)))
    owner = np.repeat(np.arange(len(starts)), count)
    cash = frame.payment_amount[c.candidates.batch[payment[starts]]]
    separate = _sum_of_kind(lines, c.payments, "fee")[payment[starts]]
    # some advices state what was paid, others what was due: the cash says which
    is_net = np.add.reduceat(gross, starts) == cash
    gross = np.where(is_net[owner], gross + own, gross)
    total = np.add.reduceat(gross - own, starts)
    spread = total - cash  # what the separate fee lines must explain
    sale = gross > 0
    sells = np.logical_or.reduceat(sale, starts)[owner]
    fee = _spread(spread * (separate != 0), np.where(sale | ~sells, np.abs(gross), 0), starts, count, owner)
    explained = (spread == 0) | ((separate != 0) & (np.abs(spread) == np.abs(separate)))
    complete = count == np.bincount(lines.owner[lines.names_items], minlength=c.payments)[payment[starts]]
    laid = gross - own - fee
    fits = np.logical_and.reduceat(
        usable[pair]
        & (np.abs(gross) <= np.abs(c.balance[pair]))
        & ((laid == 0) | (np.sign(laid) == np.sign(c.balance[pair]))),
        starts,
    )
    good = explained & fits & (complete | (spread == 0)) & (np.add.reduceat(laid, starts) == cash)
    if not good.any():
        return
    pick = good[owner]
    off = np.where(meaning <= DISCOUNT, own, 0) + fee
    left = np.where(meaning > DISCOUNT, own, 0)
    reason = np.where(
        off == 0,
        WriteOff.NONE,
        np.where((meaning == DISCOUNT) & (own != 0), WriteOff.EARLY_PAYMENT_DISCOUNT, WriteOff.PROCESSOR_FEE),
    )
    stays = np.select(
        [left == 0, meaning == TAX, meaning == DISPUTE],
        [Deduction.NONE, Deduction.WITHHOLDING, Deduction.DISPUTED], Deduction.SHORT_PAYMENT,
    )  # fmt: skip
    out.add(
        payment[starts][good].astype(np.int32), np.full(int(good.sum()), Shape.LINES, np.int8), count[good],
        pair[pick], laid[pick], off[pick], reason[pick], left[pick], stays[pick],
    )  # fmt: skip


FEE, DISCOUNT, TAX, DISPUTE, OTHER = range(5)


def _meaning(frame: Frame, line: I64) -> NDArray[np.int8]:
    """Say what a line's own deduction is: a fee unless its reason says otherwise."""
    words = ascii_upper(flat(frame.book.remittance_lines["reason"]).take(pa.array(line)))
    out = np.full(len(line), OTHER, np.int8)
    for code, pattern in (
        (DISPUTE, DISPUTE_WORDS),
        (TAX, TAX_WORDS),
        (DISCOUNT, DISCOUNT_WORDS),
        (FEE, FEE_WORDS),
    ):
        out[np.asarray(pc.match_substring_regex(words, pattern))] = code
    out[np.asarray(pc.equal(words, ""))] = FEE
    return out


def _sum_of_kind(lines: BatchLines, payments: int, kind: str) -> I64:
    """Return the sum of lines of a kind by payment, as they change the payout."""
    rows = np.flatnonzero((lines.owner >= 0) & (lines.kind == LINE_KINDS.index(kind)))
    out = np.zeros(payments, np.int64)
    amount = lines.amount[rows]
    np.add.at(out, lines.owner[rows], np.where(amount == MISSING, 0, amount))
    return out


def _spread(total: I64, weight: I64, starts: I64, count: I64, owner: I64) -> I64:
    """Spread totals over lines by weight with the largest-remainder method, ties to the first line."""
    base = np.maximum(np.add.reduceat(weight, starts), 1)
    sign, size = np.sign(total), np.abs(total)
    product = size[owner].astype(object) * weight if _may_overflow(size, weight) else size[owner] * weight
    share = (product // base[owner]).astype(np.int64)
    remainder = (product % base[owner]).astype(np.int64)
    missing = size - np.add.reduceat(share, starts)
    order = np.lexsort((np.arange(len(weight)), -remainder, owner))
    rank = np.empty(len(weight), np.int64)
    rank[order] = np.arange(len(weight)) - np.repeat(starts, count)
    share += rank < missing[owner]
    return share * sign[owner]


def _may_overflow(size: I64, weight: I64) -> bool:
    return int(size.max(initial=0)) * int(weight.max(initial=0)) >= 1 << 62
