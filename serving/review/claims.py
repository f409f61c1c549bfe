"""Who works on which case: leases, so that two people never decide one, and nobody waits for the absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from receivables.errors import TieoutError
from serving.store import review_rows
from serving.store.store import StoredRow, Transaction

__all__ = ["LEASE", "BadQueueError", "Queue", "claim", "heartbeat", "release"]

LEASE: Final = timedelta(minutes=5)
MOST: Final = 50


class BadQueueError(TieoutError, ValueError):
    """There is no such queue."""

    code = "bad_queue"
    mend = "Order by value, age, due, confidence or learning."


@dataclass(frozen=True, slots=True)
class Queue:
    """Which cases, and in which order."""

    order: str = "value"
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse an order that is not known."""
        if self.order not in review_rows.orders():
            raise BadQueueError(f"{self.order[:40]!r} is no order of a queue.")


def claim(
    tx: Transaction, who: str, queue: Queue, now: datetime, *, count: int = 10, skip: Sequence[str] = ()
) -> list[Any]:
    """Lease the next cases to a person; what she held before stays hers.

    A case on which she has said her word, and that wants another person's, is not given to her.
    """
    rows = review_rows.waiting(
        tx, who, now, order=queue.order, reason=queue.reason, limit=min(count, MOST) * 2, skip=skip
    )
    mine = [row for row in rows if not _has_spoken(tx, row, who)][: min(count, MOST)]
    review_rows.take(tx, [row.id for row in mine], who, now + LEASE)
    return mine


def heartbeat(tx: Transaction, who: str, ids: Sequence[str], now: datetime) -> list[str]:
    """Keep leases alive; give the ids that are still hers."""
    return review_rows.extend(tx, ids[:MOST], who, now + LEASE)


def release(tx: Transaction, who: str, ids: Sequence[str]) -> None:
    """Give cases back."""
    review_rows.let_go(tx, ids[:MOST], who)


def _has_spoken(tx: Transaction, row: StoredRow, who: str) -> bool:
    """Tell whether a person has said her word on a case that wants another one's."""
    if row.state != review_rows.APPROVAL and row.source != "audit":
        return False
    said = review_rows.verdicts_of(tx, row.id)
    undone = {str(one.reason or "").removeprefix("undo ") for one in said if one.said == "undo"}
    return any(
        one.said_by == who and one.said not in ("undo", "later") and one.id not in undone for one in said
    )
