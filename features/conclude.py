"""Conclude: from chosen explanations to the facts of the decision rule, and the evidence behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.calibration import confidence_of
from features.compare import SCHEMA
from features.comparison import Comparison
from features.decide import DEDUCTION_REASONS, WRITE_OFF_REASONS, DecisionColumns, evidence_mask
from features.evidence import SEGMENTS, UNDOING, Chosen, evidence_of, kinds, segments
from features.frame import F64, I32, I64, KINDS, NO_CODE, STATUSES, B, flat
from features.hypotheses import DEDUCTION_WORDS, WRITE_OFF_WORDS, Hypotheses, Shape
from features.join import group_starts
from features.lane import CELLS
from features.references import Rule
from features.sorting import counted, order_by
from receivables.reasons import Reason

if TYPE_CHECKING:
    from features.frame import Frame
    from features.lane import Lane
    from features.match_model import Scored
    from features.settle import Settlement
    from features.state import State
    from features.undo import Undone

CONTRACT_WRITE_OFFS = tuple(word.value for word in WRITE_OFF_REASONS)
NEAR_TIE = 0.05  # log-odds within which two explanations count as equal


@dataclass(frozen=True)
class Conclusion:
    """One row a payment of the batch, and the lines of the chosen explanations."""

    chosen: I64
    confidence: F64
    customer: I32
    kind: NDArray[np.int8]
    related: I32  # payment row, -1 for none
    facts: DecisionColumns
    evidence: NDArray[np.uint64]
    twins: B


def conclude(scored: Scored, settled: Settlement, undone: Undone, currencies: tuple[str, ...]) -> Conclusion:
    """Gather what the decision rule needs to know about the chosen explanations of a batch."""
    proposed = scored.proposed
    c = proposed.compared.comparison
    frame, batch = c.frame, c.candidates.batch
    payments = c.payments
    chosen = settled.chosen
    h, place = proposed.hypotheses.only(chosen)
    of = Chosen(c, proposed.compared.matrix, h, place)
    has = of.has
    confidence = scored.none.copy()
    confidence[has] = scored.log_odds[chosen[has]]
    confidence = confidence_of(confidence)
    confidence = np.where(has | (undone.original < 0), confidence, undone.confidence)
    amount = frame.payment_amount[batch]
    laid = of.lines(h.amount, np.add)
    foreign = of.lines(c.cash.foreign[h.pair], np.logical_or, False)
    unapplied = np.where(has, np.where(foreign, 0, amount - laid), amount)
    ungranted = _ungranted(h.write_off, h.write_off_reason)
    beyond = (
        (of.level >= 3)
        | (of.pairs("ref_neighbour") > 0)
        | (of.pairs("ref_hot_serial") > 0)
        | (of.pairs("party_score") >= PARTY_EVIDENCE)
    )
    rest = h.amount + h.write_off
    open_left = np.abs(c.balance[h.pair]) - np.abs(rest)
    write_off_reason = _largest(
        h.write_off, h.write_off_reason, h.owner, len(h.payment), CONTRACT_WRITE_OFFS, WRITE_OFF_WORDS
    )
    deduction_reason = _largest(
        h.deduction, h.deduction_reason, h.owner, len(h.payment),
        tuple(word.value for word in DEDUCTION_REASONS), DEDUCTION_WORDS,
    )  # fmt: skip
    status = frame.item_status[h.item]
    issue, due = frame.item_issue[h.item].astype(np.int64), frame.item_due[h.item].astype(np.int64)
    booked = frame.payment_booking[batch].astype(np.int64)
    latest_issue = of.lines(issue, np.maximum)
    earliest_due = of.lines(due, np.minimum)
    equal, interchangeable = _equal(scored, settled)
    kind, dismissal = kinds(c, chosen, undone)
    twice = proposed.twice
    line_twice = twice.same_day & twice.same_text & twice.same_reference
    seen_before = (twice.other >= 0) & (amount > 0) & ~line_twice
    stale = np.bincount(c.candidates.stale.payment[~c.candidates.stale.covered], minlength=payments) > 0
    duplicate = seen_before & ~has & (twice.same_text | stale) & (twice.days <= DUPLICATE_DAYS)
    hold = np.asarray(pc.is_valid(flat(frame.book.payments["hold"]).take(pa.array(batch))))
    has_candidates = np.bincount(c.payment, minlength=payments) > 0
    customer, known = _customers(c, place, h)
    undoing = (undone.original >= 0) & ~has
    dismissed = np.where(has | duplicate, NO_CODE, dismissal).astype(np.int8)
    missing_rate = np.zeros(payments, np.bool_)
    unknown = ~c.cash.known
    missing_rate[c.payment[unknown]] = True
    missing_rate &= ~has
    facts = DecisionColumns.filled(
        currencies=currencies,
        segments=SEGMENTS,
        segment=segments(of),
        currency=frame.payment_currency[batch],
        amount_minor=amount,
        confidence=confidence,
        kind=kind,
        n_items=np.where(has, of.of_hypothesis(np.diff(h.first_line)), undoing),
        items_named=of.lines((of.level >= 3) | (h.shape[h.owner] == Shape.LINES), np.logical_and, False),
        item_currency=of.lines(frame.item_currency[h.item].astype(np.int64), np.maximum, NO_CODE),
        write_off_minor=of.lines(np.where(ungranted, h.write_off, 0), np.add) * np.sign(amount)
        + np.where(
            of.lines(ungranted & (h.write_off != 0), np.logical_or, False),
            0,
            of.lines(h.write_off, np.add),
        ),
        write_off_base_minor=of.lines(np.where(h.write_off != 0, np.abs(c.balance[h.pair]), 0), np.add),
        write_off_reason=of.of_hypothesis(write_off_reason, NO_CODE),
        deduction_minor=of.lines(h.deduction, np.add),
        deduction_reason=of.of_hypothesis(deduction_reason, NO_CODE),
        is_partial=of.lines((open_left > 0) & (h.deduction_reason != WITHHOLDING), np.logical_or, False),
        is_overpaid=has & (unapplied * np.sign(amount) > 0),
        cross_currency=foreign,
        missing_rate=missing_rate,
        has_evidence_beyond_amount=of.lines(beyond, np.logical_and, True),
        equal_explanations=equal,
        twins_interchangeable=interchangeable,
        rows_set_aside=_doubtful(of),
        payment_held=hold,
        item_disputed=of.lines(status == STATUSES.index("disputed"), np.logical_or, False),
        item_on_hold=of.lines(status == STATUSES.index("on_hold"), np.logical_or, False),
        days_before_issue=np.where(has, latest_issue - booked, 0),
        days_after_due=np.where(has, booked - earliest_due, 0),
        conflict_lost=settled.lost,
        has_candidates=has_candidates,
        customer_known=known,
        dismissal=dismissed,
        duplicate_payment=duplicate,
        duplicate_line=line_twice,
        original_unknown=np.isin(kind, UNDOING) & (undone.original < 0),
    )
    related = np.where(undoing, undone.original, np.where(duplicate | line_twice, twice.other, -1))
    return Conclusion(
        chosen=chosen,
        confidence=confidence,
        customer=np.where(has | known, customer, NO_CODE).astype(np.int32),
        kind=kind,
        related=related.astype(np.int32),
        facts=facts,
        evidence=evidence_of(of),
        twins=(equal > 0) & interchangeable,
    )


def lane_facts(
    state: State, lane: Lane, confidence: F64, currencies: tuple[str, ...]
) -> tuple[DecisionColumns, NDArray[np.uint64]]:
    """Return the facts and the evidence of the deterministic lane's payments."""
    frame = state.frame
    rows, item = lane.payment, lane.item
    status = frame.item_status[item] if not state.replay else np.zeros(len(item), np.int32)
    booked = frame.payment_booking[rows].astype(np.int64)
    cell = np.array([SEGMENTS.index(name) for name in CELLS], np.int64)
    book = frame.book
    doubt = np.asarray(pc.is_in(frame.payment_ids.take(pa.array(rows)), value_set=book.doubtful_payments))
    doubt = doubt | np.asarray(
        pc.is_in(frame.item_ids.take(pa.array(item)), value_set=book.doubtful_invoices)
    )
    facts = DecisionColumns.filled(
        currencies=currencies,
        segments=SEGMENTS,
        segment=cell[lane.cell],
        currency=frame.payment_currency[rows],
        amount_minor=frame.payment_amount[rows],
        confidence=confidence,
        kind=np.full(len(rows), KINDS.index("receipt")),
        n_items=np.ones(len(rows)),
        items_named=np.ones(len(rows)),
        item_currency=frame.item_currency[item],
        rows_set_aside=doubt,
        payment_held=np.asarray(pc.is_valid(flat(book.payments["hold"]).take(pa.array(rows)))),
        item_disputed=status == STATUSES.index("disputed"),
        item_on_hold=status == STATUSES.index("on_hold"),
        days_before_issue=frame.item_issue[item] - booked,
        days_after_due=booked - frame.item_due[item],
    )
    structured = lane.rule == Rule.STRUCTURED
    ways = (Reason.CUSTOMER_GIVEN, Reason.CUSTOMER_KNOWN_ACCOUNT, Reason.CUSTOMER_ALIAS, Reason.CUSTOMER_NAME)
    evidence = {
        Reason.STRUCTURED_REFERENCE: structured,
        Reason.REFERENCE_EXACT: ~structured,
        Reason.AMOUNT_EXACT: np.ones(len(rows), np.bool_),
        **{reason: lane.known_by == way for way, reason in enumerate(ways)},
    }
    return facts, evidence_mask(evidence, len(rows))


