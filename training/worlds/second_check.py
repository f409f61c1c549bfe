"""What must hold in a finished second world, whatever the seed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from training.worlds.second_types import Invoice, Part, Payment, World


FX_SPREAD = 0.02


class InconsistentWorldError(Exception):
    """The simulated books do not add up; this is an error of the generator."""

    code = "inconsistent_world"


def check(world: World) -> None:
    """Raise unless cash, balances and instants of the world agree."""
    for payment in world.payments:
        _check_payment(payment)
        _check_conversion(world, payment)
    _check_balances(world)


def _fail(payment: Payment, what: str) -> None:
    message = f"{payment.payment_id} ({payment.case}): {what}"
    raise InconsistentWorldError(message)


def _check_payment(payment: Payment) -> None:
    """A payment has parts or a resolution, never applies more than its cash, and is decided after it is known."""
    if bool(payment.parts) == bool(payment.resolution):
        _fail(payment, "needs either allocations or a resolution")
    if payment.received is None or payment.decided is None or payment.decided < payment.received:
        _fail(payment, "was decided before it was received")
    if len({part.invoice for part in payment.parts}) != len(payment.parts):
        _fail(payment, "names an item twice")
    if any(part.amount == 0 for part in payment.parts):
        _fail(payment, "has an empty row")
    if payment.parts and all(part.invoice.currency == payment.currency for part in payment.parts):
        applied = sum(part.amount for part in payment.parts)
        if abs(applied) > abs(payment.amount) or applied * payment.amount < 0:
            _fail(payment, f"applies {applied} of {payment.amount}")
        if payment.amount != applied and payment.case not in {"overpayment", "dunning_fee"}:
            _fail(payment, f"leaves {payment.amount - applied} unnamed")
    if payment.related is not None and payment.related.day > payment.day:
        _fail(payment, "precedes the payment it rests on")


def _check_conversion(world: World, payment: Payment) -> None:
    """Hold a converted payment against the day's rate: within two per cent, small change apart."""
    currency = payment.parts[0].invoice.currency if payment.parts else payment.currency
    if currency != payment.currency:
        applied = sum(part.amount for part in payment.parts)
        fair = world.convert(applied, (currency, payment.currency), payment.day)
        if abs(fair - payment.amount) > fair * FX_SPREAD + 2:
            _fail(
                payment, f"converts {applied} {currency} to {payment.amount} {payment.currency}, not {fair}"
            )


def _check_balances(world: World) -> None:
    """Balances stay between zero and the amount at every decision, and end at the stated open amount."""
    events: defaultdict[Invoice, list[tuple[datetime, int, Payment]]] = defaultdict(list)
    for payment in world.payments:
        rows: list[tuple[Part, datetime, int]] = []
        if payment.decided is None:
            continue
        rows += [(part, payment.decided, 1) for part in payment.parts]
        if payment.wrong_first is not None:
            part, when = payment.wrong_first
            rows += [(part, when, 1), (part, payment.decided, -1)]
        for part, when, sign in rows:
            effect = (part.amount + part.write_off) * sign
            events[part.invoice].append((when, effect, payment))
    for item in world.invoices:
        balance = item.amount if item.kind != "credit_memo" else -item.amount
        for when, effect, payment in sorted(events.get(item, ()), key=lambda event: event[0]):
            known = item.known_at or world.instant(item.issued)
            if when < known:
                _fail(payment, f"was decided before {item.number} was known")
            balance -= effect
            low, high = (-item.amount, 0) if item.kind == "credit_memo" else (0, item.amount)
            if not low <= balance <= high:
                _fail(payment, f"drives {item.number} to {balance} of {item.amount}")
        if abs(balance) != item.open:
            message = f"{item.number} states {item.open} open but {balance} remains"
            raise InconsistentWorldError(message)
