"""Interchangeable items: which invoices only their number tells apart, and how often a payment meets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.score_tables import (
    NO_DAY,
    Bools,
    Floats,
    Ints,
    Objects,
    Source,
    codes,
    days,
    first_day,
    objects,
    positions,
    read_table,
    text,
    ticks,
)

_TERMS = (
    "customer_id",
    "issuer_id",
    "currency",
    "amount",
    "type",
    "due_date",
    "discount_percent",
    "discount_date",
    "discount_base",
    "purchase_order",
)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Items:
    """Every invoice that the book, the output or the truth speaks of, by code."""

    ids: pa.Array
    known_day: Ints
    amount: Ints
    applied: Ints  # cash and write-off of the book's own allocations: before the run
    party: Ints  # code of the customer
    party_name: Objects
    twin_class: Ints
    number: Objects

    @property
    def count(self) -> int:
        """Return how many codes there are, at least one so that it can be a stride."""
        return max(len(self.ids), 1)

    def code(self, invoice_ids: pa.Array) -> Ints:
        """Return the codes of these invoices."""
        return positions(invoice_ids, self.ids)


@dataclass(frozen=True, slots=True)
class Exposure:
    """For each payment, whether a twin was open beside what it pays, and the chance of guessing right."""

    open: Bools
    luck: Floats


def read_items(book: Source, mentioned: Sequence[pa.Array], judged: pa.Array) -> Items:
    """Read the items of a book as they stand before the judged payments.

    Ids that only the output or the truth mention become items of no customer.
    """
    invoices = read_table(
        book, "invoices", ("invoice_id", "invoice_number", "issue_date", "known_at", "status", *_TERMS)
    )
    own = text(invoices, "invoice_id")
    ids = pc.unique(pa.concat_arrays([own, *mentioned]))
    row = positions(ids, own)
    inside = row >= 0
    history = read_table(
        book, "allocations", ("payment_id", "invoice_id", "amount", "write_off", "reversed_at")
    )
    standing = days(history, "reversed_at") == NO_DAY
    history = history.filter(pa.array(standing & (positions(text(history, "payment_id"), judged) < 0)))
    paid_item = positions(text(history, "invoice_id"), ids)
    applied = np.zeros(len(ids), dtype=np.int64)
    np.add.at(
        applied,
        paid_item[paid_item >= 0],
        (ticks(history, "amount") + ticks(history, "write_off"))[paid_item >= 0],
    )
    amount = np.where(inside, np.append(ticks(invoices, "amount"), 0)[row], 0)
    known = np.where(inside, np.append(first_day(invoices, "known_at", "issue_date"), NO_DAY)[row], NO_DAY)
    owner = pa.array(np.append(objects(text(invoices, "customer_id")), "")[row], pa.string())
    number = np.append(objects(text(invoices, "invoice_number")), "")[row]
    distinct = owner.dictionary_encode()
    return Items(
        ids=ids,
        known_day=known,
        amount=amount,
        applied=applied,
        party=codes(owner),
        party_name=objects(distinct.dictionary),
        twin_class=_classes(book, invoices, ids, row, applied),
        number=np.where(number == "", objects(ids), number),
    )


def _classes(book: Source, invoices: pa.Table, ids: pa.Array, row: Ints, applied: Ints) -> Ints:
    instalments = read_table(book, "instalments", ("invoice_id", "due_date", "amount"))
    plan = np.full(len(ids), "", dtype=np.object_)
    steps = zip(
        positions(text(instalments, "invoice_id"), ids).tolist(),
        text(instalments, "due_date").to_pylist(),
        text(instalments, "amount").to_pylist(),
        strict=True,
    )
    for code, due, amount in sorted(steps):
        plan[code] += f";{due}:{amount}"
    terms = [text(invoices, c) for c in _TERMS]
    status = text(invoices, "status")
    terms.append(pc.if_else(pc.is_in(status, value_set=pa.array(["open", "settled"])), "", status))
    joined = np.append(objects(pc.binary_join_element_wise(*terms, "\x1f")), "")[row]
    balance = objects(pa.array(applied).cast(pa.string()))
    own_class = np.where(row >= 0, "", objects(ids))  # nothing is known of an unknown id: it has no twin
    return codes(pa.array(joined + "\x1f" + plan + "\x1f" + balance + "\x1f" + own_class, pa.string()))


def exposure(items: Items, payment: Ints, item: Ints, relief: Ints, day: Ints, words: Objects) -> Exposure:
    """Find the true pairs that had an open twin which the same payment does not pay.

    ``luck`` is 1 where the payment's text holds the digits of a paid twin's number, else one over the number
    of ways to choose the paid twins among the open ones: an estimate, since damaged numbers count as none.
    """
    count = len(day)
    result = Exposure(np.zeros(count, dtype=np.bool_), np.ones(count))
    members = np.bincount(items.twin_class, minlength=items.count)
    shared = members[items.twin_class] > 1
    settled = _settled_day(items, payment, item, relief, day)
    by_class: dict[int, list[int]] = {}
    for code in np.flatnonzero(shared).tolist():
        by_class.setdefault(int(items.twin_class[code]), []).append(code)
    groups: dict[tuple[int, int], list[int]] = {}
    for index in np.flatnonzero(shared[item]).tolist():
        groups.setdefault((int(payment[index]), int(items.twin_class[item[index]])), []).append(
            int(item[index])
        )
    for (index, twin_class), paid in groups.items():
        rivals = [
            code
            for code in by_class[twin_class]
            if items.known_day[code] <= day[index] <= settled[code] and code not in paid
        ]
        if not rivals:
            continue
        result.open[index] = True
        said = "".join(_DIGITS.findall(words[index]))
        if not all(_core(items.number[code]) in said for code in paid):
            result.luck[index] /= comb(len(rivals) + len(paid), len(paid))
    return result


def _core(number: str) -> str:
    return "".join(_DIGITS.findall(number)).lstrip("0") or number


def _settled_day(items: Items, payment: Ints, item: Ints, relief: Ints, day: Ints) -> Ints:
    """Return the day on which each item was settled by truth, or a day after every other."""
    settled = np.full(items.count, 2**31, dtype=np.int64)
    settled[: len(items.ids)][(items.amount > 0) & (np.abs(items.applied) >= items.amount)] = NO_DAY
    order = np.lexsort((day[payment], item))
    if not len(order):
        return settled
    codes_in_order = item[order]
    starts = np.flatnonzero(np.r_[True, codes_in_order[1:] != codes_in_order[:-1]])
    running = np.cumsum(relief[order])
    before = np.repeat(running[starts] - relief[order][starts], np.diff(np.r_[starts, len(order)]))
    total = np.abs(items.applied[codes_in_order] + running - before)
    full = total >= items.amount[codes_in_order]
    for position in np.flatnonzero(full)[::-1].tolist():  # backwards, so that the first full day stands
        settled[codes_in_order[position]] = day[payment[order[position]]]
    return settled
