"""What we did: decisions, allocations, cases, the journal, and what others are told."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as text_clause

from serving.store.columns import Int, check, day, instant, real, table, text, whole

decision: Final = table(
    "decision",
    whole("seq"),
    text("event_key", "payment_id", "kind", "outcome", null=False),
    real("confidence", null=False),
    text("customer_id"),
    whole("allocated_minor", "unapplied_minor"),
    text("currency", null=False),
    text("related_payment_id"),
    text("reasons", "model", "policy", "decided_by", null=False),
    text("checked_by", "evidence", "replaces"),
    instant("created_at", null=False),
    UniqueConstraint("book_id", "event_key"),
    UniqueConstraint("book_id", "seq"),
    ForeignKeyConstraint(["book_id", "payment_id"], ["payment.book_id", "payment.id"]),
    Index("ix_decision_payment", "book_id", "payment_id", "seq"),
)
"""Insert-only. `seq` counts up in the book without gaps: the cursor of the feed. `decided_by` is `tieout` or
who it was. `replaces` names the decision that this one takes over from; the one in force stands on the
payment."""

proposal: Final = table(
    "proposal",
    text("decision_id", key=True),
    Column("line", Int, primary_key=True, autoincrement=False),
    text("payment_id", "invoice_id", "currency", null=False),
    whole("amount_minor"),
    whole("write_off_minor", default="0"),
    text("write_off_reason"),
    whole("deduction_minor", default="0"),
    text("deduction_reason"),
    whole("payment_amount_minor"),
    text("rate"),
    day("rate_date"),
    real("pair_confidence"),
    ForeignKeyConstraint(["book_id", "decision_id"], ["decision.book_id", "decision.id"]),
    ForeignKeyConstraint(["book_id", "invoice_id"], ["invoice.book_id", "invoice.id"]),
    Index("ix_proposal_invoice", "book_id", "invoice_id"),
    own_key=True,
)
"""Insert-only. The best explanation of a decision, whatever its outcome, line by line."""

# only rows that reverse: a full index SQLite would take for "reverses nothing", as nearly all rows do
_REVERSES: Final = text_clause("reverses IS NOT NULL")

allocation: Final = table(
    "allocation",
    text("payment_id", "invoice_id", "currency", null=False),
    whole("amount_minor"),
    whole("write_off_minor", default="0"),
    text("write_off_reason"),
    whole("deduction_minor", default="0"),
    text("deduction_reason"),
    whole("payment_amount_minor"),
    text("rate"),
    day("rate_date"),
    text("decision_id", "entry_id"),
    instant("decided_at", "known_at", null=False),
    text("decided_by", "checked_by", "reason"),
    text("source", null=False),
    real("pi"),
    text("reverses"),
    instant("reversed_at"),
    ForeignKeyConstraint(["book_id", "payment_id"], ["payment.book_id", "payment.id"]),
    ForeignKeyConstraint(["book_id", "invoice_id"], ["invoice.book_id", "invoice.id"]),
    Index(
        "uq_allocation_reverses",
        "book_id",
        "reverses",
        unique=True,
        sqlite_where=_REVERSES,
        postgresql_where=_REVERSES,
    ),
    Index("ix_allocation_payment", "book_id", "payment_id"),
    Index("ix_allocation_invoice", "book_id", "invoice_id"),
)
"""Insert-only but for `reversed_at`, which the reversing row sets once. `source` is `history` for what was
applied before Tieout (no entry, already inside `opening_minor`), else `tieout`, `person` or `system`. Amounts
are signed as in the contract; a reversing row repeats the amounts negatively and names the row in
`reverses`."""

case: Final = table(
    "review_case",
    text("state", "reason", null=False),
    text("payment_id", "invoice_id", "decision_id"),
    instant("opened_at", null=False),
    instant("due_at", "closed_at"),
    whole("version", default="1"),
    text("assignee", "lease_by"),
    instant("lease_until"),
    real("priority", null=False),
    text("source", null=False),
    real("pi"),
    text("detail"),
    ForeignKeyConstraint(["book_id", "payment_id"], ["payment.book_id", "payment.id"]),
    Index("ix_review_case_state", "book_id", "state", "priority", "id"),
    Index("ix_review_case_payment", "book_id", "payment_id"),
)
"""About a payment, or about an item whose balance somebody else sees differently. `state`: open, held,
closed, withdrawn (explained meanwhile). `source`: ambiguous, audit, exploration, dispute."""

verdict: Final = table(
    "verdict",
    text("case_id", "payment_id", "said", "said_by", null=False),
    text("reason", "body"),
    whole("case_version"),
    whole("took_ms", null=True),
    text("decision_id"),
    instant("created_at", null=False),
    ForeignKeyConstraint(["book_id", "case_id"], ["review_case.book_id", "review_case.id"]),
    Index("ix_verdict_case", "book_id", "case_id"),
)
"""Insert-only; the id is made by the client, so that a retry is the same verdict."""

journal_entry: Final = table(
    "journal_entry",
    whole("seq"),
    text("event_key", "kind", null=False),
    day("booked_on", null=False),
    text("period", null=False),
    whole("backfilled", default="0"),
    text("reverses", "decision_id", "payment_id"),
    text("description", null=False),
    instant("created_at", null=False),
    UniqueConstraint("book_id", "event_key"),
    UniqueConstraint("book_id", "reverses"),
    UniqueConstraint("book_id", "seq"),
    Index("ix_journal_entry_period", "book_id", "period"),
)
"""Insert-only; `event_key` is unique for ever: one effect per business event."""

posting: Final = table(
    "posting",
    text("entry_id", key=True),
    Column("line", Int, primary_key=True, autoincrement=False),
    text("account", "currency", null=False),
    whole("amount_minor"),
    text("payment_id", "invoice_id", "customer_id"),
    check("amount_minor <> 0", "amount_not_zero"),
    ForeignKeyConstraint(["book_id", "entry_id"], ["journal_entry.book_id", "journal_entry.id"]),
    Index("ix_posting_invoice", "book_id", "invoice_id"),
    Index("ix_posting_payment", "book_id", "payment_id"),
    Index("ix_posting_account", "book_id", "account", "currency"),
    own_key=True,
)
"""Insert-only; debit positive, credit negative; what each line is about."""

held_posting: Final = table(
    "held_posting",
    Column("seq", Int, primary_key=True, autoincrement=False),
    text("event_key", "entry_id", "body", null=False),
    text("payment_id"),
    instant("held_at", null=False),
    instant("released_at"),
    UniqueConstraint("book_id", "event_key"),
    Index("ix_held_posting_payment", "book_id", "payment_id"),
    Index("ix_held_posting_entry", "book_id", "entry_id"),
    own_key=True,
)
"""Entries that wait in order because posting is switched off; `released_at` is set once they are booked."""

period: Final = table(
    "period", text("period", key=True), instant("locked_at"), text("locked_by"), own_key=True
)

audit: Final = table(
    "audit",
    Column("seq", Int, primary_key=True, autoincrement=False),
    text("prev_hash", "hash", "kind", "body", null=False),
    text("subject"),
    instant("created_at", null=False),
    Index("ix_audit_subject", "book_id", "subject"),
    own_key=True,
)
"""Insert-only: the hash chain of a book."""

outbox: Final = table(
    "outbox",
    Column("seq", Int, primary_key=True, autoincrement=False),
    text("topic", "key", "body", null=False),
    instant("created_at", null=False),
    instant("sent_at"),
    own_key=True,
)
_UNSENT = text_clause("sent_at IS NULL")
Index("ix_outbox_unsent", outbox.c.book_id, outbox.c.seq, sqlite_where=_UNSENT, postgresql_where=_UNSENT)
"""What others are told, written with the effect itself; `sent_at` is set when every endpoint has it."""

webhook_endpoint: Final = table(
    "webhook_endpoint",
    text("url", "secret", "topics", null=False),
    instant("created_at", null=False),
    instant("disabled_at"),
    text("disabled_why"),
)

webhook_delivery: Final = table(
    "webhook_delivery",
    text("endpoint_id", key=True),
    Column("seq", Int, primary_key=True, autoincrement=False),
    whole("attempts", default="0"),
    instant("next_at", "delivered_at", "given_up_at", "leased_until"),
    text("last_error"),
    Index("ix_webhook_delivery_next", "book_id", "next_at"),
    own_key=True,
)

idempotency: Final = table(
    "idempotency",
    text("key", key=True),
    text("request_hash", null=False),
    whole("status", null=True),
    text("content_type", "body"),
    instant("created_at", null=False),
    own_key=True,
)

inbox: Final = table(
    "inbox",
    text("source", "event_id", key=True),
    text("body_hash"),
    instant("received_at", null=False),
    own_key=True,
)
"""Events of others that were taken, for ever: each counts once."""

run: Final = table(
    "run",
    text("kind", "state", null=False),
    text("cursor", "detail"),
    whole("done", "total", default="0"),
    instant("started_at", null=False),
    instant("ended_at"),
)
"""Bulk work that survives a kill: where it stood."""

run_part: Final = table(
    "run_part",
    text("run_id", key=True),
    Column("part", Int, primary_key=True, autoincrement=False),
    text("body", null=False),
    instant("done_at"),
    ForeignKeyConstraint(["book_id", "run_id"], ["run.book_id", "run.id"]),
    own_key=True,
)
"""What a run decided and has yet to carry out, some hundred payments a row: a run that was killed goes on
from here."""
