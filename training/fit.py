"""Fit the two models and the calibration on a replayed history.

Pairs are scored out of sample for the set model (two folds by payment), so that it learns from margins as honest as
those it will see. Windows are batches like those of `match`: nothing of a batch is revealed to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.block import Reading
from features.calibration import Calibration
from features.compare import SCHEMA
from features.frame import F64, I64, B
from features.lane import Lane, split_batch
from features.match_model import Compared, MatchModel, Proposed, Scored, booster_scorer, compare_batch, propose_batch, weigh_batch
from features.propose import fingerprints
from features.settle import settle
from features.state import FOREVER, State
from features.weigh import SET_SCHEMA
from training.calibrate import TopChoice, choose_top_map, fit_cells, fit_competition
from training.replay import Truth, Window, pair_labels

F32 = NDArray[np.float32]

SEED = 7
PAIR_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary", "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 40, "feature_fraction": 0.7,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 1.0, "num_iterations": 100,
}  # fmt: skip
SET_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 31, "min_data_in_leaf": 40, "feature_fraction": 0.6,
    "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 2.0, "num_iterations": 160,
}  # fmt: skip
FIXED: Mapping[str, Any] = {
    "verbose": -1, "seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 2,
    "monotone_constraints_method": "basic",
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One window of a replay, compared, with its truth."""

    window: Window  # what the lane left
    lane: Lane
    lane_is_right: B
    lane_labelled: B
    state: State
    compared: Compared
    is_true: B  # shape (pairs,)
    labelled: B  # shape (payments,)
    matchable: B  # pays something among the items known
    fingerprint: NDArray[np.uint64]  # of the truth


def sample_of(reading: Reading, truth: Truth, window: Window, *, cold: bool = False) -> Sample:
    """Block and compare one window of a replay; a cold one knows balances but nobody's past."""
    frame = reading.frame
    whole = State(frame, window.decided_at, window.decided_at, replay=True, batch=window.batch, cold=cold)
    split = split_batch(reading, whole, window.batch)
    lane = split.lane
    one = np.arange(len(lane.payment))
    nothing = np.zeros(len(one), np.int64)
    paid = fingerprints(one, len(one), lane.item, whole.open_amount[lane.item], nothing)
    state = replace(whole, claimed=lane.claimed(whole))
    window = Window(split.rest, window.decided_at)
    compared = compare_batch(reading, state, window.batch)
    c = compared.comparison
    visible = frame.item_known <= window.decided_at
    hidden = np.bincount(truth.pair_payment[~visible[truth.pair_item]], minlength=frame.payment_count)
    return Sample(
        window=window,
        lane=lane,
        lane_is_right=paid == truth.fingerprint[lane.payment],
        lane_labelled=truth.labelled[lane.payment] & (hidden[lane.payment] == 0),
        state=state,
        compared=compared,
        is_true=pair_labels(truth, frame, c.payment_row, c.item),
        labelled=truth.labelled[window.batch] & (hidden[window.batch] == 0),
        matchable=truth.lines[window.batch] > 0,
        fingerprint=truth.fingerprint[window.batch],
    )


def fold_of(payment_row: NDArray[np.integer]) -> I64:
    """Return the fold (0 or 1) of payments: a hash, so that it does not follow time or customer."""
    return ((payment_row.astype(np.int64) * 2_654_435_761) % (1 << 32) >> 7) % 2


def _train(matrix: F32, label: B, schema: Mapping[str, int], parameters: Mapping[str, Any], weight: F64 | None = None) -> lgb.Booster:
    given = {**parameters, **FIXED, "monotone_constraints": list(schema.values())}
    rounds = int(given.pop("num_iterations"))
    data = lgb.Dataset(matrix, label.astype(np.float32), weight=weight, feature_name=list(schema), free_raw_data=True)
    return lgb.train(given, data, rounds)


@dataclass(frozen=True)
class Fitted:
    """Models fitted on samples, with the hypotheses of those samples scored out of sample."""

    pair: lgb.Booster
    proposal: lgb.Booster


def fit_models(
    samples: Sequence[Sample],
    pair_parameters: Mapping[str, Any] = PAIR_PARAMETERS,
    set_parameters: Mapping[str, Any] = SET_PARAMETERS,
    weights: Sequence[float] | None = None,
) -> Fitted:
    """Fit the pair model, and the set model on out-of-fold pair scores."""
    matrix = np.concatenate([s.compared.matrix for s in samples])
    label = np.concatenate([s.is_true for s in samples])
    keep = np.concatenate([s.labelled[s.compared.comparison.payment] for s in samples])
    fold = np.concatenate([fold_of(s.compared.comparison.payment_row) for s in samples])
    by_sample = np.ones(len(samples)) if weights is None else np.asarray(weights)
    weight = np.repeat(by_sample, [len(s.is_true) for s in samples])
    out_of_fold = np.empty(len(label))
    for number in (0, 1):
        learn = keep & (fold != number)
        booster = _train(matrix[learn], label[learn], SCHEMA, pair_parameters, weight[learn])
        there = fold == number
        out_of_fold[there] = booster.predict(matrix[there], raw_score=True, num_threads=2)
    pair = _train(matrix[keep], label[keep], SCHEMA, pair_parameters, weight[keep])
    del matrix
    sets: list[F32] = []
    right: list[B] = []
    heft: list[F64] = []
    at = 0
    for number, sample in enumerate(samples):
        size = len(sample.is_true)
        proposed = propose_batch(sample.compared, out_of_fold[at : at + size])
        at += size
        known = sample.labelled[proposed.hypotheses.payment]
        sets.append(proposed.matrix[known])
        right.append(is_right(sample, proposed)[known])
        heft.append(np.full(int(known.sum()), by_sample[number]))
    proposal = _train(np.concatenate(sets), np.concatenate(right), SET_SCHEMA, set_parameters, np.concatenate(heft))
    return Fitted(pair, proposal)