def _doubtful(of: Chosen) -> B:
    """Tell which payments, or items chosen for them, have rows in quarantine."""
    c, book = of.comparison, of.comparison.frame.book
    payment: B = np.asarray(
        pc.is_in(c.frame.payment_ids.take(pa.array(c.candidates.batch)), value_set=book.doubtful_payments),
        np.bool_,
    )
    if len(book.doubtful_invoices) == 0:
        return payment
    item = np.asarray(pc.is_in(c.frame.item_ids, value_set=book.doubtful_invoices))
    return np.asarray(payment | of.any_line(item[of.hypotheses.item]), np.bool_)


PARTY_EVIDENCE = 0.72  # a name this alike; shared words such as Trading are no evidence
DUPLICATE_DAYS = 30
WITHHOLDING = 2


def _ungranted(write_off: I64, reason: NDArray[np.int8]) -> B:
    """Tell which write-offs no terms and no settlement report grant."""
    granted = (reason == WRITE_OFF_WORDS.index("early_payment_discount")) | (
        reason == WRITE_OFF_WORDS.index("processor_fee")
    )
    return np.asarray((write_off != 0) & ~granted, np.bool_)


def _largest(
    value: I64,
    reason: NDArray[np.int8],
    owner: I64,
    count: int,
    words: tuple[str, ...],
    ours: tuple[str, ...],
) -> NDArray[np.int8]:
    """Return the reason of the largest part of each hypothesis, ungranted ones first, in the rule's codes."""
    out = np.full(count, NO_CODE, np.int8)
    rows = np.flatnonzero(value != 0)
    if len(rows) == 0:
        return out
    table = np.array([words.index(word) if word in words else NO_CODE for word in ours], np.int8)
    order = order_by(owner[rows], _ungranted(value[rows], reason[rows]), np.abs(value[rows]))
    out[owner[rows[order]]] = table[reason[rows[order]]]
    return out


