"""Writing a book to files, so that reading it again gives the same book."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.book import Book
from features.book_schema import TABLES, Column, Kind, TableSpec
from features.book_values import exponents


def write_book(book: Book, folder: Path, *, kind: Literal["csv", "parquet"] = "csv") -> None:
    """Write every table that has rows, and invoices and payments in any case.

    Money, rates, dates and instants are the contract's text in both kinds of file. Optional columns
    without a value are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for spec in TABLES:
        table = as_text(book, spec)
        if table.num_rows == 0 and not spec.required:
            continue
        if kind == "parquet":
            pq.write_table(table, folder / f"{spec.name}.parquet", compression="zstd")
        else:
            arrow_csv.write_csv(table, folder / f"{spec.name}.csv")


def as_text(book: Book, spec: TableSpec) -> pa.Table:
    """Give a table as the contract's text, column by column."""
    table = book.table(spec.name)
    columns = {}
    for column in spec.columns:
        cells = table.column(column.typed_name).combine_chunks()
        if column.required or cells.null_count < len(cells):
            columns[column.name] = _written(book, table, column, cells)
    return pa.table(columns)


def _written(book: Book, table: pa.Table, column: Column, cells: pa.Array) -> pa.Array:
    match column.kind:
        case Kind.AMOUNT:
            return amount_text(cells, _digits(book, table, column.priced_in))
        case Kind.RATE:
            return table.column(f"{column.name}_text").combine_chunks()
        case Kind.PERCENT | Kind.SHARE:
            return pa.array(
                [None if value is None else f"{value!r}" for value in cells.to_pylist()], pa.string()
            )
        case Kind.DATE:
            return cells.cast(pa.string())
        case Kind.INSTANT:
            return instant_text(cells)
        case _:
            return cells


def _digits(book: Book, table: pa.Table, priced_in: str) -> NDArray[np.int8]:
    """Find the decimals of each row's currency."""
    if priced_in in {"currency", "original_currency"}:
        return exponents(table.column(priced_in).combine_chunks())
    owners, name = book.table(f"{priced_in}s"), f"{priced_in}_id"
    places = pc.index_in(table.column(name).combine_chunks(), value_set=owners.column(name).combine_chunks())
    return exponents(owners.column("currency").combine_chunks().take(places))


def amount_text(minor: pa.Array, digits: NDArray[np.int8]) -> pa.Array:
    """Write minor units as decimal text with exactly the decimals of each row's currency."""
    units = 10 ** np.maximum(digits, 0).astype(np.int64)
    given = minor.is_valid()
    values = np.asarray(pc.fill_null(minor, 0), np.int64)
    sign = pa.array(np.where(values < 0, "-", ""), pa.string())
    whole, fraction = np.divmod(np.abs(values), units)
    text = pc.binary_join_element_wise(sign, pa.array(whole).cast(pa.string()), "")
    for places in np.unique(digits[digits > 0]).tolist():
        padded = pc.ascii_lpad(pa.array(fraction).cast(pa.string()), width=places, padding="0")
        with_point = pc.binary_join_element_wise(text, padded, ".")
        text = pc.if_else(pa.array(digits == places), with_point, text)
    return pc.if_else(given, text, pa.scalar(None, pa.string()))


def instant_text(instants: pa.Array) -> pa.Array:
    """Write instants in UTC, without the fraction of a second where there is none."""
    text = pc.strftime(instants, format="%Y-%m-%dT%H:%M:%SZ")
    return pc.replace_substring(text, ".000000Z", "Z")
