"""Blocking: one table of keys a side, one equality join, and an account of what the caps lost.

Keys of open items and of payments are hashed integers in one namespace. What meets becomes a candidate pair
with the mask of the rules that proposed it. Nothing fuzzy is searched: fuzziness is a key (a neighbour, a
folded letter).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import references as ref
from features.frame import I32, I64, B
from features.instalments import agreed_parts
from features.join import KeyFilter, equijoin, expand, group_starts, lookup, sorted_join
from features.mentions import TextMentions, text_mentions
from features.party import F32, PartyIndex, PartyTable, find_parties
from features.reading import Reading
from features.references import PaymentSpans, Rule
from features.remittance import LineMatches, match_lines
from features.sorting import distinct, order_by
from features.state import State
from features.text import U64, mix
from features.threads import beside

NEIGHBOUR_CAP = 8
AMOUNT_CAP = 20
OPEN_ITEMS = np.array([[24, 8, 3], [6, 2, 0]])
"""Open items listed for the likeliest customer of a payment, the next, all others; known strongly, weakly."""
OPEN_ITEMS_FITTING = np.array([[5, 2, 1], [3, 1, 0]])
"""The same where an item of a strongly known customer has the very amount."""
STRONG_NAME = 0.86
WEAK_NAME = 0.75


@dataclass(frozen=True)
class References:
    """Best mention of each (payment, item), ordered by both; settled items included."""

    payment: I32
    item: I32
    rule: NDArray[np.int8]
    length: NDArray[np.int16]
    share: NDArray[np.int16]  # items with this key
    written: B  # as written, not only after folding
    clean: NDArray[np.int8]
    covered: B  # a longer mention of another item covers these characters
    start: I64
    end: I64


@dataclass(frozen=True)
class Mentioned:
    """What the texts and lines of a batch name; settled items included."""

    lines: LineMatches
    references: References
    texts: TextMentions

    @property
    def spans(self) -> PaymentSpans:
        """The spans of the texts that may be document numbers."""
        return self.texts.spans


def mentioned(reading: Reading, state: State, batch: I32) -> Mentioned:
    """Read the texts and remittance lines of a batch."""
    return find_references(reading, state, batch, match_lines(reading, state, batch))


@dataclass(frozen=True)
class Candidates:
    """Candidate pairs of a batch, ordered by payment, then item."""

    batch: I32  # payment rows of the book
    payment: I32  # position in the batch
    item: I32
    rules: NDArray[np.uint32]
    references: References
    reference_row: I64  # row in `references`, -1 where the item is not mentioned
    neighbour: NDArray[np.int8]  # 2: same digits one apart, 1: a whole meets a neighbour, 0: none
    parties: PartyTable
    spans: PaymentSpans
    stale: References  # mentions of items that are closed
    lines: LineMatches
    lost: dict[str, int] = field(default_factory=dict)  # keys asked for that were too common to join


@dataclass(frozen=True)
class OpenIndex:
    """Open items of one instant, arranged for look-up by customer and amount."""

    reading: Reading
    state: State

    @cached_property
    def open_rows(self) -> I64:
        """Items with a balance."""
        return np.flatnonzero(self.state.open_amount != 0)

    @cached_property
    def by_customer(self) -> tuple[I64, I32, I32]:
        """(items, customers, due days), ordered by customer, due day, item."""
        frame = self.reading.frame
        rows = self.reading.items_by_customer
        rows = rows[self.state.open_amount[rows] != 0].astype(np.int64)
        return rows, frame.item_customer[rows], frame.item_due[rows]

    @cached_property
    def amount_keys(self) -> tuple[I64, I64, I64]:
        """(item, currency, amount) of balances, of balances less a discount, of instalments."""
        frame = self.reading.frame
        rows = self.open_rows
        balance = self.state.open_amount[rows]
        discount = frame.item_discount[rows] * frame.item_sign[rows]
        has = (discount != 0) & (balance == frame.item_amount[rows])
        agreed, part = agreed_parts(self.state)
        items = np.concatenate([rows, rows[has], agreed])
        amounts = np.concatenate([balance, balance[has] - discount[has], part])
        return items, frame.item_currency[items].astype(np.int64), amounts


def _amount_hash(currency: I64, amount: I64, salt: int) -> U64:
    return mix(amount.astype(np.uint64) * np.uint64(1_000_003) + currency.astype(np.uint64), salt)


def _best_mentions(columns: dict[str, NDArray[Any]], items: int) -> References:
    """Keep the best mention of each (payment, item)."""
    strength = np.array([9, 8, 7, 5, 9, 6, 5, 3, 9], np.int64)
    quality = (
        (~columns["covered"]).astype(np.int64) * (1 << 20)
        + columns["clean"].astype(np.int64) * (1 << 16)
        + strength[columns["rule"]] * (1 << 11)
        + np.minimum(columns["length"], 31).astype(np.int64) * (1 << 5)
        + columns["written"].astype(np.int64) * 16
        - np.minimum(columns["share"], 15)
    )
    packed = columns["payment"].astype(np.int64) * items + columns["item"]
    order = order_by(packed, -quality, columns["start"])
    pick = order[group_starts(packed[order])]
    return References(**{name: column[pick] for name, column in columns.items()})


def find_references(reading: Reading, state: State, batch: I32, matches: LineMatches) -> Mentioned:
    """Find the document numbers that the batch's payments mention: the best mention a (payment, item)."""
    texts = text_mentions(reading, state, batch)
    columns = texts.columns
    if len(matches.line):
        lines = _line_mentions(matches)
        columns = {
            name: np.concatenate([column, lines[name].astype(column.dtype)])
            for name, column in columns.items()
        }
    return Mentioned(matches, _best_mentions(columns, max(reading.frame.item_count, 1)), texts)


