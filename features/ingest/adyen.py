"""Adyen: notifications of payments, and transfers of balance accounts; amounts are in Adyen's minor units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry
from features.ingest.gateway import NoMovementError, Once, from_units, moment
from features.ingest.json_document import Json, JsonObject, integer_of, object_at, shown, text_of
from features.ingest.limits import Limits
from features.ingest.problems import Problem
from features.ingest.source import Source
from receivables.money import BadAmountError, MoneyError, exponent

SOURCE: Final = "adyen"
_DIGITS: Final = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
"""Currencies whose minor unit at Adyen is not that of ISO 4217."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a successful event means for money."""

    sign: int
    kind: str
    status: EntryStatus = EntryStatus.BOOKED


_PENDING: Final = EntryStatus.PENDING
_TOLD: Final = EntryStatus.INFORMATIONAL
EVENTS: Final = {
    # an authorisation is a promise: the money comes with its capture
    "AUTHORISATION": Event(1, "receipt", _PENDING),
    "AUTHORISATION_ADJUSTMENT": Event(1, "receipt", _PENDING),
    "PENDING": Event(1, "receipt", _PENDING),
    "CAPTURE": Event(1, "receipt"),
    "CAPTURE_FAILED": Event(1, "receipt", _TOLD),
    "CANCELLATION": Event(-1, "other", _TOLD),
    "TECHNICAL_CANCEL": Event(-1, "other", _TOLD),
    "EXPIRE": Event(1, "receipt", _TOLD),
    "OFFER_CLOSED": Event(1, "receipt", _TOLD),
    "ORDER_OPENED": Event(1, "receipt", _TOLD),
    "ORDER_CLOSED": Event(1, "receipt", _TOLD),
    "HANDLED_EXTERNALLY": Event(1, "receipt", _TOLD),
    "MANUAL_REVIEW_ACCEPT": Event(1, "receipt", _TOLD),
    "MANUAL_REVIEW_REJECT": Event(1, "receipt", _TOLD),
    "REFUND": Event(-1, "refund"),
    "REFUND_WITH_DATA": Event(-1, "refund"),
    "VOID_PENDING_REFUND": Event(-1, "refund", _TOLD),
    "POSTPONED_REFUND": Event(-1, "refund", _TOLD),
    "REFUND_FAILED": Event(1, "other"),
    "REFUNDED_REVERSED": Event(1, "other"),
    "CHARGEBACK": Event(-1, "chargeback"),
    "SECOND_CHARGEBACK": Event(-1, "chargeback"),
    "CHARGEBACK_REVERSED": Event(1, "representment"),
    "PREARBITRATION_WON": Event(1, "representment"),
    "PREARBITRATION_LOST": Event(-1, "chargeback", _TOLD),
    "NOTIFICATION_OF_CHARGEBACK": Event(-1, "chargeback", _TOLD),
    "NOTIFICATION_OF_FRAUD": Event(-1, "other", _TOLD),
    "REQUEST_FOR_INFORMATION": Event(-1, "other", _TOLD),
    "INFORMATION_SUPPLIED": Event(-1, "other", _TOLD),
    "DISPUTE_DEFENSE_PERIOD_ENDED": Event(-1, "chargeback", _TOLD),
    "ISSUER_RESPONSE_TIMEFRAME_EXPIRED": Event(-1, "chargeback", _TOLD),
    "PAYOUT_THIRDPARTY": Event(-1, "other"),
    "PAIDOUT_REVERSED": Event(1, "other"),
    "PAYOUT_EXPIRE": Event(-1, "other", _TOLD),
    "PAYOUT_DECLINE": Event(-1, "other", _TOLD),
    "REPORT_AVAILABLE": Event(1, "other", _TOLD),
    "RECURRING_CONTRACT": Event(1, "other", _TOLD),
    "DONATION": Event(-1, "other", _TOLD),
}
_REFUNDING: Final = "CANCEL_OR_REFUND"
_ANSWERS: Final = (
    ("errorCode", "an error"),
    ("resultCode", "an answer of the API"),
    ("response", "an answer of the API"),
    ("pspReference", "an answer of the API"),
    ("status", "an answer of the API"),
)
_TRANSFER: Final = "balancePlatform.transfer."


