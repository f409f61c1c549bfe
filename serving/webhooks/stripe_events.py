"""Stripe's events as rows of `payments`: charges, refunds, disputes and payouts; others say nothing here.

A narrow port: it takes what an event's object says about money and leaves matching to matching. A charge
keeps Stripe's id, so that the same charge told twice, or in a report, is one payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from serving.problems import InvalidRequestError

__all__ = ["UnreadableEventError", "rows_of_event"]

_NO_DECIMALS: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
_THREE_DECIMALS: Final = frozenset("BHD JOD KWD OMR TND".split())
_MOST_UNITS: Final = 10**15
_KINDS: Final = {
    "charge.succeeded": "receipt",
    "charge.captured": "receipt",
    "refund.created": "refund",
    "charge.dispute.funds_withdrawn": "chargeback",
    "charge.dispute.funds_reinstated": "representment",
    "payout.paid": "transfer",
}
_REFERENCES: Final = ("order", "invoice", "reference", "booking", "contract")


class UnreadableEventError(InvalidRequestError):
    """The event lacks what a payment needs."""

    code = "unreadable_event"
    mend = "Send the event as Stripe made it: its object with id, amount, currency and created."


def rows_of_event(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the payments that an event tells of; raises `UnreadableEventError`."""
    kind = _KINDS.get(str(event.get("type")))
    if kind is None:
        return []
    data = event.get("data")
    one = data.get("object") if isinstance(data, Mapping) else None
    if not isinstance(one, Mapping):
        raise UnreadableEventError
    if kind == "receipt" and one.get("captured") is False:
        return []
    return [_row(kind, one)]


def _row(kind: str, one: Mapping[str, Any]) -> dict[str, Any]:
    currency = str(one.get("currency") or "").upper()
    billing = one.get("billing_details")
    payer = billing.get("name") if isinstance(billing, Mapping) else None
    related = one.get("charge") if kind != "receipt" else None
    name = str(one.get("id") or "")
    if kind == "representment":
        name = f"{name}/reinstated"
    units = _units(one, "amount_captured" if kind == "receipt" and "amount_captured" in one else "amount")
    row = {
        "payment_id": name or None,
        "booking_date": _created(one).date().isoformat(),
        "received_at": _created(one).isoformat().replace("+00:00", "Z"),
        "currency": currency,
        "amount": _major(-units if kind in ("refund", "chargeback", "transfer") else units, currency),
        "kind": kind,
        "payer_name": payer if isinstance(payer, str) else None,
        "remittance": _said(one),
        "related_payment_id": related if isinstance(related, str) else None,
        "end_to_end_id": one.get("payment_intent") if isinstance(one.get("payment_intent"), str) else None,
        "source": "stripe",
    }
    return {name: value for name, value in row.items() if value is not None}


def _units(one: Mapping[str, Any], field: str) -> int:
    units = one.get(field)
    if not isinstance(units, int) or isinstance(units, bool) or abs(units) > _MOST_UNITS:
        raise UnreadableEventError
    return units


def _created(one: Mapping[str, Any]) -> datetime:
    stamp = one.get("created")
    if not isinstance(stamp, int) or isinstance(stamp, bool) or not 0 < stamp < 253_402_300_800:
        raise UnreadableEventError
    return datetime.fromtimestamp(stamp, UTC)


def _major(units: int, currency: str) -> str:
    digits = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return format(Decimal(units).scaleb(-digits), "f")


def _said(one: Mapping[str, Any]) -> str | None:
    """Gather what may name an invoice: description, references in the metadata, the invoice."""
    metadata = one.get("metadata")
    named = metadata if isinstance(metadata, Mapping) else {}
    parts = [one.get("description"), one.get("invoice")]
    parts += [
        value for key, value in sorted(named.items()) if any(word in key.lower() for word in _REFERENCES)
    ]
    return " ".join(dict.fromkeys(part for part in parts if isinstance(part, str) and part)) or None
