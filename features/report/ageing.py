"""What stays open after this run, by how long it has been due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.report.facts import exact_sums
from features.report.tables import Bools, Codes, Ints, flat, looked_up, minor, positions, text

if TYPE_CHECKING:
    from features.book import Book
    from features.report.tables import Output

BUCKETS: Final = ("not due", "1\u201330 days", "31\u201360", "61\u201390", "over 90")
EDGES: Final = (0, 30, 60, 90)
_CLOSED: Final = ("draft", "void")


@dataclass(frozen=True)
class AgeingRow:
    """Open items of one currency: invoices and debit notes by age, credit memos apart."""

    currency: str
    items: int
    minor: tuple[int, ...]  # by bucket
    proposed_minor: int  # of that, what proposals in review would settle
    credit_minor: int  # credit memos not yet used, a positive amount

    @property
    def total(self) -> int:
        """Return what is open, credit memos not deducted."""
        return sum(self.minor)


def ageing_rows(book: Book, output: Output, as_of_day: int) -> list[AgeingRow]:
    """Age the balances that remain once everything that closed by itself is posted."""
    invoices = book.invoices
    sign = np.where(np.asarray(pc.fill_null(pc.equal(flat(invoices["type"]), "credit_memo"), False)), -1, 1)
    currency = Codes.of(invoices["currency"])
    known = flat(invoices["issue_date"]).view(pa.int32())
    in_play = ~_is_in(invoices["status"], _CLOSED) & (looked_up(known, _all(invoices), 0) <= as_of_day)
    # One look-up for both tables: hashing the ids of all invoices is what this costs.
    standing = book.allocations.filter(pc.is_null(book.allocations["reversed_at"]))
    ids = pa.concat_arrays([flat(standing["invoice_id"]), text(output.allocations, "invoice_id")])
    row = positions(ids, flat(invoices["invoice_id"]))
    balance = balances_before(invoices, sign, standing, row[: standing.num_rows])
    posted, proposed = _applied(output, row[standing.num_rows :], invoices.num_rows, currency)
    left = np.where(in_play, balance - posted, 0) * sign
    left = np.maximum(left, 0)
    waiting = np.minimum(np.maximum(proposed * sign, 0), left)
    due = looked_up(flat(invoices["due_date"]).view(pa.int32()), _all(invoices), -(2**31))
    due = np.where(due == -(2**31), looked_up(known, _all(invoices), 0), due)
    bucket = np.searchsorted(np.array(EDGES) + 1, as_of_day - due, side="right")
    return _rows(currency, sign, left, waiting, bucket)


def balances_before(invoices: pa.Table, sign: Ints, standing: pa.Table, row: Ints) -> Ints:
    """Return signed balances before this run: as stated, else rebuilt from the book's own allocations."""
    used = looked_up(standing["amount_minor"], _all(standing), 0) + looked_up(
        standing["write_off_minor"], _all(standing), 0
    )
    applied = exact_sums(row[row >= 0], used[row >= 0], invoices.num_rows)
    rebuilt = looked_up(invoices["amount_minor"], _all(invoices), 0) * sign - applied
    rebuilt = np.where(_is_in(invoices["status"], ("settled",)), 0, rebuilt)
    stated = np.asarray(pc.is_valid(flat(invoices["open_amount_minor"])))
    return np.where(stated, looked_up(invoices["open_amount_minor"], _all(invoices), 0) * sign, rebuilt)


def _applied(output: Output, row: Ints, invoices: int, currency: Codes) -> tuple[Ints, Ints]:
    """Add up cash and write-offs by invoice row, of automatic closes and of proposals in review."""
    table, row = output.allocations.filter(pa.array(row >= 0)), row[row >= 0]
    own = Codes(currency.code[row], currency.words)
    used = minor(text(table, "amount"), own) + minor(text(table, "write_off"), own)
    outcome = text(table, "outcome")
    auto, review = (np.asarray(pc.equal(outcome, word)) for word in ("auto", "review"))
    return exact_sums(row[auto], used[auto], invoices), exact_sums(row[review], used[review], invoices)


def _rows(currency: Codes, sign: Ints, left: Ints, waiting: Ints, bucket: Ints) -> list[AgeingRow]:
    words, width = currency.words, len(BUCKETS)
    owed, credit = (left > 0) & (sign > 0), (left > 0) & (sign < 0)
    counts = np.bincount(currency.code[owed | credit], minlength=len(words))
    sums = exact_sums(currency.code[owed] * width + bucket[owed], left[owed], len(words) * width).reshape(
        -1, width
    )
    proposed = exact_sums(currency.code[owed], waiting[owed], len(words))
    credits_ = exact_sums(currency.code[credit], left[credit], len(words))
    order = sorted(range(len(words)), key=lambda c: (-counts[c], words[c]))
    return [
        AgeingRow(words[c], int(counts[c]), tuple(sums[c].tolist()), int(proposed[c]), int(credits_[c]))
        for c in order
        if counts[c]
    ]


def _is_in(column: pa.ChunkedArray, words: tuple[str, ...]) -> Bools:
    return np.asarray(pc.is_in(flat(column), value_set=pa.array(words)))


def _all(table: pa.Table) -> Ints:
    return np.arange(table.num_rows)
