"""The laws that a book of the third world keeps; each is checked whenever one is made."""

from __future__ import annotations

from training.worlds.third_types import Cash, Item, Row
from training.worlds.third_voice import World, whole


class BrokenBookError(AssertionError):
    """A generated book breaks a law of money: a fault in the generator."""


def check(world: World, items: list[Item], cash: list[Cash], mistakes: list[tuple[Cash, Row]]) -> None:
    """Raise unless cash and balances are conserved, in total and at every decision."""
    _check_cash(world, cash)
    history: dict[str, list[tuple[int, int]]] = {}
    for one in cash:
        for row in one.rows:
            _require(row.decided >= max(one.known, row.item.known), f"{one.id} is decided before it is known")
            history.setdefault(row.item.id, []).append((row.decided, row.amount + row.write_off))
    for one, row in mistakes:
        _require(row.reversed > row.decided >= one.known, f"{one.id} is taken back before it is decided")
        history.setdefault(row.item.id, []).extend([(row.decided, row.amount), (row.reversed, -row.amount)])
    for item in items:
        sign, left = (-1 if item.type == "credit_memo" else 1), item.amount
        for _, taken in sorted(history.get(item.id, ()), key=lambda one: one[0]):
            left -= sign * taken
            _require(0 <= left <= item.amount, f"{item.id} leaves its range")
        _require(left == item.open, f"{item.id} ends at {left}, its balance says {item.open}")
        if item.plan:
            _require(
                sum(part for _, part in item.plan) == item.amount, f"instalments of {item.id} do not sum up"
            )


def _check_cash(world: World, cash: list[Cash]) -> None:
    for one in cash:
        _require(bool(one.rows) != bool(one.resolution), f"{one.id} has rows and a resolution, or neither")
        if not one.rows:
            continue
        applied = sum(row.amount for row in one.rows)
        if one.currency != one.rows[0].item.currency:
            rate = world.rate(
                one.day if one.case not in _UNDO else _origin(one).day,
                one.rows[0].item.currency,
                one.currency,
            )
            worth = applied / whole(one.rows[0].item.currency) * rate * whole(one.currency)
            _require(
                abs(worth - one.amount) <= abs(worth) * 0.02 + 1,
                f"{one.id} is worth {worth:.0f}, not {one.amount}",
            )
        elif one.case == "overpayment":
            _require(0 < applied <= one.amount, f"{one.id} allocates {applied} of {one.amount}")
        else:
            _require(applied == one.amount, f"{one.id} allocates {applied} of {one.amount}")
        if one.case == "processor_payout":
            lines = sum(line.amount - line.deduction for line in one.lines)
            _require(lines == one.amount, f"the lines of {one.id} sum up to {lines}, not {one.amount}")


_UNDO = {"return", "chargeback", "representment"}


def _origin(cash: Cash) -> Cash:
    while cash.case in _UNDO and cash.related is not None:
        cash = cash.related
    return cash


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a law holds or not
    if not holds:
        raise BrokenBookError(otherwise)
