"""Open items of a book: who is billed what and when, numbered in issue order by each issuer."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from receivables.money import percent_of
from training.world.customers import CustomerMaker, converted, draw_amount
from training.world.places import structured_reference
from training.world.records import Customer, Issuer, Item

if TYPE_CHECKING:
    from training.world.dice import Dice
    from training.world.mix import Mix

Event = tuple[int, float, int, int, str]
"""Issue day, a tie-breaking draw, customer index, amount in minor units, document type."""


def add_months(day: int, months: int, day_of_month: int) -> int:
    """The given day of the month, so many months after the month of `day`."""
    base = date.fromordinal(day)
    month = base.month - 1 + months
    return date(base.year + month // 12, month % 12 + 1, min(day_of_month, 28)).toordinal()


def business_day(day: int) -> int:
    """The day itself, or the Monday after a weekend."""
    weekday = (day + 6) % 7
    return day + (7 - weekday if weekday >= 5 else 0)


def make_items(
    count: int, months: int, span: tuple[int, int], mix: Mix, issuers: list[Issuer], dice: Dice, people: Dice
) -> tuple[list[Item], list[Customer]]:
    """So many documents issued from the first day of the span until before its last, and the customers they bill.

    A void document is an invoice issued twice by a retry: the second one is withdrawn at once.
    """
    start, end = span
    maker = CustomerMaker(mix, issuers, people)
    memos, voids = round(count * mix.credit_memo_share), round(count * mix.void_share)
    billed = count - memos - voids
    events = _monthly_events(int(billed * mix.subscription_share), months, start, end, maker, dice)
    events += _irregular_events(billed - len(events), start, end, mix, maker, dice)
    issued_twice = [dice.pick(events) for _ in range(voids)]
    events += _credit_events(memos, end, events, dice)
    events += [(day, tie + 1e-10, index, amount, "void") for day, tie, index, amount, _ in issued_twice]
    events.sort()
    items = _numbered(events, mix, issuers, maker.customers, dice)
    return items, maker.customers


def _monthly_events(
    target: int, months: int, start: int, end: int, maker: CustomerMaker, dice: Dice
) -> list[Event]:
    events: list[Event] = []
    while len(events) < target:
        customer = maker.make(monthly=True)
        first = 0 if dice.chance(0.55) else dice.below(months)
        last = months if dice.chance(0.8) else min(months, first + dice.between(1, months))
        billing_day = dice.pick((1, 1, 1, 1, 15, 28, dice.between(1, 28)))
        raised = dice.between(6, 14) if dice.chance(0.3) else months + 1
        for month in range(first, last):
            day = add_months(start, month, billing_day)
            if not start <= day < end:
                continue
            for price in customer.monthly:
                amount = price if month < raised else price + max(1, price // 20)
                events.append((day, dice.roll(), customer.index, amount, "invoice"))
    return events[:target]


def _irregular_events(
    target: int, start: int, end: int, mix: Mix, maker: CustomerMaker, dice: Dice
) -> list[Event]:
    if target <= 0:
        return []
    buyers = [maker.make(monthly=False) for _ in range(max(2, int(target / mix.items_per_customer)))]
    weights = np.array([math.exp(1.1 * dice.normal()) for _ in buyers])
    edges = np.cumsum(weights / weights.sum())
    events: list[Event] = []
    span = end - start
    while len(events) < target:
        customer = buyers[min(int(np.searchsorted(edges, dice.roll())), len(buyers) - 1)]
        day = min(business_day(start + dice.below(span)), end - 1)
        again = dice.between(2, 6) if dice.chance(mix.burst_share) else 1
        tie = dice.roll()
        for step in range(again):
            if customer.amounts and dice.chance(0.6):
                amount = dice.pick(customer.amounts)
            else:
                amount = draw_amount(customer.scale, customer.currency, dice)
            events.append((day, tie + step * 1e-9, customer.index, amount, "invoice"))
            if dice.chance(mix.twin_share):
                events.append((day, tie + step * 1e-9 + 1e-10, customer.index, amount, "invoice"))
    return events[:target]


def _credit_events(target: int, end: int, events: list[Event], dice: Dice) -> list[Event]:
    memos: list[Event] = []
    while len(memos) < target and events:
        day, _, customer, amount, _ = dice.pick(events)
        later = min(business_day(day + dice.between(2, 40)), end - 1)
        share = 1.0 if dice.chance(0.25) else dice.uniform(0.04, 0.5)
        memos.append((later, dice.roll(), customer, max(1, int(amount * share)), "credit_memo"))
    return memos


def _numbered(
    events: list[Event], mix: Mix, issuers: list[Issuer], customers: list[Customer], dice: Dice
) -> list[Item]:
    items: list[Item] = []
    for place, (day, _, index, amount, kind) in enumerate(events):
        customer = customers[index]
        issuer = issuers[customer.issuer]
        issuer.sequence += 1
        if kind == "invoice" and dice.chance(mix.debit_note_share):
            kind = "debit_note"  # noqa: PLW2901 - the event's type is only a proposal
        currency = customer.currency
        if customer.second_currency and dice.chance(0.3):
            amount = converted(amount, currency, customer.second_currency)  # noqa: PLW2901 - as above
            currency = customer.second_currency
        numberer = issuer.credit_number if kind == "credit_memo" and issuer.credit_number else issuer.number
        number = numberer(day, customer.number, customer.index)
        tax_percent = issuer.home.tax_percent
        item = Item(
            place=place,
            customer=customer,
            issuer=issuer,
            type=kind,
            number=number,
            currency=currency,
            amount=amount,
            tax=amount * tax_percent // (100 + tax_percent),
            issued=day,
            due=day + customer.terms,
            known=day,
            open=amount,
        )
        if kind != "credit_memo":
            if issuer.reference:
                item.reference = structured_reference(
                    issuer.reference, number, customer.number, issuer.sequence
                )
            if customer.orders and dice.chance(0.85):
                item.order = _order_number(customer, dice)
            if customer.discount_percent:
                item.discount_percent = customer.discount_percent
                item.discount_day = day + customer.discount_days
                item.discount_base = amount - item.tax // 3 if dice.chance(0.05) else 0
            if kind == "void":
                item.type, item.status = "invoice", "void"
            elif dice.chance(mix.hold_share):
                item.status = dice.pick(("disputed", "on_hold"))
            elif dice.chance(mix.draft_share):
                item.status = "draft"
            item.planned = item.status != "open"
        items.append(item)
    return items


def _order_number(customer: Customer, dice: Dice) -> str:
    match customer.phrase % 4:
        case 0:
            return f"45{dice.digits(8)}"
        case 1:
            return f"PO-{dice.digits(5)}"
        case 2:
            return f"{dice.letters(2)}{dice.digits(6)}"
        case _:
            return dice.digits(6)


def discount_of(item: Item) -> int:
    """The early-payment discount that the item's terms allow."""
    return percent_of(item.discount_base or item.amount, str(item.discount_percent))
