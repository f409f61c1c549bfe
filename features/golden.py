"""Golden rows: inputs with the answers of the day of training, asked again at each load.

A row is `{"kind": ..., "given": {...}, "expect": [...]}`. Two kinds are known here: `margin` (a booster's raw
log-odds for feature rows) and `confidence` (a calibration's answer for the scores of one payment). Others are
recomputed by whoever wrote them, through a callback.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from numpy.typing import ArrayLike

from features.boosters import Booster, margins
from features.bundle_errors import FileUnreadableError, GoldenMismatchError
from features.calibration import Calibration, CalibrationError

__all__ = ["TOLERANCE", "GoldenRow", "Recompute", "check_golden", "golden_confidence", "golden_margins"]

GoldenRow = Mapping[str, Any]
Recompute = Callable[[Mapping[str, Any]], Sequence[float]]

TOLERANCE: Final = 1e-9
"""Largest difference, absolute or relative to a larger answer, at which a model still counts as the same."""


def golden_margins(name: str, booster: Booster, rows: ArrayLike) -> dict[str, Any]:
    """One golden row that holds a booster to its margins on these feature rows."""
    answers = margins(booster, rows)
    shown = [[None if math.isnan(value) else float(value) for value in row] for row in _lists(rows)]
    return {
        "kind": "margin",
        "given": {"booster": name, "rows": shown},
        "expect": [float(one) for one in answers],
    }


def golden_confidence(name: str, calibration: Calibration, scores: Sequence[float]) -> dict[str, Any]:
    """One golden row that holds the calibration under this key (empty: the whole file) to one payment."""
    given = {"calibration": name, "scores": [float(one) for one in scores]}
    return {"kind": "confidence", "given": given, "expect": _confidences(calibration, scores)}


def check_golden(
    rows: Sequence[GoldenRow],
    boosters: Mapping[str, Booster],
    calibration: Mapping[str, Any],
    others: Mapping[str, Recompute],
) -> None:
    """Refuse the model unless every golden row comes out as it did when it was written."""

    def margin(given: Mapping[str, Any]) -> Sequence[float]:
        filled = [[math.nan if value is None else value for value in row] for row in given["rows"]]
        return [float(one) for one in margins(boosters[given["booster"]], filled)]

    def confidence(given: Mapping[str, Any]) -> Sequence[float]:
        part = calibration[given["calibration"]] if given["calibration"] else calibration
        return _confidences(Calibration.from_dict(part), given["scores"])

    known: dict[str, Recompute] = {"margin": margin, "confidence": confidence, **others}
    if not rows:
        raise GoldenMismatchError("golden.jsonl is empty, so nothing proves that the model answers as it did")
    for number, row in enumerate(rows, start=1):
        try:
            recompute, given, expected = known[row["kind"]], row["given"], row["expect"]
            answers = recompute(given)
        except (KeyError, TypeError, ValueError, CalibrationError) as error:
            raise FileUnreadableError(
                f"golden.jsonl row {number} cannot be recomputed ({type(error).__name__}: {error})"
            ) from error
        _compare(number, answers, expected)


def _compare(number: int, answers: Sequence[float], expected: Sequence[float]) -> None:
    if len(answers) != len(expected):
        raise GoldenMismatchError(
            f"golden.jsonl row {number}: {len(answers)} answers for {len(expected)} expected"
        )
    for answer, wanted in zip(answers, expected, strict=True):
        if answer == wanted:
            continue
        # Written as "not within", so that a NaN is a mismatch.
        if not abs(answer - wanted) <= TOLERANCE * max(1.0, abs(wanted)):
            raise GoldenMismatchError(f"golden.jsonl row {number}: {answer!r} instead of {wanted!r}")


def _confidences(calibration: Calibration, scores: Sequence[float]) -> list[float]:
    hypotheses, none = calibration.confidence(list(scores), [0, len(scores)])
    return [*(float(one) for one in hypotheses), float(none[0])]


def _lists(rows: ArrayLike) -> list[list[float]]:
    listed = getattr(rows, "tolist", None)
    return list(listed() if listed is not None else rows)  # type: ignore[arg-type]
