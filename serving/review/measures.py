"""The ten measures of an invoice-reconciliation team, over the last days, straight from the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from serving.store import measure_rows as rows
from serving.store.store import Transaction

__all__ = ["DAYS", "measures"]

DAYS: Final = 30


def measures(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
    """Compute M1 to M10; a measure of which there is nothing to count shows a dash and misses no goal."""
    since = now - timedelta(days=DAYS)
    decided, applied, auto = rows.payments_since(tx, since)
    hours = rows.median_hours_to_match(tx, since)
    depth, oldest = rows.queue(tx, now)
    to_resolve = rows.median_hours_to_resolve(tx, since)
    issued, twice = rows.duplicate_invoices(tx, since)
    closed, overturned = rows.overturned(tx, since)
    partial, partial_done = rows.partial_payments(tx, since)
    backfill = rows.median_days_of_backfill(tx, since)
    entries, corrected = rows.corrected_entries(tx, since)
    decisions, audited = rows.decisions_with_trail(tx)
    return [
        _share(
            "M1",
            f"Reconciled of receipts that could be ({auto:,} of {applied:,} without a person)",
            applied,
            decided,
            ">= 99 %",
            at_least=0.99,
        ),
        _number("M2", "Median hours from known to matched", hours, "< 24", at_most=24),
        _number(
            "M3",
            f"Cases in the queue{f', the oldest {oldest:.0f} h' if oldest is not None else ''}",
            depth,
            "< 200",
            at_most=200,
        ),
        _number("M4", "Median hours to resolve a case", to_resolve, "< 72", at_most=72),
        _share(
            "M5",
            "Invoices issued twice (same customer, number and amount)",
            twice,
            issued,
            "< 0.01 %",
            at_most=0.0001,
        ),
        _share("M6", "Automatic closes overturned", overturned, closed, "< 0.1 %", at_most=0.001),
        _share("M7", "Partial payments allocated", partial_done, partial, ">= 95 %", at_least=0.95),
        _number("M8", "Median days of entries booked late", backfill, "< 7", at_most=7),
        _share("M9", "Entries reversed", corrected, entries, "< 0.1 %", at_most=0.001),
        _share("M10", "Decisions with their audit record", audited, decisions, "100 %", at_least=1.0),
    ]


def _share(
    name: str,
    text: str,
    count: int,
    of: int,
    goal: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> dict[str, Any]:
    share = count / of if of else None
    missed = share is not None and (
        (at_least is not None and share < at_least) or (at_most is not None and share > at_most)
    )
    shown = "–" if share is None else f"{share:.2%} ({count:,} of {of:,})".replace("%", " %")
    return {"id": name, "name": text, "shown": shown, "goal": goal, "missed": missed}


def _number(name: str, text: str, value: float | None, goal: str, *, at_most: float) -> dict[str, Any]:
    shown = "–" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    return {
        "id": name,
        "name": text,
        "shown": shown,
        "goal": goal,
        "missed": value is not None and value >= at_most,
    }
