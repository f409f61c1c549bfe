"""Rows of cases: one open case a payment that waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from serving.store.bulk import insert_columns, parts
from serving.store.columns import Int
from serving.store.schema import case
from serving.store.store import Transaction

_WAITS = ("open", "held", "approval")


def open_cases(tx: Transaction, payments: Sequence[str]) -> dict[str, Any]:
    """Read the waiting case of each payment; an audit is about a decision that stands, so it is none."""
    found: dict[str, Any] = {}
    for part in parts(sorted(set(payments))):
        query = select(case).where(
            case.c.book_id == tx.book_id,
            case.c.payment_id.in_(part),
            case.c.state.in_(_WAITS),
            case.c.source != "audit",
        )
        found.update((row.payment_id, row) for row in tx.connection.execute(query))
    return found


def keep_cases(tx: Transaction, wanted: Sequence[dict[str, Any]], now_us: int) -> None:
    """Bring cases in line with decisions: `reason` None withdraws; else the case stays, or opens."""
    there = open_cases(tx, [one["payment_id"] for one in wanted])
    withdrawn = [
        there[one["payment_id"]].id for one in wanted if one["reason"] is None and one["payment_id"] in there
    ]
    kept = [one for one in wanted if one["reason"] is not None and one["payment_id"] in there]
    fresh = [one for one in wanted if one["reason"] is not None and one["payment_id"] not in there]
    if withdrawn:
        change = (
            update(case)
            .where(case.c.book_id == tx.book_id, case.c.id.in_(bindparam("ids", expanding=True)))
            .values(state="withdrawn", closed_at=bindparam("at", type_=Int), version=case.c.version + 1)
        )
        for part in parts(withdrawn):
            tx.connection.execute(change, {"ids": list(part), "at": now_us})
    if kept:
        change = (
            update(case)
            .where(case.c.book_id == tx.book_id, case.c.id == bindparam("case"))
            .values(decision_id=bindparam("because"), reason=bindparam("why"), version=case.c.version + 1)
        )
        tx.connection.execute(
            change,
            [
                {"case": there[one["payment_id"]].id, "because": one["decision_id"], "why": one["reason"]}
                for one in kept
            ],
        )
    insert_cases(tx, fresh, now_us)


def insert_cases(tx: Transaction, cases: Sequence[dict[str, Any]], now_us: int) -> None:
    """Open cases; one that is there stays."""
    if cases:
        names = sorted({name for one in cases for name in one})
        columns: dict[str, list[Any]] = {name: [one.get(name) for one in cases] for name in names}
        insert_columns(
            tx,
            case,
            {
                **columns,
                "state": ["open"] * len(cases),
                "opened_at": [now_us] * len(cases),
                "source": ["ambiguous"] * len(cases),
            },
            ignore=True,
        )


def insert_audits(tx: Transaction, cases: Sequence[dict[str, Any]], now_us: int) -> None:
    """Open audits, each with its chance of having been drawn; one that is there stays."""
    if cases:
        columns: dict[str, list[Any]] = {name: [one[name] for one in cases] for name in cases[0]}
        more: dict[str, list[Any]] = {"state": ["open"] * len(cases), "opened_at": [now_us] * len(cases)}
        insert_columns(tx, case, {**columns, **more}, ignore=True)
