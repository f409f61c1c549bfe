"""A batch, decided: what the tables of a run and the checks of a training are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.conclude import Conclusion
from features.decide import DecisionColumns
from features.lane import Lane
from features.match_model import Scored
from features.settle import Settlement
from features.state import Applied
from features.undo import Undone


@dataclass(frozen=True)
class Decided:
    """One batch, decided."""

    scored: Scored
    settled: Settlement
    undone: Undone
    conclusion: Conclusion
    outcome: NDArray[np.int8]
    reasons: NDArray[np.uint64]
    told: NDArray[np.bool_]  # payments whose decision this is; the others get a second look


@dataclass(frozen=True)
class LaneDecided:
    """The deterministic lane of a batch, decided."""

    lane: Lane
    confidence: NDArray[np.float64]
    outcome: NDArray[np.int8]
    reasons: NDArray[np.uint64]
    evidence: NDArray[np.uint64]
    facts: DecisionColumns | None = None  # none where training only simulates the lane


def chosen_lines(decided: Decided) -> Applied:
    """Return what the chosen explanations of a batch apply."""
    h = decided.scored.proposed.hypotheses
    inside = np.zeros(len(h.payment), np.bool_)
    inside[decided.settled.chosen[(decided.settled.chosen >= 0) & decided.told]] = True
    rows = np.flatnonzero(inside[h.owner])
    batch = decided.scored.proposed.compared.comparison.candidates.batch
    return Applied.of(batch[h.payment[h.owner[rows]]], h.item[rows], h.amount[rows], h.write_off[rows])
