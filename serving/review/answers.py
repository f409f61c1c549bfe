"""What people may say of a case, and what it says the payment pays."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from typing import Any, Final

from serving.store import review_rows
from serving.store.store import StoredRow, Transaction

__all__ = ["OPINIONS", "Said", "agreed_answer", "answer_of"]


class Said(StrEnum):
    """What a person may say of a case."""

    ACCEPT = "accept"
    OTHER = "other"
    SPLIT = "split"
    NONE = "none"
    ON_ACCOUNT = "on_account"
    DISMISS = "dismiss"
    LATER = "later"
    HOLD = "hold"
    ESCALATE = "escalate"
    AGREE = "agree"
    """Second person: what the first one said is right."""

    DISAGREE = "disagree"
    """Second person: the case is open again."""


OPINIONS: Final = frozenset(
    {Said.ACCEPT, Said.OTHER, Said.SPLIT, Said.NONE, Said.ON_ACCOUNT, Said.DISMISS, Said.AGREE}
)
RESOLUTIONS: Final = {Said.NONE: "unidentified", Said.ON_ACCOUNT: "on_account", Said.DISMISS: "nothing"}


def agreed_answer(tx: Transaction, case_id: str) -> str | None:
    """Give the answer on which two people agree about an audit, whoever else said otherwise; None so far."""
    said = review_rows.verdicts_of(tx, case_id)
    undone = {str(row.reason or "").removeprefix("undo ") for row in said if row.said == "undo"}
    newest = {
        row.said_by: answer_of(row, {}) for row in said if row.said in OPINIONS and row.id not in undone
    }
    counts = Counter(answer for answer in newest.values() if answer is not None)
    return next((answer for answer, count in counts.most_common(1) if count > 1), None)


def answer_of(row: StoredRow, lines: dict[str, list[Any]]) -> str | None:
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
