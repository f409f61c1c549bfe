"""A book in memory: one typed table for each file of the contract, and the rows that were set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.book_files import (
    BookError,
    RawTable,
    UnknownTableError,
    digest,
    find_files,
    read_parquet,
    table_from_rows,
)
from features.book_links import drop_repeats, fill_defaults, fill_known_at, set_aside_self_parents
from features.book_rows import type_rows
from features.book_schema import TABLES, TableSpec
from features.csv_file import read_csv
from features.quarantine import PROBLEM_SCHEMA, Findings, write_quarantine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Book", "BookError", "book_from_rows", "read_book"]


@dataclass(frozen=True, slots=True)
class Book:
    """The tables of a book, typed and checked, always all of them with all their columns.

    Money is in minor units (`amount_minor`), dates are `date32`, instants microseconds in UTC, text is null where
    empty. `known_at` and the defaults of the contract are filled in; an `open_amount` not given stays null.
    """

    invoices: pa.Table
    payments: pa.Table
    customers: pa.Table
    customer_accounts: pa.Table
    own_accounts: pa.Table
    instalments: pa.Table
    remittance_lines: pa.Table
    fx_rates: pa.Table
    allocations: pa.Table
    problems: pa.Table = field(default_factory=PROBLEM_SCHEMA.empty_table)
    """Rows set aside: file, row, field, code, message, mend, raw."""
    sources: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file read."""
    unknown_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that were ignored, by file."""
    doubtful_payments: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    """Payments of which some row was set aside (an allocation, a line, a second version): never to close alone."""
    doubtful_invoices: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    """Invoices of which some row was set aside (an allocation, an instalment, a second version)."""

    @property
    def quarantined(self) -> int:
        """The number of rows set aside."""
        return int(self.problems.group_by(["file", "row"]).aggregate([]).num_rows)

    def table(self, name: str) -> pa.Table:
        """Give a table by its name in the contract."""
        table: pa.Table = getattr(self, name)
        return table


def read_book(path: Path, *, quarantine_to: Path | None = None) -> Book:
    """Read and check the book in the folder `path`; list bad rows in `quarantine_to`, a file or a folder.

    Raises `BookError` when the book cannot be used at all: no invoices or payments, a required column missing, a
    table there twice, a file that is not what its name says.
    """
    files = find_files(path, TABLES)

    def source(spec: TableSpec, findings: Findings) -> RawTable | None:
        file = files.get(spec.name)
        if file is None:
            return None
        return read_parquet(spec, file) if file.suffix.lower() == ".parquet" else read_csv(spec, file, findings)

    book = _checked(source, {file.name: digest(file) for file in files.values()})
    if quarantine_to is not None:
        target = quarantine_to if quarantine_to.suffix else quarantine_to / "quarantine.csv"
        write_quarantine(book.problems, target)
    return book


def book_from_rows(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Book:
    """Check rows given in memory as `read_book` checks files; a table not given is empty, rows count from 1."""
    unknown = sorted(set(tables) - {spec.name for spec in TABLES})
    if unknown:
        msg = f"A book has no table {', '.join(unknown)}."
        raise UnknownTableError(msg)

    def source(spec: TableSpec, _: Findings) -> RawTable | None:
        return table_from_rows(spec, tables[spec.name]) if spec.name in tables else None

    return _checked(source, {})


def _checked(source: Callable[[TableSpec, Findings], RawTable | None], sources: dict[str, str]) -> Book:
    """Type and check each table in turn: a table only points to earlier ones."""
    findings = Findings()
    tables: dict[str, pa.Table] = {}
    ignored: dict[str, tuple[str, ...]] = {}
    suspects: dict[str, list[pa.Array]] = {"payment_id": [], "invoice_id": []}
    for spec in TABLES:
        raw = source(spec, findings)
        if raw is None:
            tables[spec.name] = spec.schema.empty_table()
            continue
        if raw.unknown:
            ignored[raw.file] = raw.unknown
        priced_in = {
            "invoice": ("invoice_id", tables.get("invoices")),
            "payment": ("payment_id", tables.get("payments")),
        }
        typed = type_rows(spec, raw, findings, priced_in)
        contested = drop_repeats(spec, typed, findings)
        if spec.name == "customers":
            set_aside_self_parents(typed, findings)
        for name, arrays in suspects.items():
            arrays.extend(typed.suspects.get(name, []))
            if contested is not None and spec.key == (name,):
                arrays.append(contested)
        table = fill_defaults(spec.name, typed.table)
        tables[spec.name] = fill_known_at(spec.name, table, tables).combine_chunks()
    return Book(
        **tables,
        problems=findings.table(),
        sources=sources,
        unknown_columns=ignored,
        doubtful_payments=_distinct(suspects["payment_id"]),
        doubtful_invoices=_distinct(suspects["invoice_id"]),
    )


def _distinct(arrays: list[pa.Array]) -> pa.Array:
    unique = pc.unique(pa.concat_arrays([pa.array([], pa.string()), *arrays]))
    return unique.take(pc.sort_indices(unique))
