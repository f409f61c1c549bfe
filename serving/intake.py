"""A batch of rows over HTTP: one transaction, one answer a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from features.book import Book, book_from_rows
from features.book_schema import TABLES, TableSpec
from receivables.money import to_text
from serving import metrics
from serving.history import allocation_ids
from serving.ingest import ingest_rows
from serving.personal import mask_card_numbers
from serving.row_states import Intake, Refusal, RowState
from serving.stateless_match import blank_row, complete_rows, row_problems
from serving.store.intake_rows import plain_columns, rows_of
from serving.store.schema import invoice, payment
from serving.store.store import Transaction

__all__ = ["take_batch"]

_SPECS: Final = {spec.name: spec for spec in TABLES}
_WRITTEN: Final = ("remittance", "structured_reference", "payer_name", "end_to_end_id", "reference", "reason")
"""Free texts in which somebody may have typed a card number."""
_NAMED_BY_CONTENT: Final = ("allocations", "fx_rates")


def take_batch(
    tx: Transaction, table: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[Intake, list[dict[str, Any]]]:
    """Take the rows of one table; gives what the store did and one answer a row, in their order."""
    spec = _SPECS[table]
    sent = [{name: _masked(name, value) for name, value in row.items()} for row in rows]
    book = book_from_rows({table: complete_rows(table, sent), **_referred(tx, spec, sent)})
    taken = _only(book, table)
    intake = ingest_rows(tx, taken, now)
    answers = _answers(tx.book_id, spec, sent, taken, intake)
    for answer in answers:
        metrics.ROWS.labels(table, answer["status"]).inc()
        if answer["status"] == RowState.REJECTED:
            metrics.QUARANTINED.labels(table).inc()
    return intake, answers


def _masked(name: str, value: object) -> object:
    return mask_card_numbers(value) if name in _WRITTEN and isinstance(value, str) else value


def _only(book: Book, table: str) -> Book:
    """Leave out the rows of the store that were only there to be referred to."""
    empty = {spec.name: spec.schema.empty_table() for spec in TABLES if spec.name != table}
    return replace(book, **empty)


def _referred(
    tx: Transaction, spec: TableSpec, rows: Sequence[Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Give the payments and invoices of the store that rows point to, as far as reading them asks for it."""
    found: dict[str, list[dict[str, Any]]] = {}
    if "invoice" in spec.belongs_to:
        ids = {str(row["invoice_id"]).strip() for row in rows if row.get("invoice_id") is not None}
        found["invoices"] = [
            {
                "invoice_id": one.id,
                "customer_id": one.customer_id,
                "currency": one.currency,
                "amount": to_text(one.amount_minor, one.currency),
                "issue_date": "2000-01-01",
                "type": one.type,
            }
            for one in rows_of(tx, invoice, ids).values()
        ]
    if "payment" in spec.belongs_to:
        ids = {str(row["payment_id"]).strip() for row in rows if row.get("payment_id") is not None}
        found["payments"] = [
            {
                "payment_id": one.id,
                "booking_date": "2000-01-01",
                "currency": one.currency,
                "amount": to_text(one.amount_minor, one.currency),
            }
            for one in rows_of(tx, payment, ids).values()
        ]
    return found


def _answers(
    book_id: str, spec: TableSpec, rows: Sequence[Mapping[str, Any]], book: Book, intake: Intake
) -> list[dict[str, Any]]:
    problems: dict[int, list[dict[str, Any]]] = {}
    for problem in row_problems(book):
        if problem["table"] == spec.name and problem["row"] is not None:
            problems.setdefault(problem["row"], []).append(problem)
    refusals = {one.id: one for one in intake.refusals}
    states = intake.states[spec.name]
    in_order = iter(_typed_names(book_id, spec, book.table(spec.name)))
    answers = []
    for number, row in enumerate(rows, 1):
        said = problems.get(number, []) or blank_row(spec.name, number, row)
        name = None
        if not said:
            name = next(in_order, None) if spec.name in _NAMED_BY_CONTENT else _name(spec, row)
        # A row that says what one before it says was read past: it changes nothing.
        status = RowState.REJECTED if said else states.get(name or "", RowState.UNCHANGED)
        if name in refusals:
            said = [_refused(spec.name, number, refusals[name])]
        answers.append({"row": number, "id": _name(spec, row), "status": status.value, "problems": said})
    return answers


def _refused(table: str, number: int, refusal: Refusal) -> dict[str, Any]:
    return {
        "table": table,
        "row": number,
        "field": None,
        "code": refusal.code,
        "message": refusal.message,
        "mend": refusal.mend,
    }


def _name(spec: TableSpec, row: Mapping[str, Any]) -> str | None:
    """Name a row as its sender does: by its key, else by what it belongs to."""
    names = spec.key or tuple(f"{owner}_id" for owner in spec.belongs_to)
    if spec.name not in _NAMED_BY_CONTENT and not spec.key:
        names = names[:1]
    cells = [row.get(name) for name in names]
    return ":".join(str(cell).strip() for cell in cells) if all(cell is not None for cell in cells) else None


def _typed_names(book_id: str, spec: TableSpec, table: pa.Table) -> list[str]:
    """Name rows whose name in the store is made from their content, in order."""
    columns = plain_columns(spec, table)
    if spec.name == "allocations":
        return allocation_ids(book_id, columns)
    if spec.name == "fx_rates":
        return [":".join(map(str, key)) for key in zip(*(columns[name] for name in spec.key), strict=True)]
    return []
