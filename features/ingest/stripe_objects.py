"""Stripe's objects: which of them move money, and what each says as a payment.

Amounts are in Stripe's own smallest unit. A charge and the balance transaction, payment intent and events
that tell of it carry one reference, the charge's id, so that they are one payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, RemittanceEntry
from features.ingest.gateway import FEE_REASON, from_units, gross_and_fee, instant_of
from features.ingest.json_document import Json, JsonObject, id_in, integer_of, object_at, text_of
from features.ingest.problems import Problem
from receivables.money import MoneyError

SOURCE: Final = "stripe"
PAYOUTS: Final = "stripe/payouts"
"""The account that payouts arrive on, where it is not named: not the balance at Stripe that they leave."""
_NO_DECIMALS: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
_THREE_DECIMALS: Final = frozenset("BHD JOD KWD OMR TND".split())
"""Stripe's currencies without and with three decimals; all others, ISK and UGX among them, have two."""

_NOT_YET: Final = frozenset({"pending", "in_transit", "processing", "requires_capture", "requires_action"})
_DONE: Final = frozenset({"succeeded", "paid", "available"})
_INQUIRIES: Final = ("warning_", "prevented")
_REFERENCE_KEYS: Final = ("order", "invoice", "reference", "booking", "contract")
_CATEGORY_KINDS: Final = {
    "charge": "receipt",
    "payment": "receipt",
    "refund": "refund",
    "partial_capture_reversal": "refund",
    "payment_refund": "refund",
    "charge_failure": "return",
    "payment_failure_refund": "return",
    "refund_failure": "other",
    "dispute": "chargeback",
    "dispute_reversal": "representment",
    "payout": "transfer",
    "payout_reversal": "transfer",
    "payout_failure": "transfer",
    "payout_cancel": "transfer",
    "transfer": "transfer",
    "transfer_reversal": "transfer",
    "topup": "transfer",
    "topup_reversal": "transfer",
}


_FIRST_MOVES: Final = frozenset("charge payment refund payment_refund dispute payout transfer topup".split())
"""Categories under which a source moves money for the first time."""


class UnreadableObjectError(Exception):
    """A value of an object that a payment needs cannot be read."""

    def __init__(self, field: str, code: str, raw: Json) -> None:
        super().__init__(field)
        self.field, self.code, self.raw = field, code, raw


def digits_of(currency: str) -> int:
    """Say how many decimals Stripe's smallest unit of a currency has."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def kind_of(category: str) -> str:
    """Give the contract's word for a type or reporting category of a balance transaction."""
    return _CATEGORY_KINDS.get(category, "other")


