"""Judge each payment of an output folder of ``tieout match`` against the truth, as the contract defines.

One row a payment of the truth folder. What "right" means, beyond comparing (payment, invoice) sums of cash
and write-off:

* Truth is the unreversed allocations; a payment whose allocations were all reversed later (a chargeback)
  keeps them.
* An item unknown on the payment's own day (it was entered later) may be left out: both answers are right.
* The customer is right when it owns a paid item, is the parent of one, or is the one that truth names; empty
  is right only where no customer, or more than one, is true.
* A twin has the same customer, issuer, currency, type, amount, balance when the run starts, due date, terms,
  purchase order and instalments. A payment is *equivalent* when it is right after every item is replaced by
  its class of twins.
* *Harmful*: another customer, or another total of cash or write-off for a customer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.score_tables import (
    NO_DAY,
    TICKS_PER_UNIT,
    Bools,
    Floats,
    Ints,
    Objects,
    Source,
    codes,
    days,
    first_day,
    numbers,
    objects,
    positions,
    read_table,
    text,
    ticks,
)
from training.twins import Exposure, Items, exposure, read_items

MODEL_SCORE_COLUMNS = ("model_score", "score", "margin", "pair_score")
UNLABELLED = ("", "pending")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What happened to each payment, one array element a payment; several books may be joined."""

    payment_id: Objects
    case: Objects  # kind_of_case
    outcome: Objects  # "" when the output has no decision for it
    cluster: Objects  # paying customer, else the payment itself: errors of one customer come together
    confidence: Floats
    below: Bools  # under the frozen threshold
    labelled: Bools
    matchable: Bools  # truly pays something among the items known on its day
    pays: Bools  # truly pays something, known then or not
    proposed: Bools  # the output states at least one item
    exact: Bools  # allocation alone
    equivalent: Bools  # allocation alone, twins being the same
    right_party: Bools  # customer and related payment
    right_related: Bools
    harmful: Bools
    by_model: Bools  # outside the deterministic lane
    money: Floats  # absolute, in one currency; NaN without a rate
    pairs_stated: Ints
    pairs_true: Ints
    pairs_hit: Ints
    twin_open: Bools
    twin_luck: Floats  # chance that an all-knowing guesser picks the right twins; 1 when nothing is ambiguous

    @property
    def auto(self) -> Bools:
        """Return which payments were closed automatically and can be judged."""
        return np.asarray((self.outcome == "auto") & self.labelled, dtype=np.bool_)

    @property
    def false(self) -> Bools:
        """Return which answers, were they posted, would be false closes."""
        return ~(self.exact & self.right_party)

    @property
    def false_but_for_twins(self) -> Bools:
        """Return which answers would be false closes under ``twins: oldest``."""
        return ~(self.equivalent & self.right_party)

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Put the payments of several books together."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class _Rows:
    """Allocation rows: payment index, item code, cash and write-off; summed to one row a pair."""

    payment: Ints
    item: Ints
    cash: Ints
    write_off: Ints

    def where(self, keep: Bools) -> _Rows:
        return _Rows(self.payment[keep], self.item[keep], self.cash[keep], self.write_off[keep])


