"""Audits: closes of the machine that people look at again, drawn with a known probability beforehand.

Who is drawn follows from a secret and the decision's id (`receivables.audit_sample`), so that drawing
twice draws the same. The probability is written with the case. An audit shows neither model, confidence
nor outcome, and two people answer it.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from receivables.audit_sample import AuditPlan, is_drawn
from serving.audit.chain import append
from serving.effects import made_id
from serving.store import review_rows
from serving.store.case_rows import insert_audits
from serving.store.columns import microseconds
from serving.store.store import Transaction

__all__ = ["draw_audits", "salt_of"]

AT_ONCE = 5_000


def salt_of(secret: str, book_id: str) -> bytes:
    """Make the salt of a book's draw: nobody who posts knows it."""
    return hmac.new(secret.encode(), f"audit-draw\x00{book_id}".encode(), hashlib.sha256).digest()


def draw_audits(tx: Transaction, plan: AuditPlan, salt: bytes, now: datetime) -> int:
    """Draw among the machine's closes and dismissals that no draw has seen; answers how many became cases."""
    seen = review_rows.audited_until(tx)
    rows = review_rows.closes_after(tx, seen, AT_ONCE)
    if not rows:
        return 0
    drawn = []
    for row in rows:
        pi = plan.probability(row.allocated_minor or row.unapplied_minor, row.currency)
        if is_drawn(salt, row.id, pi):
            drawn.append(
                {
                    "id": made_id("au", tx.book_id, row.id),
                    "payment_id": row.payment_id,
                    "decision_id": row.id,
                    "reason": "audit",
                    "priority": 0.0,
                    "source": "audit",
                    "pi": pi,
                }
            )
    insert_audits(tx, drawn, microseconds(now))
    last = rows[-1].seq
    append(
        tx,
        "audits.drawn",
        {"from": seen + 1, "until": last, "drawn": [one["id"] for one in drawn], "share": str(plan.share)},
        now,
    )
    review_rows.set_audited_until(tx, last, now)
    return len(drawn)
