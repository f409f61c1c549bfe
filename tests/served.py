"""Books in a store, and what is asked of them: the helpers of the store's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, select

from features.book import Book, read_book
from features.pipeline import match_book
from serving.catch_up import CaughtUp, catch_up, items_of
from serving.ingest import ingest_book
from serving.model_slot import LoadedModel
from serving.proposals import Proposed, proposals_of
from serving.store.invariants import violations
from serving.store.schema import allocation, case, decision, invoice, payment, posting, proposal
from serving.store.store import Store, Transaction
from tests.learnt import bundle, policy
from tests.stores import NOW
from training.synthetic import make_book, write_book
from training.worlds import split

MONTHS_OF_HISTORY = 15


@cache
def split_book(invoices: int = 500, seed: int = 11) -> Book:
    """Make a synthetic book whose last months are undecided."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_book(make_book(invoices, seed), folder / "book", parquet=True)
        split(folder / "book", folder, MONTHS_OF_HISTORY)
        return read_book(folder / "match")


@cache
def model(**knobs: object) -> LoadedModel:
    """Give the model of the session with some knobs of its policy turned."""
    return LoadedModel(bundle(), policy(**knobs), bundle().name, "test")


def ready_model() -> LoadedModel:
    """Give a model that closes much by itself."""
    return model(auto_threshold=0.6, review_threshold=0.1)


def fill(store: Store, book: Book, book_id: str = "acme") -> None:
    """Take a book into the store."""
    assert ingest_book(store, book_id, book, NOW).refusals == []


def run(store: Store, book_id: str = "acme", using: LoadedModel | None = None) -> CaughtUp:
    """Match everything undecided."""
    used = using or ready_model()
    return catch_up(store, book_id, used.bundle, used.policy, lambda: NOW, threads=1)


def decided(book: Book, using: LoadedModel, only: Iterable[str] | None = None) -> dict[str, Proposed]:
    """Decide payments of a book as files are decided."""
    named = None if only is None else pa.array(sorted(only), pa.string())
    result = match_book(book, using.bundle, using.policy, threads=1, only=named)
    return {one.payment_id: one for one in proposals_of(result.decisions, result.allocations, items_of(book))}


def facts(one: Proposed) -> Proposed:
    """Give a decision without what only tells how sure each pair was."""
    return replace(one, lines=tuple(replace(line, pair_confidence=None) for line in one.lines))


def in_force(tx: Transaction) -> dict[str, tuple[Any, ...]]:
    """Give what is decided of each payment, without the ids of decisions: equal for equal outcomes."""
    rows = tx.connection.execute(
        select(
            payment.c.id, payment.c.state, payment.c.unapplied_minor, decision.c.outcome,
            decision.c.confidence, decision.c.reasons, decision.c.customer_id, payment.c.decision_id,
        )
        .outerjoin(
            decision, (decision.c.book_id == payment.c.book_id) & (decision.c.id == payment.c.decision_id)
        )
        .where(payment.c.book_id == tx.book_id)
    ).all()  # fmt: skip
    lines: dict[str, list[tuple[Any, ...]]] = {}
    for decision_id, *line in tx.connection.execute(
        select(
            proposal.c.decision_id, proposal.c.line, proposal.c.invoice_id, proposal.c.amount_minor,
            proposal.c.write_off_minor, proposal.c.deduction_minor,
        )
        .where(proposal.c.book_id == tx.book_id)
        .order_by(proposal.c.decision_id, proposal.c.line)
    ):  # fmt: skip
        lines.setdefault(decision_id, []).append(tuple(line))
    return {one: (*rest, lines.get(decision_id, [])) for one, *rest, decision_id in rows}


def final_state(store: Store, book_id: str = "acme") -> dict[str, Any]:
    """Give all that counts of a book in the end: equal for equal books, whatever the way there."""
    with store.reading(book_id) as tx:
        assert violations(tx) == []

        def rows(*columns: ColumnElement[Any]) -> list[tuple[Any, ...]]:
            query = select(*columns).where(columns[0].table.c.book_id == book_id)
            return sorted((tuple(row) for row in tx.connection.execute(query)), key=repr)

        waiting = case.c.state == "open"
        cases = select(case.c.payment_id, case.c.reason).where(case.c.book_id == book_id, waiting)
        return {
            "payments": in_force(tx),
            "items": rows(invoice.c.id, invoice.c.open_minor, invoice.c.opening_minor),
            "allocations": rows(
                allocation.c.payment_id,
                allocation.c.invoice_id,
                allocation.c.amount_minor,
                allocation.c.write_off_minor,
            ),
            "postings": rows(
                posting.c.account,
                posting.c.currency,
                posting.c.amount_minor,
                posting.c.payment_id,
                posting.c.invoice_id,
            ),
            "cases": sorted((tuple(row) for row in tx.connection.execute(cases)), key=repr),
        }


def rows_of_book(book: Book, table: str, ids: Iterable[str]) -> Book:
    """Give a book that holds only some rows of one table, by its first column."""
    rows = book.table(table)
    wanted = rows.filter(pc.is_in(rows.column(0), value_set=pa.array(sorted(set(ids)), pa.string())))
    empty = {name: book.table(name).slice(0, 0) for name in TABLE_NAMES if name != table}
    return replace(book, **empty, **{table: wanted})


TABLE_NAMES = (
    "invoices", "payments", "customers", "customer_accounts", "own_accounts", "instalments",
    "remittance_lines", "fx_rates", "allocations",
)  # fmt: skip