def judge(out: Path, truth: Source, book: Source) -> Verdicts:
    """Compare an output folder with a truth folder; the book gives items, customers and rates."""
    payments = read_table(
        truth,
        "payments",
        (
            *("payment_id", "booking_date", "received_at", "known_at", "currency", "amount", "customer_id"),
            *("resolution", "remittance", "structured_reference", "end_to_end_id"),
        ),
    )
    ids = text(payments, "payment_id")
    count = len(ids)
    stated_table = read_table(out, "allocations", ("payment_id", "invoice_id", "amount", "write_off"))
    truth_table = read_table(
        truth, "allocations", ("payment_id", "invoice_id", "amount", "write_off", "reversed_at")
    )
    items = read_items(book, [text(stated_table, "invoice_id"), text(truth_table, "invoice_id")], ids)
    resolution = objects(text(payments, "resolution"))
    stated = _rows(stated_table, ids, items)
    true = _true_rows(truth_table, ids, items, resolution)

    day = first_day(payments, "known_at", "received_at", "booking_date")
    known = items.known_day[true.item] <= day[true.payment]
    known_true = true.where(known)
    pays, matchable = _any(count, true.payment), _any(count, known_true.payment)
    late = _any(count, true.payment[~known])
    compared = [
        _compare(count, stated, true, items),
        _compare(count, stated, known_true, items),
    ]
    exact, equivalent, right_total = (
        np.where(late, full | partly, full) for full, partly in zip(*compared, strict=True)
    )

    decisions = _decisions(out, ids)
    kinds = read_table(
        truth, "truth_kinds", ("payment_id", "kind_of_case", "related_payment_id", "customer_id")
    )
    kind_at = positions(ids, text(kinds, "payment_id"))
    right_customer, cluster = _customers(book, payments, kinds, kind_at, true, items, decisions.customer)
    right_related = decisions.related == _lookup(kinds, "related_payment_id", kind_at)
    pairs_true, pairs_stated = (
        np.bincount(true.payment, minlength=count),
        np.bincount(stated.payment, minlength=count),
    )
    hits = np.isin(_pair_keys(stated, items), _pair_keys(true, items))
    twins = _twins(payments, truth, ids, day, known_true, items)
    return Verdicts(
        payment_id=objects(ids),
        case=_lookup(kinds, "kind_of_case", kind_at) if len(kinds) else _plain_case(payments, true, items),
        outcome=decisions.outcome,
        cluster=cluster,
        confidence=decisions.confidence,
        below=_below(out, decisions),
        labelled=pays | ~np.isin(resolution, UNLABELLED),
        matchable=matchable,
        pays=pays,
        proposed=pairs_stated > 0,
        exact=exact,
        equivalent=equivalent,
        right_party=right_customer & right_related,
        right_related=right_related,
        harmful=~(right_total & right_customer),
        by_model=_by_model(out, ids, stated, items),
        money=_money(book, payments),
        pairs_stated=pairs_stated,
        pairs_true=pairs_true,
        pairs_hit=np.bincount(stated.payment[hits], minlength=count),
        twin_open=twins.open,
        twin_luck=twins.luck,
    )


def _any(count: int, payment: Ints) -> Bools:
    flags = np.zeros(count, dtype=np.bool_)
    flags[payment] = True
    return flags


def _rows(table: pa.Table, ids: pa.Array, items: Items) -> _Rows:
    payment, item = positions(text(table, "payment_id"), ids), items.code(text(table, "invoice_id"))
    cash, write_off = ticks(table, "amount"), ticks(table, "write_off")
    keep = payment >= 0
    return _summed(_Rows(payment[keep], item[keep], cash[keep], write_off[keep]), items)


def _summed(rows: _Rows, items: Items) -> _Rows:
    """Add up rows of the same pair and drop pairs that come to nothing."""
    keys, (cash, write_off) = _sums(_pair_keys(rows, items), rows.cash, rows.write_off)
    keep = (cash != 0) | (write_off != 0)
    keys = keys[keep]
    return _Rows(keys // items.count, keys % items.count, cash[keep], write_off[keep])


def _pair_keys(rows: _Rows, items: Items) -> Ints:
    return rows.payment * items.count + rows.item


def _sums(keys: Ints, *values: Ints) -> tuple[Ints, list[Ints]]:
    """Return the distinct keys, sorted, and the exact sums of each value by key."""
    if not len(keys):
        return keys, list(values)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return ordered[starts], [np.add.reduceat(v[order], starts) for v in values]


def _true_rows(table: pa.Table, ids: pa.Array, items: Items, resolution: Objects) -> _Rows:
    payment = positions(text(table, "payment_id"), ids)
    standing = days(table, "reversed_at") == NO_DAY
    replaced = resolution != ""
    replaced[payment[(payment >= 0) & standing]] = True
    return _rows(table.filter(pa.array(standing | (payment < 0) | ~replaced[payment])), ids, items)


def _compare(count: int, stated: _Rows, true: _Rows, items: Items) -> tuple[Bools, Bools, Bools]:
    """Return for each payment: same items and sums; the same but for twins; same sums for each customer."""
    payment = np.concatenate([stated.payment, true.payment])
    item = np.concatenate([stated.item, true.item])
    cash = np.concatenate([stated.cash, -true.cash])
    write_off = np.concatenate([stated.write_off, -true.write_off])
    exact = _balanced(count, payment, payment * items.count + item, cash, write_off)
    party = payment * items.count + items.party[item]
    total = _balanced(count, payment, party, cash, write_off)
    # Twins compare as sets of equal rows: one twin paid twice is not two twins paid once.
    side = np.repeat(np.array([1, -1], dtype=np.int64), [len(stated.payment), len(true.payment)])
    parts = np.stack([payment, items.twin_class[item], cash * side, write_off * side])
    order = np.lexsort(parts[::-1])
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = (parts[:, order[1:]] != parts[:, order[:-1]]).any(axis=0)
    equivalent = _balanced(count, payment[order], np.cumsum(is_first), side[order])
    return exact, equivalent, total


def _balanced(count: int, payment: Ints, keys: Ints, *values: Ints) -> Bools:
    """Return which payments have every key's values summing to zero."""
    result = np.ones(count, dtype=np.bool_)
    if len(keys):
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1]])
        open_sums = np.any([np.add.reduceat(v[order], starts) != 0 for v in values], axis=0)
        result[payment[order][starts][open_sums]] = False
    return result


