"""Allocations of before Tieout: what habits, aliases and opening balances rest on; no entry of ours."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from features.book_schema import ALLOCATIONS
from serving.row_states import Intake, Refusal, RowState
from serving.store.columns import microseconds
from serving.store.effect_rows import add_habits, insert_allocations
from serving.store.history_rows import historic_cash, known_allocations, lower_opening
from serving.store.intake_rows import plain_columns, rows_of, update_columns
from serving.store.schema import invoice, payment

if TYPE_CHECKING:
    from serving.store.store import Transaction

SOURCE: Final = "history"


@dataclass(frozen=True, slots=True)
class _Row:
    """One allocation that is new to us, with the rows it ties together."""

    id: str
    place: int
    payment: Any
    item: Any

    @property
    def side(self) -> int:
        return -1 if self.item.type == "credit_memo" else 1


def take_history(tx: Transaction, part: pa.Table, intake: Intake, now: datetime) -> None:
    """Take allocations; equal ones count: each is new as often as it stands there more often than before."""
    columns = plain_columns(ALLOCATIONS, part)
    payments = rows_of(tx, payment, columns["payment_id"])
    items = rows_of(tx, invoice, columns["invoice_id"])
    ids = allocation_ids(tx.book_id, columns)
    there = known_allocations(tx, ids)
    fresh: list[_Row] = []
    for place, one in enumerate(ids):
        row = payments[columns["payment_id"][place]]
        if one in there:
            intake.note("allocations", [one], RowState.UNCHANGED)
        elif row.state not in ("new", "history"):
            intake.refuse(_refusal(one, row.id))
        else:
            fresh.append(_Row(one, place, row, items[columns["invoice_id"][place]]))
    intake.note("allocations", (row.id for row in fresh), RowState.ACCEPTED)
    _write(tx, columns, fresh, now)


def _refusal(allocation_id: str, payment_id: str) -> Refusal:
    return Refusal(
        "allocations",
        allocation_id,
        "payment_decided_here",
        f"Payment {payment_id} was decided here, so what it paid is no history.",
        "Reverse the allocation that stands, or decide with POST /v1/payments/{id}/allocations.",
    )


def allocation_ids(book_id: str, columns: dict[str, list[Any]]) -> list[str]:
    """Name each allocation by what it says and by how many equal ones stand before it."""
    names = [name for name in columns if name not in {"known_at", "reversed_at"}]
    seen: Counter[tuple[Any, ...]] = Counter()
    out = []
    for said in zip(*(columns[name] for name in names), strict=True):
        seen[said] += 1
        digest = blake2b(repr((book_id, said, seen[said])).encode(), digest_size=16).hexdigest()
        out.append(f"hi_{digest}")
    return out


def _write(tx: Transaction, columns: dict[str, list[Any]], fresh: Sequence[_Row], now: datetime) -> None:
    if not fresh:
        return

    def cells(name: str) -> list[Any]:
        return [columns[name][row.place] for row in fresh]

    write_offs = [(value or 0) * row.side for value, row in zip(cells("write_off_minor"), fresh, strict=True)]
    known = [microseconds(now) if at is None else at for at in cells("known_at")]
    insert_allocations(
        tx,
        {
            "id": [row.id for row in fresh],
            "currency": [row.item.currency for row in fresh],
            "write_off_minor": write_offs,
            "payment_amount_minor": [
                amount if row.item.currency == row.payment.currency else 0
                for amount, row in zip(cells("amount_minor"), fresh, strict=True)
            ],
            "decided_at": [
                one if at is None else at for at, one in zip(cells("decided_at"), known, strict=True)
            ],
            "known_at": known,
            "source": [SOURCE] * len(fresh),
            **{
                name: cells(name)
                for name in (
                    "payment_id",
                    "invoice_id",
                    "amount_minor",
                    "reason",
                    "decided_by",
                    "checked_by",
                    "reversed_at",
                    "pi",
                )
            },
        },
    )
    standing = [row for row in fresh if columns["reversed_at"][row.place] is None]
    _lower_items(tx, columns, standing)
    _settle_payments(tx, fresh, now)
    add_habits(tx, *_habits(columns, standing))


def _lower_items(tx: Transaction, columns: dict[str, list[Any]], standing: Sequence[_Row]) -> None:
    """Take history off the balances with which items came, where these were not stated."""
    settled: defaultdict[str, int] = defaultdict(int)
    for row in standing:
        if row.item.stated_open_minor is None and row.item.status != "settled":
            write_off = columns["write_off_minor"][row.place] or 0
            settled[row.item.id] += row.side * (columns["amount_minor"][row.place] + write_off)
    lower_opening(tx, settled)


def _settle_payments(tx: Transaction, fresh: Sequence[_Row], now: datetime) -> None:
    """What a payment of the past still has is what its source states, else what is on no item."""
    rows = {row.payment.id: row.payment for row in fresh}
    foreign = {row.payment.id for row in fresh if row.item.currency != row.payment.currency}
    cash = historic_cash(tx, list(rows))
    left = [
        row.stated_open_minor
        if row.stated_open_minor is not None
        else 0
        if one in foreign
        else _between(row.amount_minor - cash.get(one, 0), row.amount_minor)
        for one, row in rows.items()
    ]
    update_columns(
        tx,
        payment,
        {
            "id": list(rows),
            "state": ["history"] * len(rows),
            "opening_minor": left,
            "unapplied_minor": left,
            "changed_at": [microseconds(now)] * len(rows),
        },
    )


def _between(left: int, whole: int) -> int:
    return max(0, min(left, whole)) if whole >= 0 else min(0, max(left, whole))


def _habits(columns: dict[str, list[Any]], standing: Sequence[_Row]) -> tuple[int, int, int]:
    count = due_days = issue_days = 0
    for row in standing:
        if columns["amount_minor"][row.place] > 0:
            item, booked = row.item, row.payment.booking_date
            count += 1
            due_days += min(
                180, max(-90, booked - (item.issue_date if item.due_date is None else item.due_date))
            )
            issue_days += min(270, max(-60, booked - item.issue_date))
    return count, due_days, issue_days
