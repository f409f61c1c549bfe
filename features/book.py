"""A book in memory: one typed table for each file of the contract, and the rows that were set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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
from features.book_links import drop_repeats, fill_defaults, fill_known_at, set_aside_circles
from features.book_rows import IDENTIFIERS, type_rows
from features.book_schema import TABLES, TableSpec
from features.csv_file import read_csv
from features.quarantine import PROBLEM_SCHEMA, Findings, write_quarantine

__all__ = ["Book", "BookError", "book_from_rows", "read_book"]


@dataclass(frozen=True, slots=True)
class Book:
    """The tables of a book, typed and checked, always all of them with all their columns.

    Money is in minor units (`amount_minor`), dates are `date32`, instants microseconds in UTC, text is null
    where empty. `known_at` and the defaults of the contract are filled in; an `open_amount` not given stays
    null.
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
    """Payments of which some row was set aside (allocation, line, second version): not to close alone."""
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

    Raises `BookError` when the book cannot be used at all: no invoices or payments, a required column is
    missing, a table is there twice, a file is not what its name says.
    """
    files = find_files(path, TABLES)

    def source(spec: TableSpec, findings: Findings) -> RawTable | None:
        file = files.get(spec.name)
        if file is None:
            return None
        read = read_parquet if file.suffix.lower() == ".parquet" else read_csv
        return read(spec, file, findings)

    book = _checked(source, {file.name: digest(file) for file in files.values()})
    if quarantine_to is not None:
        target = quarantine_to if quarantine_to.suffix else quarantine_to / "quarantine.csv"
        write_quarantine(book.problems, target)
    return book


def book_from_rows(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Book:
    """Check rows given in memory as `read_book` checks files: a table not given is empty, rows count from 1.

    Keys are the contract's column names; values are text, integers, decimals, dates or instants. A float is
    read by its shortest digits.
    """
    unknown = sorted(set(tables) - {spec.name for spec in TABLES})
    if unknown:
        raise UnknownTableError(f"A book has no table {', '.join(unknown)}.")

    def source(spec: TableSpec, findings: Findings) -> RawTable | None:
        return table_from_rows(spec, tables[spec.name], findings) if spec.name in tables else None

    return _checked(source, {})


def _checked(source: Callable[[TableSpec, Findings], RawTable | None], sources: dict[str, str]) -> Book:
    """Type and check each table in turn: a table only points to earlier ones."""
    findings = Findings()
    tables: dict[str, pa.Table] = {}
    ignored: dict[str, tuple[str, ...]] = {}
    doubtful: dict[str, list[pa.Array]] = {name: [] for name in IDENTIFIERS}
    for spec in TABLES:
        raw = source(spec, findings)
        if raw is None:
            tables[spec.name] = spec.schema.empty_table()
            continue
        if raw.unknown:
            ignored[raw.file] = raw.unknown
        typed = type_rows(spec, raw, findings, tables)
        contested = drop_repeats(spec, typed, findings)
        if spec.name == "customers":
            set_aside_circles(typed, findings)
        for name in IDENTIFIERS:
            doubtful[name].append(typed.suspects[name])
            if spec.key == (name,):
                doubtful[name].append(contested)
        table = fill_defaults(spec.name, typed.table)
        tables[spec.name] = fill_known_at(spec.name, table, tables).combine_chunks()
        del typed, table
        pa.default_memory_pool().release_unused()  # 120 MiB less held of a million invoices
    return Book(
        **tables,
        problems=findings.table(),
        sources=sources,
        unknown_columns=ignored,
        doubtful_payments=_those_in(tables["payments"].column("payment_id"), doubtful["payment_id"]),
        doubtful_invoices=_those_in(tables["invoices"].column("invoice_id"), doubtful["invoice_id"]),
    )


def _those_in(ids: pa.ChunkedArray, suspects: list[pa.Array]) -> pa.Array:
    """Give those of `ids` that are among `suspects`, in order."""
    named = pc.unique(pa.concat_arrays([pa.array([], pa.string()), *suspects]))
    found = ids.filter(pc.is_in(ids, value_set=named)).combine_chunks()
    return found.take(pc.sort_indices(found))
