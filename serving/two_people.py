"""When one person is not enough: amounts from which two must agree, counted over a payer's day.

The rule stands where decisions are carried out (`serving.by_person`), so that it holds for every way in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from receivables.errors import TieoutError
from receivables.policy import Policy
from serving.store import review_rows
from serving.store.store import StoredRow, Transaction

if TYPE_CHECKING:
    from serving.model_slot import ModelSlot

__all__ = ["STRICTEST", "SecondPersonNeededError", "needs_second", "policy_in_force"]

STRICTEST: Final = Policy.from_dict({"four_eyes_amount": "0"})
"""What holds while no model, and so no policy, can be read: every decision takes two."""


class SecondPersonNeededError(TieoutError):
    """Two people must agree on this decision."""

    code = "second_person_needed"
    mend = "Decide it at the review desk, where another person agrees; nothing was written."


def policy_in_force(slot: ModelSlot) -> Policy:
    """Give the policy of the model in use, or the strictest one where there is none."""
    return slot.current().policy if slot.why_not is None else STRICTEST


def needs_second(tx: Transaction, policy: Policy, row: StoredRow, who: str, now: datetime) -> bool:
    """Say whether a second person must agree on what somebody decides of a payment.

    What she decided for its payer within a day counts together with it: many small decisions are one large
    one, so the limit cannot be walked around in steps.
    """
    limit = policy.four_eyes_amount.minor(row.currency)
    if limit is None:
        return False
    before = sum(
        abs(one.amount_minor)
        for one in review_rows.money_today(tx, who, now - timedelta(days=1))
        if one.currency == row.currency and _same_payer(one, row)
    )
    return bool(before + abs(row.amount_minor) > limit)


def _same_payer(one: StoredRow, other: StoredRow) -> bool:
    if one.payer_account and other.payer_account:
        return bool(one.payer_account == other.payer_account)
    return bool(one.payer_name) and one.payer_name == other.payer_name
