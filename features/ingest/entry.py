"""What a reader gives: typed entries, each with the place in the file that it came from.

An entry says what one file says. Whether two entries of different files are the same payment is decided later
(`features.ingest.identity`); which table and column a field goes to, in `features.ingest.book_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeAlias

RAW_LIMIT: Final = 4_000
"""Characters of the raw text that a lineage keeps."""


class EntryStatus(StrEnum):
    """How far the bank is with a line: only a booked one is a payment."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATIONAL = "informational"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an entry came from."""

    file: str
    """The name as given; of a member of an archive, `archive.zip/member.xml`."""
    sha256: str
    """Of the innermost bytes, so that a renamed or zipped copy has the same."""
    position: str
    """Such as `Stmt[1]/Ntry[3]/TxDtls[2]` or `line 17`; unique within the file for each kind of entry."""
    raw: str = ""
    """The text it was read from, at most `RAW_LIMIT` characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEntry:
    """One transaction of an own account; money in is positive.

    Of money out the counterparty (the creditor) still stands in `payer_name` and `payer_account`.
    """

    amount_minor: int
    currency: str
    booking_date: date
    source: str
    """The name of the format, such as `camt.053` or `mt940`."""
    lineage: Lineage
    value_date: date | None = None
    received_at: datetime | None = None
    """In UTC, where the file tells a time and its zone."""
    payer_name: str = ""
    payer_account: str = ""
    counterparty_ultimate: str = ""
    """On whose behalf the counterparty paid, or who finally receives."""
    customer_id: str = ""
    remittance: str = ""
    structured_reference: str = ""
    """References as the file labels them, joined by a blank if several."""
    end_to_end_id: str = ""
    """Empty rather than `NOTPROVIDED`."""
    transaction_code: str = ""
    account: str = ""
    """Our own account: IBAN where given."""
    original_amount_minor: int | None = None
    original_currency: str = ""
    charges_minor: int | None = None
    """What the bank kept or added, in `currency`; positive when it made the payment smaller."""
    kind: str = ""
    """A word of the contract's `payments.kind`, or empty: to be recognised."""
    related_reference: str = ""
    """What the file says of the payment that this one undoes or belongs to: its id or reference."""
    bank_reference: str = ""
    """An id that the bank or gateway gives to this very transaction and to no other; else empty."""
    uetr: str = ""
    mandate_id: str = ""
    exchange_rate: str = ""
    """The rate between original and booked amount, as the file writes it."""
    batch_reference: str = ""
    """The bank's reference of the booked line that this transaction is a part of."""
    batch_minor: int | None = None
    """Signed amount of that booked line."""
    batch_count: int | None = None
    """How many transactions the file says a booked line holds, where they are not given one by one."""
    status: EntryStatus = EntryStatus.BOOKED
    return_reason: str = ""
    is_reversal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemittanceEntry:
    """One line of what a payment is said to pay.

    It belongs to the payment at `payment_position` (of its lineage) in the same file, or, in an advice that
    comes apart from its payment, to the payment of the book whose bank reference, end-to-end id or structured
    reference is `payment_reference`.
    """

    lineage: Lineage
    currency: str
    payment_position: str = ""
    payment_reference: str = ""
    reference: str = ""
    customer_reference: str = ""
    amount_minor: int | None = None
    deduction_minor: int | None = None
    reason: str = ""
    kind: str = ""
    """A word of the contract's `remittance_lines.kind`, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceEntry:
    """One invoice, credit memo or debit note; amounts are positive whatever the type."""

    invoice_id: str
    customer_id: str
    currency: str
    amount_minor: int
    issue_date: date
    lineage: Lineage
    invoice_number: str = ""
    type: str = ""
    open_amount_minor: int | None = None
    due_date: date | None = None
    customer_name: str = ""
    payment_reference: str = ""
    purchase_order: str = ""
    discount_percent: str = ""
    """Percent as a decimal, such as `2.5`."""
    discount_date: date | None = None
    discount_base_minor: int | None = None
    tax_amount_minor: int | None = None
    issuer_id: str = ""
    status: str = ""
    buyer_reference: str = ""
    """What the buyer asked to be written on it: a cost centre, a routing id."""
    preceding_invoice: str = ""
    """Numbers of the invoices that it corrects or completes, joined by a blank if several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentEntry:
    """One part of an invoice that falls due on a day of its own."""

    invoice_id: str
    due_date: date
    amount_minor: int
    currency: str
    lineage: Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEntry:
    """A customer as an invoice or a ledger names it."""

    customer_id: str
    lineage: Lineage
    customer_number: str = ""
    name: str = ""
    aliases: str = ""
    country: str = ""
    parent_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAccountEntry:
    """A bank account of a customer."""

    customer_id: str
    account: str
    lineage: Lineage


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccountEntry:
    """An account of our own."""

    account: str
    lineage: Lineage
    issuer_id: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRateEntry:
    """A rate that a file states: 1 base = rate quote."""

    date: date
    base: str
    quote: str
    rate: str
    lineage: Lineage
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One statement or report of an account, with the totals that the file claims.

    A reader gives it after the entries of the statement, and a `Problem` for each total that does not hold.
    """

    account: str
    currency: str
    source: str
    lineage: Lineage
    statement_id: str = ""
    sequence: str = ""
    from_date: date | None = None
    to_date: date | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
    entries: int = 0
    """Entries read, pending and informational ones included."""
    credit_minor: int = 0
    """Sum of the booked money in, as read."""
    debit_minor: int = 0
    """Sum of the booked money out, as read; not negative."""
    claimed_entries: int | None = None
    claimed_credit_minor: int | None = None
    claimed_debit_minor: int | None = None
    is_reconciled: bool | None = None
    """Whether all totals that the file claims hold; None where it claims none."""


Entry: TypeAlias = (
    PaymentEntry
    | RemittanceEntry
    | InvoiceEntry
    | InstalmentEntry
    | CustomerEntry
    | CustomerAccountEntry
    | OwnAccountEntry
    | FxRateEntry
    | StatementEntry
)