def read_object(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    """Give what an object of a kind in `READERS` says; whatever cannot be read becomes a problem."""
    yield from _safely(READERS[text_of(one.get("object"))](one, place), one, place)


def _safely(entries: Iterator[Entry | Problem], one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    try:
        yield from entries
    except UnreadableObjectError as error:
        yield Problem.at(place, error.field, error.code, text_of(error.raw))
    except MoneyError as error:
        raw = f"{text_of(one.get('amount'))} {text_of(one.get('currency'))}"
        yield Problem.at(place, "amount", error.code, raw, message=error.message, mend=error.mend)


def _charge(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    units = _units(one, "amount")
    status = _status(one)
    if status is EntryStatus.BOOKED and one.get("captured") is False:
        status = EntryStatus.PENDING
    elif (captured := integer_of(one.get("amount_captured"))) and captured < units:
        units = captured
    payment = replace(_payment(one, place, units, status), kind="receipt")
    yield payment
    balance = object_at(one, "balance_transaction")
    invoice = id_in(one.get("invoice"))
    if status is EntryStatus.BOOKED and (balance or invoice):
        fee = _fee_in(balance, payment.currency)
        yield from gross_and_fee(payment, fee, invoice or payment.bank_reference)
    for number, refund in enumerate(object_at(one, "refunds").get("data") or ()):
        if isinstance(refund, dict) and refund.get("object") == "refund":
            yield from _refund(refund, replace(place, position=f"{place.position}/refunds[{number}]"))


def _payment_intent(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    charge = one.get("latest_charge")
    if isinstance(charge, dict) and charge.get("object") == "charge":
        yield from _charge(charge, place)
        return
    status = _status(one)
    received = integer_of(one.get("amount_received"))
    units = received if status is EntryStatus.BOOKED and received is not None else _units(one, "amount")
    payment = _payment(one, place, units, status)
    yield replace(payment, kind="receipt", bank_reference=id_in(charge) or payment.bank_reference)


def _refund(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    payment = _payment(one, place, -_units(one, "amount"), _status(one))
    related = id_in(one.get("charge")) or id_in(one.get("payment_intent"))
    reason = text_of(one.get("reason")) or text_of(one.get("failure_reason"))
    yield replace(payment, kind="refund", related_reference=related, return_reason=reason)


def _dispute(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    """Give the money that a dispute moved: its balance transactions, else its amount while it is not won."""
    related = id_in(one.get("charge"))
    reason = text_of(one.get("reason"))
    moved = [entry for entry in one.get("balance_transactions") or () if isinstance(entry, dict)]
    dispute = id_in(one)
    if moved:
        for number, entry in enumerate(moved):
            at = replace(place, position=f"{place.position}/balance_transactions[{number}]")
            for made in _balance_transaction({**entry, "source": dispute}, at):
                if isinstance(made, PaymentEntry):
                    yield replace(made, related_reference=related, return_reason=reason)
                else:
                    yield made
        return
    state = text_of(one.get("status"))
    is_moved = not state.startswith(_INQUIRIES) and state != "won"
    status = EntryStatus.BOOKED if is_moved else EntryStatus.INFORMATIONAL
    payment = _payment(one, place, -_units(one, "amount"), status)
    yield replace(payment, kind="chargeback", related_reference=related, return_reason=reason)


def _balance_transaction(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    source = one.get("source")
    category = text_of(one.get("reporting_category")) or text_of(one.get("type"))
    payment = _payment(one, place, _units(one, "amount"), _status(one))
    instant = instant_of(one.get("available_on"))
    payment = replace(
        payment,
        kind=kind_of(category),
        bank_reference=reference_of(id_in(source) or payment.bank_reference, category),
        value_date=None if instant is None else instant.date(),
    )
    if isinstance(source, dict):
        payment = _with_source(payment, source)
    yield payment
    fee = _units(one, "fee") if one.get("fee") is not None else 0
    if fee and payment.status is EntryStatus.BOOKED:
        yield from gross_and_fee(payment, _minor(fee, payment.currency), payment.bank_reference)


def _with_source(payment: PaymentEntry, source: JsonObject) -> PaymentEntry:
    """Add what the charge or refund behind a balance transaction says of its customer and currency."""
    currency = text_of(source.get("currency")).upper()
    units = integer_of(source.get("amount"))
    billing, customer = object_at(source, "billing_details"), source.get("customer")
    named = text_of(customer.get("name")) if isinstance(customer, dict) else ""
    is_converted = bool(currency) and currency != payment.currency and units is not None
    sign = -1 if payment.amount_minor < 0 else 1
    return replace(
        payment,
        payer_name=text_of(billing.get("name")) or named or text_of(billing.get("email")),
        customer_id=id_in(customer),
        remittance=_described(source) or payment.remittance,
        end_to_end_id=id_in(source.get("payment_intent")),
        related_reference=id_in(source.get("charge")),
        original_amount_minor=sign * abs(_minor(units or 0, currency)) if is_converted else None,
        original_currency=currency if is_converted else "",
    )


def reference_of(source: str, category: str) -> str:
    """Name a transaction: a source moves money once, but what undoes or adjusts it has the same source."""
    return source if category in _FIRST_MOVES else f"{source}/{category}"


def _payout(one: JsonObject, place: Lineage) -> Iterator[Entry | Problem]:
    payment = _payment(one, place, _units(one, "amount"), _status(one))
    arrival = instant_of(one.get("arrival_date"))
    trace = object_at(one, "trace_id")
    yield replace(
        payment,
        kind="transfer",
        booking_date=payment.booking_date if arrival is None else arrival.date(),
        value_date=None if arrival is None else arrival.date(),
        end_to_end_id=text_of(trace.get("value")),
        payer_name="Stripe",
        account=id_in(one.get("destination")) or PAYOUTS,
    )


def read_settled(
    one: JsonObject, transactions: list[tuple[JsonObject, Lineage]], place: Lineage
) -> Iterator[Entry | Problem]:
    """Give a payout and, as its lines, the balance transactions that it settles."""
    yield from _safely(_settled(one, transactions, place), one, place)


def _settled(
    one: JsonObject, transactions: list[tuple[JsonObject, Lineage]], place: Lineage
) -> Iterator[Entry | Problem]:
    made = [entry for entry in _payout(one, place) if isinstance(entry, PaymentEntry)]
    lines: list[RemittanceEntry] = []
    for entry, at in transactions:
        try:
            lines.extend(_line(entry, at, made[0]))
        except (UnreadableObjectError, MoneyError):
            yield Problem.at(at, "amount", "bad_amount", text_of(entry.get("amount")))
    yield replace(made[0], kind="") if lines else made[0]
    if made[0].status is not EntryStatus.BOOKED:
        return
    yield from lines
    net = sum((line.amount_minor or 0) - (line.deduction_minor or 0) for line in lines)
    if lines and net != made[0].amount_minor:
        raw = f"payout {made[0].amount_minor}, transactions {net}"
        yield Problem.at(place, "amount", "total_differs", raw)


def _line(one: JsonObject, at: Lineage, payout: PaymentEntry) -> Iterator[RemittanceEntry]:
    """Give a line for a balance transaction; the payout's own is none."""
    category = text_of(one.get("reporting_category")) or text_of(one.get("type"))
    if category == "payout":
        return
    currency = text_of(one.get("currency")).upper()
    source = one.get("source")
    amount = _minor(_units(one, "amount"), currency)
    fee = _minor(_units(one, "fee") if one.get("fee") is not None else 0, currency)
    words = {"receipt": "sale", "refund": "refund", "chargeback": "chargeback", "representment": "chargeback"}
    described = _described(source) if isinstance(source, dict) else ""
    yield RemittanceEntry(
        lineage=at,
        currency=currency,
        payment_position=payout.lineage.position,
        reference=" ".join(filter(None, (described or text_of(one.get("description")), id_in(source)))),
        customer_reference=id_in(source.get("customer")) if isinstance(source, dict) else "",
        amount_minor=amount,
        deduction_minor=fee or None,
        reason=FEE_REASON if fee else category,
        kind=words.get(kind_of(category)) or ("reserve" if "reserve" in category else "fee"),
    )


def _payment(one: JsonObject, place: Lineage, units: int, status: EntryStatus) -> PaymentEntry:
    currency = text_of(one.get("currency")).upper()
    instant = instant_of(one.get("created"))
    if instant is None:
        raise UnreadableObjectError("created", "bad_date", one.get("created"))
    billing = object_at(one, "billing_details")
    customer = one.get("customer")
    customer_name = text_of(customer.get("name")) if isinstance(customer, dict) else ""
    booked: date = instant.date()
    return PaymentEntry(
        amount_minor=_minor(units, currency),
        currency=currency,
        booking_date=booked,
        received_at=instant,
        source=SOURCE,
        lineage=place,
        payer_name=text_of(billing.get("name")) or customer_name or text_of(billing.get("email")),
        customer_id=id_in(customer),
        remittance=_described(one),
        end_to_end_id=id_in(one.get("payment_intent")),
        transaction_code=text_of(one.get("reporting_category")) or text_of(one.get("type")),
        account=SOURCE,
        bank_reference=id_in(one),
        status=status,
    )


def _described(one: JsonObject) -> str:
    """Gather what may name an invoice: description, references in the metadata, statement text."""
    parts = [text_of(one.get("description"))]
    for key, value in sorted(object_at(one, "metadata").items()):
        if any(word in key.lower() for word in _REFERENCE_KEYS):
            parts.append(text_of(value))
    parts += [id_in(one.get("invoice")), text_of(one.get("statement_descriptor"))]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _status(one: JsonObject) -> EntryStatus:
    state = text_of(one.get("status"))
    if state in _DONE:
        return EntryStatus.BOOKED
    return EntryStatus.PENDING if state in _NOT_YET else EntryStatus.INFORMATIONAL


def _units(one: JsonObject, field: str) -> int:
    units = integer_of(one.get(field))
    if units is None:
        code = "missing_value" if one.get(field) is None else "bad_amount"
        raise UnreadableObjectError(field, code, one.get(field))
    return units


def _minor(units: int, currency: str) -> int:
    return from_units(units, digits_of(currency), currency)


def _fee_in(balance: JsonObject, currency: str) -> int:
    """Give the fee of an expanded balance transaction if it is in the currency of the charge."""
    fee = integer_of(balance.get("fee"))
    if not fee or text_of(balance.get("currency")).upper() != currency:
        return 0
    return _minor(fee, currency)


READERS: Final[dict[str, Callable[[JsonObject, Lineage], Iterator[Entry | Problem]]]] = {
    "charge": _charge,
    "payment_intent": _payment_intent,
    "refund": _refund,
    "dispute": _dispute,
    "balance_transaction": _balance_transaction,
    "payout": _payout,
}
UNREAD: Final = frozenset(
    """
    application_fee customer_balance_transaction customer_cash_balance_transaction fee_refund
    issuing.transaction reserve.hold reserve.release source_transaction topup transfer transfer_reversal
    treasury.credit_reversal treasury.debit_reversal treasury.inbound_transfer treasury.outbound_payment
    treasury.outbound_transfer treasury.received_credit treasury.received_debit treasury.transaction
    treasury.transaction_entry
    """.split()
)
"""Objects of Stripe that may move money and are not read."""
