"""The deterministic lane: payments that name one open item in full and pay exactly its balance.

They need no model. Their confidence is the calibrated one of their evidence cell, they belong to the risk set
like all others, and what they settle is off the balances before anything ambiguous is looked at. Whoever is
in doubt for any reason (a second document number, another payer than expected, two payments for one item)
takes the long way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.block import Mentioned, Reading, References, mentioned
from features.calibration import Calibration
from features.comparisons.references import LEVEL
from features.frame import F64, I32, I64, KINDS, B
from features.join import group_starts, lookup
from features.party import PartyIndex, name_similarity
from features.references import Rule
from features.state import Applied, State
from features.textfacts import read_texts, unexplained_words

FULL_LENGTH = 5  # characters of a number that may speak for itself
EARLY_DAYS = 10
LATE_DAYS = 400
NAME = 0.7
KNOWN = 0.5

CELLS = ("lane/full/known", "lane/full/named")
"""Evidence cells of the lane; the names are those of `features.evidence.SEGMENTS`."""


@dataclass(frozen=True)
class Lane:
    """Payments of a batch that take the lane, ordered by payment row."""

    payment: I32  # payment rows of the book
    item: I32
    cell: NDArray[np.int8]  # code into `CELLS`
    rule: NDArray[np.int8]
    known_by: NDArray[np.int8]  # 0 the source said so, 1 account, 2 alias, 3 name

    def claimed(self, state: State) -> I64:
        """Return what the lane takes off the balances, by item, signed."""
        out = np.zeros(state.frame.item_count, np.int64)
        out[self.item] = state.open_amount[self.item]
        return out

    def applied(self, state: State) -> Applied:
        """Return what the lane applies."""
        return Applied.of(
            self.payment, self.item, state.open_amount[self.item], np.zeros(len(self.item), np.int64)
        )

    def confidence(self, calibration: Calibration) -> F64:
        """Return the calibrated confidence of each payment's cell."""
        return calibration.cell_confidence(self.cell.astype(np.int64))


@dataclass(frozen=True)
class Split:
    """A batch, divided: the lane, what is left, and what was read of the texts so far."""

    lane: Lane
    rest: I32


def split_batch(reading: Reading, state: State, batch: I32) -> Split:
    """Find the payments of a batch that may take the lane."""
    found = mentioned(reading, state, batch)
    payment, row = _sole_mentions(state, batch, found)
    item = found.references.item[row]
    frame = reading.frame
    rows = batch[payment]
    stated = frame.payment_kind[rows]
    plain = (stated < 0) | (stated == KINDS.index("receipt"))
    age = frame.payment_booking[rows].astype(np.int64) - frame.item_issue[item]
    late = frame.payment_booking[rows].astype(np.int64) - frame.item_due[item]
    plain &= (age >= -EARLY_DAYS) & (late <= LATE_DAYS)
    plain &= ~read_texts(found.spans, found.references).about(
        "return", "chargeback", "refund", "transfer", "partial", "advance", "credit", "payout"
    )[payment]
    with_lines = np.zeros(len(batch), np.bool_)
    with_lines[found.lines.payment] = True
    plain &= ~with_lines[payment]
    plain &= unexplained_words(found.spans.text, found.references)[payment] == 0
    plain &= ~_has_equals(state)[item]
    plain &= _claims(state, batch, found)[item] == 1
    payment, item, row, rows = payment[plain], item[plain], row[plain], rows[plain]
    how = _payer(PartyIndex(reading.parties, state), rows, item, reading.threads)
    good = how >= 0
    lane = Lane(
        payment=rows[good],
        item=item[good],
        cell=(how[good] == 3).astype(np.int8),
        rule=found.references.rule[row[good]],
        known_by=how[good],
    )
    taken = np.zeros(frame.payment_count, np.bool_)
    taken[lane.payment] = True
    return Split(lane, batch[~taken[batch]])


