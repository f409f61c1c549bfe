"""What a person, or a system in a person's name, decides on a payment; and how that is taken back.

The same effects as the machine's decisions have, through the same door. Taking back never edits: each
allocation in force gets a mirror row, each of its entries a mirror entry, and the payment waits again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from receivables.errors import TieoutError
from receivables.policy import Policy
from receivables.words import Outcome
from serving.audit.chain import append
from serving.audit.record import canonical
from serving.effects import (
    OPEN_STATES,
    PERSON,
    Decided,
    DecisionRecord,
    day_of,
    habits_of,
    made_id,
    said_of,
    side_of,
    write,
)
from serving.posting import entry_id, reverse
from serving.proposals import Line, Proposed
from serving.store.case_rows import insert_cases
from serving.store.columns import microseconds
from serving.store.effect_rows import (
    add_habits,
    allocations_in_force,
    count_decisions_of,
    decisions_in_force,
    insert_allocations,
    insert_decisions,
    mark_reversed,
    move_items,
    set_payments,
)
from serving.store.intake_rows import rows_of
from serving.store.outbox_rows import OutboxEvent, append_events
from serving.store.schema import invoice, payment
from serving.store.store import StoredRow, Transaction
from serving.two_people import SecondPersonNeededError, needs_second

__all__ = ["BadAllocationError", "NotOpenError", "UnknownPaymentError", "decide", "take_back"]


class UnknownPaymentError(TieoutError):
    """There is no such payment in this book."""

    code = "unknown_payment"
    mend = "Use the id of a payment of this book."


class NotOpenError(TieoutError):
    """The payment is decided already."""

    code = "already_decided"
    mend = "Take the decision in force back first; nothing was written."


class BadAllocationError(TieoutError):
    """The lines do not add up to something that can be posted."""

    code = "bad_allocation"
    mend = "Apply at most the payment and at most what is open, each item once."


def decide(  # noqa: PLR0913 - each is a part of what was said
    tx: Transaction,
    payment_id: str,
    lines: Sequence[Line],
    *,
    by: str,
    policy: Policy,
    now: datetime,
    outcome: str = PERSON,
    customer_id: str | None = None,
    checked_by: str | None = None,
    reason: str | None = None,
    source: str = PERSON,
) -> DecisionRecord:
    """Carry out a person's decision: lines are applied, what is left stays on the customer's account.

    ``outcome``: `person` applies, `unmatched` says that nothing known is paid, `dismissed` that the line
    is no customer's money. Raises `NotOpenError`, `BadAllocationError` or `OverAppliedError`; nothing is
    written then. Raises `SecondPersonNeededError` where the policy asks for two and nobody has checked it.
    """
    row = rows_of(tx, payment, [payment_id]).get(payment_id)
    if row is None:
        raise UnknownPaymentError(f"The book has no payment {payment_id[:80]!r}.")
    if row.state not in OPEN_STATES:
        raise NotOpenError(f"The payment {payment_id} is {row.state}.")
    if outcome != Outcome.UNMATCHED and checked_by is None and needs_second(tx, policy, row, by, now):
        raise SecondPersonNeededError
    items = rows_of(tx, invoice, [line.invoice_id for line in lines])
    _check(row, lines, items)
    before = decisions_in_force(tx, [payment_id]).get(payment_id)
    key = f"decide:{payment_id}:{count_decisions_of(tx, [payment_id]).get(payment_id, 0) + 1}"
    allocated = sum(line.payment_amount_minor for line in lines)
    owners = sorted({items[line.invoice_id].customer_id for line in lines})
    proposed = Proposed(
        payment_id=payment_id,
        kind=before.kind if before is not None else row.kind or "receipt",
        outcome=outcome,
        confidence=1.0,
        customer_id=customer_id or (owners[0] if owners else None),
        allocated_minor=allocated,
        unapplied_minor=row.amount_minor - allocated,
        currency=row.currency,
        related_payment_id=before.related_payment_id if before is not None else row.related_payment_id,
        reasons="",
        model=before.model if before is not None else "",
        policy=before.policy if before is not None else "",
        lines=tuple(lines),
    )
    decided = Decided(
        proposed,
        row,
        made_id("de", tx.book_id, key),
        key,
        before.id if before is not None else None,
        by=by,
        checked_by=checked_by,
        reason=reason,
        source=source,
    )
    return write(tx, [decided], now)[0]


def _check(row: StoredRow, lines: Sequence[Line], items: dict[str, Any]) -> None:
    """Refuse what could not be posted, before anything is."""
    if len({line.invoice_id for line in lines}) != len(lines):
        raise BadAllocationError("An item stands twice.")
    for line in lines:
        item = items.get(line.invoice_id)
        if item is None:
            raise BadAllocationError(f"The book has no item {line.invoice_id[:80]!r}.")
        if item.status in ("draft", "void"):
            raise BadAllocationError(f"The item {line.invoice_id} is {item.status}.")
        if item.currency != line.currency:
            raise BadAllocationError(
                f"The item {line.invoice_id} is in {item.currency}, not {line.currency}."
            )
        if line.currency == row.currency and line.amount_minor != line.payment_amount_minor:
            raise BadAllocationError("In one currency an item receives what the payment gives.")
    allocated = sum(line.payment_amount_minor for line in lines)
    if (row.amount_minor >= 0 and not 0 <= allocated <= row.amount_minor) or (
        row.amount_minor < 0 and not row.amount_minor <= allocated <= 0
    ):
        raise BadAllocationError("More would be applied than the payment brought.")


def take_back(tx: Transaction, payment_id: str, *, by: str, reason: str, now: datetime) -> list[str]:
    """Undo the decision in force of a payment by new entries; it waits for a person again.

    Answers the ids of the allocations undone. Raises `UnknownPaymentError`; a payment that waits anyway
    is left as it is, so asking twice is safe.
    """
    row = rows_of(tx, payment, [payment_id]).get(payment_id)
    if row is None:
        raise UnknownPaymentError(f"The book has no payment {payment_id[:80]!r}.")
    if row.state in OPEN_STATES and row.decision_id is not None:
        before = decisions_in_force(tx, [payment_id])[payment_id]
        if before.outcome in (Outcome.REVIEW, Outcome.UNMATCHED) and before.decided_by != by:
            return []
    undone = allocations_in_force(tx, payment_id)
    _undo_lines(tx, row, undone, by, reason, now)
    _wait_again(tx, row, by, reason, now, [one.id for one in undone])
    return [one.id for one in undone]


def _undo_lines(
    tx: Transaction, row: StoredRow, undone: Sequence[Any], by: str, reason: str, now: datetime
) -> None:
    now_us = microseconds(now)
    items = rows_of(tx, invoice, [one.invoice_id for one in undone])
    deltas: defaultdict[str, int] = defaultdict(int)
    for one in undone:
        deltas[one.invoice_id] += side_of(items[one.invoice_id]) * one.amount_minor + one.write_off_minor
        if one.entry_id is not None:
            reverse(tx, one.entry_id, day_of(row), now, reason)
    move_items(tx, deltas, now_us)
    if row.decision_id is not None and row.state == "applied":
        rest = entry_id(tx.book_id, f"on_account:{row.decision_id}")
        if _is_booked(tx, rest):
            reverse(tx, rest, day_of(row), now, reason)
    mark_reversed(tx, [one.id for one in undone], now_us)
    columns: dict[str, list[Any]] = defaultdict(list)
    for one in undone:
        mirror = made_id("al", tx.book_id, "reverse", one.id)
        for name in (
            "payment_id",
            "invoice_id",
            "currency",
            "write_off_reason",
            "deduction_reason",
            "rate",
            "rate_date",
        ):
            columns[name].append(getattr(one, name))
        for name in ("amount_minor", "write_off_minor", "deduction_minor", "payment_amount_minor"):
            columns[name].append(-getattr(one, name))
        columns["id"].append(mirror)
        columns["decision_id"].append(one.decision_id)
        columns["entry_id"].append(entry_id(tx.book_id, f"reverse:{one.entry_id}") if one.entry_id else None)
        columns["decided_at"].append(now_us)
        columns["known_at"].append(now_us)
        columns["decided_by"].append(by)
        columns["reason"].append(reason)
        columns["source"].append(PERSON)
        columns["reverses"].append(one.id)
    if undone:
        insert_allocations(tx, dict(columns))
    taken = [(row, items[one.invoice_id], _line_of(one)) for one in undone if one.amount_minor > 0]
    count, due_days, issue_days = habits_of(iter(taken))
    add_habits(tx, -count, -due_days, -issue_days)


def _line_of(one: StoredRow) -> Line:
    return Line(
        invoice_id=one.invoice_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        write_off_minor=one.write_off_minor,
        write_off_reason=one.write_off_reason,
        deduction_minor=one.deduction_minor,
        deduction_reason=one.deduction_reason,
        payment_amount_minor=one.payment_amount_minor,
        rate=None,
        rate_date=None,
        pair_confidence=None,
    )


def _is_booked(tx: Transaction, entry: str) -> bool:
    from serving.store.ledger_rows import find_entry, held_bodies

    return find_entry(tx, entry) is not None or bool(held_bodies(tx, entry_ids=[entry]))


def _wait_again(
    tx: Transaction, row: StoredRow, by: str, reason: str, now: datetime, undone: Sequence[str]
) -> None:
    """Write the decision that says so, open a case, and tell everybody."""
    now_us = microseconds(now)
    key = f"decide:{row.id}:{count_decisions_of(tx, [row.id]).get(row.id, 0) + 1}"
    decision_id = made_id("de", tx.book_id, key)
    proposed = Proposed(
        payment_id=row.id,
        kind=row.kind or "receipt",
        outcome=Outcome.REVIEW,
        confidence=0.0,
        customer_id=row.settled_customer_id,
        allocated_minor=0,
        unapplied_minor=row.amount_minor,
        currency=row.currency,
        related_payment_id=row.related_payment_id,
        reasons="taken_back",
        model="",
        policy="",
        lines=(),
    )
    names = (
        "payment_id",
        "kind",
        "outcome",
        "confidence",
        "customer_id",
        "allocated_minor",
        "unapplied_minor",
        "currency",
        "related_payment_id",
        "reasons",
        "model",
        "policy",
    )
    columns: dict[str, list[Any]] = {name: [getattr(proposed, name)] for name in names}
    columns |= {
        "id": [decision_id],
        "event_key": [key],
        "decided_by": [by],
        "replaces": [row.decision_id],
        "created_at": [now_us],
    }
    (seq,) = insert_decisions(tx, columns)
    set_payments(
        tx,
        {
            "id": [row.id],
            "state": ["review"],
            "decision_id": [decision_id],
            "unapplied_minor": [row.amount_minor],
            "recheck": [0],
            "changed_at": [now_us],
        },
    )
    insert_cases(
        tx,
        [
            {
                "id": made_id("ca", tx.book_id, key),
                "payment_id": row.id,
                "decision_id": decision_id,
                "reason": "taken_back",
                "priority": float(abs(row.amount_minor)),
            }
        ],
        now_us,
    )
    body = said_of(DecisionRecord(decision_id, seq, proposed, is_new=True)) | {
        "decided_by": by, "why": reason, "undone": list(undone),
    }  # fmt: skip
    told = canonical(body)
    # what a person wrote may name somebody, so the chain has its hash only
    said = {"id": decision_id, "payment_id": row.id, "sha256": sha256(told).hexdigest(), "grounds": None}
    append(tx, "decisions.taken_back", {"decisions": [said], "by": by, "undone": list(undone)}, now)
    append_events(tx, [OutboxEvent("decision.made", row.id, told.decode())], now)
