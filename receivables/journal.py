"""Double entry: every business event as one balanced journal entry.

Read `entry_of` from top to bottom: it is the whole rule. Amounts are integer minor units, positive on the
debit side. Every entry sums to zero in each of its currencies; where two currencies meet, `Equity:Conversion`
takes one side in each. A line names the payment, item and customer it is about, so that the balance of an
item is the sum of its lines, and so is what is left of a payment. Nothing is ever changed: what was wrong is
reversed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from receivables.accounts import Account, account_of_write_off
from receivables.errors import TieoutError
from receivables.money import Exact, bounded, convert, exponent
from receivables.words import PaymentKind, WriteOffReason

__all__ = [
    "Applied", "CashMoved", "EntryKind", "Event", "Fee", "Foreign", "Item", "JournalEntry", "Line", "Offset",
    "Payment", "PutOnAccount", "Reversed", "SettledElsewhere", "WithholdingProven", "entry_of", "reversal_of",
]  # fmt: skip


class JournalError(TieoutError, ValueError):
    """The journal cannot take this event."""

    code = "journal"
    mend = "Correct the event; nothing was booked."


class UnbalancedEntryError(JournalError):
    """The entry does not sum to zero in each currency."""

    code = "unbalanced_entry"


class EmptyEntryError(JournalError):
    """The event moves no money, so there is nothing to book."""

    code = "empty_entry"
    mend = "Leave it out of the journal."


class EntryKind(StrEnum):
    """What sort of business event an entry books."""

    CASH = "cash"
    APPLY = "apply"
    REFUND = "refund"
    RETURN = "return"
    CHARGEBACK = "chargeback"
    REPRESENTMENT = "representment"
    ON_ACCOUNT = "on_account"
    OFFSET = "offset"
    FEE = "fee"
    SETTLED_ELSEWHERE = "settled_elsewhere"
    WITHHOLDING_PROVEN = "withholding_proven"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry: debit positive, credit negative, and what it is about."""

    account: Account
    currency: str
    amount_minor: int
    payment_id: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Balanced lines under the permanent key of their business event."""

    event_key: str
    kind: EntryKind
    description: str
    lines: tuple[Line, ...]
    reverses: str | None = None

    def __post_init__(self) -> None:
        """Refuse an entry without lines, with a line of nothing, or out of balance."""
        if not self.lines:
            raise EmptyEntryError
        totals: defaultdict[str, int] = defaultdict(int)
        for line in self.lines:
            exponent(line.currency)
            if not bounded(line.amount_minor):
                raise EmptyEntryError(f"A line of {self.event_key} on {line.account} is zero.")
            totals[line.currency] += line.amount_minor
        wrong = {currency: total for currency, total in totals.items() if total}
        if wrong:
            raise UnbalancedEntryError(f"The entry {self.event_key} is out of balance by {wrong}.")


# ------------------------------------------------------------------------------------------ what happened


@dataclass(frozen=True, slots=True)
class Payment:
    """The money an event is about: in is positive, out is negative, in minor units of its currency."""

    payment_id: str
    currency: str
    amount_minor: int
    kind: PaymentKind = PaymentKind.RECEIPT
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """The open item an event is about."""

    invoice_id: str
    customer_id: str
    currency: str
    is_credit_memo: bool = False

    @property
    def side(self) -> int:
        """Give 1 where the customer owes us, -1 where we owe the customer."""
        return -1 if self.is_credit_memo else 1


@dataclass(frozen=True, slots=True)
class Foreign:
    """The payment's side of an allocation in another currency.

    `rate` is that of the books for the day: 1 of the payment's currency in the item's. `before_minor` is what
    the same decision converted at this rate before, so that the parts add up to the whole.
    """

    payment_minor: int
    rate: Exact
    before_minor: int = 0


@dataclass(frozen=True, slots=True)
class CashMoved:
    """Money moved on one of our own accounts and belongs into the receivables."""

    payment: Payment

    @property
    def key(self) -> str:
        """Once a payment."""
        return f"cash:{self.payment.payment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One allocation: cash of a payment on one item, with what is given up or withheld beside it.

    Amounts are in the item's currency. `amount_minor` keeps the payment's sign; a write-off is positive when
    it reduces the item. `on_account_minor`: how much of the cash, in the payment's currency, was on account.
    """

    allocation_id: str
    payment: Payment
    item: Item
    amount_minor: int
    write_off_minor: int = 0
    write_off_reason: WriteOffReason = WriteOffReason.OTHER
    withheld_minor: int = 0
    foreign: Foreign | None = None
    on_account_minor: int = 0

    @property
    def key(self) -> str:
        """Once an allocation."""
        return f"apply:{self.allocation_id}"


