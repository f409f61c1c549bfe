"""Verdicts as votes: what people said, in the form that learning reads (`features.snapshot.VOTES`).

An undone verdict is no vote. The chance of having been asked is the one that was recorded with the case,
before anybody answered; a case that the model itself brought up was asked with certainty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from features.snapshot import VOTES
from serving.review.verdicts import Said
from serving.store import review_rows
from serving.store.columns import EPOCH
from serving.store.store import StoredRow, Transaction

__all__ = ["votes_of"]

OPINIONS: Final = frozenset(
    {Said.ACCEPT, Said.OTHER, Said.SPLIT, Said.NONE, Said.ON_ACCOUNT, Said.DISMISS, Said.AGREE}
)
RESOLUTIONS: Final = {Said.NONE: "unidentified", Said.ON_ACCOUNT: "on_account", Said.DISMISS: "nothing"}
SOURCES: Final = frozenset({"ambiguous", "audit", "exploration", "dispute", "adjudication"})


def votes_of(tx: Transaction) -> pa.Table:
    """Read every verdict in force of the book as a vote."""
    rows = review_rows.verdicts_with_cases(tx)
    undone = {
        str(row.reason or "").removeprefix("undo ") for row in rows if row.said == "undo" and row.reason
    }
    lines = review_rows.lines_by_decision(tx)
    votes = list(_votes(rows, undone, lines))
    return pa.Table.from_pylist(votes, schema=VOTES)


def _votes(rows: Sequence[Any], undone: set[str], lines: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    answers: dict[str, str] = {}
    for row in rows:
        if row.said not in OPINIONS or row.id in undone or not row.payment_id:
            continue
        answer = answers.get(row.case_id) if row.said == Said.AGREE else _answer(row, lines)
        if answer is None:
            continue
        answers[row.case_id] = answer
        body = json.loads(row.body or "{}")
        yield {
            "vote_id": row.id,
            "payment_id": row.payment_id,
            "reviewer": row.said_by,
            "source": row.source if row.source in SOURCES else "ambiguous",
            "pi": 1.0 if row.pi is None else float(row.pi),
            "answer": answer,
            "known_at": EPOCH + timedelta(microseconds=row.created_at),
            "model": row.model,
            "policy": row.policy,
            "seconds": None if row.took_ms is None else row.took_ms / 1000,
            "reason": row.reason,
            "is_blind": row.source == "audit",
            "is_bulk": bool(body.get("in_bulk")),
        }


def _answer(row: StoredRow, lines: dict[str, list[Any]]) -> str | None:
    """Write what was said as the labels read it: lines in minor units, signed as in a book."""
    if row.said in RESOLUTIONS:
        return _json([], RESOLUTIONS[Said(row.said)])
    found = lines.get(row.decision_id or "") or [
        _Line(one) for one in json.loads(row.body or "{}").get("lines", [])
    ]
    if not found:
        return None
    signed = [
        [one.invoice_id, int(one.amount_minor), int(one.write_off_minor) * getattr(one, "side", 1)]
        for one in found
    ]
    return _json(sorted(signed), None)


def _json(lines: list[list[Any]], resolution: str | None) -> str:
    return json.dumps({"lines": lines, "resolution": resolution}, separators=(",", ":"), sort_keys=True)


class _Line:
    """A line as a verdict on an audit keeps it."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.invoice_id = raw["invoice_id"]
        self.amount_minor = raw["amount_minor"]
        self.write_off_minor = raw["write_off_minor"]
