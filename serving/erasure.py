"""Forgetting: one person on request, and everything that is old enough by plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from receivables.errors import TieoutError
from serving.audit.chain import append
from serving.personal import MasterKey, Sealer, customer_subject
from serving.store import subject_rows
from serving.store.store import Transaction

__all__ = [
    "RETENTION",
    "Erasure",
    "RetentionStep",
    "UnknownSubjectError",
    "apply_retention",
    "erase",
    "plan_retention",
]

CUSTOMER: Final = "customer:"
ACCOUNT: Final = "account:"
NAME: Final = "name:"


class UnknownSubjectError(TieoutError):
    """This names nobody whose data could be erased."""

    code = "unknown_subject"
    mend = "Write customer:ID, account:NUMBER or name:PAYER, as the payments have it."


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was forgotten: counts, and the pseudonyms that stay in the chain."""

    subjects: tuple[str, ...]
    keys_destroyed: int
    payments: int


def erase(tx: Transaction, who: str, master: MasterKey, by: str, now: datetime) -> Erasure:
    """Forget a customer, or a payer by account or name.

    Texts in clear are emptied, keys made from them are dropped, and the keys of what was sealed are
    destroyed. Ids, days and amounts stay: they are the accounts. The chain keeps a record of the erasure that
    names nobody.
    """
    sealer = Sealer(tx, master)
    if who.startswith(CUSTOMER):
        customer_id = who.removeprefix(CUSTOMER)
        theirs = subject_rows.payments_of_customer(tx, customer_id)
        subject_rows.erase_customer(tx, customer_id)
        subjects = {customer_subject(customer_id)}
    elif who.startswith(ACCOUNT):
        theirs = subject_rows.payments_of_payer(tx, who.removeprefix(ACCOUNT), None)
        subjects = {sealer.subject_of(None, who.removeprefix(ACCOUNT), None)}
    elif who.startswith(NAME):
        theirs = subject_rows.payments_of_payer(tx, None, who.removeprefix(NAME))
        subjects = {sealer.subject_of(None, None, who.removeprefix(NAME))}
    else:
        raise UnknownSubjectError(f"{who[:60]!r} names nobody.")
    subjects |= {sealer.subject_of(None, account, name) for _, account, name in theirs if account or name}
    subject_rows.erase_payments(tx, [payment_id for payment_id, _, _ in theirs])
    destroyed = sum(subject_rows.destroy_key(tx, subject, now) for subject in sorted(subjects))
    done = Erasure(tuple(sorted(subjects)), destroyed, len(theirs))
    append(tx, "subject.erased", {"by": by, "keys": destroyed, "payments": done.payments}, now)
    return done


# --------------------------------------------------------------------------- retention


@dataclass(frozen=True, slots=True)
class RetentionStep:
    """One line of the plan: what goes after how long, and how many rows that is today."""

    name: str
    days: int
    why: str
    rows: int = 0


RETENTION: Final = (
    RetentionStep("idempotency", 30, "Stored answers; business keys keep a late retry from acting twice."),
    RetentionStep("webhook_delivery", 90, "Deliveries that arrived or were given up."),
    RetentionStep("outbox", 365, "Events that every endpoint has; the decision feed keeps the decisions."),
    RetentionStep("session", 30, "Log-ins that ended."),
    RetentionStep(
        "payment_texts", 3_653, "Names, accounts and texts of payments after ten years; amounts stay."
    ),
)
"""The plan. Journal, decisions, audit chain and the inbox of event ids are never removed: they are the
accounts and the guard against doing a thing twice."""


def plan_retention(tx: Transaction, now: datetime) -> list[RetentionStep]:
    """Count what the plan would remove now, removing nothing."""
    return [
        RetentionStep(
            step.name, step.days, step.why, subject_rows.aged_rows(tx, step.name, _before(step, now))
        )
        for step in RETENTION
    ]


def apply_retention(tx: Transaction, by: str, now: datetime) -> list[RetentionStep]:
    """Remove it, and say so in the chain."""
    done = [
        RetentionStep(
            step.name, step.days, step.why, subject_rows.remove_aged(tx, step.name, _before(step, now))
        )
        for step in RETENTION
    ]
    append(tx, "retention.applied", {"by": by, "rows": {step.name: step.rows for step in done}}, now)
    return done


def _before(step: RetentionStep, now: datetime) -> datetime:
    return now - timedelta(days=step.days)
