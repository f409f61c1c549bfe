"""A book as columns of integers: the form that all bulk steps work on.

Ids become dense codes, dates become days since 1970-01-01, instants microseconds, money minor units. Rows
keep the order of the book's tables, so a row number is an address for the life of a `Frame`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.text import ascii_upper

if TYPE_CHECKING:
    from features.book import Book

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
F64 = NDArray[np.float64]
B = NDArray[np.bool_]

NO_DATE = np.int32(-(2**31))
NO_CODE = np.int32(-1)
MISSING = np.iinfo(np.int64).min

INVOICE_TYPES = ("invoice", "credit_memo", "debit_note")
STATUSES = ("open", "draft", "void", "settled", "disputed", "on_hold")
KINDS = ("receipt", "return", "refund", "chargeback", "representment", "transfer", "other")
RESOLUTIONS = ("nothing", "on_account", "duplicate_payment", "unidentified", "pending")
LINE_KINDS = ("sale", "refund", "chargeback", "fee", "reserve")


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return one contiguous array."""
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return column


def integers(column: pa.ChunkedArray | pa.Array, missing: int = MISSING) -> I64:
    """Return an integer column with ``missing`` in place of nulls."""
    array = flat(column)
    if pa.types.is_timestamp(array.type) or pa.types.is_date32(array.type):
        array = array.view(pa.int64() if pa.types.is_timestamp(array.type) else pa.int32())
    return np.asarray(pc.fill_null(array.cast(pa.int64()), missing))


def days(column: pa.ChunkedArray | pa.Array) -> I32:
    """Return a date column as days since 1970, `NO_DATE` for nulls."""
    return integers(column, int(NO_DATE)).astype(np.int32)


def floats(column: pa.ChunkedArray | pa.Array) -> F64:
    """Return a float column, NaN for nulls."""
    return np.asarray(pc.fill_null(flat(column).cast(pa.float64()), np.nan))


def codes(column: pa.ChunkedArray | pa.Array, vocabulary: pa.Array | tuple[str, ...]) -> I32:
    """Return the position of each value in a vocabulary, `NO_CODE` for nulls and strangers."""
    words = pa.array(vocabulary, pa.string()) if isinstance(vocabulary, tuple) else vocabulary
    found = pc.index_in(flat(column), value_set=words, skip_nulls=True)
    return np.asarray(pc.fill_null(found, int(NO_CODE))).astype(np.int32)


def dense(column: pa.Array) -> I32:
    """Return a code for each value of a column, `NO_CODE` for nulls."""
    indices = pc.dictionary_encode(column).indices
    return np.asarray(pc.fill_null(indices, int(NO_CODE))).astype(np.int32)


