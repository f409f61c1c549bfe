"""Invoices, gateways and advices: the values of vendored and synthetic files, as read off them by eye."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from features.ingest import (
    adyen_settlement,
    cii,
    edi820,
    facturx,
    gateway_json,
    paypal,
    remt,
    stripe_report,
    titled_csv,
    ubl,
)
from features.ingest.entry import (
    CustomerAccountEntry,
    CustomerEntry,
    Entry,
    EntryStatus,
    InvoiceEntry,
    OwnAccountEntry,
    PaymentEntry,
    RemittanceEntry,
)
from features.ingest.limits import DEFAULT, Limits
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.source import Source
from receivables.money import to_text

FORMATS = Path(__file__).parent / "formats"
Read = Callable[[Source, Limits], Iterator[Entry | Problem]]
READERS: dict[str, Read] = {"cii": cii.read, "ubl": ubl.read, "facturx": facturx.read}
INVOICES = [
    (folder, name, told)
    for folder in READERS
    for name, told in json.loads((FORMATS / folder / "expected.json").read_text("utf-8")).items()
]


def shown(entry: Entry | Problem) -> dict[str, str]:
    """Give the fields of an entry that say something, as texts."""
    out: dict[str, str] = {}
    for name in entry.__slots__:
        value: Any = getattr(entry, name)
        if name == "lineage" or value is None or value is False or value == "":
            continue
        if name.endswith("_minor"):
            currency = entry.currency if not isinstance(entry, Problem | CustomerEntry) else ""  # type: ignore[union-attr]
            out[name.removesuffix("_minor")] = to_text(value, currency)
        elif isinstance(value, date) and not isinstance(value, datetime):
            out[name] = value.isoformat()
        else:
            out[name] = str(value)
    return out


def read(read_it: Read, path: Path) -> list[Entry | Problem]:
    return list(read_it(Source.of_path(path), DEFAULT))


@pytest.mark.parametrize(("folder", "name", "told"), INVOICES, ids=[name for _, name, _ in INVOICES])
def test_every_value_of_an_invoice(folder: str, name: str, told: dict[str, Any]) -> None:
    entries = read(READERS[folder], FORMATS / folder / name)
    invoices = [shown(one) for one in entries if isinstance(one, InvoiceEntry)]
    assert invoices == [{**one, "invoice_number": one["invoice_id"]} for one in told["invoices"]]
    customers = [shown(one) for one in entries if isinstance(one, CustomerEntry)]
    assert customers == [{key: text for key, text in one.items() if text} for one in told["customers"]]
    assert [one.account for one in entries if isinstance(one, CustomerAccountEntry)] == told[
        "customer_accounts"
    ]
    assert [one.account for one in entries if isinstance(one, OwnAccountEntry)] == told["own_accounts"]
    assert [one.code for one in entries if isinstance(one, Problem)] == told["problems"]


def test_all_vendored_invoices_have_expected_values() -> None:
    known = {(folder, name) for folder, name, _ in INVOICES}
    there = {
        (folder, path.name)
        for folder in READERS
        for path in (FORMATS / folder).glob("*.[xp]*")
        if path.suffix != ".md"
    }
    assert there == known


def test_the_lineage_of_an_invoice_names_file_place_and_text() -> None:
    entries = read(facturx.read, FORMATS / "facturx" / "invoice_EN16931.pdf")
    place = entries[0].lineage if isinstance(entries[0], InvoiceEntry) else None
    assert place is not None
    assert place.file == "invoice_EN16931.pdf/factur-x.xml"
    assert place.position == "CrossIndustryInvoice"
    assert "F20260023" in place.raw
    assert "BuyerReference: SERVEXEC" in place.raw


def payments(entries: list[Entry | Problem]) -> list[tuple[str, ...]]:
    """Give status, day, amount, kind, bank's reference and account of each payment."""
    return [
        (
            one.status.value,
            one.booking_date.isoformat(),
            f"{to_text(one.amount_minor, one.currency)} {one.currency}",
            one.kind,
            one.bank_reference,
            one.account,
        )
        for one in entries
        if isinstance(one, PaymentEntry)
    ]


def lines(entries: list[Entry | Problem]) -> list[tuple[str, ...]]:
    """Give reference, amount, deduction and kind of each remittance line."""
    return [
        (
            one.reference,
            "" if one.amount_minor is None else to_text(one.amount_minor, one.currency),
            "" if one.deduction_minor is None else to_text(one.deduction_minor, one.currency),
            one.kind,
        )
        for one in entries
        if isinstance(one, RemittanceEntry)
    ]


def codes(entries: list[Entry | Problem]) -> list[tuple[str, str]]:
    return [(one.position, one.code) for one in entries if isinstance(one, Problem)]


CHARGE = "ch_1PgafuB7WZ01zgkWXYmPNZs8"