def is_adyen(value: Json) -> bool:
    """Say whether JSON holds notifications or transfers of Adyen, or one of the answers of its API."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return False
    marks = {
        "notificationItems",
        "NotificationRequestItem",
        "pspReference",
        "merchantAccountCode",
        "errorCode",
    }
    return (
        bool(marks & set(first))
        or _is_transfer(first)
        or text_of(first.get("type")).startswith("balancePlatform.")
    )


def read_adyen(value: Json, source: Source, limits: Limits) -> Iterator[Entry | Problem]:  # noqa: ARG001 - read whole already
    """Give the payments of notifications and transfers; refuse the answers of the API."""
    found = list(_items(value, ""))
    if not found:
        first = value[0] if isinstance(value, list) and value else value
        said = next((word for key, word in _ANSWERS if key in object_at(first)), "an answer of the API")
        raise NoMovementError(f"{source.name} is JSON of Adyen and no movement of money: {said}.")
    yield from Once().pass_on(_entries(found, source))


def _entries(found: list[tuple[str, JsonObject]], source: Source) -> Iterator[Entry | Problem]:
    for position, one in found:
        place = source.at(position or "notification", shown(one))
        try:
            yield _transfer(one, place) if _is_transfer(one) else _notification(one, place)
        except MoneyError as error:
            raw = shown(one.get("amount"))
            yield Problem.at(place, "amount", error.code, raw, message=error.message, mend=error.mend)


def _items(value: Json, position: str) -> Iterator[tuple[str, JsonObject]]:
    """Walk to the notifications and transfers."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _items(one, f"{position}[{number}]")
    elif isinstance(value, dict):
        at = f"{position}/" if position else ""
        if "notificationItems" in value:
            yield from _items(value["notificationItems"], f"{at}notificationItems")
        elif "NotificationRequestItem" in value:
            yield from _items(value["NotificationRequestItem"], position)
        elif text_of(value.get("type")).startswith(_TRANSFER) and isinstance(value.get("data"), dict):
            yield f"{at}data", value["data"]
        elif "eventCode" in value or _is_transfer(value):
            yield position, value


def _is_transfer(one: JsonObject) -> bool:
    return {"amount", "direction", "status", "category"} <= set(one)


def _notification(one: JsonObject, place: Lineage) -> PaymentEntry | Problem:
    code = text_of(one.get("eventCode")).upper()
    extra = object_at(one, "additionalData")
    if code == _REFUNDING:
        code = "REFUND" if text_of(extra.get("modification.action")) == "refund" else "CANCELLATION"
    event = EVENTS.get(code)
    if event is None:
        return Problem.at(place, "eventCode", "unsupported_part", code)
    written = text_of(one.get("eventDate"))
    when = moment(written)
    if when is None:
        return Problem.at(place, "eventDate", "bad_date", written)
    is_done = one.get("success") is True or text_of(one.get("success")).lower() == "true"
    amount, currency = _amount(one)
    shopper = object_at(extra, "shopperName") or extra
    return PaymentEntry(
        amount_minor=event.sign * amount,
        currency=currency,
        booking_date=when[0],
        received_at=when[1],
        source=SOURCE,
        lineage=place,
        payer_name=text_of(shopper.get("cardHolderName")) or text_of(extra.get("ownerName")),
        payer_account=text_of(extra.get("iban")),
        customer_id=text_of(extra.get("shopperReference")),
        remittance=text_of(one.get("merchantReference")),
        end_to_end_id=text_of(one.get("originalReference")) or text_of(one.get("pspReference")),
        transaction_code=code,
        account=text_of(one.get("merchantAccountCode")) or SOURCE,
        kind=event.kind,
        related_reference=text_of(one.get("originalReference")) if event.kind != "receipt" else "",
        bank_reference=text_of(one.get("pspReference")),
        status=event.status if is_done else EntryStatus.INFORMATIONAL,
        return_reason=text_of(one.get("reason")) if event.kind == "chargeback" or not is_done else "",
    )


def _transfer(one: JsonObject, place: Lineage) -> PaymentEntry | Problem:
    """Read a transfer of a balance account: only a booked one is a payment."""
    direction = text_of(one.get("direction")).lower()
    if direction not in {"incoming", "outgoing"}:
        return Problem.at(place, "direction", "bad_sign", direction)
    written = (
        text_of(one.get("bookingDate")) or text_of(one.get("creationDate")) or text_of(one.get("updatedAt"))
    )
    when = moment(written)
    state = text_of(one.get("status"))
    amount, currency = _amount(one)
    party = object_at(one, "counterparty", "bankAccount")
    status = EntryStatus.BOOKED if state == "booked" else EntryStatus.PENDING
    if state in {"refused", "cancelled", "failed", "error", "expired"}:
        status = EntryStatus.INFORMATIONAL
    if when is None:
        return Problem.at(place, "creationDate", "bad_date" if written else "missing_value", written)
    return PaymentEntry(
        amount_minor=amount if direction == "incoming" else -amount,
        currency=currency,
        booking_date=when[0],
        received_at=when[1],
        source=SOURCE,
        lineage=place,
        payer_name=text_of(object_at(party, "accountHolder").get("fullName")),
        payer_account=text_of(object_at(party, "accountIdentification").get("iban")),
        remittance=text_of(one.get("description")) or text_of(one.get("referenceForBeneficiary")),
        end_to_end_id=text_of(one.get("reference")),
        transaction_code=text_of(one.get("category")),
        account=text_of(object_at(one, "balanceAccount").get("id"))
        or text_of(one.get("balanceAccountId"))
        or SOURCE,
        bank_reference=text_of(one.get("id")),
        status=status,
    )


def _amount(one: JsonObject) -> tuple[int, str]:
    amount = object_at(one, "amount")
    currency = text_of(amount.get("currency")).upper()
    units = integer_of(amount.get("value"))
    digits = _DIGITS.get(currency, exponent(currency))
    if units is None:
        raise BadAmountError("The amount is no whole number of minor units.")
    return from_units(units, digits, currency), currency
