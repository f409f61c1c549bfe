"""Rows of what was applied before Tieout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, case, func, select, update

from serving.store.bulk import parts
from serving.store.columns import Int
from serving.store.schema import allocation, invoice
from serving.store.store import Transaction


def known_allocations(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Find which allocations are there."""
    found: set[str] = set()
    for part in parts(sorted(set(ids))):
        query = select(allocation.c.id).where(allocation.c.book_id == tx.book_id, allocation.c.id.in_(part))
        found.update(tx.connection.execute(query).scalars())
    return found


def historic_cash(tx: Transaction, payments: Sequence[str]) -> dict[str, int]:
    """Sum the cash of each payment that is on items by its history."""
    found: dict[str, int] = {}
    for part in parts(sorted(set(payments))):
        query = (
            select(allocation.c.payment_id, func.sum(allocation.c.payment_amount_minor))
            .where(
                allocation.c.book_id == tx.book_id,
                allocation.c.payment_id.in_(part),
                allocation.c.source == "history",
                allocation.c.reversed_at.is_(None),
            )
            .group_by(allocation.c.payment_id)
        )
        found.update((one, int(cash)) for one, cash in tx.connection.execute(query))
    return found


def lower_opening(tx: Transaction, settled: Mapping[str, int]) -> None:
    """Take what history settled off the balances with which items came, within zero and their amount."""
    rows = [{"row_id": one, "settled": amount} for one, amount in sorted(settled.items()) if amount]
    if not rows:
        return
    wanted = invoice.c.opening_minor - bindparam("settled", type_=Int)
    opening = case((wanted < 0, 0), (wanted > invoice.c.amount_minor, invoice.c.amount_minor), else_=wanted)
    change = (
        update(invoice)
        .where(invoice.c.book_id == tx.book_id, invoice.c.id == bindparam("row_id"))
        .values(opening_minor=opening, open_minor=invoice.c.open_minor - invoice.c.opening_minor + opening)
    )
    tx.connection.execute(change, rows)