def test_stripes_fixtures_hold_one_charge_and_one_refund() -> None:
    entries = read(gateway_json.read, FORMATS / "stripe" / "fixtures3.json")
    day = "2009-02-13"
    assert payments(entries) == [
        ("pending", day, "1.00 USD", "receipt", CHARGE, "stripe"),
        ("informational", day, "-10.00 USD", "chargeback", "dp_1Pgc71B7WZ01zgkWMevJiAUx", "stripe"),
        (
            "pending",
            day,
            "11.00 USD",
            "transfer",
            "po_1Pgc79B7WZ01zgkWu1KToYf4",
            "ba_1Pgc79B7WZ01zgkWoU5vBiXt",
        ),
        ("booked", day, "-1.00 USD", "refund", "re_1Pgc72B7WZ01zgkWqPvrRrPE", "stripe"),
        ("informational", day, "10.99 USD", "receipt", "pi_1PgafyB7WZ01zgkWSjxsAJo3", "stripe"),
        ("booked", day, "1.00 USD", "receipt", CHARGE, "stripe"),
    ]
    charge = next(one for one in entries if isinstance(one, PaymentEntry) and one.payer_name)
    assert charge.payer_name == "Jenny Rosen"
    assert charge.remittance == "My First Test Charge (created for API docs)"
    assert codes(entries) == [("", "unsupported_part"), ("", "informational")]


def test_stripes_events_tell_each_charge_once_in_its_own_decimals() -> None:
    entries = read(gateway_json.read, FORMATS / "stripe" / "events.json")
    day = "2025-01-31"
    assert payments(entries) == [
        ("booked", day, "1234.50 EUR", "receipt", "ch_1", "stripe"),
        ("booked", day, "5000 JPY", "receipt", "ch_2", "stripe"),
        ("booked", day, "12.340 BHD", "receipt", "ch_3", "stripe"),
        ("booked", day, "5 ISK", "receipt", "ch_4", "stripe"),
        ("informational", day, "7.00 EUR", "receipt", "ch_5", "stripe"),
        ("booked", day, "-50.00 EUR", "chargeback", "dp_1", "stripe"),
    ]
    assert lines(entries) == [
        ("in_1", "1234.50", "", "sale"),
        ("", "-17.90", "", "fee"),
        ("dp_1", "-50.00", "", "chargeback"),
        ("", "-15.00", "", "fee"),
    ]
    first = entries[0]
    assert isinstance(first, PaymentEntry)
    assert (first.payer_name, first.customer_id, first.remittance, first.end_to_end_id) == (
        "Acme GmbH",
        "cus_1",
        "Order 7 SO-77 in_1",
        "pi_1",
    )


def test_a_payout_of_stripe_with_its_transactions() -> None:
    entries = read(gateway_json.read, FORMATS / "stripe" / "payout_with_transactions.json")
    assert payments(entries) == [("booked", "2025-02-04", "13.25 EUR", "", "po_1", "stripe/payouts")]
    assert lines(entries) == [
        ("INV-2025-0007 ch_1", "100.00", "1.75", "sale"),
        ("Chargeback dp_1", "-70.00", "15.00", "chargeback"),
    ]
    assert codes(entries) == []


def test_stripes_payout_reconciliation() -> None:
    entries = read(stripe_report.read, FORMATS / "stripe" / "payout_reconciliation.csv")
    assert payments(entries) == [
        ("booked", "2025-02-03", "10.75 EUR", "", "po_1", "stripe/payouts"),
        ("booked", "2025-02-04", "4820 JPY", "", "po_2", "stripe/payouts"),
    ]
    assert lines(entries) == [
        ("Order 7 INV-2025-0007 ch_1", "100.00", "1.75", "sale"),
        ("REFUND FOR CHARGE INV-2025-0003 re_1", "-20.00", "", "refund"),
        ("Chargeback dp_1", "-50.00", "15.00", "chargeback"),
        ("Billing usage", "-2.50", "", "fee"),
        ("INV-2025-0009 ch_5", "5000", "180", "sale"),
    ]


def test_stripes_balance_history_goes_on_after_a_broken_row() -> None:
    entries = read(stripe_report.read, FORMATS / "stripe" / "balance_history.csv")
    assert payments(entries) == [
        ("booked", "2025-01-31", "100.00 EUR", "receipt", "ch_1", "stripe"),
        ("booked", "2025-01-31", "-20.00 EUR", "refund", "re_1", "stripe"),
        ("booked", "2025-02-03", "-78.25 EUR", "transfer", "po_1", "stripe"),
    ]
    assert codes(entries) == [("line 5", "bad_amount")]


@pytest.mark.parametrize("name", ["util_backslash_notification.json", "util_colon_notification.json"])
def test_an_authorisation_of_adyen_is_no_money_yet(name: str) -> None:
    entries = read(gateway_json.read, FORMATS / "adyen" / name)
    assert len(entries) == 1
    one = entries[0]
    assert isinstance(one, PaymentEntry)
    assert one.status is EntryStatus.PENDING
    assert (one.amount_minor, one.currency, one.account) == (1000, "EUR", "AntoniStroinski")


MOCKS = sorted(
    path.name
    for path in (FORMATS / "adyen").glob("*.json")
    if not path.name.startswith(("util_", "notifications"))
)


