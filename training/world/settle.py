"""Who pays what when: groups each payer's items by its habits and gives every group a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.dice import Wheel
from training.world.invoices import add_months, business_day
from training.world.plans import PLANS

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer, Item

_MOST_ITEMS = 40


def settle_all(desk: Desk, items: list[Item], customers: list[Customer]) -> None:
    """Plan every customer's items, children together with the parent that pays for them."""
    by_payer: dict[int, list[Item]] = {}
    for item in items:
        customer = item.customer
        payer = customer.parent if customer.parent_pays else customer.index
        by_payer.setdefault(payer, []).append(item)
    wheel = Wheel({name: share for name, share in desk.mix.cases.items() if name in PLANS})
    for payer in sorted(by_payer):
        customer = customers[payer]
        if customer.channel == "card":
            continue
        owed = [item for item in by_payer[payer] if item.type != "credit_memo" and not item.planned]
        for day, group in _groups(desk, customer, owed):
            for item in group:
                item.planned = True
            PLANS[wheel.spin(desk.dice)](desk, customer, group, day)


def _groups(desk: Desk, customer: Customer, owed: list[Item]) -> list[tuple[int, list[Item]]]:
    """(payment day, items) in the order of payment."""
    dice = desk.dice
    keyed: dict[tuple[str, int, int], list[Item]] = {}
    for item in owed:
        day = pay_day(desk, customer, item)
        match customer.mode:
            case "monthly":
                day = _run_of_month(day, customer.run_day)
                key = 0
            case "run":
                day += (customer.run_day - day) % 7
                key = 0
            case _:
                key = 0 if dice.chance(0.12) else item.place + 1
        keyed.setdefault((item.currency, day, key), []).append(item)
    groups: list[tuple[int, list[Item]]] = []
    for (_, day, _), items in keyed.items():
        groups += [(day, items[place : place + _MOST_ITEMS]) for place in range(0, len(items), _MOST_ITEMS)]
    groups.sort(key=lambda group: (group[0], group[1][0].place))
    return groups


def pay_day(desk: Desk, customer: Customer, item: Item) -> int:
    """When the customer would pay this item if it came alone."""
    if customer.channel == "debit":
        return business_day(max(item.due, item.issued + 2))
    delay = round(customer.delay + customer.spread * desk.dice.normal())
    return business_day(max(item.issued + 1, item.due + delay))


def _run_of_month(day: int, run_day: int) -> int:
    this_month = add_months(day, 0, run_day)
    return business_day(this_month if this_month >= day else add_months(day, 1, run_day))
