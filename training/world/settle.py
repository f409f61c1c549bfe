"""Who pays what when: groups each payer's items by its habits and gives every group a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world import memos as credit_plans
from training.world import plans
from training.world.aftermath import follow
from training.world.dice import Wheel
from training.world.invoices import add_months, business_day
from training.world.payouts import settle_cards

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer, Item, Line

_MOST_ITEMS = 40


def settle_all(desk: Desk, items: list[Item], customers: list[Customer]) -> None:
    """Plan every customer's items, children together with the parent that pays for them."""
    by_payer: dict[int, list[Item]] = {}
    for item in items:
        customer = item.customer
        payer = customer.parent if customer.parent_pays else customer.index
        by_payer.setdefault(payer, []).append(item)
    single, group = Wheel(desk.mix.cases), Wheel(desk.mix.group_cases)
    cards = [item for item in items if item.customer.channel == "card"]
    settle_cards(desk, cards)
    for payer in sorted(by_payer):
        customer = customers[payer]
        mine = [item for item in by_payer[payer] if not item.planned]
        for item in mine:
            item.planned = True
        memos: list[Item] = []
        for item in mine:
            if item.type == "credit_memo":
                _plan_memo(desk, customer, item, memos)
        groups = _groups(desk, customer, [item for item in mine if item.type != "credit_memo"])
        for day, owed in groups:
            wheel = single if len(owed) == 1 else group
            line = _settle(desk, customer, owed, day, memos, wheel)
            if line is not None and line.rows:
                follow(desk, customer, line)


def _plan_memo(desk: Desk, customer: Customer, memo: Item, to_net: list[Item]) -> None:
    """Net the credit memo in a coming payment, refund it, or leave it open."""
    roll = desk.dice.roll()
    if roll < desk.mix.credit_netted:
        to_net.append(memo)
    elif roll < desk.mix.credit_netted + desk.mix.credit_refunded:
        credit_plans.refund(desk, customer, memo)


def _settle(
    desk: Desk, customer: Customer, owed: list[Item], day: int, memos: list[Item], wheel: Wheel
) -> Line | None:
    """Habits first, chance second."""
    dice = desk.dice
    if memos and dice.chance(0.85):
        line = credit_plans.net(desk, customer, owed, day, memos)
        if line is not None:
            return line
        if len(owed) == 1 and dice.chance(0.1):
            credit_plans.clear(desk, customer, owed[0], day - 1, memos)
            if owed[0].open == 0:
                return None
    if desk.account_for(owed[0]).currency != owed[0].currency:
        return _settle_abroad(desk, customer, owed, day)
    takes = customer.takes_discount and dice.chance(customer.takes_discount)
    if takes and all(item.discount_day and item.open == item.amount for item in owed):
        return plans.discount(desk, customer, owed, day)
    if customer.withholds and all(item.open == item.amount for item in owed) and dice.chance(0.9):
        return plans.withholding(desk, customer, owed, day)
    case = wheel.spin(dice)
    if len(owed) == 1:
        if case == "exact" and customer.loses_fee and dice.chance(0.8):
            case = "bank_fee"
        if case == "exact" and customer.rounds and dice.chance(0.8):
            case = "rounding"
        if customer.channel in {"debit", "gateway"} and case not in {"unpaid", "instalments", "late_invoice"}:
            case = "exact"
        return plans.SINGLE_PLANS[case](desk, customer, owed, day)
    return plans.GROUP_PLANS[case](desk, customer, owed, day)


def _settle_abroad(desk: Desk, customer: Customer, owed: list[Item], day: int) -> Line | None:
    """Converted money is paid in full: what else is missing could not be told from the rate."""
    roll = desk.dice.roll()
    if roll < desk.mix.cases["unpaid"]:
        return None
    late = roll < desk.mix.cases["unpaid"] + desk.mix.cases["late_invoice"]
    return (plans.late_invoice if late else plans.exact)(desk, customer, owed, day)


def _groups(desk: Desk, customer: Customer, owed: list[Item]) -> list[tuple[int, list[Item]]]:
    """(payment day, items) in the order of payment."""
    dice = desk.dice
    if customer.mode == "pile" and customer.channel == "bank" and not customer.takes_discount:
        return _piles(desk, customer, owed)
    keyed: dict[tuple[str, int, int, int], list[Item]] = {}
    for item in owed:
        day = pay_day(desk, customer, item)
        key = 0
        match customer.mode:
            case "monthly":
                day = _run_of_month(day, customer.run_day)
            case "run":
                day += (customer.run_day - day) % 7
            case _:
                key = 0 if dice.chance(0.12) else item.place + 1
        if customer.channel == "debit":
            key = item.place + 1
        keyed.setdefault((item.currency, item.issuer.index, day, key), []).append(item)
    groups: list[tuple[int, list[Item]]] = []
    for (_, _, day, _), items in keyed.items():
        groups += [(day, items[place : place + _MOST_ITEMS]) for place in range(0, len(items), _MOST_ITEMS)]
    groups.sort(key=lambda group: (group[0], group[1][0].place))
    return groups


def _piles(desk: Desk, customer: Customer, owed: list[Item]) -> list[tuple[int, list[Item]]]:
    """Some customers let two to six items pile up and pay them at once."""
    dice = desk.dice
    by_currency: dict[tuple[str, int], list[Item]] = {}
    for item in owed:
        by_currency.setdefault((item.currency, item.issuer.index), []).append(item)
    groups: list[tuple[int, list[Item]]] = []
    for items in by_currency.values():
        place = 0
        while place < len(items):
            pile = items[place : place + dice.pick((1, 1, 2, 2, 3, 4, 6))]
            # Nobody waits half a year for the next item to arrive.
            pile = [item for item in pile if item.issued - pile[0].issued <= 75]
            groups.append((pay_day(desk, customer, pile[-1]), pile))
            place += len(pile)
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
