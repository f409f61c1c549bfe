"""Twins: receipts for one of several items that differ in nothing but their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.world.records import Item, Line

_NEVER = 10**9


def mark_twins(lines: Sequence[Line], items: Sequence[Item]) -> None:
    """Call a plain single receipt `twin` when an equal item of the customer was open with it on that day."""
    closed = dict.fromkeys(range(len(items)), _NEVER)
    for line in lines:
        for row in line.rows:
            if row.item.open == 0:
                place = row.item.place
                closed[place] = line.booked if closed[place] == _NEVER else max(closed[place], line.booked)
    alike: dict[tuple[int, int, str, int, int, str], list[Item]] = {}
    for item in items:
        alike.setdefault(_key(item), []).append(item)
    for line in lines:
        if line.case != "single":
            continue
        item = line.rows[0].item
        for other in alike[_key(item)]:
            is_open = other.issued <= line.booked <= closed[other.place]
            if other is not item and is_open and other.status != "void":
                line.case = "twin"
                break


def _key(item: Item) -> tuple[int, int, str, int, int, str]:
    return (item.customer.index, item.issuer.index, item.currency, item.amount, item.due, item.type)