@dataclass(frozen=True, slots=True)
class PutOnAccount:
    """Cash of a known customer that is on no item: an overpayment, an advance, a payment made twice."""

    decision_id: str
    payment: Payment
    customer_id: str
    amount_minor: int

    @property
    def key(self) -> str:
        """Once a decision."""
        return f"on_account:{self.decision_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Money out that gives back, or takes back, cash of an earlier payment that is on no item.

    `amount_minor` is positive: so much of the earlier payment is gone. Both are in the same currency.
    """

    decision_id: str
    payment: Payment
    related_payment_id: str
    amount_minor: int
    on_account_minor: int = 0
    customer_id: str | None = None

    @property
    def key(self) -> str:
        """Once a decision and earlier payment."""
        return f"offset:{self.decision_id}:{self.related_payment_id}"


@dataclass(frozen=True, slots=True)
class Fee:
    """A charge inside a payment that belongs to no item, such as a chargeback's; positive: it costs us."""

    decision_id: str
    payment: Payment
    amount_minor: int
    is_processor: bool = False

    @property
    def key(self) -> str:
        """Once a decision."""
        return f"fee:{self.decision_id}"


@dataclass(frozen=True, slots=True)
class SettledElsewhere:
    """The billing system told us of a change to an item that we did not make; positive reduces the item."""

    reference: str
    item: Item
    amount_minor: int

    @property
    def key(self) -> str:
        """Once a reference of the billing system."""
        return f"settled_elsewhere:{self.item.invoice_id}:{self.reference}"


@dataclass(frozen=True, slots=True)
class WithholdingProven:
    """The certificate of a withheld tax came: the item is done, and the tax office owes us."""

    certificate: str
    item: Item
    amount_minor: int

    @property
    def key(self) -> str:
        """Once a certificate and item."""
        return f"withholding_proven:{self.item.invoice_id}:{self.certificate}"


@dataclass(frozen=True, slots=True)
class Reversed:
    """An entry is undone by its mirror image."""

    entry_id: str
    entry: JournalEntry
    reason: str = "correction"

    @property
    def key(self) -> str:
        """Once an entry."""
        return f"reverse:{self.entry_id}"


Event: TypeAlias = (
    CashMoved | Applied | PutOnAccount | Offset | Fee | SettledElsewhere | WithholdingProven | Reversed
)
"""Everything the journal knows how to book."""

# ------------------------------------------------------------------------------------------ how it is booked


def entry_of(event: Event) -> JournalEntry:
    """Book one business event."""
    match event:
        case CashMoved(payment):
            lines = _cash(payment, payment.amount_minor)
            return _entry(event, EntryKind.CASH, f"Payment {payment.payment_id}", lines)
        case Applied():
            text = f"Payment {event.payment.payment_id} on {event.item.invoice_id}"
            return _entry(event, _APPLIED[event.payment.kind], text, _applied(event))
        case PutOnAccount(_, payment, customer_id, amount_minor):
            lines = [
                _of_payment(payment, Account.UNAPPLIED, amount_minor),
                _of_payment(payment, Account.ON_ACCOUNT, -amount_minor, customer_id),
            ]
            text = f"Payment {payment.payment_id} on account of {customer_id}"
            return _entry(event, EntryKind.ON_ACCOUNT, text, lines)
        case Offset():
            text = f"Payment {event.payment.payment_id} takes back {event.related_payment_id}"
            return _entry(event, EntryKind.OFFSET, text, _offset(event))
        case Fee(_, payment, amount_minor, is_processor):
            account = Account.PROCESSOR_FEE if is_processor else Account.BANK_FEE
            lines = [
                _of_payment(payment, account, amount_minor),
                _of_payment(payment, Account.UNAPPLIED, -amount_minor),
            ]
            return _entry(event, EntryKind.FEE, f"Fee inside {payment.payment_id}", lines)
        case SettledElsewhere(reference, item, amount_minor):
            owed = amount_minor * item.side
            lines = [_of_item(item, Account.ELSEWHERE, owed), _of_item(item, Account.RECEIVABLE, -owed)]
            text = f"Item {item.invoice_id} settled elsewhere: {reference}"
            return _entry(event, EntryKind.SETTLED_ELSEWHERE, text, lines)
        case WithholdingProven(certificate, item, amount_minor):
            owed = amount_minor * item.side
            lines = [_of_item(item, Account.TAX_CREDIT, owed), _of_item(item, Account.WITHHOLDING, -owed)]
            text = f"Withholding on {item.invoice_id} proven by {certificate}"
            return _entry(event, EntryKind.WITHHOLDING_PROVEN, text, lines)
        case Reversed(entry_id, entry, reason):
            return reversal_of(entry, entry_id, reason)
    assert_never(event)


def reversal_of(entry: JournalEntry, entry_id: str, reason: str = "correction") -> JournalEntry:
    """Make the mirror image of an entry: line by line, the other side."""
    lines = tuple(replace(line, amount_minor=-line.amount_minor) for line in entry.lines)
    text = f"Reversal of {entry.event_key}: {reason}"
    return JournalEntry(f"reverse:{entry_id}", EntryKind.REVERSAL, text, lines, reverses=entry_id)


