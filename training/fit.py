"""Fit the two models and the calibration on a replayed history.

Pairs are scored out of sample for the set model (two folds by payment), so that it learns from margins as
honest as those it will see. Windows are batches like those of `match`: a batch never sees its own answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.block import Reading
from features.boosters import Booster
from features.calibration import Calibration, log_odds_with_none
from features.compare import SCHEMA
from features.frame import F64, I64, B
from features.hypotheses import fingerprints
from features.lane import Lane, split_batch
from features.match_model import (
    Compared,
    MatchModel,
    Proposed,
    Scored,
    booster_scorer,
    compare_batch,
    pays_nothing_by_kind,
    propose_batch,
    weigh_batch,
)
from features.settle import settle
from features.state import FOREVER, State
from features.weigh import SET_SCHEMA
from training.calibrate import TopChoice, choose_top_map, fit_cells, fit_competition
from training.replay import Truth, Window, pair_labels

F32 = NDArray[np.float32]

SEED = 7
PAIR_PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "num_iterations": 100,
}
SET_PARAMETERS: Mapping[str, Any] = {
    **PAIR_PARAMETERS,
    "learning_rate": 0.08,
    "feature_fraction": 0.6,
    "lambda_l2": 2.0,
    "num_iterations": 160,
}
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
    weight: F64  # shape (payments,), what each payment stands for


def sample_of(reading: Reading, truth: Truth, window: Window, *, cold: bool = False) -> Sample:
    """Block and compare one window of a replay; a cold one knows balances but nobody's past."""
    frame = reading.frame
    whole = State(frame, window.decided_at, window.decided_at, replay=True, batch=window.batch, cold=cold)
    split = split_batch(reading, whole, window.batch)
    lane = split.lane
    one = np.arange(len(lane.payment))
    nothing = np.zeros(len(one), np.int64)
    paid = fingerprints(one, len(one), lane.item, whole.open_amount[lane.item], nothing)
    state = replace(whole, claimed=lane.claimed(whole), applied=lane.applied(whole))
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
        weight=truth.weight[window.batch],
    )


def fold_of(payment_row: NDArray[np.integer]) -> I64:
    """Return the fold (0 or 1) of payments: a hash, so that it does not follow time or customer."""
    return np.asarray(((payment_row.astype(np.int64) * 2_654_435_761) % (1 << 32) >> 7) % 2, dtype=np.int64)


def _train(
    matrix: F32, label: B, schema: Mapping[str, int], parameters: Mapping[str, Any], weight: F64 | None = None
) -> Booster:
    given = {**parameters, **FIXED, "monotone_constraints": list(schema.values())}
    rounds = int(given.pop("num_iterations"))
    data = lgb.Dataset(
        matrix, label.astype(np.float32), weight=weight, feature_name=list(schema), free_raw_data=True
    )
    return lgb.train(given, data, rounds)


@dataclass(frozen=True)
class Fitted:
    """The two models, fitted here or taken from a folder."""

    pair: Booster
    proposal: Booster


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
    weight *= np.concatenate([s.weight[s.compared.comparison.payment] for s in samples])
    out_of_fold = np.empty(len(label))
    for number in (0, 1):
        learn = keep & (fold != number)
        if not (label[learn].any() and (~label[learn]).any()):
            learn = keep  # too few for two folds: margins a little too sure beat none at all
        booster = _train(matrix[learn], label[learn], SCHEMA, pair_parameters, weight[learn])
        there = fold == number
        if there.any():
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
        heft.append(by_sample[number] * sample.weight[proposed.hypotheses.payment][known])
    proposal = _train(
        np.concatenate(sets), np.concatenate(right), SET_SCHEMA, set_parameters, np.concatenate(heft)
    )
    return Fitted(pair, proposal)


def is_right(sample: Sample, proposed: Proposed) -> B:
    """Tell which hypotheses are exactly what the payment paid."""
    right = proposed.hypotheses.fingerprint() == sample.fingerprint[proposed.hypotheses.payment]
    return np.asarray(right, dtype=np.bool_)


def scored_sample(sample: Sample, fitted: Fitted, calibration: Calibration, threads: int = 2) -> Scored:
    """Score a sample with fitted models."""
    model = MatchModel(booster_scorer(fitted.pair), booster_scorer(fitted.proposal), calibration)
    proposed = propose_batch(sample.compared, model.pair(sample.compared.matrix, threads))
    scored = weigh_batch(proposed, model, threads)
    return replace(scored, lane_confidence=sample.lane.confidence(calibration))


