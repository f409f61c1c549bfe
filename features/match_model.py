"""Score a batch: pairs, then whole explanations, then the competition between them.

The same code runs in training (with models under construction) and in serving (with a verified bundle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from features.block import OpenIndex, Reading, build_candidates
from features.calibration import Calibration, log_odds_with_none, offsets_of
from features.compare import SCHEMA, SCHEMA_VERSION, compare
from features.comparison import Comparison
from features.forest import WORTH, Forest
from features.frame import KINDS
from features.hypotheses import Hypotheses
from features.propose import propose
from features.rivals import Twice, find_twice
from features.weigh import SET_SCHEMA, own_account, weigh

if TYPE_CHECKING:
    from features.boosters import Booster
    from features.bundle import Bundle
    from features.frame import F64, I32, I64
    from features.state import State

F32 = NDArray[np.float32]

PAIR_MODEL = "model_pair"
SET_MODEL = "model_set"


class Scorer(Protocol):
    """Anything that gives log-odds for the rows of a matrix."""

    def __call__(self, matrix: F32, threads: int) -> F64:
        """Return log-odds, shape (rows,)."""


@dataclass(frozen=True)
class MatchModel:
    """The two models and the calibration of a bundle."""

    pair: Scorer
    proposal: Scorer
    calibration: Calibration
    name: str = "unnamed"


def booster_scorer(booster: Booster) -> Scorer:
    """Wrap a LightGBM booster; rows are float32, as they were in training."""
    forest: list[Forest | None] = []  # read when first needed: a model that sees few rows never is

    def score(matrix: F32, threads: int) -> F64:
        if len(matrix) == 0:
            return np.zeros(0)
        if len(matrix) >= WORTH and matrix.dtype == np.float32:
            if not forest:
                forest.append(Forest.of(booster))
            if forest[0] is not None:
                return forest[0].margins(matrix, threads)
        predicted = booster.predict(matrix, raw_score=True, num_threads=threads)
        return np.asarray(predicted, dtype=np.float64)

    return score


def schema() -> dict[str, object]:
    """Return the feature schema that a bundle must agree with."""
    return {
        "version": SCHEMA_VERSION,
        "models": {PAIR_MODEL: list(SCHEMA), SET_MODEL: list(SET_SCHEMA)},
        "monotone": {PAIR_MODEL: list(SCHEMA.values()), SET_MODEL: list(SET_SCHEMA.values())},
        "dtype": "float32",
        "missing": "NaN",
    }


def model_of(bundle: Bundle) -> MatchModel:
    """Return the model of a verified bundle; its schema must be the one this code computes."""
    from features.bundle_errors import SchemaMismatchError

    if bundle.schema.get("models") != schema()["models"] or bundle.schema.get("version") != SCHEMA_VERSION:
        detail = "the features of the model are not the ones this version computes; train again"
        raise SchemaMismatchError(detail)
    return MatchModel(
        pair=booster_scorer(bundle.boosters[PAIR_MODEL]),
        proposal=booster_scorer(bundle.boosters[SET_MODEL]),
        calibration=Calibration.from_dict(bundle.calibration),
        name=bundle.name,
    )


@dataclass(frozen=True)
class Compared:
    """A batch with its pair matrix, before any model."""

    comparison: Comparison
    matrix: F32


def compare_batch(reading: Reading, state: State, batch: I32) -> Compared:
    """Block and compare a batch."""
    index = OpenIndex(reading, state)
    comparison = Comparison(index, build_candidates(index, batch))
    return Compared(comparison, compare(comparison))


@dataclass(frozen=True)
class Proposed:
    """A batch with its hypotheses and their matrix."""

    compared: Compared
    score: F64
    hypotheses: Hypotheses
    matrix: F32
    twice: Twice

    @property
    def payments(self) -> int:
        """Size of the batch."""
        return self.compared.comparison.payments

    @property
    def offsets(self) -> I64:
        """Where each payment's hypotheses begin."""
        return offsets_of(self.hypotheses.payment, self.payments)


def propose_batch(compared: Compared, score: F64) -> Proposed:
    """Lay out and describe the hypotheses of a batch, given the log-odds of its pairs."""
    c = compared.comparison
    hypotheses = propose(c, score)
    twice = find_twice(c.index.reading, c.candidates.batch, c.state.known_until)
    return Proposed(compared, score, hypotheses, weigh(c, compared.matrix, score, hypotheses, twice), twice)


@dataclass(frozen=True)
class Scored:
    """A batch with the log-odds of every hypothesis, and of "none of them", calibrated."""

    proposed: Proposed
    set_score: F64
    log_odds: F64
    none: F64
    pays: NDArray[np.bool_]  # "none of them" is less likely than all explanations together
    lane_confidence: F64 | None = None  # of the lane's payments in the same replayed window


def score_batch(reading: Reading, state: State, batch: I32, model: MatchModel) -> Scored:
    """Run a batch through blocking, comparison, both models and the competition."""
    compared = compare_batch(reading, state, batch)
    proposed = propose_batch(compared, model.pair(compared.matrix, reading.threads))
    return weigh_batch(proposed, model, reading.threads)


SURELY = 20.0  # log-odds


def pays_nothing_by_kind(c: Comparison) -> NDArray[np.bool_]:
    """Tell which payments settle no open item, whatever fits: from own accounts, said to be other money."""
    stated = c.frame.payment_kind[c.candidates.batch]
    return own_account(c) | np.isin(stated, (KINDS.index("transfer"), KINDS.index("other")))


def weigh_batch(proposed: Proposed, model: MatchModel, threads: int) -> Scored:
    """Score hypotheses and let them compete."""
    set_score = model.proposal(proposed.matrix, threads)
    log_odds, none = model.calibration.log_odds(set_score, proposed.offsets)
    barred = pays_nothing_by_kind(proposed.compared.comparison)
    _, empty = log_odds_with_none(set_score, proposed.offsets, model.calibration.a, model.calibration.b)
    return Scored(proposed, set_score, log_odds, np.where(barred, SURELY, none), (empty < 0) & ~barred)
