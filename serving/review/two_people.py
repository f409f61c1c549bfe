"""When one person is not enough: amounts from which two must agree, counted over a payer's day."""

from __future__ import annotations

from datetime import datetime, timedelta

from receivables.policy import Policy
from serving.store import review_rows
from serving.store.store import StoredRow, Transaction

__all__ = ["needs_second"]


def needs_second(tx: Transaction, policy: Policy, row: StoredRow, who: str, now: datetime) -> bool:
    """Say whether a second person must agree.

    What one person decided for a payer within a day counts together with this payment: many small
    decisions are one large one, so the limit cannot be walked around in steps.
    """
    limit = policy.four_eyes_amount.minor(row.currency)
    if limit is None:
        return False
    since = now - timedelta(days=1)
    before = sum(
        abs(one.amount_minor)
        for one in review_rows.money_today(tx, who, since)
        if one.currency == row.currency and _same_payer(one, row)
    )
    return bool(before + abs(row.amount_minor) > limit)


def _same_payer(one: StoredRow, other: StoredRow) -> bool:
    if one.payer_account and other.payer_account:
        return bool(one.payer_account == other.payer_account)
    return bool(one.payer_name) and one.payer_name == other.payer_name
