"""Grounds: what the decision on one payment stood on, kept so that it can be decided again to the last bit.

Kept are the rows of features of its explanations, which one was chosen, and the facts of the decision rule;
no names, no texts. With the model and the policy that decided, `decide_again` scores, calibrates and decides
anew.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import pyarrow as pa

from features.calibration import Calibration, confidence_of, log_odds_of
from features.compare import SCHEMA_VERSION
from features.decide import OUTCOMES, DecisionColumns, decide_columns, reason_texts
from features.decided import Decided, LaneDecided
from features.frame import Frame
from features.match_model import SURELY, MatchModel, pays_nothing_by_kind
from features.weigh import SET_SCHEMA
from receivables.errors import TieoutError
from receivables.policy import Policy

__all__ = ["Again", "GroundsError", "Witness", "decide_again"]

VERSION: Final = 1
_TABLES: Final = ("currencies", "segments", "confidence")
"""Parts of the facts that are not one value a payment, or are what is computed anew."""
_WORDS: Final = {"currency": "currencies", "item_currency": "currencies", "segment": "segments"}
"""Facts that are codes into tables of the batch; grounds keep the words."""


class GroundsError(TieoutError):
    """These grounds cannot be decided again."""

    code = "grounds"
    mend = "Use the version of Tieout and the model that made the decision."


@dataclass(frozen=True, slots=True)
class Again:
    """What a decision is when it is made anew."""

    confidence: float
    outcome: str
    reasons: str
    is_same_number: bool
    """Whether the confidence has the very bits of the first time."""


class Witness:
    """Watches a run of `match_book` and keeps the grounds of every payment, by its id, as JSON."""

    def __init__(self, calibration: Mapping[str, object]) -> None:
        """Take the calibration of the model that decides."""
        self._calibration = Calibration.from_dict(calibration)
        self.grounds: dict[str, str] = {}

    def __call__(self, decided: Decided | LaneDecided, frame: Frame) -> None:
        """Keep what a batch stood on."""
        told = list(_of_lane(decided) if isinstance(decided, LaneDecided) else self._of_batch(decided))
        ids = frame.payment_ids.take(pa.array([row for row, _ in told], pa.int64())).to_pylist()
        for payment_id, (_, said) in zip(ids, told, strict=True):
            self.grounds[payment_id] = json.dumps(said, sort_keys=True, separators=(",", ":"))

    def _of_batch(self, decided: Decided) -> Iterator[tuple[int, dict[str, Any]]]:
        scored, conclusion = decided.scored, decided.conclusion
        comparison = scored.proposed.compared.comparison
        matrix = np.ascontiguousarray(scored.proposed.matrix, "<f4")
        offsets = scored.proposed.offsets
        bare, _ = self._calibration.log_odds(scored.set_score, offsets)
        moved = bare != scored.log_odds
        barred = pays_nothing_by_kind(comparison)
        undone = (conclusion.chosen < 0) & (decided.undone.original >= 0)
        facts = _facts(conclusion.facts)
        for place in np.flatnonzero(decided.told).tolist():
            low, high = int(offsets[place]), int(offsets[place + 1])
            chosen = int(conclusion.chosen[place])
            said: dict[str, Any] = {
                "v": VERSION,
                "schema": SCHEMA_VERSION,
                "sets": base64.b64encode(matrix[low:high].tobytes()).decode(),
                "chosen": chosen - low if chosen >= 0 else -1,
                "facts": facts[place],
                "evidence": int(conclusion.evidence[place]),
                "confidence": float(conclusion.confidence[place]).hex(),
            }
            if barred[place]:
                said["barred"] = True
            if undone[place]:
                said["undone"] = float(decided.undone.confidence[place])
            if moved[low:high].any():
                # a tolerance made explanations the same: the chosen one has the probability of all of them
                said["together"] = sorted({*np.flatnonzero(moved[low:high]).tolist(), chosen - low})
            yield int(comparison.candidates.batch[place]), said


def _of_lane(decided: LaneDecided) -> Iterator[tuple[int, dict[str, Any]]]:
    assert decided.facts is not None
    for place, facts in enumerate(_facts(decided.facts)):
        said = {
            "v": VERSION,
            "schema": SCHEMA_VERSION,
            "cell": int(decided.lane.cell[place]),
            "facts": facts,
            "evidence": int(decided.evidence[place]),
            "confidence": float(decided.confidence[place]).hex(),
        }
        yield int(decided.lane.payment[place]), said


def _facts(columns: DecisionColumns) -> list[dict[str, Any]]:
    """Give the facts of each payment as JSON values, words instead of codes."""
    names = [field.name for field in fields(columns) if field.name not in _TABLES]
    lists: dict[str, list[Any]] = {}
    for name in names:
        values = getattr(columns, name).tolist()
        if name in _WORDS:
            table = getattr(columns, _WORDS[name])
            values = [table[code] if code >= 0 else None for code in values]
        if name == "threshold":
            values = [None if math.isnan(value) else value for value in values]
        lists[name] = values
    return [dict(zip(names, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _columns(facts: Mapping[str, Any], confidence: float) -> DecisionColumns:
    """Put the facts of one payment back into columns of one row."""
    given = dict(facts)
    currencies = tuple(sorted({code for code in (given["currency"], given["item_currency"]) if code}))
    segments = (given["segment"] or "",)
    given["currency"] = currencies.index(given["currency"])
    given["item_currency"] = currencies.index(given["item_currency"]) if given["item_currency"] else -1
    given["segment"] = 0
    given["threshold"] = np.nan if given["threshold"] is None else given["threshold"]
    one = {name: np.array([value]) for name, value in given.items()}
    return DecisionColumns.filled(
        currencies=currencies, segments=segments, confidence=np.array([confidence]), **one
    )


def decide_again(grounds: str, model: MatchModel, policy: Policy) -> Again:
    """Score, calibrate and decide anew what `Witness` kept."""
    said = json.loads(grounds)
    if said.get("v") != VERSION or said.get("schema") != SCHEMA_VERSION:
        raise GroundsError("These grounds were kept by another version.")
    confidence = _lane_confidence(said, model) if "cell" in said else _set_confidence(said, model)
    outcome, reasons = decide_columns(_columns(said["facts"], confidence), policy)
    text = reason_texts(reasons, np.array([said["evidence"]], np.uint64))
    same = confidence.hex() == said["confidence"]
    return Again(confidence, OUTCOMES[int(outcome[0])].value, text[0].as_py() or "", same)


def _lane_confidence(said: Mapping[str, Any], model: MatchModel) -> float:
    return float(model.calibration.cell_confidence(np.array([said["cell"]], np.int64))[0])


def _set_confidence(said: Mapping[str, Any], model: MatchModel) -> float:
    matrix = np.frombuffer(base64.b64decode(said["sets"]), "<f4").reshape(-1, len(SET_SCHEMA))
    score = model.proposal(matrix.astype(np.float32), 1)
    log_odds, none = model.calibration.log_odds(score, np.array([0, len(matrix)]))
    chosen = said["chosen"]
    if chosen < 0:
        if "undone" in said:
            return float(said["undone"])
        return float(confidence_of(np.array([SURELY if said.get("barred") else none[0]]))[0])
    if "together" in said:
        together = min(float(confidence_of(log_odds[said["together"]]).sum()), 1 - 1e-9)
        return float(confidence_of(np.array([float(log_odds_of(together))]))[0])
    return float(confidence_of(log_odds[[chosen]])[0])
