"""Entries as rows of a book: which field goes to which column, money as decimal text.

The contract's columns come first; what only the file tells (the bank's reference, reasons, where it was read)
follows as lineage, which matching ignores and people need.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from features.book_schema import (
    CELL_LIMIT,
    CUSTOMER_ACCOUNTS,
    CUSTOMERS,
    FX_RATES,
    INSTALMENTS,
    INVOICES,
    OWN_ACCOUNTS,
    PAYMENTS,
    REMITTANCE_LINES,
    Kind,
    TableSpec,
)
from features.ingest.entry import (
    CustomerAccountEntry,
    CustomerEntry,
    FxRateEntry,
    InstalmentEntry,
    InvoiceEntry,
    Lineage,
    OwnAccountEntry,
    PaymentEntry,
    RemittanceEntry,
    StatementEntry,
)
from features.ingest.hygiene import for_matching
from receivables.money import MoneyError, to_minor, to_text

Row: TypeAlias = dict[str, str]

LINEAGE: Final = ("lineage_file", "lineage_sha256", "lineage_position", "lineage_raw")
_TOLD: Final = (
    "bank_reference",
    "uetr",
    "mandate_id",
    "counterparty_ultimate",
    "related_reference",
    "return_reason",
    "is_reversal",
    "exchange_rate",
    "batch_reference",
    "batch_amount",
    "batch_count",
)
_NOT_OURS: Final = frozenset({"known_at", "open_amount", "hold", "resolution"})
"""Columns of payments that no file of a bank fills: they belong to whoever keeps the book."""


def _columns(spec: TableSpec, *told: str, leave: frozenset[str] = frozenset({"known_at"})) -> tuple[str, ...]:
    return (*(one.name for one in spec.columns if one.name not in leave), *told, *LINEAGE)


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "payments": _columns(PAYMENTS, *_TOLD, leave=_NOT_OURS),
    "remittance_lines": _columns(REMITTANCE_LINES),
    "invoices": _columns(INVOICES, "buyer_reference", "preceding_invoice"),
    "instalments": _columns(INSTALMENTS),
    "customers": _columns(CUSTOMERS),
    "customer_accounts": _columns(CUSTOMER_ACCOUNTS),
    "own_accounts": _columns(OWN_ACCOUNTS),
    "fx_rates": _columns(FX_RATES),
    "statements": (
        *"account currency source statement_id sequence from_date to_date opening closing entries".split(),
        *"credit debit claimed_entries claimed_credit claimed_debit is_reconciled".split(),
        *LINEAGE,
    ),
}
_SPECS: Final = {
    spec.name: spec
    for spec in (
        PAYMENTS,
        REMITTANCE_LINES,
        INVOICES,
        INSTALMENTS,
        CUSTOMERS,
        CUSTOMER_ACCOUNTS,
        OWN_ACCOUNTS,
        FX_RATES,
    )
}
_LIMITS: Final = {
    (name, column.name): column.limit
    for name, spec in _SPECS.items()
    for column in spec.columns
    if column.kind is Kind.TEXT
}


def payment_row(payment: PaymentEntry, payment_id: str) -> Row:
    """Lay out a payment."""
    currency = payment.currency
    told = {
        "payment_id": payment_id,
        "booking_date": payment.booking_date.isoformat(),
        "currency": currency,
        "amount": to_text(payment.amount_minor, currency),
        "value_date": _day(payment.value_date),
        "received_at": _instant(payment.received_at),
        "payer_name": payment.payer_name,
        "payer_account": payment.payer_account,
        "customer_id": payment.customer_id,
        "remittance": payment.remittance,
        "structured_reference": payment.structured_reference,
        "end_to_end_id": payment.end_to_end_id,
        "transaction_code": payment.transaction_code,
        "account": payment.account,
        "original_amount": _money(payment.original_amount_minor, payment.original_currency),
        "original_currency": payment.original_currency,
        "charges": _money(payment.charges_minor, currency),
        "source": payment.source,
        "kind": payment.kind,
        "related_payment_id": "",
        "bank_reference": payment.bank_reference,
        "uetr": payment.uetr,
        "mandate_id": payment.mandate_id,
        "counterparty_ultimate": payment.counterparty_ultimate,
        "related_reference": payment.related_reference,
        "return_reason": payment.return_reason,
        "is_reversal": "true" if payment.is_reversal else "",
        "exchange_rate": payment.exchange_rate,
        "batch_reference": payment.batch_reference,
        "batch_amount": _money(payment.batch_minor, currency),
        "batch_count": "" if payment.batch_count is None else str(payment.batch_count),
    }
    return _plain(told) | _lineage(payment.lineage)


def payment_from_row(row: Mapping[str, str]) -> PaymentEntry | None:
    """Read a payment of the book back, as far as knowing it again needs; None when its row is broken."""
    currency = row.get("currency", "")
    batch = row.get("batch_amount", "")
    try:
        return PaymentEntry(
            amount_minor=to_minor(row.get("amount", ""), currency),
            currency=currency,
            booking_date=date.fromisoformat(row.get("booking_date", "")),
            source=row.get("source", ""),
            lineage=Lineage("", row.get("lineage_sha256", ""), row.get("lineage_position", "")),
            payer_name=row.get("payer_name", ""),
            payer_account=row.get("payer_account", ""),
            remittance=row.get("remittance", ""),
            structured_reference=row.get("structured_reference", ""),
            end_to_end_id=row.get("end_to_end_id", ""),
            account=row.get("account", ""),
            bank_reference=row.get("bank_reference", ""),
            batch_reference=row.get("batch_reference", ""),
            batch_minor=to_minor(batch, currency) if batch else None,
        )
    except (MoneyError, ValueError):
        return None


def remittance_row(line: RemittanceEntry, payment_id: str) -> Row:
    """Lay out a remittance line."""
    told = {
        "payment_id": payment_id,
        "reference": line.reference,
        "customer_reference": line.customer_reference,
        "amount": _money(line.amount_minor, line.currency),
        "deduction": _money(line.deduction_minor, line.currency),
        "reason": line.reason,
        "kind": line.kind,
    }
    return _plain(told) | _lineage(line.lineage)


def part_row(payment: PaymentEntry, payment_id: str) -> Row:
    """Lay out a part of a collective payment as a remittance line of it."""
    told = {
        "payment_id": payment_id,
        "reference": payment.structured_reference or payment.remittance or payment.end_to_end_id,
        "customer_reference": payment.payer_name,
        "amount": to_text(payment.amount_minor, payment.currency),
        "deduction": "",
        "reason": payment.remittance if payment.structured_reference else "",
        "kind": "",
    }
    return _plain(told) | _lineage(payment.lineage)


def invoice_row(invoice: InvoiceEntry) -> Row:
    """Lay out an invoice."""
    currency = invoice.currency
    told = {
        "invoice_id": invoice.invoice_id,
        "customer_id": invoice.customer_id,
        "currency": currency,
        "amount": to_text(invoice.amount_minor, currency),
        "issue_date": invoice.issue_date.isoformat(),
        "invoice_number": invoice.invoice_number,
        "type": invoice.type,
        "open_amount": _money(invoice.open_amount_minor, currency),
        "due_date": _day(invoice.due_date),
        "customer_name": invoice.customer_name,
        "payment_reference": invoice.payment_reference,
        "purchase_order": invoice.purchase_order,
        "discount_percent": invoice.discount_percent,
        "discount_date": _day(invoice.discount_date),
        "discount_base": _money(invoice.discount_base_minor, currency),
        "tax_amount": _money(invoice.tax_amount_minor, currency),
        "issuer_id": invoice.issuer_id,
        "status": invoice.status,
        "buyer_reference": invoice.buyer_reference,
        "preceding_invoice": invoice.preceding_invoice,
    }
    return _plain(told) | _lineage(invoice.lineage)


def small_row(
    entry: InstalmentEntry | CustomerEntry | CustomerAccountEntry | OwnAccountEntry | FxRateEntry,
) -> tuple[str, Row]:
    """Lay out a row of one of the small tables, and name the table."""
    lineage = _lineage(entry.lineage)
    match entry:
        case InstalmentEntry():
            due, amount = entry.due_date.isoformat(), to_text(entry.amount_minor, entry.currency)
            row = {"invoice_id": entry.invoice_id, "due_date": due, "amount": amount}
            return "instalments", _plain(row) | lineage
        case CustomerEntry():
            names = ("customer_id", "customer_number", "name", "aliases", "country", "parent_id")
            return "customers", _plain({name: getattr(entry, name) for name in names}) | lineage
        case CustomerAccountEntry():
            row = {"customer_id": entry.customer_id, "account": entry.account}
            return "customer_accounts", _plain(row) | lineage
        case OwnAccountEntry():
            row = {"account": entry.account, "issuer_id": entry.issuer_id, "currency": entry.currency}
            return "own_accounts", _plain(row) | lineage
        case FxRateEntry():
            row = {"date": entry.date.isoformat(), "base": entry.base, "quote": entry.quote}
            return "fx_rates", row | {"rate": entry.rate, "source": entry.source} | lineage


def statement_row(statement: StatementEntry) -> Row:
    """Lay out a statement and its totals."""
    currency = statement.currency
    reconciled = statement.is_reconciled
    return {
        "account": statement.account,
        "currency": currency,
        "source": statement.source,
        "statement_id": statement.statement_id,
        "sequence": statement.sequence,
        "from_date": _day(statement.from_date),
        "to_date": _day(statement.to_date),
        "opening": _money(statement.opening_minor, currency),
        "closing": _money(statement.closing_minor, currency),
        "entries": str(statement.entries),
        "credit": _money(statement.credit_minor, currency),
        "debit": _money(statement.debit_minor, currency),
        "claimed_entries": "" if statement.claimed_entries is None else str(statement.claimed_entries),
        "claimed_credit": _money(statement.claimed_credit_minor, currency),
        "claimed_debit": _money(statement.claimed_debit_minor, currency),
        "is_reconciled": "" if reconciled is None else str(reconciled).lower(),
        **_lineage(statement.lineage),
    }


def too_long(table: str, row: Row) -> list[str]:
    """Cut what is longer than a cell of the book can be; name the columns that were cut."""
    cut = []
    for name, text in row.items():
        limit = _LIMITS.get((table, name), CELL_LIMIT)
        if len(text) > limit:
            row[name] = text[:limit]
            cut.append(name)
    return cut


def _plain(row: Row) -> Row:
    """Drop what does not show, such as marks of direction and zero-width ones; the lineage keeps it."""
    return {name: for_matching(text) for name, text in row.items()}


def _money(minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    try:
        return to_text(minor, currency)
    except MoneyError:  # a statement without a readable currency keeps no amounts
        return ""


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lineage(lineage: Lineage) -> Row:
    values = (lineage.file, lineage.sha256, lineage.position, lineage.raw)
    return dict(zip(LINEAGE, values, strict=True))
