"""What a customer does with one item, or with a group that it settles at once: one function a kind of case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from receivables.money import exponent
from training.world.invoices import add_months, discount_of
from training.world.phrases import PHRASES, Phrases
from training.world.records import Row

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer, Item, Line

Plan = Callable[["Desk", "Customer", list["Item"], int], "Line | None"]
"""(desk, payer, items in order of age, payment day) -> the first line, if it still falls into the book."""

_FEES = (5.0, 7.5, 8.0, 10.0, 12.0, 12.5, 15.0, 18.0, 20.0, 25.0, 30.0)


def words_of(customer: Customer) -> Phrases:
    """The customer's language."""
    return PHRASES[customer.country.tongue]


def _full(items: list[Item]) -> list[Row]:
    return [Row(item, item.open) for item in items]


def _unit(item: Item) -> int:
    """One major unit of the item's currency in minor units."""
    return int(10 ** exponent(item.currency))


def exact(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """The open amounts, to the cent."""
    return desk.receive(customer, _full(items), day, "single" if len(items) == 1 else "multi")


def unpaid(_desk: Desk, _customer: Customer, _items: list[Item], _day: int) -> Line | None:
    """Nothing comes."""
    return None


def overpayment(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Rounded up, mistyped, twice as much, or a little extra: the rest stays on account."""
    dice = desk.dice
    total = sum(item.open for item in items)
    roll = dice.roll()
    if roll < 0.5:
        step = 10 ** max(2, len(str(total)) - 2)
        extra = -total % step or step
    elif roll < 0.65:
        extra = dice.between(1, 60)
    elif roll < 0.72:
        extra = total
    else:
        extra = max(1, int(total * dice.uniform(0.005, 0.3)))
    return desk.receive(customer, _full(items), day, "overpayment", extra=extra)


def partial(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """A part now; the rest later, or never."""
    dice, item = desk.dice, items[0]
    if item.open < 1000:
        return exact(desk, customer, items, day)
    part = max(1, int(item.open * dice.pick((0.5, 0.3, 0.25, dice.uniform(0.15, 0.9)))))
    if dice.chance(0.6) and part > 10_000:
        part -= part % 1000
    note = dice.pick(words_of(customer).partial) if dice.chance(0.35) else ""
    first = desk.receive(customer, [Row(item, part)], day, "partial", note=note)
    if first is not None and dice.chance(0.65):
        desk.receive(customer, _full([item]), first.booked + dice.between(7, 60), "remainder")
    return first


def split(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Two or three payments that together settle one item."""
    dice, item = desk.dice, items[0]
    if item.open < 2000:
        return exact(desk, customer, items, day)
    parts = 2 if dice.chance(0.8) else 3
    each = item.open // parts
    first: Line | None = None
    for step in range(parts):
        part = each if dice.chance(0.6) else int(each * dice.uniform(0.6, 1.3))
        part = item.open if step == parts - 1 else min(part, item.open - 1)
        line = desk.receive(customer, [Row(item, part)], day, "many_to_one")
        if line is None:
            break
        first = first or line
        day += dice.between(2, 21)
    return first


def instalments(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Three to six agreed monthly parts, paid around their dates; some stop paying."""
    dice, item = desk.dice, items[0]
    parts = dice.between(3, 6)
    if item.open < 100 * parts:
        return exact(desk, customer, items, day)
    each = item.open // parts
    amounts = [each] * (parts - 1) + [item.open - each * (parts - 1)]
    item.instalments = [
        (add_months(item.due, step, min(28, item.issued % 28 + 1)), amount)
        for step, amount in enumerate(amounts)
    ]
    late = day - item.due
    first: Line | None = None
    for step, (due, amount) in enumerate(item.instalments, start=1):
        if dice.chance(0.04):
            break
        note = dice.pick(words_of(customer).instalment).format(f"{step}/{parts}") if dice.chance(0.5) else ""
        pay_day = max(item.issued + 1, due + min(late, 20) + dice.between(-2, 2))
        line = desk.receive(customer, [Row(item, amount)], pay_day, "instalment", note=note)
        first = first or line
    return first


def n_to_m(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Several items paid in two or three sums that stop in the middle of an item, oldest item first."""
    dice = desk.dice
    items = sorted(items, key=lambda item: (item.due, item.issued, item.place))
    left = sum(item.open for item in items)
    parts = 2 if dice.chance(0.8) else 3
    first: Line | None = None
    for step in range(parts):
        cash = left if step == parts - 1 else max(1, int(left * dice.uniform(0.25, 0.75)))
        if step < parts - 1 and cash > 100_000 and dice.chance(0.7):
            cash -= cash % 10_000
        left -= cash
        rows = _oldest_first(items, cash)
        line = desk.receive(customer, rows, day, "n_to_m") if rows else None
        if line is None:
            break
        first = first or line
        day = line.booked + dice.between(3, 25)
    return first


def _oldest_first(items: list[Item], cash: int) -> list[Row]:
    rows: list[Row] = []
    for item in items:
        part = min(cash, item.open)
        if part > 0:
            rows.append(Row(item, part))
            cash -= part
    return rows


def bank_fee(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """The amount arrives short by what a bank on the way has kept."""
    dice, item = desk.dice, items[0]
    fee = int(dice.pick(_FEES) * _unit(item) * (120 if item.currency == "JPY" else 1))
    if item.open < 4 * fee:
        return exact(desk, customer, items, day)
    line = desk.receive(customer, [Row(item, item.open - fee, fee, "bank_fee")], day, "bank_fee")
    if line is not None and line.currency == item.currency and dice.chance(0.5):
        line.charges = fee
    return line


def rounding(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Rounded down to a whole unit, or a few cents off."""
    dice, item = desk.dice, items[0]
    unit = _unit(item)
    short = item.open % unit if dice.chance(0.6) else dice.between(1, 5)
    if unit == 1 or not short or item.open < 40 * unit:
        return exact(desk, customer, items, day)
    return desk.receive(customer, [Row(item, item.open - short, short, "rounding")], day, "rounding")


def discount(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """The early-payment discount, within its date; the same deduction after it leaves the rest open."""
    dice = desk.dice
    deadline = min(item.discount_day for item in items)
    percent = items[0].discount_percent
    note = dice.pick(words_of(customer).discount).format(f"{percent:g}") if dice.chance(0.2) else ""
    if dice.chance(desk.mix.discount_late):
        rows = [Row(item, item.open - discount_of(item)) for item in items]
        return desk.receive(customer, rows, deadline + dice.between(3, 20), "discount_late", note=note)
    newest = max(item.issued for item in items)
    day = max(newest + 1, min(day, deadline - dice.pick((0, 0, 1, 1, 2, 3, 5))))
    # A weekend moves the booking past the deadline: pay on the Friday before.
    day -= max(0, (day + 6) % 7 - 4)
    if day <= newest or day > deadline:
        return exact(desk, customer, items, day + 3)
    rows = [
        Row(item, item.open - discount_of(item), discount_of(item), "early_payment_discount")
        for item in items
    ]
    return desk.receive(customer, rows, day, "discount", note=note)


def withholding(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """The payer keeps a share of the net amount for its tax office; the rest stays open."""
    rows = [Row(item, item.open - (item.open - item.tax) * customer.withholds // 100) for item in items]
    return desk.receive(customer, rows, day, "withholding")


def prepayment(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """Money before the invoice, by its order at best; sometimes only a deposit."""
    dice, item = desk.dice, items[0]
    early = item.issued - dice.between(3, 25)
    if early <= desk.start:
        return exact(desk, customer, items, day)
    mention = desk.writer.freely(customer, "prepaid", early, item.order if dice.chance(0.75) else "")
    if dice.chance(0.7) or item.open < 1000:
        return desk.receive(customer, _full(items), early, "prepayment", mention=mention)
    first = desk.receive(customer, [Row(item, item.open * 3 // 10)], early, "prepayment", mention=mention)
    if first is not None:
        desk.receive(customer, _full(items), day, "remainder")
    return first


def late_invoice(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """The invoice reaches the book only after its payment."""
    line = exact(desk, customer, items, day)
    if line is not None:
        line.case = "late_invoice"
        items[0].known = max(items[0].known, min(desk.end - 1, line.booked + desk.dice.between(1, 10)))
    return line


def on_account(desk: Desk, customer: Customer, items: list[Item], day: int) -> Line | None:
    """A round sum for whatever may come, beside the usual payment."""
    dice, item = desk.dice, items[0]
    step = 100 * _unit(item)
    rounded = max(step, item.amount // step * step)
    mention = desk.writer.freely(customer, "partial", day)
    line = desk.receive(
        customer, [Row(item, 0)], day - dice.between(1, 20), "on_account", extra=rounded, mention=mention
    )
    if line is not None:
        line.rows, line.resolution = [], "on_account"
    return exact(desk, customer, items, day)


SINGLE_PLANS: dict[str, Plan] = {
    "exact": exact,
    "unpaid": unpaid,
    "overpayment": overpayment,
    "partial": partial,
    "split": split,
    "instalments": instalments,
    "bank_fee": bank_fee,
    "rounding": rounding,
    "prepayment": prepayment,
    "late_invoice": late_invoice,
    "on_account": on_account,
}
GROUP_PLANS: dict[str, Plan] = {
    "exact": exact,
    "unpaid": unpaid,
    "overpayment": overpayment,
    "n_to_m": n_to_m,
    "late_invoice": late_invoice,
}
