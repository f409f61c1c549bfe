"""What came in is matched at once; without a usable model it waits, and whoever sent it is told so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog

from receivables.money import to_text
from receivables.words import Outcome
from serving import metrics
from serving.cash_application import apply_items, apply_payments
from serving.effects import DecisionRecord
from serving.model_slot import LoadedModel, ModelFaultError, ModelSlot, ModelUnavailableError
from serving.row_states import Intake
from serving.store.effect_rows import OverAppliedError
from serving.store.intake_rows import mark_for_recheck
from serving.store.store import Transaction
from serving.store.view_rows import decisions_by_id
from serving.views import decision_views

__all__ = ["match_what_came"]

_log = structlog.get_logger("tieout.intake")


def match_what_came(
    tx: Transaction, intake: Intake, slot: ModelSlot, now: datetime, *, is_later: bool
) -> tuple[str, list[dict[str, Any]]]:
    """Decide the payments that came and those that new items may explain; gives how it went, and them.

    Trouble with the model undoes the decisions and keeps the rows: nothing is posted, and they are matched
    when there is a model again.
    """
    if not intake.payments and not intake.items:
        return "none", []
    if is_later:
        return "later", []
    try:
        model = slot.current()
        with tx.savepoint():
            records = _decided(tx, intake, model, now)
    except (ModelUnavailableError, ModelFaultError, OverAppliedError) as error:
        _log.warning("matching deferred", code=error.code)
        mark_for_recheck(tx, intake.payments)
        return "deferred", []
    count(records)
    rows = decisions_by_id(tx, [one.decision_id for one in records])
    return "done", decision_views(tx, sorted(rows.values(), key=lambda row: row.seq))


def _decided(tx: Transaction, intake: Intake, model: LoadedModel, now: datetime) -> list[DecisionRecord]:
    records = apply_payments(tx, intake.payments, model, now) if intake.payments else []
    if intake.items:
        known = {one.decision_id for one in records}
        later = apply_items(tx, intake.items, model, now)
        records += [one for one in later if one.decision_id not in known]
    return records


def count(records: Iterable[DecisionRecord]) -> None:
    """Tell the metrics what was decided."""
    for one in records:
        if not one.is_new:
            continue
        proposed = one.proposed
        metrics.DECISIONS.labels(proposed.outcome, "store").inc()
        metrics.CONFIDENCE.observe(proposed.confidence)
        if proposed.outcome == Outcome.AUTO:
            value = abs(Decimal(to_text(proposed.allocated_minor, proposed.currency)))
            metrics.AUTO_VALUE.labels(proposed.currency).inc(float(value))
