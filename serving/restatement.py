"""What the billing system says about a balance we keep: an entry, a case, or nothing; never an overwrite.

It may say what it knew before our allocations (nothing new), what we know too (an echo), less than we have
(settled elsewhere: an entry) or something that fits neither (a case: a person asks).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from serving.audit.chain import append
from serving.effects import made_id
from serving.posting import Booking, Item, SettledElsewhere, post
from serving.store.case_rows import insert_cases
from serving.store.columns import EPOCH, microseconds
from serving.store.effect_rows import move_items
from serving.store.intake_rows import mark_for_recheck, proposed_on, rows_of, update_columns
from serving.store.schema import invoice

if TYPE_CHECKING:
    from serving.store.store import StoredRow, Transaction

CONFLICT: Final = "balance_conflict"


def restate(
    tx: Transaction, before: dict[str, Any], stated: dict[str, list[Any]], now: datetime
) -> list[str]:
    """Compare what is stated of items with what was and with our balance; give those that moved."""
    new = [
        (one, value)
        for one, value in zip(stated["id"], stated["stated_open_minor"], strict=True)
        if value is not None and value != before[one].stated_open_minor
    ]
    if not new:
        return []
    rows = rows_of(tx, invoice, [one for one, _ in new])
    less = [(rows[one], value) for one, value in new if value < rows[one].open_minor]
    more = [(rows[one], value) for one, value in new if value > rows[one].open_minor]
    _settle_elsewhere(tx, less, now)
    insert_cases(tx, [_conflict(tx, row, value) for row, value in more], microseconds(now))
    update_columns(
        tx, invoice, {"id": [one for one, _ in new], "stated_open_minor": [value for _, value in new]}
    )
    for row, value in more:
        append(
            tx,
            "item.conflict",
            {"invoice_id": row.id, "open_minor": row.open_minor, "stated_minor": value},
            now,
        )
    return [one for one, _ in new]


def _settle_elsewhere(tx: Transaction, less: list[tuple[Any, int]], now: datetime) -> None:
    """Post what was settled elsewhere; the reference is the item's version, so a retry is the same event."""
    if not less:
        return
    move_items(tx, {row.id: value - row.open_minor for row, value in less}, microseconds(now))
    day = (EPOCH + timedelta(microseconds=microseconds(now))).date()
    bookings = [
        Booking(
            SettledElsewhere(
                f"v{row.version}",
                Item(row.id, row.customer_id, row.currency, row.type == "credit_memo"),
                row.open_minor - value,
            ),
            day,
        )
        for row, value in less
    ]
    post(tx, bookings, now)
    mark_for_recheck(tx, proposed_on(tx, [row.id for row, _ in less]))


def _conflict(tx: Transaction, row: StoredRow, value: int) -> dict[str, Any]:
    return {
        "id": made_id("ca", tx.book_id, CONFLICT, row.id, value, row.version),
        "payment_id": None,
        "invoice_id": row.id,
        "reason": CONFLICT,
        "priority": float(abs(value - row.open_minor)),
        "detail": f'{{"open_minor":{row.open_minor},"stated_minor":{value}}}',
    }