_APPLIED: Final[dict[PaymentKind, EntryKind]] = {
    PaymentKind.RECEIPT: EntryKind.APPLY,
    PaymentKind.TRANSFER: EntryKind.APPLY,
    PaymentKind.OTHER: EntryKind.APPLY,
    PaymentKind.REFUND: EntryKind.REFUND,
    PaymentKind.RETURN: EntryKind.RETURN,
    PaymentKind.CHARGEBACK: EntryKind.CHARGEBACK,
    PaymentKind.REPRESENTMENT: EntryKind.REPRESENTMENT,
}


def _cash(payment: Payment, amount_minor: int) -> list[Line]:
    """Money in waits as unapplied cash; money out waits on the other side."""
    return [
        _of_payment(payment, Account.CASH, amount_minor),
        _of_payment(payment, Account.UNAPPLIED, -amount_minor),
    ]


def _applied(event: Applied) -> list[Line]:
    """Cash leaves the payment; the item falls by the cash and by what is given up."""
    given_up = event.write_off_minor * event.item.side
    withheld = event.withheld_minor * event.item.side
    reason = account_of_write_off(event.write_off_reason)
    return [
        *_taken(event),
        *_converted(event),
        _of_item(event.item, reason, given_up, event.payment),
        _of_item(event.item, Account.RECEIVABLE, -event.amount_minor - given_up, event.payment),
        _of_item(event.item, Account.RECEIVABLE, -withheld, event.payment),
        _of_item(event.item, Account.WITHHOLDING, withheld, event.payment),
    ]


def _taken(event: Applied) -> list[Line]:
    """Take the cash from where it stands: from on account as far as it is there, then from unapplied cash."""
    cash = event.foreign.payment_minor if event.foreign else event.amount_minor
    on_account = event.on_account_minor
    if on_account and not (0 < on_account <= cash or cash <= on_account < 0):
        raise JournalError(
            f"The allocation {event.allocation_id} takes more from on account than it applies."
        )
    return [
        _of_payment(event.payment, Account.ON_ACCOUNT, on_account, event.item.customer_id),
        _of_payment(event.payment, Account.UNAPPLIED, cash - on_account, event.item.customer_id),
    ]


def _converted(event: Applied) -> list[Line]:
    """Bridge two currencies at the rate of the day, and name what the items differ from it.

    The parts of one payment are rounded so that they add up to the whole amount converted at once; what that
    shifts between parts stands on an account of its own.
    """
    foreign, item = event.foreign, event.item
    if foreign is None:
        if event.payment.currency != item.currency:
            raise JournalError(f"The allocation {event.allocation_id} crosses currencies without a rate.")
        return []
    source, target = event.payment.currency, item.currency
    through = foreign.before_minor + foreign.payment_minor
    worth = convert(foreign.payment_minor, source, target, foreign.rate)
    part = convert(through, source, target, foreign.rate) - convert(
        foreign.before_minor, source, target, foreign.rate
    )
    gain = worth - event.amount_minor
    result = Account.FX_GAIN if gain > 0 else Account.FX_LOSS
    return [
        _of_payment(event.payment, Account.CONVERSION, -foreign.payment_minor),
        _of_item(item, Account.CONVERSION, part, event.payment),
        _of_item(item, result, -gain, event.payment),
        _of_item(item, Account.FX_ROUNDING, worth - part, event.payment),
    ]


def _offset(event: Offset) -> list[Line]:
    """The earlier payment loses what the later one carried out."""
    related = replace(event.payment, payment_id=event.related_payment_id)
    if not 0 <= event.on_account_minor <= event.amount_minor:
        raise JournalError(f"The offset {event.key} takes more from on account than it offsets.")
    return [
        _of_payment(related, Account.ON_ACCOUNT, event.on_account_minor, event.customer_id),
        _of_payment(
            related, Account.UNAPPLIED, event.amount_minor - event.on_account_minor, event.customer_id
        ),
        _of_payment(event.payment, Account.UNAPPLIED, -event.amount_minor, event.customer_id),
    ]


def _of_payment(
    payment: Payment, account: Account, amount_minor: int, customer_id: str | None = None
) -> Line:
    customer = customer_id or payment.customer_id
    return Line(account, payment.currency, amount_minor, payment.payment_id, None, customer)


def _of_item(item: Item, account: Account, amount_minor: int, payment: Payment | None = None) -> Line:
    payment_id = payment.payment_id if payment else None
    return Line(account, item.currency, amount_minor, payment_id, item.invoice_id, item.customer_id)


def _entry(event: Event, kind: EntryKind, description: str, lines: Sequence[Line]) -> JournalEntry:
    """Leave out the lines that move nothing."""
    return JournalEntry(event.key, kind, description, tuple(line for line in lines if line.amount_minor))
