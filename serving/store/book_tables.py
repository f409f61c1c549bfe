"""What came in: the tables of a book, with the balances and states that our decisions give them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table
from sqlalchemy import text as text_clause

from serving.store.columns import (
    Int,
    Word,
    check,
    day,
    instant,
    metadata,
    real,
    table,
    text,
    whole,
)

book: Final = Table(
    "book",
    metadata,
    *text("id", key=True),
    *text("name", null=False),
    *whole("posting_on", default="1"),
    *whole("items_version", "items_seen", "habit_count", "habit_due_days", "habit_issue_days", default="0"),
    *instant("created_at", null=False),
    sqlite_strict=True,
)
"""A tenant. Its row is the lock of its writers; `posting_on` 0 stops posting without stopping matching.
`items_version` counts deliveries of new or changed items, `items_seen` those that the last bulk run saw. The
habit columns add up, over every allocation of a receipt in force, how many days after due and issue day it
was paid: what matching one payment needs of the whole past."""

customer: Final = table(
    "customer",
    text("customer_number", "name", "aliases", "country", "parent_id"),
    instant("known_at", null=False),
    text("row_hash", null=False),
    Index("ix_customer_parent", "book_id", "parent_id"),
)

customer_name: Final = table(
    "customer_name",
    text("customer_id", "name", key=True),
    text("invoice_id", null=False),
    own_key=True,
)
"""The names that a customer's items carry, each with one of those items."""

customer_account: Final = table(
    "customer_account",
    text("customer_id", "account", key=True),
    instant("known_at", null=False),
    own_key=True,
)

own_account: Final = table(
    "own_account",
    text("account", key=True),
    text("issuer_id", "currency"),
    instant("known_at", null=False),
    own_key=True,
)

invoice: Final = table(
    "invoice",
    text("customer_id", "currency", null=False),
    whole("amount_minor"),
    day("issue_date", null=False),
    text("invoice_number", "type", null=False),
    whole("stated_open_minor", null=True),
    day("due_date"),
    text("customer_name", "payment_reference", "purchase_order"),
    real("discount_percent"),
    day("discount_date"),
    whole("discount_base_minor", "tax_amount_minor", null=True),
    text("issuer_id"),
    text("status", null=False),
    instant("known_at", null=False),
    # ours
    whole("doubtful", default="0"),
    whole("opening_minor", "open_minor"),
    whole("version", default="1"),
    text("row_hash", null=False),
    instant("changed_at", null=False),
    check("amount_minor > 0", "amount_positive"),
    check("open_minor >= 0", "open_not_negative"),
    Index("ix_invoice_customer", "book_id", "customer_id", "id"),
)
Index(
    "ix_invoice_open", invoice.c.book_id, invoice.c.currency, invoice.c.open_minor, invoice.c.type,
    invoice.c.status, invoice.c.id,
)  # fmt: skip
"""`opening_minor`: the balance when the item came to us (after its history); `open_minor`: the balance now.
Both are magnitudes, as `amount_minor` is: a credit memo of 10 open has 10. `stated_open_minor`: what the
billing system last said."""

instalment: Final = table(
    "instalment",
    text("invoice_id", key=True),
    Column("line", Int, primary_key=True, autoincrement=False),
    day("due_date", null=False),
    whole("amount_minor"),
    instant("known_at", null=False),
    text("row_hash", null=False),
    own_key=True,
)

payment: Final = table(
    "payment",
    day("booking_date", null=False),
    text("currency", null=False),
    whole("amount_minor"),
    day("value_date"),
    instant("received_at"),
    text("payer_name", "payer_account", "customer_id", "remittance", "structured_reference"),
    text("end_to_end_id", "transaction_code", "account"),
    whole("original_amount_minor", null=True),
    text("original_currency"),
    whole("charges_minor", null=True),
    text("source", "kind", "related_payment_id"),
    whole("stated_open_minor", null=True),
    text("hold", "resolution"),
    instant("known_at", null=False),
    # ours
    whole("doubtful", "recheck", default="0"),
    whole("opening_minor", "unapplied_minor"),
    text("state", null=False),
    text("decision_id"),
    text("settled_customer_id"),
    whole("version", default="1"),
    text("row_hash", null=False),
    instant("changed_at", null=False),
    Index("ix_payment_state", "book_id", "state", "id"),
    Index("ix_payment_customer", "book_id", "customer_id"),
    Index("ix_payment_related", "book_id", "related_payment_id"),
)
"""`state`: new, applied, review, unmatched, dismissed, history. `opening_minor` is cash of before Tieout that
is still on no item and stands in no entry of ours. `unapplied_minor` is signed as the payment is. `recheck`:
something changed that may explain it. `doubtful`: a row about it was set aside, so it never closes alone.
`decision_id` is the decision in force; `settled_customer_id` says whose cash it is by that decision."""

_WAITS = text_clause("state IN ('review', 'unmatched')")
for _columns in (("currency", "amount_minor"), ("settled_customer_id",)):
    Index(
        f"ix_payment_waiting_{_columns[0]}", payment.c.book_id, *(payment.c[name] for name in _columns),
        sqlite_where=_WAITS, postgresql_where=_WAITS,
    )  # fmt: skip

remittance_line: Final = table(
    "remittance_line",
    text("payment_id", key=True),
    Column("line", Int, primary_key=True, autoincrement=False),
    text("reference", "customer_reference"),
    whole("amount_minor", "deduction_minor", null=True),
    text("reason", "kind"),
    instant("known_at", null=False),
    text("row_hash", null=False),
    own_key=True,
)

fx_rate: Final = table(
    "fx_rate",
    day("date", null=False),
    text("base", "quote", null=False),
    text("rate_text", null=False),
    real("rate", null=False),
    text("source"),
    instant("known_at", null=False),
    Index("uq_fx_rate_date_base_quote", "book_id", "date", "base", "quote", unique=True),
)

block_key: Final = table(
    "block_key",
    Column("side", Word, primary_key=True),
    Column("rule", Word, primary_key=True),
    Column("key", Int, primary_key=True, autoincrement=False),
    Column("id", Word, primary_key=True),
    own_key=True,
    rowid=False,
)
"""What may bring a payment and an item together: `side` I or P, the hashed `key` under its `rule`, whose it
is. The primary key is the index of every look-up online."""
Index("ix_block_key_id", block_key.c.book_id, block_key.c.side, block_key.c.id)
