"""Hold out the last months of a labelled book, match and judge them: what ``tieout evaluate`` shows.

The matcher sees the whole book but for the outcomes of the held-out payments; it keeps to what was known on
the day of each. Payments of unknown outcome are matched too, and not judged.
"""

from __future__ import annotations

import calendar
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.book import Book
from features.bundle import Bundle
from features.outputs import write_match
from features.pipeline import Progress, match_book
from receivables.errors import TieoutError
from receivables.money import exponent
from training.score_tables import TICK_DIGITS, positions, text
from training.verdicts import Verdicts, judge

LAG_SHARE = 0.99
"""An undecided payment older than this share of decision lags pays nothing (contract, section 1)."""


class NothingToHoldOutError(TieoutError):
    """The book has no labelled payments in the months to hold out."""

    code = "nothing_to_hold_out"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A book without the outcomes of its last payments, and those outcomes."""

    book: Book
    truth: Mapping[str, pa.Table]
    cut: date


def evaluate(book: Book, bundle: Bundle, *, months: int = 3, progress: Progress | None = None) -> Verdicts:
    """Match the held-out months of a labelled book and judge each payment."""
    held = hold_out(book, months)
    result = match_book(held.book, bundle, progress=progress)
    with tempfile.TemporaryDirectory(prefix="tieout-") as folder:
        write_match(result, Path(folder))
        return judge(Path(folder), held.truth, plain_tables(held.book))


def hold_out(book: Book, months: int) -> HeldOut:
    """Take the outcomes of the payments of the last months out of a book."""
    payments, allocations = book.payments, book.allocations
    if not payments.num_rows:
        raise NothingToHoldOutError("The book has no payments: give one with payments and their allocations.")
    cut = months_before(pc.max(payments["booking_date"]).as_py(), months)
    is_late = pc.greater_equal(payments["booking_date"], pa.scalar(cut))
    late_ids = payments["payment_id"].filter(is_late).combine_chunks()
    hidden = pc.is_in(allocations["payment_id"], value_set=late_ids)
    late = payments.filter(is_late)
    truth = {
        "payments": plain_table("payments", late, {}).set_column(
            late.schema.get_field_index("resolution"), "resolution", _outcomes(book, late)
        ),
        "allocations": plain_table("allocations", allocations.filter(hidden), _currencies(book)),
    }
    if not truth["allocations"].num_rows:
        raise NothingToHoldOutError(
            f"No payment booked since {cut} has an allocation to compare with: hold out more months."
        )
    blank = pc.if_else(is_late, pa.scalar(None, pa.string()), payments["resolution"])
    shown = payments.set_column(payments.schema.get_field_index("resolution"), "resolution", blank)
    open_amount = pa.nulls(book.invoices.num_rows, pa.int64())  # an export says what is paid by now
    at = book.invoices.schema.get_field_index("open_amount_minor")
    invoices = _without_settled(book.invoices).set_column(at, "open_amount_minor", open_amount)
    kept = allocations.filter(pc.invert(hidden))
    return HeldOut(replace(book, payments=shown, invoices=invoices, allocations=kept), truth, cut)


def _without_settled(invoices: pa.Table) -> pa.Table:
    at = invoices.schema.get_field_index("status")
    settled = pc.equal(invoices["status"], "settled")
    return invoices.set_column(at, "status", pc.if_else(settled, "open", invoices["status"]))


def months_before(last: date, months: int) -> date:
    """Return the day after which so many months lie: the first of a month when the last day ends one."""
    index = last.year * 12 + last.month - 1 - months
    year, month = divmod(index, 12)
    day = min(last.day, calendar.monthrange(year, month + 1)[1])
    ends_month = last.day == calendar.monthrange(last.year, last.month)[1]
    if ends_month:
        return date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date.fromordinal(date(year, month + 1, day).toordinal() + 1)


def _outcomes(book: Book, late: pa.Table) -> pa.ChunkedArray:
    """Return the resolutions, with "nothing" where silence for long enough says so."""
    lag = _decision_lag_days(book)
    last = pc.max(book.payments["booking_date"]).as_py().toordinal()
    days = np.array([last - d.toordinal() for d in late["booking_date"].to_pylist()])
    silent = pc.and_(pc.is_null(late["resolution"]), pa.array(days > lag))
    allocated = pc.is_in(late["payment_id"], value_set=book.allocations["payment_id"].combine_chunks())
    nothing = pc.and_(silent, pc.invert(allocated))
    return pc.if_else(nothing, pa.scalar("nothing"), late["resolution"])


def _decision_lag_days(book: Book) -> float:
    """Return how long nearly every decision took, in days; without decision times nothing is old enough."""
    rows = book.allocations.filter(pc.is_valid(book.allocations["decided_at"]))
    at = positions(text(rows, "payment_id"), text(book.payments, "payment_id"))
    if not (at >= 0).any():
        return float("inf")
    booked = np.asarray(book.payments["booking_date"].cast(pa.int32()).to_numpy(), dtype=np.float64)
    decided = np.asarray(rows["decided_at"].cast(pa.date32()).cast(pa.int32()).to_numpy(), dtype=np.float64)
    return float(np.quantile(decided[at >= 0] - booked[at[at >= 0]], LAG_SHARE))


def plain_tables(book: Book) -> dict[str, pa.Table]:
    """Return a book's tables with the columns of its files, money as exact decimals."""
    currencies = _currencies(book)
    names = (
        "invoices",
        "payments",
        "customers",
        "instalments",
        "remittance_lines",
        "fx_rates",
        "allocations",
    )
    return {name: plain_table(name, book.table(name), currencies) for name in names}


def _currencies(book: Book) -> dict[str, pa.Array]:
    """Return where rows without a currency of their own find it: by invoice, by payment."""
    return {
        "invoice_id": text(book.invoices, "invoice_id"),
        "invoice_currency": text(book.invoices, "currency"),
        "payment_id": text(book.payments, "payment_id"),
        "payment_currency": text(book.payments, "currency"),
    }


def plain_table(name: str, table: pa.Table, currencies: Mapping[str, pa.Array]) -> pa.Table:
    """Return a typed table with its money columns as decimals, named as in files."""
    if name in {"allocations", "instalments", "remittance_lines"}:
        side = "payment" if name == "remittance_lines" else "invoice"
        at = positions(text(table, f"{side}_id"), currencies[f"{side}_id"])
        places = pa.array(np.where(at < 0, 0, at))
        currency = currencies[f"{side}_currency"].take(places) if len(table) else pa.array([], pa.string())
    elif "currency" in table.column_names:
        currency = text(table, "currency")
    else:
        return table
    for column in table.column_names:
        if column.endswith("_minor"):
            decimals = _decimals(table[column].combine_chunks(), currency)
            table = table.append_column(column.removesuffix("_minor"), decimals)
    return table


def _decimals(minor: pa.Array, currency: pa.Array) -> pa.Array:
    distinct = currency.dictionary_encode()
    scales = np.array(
        [10 ** (TICK_DIGITS - exponent(c)) for c in distinct.dictionary.to_pylist()], dtype=np.int64
    )
    scale = pa.array(scales[np.asarray(distinct.indices)] if len(scales) else np.zeros(0, np.int64))
    scaled = pc.multiply(minor, scale).cast(pa.decimal128(19, 0))
    return pc.multiply(scaled, pa.scalar(Decimal(1).scaleb(-TICK_DIGITS), pa.decimal128(5, TICK_DIGITS)))