def _equal(scored: Scored, settled: Settlement) -> tuple[I64, B]:
    """Count the other explanations that are as good for each payment, and tell which are interchangeable.

    Twins agree in customer, issuer, currency, balance, due date, discount and purchase order, and nothing in
    the payment's text prefers one.
    """
    proposed = scored.proposed
    c = proposed.compared.comparison
    frame, h = c.frame, proposed.hypotheses
    payments = c.payments
    equal = np.zeros(payments, np.int64)
    twin = np.zeros(payments, np.bool_)
    chosen = settled.chosen
    rows = np.flatnonzero(chosen >= 0)
    if len(rows) == 0:
        return equal, twin
    key = twin_keys(c.state, frame)
    text_level = np.zeros(len(c.payment), np.int64)
    matrix = proposed.compared.matrix
    names = (
        "ref_level", "ref_covered", "ref_length", "ref_neighbour", "ref_hot_serial", "date_named",
        "month_named", "amount_instalment",
    )  # fmt: skip
    position = list(SCHEMA)
    for name in names:
        values = np.nan_to_num(matrix[:, position.index(name)]).astype(np.int64)
        text_level = text_level * 64 + values + 3
    pair_key = key[c.item] * np.int64(1_000_003) ^ (text_level * np.int64(0x5DEECE66D))
    size = np.int64(len(c.payment) + 1)
    _, group = np.unique(pair_key, return_inverse=True)
    packed = c.payment.astype(np.int64) * size + group
    distinct, members = counted(packed)
    inside = np.zeros(len(h.payment), np.bool_)
    inside[chosen[rows]] = True
    line = np.flatnonzero(inside[h.owner])
    used, used_count = counted(packed[h.pair[line]])
    total = members[np.searchsorted(distinct, used)]
    free = total - used_count
    who = (used // size).astype(np.int64)
    np.add.at(equal, who[free > 0], free[free > 0])
    twin[who[free > 0]] = True
    # another explanation that is as likely, but not a twin
    near_best = scored.log_odds >= scored.log_odds[np.maximum(chosen[h.payment], 0)] - NEAR_TIE
    near_best &= (chosen[h.payment] >= 0) & (np.arange(len(h.payment)) != chosen[h.payment])
    tie = np.bincount(h.payment[near_best], minlength=payments)
    plain = (tie > 0) & (equal == 0)
    equal[plain] = tie[plain]
    return equal, twin


def twin_keys(state: State, frame: Frame) -> I64:
    """Return a key for each item under which interchangeable twins agree."""
    key = state.open_amount.astype(np.int64)
    for part in (
        frame.item_customer, frame.item_issuer, frame.item_currency, frame.item_due, frame.item_discount,
        frame.item_discount_date, frame.item_order, frame.item_status,
    ):  # fmt: skip
        key = key * np.int64(0x100000001B3) ^ (part.astype(np.int64) + np.int64(0x9E3779B9))
    return key


def _customers(c: Comparison, chosen: I64, h: Hypotheses) -> tuple[I32, B]:
    """Return the customer whose cash each payment is: of the chosen items, else of a clear party."""
    table = c.candidates.parties
    score = table.score()
    customer = np.full(c.payments, NO_CODE, np.int32)
    order = order_by(table.payment, -score, table.customer)
    payment = table.payment[order]
    top = np.searchsorted(payment, np.arange(c.payments))
    present = np.searchsorted(payment, np.arange(c.payments), side="right") > top
    best = order[np.minimum(top, max(len(order) - 1, 0))] if len(order) else np.zeros(c.payments, np.int64)
    second_at = np.minimum(top + 1, max(len(order) - 1, 0))
    if len(order):
        second = np.where(payment[second_at] == np.arange(c.payments), score[order[second_at]], 0)
        second = np.where(second_at == top, 0, second)
        clear = present & (score[best] >= 0.8) & (score[best] - second >= 0.08)
        customer[clear] = table.customer[best[clear]]
    known = customer >= 0
    rows = np.flatnonzero(chosen >= 0)
    if len(rows):
        inside = np.zeros(len(h.payment), np.bool_)
        inside[chosen[rows]] = True
        line = np.flatnonzero(inside[h.owner])
        payment, who = (
            h.payment[h.owner[line]].astype(np.int64),
            c.frame.item_customer[h.item[line]].astype(np.int64),
        )
        size = np.int64(max(len(c.frame.customers), 1))
        distinct, inverse = np.unique(payment * size + who, return_inverse=True)
        weight = np.bincount(inverse, weights=np.abs(h.amount[line]).astype(np.float64))
        order = order_by(distinct // size, -weight, distinct % size)
        best = distinct[order[group_starts((distinct // size)[order])]]
        customer[best // size] = (best % size).astype(np.int32)
    return customer, known | (chosen >= 0)
