"""What gateways tell beyond the samples: statuses, contradictions, hostile JSON, and mappings in data."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from features.ingest import adyen_settlement, gateway_json, paypal, stripe_report
from features.ingest.entry import Entry, EntryStatus, PaymentEntry, RemittanceEntry
from features.ingest.gateway import NoMovementError, from_units
from features.ingest.limits import DEFAULT, Limits
from features.ingest.mapping import FieldMap, MappingError, checked, load_mapping
from features.ingest.problems import HostileFileError, LimitError, Problem, UnusableFileError
from features.ingest.source import Source
from receivables.money import TooManyDecimalsError

NOON = 1_738_324_800


def read_json(value: object) -> list[Entry | Problem]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(gateway_json.read(Source.of_bytes(data, "events.json"), DEFAULT))


def only(entries: list[Entry | Problem]) -> PaymentEntry:
    found = [one for one in entries if isinstance(one, PaymentEntry)]
    assert len(found) == 1
    return found[0]


def charge(**told: object) -> dict[str, Any]:
    fixed = {"object": "charge", "id": "ch_1", "amount": 1000, "currency": "eur", "created": NOON}
    return {**fixed, "status": "succeeded", "captured": True, **told}


@pytest.mark.parametrize(
    ("told", "status", "amount"),
    [
        ({}, EntryStatus.BOOKED, 1000),
        ({"amount_captured": 600}, EntryStatus.BOOKED, 600),
        ({"captured": False, "amount_captured": 0}, EntryStatus.PENDING, 1000),
        ({"status": "pending"}, EntryStatus.PENDING, 1000),
        ({"status": "failed"}, EntryStatus.INFORMATIONAL, 1000),
        ({"status": "something new"}, EntryStatus.INFORMATIONAL, 1000),
    ],
)
def test_only_captured_money_of_a_charge_is_a_payment(
    told: dict[str, Any], status: EntryStatus, amount: int
) -> None:
    one = only(read_json(charge(**told)))
    assert (one.status, one.amount_minor) == (status, amount)


def test_refunds_inside_a_charge_are_payments_of_their_own() -> None:
    refund = {"object": "refund", "id": "re_1", "amount": 300, "currency": "eur", "created": NOON}
    refunds = {"object": "list", "data": [{**refund, "status": "succeeded", "charge": "ch_1"}]}
    entries = read_json(charge(refunds=refunds))
    told = [
        (one.amount_minor, one.kind, one.related_reference)
        for one in entries
        if isinstance(one, PaymentEntry)
    ]
    assert told == [(1000, "receipt", ""), (-300, "refund", "ch_1")]


def test_the_charge_tells_most_whatever_comes_first() -> None:
    balance = {"object": "balance_transaction", "id": "txn_1", "amount": 1000, "fee": 45, "currency": "eur"}
    balance |= {"created": NOON, "type": "charge", "source": "ch_1", "status": "available"}
    intent = charge(object="payment_intent", id="pi_1", latest_charge="ch_1", amount_received=1000)
    full = charge(billing_details={"name": "Acme"}, balance_transaction="txn_1")
    entries = read_json([balance, intent, full])
    assert only(entries).payer_name == "Acme"
    assert [one.amount_minor for one in entries if isinstance(one, RemittanceEntry)] == [1000, -45]


def test_a_balance_transaction_with_its_charge_in_another_currency() -> None:
    balance = {"object": "balance_transaction", "id": "txn_1", "amount": 920, "fee": 30, "currency": "eur"}
    balance |= {"created": NOON, "type": "charge", "status": "available", "reporting_category": "charge"}
    told = charge(currency="usd", amount=1000, customer={"object": "customer", "id": "cus_1", "name": "Acme"})
    one = only(read_json({**balance, "source": told}))
    assert (one.amount_minor, one.original_amount_minor, one.original_currency) == (920, 1000, "USD")
    assert (one.payer_name, one.customer_id, one.bank_reference) == ("Acme", "cus_1", "ch_1")
    undone = {**balance, "amount": -200, "source": "ch_1", "reporting_category": "partial_capture_reversal"}
    both = read_json([{**balance, "source": "ch_1"}, undone])
    references = [item.bank_reference for item in both if isinstance(item, PaymentEntry)]
    assert references == ["ch_1", "ch_1/partial_capture_reversal"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("needs_response", EntryStatus.BOOKED),
        ("lost", EntryStatus.BOOKED),
        ("won", EntryStatus.INFORMATIONAL),
        ("warning_under_review", EntryStatus.INFORMATIONAL),
    ],
)
def test_an_inquiry_moves_no_money(state: str, status: EntryStatus) -> None:
    one = only(read_json({**charge(object="dispute", id="dp_1", status=state), "charge": "ch_9"}))
    assert (one.status, one.amount_minor, one.kind) == (status, -1000, "chargeback")


def test_a_payout_whose_transactions_do_not_add_up_is_told() -> None:
    part = {
        "object": "balance_transaction",
        "id": "txn",
        "amount": 900,
        "fee": 0,
        "currency": "eur",
        "created": NOON,
    }
    held = {"object": "list", "data": [{**part, "type": "charge", "source": "ch_1", "status": "available"}]}
    entries = read_json(charge(object="payout", id="po_1", status="paid", balance_transactions=held))
    assert [one.code for one in entries if isinstance(one, Problem)] == ["total_differs"]


@pytest.mark.parametrize(
    "value", [{"amount": "10.00"}, {"amount": 1.5}, {"amount": True}, {"amount": None}, {"created": "x"}]
)
def test_a_value_of_the_wrong_kind_is_a_problem(value: dict[str, Any]) -> None:
    entries = read_json(charge(**value))
    assert len(entries) == 1
    assert isinstance(entries[0], Problem)


def test_an_amount_that_no_money_can_be_is_a_problem() -> None:
    assert isinstance(read_json(charge(amount=10**17))[0], Problem)
    assert isinstance(read_json(charge(currency="isk", amount=550))[0], Problem)
    with pytest.raises(TooManyDecimalsError):
        from_units(550, 2, "ISK")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b'{"a": 1, "a": 2}', HostileFileError),
        (b'{"a": NaN}', HostileFileError),
        (b'{"a": ' + b"9" * 5_000 + b"}", HostileFileError),
        (b"[" * 100_000 + b"]" * 100_000, HostileFileError),
        (b'{"a": 1e999999999}', HostileFileError),
        (b'{"a": "\xff"}', UnusableFileError),
        (b'{"a": ', UnusableFileError),
        (b"{}", UnusableFileError),
        (b"[]", UnusableFileError),
        (b'{"object": "account", "id": "acct_1"}', NoMovementError),
        (b'{"error": {"type": "invalid_request_error", "doc_url": "x"}}', NoMovementError),
        (b'{"pspReference": "1", "resultCode": "Authorised"}', NoMovementError),
    ],
)
def test_json_that_tells_of_no_money_or_is_hostile_is_refused(
    data: bytes, error: type[UnusableFileError]
) -> None:
    with pytest.raises(error):
        read_json(data)


def test_json_of_one_event_a_line_and_json_that_is_too_large() -> None:
    lines = b"\n".join(json.dumps(charge(id=f"ch_{number}")).encode() for number in range(3))
    assert len(read_json(lines)) == 3
    with pytest.raises(LimitError):
        list(gateway_json.read(Source.of_bytes(lines, "x"), Limits(document_bytes=5)))


def test_a_booked_transfer_of_adyens_balance_platform() -> None:
    account = {"accountHolder": {"fullName": "Acme"}, "accountIdentification": {"iban": "NL1"}}
    transfer = {
        "id": "48POO45",
        "category": "bank",
        "direction": "incoming",
        "status": "booked",
        "reference": "E2E-1",
        "description": "INV-7",
        "creationDate": "2025-01-31T10:00:00+01:00",
        "amount": {"currency": "EUR", "value": 500},
        "counterparty": {"bankAccount": account},
    }
    one = only(read_json({"type": "balancePlatform.transfer.updated", "data": transfer}))
    assert (one.amount_minor, one.payer_name, one.payer_account, one.remittance) == (
        500,
        "Acme",
        "NL1",
        "INV-7",
    )
    assert only(read_json({**transfer, "status": "authorised"})).status is EntryStatus.PENDING
    assert only(read_json({**transfer, "direction": "outgoing"})).amount_minor == -500


def rows(reader: ModuleType, text: str) -> list[Entry | Problem]:
    source = Source.of_bytes(text.encode(), "report.csv")
    assert reader.detect(source.head(), source)
    return list(reader.read(source, DEFAULT))


ADYEN = "Merchant Account,Psp Reference,Type,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),"
ADYEN += "Batch Number,Creation Date,TimeZone\n"


def test_a_settlement_without_a_payout_and_one_that_differs() -> None:
    told = rows(adyen_settlement, ADYEN + "Shop,P1,Settled,EUR,,9.90,0.10,7,2025-01-31 10:00:00,CET\n")
    assert [one.code for one in told if isinstance(one, Problem)] == ["no_payout"]
    wrong = ADYEN + "Shop,P1,Settled,EUR,,9.90,0.10,7,2025-01-31 10:00:00,CET\n"
    wrong += "Shop,,MerchantPayout,EUR,9.00,,,7,2025-02-01 10:00:00,XYZ\n"
    entries = rows(adyen_settlement, wrong)
    assert [one.code for one in entries if isinstance(one, Problem)] == ["total_differs"]
    assert only(entries).received_at is None  # of a zone without a known offset


STRIPE = "reporting_category,source_id,gross,fee,net,currency,created_utc,automatic_payout_id\n"


def test_rows_of_a_report_that_contradict_themselves_are_set_aside() -> None:
    good = "charge,ch_1,10.00,0.30,9.70,eur,2025-01-31 10:00:00,po_1\n"
    bad = "charge,ch_2,10.00,0.30,9.00,eur,2025-01-31 10:00:00,po_1\n"
    dollars = "charge,ch_3,1.00,0.00,1.00,usd,2025-01-31 10:00:00,po_1\n"
    other = good.replace("po_1", "po_2")
    entries = rows(stripe_report, STRIPE + good + bad + dollars + other)
    # what po_1 paid out is not known, so it is no payment
    assert [(one.bank_reference, one.amount_minor) for one in entries if isinstance(one, PaymentEntry)] == [
        ("po_2", 970)
    ]
    told = [(one.position, one.code) for one in entries if isinstance(one, Problem)]
    assert told == [("line 3", "bad_row"), ("line 4", "bad_row"), ("line 4", "incomplete_payout")]


def test_an_open_quotation_mark_costs_one_row() -> None:
    good = "charge,ch_{0},1{0}.00,0.00,1{0}.00,eur,2025-01-31 10:00:00,\n"
    text = (
        STRIPE + good.format(1) + 'charge,"ch_2,10.00,0.30,9.70,eur,2025-01-31 10:00:00,\n' + good.format(3)
    )
    entries = rows(stripe_report, text)
    assert [one.bank_reference for one in entries if isinstance(one, PaymentEntry)] == ["ch_1", "ch_3"]
    assert len([one for one in entries if isinstance(one, Problem)]) == 1


def test_a_german_download_of_paypal() -> None:
    text = "Datum;Uhrzeit;Zeitzone;Name;Typ;Status;Währung;Brutto;Gebühr;Netto;Transaktionscode\n"
    text += "31.01.2025;10:00:00;CET;Max;Website-Zahlung;Abgeschlossen;EUR;1.234,50;-31,21;1.203,29;X1\n"
    entries = rows(paypal, text)
    one = only(entries)
    assert (one.amount_minor, one.booking_date, one.kind) == (123450, date(2025, 1, 31), "receipt")
    assert [line.amount_minor for line in entries if isinstance(line, RemittanceEntry)] == [123450, -3121]


def test_dates_of_paypal_that_nobody_can_tell_are_problems() -> None:
    head = "Date,Type,Status,Currency,Gross,Fee,Net,Transaction ID\n"
    row = "{},Payment,Completed,EUR,10.00,0.00,10.00,{}\n"
    entries = rows(paypal, head + row.format("03/04/2025", "A"))
    assert [one.code for one in entries if isinstance(one, Problem)] == ["ambiguous_date"]
    clear = rows(paypal, head + row.format("03/04/2025", "A") + row.format("03/25/2025", "B"))
    days = [one.booking_date for one in clear if isinstance(one, PaymentEntry)]
    assert days == [date(2025, 3, 4), date(2025, 3, 25)]


MAPPING: dict[str, Any] = {
    "name": "acme-pay",
    "format": "json",
    "rows": "data.items",
    "units": "minor",
    "dates": "epoch",
    "fields": {"amount": "amount", "currency": "=EUR", "booking_date": "created", "bank_reference": "id",
               "fee": "fee", "remittance": "meta.order", "status": "state", "kind": "type"},
    "words": {"status": {"paid": "booked"}, "kind": {"sale": "receipt"}},
}  # fmt: skip


def test_a_mapping_reads_json_of_another_gateway() -> None:
    row = {
        "amount": 1050,
        "created": NOON,
        "id": "x1",
        "meta": {"order": "INV-7"},
        "fee": 30,
        "state": "paid",
        "type": "sale",
    }
    data = json.dumps(
        {"data": {"items": [row, {**row, "id": "x2", "state": "lost"}, {"amount": "z"}]}}
    ).encode()
    source = Source.of_bytes(data, "a.json")
    mapping = checked(MAPPING, "m.toml")
    assert mapping.matches(source.head())
    entries = list(mapping.read(source, DEFAULT))
    told = [one for one in entries if isinstance(one, PaymentEntry)]
    assert [(one.amount_minor, one.status.value, one.kind) for one in told] == [
        (1050, "booked", "receipt"),
        (1050, "informational", "receipt"),
    ]
    assert told[0].remittance == "INV-7"
    assert [one.amount_minor for one in entries if isinstance(one, RemittanceEntry)] == [1050, -30]
    assert [one.position for one in entries if isinstance(one, Problem)] == ["data.items[2]"]


def test_a_mapping_reads_csv(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(
        'format = "csv"\ndates = "day"\nmark = ","\n[fields]\namount = "Betrag"\ncurrency = "Währung"\n'
        'booking_date = "Tag"\npayer_name = "Name"\n',
        "utf-8",
    )
    mapping = load_mapping(path)
    source = Source.of_bytes("Tag;Betrag;Währung;Name\n03.04.2025;1.234,50;eur;Acme\n".encode(), "x.csv")
    assert mapping.matches(source.head())
    one = only(list(mapping.read(source, DEFAULT)))
    assert (one.amount_minor, one.booking_date, one.payer_name) == (123450, date(2025, 4, 3), "Acme")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "xml"}, "format"),
        ({"strange": 1}, "strange"),
        ({"dates": "moon"}, "dates"),
        ({"fields": {"amount": "a"}}, "currency"),
        ({"fields": {**MAPPING["fields"], "colour": "c"}}, "colour"),
        ({"fields": 7}, "fields"),
        ({"words": {"status": {"paid": "done"}}}, "done"),
        ({"words": {"kind": {"sale": "gift"}}}, "gift"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(MappingError, match=said):
        checked({**MAPPING, **change}, "m.toml")


def test_a_mapping_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    with pytest.raises(MappingError):
        load_mapping(path)
    path.write_text("= [", "utf-8")
    with pytest.raises(MappingError):
        load_mapping(path)
    assert isinstance(checked(MAPPING, "m"), FieldMap)