def _line_mentions(matches: LineMatches) -> dict[str, NDArray[Any]]:
    """Return the items that remittance lines name as mentions."""
    count = len(matches.line)
    return {
        "payment": matches.payment,
        "item": matches.item,
        "rule": np.full(count, int(Rule.LINE)),
        "length": np.where(matches.by_reference, 12, 6),
        "share": np.minimum(matches.share, 99),
        "written": matches.by_reference,
        "clean": np.full(count, 2),
        "covered": np.zeros(count, np.bool_),
        "start": np.full(count, -1),
        "end": np.full(count, -1),
    }


def _customer_numbers(reading: Reading, state: State, spans: PaymentSpans) -> tuple[I32, I32]:
    who, key = reading.parties.number_keys
    known = state.visible_customers[who]
    who, key = who[known], key[known]
    free = np.flatnonzero(spans.clean == 2)
    left, right = sorted_join(spans.key[free], key)
    size = max(len(reading.frame.customers), 1)
    packed = distinct(spans.payment[free][left].astype(np.int64) * size + who[right])
    return (packed // size).astype(np.int32), (packed % size).astype(np.int32)


def _explained(index: OpenIndex, batch: I32, mentions: References) -> B:
    """Tell which payments name open items that explain their amount: one of them, or all together."""
    state, frame = index.state, index.reading.frame
    balance = state.open_amount[mentions.item]
    amount = frame.payment_amount[batch]
    good = (balance != 0) & ~mentions.covered & (mentions.clean > 0) & (mentions.length >= NAMED_LENGTH)
    good &= frame.item_currency[mentions.item] == frame.payment_currency[batch[mentions.payment]]
    total = np.zeros(len(batch), np.int64)
    np.add.at(total, mentions.payment[good], balance[good])
    out = (total == amount) & (total != 0)
    discount = frame.item_discount[mentions.item] * frame.item_sign[mentions.item]
    cash = amount[mentions.payment]
    single = good & ((balance == cash) | ((discount != 0) & (balance - discount == cash)))
    out[mentions.payment[single]] = True
    return np.asarray(out, np.bool_)


NAMED_LENGTH = 5


def _is_strong(parties: PartyTable) -> B:
    """Tell which customers stand behind a payment by more than a likeness of names."""
    name = np.nan_to_num(parties.name)
    known = parties.given | (parties.account >= 0.2) | (parties.alias >= 0.2) | parties.number
    return (known | (name >= STRONG_NAME)) & ~parties.family


def _rank(parties: PartyTable) -> I64:
    """Rank the customers of each payment, likeliest first."""
    score = parties.score()
    order = order_by(parties.payment, -score, parties.customer)
    starts = group_starts(parties.payment[order])
    size = np.diff(np.append(starts, len(order)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(starts, size)
    return rank


def _party_pairs(
    index: OpenIndex, batch: I32, parties: PartyTable, explained: B, fitting: B
) -> tuple[I64, I64]:
    """Pair payments with open items of the customers that may stand behind them."""
    frame = index.reading.frame
    rows, owner, due = index.by_customer
    weak = (np.nan_to_num(parties.name) >= WEAK_NAME) | parties.family
    strong = _is_strong(parties)
    table = np.where(fitting[parties.payment], 1, 0)
    place = np.minimum(_rank(parties), 2)
    budget = np.stack([OPEN_ITEMS, OPEN_ITEMS_FITTING])[table, np.where(strong, 0, 1), place]
    budget = np.where((strong | weak) & ~explained[parties.payment], budget, 0)
    low = np.searchsorted(owner, parties.customer)
    high = np.searchsorted(owner, parties.customer, side="right")
    size = max(len(frame.customers), 1)
    span = np.int64(1) << 22
    due_key = owner.astype(np.int64) * span + (due.astype(np.int64) + (span >> 1))
    booked = frame.payment_booking[batch[parties.payment]].astype(np.int64) + (span >> 1)
    centre = np.searchsorted(due_key, parties.customer.astype(np.int64) * span + booked)
    del size
    # overdue items are likelier to be paid than those due later: two thirds of the window lie before the day
    begin = np.maximum(low, np.minimum(centre - (2 * budget) // 3, high - budget))
    end = np.minimum(high, begin + budget)
    who, at = expand(begin, np.maximum(end - begin, 0))
    return parties.payment[who].astype(np.int64), rows[at]


def build_candidates(index: OpenIndex, batch: I32) -> Candidates:
    """Block a batch of payments against the open items of an instant."""
    reading, state, frame = index.reading, index.state, index.reading.frame
    items = np.int64(max(frame.item_count, 1))
    lost: dict[str, int] = {}
    spans = text_mentions(reading, state, batch).spans
    parties_found = beside(
        lambda: find_parties(
            PartyIndex(reading.parties, state),
            batch,
            _customer_numbers(reading, state, spans),
            reading.threads,
        ),
        reading.threads,
    )
    said = mentioned(reading, state, batch)
    mentions = said.references
    is_open = state.open_amount[mentions.item] != 0
    parties = parties_found()
    parts: list[tuple[I64, Rule | NDArray[np.int8]]] = []

    def pack(payment: NDArray[np.integer], item: NDArray[np.integer]) -> I64:
        return payment.astype(np.int64) * items + item

    live = np.flatnonzero(is_open)
    parts.append((pack(mentions.payment[live], mentions.item[live]), mentions.rule[live]))
    # amount alone, when rare
    a_item, a_currency, a_amount = index.amount_keys
    amount = frame.payment_amount[batch]
    p_key = _amount_hash(frame.payment_currency[batch].astype(np.int64), amount, 11)
    key = _amount_hash(a_currency, a_amount, 11)
    asked = np.flatnonzero(KeyFilter(p_key, bits=21)(key))  # amounts that some payment of the batch may have
    a_item, key = a_item[asked], key[asked]
    order = order_by(key)
    starts = group_starts(key[order])
    count = np.diff(np.append(starts, len(order)))
    rare = order[np.repeat(count <= AMOUNT_CAP, count)]
    lost["amount_keys_too_common"] = int((count > AMOUNT_CAP).sum())
    left, right = equijoin(p_key, key[rare], reading.threads)
    parts.append((pack(left, a_item[rare[right]]), Rule.AMOUNT))
    # customer and amount
    customer_key = mix(key + np.uint64(7919) * frame.item_customer[a_item].astype(np.uint64), 13)
    party_key = mix(p_key[parties.payment] + np.uint64(7919) * parties.customer.astype(np.uint64), 13)
    left, right = equijoin(party_key, customer_key, reading.threads)
    parts.append((pack(parties.payment[left], a_item[right]), Rule.CUSTOMER_AMOUNT))
    # the customer's open items, where the text does not already explain the cash
    strong = _is_strong(parties)
    fitting = np.zeros(len(batch), np.bool_)
    fitting[parties.payment[left[strong[left]]]] = True
    payment, item = _party_pairs(index, batch, parties, _explained(index, batch, mentions), fitting)
    parts.append((pack(payment, item), Rule.CUSTOMER))
    # one wrong, lost or added digit, for payments in whose text no number was found
    named = np.zeros(len(batch), np.bool_)
    named[mentions.payment[is_open & ~mentions.covered & (mentions.length >= 5)]] = True
    n_payment, n_key, n_whole = ref.payment_neighbours(spans, named)
    near, near_kind = _neighbour_pairs(index, n_payment, n_key, n_whole, items)
    parts.append((near, Rule.NEIGHBOUR))

    packed = np.concatenate([p for p, _ in parts])
    bits = np.concatenate(
        [
            np.left_shift(np.uint32(1), r.astype(np.uint32))
            if isinstance(r, np.ndarray)
            else np.full(len(p), np.uint32(1 << int(r)), np.uint32)
            for p, r in parts
        ]
    )
    order = order_by(packed)
    packed, bits = packed[order], bits[order]
    starts = group_starts(packed)
    rules = np.bitwise_or.reduceat(bits, starts) if len(starts) else bits
    packed = packed[starts]
    pair_payment, pair_item = (packed // items).astype(np.int32), (packed % items).astype(np.int32)
    at, found = lookup(packed, mentions.payment.astype(np.int64) * items + mentions.item)
    hot_found = _hot_serials(reading, said.texts, pair_payment, pair_item)
    rules = rules | (hot_found.astype(np.uint32) << np.uint32(Rule.HOT_SERIAL))
    order = order_by(near)
    near_at, near_found = lookup(packed, near[order])
    neighbour = np.where(near_found, near_kind[order][near_at] if len(near) else 0, 0).astype(np.int8)
    lost["reference_keys_too_common"] = said.texts.shares.hot_keys
    stale = np.flatnonzero(~is_open)
    return Candidates(
        batch=batch,
        payment=pair_payment,
        item=pair_item,
        rules=rules.astype(np.uint32),
        references=mentions,
        reference_row=np.where(found, at, -1),
        neighbour=neighbour,
        parties=parties,
        spans=spans,
        stale=References(**{n: getattr(mentions, n)[stale] for n in References.__dataclass_fields__}),
        lines=said.lines,
        lost=lost,
    )


def _neighbour_pairs(
    index: OpenIndex, payment: I32, key: U64, whole: B, items: np.int64
) -> tuple[I64, NDArray[np.int8]]:
    """Join the delete-one neighbourhoods: (packed pair, kind)."""
    keys = index.reading.item_keys
    left, right = index.reading.neighbour_table.join(key)
    is_open = index.state.open_amount[keys.neighbour_item[right]] != 0
    left, right = left[is_open], right[is_open]
    kind = np.where(whole[left] | keys.neighbour_whole[right], 1, 2).astype(np.int8)
    packed = payment[left].astype(np.int64) * items + keys.neighbour_item[right]
    order = order_by(packed, kind)
    pick = order[group_starts(packed[order])]
    packed, kind = packed[pick], kind[pick]
    owner = packed // items
    starts = group_starts(owner)
    size = np.diff(np.append(starts, len(owner)))
    few = np.repeat(size <= NEIGHBOUR_CAP, size)
    return packed[few], kind[few]


def _hot_serials(reading: Reading, texts: TextMentions, payment: I32, item: I32) -> B:
    """Tell for candidate pairs whether the text mentions a key of the item that many items share."""
    out = np.zeros(len(payment), np.bool_)
    shares = texts.shares
    if len(texts.hot_payment) == 0 or len(payment) == 0:
        return out
    speaks = np.zeros(len(texts.batch), np.bool_)
    speaks[texts.hot_payment] = True
    rows = np.flatnonzero(speaks[payment])
    first = shares.hot_first[item[rows]]
    pair, at = expand(first, shares.hot_first[item[rows] + 1] - first)
    pair = rows[pair]
    size = np.int64(len(reading.item_keys.key) + 1)
    probe = payment[pair] * size + reading.key_place[shares.hot_rows[at]]
    _, hit = lookup(probe, texts.hot_payment * size + texts.hot_key)
    out[pair[hit]] = True
    return out


__all__ = ["F32", "Candidates", "OpenIndex", "Reading", "References", "build_candidates"]