@dataclass(frozen=True, slots=True)
class _Decisions:
    outcome: Objects
    confidence: Floats
    customer: Objects
    related: Objects


def _decisions(out: Path, ids: pa.Array) -> _Decisions:
    table = read_table(
        out, "decisions", ("payment_id", "outcome", "confidence", "customer_id", "related_payment_id")
    )
    at = positions(ids, text(table, "payment_id"))
    confidence = np.append(numbers(table, "confidence"), np.nan)[at]
    return _Decisions(
        outcome=_lookup(table, "outcome", at),
        confidence=confidence,
        customer=_lookup(table, "customer_id", at),
        related=_lookup(table, "related_payment_id", at),
    )


def _lookup(table: pa.Table, column: str, at: Ints) -> Objects:
    """Return the column at these positions, empty at -1."""
    return np.append(objects(text(table, column)), "")[at]


def _customers(
    book: Source,
    payments: pa.Table,
    kinds: pa.Table,
    kind_at: Ints,
    true: _Rows,
    items: Items,
    stated: Objects,
) -> tuple[Bools, Objects]:
    """Return whether the stated customer is right, and a customer to cluster errors by."""
    customers = read_table(book, "customers", ("customer_id", "parent_id"))
    count = len(stated)
    keys, _ = _sums(true.payment * items.count + items.party[true.item])
    payment, owner = keys // items.count, items.party_name[keys % items.count]
    parent = _lookup(
        customers, "parent_id", positions(pa.array(owner, pa.string()), text(customers, "customer_id"))
    )
    claimed = stated[payment]
    right = _any(count, payment[(claimed == owner) | ((claimed == parent) & (parent != ""))])
    owners = np.bincount(payment, minlength=count)
    named = [_lookup(kinds, "customer_id", kind_at), objects(text(payments, "customer_id"))]
    for name in named:
        right |= (name != "") & (stated == name)
    unnamed = (named[0] == "") & (named[1] == "")
    right |= (stated == "") & (owners > 1)
    right |= (owners == 0) & ((stated == "") | unnamed)
    cluster = np.where(named[0] != "", named[0], objects(text(payments, "payment_id")))
    cluster[payment] = owner
    return right, cluster


def _plain_case(payments: pa.Table, true: _Rows, items: Items) -> Objects:
    """Return a kind of case that shows in the truth itself, for books that name none."""
    count = len(payments)
    several = np.bincount(true.payment, minlength=count) > 1
    netted = _any(count, true.payment[np.sign(true.cash) != np.sign(ticks(payments, "amount"))[true.payment]])
    short = _any(count, true.payment[true.write_off != 0])
    relief = np.abs(true.cash + true.write_off + items.applied[true.item])
    in_part = _any(count, true.payment[relief < items.amount[true.item]])
    rest = np.where(_any(count, true.payment), "one item", objects(text(payments, "resolution")))
    conditions = [
        _any(count, true.payment) & (ticks(payments, "amount") < 0),
        netted,
        short,
        several,
        in_part,
    ]
    words = ["money out", "credit netted", "with a write-off", "several items", "one item in part"]
    return np.select(conditions, [np.array(w, dtype=np.object_) for w in words], rest).astype(np.object_)