@pytest.mark.parametrize("name", MOCKS)
def test_answers_of_adyen_are_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match="movement of money"):
        read(gateway_json.read, FORMATS / "adyen" / name)


def test_adyens_notifications() -> None:
    entries = read(gateway_json.read, FORMATS / "adyen" / "notifications.json")
    assert payments(entries) == [
        ("booked", "2025-01-31", "1234.50 EUR", "receipt", "CAP1", "ShopDE"),
        ("booked", "2025-02-01", "-23.45 EUR", "refund", "REF1", "ShopDE"),
        ("informational", "2025-02-01", "-1.00 EUR", "refund", "REF2", "ShopDE"),
        ("booked", "2025-02-02", "-5000 ISK", "chargeback", "CHB1", "ShopDE"),
    ]
    assert codes(entries) == [("notificationItems[5]", "unsupported_part")]


def test_adyens_settlement_detail_adds_up_to_the_payout() -> None:
    entries = read(adyen_settlement.read, FORMATS / "adyen" / "settlement_detail.csv")
    assert payments(entries) == [("booked", "2013-06-11", "35.00 EUR", "", "TX1", "TestMerchant/payouts")]
    assert lines(entries) == [
        ("3vpzf7", "5.00", "0.12", "sale"),
        ("324959451", "-349.99", "7.50", "chargeback"),
        ("INV-77", "400.00", "10.00", "sale"),
        ("", "-2.39", "", "fee"),
    ]
    assert codes(entries) == []


def test_paypals_activity_download() -> None:
    entries = read(paypal.read, FORMATS / "paypal" / "activity.csv")
    day, shop = "2025-01-31", "shop@example.com"
    assert payments(entries) == [
        ("booked", day, "1234.50 EUR", "receipt", "1AB23456CD7890123", shop),
        ("booked", day, "-34.50 EUR", "refund", "2AB23456CD7890123", shop),
        ("informational", day, "10.00 EUR", "", "3AB23456CD7890123", shop),
        ("booked", day, "-1000.00 EUR", "transfer", "4AB23456CD7890123", shop),
    ]
    assert lines(entries) == [
        ("INV-2025-0001", "1234.50", "", "sale"),
        ("", "-31.21", "", "fee"),
        ("", "-34.50", "", "refund"),
        ("", "0.81", "", "fee"),
    ]


def test_paypals_transaction_detail_report() -> None:
    entries = read(paypal.read, FORMATS / "paypal" / "transaction_detail.csv")
    assert payments(entries) == [
        ("booked", "2025-01-31", "100.50 USD", "receipt", "1AB", "MERCH123"),
        ("booked", "2025-01-31", "-0.50 USD", "refund", "2AB", "MERCH123"),
    ]
    assert lines(entries) == [
        ("INV-9", "100.50", "", "sale"),
        ("", "-3.22", "", "fee"),
        ("", "-0.50", "", "refund"),
        ("", "0.02", "", "fee"),
    ]


def test_an_820_of_x12() -> None:
    entries = read(edi820.read, FORMATS / "edi820" / "advice.edi")
    assert payments(entries) == [("informational", "2025-02-03", "1939.00 USD", "", "", "")]
    assert lines(entries) == [
        ("INV-1001 PO-55", "1000.00", "20.00", ""),
        ("INV-1002", "1019.00", "50.00", ""),
        ("CM-9", "-10.00", "", ""),
    ]
    assert {one.payment_reference for one in entries if isinstance(one, RemittanceEntry)} == {"TRACE77"}
    assert codes(entries) == []


def test_a_remittance_advice_of_iso_20022() -> None:
    entries = read(remt.read, FORMATS / "remt" / "advice.xml")
    assert payments(entries) == [("informational", "2025-02-01", "90.00 EUR", "", "", "")]
    assert lines(entries) == [("INV-1", "98.00", "2.00", ""), ("CN-1", "-8.00", "", "")]
    assert {one.payment_reference for one in entries if isinstance(one, RemittanceEntry)} == {"E2E-9"}


def test_a_remittance_advice_as_csv() -> None:
    entries = read(titled_csv.read_remittance, FORMATS / "remittance_csv" / "advice.csv")
    assert lines(entries) == [("INV-1", "1000.00", "20.00", ""), ("INV-2", "500.00", "50.00", "")]


def test_invoices_as_csv() -> None:
    entries = read(titled_csv.read_invoices, FORMATS / "invoice_csv" / "invoices.csv")
    told = [shown(one) for one in entries if isinstance(one, InvoiceEntry)]
    both = {
        "customer_id": "Acme GmbH",
        "customer_name": "Acme GmbH",
        "currency": "EUR",
        "due_date": "2025-02-03",
    }
    assert told == [
        {**both, "invoice_id": "INV-1", "invoice_number": "INV-1", "type": "invoice", "amount": "1234.50",
         "open_amount": "34.50", "issue_date": "2025-01-25", "status": "open"},
        {**both, "invoice_id": "INV-2", "invoice_number": "INV-2", "type": "credit_memo", "amount": "100.00",
         "open_amount": "100.00", "issue_date": "2025-01-05", "status": "settled"},
    ]  # fmt: skip
