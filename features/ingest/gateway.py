"""What the payment gateways have in common: minor units of their own, instants, and lines of gross and fee.

A gateway's account is an own account. A charge is a payment of its gross amount; what the gateway keeps
stands in remittance lines. A payout with the transactions it settles is one payment of what arrives, each
transaction a line: gross in `amount`, fee in `deduction`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from features.ingest.entry import Entry, EntryStatus, PaymentEntry, RemittanceEntry
from features.ingest.json_document import Json, integer_of
from features.ingest.problems import Problem, UnsupportedFormatError
from receivables.money import bounded, exponent, to_minor

FEE_REASON: Final = "processing fee"
_FIRST_SECOND: Final = 0
_LAST_SECOND: Final = 253_402_300_799


def from_units(units: int, digits: int, currency: str) -> int:
    """Turn an amount in a gateway's own smallest unit (10^-`digits`) into minor units of ISO 4217."""
    shift = exponent(currency) - digits
    if shift >= 0:
        return bounded(units * 10**shift)
    return to_minor(f"{Decimal(units).scaleb(-digits):f}", currency)


def instant_of(seconds: Json) -> datetime | None:
    """Read seconds since 1970 in UTC."""
    whole = integer_of(seconds)
    if whole is None or not _FIRST_SECOND <= whole <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(whole, UTC)


def moment(text: str) -> tuple[date, datetime] | None:
    """Read an ISO 8601 instant with its offset: the day as written, and the instant in UTC."""
    try:
        read = datetime.fromisoformat(text.strip())
        return None if read.tzinfo is None else (read.date(), read.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


class NoMovementError(UnsupportedFormatError):
    """The file is of a gateway and tells of no movement of money."""

    code = "no_movement"
    mend = "Nothing to do; money is told by notifications, objects of payments and reports of settlements."


@dataclass(slots=True)
class Once:
    """Passes each transaction on once: a gateway tells the same one in several objects of a file."""

    _seen: set[str] = field(default_factory=set)

    def is_new(self, payment: PaymentEntry) -> bool:
        """Say whether this transaction was not passed on before; a pending one does not count."""
        if payment.status is not EntryStatus.BOOKED or not payment.bank_reference:
            return True
        if payment.bank_reference in self._seen:
            return False
        self._seen.add(payment.bank_reference)
        return True

    def pass_on(self, entries: Iterator[Entry | Problem]) -> Iterator[Entry | Problem]:
        """Pass on payments that are new, with their lines, and everything else."""
        dropped: set[str] = set()
        for one in entries:
            if isinstance(one, PaymentEntry) and not self.is_new(one):
                dropped.add(one.lineage.position)
            elif not (isinstance(one, RemittanceEntry) and one.payment_position in dropped):
                yield one


def gross_and_fee(payment: PaymentEntry, fee_minor: int, reference: str) -> Iterator[RemittanceEntry]:
    """Give the lines of a single charge or refund: its gross amount, and what the gateway keeps."""
    place = payment.lineage
    position = place.position
    kind = {"refund": "refund", "chargeback": "chargeback"}.get(payment.kind, "sale")
    yield RemittanceEntry(
        lineage=replace(place, position=f"{position}/gross"),
        currency=payment.currency,
        payment_position=position,
        reference=reference,
        customer_reference=payment.customer_id,
        amount_minor=payment.amount_minor,
        kind=kind,
    )
    if fee_minor:
        yield RemittanceEntry(
            lineage=replace(place, position=f"{position}/fee"),
            currency=payment.currency,
            payment_position=position,
            amount_minor=-fee_minor,
            reason=FEE_REASON,
            kind="fee",
        )
