"""The decisions that the page itself holds, each with its evidence, as columns for the page's script.

A page cannot hold a million payments. What needs a person comes first, then those the machine was least sure
of, then an even sample of the rest; the page says how many of each it holds. Long texts are cut, and say by
how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.report.facts import AUTO, DISMISSED, REVIEW, UNMATCHED
from features.report.leftovers import customer_names
from features.report.tables import (
    DECISION_COLUMNS,
    OUTCOMES,
    Bools,
    Decided,
    Floats,
    Ints,
    flat,
    floats,
    positions,
    text,
    text_columns,
)

if TYPE_CHECKING:
    from features.book import Book
    from features.report.tables import Output

ROWS: Final = 5_000
UNSURE_ROWS: Final = 1_000
ITEMS_PER_PAYMENT: Final = 40
RUNNERS_UP: Final = 4
TEXT_LENGTH: Final = 600
NAME_LENGTH: Final = 140


@dataclass(frozen=True)
class Held:
    """The rows on the page, and of each outcome how many of how many."""

    rows: Ints
    held: tuple[int, ...]
    total: tuple[int, ...]

    @property
    def is_all(self) -> bool:
        """Return whether nothing was left out."""
        return self.held == self.total


def choose(decided: Decided, limit: int = ROWS) -> Held:
    """Pick the rows for the page: cases by age, the least certain closes, every n-th of the rest."""
    rows = np.arange(len(decided))
    by_age = np.lexsort((rows, decided.booking_day))
    cases = by_age[np.isin(decided.outcome[by_age], (REVIEW, UNMATCHED))]
    if len(cases) > limit:
        cases = cases[: limit * 4 // 5]  # even then the page shows what closes look like
    closed = np.flatnonzero(decided.outcome == AUTO)
    unsure = closed[np.lexsort((closed, decided.confidence[closed]))]
    first = unsure[: min(UNSURE_ROWS, max(limit - len(cases), 0))]
    is_rest = np.isin(decided.outcome, (AUTO, DISMISSED))
    is_rest[first] = False
    rest = np.flatnonzero(is_rest)
    room = max(limit - len(cases) - len(first), 0)
    sample = rest if len(rest) <= room else rest[np.linspace(0, len(rest) - 1, room).astype(np.int64)]
    chosen = np.concatenate([cases, first, sample]).astype(np.int64)
    width = len(OUTCOMES)
    held, total = (np.bincount(decided.outcome[at], minlength=width).tolist() for at in (chosen, rows))
    return Held(chosen, tuple(held), tuple(total))


def payload(
    book: Book, output: Output, decided: Decided, held: Held, verdict: Verdict | None
) -> dict[str, Any]:
    """Return the rows on the page as columns: `d` decisions, `a` stated items, `c` runners-up."""
    rows = held.rows
    ids = decided.payment_id.take(pa.array(rows))
    kept = output.allocations_of(ids)
    tried = output.candidates_of(ids)
    items, cut = _first(kept, positions(flat(kept["payment_id"]), ids), ITEMS_PER_PAYMENT)
    next_best = _runners_up(tried, kept, ids)
    # One look-up for both: hashing the ids of all invoices is what it costs.
    wanted = pa.concat_arrays([flat(items["invoice_id"]), flat(next_best["invoice_id"])])
    invoice = positions(wanted, flat(book.invoices["invoice_id"]))
    decisions = _decisions(book, output, decided, rows)
    decisions["more"] = np.bincount(cut, minlength=len(rows)).tolist()
    if verdict is not None:
        decisions["right"] = [
            None if row < 0 else bool(verdict.is_right[row]) for row in verdict.row[rows].tolist()
        ]
    return {
        "d": decisions,
        "a": _items(items, _taken(book.invoices, invoice[: items.num_rows]), ids),
        "c": _tried(book, next_best, _taken(book.invoices, invoice[items.num_rows :]), ids),
    }


@dataclass(frozen=True)
class Verdict:
    """What the truth says about each decision, where it is known."""

    row: Ints  # row of `is_right` for each decision, -1 where unknown
    is_right: Bools

    @classmethod
    def of(cls, decided: Decided, truth: pa.Table) -> Verdict:
        """Join a table of `payment_id` and `is_right` to the decisions."""
        return cls(
            positions(decided.payment_id, flat(truth["payment_id"])),
            np.asarray(pc.fill_null(flat(truth["is_right"]), False)),
        )


def _decisions(book: Book, output: Output, decided: Decided, rows: Ints) -> dict[str, list[Any]]:
    said = text_columns(output.decisions.take(pa.array(rows)), DECISION_COLUMNS)
    paid = _taken(book.payments, decided.payment_row[rows])
    customer = pc.fill_null(customer_names(book, flat(said["customer_id"])), "")
    remittance = text(paid, "remittance")
    return {
        "id": said["payment_id"].to_pylist(),
        "outcome": decided.outcome[rows].tolist(),
        "conf": _rounded(decided.confidence[rows]),
        "kind": said["kind"].to_pylist(),
        "cust": said["customer_id"].to_pylist(),
        "name": _cut(customer, NAME_LENGTH),
        "alloc": said["allocated"].to_pylist(),
        "unapp": said["unapplied"].to_pylist(),
        "ccy": said["currency"].to_pylist(),
        "rel": said["related_payment_id"].to_pylist(),
        "why": said["reasons"].to_pylist(),
        "day": text(paid, "booking_date").to_pylist(),
        "minor": decided.amount_minor[rows].tolist(),
        "payer": _cut(text(paid, "payer_name"), NAME_LENGTH),
        "acct": _cut(text(paid, "payer_account"), NAME_LENGTH),
        "ref": _cut(text(paid, "structured_reference"), NAME_LENGTH),
        "e2e": _cut(text(paid, "end_to_end_id"), NAME_LENGTH),
        "text": _cut(remittance, TEXT_LENGTH),
        "cut": np.maximum(np.asarray(pc.utf8_length(remittance)) - TEXT_LENGTH, 0).tolist(),
    }


def _items(items: pa.Table, facts: pa.Table, ids: pa.Array) -> dict[str, list[Any]]:
    return {
        "d": positions(flat(items["payment_id"]), ids).tolist(),
        "no": _number(facts, flat(items["invoice_id"])),
        "type": text(facts, "type").to_pylist(),
        "ccy": text(facts, "currency").to_pylist(),
        "due": text(facts, "due_date").to_pylist(),
        "amount": items["amount"].to_pylist(),
        "wo": items["write_off"].to_pylist(),
        "wor": items["write_off_reason"].to_pylist(),
        "ded": items["deduction"].to_pylist(),
        "dedr": items["deduction_reason"].to_pylist(),
        "paid": items["payment_amount"].to_pylist(),
        "rate": items["rate"].to_pylist(),
        "conf": _rounded(floats(items["pair_confidence"])),
    }


def _runners_up(tried: pa.Table, stated: pa.Table, ids: pa.Array) -> pa.Table:
    """Return the best candidates of each payment that its proposal left out."""
    pair = pc.binary_join_element_wise(flat(tried["payment_id"]), flat(tried["invoice_id"]), "\x1f")
    taken = pc.binary_join_element_wise(flat(stated["payment_id"]), flat(stated["invoice_id"]), "\x1f")
    left = tried.filter(pc.invert(pc.is_in(pair, value_set=taken)))
    confidence = np.nan_to_num(floats(left["pair_confidence"]), nan=-1.0)
    left = left.take(pa.array(np.argsort(-confidence, kind="stable")))
    return _first(left, positions(flat(left["payment_id"]), ids), RUNNERS_UP)[0]


def _tried(book: Book, best: pa.Table, facts: pa.Table, ids: pa.Array) -> dict[str, list[Any]]:
    return {
        "d": positions(flat(best["payment_id"]), ids).tolist(),
        "no": _number(facts, flat(best["invoice_id"])),
        "name": _cut(pc.fill_null(customer_names(book, flat(facts["customer_id"])), ""), NAME_LENGTH),
        "ccy": text(facts, "currency").to_pylist(),
        "minor": facts["amount_minor"].to_pylist(),
        "due": text(facts, "due_date").to_pylist(),
        "conf": _rounded(floats(best["pair_confidence"])),
        "why": best["why_not"].to_pylist(),
        "rules": _cut(flat(best["rules"]), NAME_LENGTH),
    }


def _first(table: pa.Table, owner: Ints, limit: int) -> tuple[pa.Table, Ints]:
    """Return the first rows of each owner, in the order of owners, and the owners of the rows left out."""
    order = np.argsort(owner, kind="stable")
    sorted_owner = owner[order]
    starts = np.flatnonzero(np.r_[True, sorted_owner[1:] != sorted_owner[:-1]]) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return table.take(pa.array(order[rank < limit])), sorted_owner[rank >= limit]


def _taken(table: pa.Table, rows: Ints) -> pa.Table:
    """Return these rows, all null where the row is -1."""
    return table.take(pa.array(rows, mask=rows < 0))


def _number(facts: pa.Table, ids: pa.Array) -> list[str]:
    return _cut(pc.coalesce(flat(facts["invoice_number"]), ids), NAME_LENGTH)


def _cut(values: pa.Array, length: int) -> list[str]:
    cut: list[str] = pc.utf8_slice_codeunits(values, 0, length).to_pylist()
    return cut


def _rounded(values: Floats) -> list[float | None]:
    """Round for the page, downwards: what is not certain never reads as 1."""
    cut = np.floor(values * 1e6) / 1e6
    return [None if np.isnan(value) else value for value in cut.tolist()]
