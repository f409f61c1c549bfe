"""Stripe's reports as CSV: payout reconciliation, balance change from activity, and the balance history.

Amounts are in major units with a point. Rows that name the payout which settled them become its lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from features.ingest.amount_text import minor_of
from features.ingest.entry import Entry, EntryStatus, PaymentEntry
from features.ingest.gateway import Once, gross_and_fee
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.settled import Payout, RowError
from features.ingest.source import Source
from features.ingest.stripe_objects import PAYOUTS, SOURCE, kind_of, reference_of
from features.ingest.table_text import Row, Table, header_of
from receivables.money import MoneyError

_REPORT: Final = frozenset({"reporting_category", "gross", "net", "currency"})
_HISTORY: Final = frozenset({"id", "type", "source", "amount", "fee", "net", "currency"})
_CHARGES: Final = frozenset(
    {"id", "created_date_utc", "amount", "amount_refunded", "currency", "captured", "status"}
)
_LINE_KINDS: Final = {
    "receipt": "sale",
    "refund": "refund",
    "chargeback": "chargeback",
    "representment": "chargeback",
}


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the header is that of a report of Stripe."""
    titles = set(header_of(head))
    return (
        titles >= _REPORT
        or (titles >= _HISTORY and any("created" in title for title in titles))
        or titles >= _CHARGES
    )


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give payouts with their lines, and the rows that no payout settled as payments."""
    if set(header_of(source.head())) >= _CHARGES:
        raise UnsupportedFormatError(
            f"{source.name} is Stripe's list of payments without their fees: export the balance history."
        )
    table = Table(source, limits, [])
    yield from Once().pass_on(_entries(table))
    yield from table.problems


def _entries(table: Table) -> Iterator[Entry | Problem]:
    payouts: dict[str, Payout] = {}
    broken: dict[str, Row] = {}
    for row in table.rows():
        payout = row.first("automatic_payout_id", "payout_id", "transfer")
        is_settled = payout != "" and kind_of(_category(row)) != "transfer"
        try:
            if is_settled:
                _add(payouts, payout, row)
            else:
                yield from _single(row)
        except MoneyError as error:
            if is_settled:
                broken[payout] = row
            raw = row.first("gross", "amount") + " " + row["currency"]
            yield Problem.at(row.place, "amount", error.code, raw, message=error.message, mend=error.mend)
    for name, settled in payouts.items():
        if name not in broken and settled.payment is not None:
            settled.payment = replace(settled.payment, amount_minor=settled.net_minor)
            yield from settled.entries()
    for name, row in broken.items():
        yield Problem.at(
            row.place,
            "amount",
            "incomplete_payout",
            name,
            message="A row of this payout cannot be read, so what it paid out is not known: left out.",
            mend="Correct the row and convert the report again.",
        )


def _add(payouts: dict[str, Payout], name: str, row: Row) -> None:
    """Add a row to its payout, whose amount is what its rows add up to."""
    currency = row["currency"].upper()
    gross, fee, net = _amounts(row, currency)
    if net != gross - fee:
        raise RowError("Gross less fee is not net.")
    payout = payouts.get(name) or Payout(_payout(name, row, currency), currency)
    if currency != payout.currency:
        raise RowError("The row has another currency than its payout.")
    payouts[name] = payout
    payout.add(
        row.place,
        net,
        fee,
        reference=_reference(row),
        customer=row["customer_id"],
        kind=_LINE_KINDS.get(kind_of(_category(row)), "reserve" if "reserve" in _category(row) else "fee"),
        reason=_category(row),
    )


def _payout(name: str, row: Row, currency: str) -> PaymentEntry:
    """Start a payout with its first row."""
    effective = _instant(
        row.first("automatic_payout_effective_at_utc", "automatic_payout_effective_at", "available_on_utc")
    )
    instant = effective or _instant(row.first("created_utc", "created"))
    if instant is None:
        raise RowError("The row has no date that can be read.")
    return PaymentEntry(
        amount_minor=0,
        currency=currency,
        booking_date=instant.date(),
        value_date=instant.date(),
        received_at=instant,
        source=SOURCE,
        lineage=replace(row.place, position=f"payout {name}", raw=""),
        payer_name="Stripe",
        remittance=f"STRIPE PAYOUT {name}",
        end_to_end_id=row["trace_id"],
        transaction_code="payout",
        account=PAYOUTS,
        bank_reference=name,
    )


def _single(row: Row) -> Iterator[Entry | Problem]:
    """Give a row that stands for itself: gross as the payment, the fee as a line."""
    currency = row["currency"].upper()
    gross, fee, net = _amounts(row, currency)
    instant = _instant(
        row.first("created_utc", "created_date_utc", "created", "effective_at_utc", "effective_at")
    )
    if instant is None:
        yield Problem.at(row.place, "created", "bad_date", row.first("created_utc", "created"))
        return
    available = _instant(row.first("available_on_utc", "available_on"))
    category = _category(row)
    source = row.first("source_id", "source", "payout_id", "balance_transaction_id", "id")
    payment = PaymentEntry(
        amount_minor=gross,
        currency=currency,
        booking_date=instant.date(),
        value_date=None if available is None else available.date(),
        received_at=instant,
        source=SOURCE,
        lineage=row.place,
        payer_name=row.first("customer_name", "customer_email"),
        customer_id=row["customer_id"],
        remittance=_reference(row),
        end_to_end_id=row["payment_intent_id"],
        transaction_code=category,
        account=SOURCE,
        kind=kind_of(category),
        related_reference=row["charge_id"] if kind_of(category) != "receipt" else "",
        bank_reference=reference_of(source, category),
        status=EntryStatus.PENDING if row["status"].lower() == "pending" else EntryStatus.BOOKED,
    )
    yield payment
    if net != gross - fee:
        yield Problem.at(
            row.place, "net", "total_differs", f"gross {row.first('gross', 'amount')}, net {row['net']}"
        )
    if fee and payment.status is EntryStatus.BOOKED:
        yield from gross_and_fee(payment, fee, row.first("invoice_number", "invoice_id") or source)


def _amounts(row: Row, currency: str) -> tuple[int, int, int]:
    gross = minor_of(row.first("gross", "amount"), currency, ".")
    fee = minor_of(row["fee"] or "0", currency, ".")
    return gross, fee, minor_of(row["net"], currency, ".") if row["net"] else gross - fee


def _category(row: Row) -> str:
    return row.first("reporting_category", "type").lower()


def _reference(row: Row) -> str:
    chosen = (row["description"], row["invoice_number"], row["invoice_id"], row.first("source_id", "source"))
    return " ".join(dict.fromkeys(text for text in chosen if text))


def _instant(text: str) -> datetime | None:
    """Read an instant of a report; the columns that end in `_utc` are UTC, the others nearly so."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