LEAST_EXAMPLES = 30
"""Right and wrong pairs below which a model would only learn chance."""

MIN_NONE = 100


def can_fit(samples: Sequence[Sample]) -> bool:
    """Tell whether samples hold pairs enough, of both kinds, to fit models on."""
    known = [sample.is_true[sample.labelled[sample.compared.comparison.payment]] for sample in samples]
    right = sum(int(one.sum()) for one in known)
    return right >= LEAST_EXAMPLES and sum(len(one) for one in known) - right >= LEAST_EXAMPLES


def fit_calibration(samples: Sequence[Sample], fitted: Fitted) -> tuple[Calibration, TopChoice | None]:
    """Fit the competition and the map to confidence on samples that no model has seen.

    What a block has no example of keeps the default: log-odds as they are, and no deterministic cell.
    """
    scored = [scored_sample(sample, fitted, Calibration()) for sample in samples]
    calibration = _fit_cells(samples, _fit_competition(samples, scored))
    top: list[tuple[F64, B, NDArray[np.int32]]] = []
    none: list[tuple[F64, B]] = []
    empty_right = empty_all = 0
    for sample, one in zip(samples, scored, strict=True):
        h = one.proposed.hypotheses
        log_odds, odds = calibration.log_odds(one.set_score, one.proposed.offsets)
        settled = settle(h, log_odds, _pays(one, calibration), sample.state.open_amount)
        chosen = settled.chosen
        rows = np.flatnonzero((chosen >= 0) & ~settled.lost & sample.labelled)
        owner = sample.state.frame.item_customer[h.item[h.first_line[chosen[rows]]]]
        top.append((log_odds[chosen[rows]], is_right(sample, one.proposed)[chosen[rows]], owner))
        bare = np.diff(one.proposed.offsets) == 0
        money_in = sample.state.frame.payment_amount[sample.window.batch] > 0
        rest = np.flatnonzero((chosen < 0) & ~settled.lost & sample.labelled & ~bare & money_in)
        none.append((odds[rest], ~sample.matchable[rest]))
        empty_all += int((bare & sample.labelled).sum())
        empty_right += int((bare & sample.labelled & ~sample.matchable).sum())
    choice = None
    leaders, correct, owners = (np.concatenate(column) for column in zip(*top, strict=True))
    if len(leaders):
        choice = choose_top_map(leaders, correct, groups=owners, seed=SEED)
        calibration = replace(calibration, top=choice.chosen)
    x, y = (np.concatenate(column) for column in zip(*none, strict=True))
    if len(x) >= MIN_NONE and y.any() and not y.all():
        calibration = replace(calibration, none=choose_top_map(x, y, seed=SEED).chosen)
    return replace(calibration, no_candidates=(empty_right + 1.0) / (empty_all + 2.0)), choice


def _fit_competition(samples: Sequence[Sample], scored: Sequence[Scored]) -> Calibration:
    """Fit how hypotheses of one payment compete with each other and with "none of them"."""
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
    if not total:
        return Calibration()
    a, b = fit_competition(np.concatenate(scores), np.concatenate(offsets), np.concatenate(right))
    return Calibration(a=a, b=b)


def _pays(scored: Scored, calibration: Calibration) -> B:
    """Tell which payments more likely pay something than nothing, as `weigh_batch` does."""
    proposed = scored.proposed
    _, none = log_odds_with_none(scored.set_score, proposed.offsets, calibration.a, calibration.b)
    return np.asarray((none < 0) & ~pays_nothing_by_kind(proposed.compared.comparison), dtype=np.bool_)


def _fit_cells(samples: Sequence[Sample], calibration: Calibration) -> Calibration:
    """Fit the confidence of the deterministic lane's cells of evidence."""
    known = [sample.lane_labelled for sample in samples]
    cell = np.concatenate([sample.lane.cell[rows] for sample, rows in zip(samples, known, strict=True)])
    if not len(cell):
        return calibration
    right = np.concatenate([sample.lane_is_right[rows] for sample, rows in zip(samples, known, strict=True)])
    cells, unseen = fit_cells(cell.astype(np.int64), right)
    return replace(calibration, cells=cells, unseen_cell=unseen)


__all__ = [
    "FOREVER",
    "Fitted",
    "Sample",
    "can_fit",
    "fit_calibration",
    "fit_models",
    "is_right",
    "sample_of",
    "scored_sample",
]