def _sole_mentions(state: State, batch: I32, found: Mentioned) -> tuple[I64, I64]:
    """Return (batch position, row of references) where one item is named in full, for its exact balance."""
    mentions: References = found.references
    frame = state.frame
    level = LEVEL[mentions.rule]
    balance = state.open_amount[mentions.item]
    rows = batch[mentions.payment]
    pays = (balance > 0) & (frame.payment_amount[rows] == balance)
    pays &= frame.payment_currency[rows] == frame.item_currency[mentions.item]
    full = np.isin(mentions.rule, (Rule.NUMBER, Rule.NUMBER_WITHOUT_PREFIX, Rule.STRUCTURED))
    full &= ~mentions.covered & mentions.written & (mentions.clean == 2) & (mentions.length >= FULL_LENGTH)
    lone = pays & full & (_open_with_same_words(mentions, balance) == 1)
    longest = np.zeros(len(batch), np.int64)
    np.maximum.at(longest, mentions.payment[lone], mentions.length[lone])
    # anything else the text may mean: as good a number of another item, or a mention that the cash would fit
    other = ~mentions.covered & (mentions.clean > 0) & (level >= 3) & (balance != 0)
    other &= pays | ((level >= 5) & (mentions.length >= longest[mentions.payment] - 1))
    rivals = np.bincount(mentions.payment[other], minlength=len(batch))
    row = np.flatnonzero(lone & (rivals[mentions.payment] == 1))
    return mentions.payment[row].astype(np.int64), row


def _has_equals(state: State) -> B:
    """Tell which items have an open sibling of the same customer and balance.

    Old texts of standing orders name one month and pay another.
    """
    frame = state.frame
    rows = np.flatnonzero(state.open_amount != 0)
    money = state.open_amount[rows] * np.int64(512) + frame.item_currency[rows]
    key = money * np.int64(1_000_003) ^ (frame.item_customer[rows].astype(np.int64) * np.int64(0x5DEECE66D))
    order = np.argsort(key, kind="stable")
    starts = group_starts(key[order])
    size = np.diff(np.append(starts, len(rows)))
    out = np.zeros(frame.item_count, np.bool_)
    out[rows[order]] = np.repeat(size > 1, size)
    return out


def _claims(state: State, batch: I32, found: Mentioned) -> I64:
    """Count for each item the payments of the batch that name it, however badly, and bring its balance."""
    mentions = found.references
    balance = state.open_amount[mentions.item]
    pays = (balance != 0) & (state.frame.payment_amount[batch[mentions.payment]] == balance)
    return np.bincount(mentions.item[pays], minlength=state.frame.item_count)


def _open_with_same_words(mentions: References, balance: I64) -> I64:
    """Count for each mention the open items that the same words of the text name."""
    packed = mentions.payment.astype(np.int64) * (1 << 40) + mentions.start
    _, group = np.unique(packed, return_inverse=True)
    return (
        np.bincount(group, weights=(balance != 0).astype(np.float64))[group].astype(np.int64)
        if len(group)
        else group
    )


def _payer(index: PartyIndex, rows: I32, item: I32, threads: int) -> NDArray[np.int8]:
    """Say how the payer is known as the item's customer (see `Lane.known_by`), -1 where it is not."""
    parties, frame = index.parties, index.parties.frame
    customer = frame.item_customer[item].astype(np.int64)
    size = np.int64(max(len(frame.customers), 1))
    out = np.full(len(rows), -1, np.int8)
    payer, account = parties.payer_of_payment[rows], parties.account_of_payment[rows]
    unknown = np.ones(len(rows), np.bool_)  # neither account nor name has a past with anybody
    for way, table, code in ((2, index.aliases, payer), (1, index.accounts, account)):
        owners = table[0].astype(np.int64)
        has = _contains(owners, code.astype(np.int64)) & (code >= 0)
        at, hit = lookup(code.astype(np.int64) * size + customer, owners * size + table[1])
        share = np.where(hit & (code >= 0), table[2][at] if len(owners) else 0, 0)
        out[share >= KNOWN] = way
        out[has & (share < KNOWN)] = -1
        unknown &= ~has
    rest = np.flatnonzero(unknown)
    score = name_similarity(
        parties, index.state.known_until, payer[rest], customer[rest].astype(np.int32), threads
    )
    out[rest[np.nan_to_num(score) >= NAME]] = 3
    given = frame.payment_customer[rows]
    out[given == customer] = 0
    out[(given >= 0) & (given != customer)] = -1
    return out


def _contains(sorted_values: I64, wanted: I64) -> B:
    if len(sorted_values) == 0:
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(sorted_values, wanted), len(sorted_values) - 1)
    return np.asarray(sorted_values[at] == wanted, np.bool_)


__all__ = ["CELLS", "Lane", "Split", "split_batch"]
