"""Adyen's settlement detail report as CSV, by the published list of its columns.

One row a transaction, fee or correction of a batch, and one of type MerchantPayout: what goes to the bank.
Gross amounts are in the currency of the transaction (GC), net amounts and costs in that of the payout (NC).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from features.ingest.adyen import SOURCE
from features.ingest.amount_text import minor_of
from features.ingest.entry import Entry, PaymentEntry
from features.ingest.limits import Limits
from features.ingest.problems import Problem
from features.ingest.settled import Payout, RowError
from features.ingest.source import Source
from features.ingest.table_text import Row, Table, header_of
from receivables.money import MoneyError

_TITLES: Final = frozenset(
    {"merchant_account", "psp_reference", "type", "net_currency", "net_debit_nc", "net_credit_nc"}
)
_COSTS: Final = ("commission_nc", "markup_nc", "scheme_fees_nc", "interchange_nc")
_PAYOUTS: Final = frozenset({"MERCHANTPAYOUT", "PAYOUT"})
_KINDS: Final = {
    "SETTLED": "sale",
    "SETTLEDINSTALLMENT": "sale",
    "BULKSETTLEMENT": "sale",
    "REFUNDED": "refund",
    "REFUNDEDREVERSED": "refund",
    "REFUNDEDBULK": "refund",
    "CHARGEBACK": "chargeback",
    "CHARGEBACKEXTERNALLYWITHINFO": "chargeback",
    "SECONDCHARGEBACK": "chargeback",
    "CHARGEBACKREVERSED": "chargeback",
    "PAIDOUT": "refund",
    "PAIDOUTREVERSED": "refund",
    "DEPOSITCORRECTION": "reserve",
    "RESERVEADJUSTMENT": "reserve",
    "BALANCETRANSFER": "reserve",
}
"""What else there is (Fee, MiscCosts, PaymentCost, InvoiceDeduction ...) is a fee."""
_ZONES: Final = {"UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "CET": 1, "WEST": 1, "CEST": 2, "EET": 2, "EEST": 3}
_ZONES_WEST: Final = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the header is that of a settlement detail report."""
    return set(header_of(head)) >= _TITLES


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give each payout with its lines; a batch without a payout is told."""
    table = Table(source, limits, [])
    batches: dict[tuple[str, str, str], Payout] = {}
    for row in table.rows():
        currency = row["net_currency"].upper()
        key = (row["merchant_account"], row["batch_number"], currency)
        try:
            _add(batches.setdefault(key, Payout(currency=currency)), row, currency)
        except MoneyError as error:
            raw = f"{row['net_debit_nc']} {row['net_credit_nc']} {currency}"
            yield Problem.at(row.place, "amount", error.code, raw, message=error.message, mend=error.mend)
    for (account, batch, _), payout in batches.items():
        if payout.payment is None:
            yield _without_payout(source, account, batch, payout)
        yield from payout.entries()
    yield from table.problems


def _add(payout: Payout, row: Row, currency: str) -> None:
    credit, debit = (
        minor_of(row[title] or "0", currency, ".") for title in ("net_credit_nc", "net_debit_nc")
    )
    kind = row["type"].upper().replace(" ", "")
    if kind not in _PAYOUTS:
        costs = sum(minor_of(row[title] or "0", currency, ".") for title in _COSTS)
        payout.add(
            row.place,
            credit - debit,
            costs if kind in _KINDS else 0,
            reference=row.first("merchant_reference", "modification_merchant_reference", "psp_reference"),
            customer="",
            kind=_KINDS.get(kind, "fee"),
            reason=row["type"],
        )
        return
    if payout.payment is not None:
        raise RowError("The batch has a second payout.")
    booked, instant = _when(row)
    account, batch = row["merchant_account"], row["batch_number"]
    payout.payment = PaymentEntry(
        amount_minor=debit - credit,
        currency=currency,
        booking_date=booked,
        received_at=instant,
        source=SOURCE,
        lineage=row.place,
        payer_name="Adyen",
        remittance=" ".join(filter(None, (account, "batch", batch, row["modification_merchant_reference"]))),
        transaction_code=row["type"],
        account=f"{account}/payouts",  # where it arrives, not the balance at Adyen that it leaves
        bank_reference=row.first("modification_reference", "psp_reference") or f"{account} batch {batch}",
    )


def _when(row: Row) -> tuple[date, datetime | None]:
    """Read when the payout was made; the instant only where the zone's name is known."""
    try:
        written = datetime.fromisoformat(row.first("creation_date", "booking_date"))
    except ValueError:
        raise RowError("The payout has no date that can be read.") from None
    hours = {**_ZONES, **_ZONES_WEST}.get(row["timezone"].upper())
    if hours is None or written.tzinfo is not None:
        return written.date(), None
    zone = timezone(timedelta(hours=hours))
    return written.date(), written.replace(tzinfo=zone).astimezone(UTC)


def _without_payout(source: Source, account: str, batch: str, payout: Payout) -> Problem:
    place = payout.lines[0].lineage if payout.lines else source.at("")
    return Problem.at(
        place,
        "type",
        "no_payout",
        f"{account} batch {batch}",
        message=f"The batch has {len(payout.lines)} rows and no payout, so no payment to put them on.",
        mend="Nothing to do if the batch was carried forward; else export the report of the closed batch.",
    )
