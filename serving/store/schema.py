"""Every table of the store, by name."""

from __future__ import annotations

from typing import Final

from serving.store.access_tables import api_key, session, subject_key, user, webhook_source
from serving.store.book_tables import (
    block_key,
    book,
    customer,
    customer_account,
    customer_name,
    fx_rate,
    instalment,
    invoice,
    own_account,
    payment,
    remittance_line,
)
from serving.store.columns import metadata
from serving.store.effect_tables import (
    allocation,
    audit,
    case,
    decision,
    held_posting,
    idempotency,
    inbox,
    journal_entry,
    outbox,
    period,
    posting,
    proposal,
    run,
    run_part,
    verdict,
    webhook_delivery,
    webhook_endpoint,
)

INSERT_ONLY: Final = ("decision", "proposal", "verdict", "journal_entry", "posting", "audit")
"""Tables whose rows triggers keep from being changed or deleted."""

__all__ = [
    "INSERT_ONLY", "allocation", "api_key", "audit", "block_key", "book", "case", "customer",
    "customer_account", "customer_name", "decision", "fx_rate", "held_posting", "idempotency", "inbox",
    "instalment", "invoice", "journal_entry", "metadata", "outbox", "own_account", "payment", "period",
    "posting", "proposal", "remittance_line", "run", "run_part", "session", "subject_key", "user",
    "verdict", "webhook_delivery", "webhook_endpoint", "webhook_source",
]  # fmt: skip
