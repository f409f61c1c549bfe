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
from serving.review.answers import OPINIONS, Said, answer_of
from serving.store import review_rows
from serving.store.columns import EPOCH
from serving.store.store import Transaction

__all__ = ["votes_of"]

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
        answer = answers.get(row.case_id) if row.said == Said.AGREE else answer_of(row, lines)
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