def vocabulary_of(*columns: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return the distinct non-null strings of some columns in sorted order."""
    parts = [flat(column).cast(pa.string()) for column in columns]
    distinct = pc.drop_null(pc.unique(pa.concat_arrays(parts)))
    return distinct.take(pc.sort_indices(distinct))


@dataclass(frozen=True)
class Frame:
    """The integer columns of a book; built once, read by every step."""

    book: Book

    @cached_property
    def customers(self) -> pa.Array:
        """Customer ids, sorted; the position is the customer code."""
        book = self.book
        return vocabulary_of(
            book.invoices["customer_id"],
            book.customers["customer_id"],
            book.payments["customer_id"],
            book.customer_accounts["customer_id"],
            book.customers["parent_id"],
        )

    @cached_property
    def currencies(self) -> pa.Array:
        """Currency codes, sorted."""
        return vocabulary_of(
            self.book.invoices["currency"],
            self.book.payments["currency"],
            self.book.payments["original_currency"],
        )

    @cached_property
    def issuers(self) -> pa.Array:
        """Issuer ids, sorted."""
        return vocabulary_of(self.book.invoices["issuer_id"])

    # open items ---------------------------------------------------------------------------------------------
    @property
    def item_count(self) -> int:
        """Return how many open items the book has."""
        return int(self.book.invoices.num_rows)

    @cached_property
    def item_ids(self) -> pa.Array:
        """Open item ids."""
        return flat(self.book.invoices["invoice_id"])

    @cached_property
    def item_customer(self) -> I32:
        """Customer codes."""
        return codes(self.book.invoices["customer_id"], self.customers)

    @cached_property
    def item_currency(self) -> I32:
        """Currency codes."""
        return codes(self.book.invoices["currency"], self.currencies)

    @cached_property
    def item_issuer(self) -> I32:
        """Issuer codes."""
        return codes(self.book.invoices["issuer_id"], self.issuers)

    @cached_property
    def item_sign(self) -> I64:
        """Plus one for invoices and debit notes, minus one for credit memos."""
        kind = codes(self.book.invoices["type"], INVOICE_TYPES)
        return np.where(kind == INVOICE_TYPES.index("credit_memo"), -1, 1).astype(np.int64)

    @cached_property
    def item_amount(self) -> I64:
        """Original amounts, signed: a credit memo is negative."""
        return integers(self.book.invoices["amount_minor"], 0) * self.item_sign

    @cached_property
    def item_stated_open(self) -> I64:
        """Stated open amounts, signed, `MISSING` where not given."""
        stated = integers(self.book.invoices["open_amount_minor"])
        return np.where(stated == MISSING, MISSING, stated * self.item_sign)

    @cached_property
    def item_issue(self) -> I32:
        """Issue days."""
        return days(self.book.invoices["issue_date"])

    @cached_property
    def item_due(self) -> I32:
        """Due days; the issue day where none is given."""
        due = days(self.book.invoices["due_date"])
        return np.where(due == NO_DATE, self.item_issue, due)

    @cached_property
    def item_known(self) -> I64:
        """Instants at which the items became known, microseconds."""
        return integers(self.book.invoices["known_at"], 0)

    @cached_property
    def item_status(self) -> I32:
        """Status codes."""
        return codes(self.book.invoices["status"], STATUSES)

    @cached_property
    def item_discount_percent(self) -> F64:
        """Early-payment discounts, percent; NaN for none."""
        return floats(self.book.invoices["discount_percent"])

    @cached_property
    def item_discount_date(self) -> I32:
        """Last day of the discount."""
        return days(self.book.invoices["discount_date"])

    @cached_property
    def item_discount(self) -> I64:
        """Early-payment discount in minor units, 0 for none (half up on the discount base)."""
        base = integers(self.book.invoices["discount_base_minor"])
        base = np.where(base == MISSING, np.abs(self.item_amount), base)
        percent = np.nan_to_num(self.item_discount_percent)
        scaled = np.rint(percent * 10_000).astype(np.int64)
        return (base * scaled + 500_000) // 1_000_000

    @cached_property
    def item_tax(self) -> I64:
        """Tax amounts, 0 where not given."""
        return integers(self.book.invoices["tax_amount_minor"], 0)

    @cached_property
    def item_order(self) -> I32:
        """Purchase orders as codes; items without one share a code."""
        return dense(pc.fill_null(flat(self.book.invoices["purchase_order"]), ""))

    # payments -----------------------------------------------------------------------------------------------
    @property
    def payment_count(self) -> int:
        """Return how many payments the book has."""
        return int(self.book.payments.num_rows)

    @cached_property
    def payment_ids(self) -> pa.Array:
        """Payment ids."""
        return flat(self.book.payments["payment_id"])

    @cached_property
    def payment_amount(self) -> I64:
        """Signed amounts: money in is positive."""
        return integers(self.book.payments["amount_minor"], 0)

    @cached_property
    def payment_currency(self) -> I32:
        """Currency codes."""
        return codes(self.book.payments["currency"], self.currencies)

    @cached_property
    def payment_booking(self) -> I32:
        """Booking days."""
        return days(self.book.payments["booking_date"])

    @cached_property
    def payment_value_day(self) -> I32:
        """Value days; the booking day where none is given."""
        value = days(self.book.payments["value_date"])
        return np.where(value == NO_DATE, self.payment_booking, value)

    @cached_property
    def payment_known(self) -> I64:
        """Instants at which the payments became known, microseconds."""
        return integers(self.book.payments["known_at"], 0)

    @cached_property
    def payment_customer(self) -> I32:
        """Customer codes that the source knew, else `NO_CODE`."""
        return codes(self.book.payments["customer_id"], self.customers)

    @cached_property
    def payment_kind(self) -> I32:
        """Stated kinds, `NO_CODE` where to be recognised."""
        return codes(self.book.payments["kind"], KINDS)

    @cached_property
    def payment_resolution(self) -> I32:
        """Known outcomes of a history, `NO_CODE` where none."""
        return codes(self.book.payments["resolution"], RESOLUTIONS)

    @cached_property
    def payment_related(self) -> I32:
        """Payment rows that the source states as related, `NO_CODE` for none."""
        return codes(self.book.payments["related_payment_id"], self.payment_ids)

    @cached_property
    def payment_end_to_end(self) -> I32:
        """End-to-end ids as codes, `NO_CODE` for none."""
        ids = pc.utf8_trim_whitespace(pc.fill_null(flat(self.book.payments["end_to_end_id"]), ""))
        empty = pc.or_(pc.equal(ids, ""), pc.equal(pc.utf8_upper(ids), "NOTPROVIDED"))
        return dense(pc.if_else(empty, pa.scalar(None, ids.type), ids))

    @cached_property
    def payment_words(self) -> I32:
        """Remittance texts as codes, alike but for case and punctuation; `NO_CODE` for none."""
        words = ascii_upper(flat(self.book.payments["remittance"]))
        bare = pc.replace_substring_regex(words, "[^0-9A-Z]", "")
        return dense(pc.if_else(pc.equal(bare, ""), pa.scalar(None, bare.type), bare))

    # other tables -------------------------------------------------------------------------------------------
    @cached_property
    def line_payment(self) -> I32:
        """Payment rows of the remittance lines."""
        return codes(self.book.remittance_lines["payment_id"], self.payment_ids)

    @cached_property
    def instalment_item(self) -> I32:
        """Open item rows of the instalments."""
        return codes(self.book.instalments["invoice_id"], self.item_ids)

    # allocations --------------------------------------------------------------------------------------------
    @cached_property
    def allocation_payment(self) -> I32:
        """Payment rows of the allocations."""
        return codes(self.book.allocations["payment_id"], self.payment_ids)

    @cached_property
    def allocation_item(self) -> I32:
        """Open item rows of the allocations."""
        return codes(self.book.allocations["invoice_id"], self.item_ids)

    @cached_property
    def allocation_amount(self) -> I64:
        """Cash applied, signed, in the item's currency."""
        return integers(self.book.allocations["amount_minor"], 0)

    @cached_property
    def allocation_write_off(self) -> I64:
        """Written off beside the cash, signed, in the item's currency."""
        return integers(self.book.allocations["write_off_minor"], 0)

    @cached_property
    def allocation_decided(self) -> I64:
        """Instants of the decisions, microseconds."""
        decided = integers(self.book.allocations["decided_at"])
        known = integers(self.book.allocations["known_at"], 0)
        return np.where(decided == MISSING, known, np.maximum(decided, known))

    @cached_property
    def allocation_pi(self) -> F64:
        """Chances with which allocations were chosen to be looked at; NaN where not sampled."""
        return floats(self.book.allocations["pi"])

    @cached_property
    def allocation_known(self) -> I64:
        """Instants at which the allocations became known, microseconds."""
        return integers(self.book.allocations["known_at"], 0)

    @cached_property
    def allocation_reversed(self) -> I64:
        """Instants of reversal, the largest integer where never reversed."""
        undone = integers(self.book.allocations["reversed_at"])
        return np.where(undone == MISSING, np.iinfo(np.int64).max, undone)
