"""Match what a request brings: the code of `tieout match`, over rows instead of files; nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from features.book import Book, book_from_rows
from features.book_schema import TABLES
from features.pipeline import MatchResult
from features.quarantine import PROBLEMS
from receivables.policy import Policy
from serving import metrics
from serving.cash_application import match_stateless, preview
from serving.model_slot import LoadedModel
from serving.promise import policy_kept
from serving.store.store import Transaction

__all__ = ["blank_row", "complete_rows", "match_against_store", "match_rows", "row_problems"]

MOST_CANDIDATES: Final = 20
"""Candidates shown for a payment, best first."""
_ALLOCATION: Final = (
    "invoice_id", "amount", "write_off", "write_off_reason", "deduction", "deduction_reason",
    "payment_amount", "rate", "rate_date", "pair_confidence",
)  # fmt: skip
_CANDIDATE: Final = ("payment_id", "invoice_id", "rules", "pair_confidence", "chosen", "why_not")


def match_rows(
    tables: Mapping[str, Sequence[Mapping[str, Any]]], knobs: Mapping[str, Any] | None, model: LoadedModel
) -> dict[str, Any]:
    """Decide the payments of `tables` against the other tables; gives the answer of the contract.

    Raises `PolicyError` for knobs that cannot be read, `BookError` for tables that cannot, `ModelFaultError`.
    """
    used = with_knobs(model, knobs)
    complete = {name: complete_rows(name, rows) for name, rows in tables.items()}
    book, result = match_stateless(complete, used)
    return _said(book, result, used, tables)


def match_against_store(
    tx: Transaction,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    knobs: Mapping[str, Any] | None,
    model: LoadedModel,
) -> dict[str, Any]:
    """Decide the payments of `tables` against the items in the store; nothing is written."""
    used = with_knobs(replace(model, policy=policy_kept(tx, model.policy)), knobs)
    book = book_from_rows({name: complete_rows(name, rows) for name, rows in tables.items()})
    result = preview(tx, book, used) if book.payments.num_rows else None
    return _said(book, result, used, tables)


def with_knobs(model: LoadedModel, knobs: Mapping[str, Any] | None) -> LoadedModel:
    """Put the knobs of a request on top of the model's policy; looser ones cost the guarantee."""
    return model if knobs is None else replace(model, policy=model.policy.merged_with(knobs))


def _said(
    book: Book,
    result: MatchResult | None,
    model: LoadedModel,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    blank = [
        problem
        for name, rows in tables.items()
        for number, row in enumerate(rows, 1)
        for problem in blank_row(name, number, row)
    ]
    return {
        "decisions": _answers(result) if result is not None and result.decisions.num_rows else [],
        "model": model.name,
        "policy": model.policy.fingerprint(),
        "guarantee": guarantee_of(model.policy),
        "problems": row_problems(book) + blank,
    }


def guarantee_of(policy: Policy) -> str:
    """Say what holds for what a policy closes."""
    return str(policy.guarantee["statement"]) if policy.guarantee else "none"


def row_problems(book: Book) -> list[dict[str, Any]]:
    """List the rows that were set aside, as the API says them."""
    return [
        {
            "table": row["file"],
            "row": row["row"],
            "field": row["field"] or None,
            "code": row["code"],
            "message": row["message"],
            "mend": row["mend"],
        }
        for row in book.problems.to_pylist()
    ]


def blank_row(table: str, number: int, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the problem of a row that says nothing: readers of files pass blank lines by, a sender is told."""
    if any(cell is not None and str(cell).strip() for cell in row.values()):
        return []
    advice = PROBLEMS["missing_value"]
    blank = {"table": table, "row": number, "field": None, "code": "missing_value"}
    return [{**blank, "message": advice.message, "mend": advice.mend}]


def complete_rows(table: str, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Give every row the required columns: one that lacks them is set aside, its neighbours are not."""
    required = dict.fromkeys(next(spec.required_columns for spec in TABLES if spec.name == table))
    return [{**required, **row} for row in rows]


def _answers(result: MatchResult) -> list[dict[str, Any]]:
    decisions: list[dict[str, Any]] = result.decisions.to_pylist()
    laid: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in result.allocations.to_pylist():
        laid[row["payment_id"]].append({**{name: row[name] for name in _ALLOCATION}, "rate_date": _day(row)})
    seen: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    columns = [name for name in _CANDIDATE if name in result.candidates.column_names]
    for row in result.candidates.select(columns).to_pylist():
        seen[row["payment_id"]].append(_candidate(row))
    for decision in decisions:
        payment_id = decision["payment_id"]
        metrics.DECISIONS.labels(decision["outcome"], "stateless").inc()
        metrics.CONFIDENCE.observe(decision["confidence"])
        decision["reasons"] = [code for code in (decision["reasons"] or "").split(";") if code]
        decision["allocations"] = laid[payment_id]
        ranked = sorted(seen[payment_id], key=lambda one: (-(one["pair_confidence"] or 0), one["invoice_id"]))
        decision["candidates"] = ranked[:MOST_CANDIDATES]
        del decision["model"], decision["policy"]
    return decisions


def _candidate(row: dict[str, Any]) -> dict[str, Any]:
    sure = row["pair_confidence"]
    return {
        "invoice_id": row["invoice_id"],
        "pair_confidence": None if sure is None else round(float(sure), 9),
        "rules": [rule for rule in (row["rules"] or "").split(";") if rule],
        "chosen": row["chosen"],
        "why_not": row["why_not"] or None,
    }


def _day(row: Mapping[str, Any]) -> str | None:
    return None if row["rate_date"] is None else row["rate_date"].isoformat()
