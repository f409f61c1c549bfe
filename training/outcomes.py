"""Decide replayed windows exactly as `match` would, and compare the decisions with what the history says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.calibration import Calibration
from features.decide import OUTCOMES, reason_texts
from features.decided import Decided, LaneDecided, chosen_lines
from features.evidence import SEGMENTS
from features.frame import F64, I32, I64, KINDS, B
from features.hypotheses import fingerprints
from features.lane import CELLS
from features.match_model import MatchModel, Scored, booster_scorer, score_batch
from features.outcome_tables import _undone_lines
from features.pipeline import claims_of, conclude_batch, decide_lane
from features.state import Applied
from receivables.policy import Policy
from receivables.words import Outcome
from training.fit import Fitted, Sample, is_right, scored_sample
from training.replay import Truth, Window, pair_labels

OPEN: Final = Policy(auto_threshold=1e-9, review_threshold=1e-9)
"""The default policy with its threshold wide open: what could close by itself at some threshold."""

AUTO: Final = OUTCOMES.index(Outcome.AUTO)


@dataclass(frozen=True)
class Checked:
    """Outcomes of a block under the open policy, one row a labelled payment."""

    payment: I32
    customer: I32
    confidence: F64  # what `match` compares with its threshold, to the bit
    closes: B  # nothing but the threshold stands in the way
    wrong: B
    harmful: B
    amount: I64
    matchable: B
    proposed: B
    kind: NDArray[np.int8]
    segment: I64  # code into `features.evidence.SEGMENTS`
    in_lane: B
    pairs_stated: I64
    pairs_true: I64
    pairs_hit: I64

    def none(self) -> Checked:
        """Return no rows of the same columns."""
        return Checked(**{one.name: getattr(self, one.name)[:0] for one in fields(self)})


@dataclass(frozen=True)
class Stated:
    """What the model says of payments, and why; lines in the order of the payments."""

    payment: I32
    reasons: pa.Array
    line_payment: I32
    item: I64
    amount: I64
    write_off: I64


def joined(parts: Sequence[Checked]) -> Checked:
    """Put the outcomes of several windows together."""
    return Checked(
        **{one.name: np.concatenate([getattr(p, one.name) for p in parts]) for one in fields(Checked)}
    )


def check_sample(
    sample: Sample, fitted: Fitted, calibration: Calibration, truth: Truth, threads: int = 2
) -> tuple[Checked, list[Stated], Scored]:
    """Decide one window as `match` would under the open policy, and compare with its truth.

    Like there, what loses its items to surer payments is looked at again, with what the others took off the
    balances.
    """
    model = MatchModel(booster_scorer(fitted.pair), booster_scorer(fitted.proposal), calibration)
    scored = scored_sample(sample, fitted, calibration, threads)
    lane = decide_lane(sample.state, sample.lane, model, OPEN)
    first = conclude_batch(scored, sample.state, OPEN)
    parts = [_check_lane(sample, lane, truth), _check_rest(sample, first, truth, first.told)]
    stated = [_lane_states(sample, lane), _states(sample, first)]
    if not first.told.all():
        again, decided = _second_look(sample, first, model)
        parts.append(_check_rest(again, decided, truth, decided.told))
        stated.append(_states(again, decided))
    return joined(parts), stated, scored


def check_decisions(sample: Sample, decided: Decided, truth: Truth) -> Checked:
    """Compare the first decisions of a window, and those of its lane, with its truth."""
    confidence = decided.scored.lane_confidence
    if confidence is None:
        confidence = np.zeros(len(sample.lane.payment))
    count = len(sample.lane.payment)
    nothing = np.zeros(count, np.uint64)
    lane = LaneDecided(sample.lane, confidence, np.full(count, AUTO, np.int8), nothing, nothing)
    everyone = np.ones(len(sample.labelled), np.bool_)
    return joined([_check_lane(sample, lane, truth), _check_rest(sample, decided, truth, everyone)])


def _second_look(sample: Sample, first: Decided, model: MatchModel) -> tuple[Sample, Decided]:
    """Look again at the payments of a window that gave way to surer ones."""
    state = sample.state
    index = sample.compared.comparison.index
    taken = claims_of(first, state.frame.item_count, least=0.0)
    again = replace(
        state,
        claimed=taken if state.claimed is None else state.claimed + taken,
        applied=(state.applied or Applied.empty()).joined(chosen_lines(first)),
    )
    left = ~first.told
    window = Window(sample.window.batch[left], sample.window.decided_at)
    scored = score_batch(index.reading, again, window.batch, model)
    part = replace(
        sample,
        window=window,
        state=again,
        compared=scored.proposed.compared,
        labelled=sample.labelled[left],
        matchable=sample.matchable[left],
        fingerprint=sample.fingerprint[left],
    )
    return part, conclude_batch(scored, again, OPEN, second_look=True)


def _lines(decided: Decided) -> tuple[I64, I64, I64, I64]:
    """Return place in the batch, item, amount and write-off of all that is proposed, undoing included."""
    h = decided.scored.proposed.hypotheses
    inside = np.zeros(len(h.payment), np.bool_)
    inside[decided.settled.chosen[(decided.settled.chosen >= 0) & decided.told]] = True
    rows = np.flatnonzero(inside[h.owner])
    back = _undone_lines(decided)
    undone = (back.payment, back.item, back.amount, back.write_off)
    own = (
        h.payment[h.owner[rows]].astype(np.int64),
        h.item[rows].astype(np.int64),
        h.amount[rows],
        h.write_off[rows],
    )
    place, item, amount, write_off = (np.concatenate(both) for both in zip(own, undone, strict=True))
    order = np.lexsort((item, place))
    return place[order], item[order], amount[order], write_off[order]


def _check_rest(sample: Sample, decided: Decided, truth: Truth, among: B) -> Checked:
    """Compare what the model decided with the truth."""
    rows = np.flatnonzero(sample.labelled & among)
    frame, batch = sample.state.frame, sample.window.batch
    proposed = decided.scored.proposed
    chosen = decided.settled.chosen
    has = chosen >= 0
    place, item, amount, write_off = _lines(decided)
    stated = np.bincount(place, minlength=len(batch))
    answers = is_right(sample, proposed)
    right = np.where(has, answers[np.maximum(chosen, 0)] if len(answers) else False, ~sample.matchable)
    said = fingerprints(place, len(batch), item.astype(np.int32), amount, write_off)
    right = np.where(~has & (stated > 0), said == sample.fingerprint, right)
    laid = np.zeros(len(batch), np.int64)
    np.add.at(laid, place, amount)
    hits = pair_labels(truth, frame, batch[place], item.astype(np.int32))
    customer = decided.conclusion.customer
    true_customer, true_total = _true_sums(truth, sample)
    harmful = ~right & (stated > 0) & ((customer != true_customer[batch]) | (laid != true_total[batch]))
    return Checked(
        payment=batch[rows],
        customer=np.where(has, customer, -1 - batch)[rows].astype(np.int32),
        confidence=decided.conclusion.confidence[rows],
        closes=(decided.outcome == AUTO)[rows],
        wrong=~right[rows],
        harmful=harmful[rows],
        amount=np.abs(frame.payment_amount[batch[rows]]),
        matchable=sample.matchable[rows],
        proposed=(has | (stated > 0))[rows],
        kind=decided.conclusion.kind[rows],
        segment=decided.conclusion.facts.segment[rows],
        in_lane=np.zeros(len(rows), np.bool_),
        pairs_stated=stated[rows],
        pairs_true=truth.lines[batch[rows]],
        pairs_hit=np.bincount(place[hits], minlength=len(batch))[rows],
    )


def _check_lane(sample: Sample, decided: LaneDecided, truth: Truth) -> Checked:
    """Compare what the deterministic lane decided with the truth."""
    lane, frame = sample.lane, sample.state.frame
    rows = np.flatnonzero(sample.lane_labelled)
    payment, item = lane.payment[rows], lane.item[rows]
    wrong = ~sample.lane_is_right[rows]
    amount = frame.payment_amount[payment]
    customer = frame.item_customer[item]
    true_customer, true_total = _true_sums(truth, sample)
    ones = np.ones(len(rows), np.int64)
    return Checked(
        payment=payment,
        customer=customer,
        confidence=decided.confidence[rows],
        closes=(decided.outcome == AUTO)[rows],
        wrong=wrong,
        harmful=wrong & ((customer != true_customer[payment]) | (amount != true_total[payment])),
        amount=np.abs(amount),
        matchable=truth.lines[payment] > 0,
        proposed=ones > 0,
        kind=np.full(len(rows), KINDS.index("receipt"), np.int8),
        segment=np.array([SEGMENTS.index(name) for name in CELLS], np.int64)[lane.cell[rows]],
        in_lane=ones > 0,
        pairs_stated=ones,
        pairs_true=truth.lines[payment],
        pairs_hit=pair_labels(truth, frame, payment, item).astype(np.int64),
    )


def _true_sums(truth: Truth, sample: Sample) -> tuple[I32, I64]:
    """Return by payment of the book whose items it truly paid, and with how much."""
    frame = sample.state.frame
    total = np.zeros(frame.payment_count, np.int64)
    np.add.at(total, truth.pair_payment, truth.amount)
    customer = np.full(frame.payment_count, -1, np.int32)
    customer[truth.pair_payment] = frame.item_customer[truth.pair_item]
    return customer, total


def _states(sample: Sample, decided: Decided) -> Stated:
    batch = sample.window.batch
    place, item, amount, write_off = _lines(decided)
    reasons = reason_texts(decided.reasons, decided.conclusion.evidence)
    told = np.flatnonzero(decided.told)
    return Stated(batch[told], reasons.take(pa.array(told)), batch[place], item, amount, write_off)


def _lane_states(sample: Sample, decided: LaneDecided) -> Stated:
    lane = sample.lane
    amount = sample.state.frame.payment_amount[lane.payment]
    reasons = reason_texts(decided.reasons, decided.evidence)
    return Stated(
        lane.payment,
        reasons,
        lane.payment,
        lane.item.astype(np.int64),
        amount,
        np.zeros(len(amount), np.int64),
    )
