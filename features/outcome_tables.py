"""The tables that a run writes: decisions, allocations and candidates, with the contract's columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book_writing import amount_text
from features.calibration import confidence_of
from features.compare import SCHEMA
from features.decide import OUTCOMES, reason_texts
from features.decided import Decided, LaneDecided, chosen_lines
from features.frame import I32, I64, KINDS, NO_DATE, Frame, days
from features.hypotheses import DEDUCTION_WORDS, WRITE_OFF_WORDS, Shape
from features.join import expand, group_starts
from features.references import Rule
from features.sorting import order_by
from features.state import Applied
from receivables.money import exponent
from receivables.reasons import WhyNot

if TYPE_CHECKING:
    from features.block import Reading
    from features.comparison import Comparison


def _digits(frame: Frame, currency: I32) -> NDArray[np.int8]:
    table = np.array([exponent(code) for code in frame.currencies.to_pylist()], np.int8)
    return table[currency]


def _words(vocabulary: tuple[str, ...] | pa.Array, code: NDArray[np.integer]) -> pa.Array:
    """Look codes up; negative ones become nulls."""
    words = vocabulary if isinstance(vocabulary, pa.Array) else pa.array(vocabulary, pa.string())
    index = pa.array(code.astype(np.int64), mask=code < 0)
    return words.cast(pa.string()).take(index)


def _outcomes(code: NDArray[np.int8]) -> pa.Array:
    return _words(tuple(outcome.value for outcome in OUTCOMES), code)


def decision_table(decided: Decided, reading: Reading, model: str, policy: str) -> pa.Table:
    """Return one row a payment of the batch."""
    frame = reading.frame
    c = decided.scored.proposed.compared.comparison
    batch = c.candidates.batch
    conclusion = decided.conclusion
    amount = frame.payment_amount[batch]
    allocated = _allocated(decided)
    digits = _digits(frame, frame.payment_currency[batch])
    table = pa.table({
        "payment_id": frame.payment_ids.take(pa.array(batch)),
        "kind": _words(KINDS, conclusion.kind),
        "outcome": _outcomes(decided.outcome),
        "confidence": np.round(conclusion.confidence, 9),
        "customer_id": _words(frame.customers, conclusion.customer),
        "allocated": amount_text(pa.array(allocated), digits),
        "unapplied": amount_text(pa.array(amount - allocated), digits),
        "currency": _words(frame.currencies, frame.payment_currency[batch]),
        "related_payment_id": _words(frame.payment_ids, conclusion.related),
        "reasons": reason_texts(decided.reasons, conclusion.evidence),
        "model": pa.repeat(pa.scalar(model), len(batch)),
        "policy": pa.repeat(pa.scalar(policy), len(batch)),
    })  # fmt: skip
    return table if decided.told.all() else table.filter(pa.array(decided.told))


def _chosen_lines(decided: Decided) -> tuple[I64, I64]:
    """Return (payment of the batch, line) of all chosen explanations."""
    h = decided.scored.proposed.hypotheses
    chosen = decided.settled.chosen
    payment = np.flatnonzero((chosen >= 0) & decided.told)
    first = h.first_line[chosen[payment]]
    owner, line = expand(first, h.first_line[chosen[payment] + 1] - first)
    return payment[owner], line


def _cash_of_lines(decided: Decided) -> tuple[I64, I64, I64]:
    """Return (payment, line, cash in the payment's currency); foreign lines share the payment by weight."""
    c = decided.scored.proposed.compared.comparison
    h = decided.scored.proposed.hypotheses
    payment, line = _chosen_lines(decided)
    cash = h.amount[line].copy()
    foreign = c.cash.foreign[h.pair[line]]
    if foreign.any():
        rows = np.flatnonzero(foreign)
        own = c.frame.payment_amount[c.candidates.batch[payment[rows]]]
        total = np.zeros(c.payments, np.int64)
        np.add.at(total, payment[rows], h.amount[line[rows]])
        there = c.cash.amount[h.pair[line[rows]]]
        full = np.abs(total[payment[rows]]) >= np.abs(there) * 0.97
        share = np.where(
            full,
            h.amount[line[rows]] / np.where(total[payment[rows]] == 0, 1, total[payment[rows]]),
            h.amount[line[rows]] / np.where(there == 0, 1, there),
        )
        part = np.rint(own * share).astype(np.int64)
        # the last foreign line of a fully used payment takes what rounding left
        last = np.ones(len(rows), np.bool_)
        last[:-1] = payment[rows][1:] != payment[rows][:-1]
        laid = np.zeros(c.payments, np.int64)
        np.add.at(laid, payment[rows], part)
        part += np.where(last & full, own - laid[payment[rows]], 0)
        cash[rows] = part
    return payment, line, cash


def _allocated(decided: Decided) -> I64:
    c = decided.scored.proposed.compared.comparison
    out = np.zeros(c.payments, np.int64)
    payment, _, cash = _cash_of_lines(decided)
    np.add.at(out, payment, cash)
    undone = _undone_lines(decided)
    np.add.at(out, undone.payment, undone.cash)
    return out


@dataclass(frozen=True)
class _Undone:
    """Lines that returns and chargebacks repeat negatively; ``cash`` in the payment's currency."""

    payment: I64
    item: I64
    amount: I64
    write_off: I64
    cash: I64


def _undone_lines(decided: Decided) -> _Undone:
    """Repeat the lines of the undone payments negatively, from the first on, up to what went back."""
    c = decided.scored.proposed.compared.comparison
    frame, state = c.frame, c.state
    original = decided.undone.original
    payment = np.flatnonzero((original >= 0) & (decided.settled.chosen < 0) & decided.told)
    rows = state.allocation_rows
    rows = rows[np.isin(frame.allocation_payment[rows], original[payment])]
    known = Applied.of(
        frame.allocation_payment[rows], frame.allocation_item[rows], frame.allocation_amount[rows],
        frame.allocation_write_off[rows],
    )  # fmt: skip
    known = known.joined(state.applied or Applied.empty()).joined(chosen_lines(decided))
    low = np.searchsorted(known.payment, original[payment])
    high = np.searchsorted(known.payment, original[payment], side="right")
    who, at = expand(low, high - low)
    owner = payment[who]
    amount, write_off = -known.amount[at], -known.write_off[at]
    item = known.item[at].astype(np.int64)
    back = np.abs(frame.payment_amount[c.candidates.batch[owner]])
    paid = np.abs(frame.payment_amount[original[owner]])
    share = np.minimum(back / np.maximum(paid, 1), 1.0)
    foreign = frame.item_currency[item] != frame.payment_currency[c.candidates.batch[owner]]
    # in the same currency: whole lines first, the last one in part; else by share of what was paid
    size = np.abs(amount)
    before = np.cumsum(size) - size
    if len(owner):
        starts = group_starts(owner)
        before -= np.repeat(before[starts], np.diff(np.append(starts, len(owner))))
    laid = np.where(foreign, np.rint(size * share).astype(np.int64), np.clip(back - before, 0, size))
    whole = laid == size
    weight = np.zeros(c.payments)
    np.add.at(weight, owner[foreign], size[foreign].astype(np.float64))
    cash = np.where(
        foreign, np.rint(back * size / np.maximum(weight[owner], 1)).astype(np.int64), laid
    ) * np.sign(amount)
    keep = laid > 0
    return _Undone(
        owner[keep],
        item[keep],
        (laid * np.sign(amount))[keep],
        np.where(whole, write_off, 0)[keep],
        cash[keep],
    )


def allocation_table(decided: Decided) -> pa.Table:
    """Return the lines of the best proposal of each payment, whatever its outcome."""
    c = decided.scored.proposed.compared.comparison
    frame, h = c.frame, decided.scored.proposed.hypotheses
    batch = c.candidates.batch
    payment, line, cash = _cash_of_lines(decided)
    undone = _undone_lines(decided)
    u_payment, u_item, u_amount, u_write_off = undone.payment, undone.item, undone.amount, undone.write_off
    none = np.zeros(len(u_payment), np.int64)
    all_payment = np.concatenate([payment, u_payment])
    item = np.concatenate([h.item[line].astype(np.int64), u_item])
    pair = h.pair[line]
    score = decided.scored.proposed.score
    confidence = np.concatenate([confidence_of(score[pair]), decided.conclusion.confidence[u_payment]])
    foreign = np.concatenate([c.cash.foreign[pair], none > 0])
    rate = np.concatenate([_rates(c, pair, h.amount[line], cash), none.astype(np.float64)])
    rate_row = np.concatenate([c.cash.rate_row[pair], none - 1])
    order = order_by(all_payment, item)
    digits = _digits(frame, frame.item_currency[item])[order]
    own = _digits(frame, frame.payment_currency[batch[all_payment]])[order]

    def money(values: I64, places: NDArray[np.int8], *, empty_zero: bool = False) -> pa.Array:
        ordered = values[order]
        text = amount_text(pa.array(ordered), places)
        return pc.if_else(pa.array(ordered == 0), pa.scalar(None, text.type), text) if empty_zero else text

    def joined(values: NDArray[Any], undone: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([values, undone])

    rate_dates = days(frame.book.fx_rates["date"])
    dated = np.where(rate_row >= 0, np.append(rate_dates, NO_DATE)[rate_row], NO_DATE)[order]
    return pa.table({
        "payment_id": frame.payment_ids.take(pa.array(batch[all_payment][order])),
        "invoice_id": frame.item_ids.take(pa.array(item[order])),
        "amount": money(joined(h.amount[line], u_amount), digits),
        "write_off": money(joined(h.write_off[line], u_write_off), digits, empty_zero=True),
        "write_off_reason": _reason(WRITE_OFF_WORDS, joined(h.write_off_reason[line], none)[order]),
        "deduction": money(joined(h.deduction[line], none), digits, empty_zero=True),
        "deduction_reason": _reason(DEDUCTION_WORDS, joined(h.deduction_reason[line], none)[order]),
        "payment_amount": money(joined(cash, undone.cash), own),
        "rate": _rate_text(rate[order], foreign[order]),
        "rate_date": pa.array(dated, pa.date32(), mask=dated == NO_DATE),
        "pair_confidence": np.round(confidence[order], 9),
        "outcome": _outcomes(decided.outcome[all_payment][order]),
    })  # fmt: skip


def _reason(words: tuple[str, ...], code: NDArray[Any]) -> pa.Array:
    return _words(words, np.where(code.astype(np.int64) > 0, code.astype(np.int64), -1))


def _rates(c: Comparison, pair: I64, amount: I64, cash: I64) -> NDArray[np.float64]:
    """Return the rate that each foreign line implies: item currency for one unit of payment currency."""
    frame = c.frame
    scale = np.array([10.0 ** exponent(code) for code in frame.currencies.to_pylist()])
    there = amount / scale[frame.item_currency[c.item[pair]]]
    here = cash / scale[frame.payment_currency[c.payment_row[pair]]]
    return np.where(c.cash.foreign[pair] & (here != 0), there / np.where(here == 0, 1, here), 0)


def _rate_text(rate: NDArray[np.float64], foreign: NDArray[np.bool_]) -> pa.Array:
    out = (
        [
            f"{value:.8f}".rstrip("0").rstrip(".") if far else None
            for value, far in zip(rate, foreign, strict=True)
        ]
        if foreign.any()
        else [None] * len(rate)
    )
    return pa.array(out, pa.string())


def _rule_texts(masks: NDArray[np.uint32]) -> pa.Array:
    """Name the rules of each mask, joined by `;`."""
    encoded = pa.array(masks).dictionary_encode()
    names = [
        ";".join(rule.name.lower() for rule in Rule if mask >> int(rule) & 1)
        for mask in encoded.dictionary.to_pylist()
    ]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(names, pa.string()))


WHY_NOT = ("", *(reason.value for reason in WhyNot))


def _why_not(decided: Decided, chosen: NDArray[np.bool_]) -> pa.Array:
    """Say for each pair that was not chosen what stood against it."""
    c = decided.scored.proposed.compared.comparison
    matrix = decided.scored.proposed.compared.matrix
    column = {name: index for index, name in enumerate(SCHEMA)}
    score = decided.scored.proposed.score
    has = decided.settled.chosen[c.payment] >= 0
    amount = c.frame.payment_amount[c.payment_row]
    paid = np.zeros(len(c.item), np.bool_)
    taken = np.zeros(c.frame.item_count, np.bool_)
    taken[c.item[chosen]] = True
    paid[taken[c.item] & ~chosen] = True
    party = matrix[:, column["party_score"]]
    reasons = [
        (~c.cash.known, WhyNot.UNCONVERTED_FX),
        (np.sign(c.balance) != np.sign(amount), WhyNot.DIRECTION),
        (paid & (score > 0), WhyNot.TAKEN_BY_OTHER_PAYMENT),
        (~has & (score > 0), WhyNot.BELOW_NONE),
        (matrix[:, column["ref_best_of_payment"]] >= 3, WhyNot.TEXT),
        (party < 0.5, WhyNot.COUNTERPARTY),
        (c.cash.amount != c.balance, WhyNot.AMOUNT),
        (~has, WhyNot.BELOW_NONE),
    ]
    code = np.select(
        [mask for mask, _ in reasons],
        [WHY_NOT.index(r.value) for _, r in reasons],
        WHY_NOT.index(WhyNot.BETTER_PROPOSAL.value),
    )
    code = np.where(chosen, 0, code)
    return pa.DictionaryArray.from_arrays(pa.array(code.astype(np.int8)), pa.array(WHY_NOT, pa.string()))


def candidate_table(decided: Decided) -> pa.Table:
    """Return every candidate pair with its scores, rules, features, and why it was not chosen."""
    c = decided.scored.proposed.compared.comparison
    frame, h = c.frame, decided.scored.proposed.hypotheses
    score = decided.scored.proposed.score
    chosen = np.zeros(len(c.payment), np.bool_)
    chosen[h.pair[_chosen_lines(decided)[1]]] = True
    matrix = decided.scored.proposed.compared.matrix
    columns: dict[str, object] = {
        "payment_id": frame.payment_ids.take(pa.array(c.payment_row)),
        "invoice_id": frame.item_ids.take(pa.array(c.item)),
        "rules": _rule_texts(c.candidates.rules),
        "model_score": np.asarray(score, np.float32),
        "pair_confidence": confidence_of(score).astype(np.float32),
        "chosen": chosen,
        "why_not": _why_not(decided, chosen),
    }
    for index, name in enumerate(SCHEMA):
        columns[name] = np.ascontiguousarray(matrix[:, index])
    table = pa.table(columns)
    return table if decided.told.all() else table.filter(pa.array(decided.told[c.payment]))


def lane_decisions(frame: Frame, decided: LaneDecided, model: str, policy: str) -> pa.Table:
    """Return one row a payment of the lane."""
    lane = decided.lane
    rows = pa.array(lane.payment)
    currency = frame.payment_currency[lane.payment]
    digits = _digits(frame, currency)
    amount = frame.payment_amount[lane.payment]
    count = len(lane.payment)
    return pa.table({
        "payment_id": frame.payment_ids.take(rows),
        "kind": pa.repeat(pa.scalar("receipt"), count),
        "outcome": _outcomes(decided.outcome),
        "confidence": np.round(decided.confidence, 9),
        "customer_id": _words(frame.customers, frame.item_customer[lane.item]),
        "allocated": amount_text(pa.array(amount), digits),
        "unapplied": amount_text(pa.array(np.zeros(count, np.int64)), digits),
        "currency": _words(frame.currencies, currency),
        "related_payment_id": pa.nulls(count, pa.string()),
        "reasons": reason_texts(decided.reasons, decided.evidence),
        "model": pa.repeat(pa.scalar(model), count),
        "policy": pa.repeat(pa.scalar(policy), count),
    })  # fmt: skip


def lane_allocations(frame: Frame, decided: LaneDecided) -> pa.Table:
    """Return the one line of each payment of the lane."""
    lane = decided.lane
    count = len(lane.payment)
    digits = _digits(frame, frame.item_currency[lane.item])
    amount = amount_text(pa.array(frame.payment_amount[lane.payment]), digits)
    none = pa.nulls(count, pa.string())
    return pa.table({
        "payment_id": frame.payment_ids.take(pa.array(lane.payment)),
        "invoice_id": frame.item_ids.take(pa.array(lane.item)),
        "amount": amount,
        "write_off": none,
        "write_off_reason": none,
        "deduction": none,
        "deduction_reason": none,
        "payment_amount": amount,
        "rate": none,
        "rate_date": pa.nulls(count, pa.date32()),
        "pair_confidence": np.round(decided.confidence, 9),
        "outcome": _outcomes(decided.outcome),
    })  # fmt: skip


def lane_candidates(frame: Frame, decided: LaneDecided) -> pa.Table:
    """Return the pairs of the lane; they have no model score and no features."""
    lane = decided.lane
    count = len(lane.payment)
    columns: dict[str, object] = {
        "payment_id": frame.payment_ids.take(pa.array(lane.payment)),
        "invoice_id": frame.item_ids.take(pa.array(lane.item)),
        "rules": _rule_texts(np.left_shift(np.uint32(1), lane.rule.astype(np.uint32))),
        "model_score": pa.nulls(count, pa.float32()),
        "pair_confidence": decided.confidence.astype(np.float32),
        "chosen": np.ones(count, np.bool_),
        "why_not": pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count, np.int8)), pa.array(WHY_NOT, pa.string())
        ),
    }
    for name in SCHEMA:
        columns[name] = pa.nulls(count, pa.float32())
    return pa.table(columns)


__all__ = ["Shape", "allocation_table", "candidate_table", "decision_table"]
