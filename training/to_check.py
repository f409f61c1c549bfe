"""Which rows of a history a person should check: those that would teach or certify most.

All payments on which history and model disagree, and a random sample of those on which they agree. The chance
of being drawn (`pi`) is known for every row, so that the answers can stand for the rows nobody looked at.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["ToCheck", "choose_rows", "write_to_check"]

Booleans = NDArray[np.bool_]

AGREEMENTS: Final = 1_000
"""Agreements to draw in all."""

ABOVE_THRESHOLD: Final = 0.8
"""Share of them drawn among payments that would close by themselves: only these can certify."""

DISAGREE: Final = "history and model disagree"
AGREE_ABOVE: Final = "random sample of agreements above the threshold"
AGREE_BELOW: Final = "random sample of agreements below the threshold"

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ToCheck:
    """One row to check: its place in the table, the chance it had to be drawn, and why it was."""

    row: int
    pi: float
    reason: str


def choose_rows(
    payment_id: Sequence[str],
    agrees: ArrayLike,
    confidence: ArrayLike,
    *,
    threshold: float | None,
    agreements: int = AGREEMENTS,
    seed: int = 0,
) -> list[ToCheck]:
    """Every disagreement, surest first, then a random sample of agreements.

    Whether a payment is drawn depends on the seed and its id alone, never on the order of the rows.
    """
    agree = np.asarray(agrees, dtype=np.bool_)
    sure = np.asarray(confidence, dtype=np.float64)
    above = sure >= (2.0 if threshold is None else threshold)
    differ = [int(row) for row in np.flatnonzero(~agree)]
    chosen = [
        ToCheck(row, 1.0, DISAGREE) for row in sorted(differ, key=lambda at: (-sure[at], payment_id[at]))
    ]
    wanted_above = round(agreements * ABOVE_THRESHOLD) if above[agree].any() else 0
    drawn = _drawn(payment_id, agree & above, wanted_above, seed, AGREE_ABOVE)
    return chosen + drawn + _drawn(payment_id, agree & ~above, agreements - len(drawn), seed, AGREE_BELOW)


def write_to_check(
    path: Path,
    columns: Mapping[str, Sequence[object]],
    chosen: Sequence[ToCheck],
) -> None:
    """Write `to_check.csv`: the table's columns, why each row is there, and room for the answer.

    `columns` must hold `payment_id`. Text that a spreadsheet would run as a formula gets an apostrophe.
    """
    names = ["payment_id", *(name for name in columns if name != "payment_id")]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "reason", "pi", "is_history_right", "checked_by"])
        for one in chosen:
            cells = [_safe(columns[name][one.row]) for name in names]
            writer.writerow([*cells, one.reason, f"{one.pi:.6g}", "", ""])


def _drawn(
    payment_id: Sequence[str], eligible: Booleans, wanted: int, seed: int, reason: str
) -> list[ToCheck]:
    rows = [int(row) for row in np.flatnonzero(eligible)]
    taken = sorted(rows, key=lambda at: _ticket(payment_id[at], seed))[: max(wanted, 0)]
    return [ToCheck(row, len(taken) / len(rows), reason) for row in taken]


def _ticket(payment_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{payment_id}".encode()).digest()


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    if not text.startswith(FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text
