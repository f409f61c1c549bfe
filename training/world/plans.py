"""What a customer does with a group of items that it settles at once: one function a kind of case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from training.world.phrases import PHRASES
from training.world.records import Row

if TYPE_CHECKING:
    from training.world.desk import Desk
    from training.world.records import Customer, Item

Plan = Callable[["Desk", "Customer", list["Item"], int], None]


def _words(customer: Customer):  # type: ignore[no-untyped-def]
    return PHRASES[customer.country.tongue]


def _full(items: list[Item]) -> list[Row]:
    return [Row(item, item.open) for item in items]


def exact(desk: Desk, customer: Customer, items: list[Item], day: int) -> None:
    """The open amounts, to the cent."""
    desk.receive(customer, _full(items), day, "single" if len(items) == 1 else "multi")


def unpaid(_desk: Desk, _customer: Customer, _items: list[Item], _day: int) -> None:
    """Nothing comes."""


def overpayment(desk: Desk, customer: Customer, items: list[Item], day: int) -> None:
    """Rounded up, mistyped, or a little extra: the rest stays on account."""
    dice = desk.dice
    total = sum(item.open for item in items)
    roll = dice.roll()
    if roll < 0.45:
        step = 10 ** max(2, len(str(total)) - 2)
        extra = -total % step or step
    elif roll < 0.6:
        extra = dice.between(1, 60)
    elif roll < 0.75:
        extra = total
    else:
        extra = max(1, int(total * dice.uniform(0.005, 0.3)))
    desk.receive(customer, _full(items), day, "overpayment", extra=extra)


def partial(desk: Desk, customer: Customer, items: list[Item], day: int) -> None:
    """A part now; the rest later, or never."""
    if len(items) > 1 or items[0].open < 1000:
        return exact(desk, customer, items, day)
    dice, item = desk.dice, items[0]
    share = dice.pick((0.5, 0.3, 0.25, dice.uniform(0.15, 0.9)))
    part = max(1, int(item.open * share))
    if dice.chance(0.6) and part > 10_000:
        part -= part % 1000
    note = dice.pick(_words(customer).partial) if dice.chance(0.35) else ""
    first = desk.receive(customer, [Row(item, part)], day, "partial", note=note)
    if first is not None and dice.chance(0.65):
        desk.receive(customer, _full([item]), first.booked + dice.between(7, 60), "remainder")
    return None


def split(desk: Desk, customer: Customer, items: list[Item], day: int) -> None:
    """Two or three payments that together settle one item."""
    if len(items) > 1 or items[0].open < 2000:
        return exact(desk, customer, items, day)
    dice, item = desk.dice, items[0]
    parts = 2 if dice.chance(0.8) else 3
    each = item.open // parts
    for step in range(parts):
        amount = item.open if step == parts - 1 else (each if dice.chance(0.6) else int(each * dice.uniform(0.6, 1.3)))
        amount = min(amount, item.open)
        if amount <= 0 or desk.receive(customer, [Row(item, amount)], day, "many_to_one") is None:
            break
        day += dice.between(2, 21)
    return None


PLANS: dict[str, Plan] = {
    "exact": exact,
    "unpaid": unpaid,
    "overpayment": overpayment,
    "partial": partial,
    "split": split,
}