def is_right(sample: Sample, proposed: Proposed) -> B:
    """Tell which hypotheses are exactly what the payment paid."""
    return proposed.hypotheses.fingerprint() == sample.fingerprint[proposed.hypotheses.payment]


def scored_sample(sample: Sample, fitted: Fitted, calibration: Calibration, threads: int = 2) -> Scored:
    """Score a sample with fitted models."""
    model = MatchModel(booster_scorer(fitted.pair), booster_scorer(fitted.proposal), calibration)
    proposed = propose_batch(sample.compared, model.pair(sample.compared.matrix, threads))
    scored = weigh_batch(proposed, model, threads)
    return replace(scored, lane_confidence=sample.lane.confidence(calibration))


def fit_calibration(samples: Sequence[Sample], fitted: Fitted) -> tuple[Calibration, TopChoice]:
    """Fit the competition and the map to confidence on samples that no model has seen."""
    plain = Calibration()
    scored = [scored_sample(sample, fitted, plain) for sample in samples]
    scores, offsets, right = [], [np.zeros(1, np.int64)], []
    total = 0
    for sample, one in zip(samples, scored, strict=True):
        h = one.proposed.hypotheses
        known = sample.labelled[h.payment]
        scores.append(one.set_score[known])
        right.append(is_right(sample, one.proposed)[known])
        count = np.bincount(h.payment[known], minlength=one.proposed.payments)[sample.labelled]
        offsets.append(total + np.cumsum(count))
        total += int(count.sum())
    a, b = fit_competition(np.concatenate(scores), np.concatenate(offsets), np.concatenate(right))
    competing = Calibration(a=a, b=b)
    leaders: list[F64] = []
    correct: list[B] = []
    owners: list[NDArray[np.int32]] = []
    empty_right = empty_all = 0
    none_odds: list[F64] = []
    none_right: list[B] = []
    none_owner: list[NDArray[np.int32]] = []
    for sample, one in zip(samples, scored, strict=True):
        h = one.proposed.hypotheses
        log_odds, none = competing.log_odds(one.set_score, one.proposed.offsets)
        settled = settle(h, log_odds, none, sample.state.open_amount)
        chosen = settled.chosen
        rows = np.flatnonzero((chosen >= 0) & ~settled.lost & sample.labelled)
        leaders.append(log_odds[chosen[rows]])
        correct.append(is_right(sample, one.proposed)[chosen[rows]])
        owners.append(sample.state.frame.item_customer[h.item[h.first_line[chosen[rows]]]])
        bare = np.diff(one.proposed.offsets) == 0
        money_in = sample.state.frame.payment_amount[sample.window.batch] > 0
        rest = np.flatnonzero((chosen < 0) & ~settled.lost & sample.labelled & ~bare & money_in)
        none_odds.append(none[rest])
        none_right.append(~sample.matchable[rest])
        none_owner.append(rest.astype(np.int32))
        empty_all += int((bare & sample.labelled).sum())
        empty_right += int((bare & sample.labelled & ~sample.matchable).sum())
    top = choose_top_map(
        np.concatenate(leaders), np.concatenate(correct), groups=np.concatenate(owners), seed=SEED
    )
    none_x, none_y = np.concatenate(none_odds), np.concatenate(none_right)
    none_map = None
    if len(none_x) >= MIN_NONE and none_y.any() and not none_y.all():
        none_map = choose_top_map(none_x, none_y, seed=SEED).chosen
    known = [sample.lane_labelled for sample in samples]
    cell = np.concatenate([sample.lane.cell[k] for sample, k in zip(samples, known, strict=True)])
    cells, unseen = {}, 0.0
    if len(cell):
        right_of = np.concatenate([sample.lane_is_right[k] for sample, k in zip(samples, known, strict=True)])
        cells, unseen = fit_cells(cell.astype(np.int64), right_of)
    calibration = Calibration(
        cells=cells, unseen_cell=unseen, a=a, b=b, top=top.chosen, none=none_map, no_candidates=(empty_right + 1.0) / (empty_all + 2.0)
    )
    return calibration, top


MIN_NONE = 100

__all__ = ["FOREVER", "Fitted", "Sample", "fit_calibration", "fit_models", "is_right", "sample_of", "scored_sample"]
