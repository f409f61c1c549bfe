"""What the API says about payments, items, decisions and cases: rows of the store, money as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from receivables.money import to_text
from serving.problems import NotFoundError
from serving.store import view_rows
from serving.store.store import Transaction

__all__ = ["case_view", "decision_views", "invoice_view", "payment_view"]

MOST_WAITING = 100
"""Proposals that wait for a person, shown with an item."""


def payment_view(tx: Transaction, payment_id: str) -> dict[str, Any]:
    """Say all about a payment: state, balance, allocations, decisions with their evidence, entries.

    Raises `NotFoundError`.
    """
    row = view_rows.find_payment(tx, payment_id)
    if row is None:
        raise NotFoundError(f"The book has no payment {payment_id[:80]!r}.")
    decisions = view_rows.decisions_of_payment(tx, payment_id)
    said = decision_views(tx, decisions)
    in_force = next((one for one in said if one["decision_id"] == row.decision_id), None)
    return {
        "payment_id": row.id,
        "state": row.state,
        "version": row.version,
        "booking_date": _text(row.booking_date),
        "currency": row.currency,
        "amount": to_text(row.amount_minor, row.currency),
        "unapplied": to_text(row.unapplied_minor, row.currency),
        "kind": row.kind,
        "payer_name": row.payer_name,
        "remittance": row.remittance,
        "structured_reference": row.structured_reference,
        "customer_id": row.settled_customer_id or row.customer_id,
        "related_payment_id": row.related_payment_id,
        "hold": row.hold,
        "decision": in_force,
        "allocations": [_allocation(one) for one in view_rows.allocations_of_payment(tx, payment_id)],
        "history": said,
        "entries": [
            {
                "entry_id": entry.id,
                "kind": entry.kind,
                "booked_on": _text(entry.booked_on),
                "reverses": entry.reverses,
                "description": entry.description,
            }
            for entry in view_rows.entries_of_payment(tx, payment_id)
        ],
    }


def invoice_view(tx: Transaction, invoice_id: str) -> dict[str, Any]:
    """Say all about an item: balance, status, allocations, and the proposals that wait for a person.

    Raises `NotFoundError`.
    """
    row = view_rows.find_invoice(tx, invoice_id)
    if row is None:
        raise NotFoundError(f"The book has no invoice {invoice_id[:80]!r}.")
    return {
        "invoice_id": row.id,
        "invoice_number": row.invoice_number,
        "customer_id": row.customer_id,
        "customer_name": row.customer_name,
        "type": row.type,
        "status": row.status,
        "version": row.version,
        "currency": row.currency,
        "amount": to_text(row.amount_minor, row.currency),
        "open_amount": to_text(row.open_minor, row.currency),
        "issue_date": _text(row.issue_date),
        "due_date": _text(row.due_date),
        "allocations": [_allocation(one) for one in view_rows.allocations_of_invoice(tx, invoice_id)],
        "waiting": [
            {
                "payment_id": one.payment_id,
                "decision_id": one.decision_id,
                "amount": to_text(one.amount_minor, one.currency),
                "confidence": one.confidence,
                "outcome": one.outcome,
            }
            for one in view_rows.proposals_on_invoice(tx, invoice_id, MOST_WAITING)
        ],
    }


def decision_views(tx: Transaction, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Say decisions with the lines that each proposes."""
    lines = view_rows.lines_of_decisions(tx, [row.id for row in rows])
    return [
        {
            "decision_id": row.id,
            "seq": row.seq,
            "payment_id": row.payment_id,
            "kind": row.kind,
            "outcome": row.outcome,
            "confidence": row.confidence,
            "customer_id": row.customer_id,
            "allocated": to_text(row.allocated_minor, row.currency),
            "unapplied": to_text(row.unapplied_minor, row.currency),
            "currency": row.currency,
            "related_payment_id": row.related_payment_id,
            "reasons": [code for code in row.reasons.split(";") if code],
            "model": row.model,
            "policy": row.policy,
            "decided_by": row.decided_by,
            "checked_by": row.checked_by,
            "replaces": row.replaces,
            "decided_at": _text(row.created_at),
            "allocations": [_line(line, row.currency) for line in lines[row.id]],
        }
        for row in rows
    ]


def case_view(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    """Say a case."""
    return {
        "case_id": row.id,
        "state": row.state,
        "reason": row.reason,
        "payment_id": row.payment_id,
        "invoice_id": row.invoice_id,
        "decision_id": row.decision_id,
        "opened_at": _text(row.opened_at),
        "due_at": _text(row.due_at),
        "version": row.version,
        "assignee": row.assignee,
        "lease_by": row.lease_by,
        "lease_until": _text(row.lease_until),
        "priority": row.priority,
        "source": row.source,
    }


def _line(line: Any, currency: str) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    return {
        "invoice_id": line.invoice_id,
        "amount": to_text(line.amount_minor, line.currency),
        **_residuals(line),
        "payment_amount": to_text(line.payment_amount_minor, currency),
        "rate": line.rate,
        "rate_date": _text(line.rate_date),
        "pair_confidence": line.pair_confidence,
    }


def _allocation(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    return {
        "allocation_id": row.id,
        "payment_id": row.payment_id,
        "invoice_id": row.invoice_id,
        "currency": row.currency,
        "amount": to_text(row.amount_minor, row.currency),
        **_residuals(row),
        "decision_id": row.decision_id,
        "entry_id": row.entry_id,
        "source": row.source,
        "decided_by": row.decided_by,
        "checked_by": row.checked_by,
        "decided_at": _text(row.decided_at),
        "reverses": row.reverses,
        "reversed_at": _text(row.reversed_at),
    }


def _residuals(row: Any) -> Mapping[str, str | None]:  # noqa: ANN401 - a row of the store
    def shown(minor: int) -> str | None:
        return to_text(minor, row.currency) if minor else None

    return {
        "write_off": shown(row.write_off_minor),
        "write_off_reason": row.write_off_reason,
        "deduction": shown(row.deduction_minor),
        "deduction_reason": row.deduction_reason,
    }


def _text(value: date | datetime | None) -> str | None:
    """Write a day, or an instant in UTC with Z."""
    return None if value is None else value.isoformat().replace("+00:00", "Z")
