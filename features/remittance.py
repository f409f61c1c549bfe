"""Remittance lines: which open item each line of a payout or an advice names.

Processor payouts, lockbox files and remittance advices all look like this. A line names its item by a
reference, or by a customer and the gross amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import references as ref
from features.frame import I64, LINE_KINDS, MISSING, B, Frame, codes, flat, integers
from features.join import group_starts, sorted_join
from features.reading import Reading
from features.state import State
from features.text import mix, span_text


@dataclass(frozen=True)
class LineMatches:
    """Which open item each remittance line of a batch names; one row a line that names one."""

    payment: I64  # batch position
    line: I64  # row of remittance_lines
    item: I64
    share: I64  # items that would have fitted
    by_reference: B


@dataclass(frozen=True)
class BatchLines:
    """The remittance lines of a batch's payments."""

    frame: Frame
    position: I64  # batch position of each payment of the book, -1 outside

    @cached_property
    def owner(self) -> I64:
        """Batch position of each line, -1 outside."""
        payment = self.frame.line_payment
        return np.where(payment >= 0, self.position[np.maximum(payment, 0)], -1)

    @cached_property
    def kind(self) -> NDArray[np.int32]:
        """Kinds of the lines."""
        return codes(self.frame.book.remittance_lines["kind"], LINE_KINDS)

    @cached_property
    def amount(self) -> I64:
        """Signed gross amounts, `MISSING` where not given."""
        return integers(self.frame.book.remittance_lines["amount_minor"])

    @cached_property
    def names_items(self) -> I64:
        """Lines of the batch that may name an item."""
        fee, reserve = LINE_KINDS.index("fee"), LINE_KINDS.index("reserve")
        return np.flatnonzero((self.owner >= 0) & (self.kind != fee) & (self.kind != reserve))


def batch_lines(frame: Frame, batch: NDArray[np.int32]) -> BatchLines:
    """Look up the lines of a batch."""
    position = np.full(frame.payment_count + 1, -1, np.int64)
    position[batch] = np.arange(len(batch))
    return BatchLines(frame, position[:-1])


def match_lines(reading: Reading, state: State, batch: NDArray[np.int32]) -> LineMatches:
    """Find the open item of each line: by reference, else by customer and gross amount."""
    frame = reading.frame
    nothing = np.zeros(0, np.int64)
    empty = LineMatches(nothing, nothing, nothing, nothing, np.zeros(0, np.bool_))
    if frame.book.remittance_lines.num_rows == 0:
        return empty
    lines = batch_lines(frame, batch)
    known = integers(frame.book.remittance_lines["known_at"], 0) <= state.known_until
    rows = lines.names_items[known[lines.names_items]]
    if len(rows) == 0:
        return empty
    line_a, item_a = _by_reference(reading, state, rows)
    line_b, item_b = _by_customer(reading, state, lines, rows)
    line = np.concatenate([line_a, line_b])
    item = np.concatenate([item_a, item_b])
    by_reference = np.arange(len(line)) < len(line_a)
    is_open = state.open_amount[item] != 0
    amount = lines.amount[line]
    same_way = (amount == MISSING) | (np.sign(amount) == np.sign(state.open_amount[item]))
    keep = is_open & same_way
    line, item, by_reference = line[keep], item[keep], by_reference[keep]
    if len(line) == 0:
        return empty
    exact = state.open_amount[item] == lines.amount[line]
    # gateways pay out within days: of several that fit, the one issued nearest before the payout
    age = frame.payment_booking[batch[lines.owner[line]]].astype(np.int64) - frame.item_issue[item]
    age = np.where(age < 0, 1_000 - age, age)
    order = np.lexsort((item, age, ~by_reference, ~exact, line))
    starts = group_starts(line[order])
    share = np.diff(np.append(starts, len(order)))
    best = order[starts]
    # twins on one payout: the second line takes the next of them
    best = _distinct(lines.owner[line], line, item, order, starts)
    return LineMatches(lines.owner[line[best]], line[best], item[best], share, by_reference[best])


def _distinct(owner: I64, line: I64, item: I64, order: I64, starts: I64) -> I64:
    """Choose for each line its best item that no earlier line of the payment has taken."""
    ends = np.append(starts[1:], len(order))
    best = order[starts].copy()
    key = owner[best] * np.int64(item.max() + 1) + item[best]
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    if (count > 1).any():
        taken: set[tuple[int, int]] = set()
        for group in range(len(starts)):
            for at in order[starts[group] : ends[group]].tolist():
                mark = (int(owner[at]), int(item[at]))
                if mark not in taken:
                    best[group] = at
                    taken.add(mark)
                    break
    del line, first
    return best


def _by_reference(reading: Reading, state: State, rows: I64) -> tuple[I64, I64]:
    lines = reading.frame.book.remittance_lines
    keys = reading.item_keys
    found_line: list[I64] = []
    found_item: list[I64] = []
    for column in ("reference", "customer_reference"):
        texts = flat(lines[column]).take(pa.array(rows))
        spans = ref.payment_spans(texts, reading.key_filter)
        left, right = reading.key_table.join(spans.key)
        whole = (spans.clean[left] == 2) & state.visible[keys.item[right]]
        left, right = left[whole], right[whole]
        length = (spans.end - spans.start)[left]
        owner = spans.payment[left].astype(np.int64)
        longest = np.zeros(len(rows), np.int64)
        np.maximum.at(longest, owner, length)
        keep = length == longest[owner]
        found_line.append(rows[owner[keep]])
        found_item.append(keys.item[right[keep]].astype(np.int64))
    return np.concatenate(found_line), np.concatenate(found_item)


def _by_customer(reading: Reading, state: State, lines: BatchLines, rows: I64) -> tuple[I64, I64]:
    """Resolve customer references (numbers or ids) and look for an open item of the gross amount."""
    frame = reading.frame
    table = frame.book.remittance_lines
    rows = rows[np.asarray(pc.is_valid(flat(table["customer_reference"]).take(pa.array(rows))))]
    rows = rows[lines.amount[rows] != MISSING]
    if len(rows) == 0:
        return rows, rows
    text = span_text(flat(table["customer_reference"]).take(pa.array(rows)))
    first, last = text.row_first_atom[:-1], text.row_first_atom[1:] - 1
    has = np.flatnonzero(last >= first)
    key = mix(text.folded_hash(text.atom_start[first[has]], text.atom_end[last[has]]))
    who, number = reading.parties.number_keys
    at, customer_row = sorted_join(key, number)
    line, customer = rows[has[at]], who[customer_row].astype(np.int64)
    if len(line) == 0:
        return line, line
    currency = frame.payment_currency[frame.line_payment[line]].astype(np.int64)
    probe = _money_key(customer, currency, lines.amount[line])
    items = np.flatnonzero(state.open_amount != 0)
    have = _money_key(
        frame.item_customer[items].astype(np.int64),
        frame.item_currency[items].astype(np.int64),
        state.open_amount[items],
    )
    left, right = sorted_join(probe, have)
    return line[left], items[right]


def _money_key(customer: I64, currency: I64, amount: I64) -> I64:
    return ((customer * 512 + currency) * np.int64(1_000_003)) ^ (amount * np.int64(0x5DEECE66D))
