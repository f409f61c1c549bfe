"""Cash application online: from payments that arrived to postings or cases, in one transaction.

    block, compare, score, propose, settle, decide    features.pipeline, over serving.neighbourhood
    post or open a case, tell                         serving.effects

The same code decides as in bulk, and on the neighbourhood it decides what it would on the whole book.
Payments that wait for a person and want the same items are decided along, so that whoever comes first gets
nothing that somebody else claims as well; what an item that just closed leaves behind is matched again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from features.book import Book, book_from_rows
from features.grounds import Witness
from features.pipeline import MatchResult, match_book
from receivables.words import Outcome
from serving.audit.replay import note_policy
from serving.catch_up import items_of
from serving.effects import OPEN_STATES, DecisionRecord, record
from serving.model_slot import LoadedModel, check_confidences
from serving.neighbourhood import Neighbourhood, neighbourhood
from serving.promise import policy_kept
from serving.proposals import Proposed, proposals_of
from serving.store.intake_rows import mark_for_recheck, proposed_on, rows_of
from serving.store.run_rows import may_decide
from serving.store.schema import payment
from serving.waiting import explained_by

if TYPE_CHECKING:
    from serving.store.store import Transaction

MOST_RIVALS: Final = 50
"""Waiting payments that are decided along; more of them wait for the next bulk run."""


def apply_payments(
    tx: Transaction, payment_ids: Sequence[str], model: LoadedModel, now: datetime
) -> list[DecisionRecord]:
    """Match payments of the store and carry it out; a payment that is decided already keeps its decision.

    The answer holds the payments asked for and those that were decided along. Raises `ModelFaultError` when
    the model answers nonsense: nothing is written then.
    """
    rows = rows_of(tx, payment, payment_ids)
    asked = may_decide(tx, [one for one, row in rows.items() if row.state in OPEN_STATES])
    if not asked:
        return []
    records = _decide(tx, asked, model, now)
    left = _left_behind(tx, records, records)
    if left:
        later = _decide(tx, left[:MOST_RIVALS], model, now, along=False)
        records += later
        mark_for_recheck(tx, [*left[MOST_RIVALS:], *_left_behind(tx, later, records)])
    return records


def _left_behind(
    tx: Transaction, closing: Sequence[DecisionRecord], done: Sequence[DecisionRecord]
) -> list[str]:
    """Find the waiting payments whose proposal wants an item that just closed or shrank."""
    closed = {
        line.invoice_id
        for one in closing
        if one.is_new and one.proposed.outcome == Outcome.AUTO
        for line in one.proposed.lines
    }
    decided = {one.proposed.payment_id for one in done}
    return [one for one in may_decide(tx, proposed_on(tx, sorted(closed))) if one not in decided]


def apply_items(
    tx: Transaction, invoice_ids: Sequence[str], model: LoadedModel, now: datetime
) -> list[DecisionRecord]:
    """Match the waiting payments that new or changed items may explain."""
    waiting = explained_by(tx, invoice_ids)
    mark_for_recheck(tx, waiting[MOST_RIVALS:])
    return apply_payments(tx, waiting[:MOST_RIVALS], model, now) if waiting else []


def preview(tx: Transaction, payments: Book, model: LoadedModel) -> MatchResult:
    """Match payments that are not in the store against its items; nothing is written.

    The caller's transaction may be one that only reads.
    """
    around = neighbourhood(tx, (), payments)
    return _matched(around, model)


def match_stateless(
    tables: Mapping[str, Sequence[Mapping[str, object]]], model: LoadedModel
) -> tuple[Book, MatchResult]:
    """Match rows given in the request, as files are matched; the book tells which rows were set aside."""
    book = book_from_rows(tables)
    result = match_book(book, model.bundle, model.policy, threads=1)
    check_confidences(result.decisions["confidence"].to_pylist() if result.decisions.num_rows else [])
    return book, result


def _decide(
    tx: Transaction, asked: Sequence[str], model: LoadedModel, now: datetime, *, along: bool = True
) -> list[DecisionRecord]:
    model = replace(model, policy=policy_kept(tx, model.policy))
    around = neighbourhood(tx, asked)
    if along:
        rivals = [
            one for one in may_decide(tx, proposed_on(tx, sorted(around.candidates))) if one not in set(asked)
        ]
        mark_for_recheck(tx, rivals[MOST_RIVALS:])
        if rivals:
            around = neighbourhood(tx, [*asked, *rivals[:MOST_RIVALS]])
    note_policy(tx, model.policy, now)
    proposals = proposals_around(around, model)
    if model.beside is not None:
        model.beside(around, proposals)
    return record(tx, proposals, now)


def proposals_around(around: Neighbourhood, model: LoadedModel) -> list[Proposed]:
    """Decide the payments of a neighbourhood."""
    witness = Witness(model.bundle.calibration)
    result = _matched(around, model, witness)
    return proposals_of(result.decisions, result.allocations, items_of(around.book), witness.grounds)


def _matched(around: Neighbourhood, model: LoadedModel, witness: Witness | None = None) -> MatchResult:
    only: Any = pa.array(around.payments, pa.string())
    result = match_book(
        around.book, model.bundle, model.policy, only=only, elsewhere=around.elsewhere, threads=1,
        witness=witness,
    )  # fmt: skip
    check_confidences(result.decisions["confidence"].to_pylist() if result.decisions.num_rows else [])
    return result