def _below(out: Path, decisions: _Decisions) -> Bools:
    """Return which payments are under the frozen threshold; without one in the summary, those not closed."""
    summary_path = out / "summary.json"
    threshold = None
    if summary_path.exists():
        summary = json.loads(summary_path.read_text(encoding="utf-8"))
        threshold = summary.get("auto_threshold", summary.get("threshold"))
        if isinstance(threshold, dict):
            threshold = threshold.get("auto_threshold", threshold.get("value"))
    if isinstance(threshold, int | float):
        return np.asarray(decisions.confidence < threshold, dtype=np.bool_)
    return np.asarray(decisions.outcome != "auto", dtype=np.bool_)


def _by_model(out: Path, ids: pa.Array, stated: _Rows, items: Items) -> Bools:
    """Return which payments lie outside the deterministic lane: a stated pair is scored, or none is shown."""
    path = out / "candidates.parquet"
    result = np.ones(len(ids), dtype=np.bool_)
    if not path.exists():
        return result
    names = pq.read_schema(path).names
    score = next((c for c in MODEL_SCORE_COLUMNS if c in names), None)
    if score is None:
        return result
    table = pq.read_table(path, columns=["payment_id", "invoice_id", score])
    payment, item = positions(text(table, "payment_id"), ids), items.code(text(table, "invoice_id"))
    keep = payment >= 0
    stated_pair = np.isin(payment * items.count + item, _pair_keys(stated, items))
    empty = pc.is_null(table[score], nan_is_null=True)
    scored = ~np.asarray(empty.to_numpy(zero_copy_only=False), dtype=np.bool_)
    result[payment[keep & stated_pair]] = False
    result[payment[keep & stated_pair & scored]] = True
    return result


def _money(book: Source, payments: pa.Table) -> Floats:
    """Return absolute amounts in the book's commonest currency, NaN where its rates do not reach."""
    currency, amount = text(payments, "currency"), np.abs(ticks(payments, "amount")) / TICKS_PER_UNIT
    if not len(amount):
        return np.zeros(0)
    rates = read_table(book, "fx_rates", ("base", "quote", "rate"))
    base, quote, rate = objects(text(rates, "base")), objects(text(rates, "quote")), numbers(rates, "rate")
    main = str(pc.mode(currency.dictionary_encode().indices)[0]["mode"])
    distinct = currency.dictionary_encode()
    home = distinct.dictionary[int(main)].as_py()
    worth: dict[str, float] = {home: 1.0}
    pairs = {
        (b, q): float(np.median(rate[(base == b) & (quote == q)]))
        for b, q in {*zip(base, quote, strict=True)}
    }
    for _ in range(3):  # a rate may need a step or two over another currency
        for (b, q), r in sorted(pairs.items()):
            if q in worth and b not in worth:
                worth[b] = worth[q] * r
            elif b in worth and q not in worth:
                worth[q] = worth[b] / r
    by_code = np.array([worth.get(c, np.nan) for c in distinct.dictionary.to_pylist()])
    return np.asarray(amount * by_code[codes(currency)], dtype=np.float64)


def _twins(
    payments: pa.Table, truth: Source, ids: pa.Array, day: Ints, true: _Rows, items: Items
) -> Exposure:
    lines = read_table(truth, "remittance_lines", ("payment_id", "reference"))
    said = [objects(text(payments, c)) for c in ("remittance", "structured_reference", "end_to_end_id")]
    words = np.asarray(said[0] + " " + said[1] + " " + said[2], dtype=np.object_)
    at = positions(text(lines, "payment_id"), ids)
    for index, reference in zip(at.tolist(), text(lines, "reference").to_pylist(), strict=True):
        if index >= 0:
            words[index] += " " + reference
    return exposure(items, true.payment, true.item, true.cash + true.write_off, day, words)
