"""Finding and opening the files of a book: each table's raw cells, by the contract's column names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from receivables.errors import TieoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from features.book_schema import TableSpec

HEADER_ROWS: Final = 1
"""A spreadsheet shows the header as row 1, so the first row of data is row 2."""


class BookError(TieoutError):
    """The book cannot be used at all."""

    code = "unusable_book"
    mend = "See docs/reference/book.md for the files and columns of a book."


class MissingTableError(BookError):
    """A table that every book needs is not there."""

    code = "missing_table"
    mend = "A book is a folder with at least invoices and payments, each as .csv or .parquet."


class MissingColumnError(BookError):
    """A column that the table needs is not there."""

    code = "missing_column"
    mend = "Name the columns in the first line as the contract does; column order is free."


class DuplicateTableError(BookError):
    """A table is there twice."""

    code = "duplicate_table"
    mend = "Keep one file a table, either .csv or .parquet."


class DuplicateColumnError(BookError):
    """A column is there twice."""

    code = "duplicate_column"
    mend = "Keep one column of each name."


class UnreadableFileError(BookError):
    """A file cannot be read."""

    code = "unreadable_file"
    mend = "Write it again as CSV in UTF-8 or as Parquet."


class UnknownTableError(BookError):
    """The table is not one of the contract's."""

    code = "unknown_table"
    mend = "Name the tables as the contract does, such as invoices or payments."


@dataclass(slots=True)
class RawTable:
    """The raw cells of one table, by canonical column name, and the row each stands in."""

    file: str
    rows: NDArray[np.int64]
    columns: dict[str, pa.Array]
    declared: frozenset[str] = frozenset()
    """Columns whose type, not their text, says what they hold."""
    unknown: tuple[str, ...] = ()
    """Columns that the contract does not know, as the file names them."""


def find_files(book: Path, specs: Sequence[TableSpec]) -> dict[str, Path]:
    """Find the file of each table in the folder `book`."""
    if not book.is_dir():
        state = "is not a folder" if book.exists() else "does not exist"
        msg = f"The book {book} {state}."
        raise MissingTableError(msg)
    found: dict[str, list[Path]] = {}
    for path in sorted(book.iterdir()):
        if path.suffix.lower() in {".csv", ".parquet"} and path.is_file():
            found.setdefault(path.stem.lower(), []).append(path)
    files = {}
    for spec in specs:
        paths = found.get(spec.name, [])
        if len(paths) > 1:
            msg = f"The table {spec.name} is there as {' and '.join(path.name for path in paths)}."
            raise DuplicateTableError(msg)
        if paths:
            files[spec.name] = paths[0]
        elif spec.required:
            msg = f"The book {book} has neither {spec.name}.csv nor {spec.name}.parquet."
            raise MissingTableError(msg)
    return files


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(name: str) -> str:
    """Write a header as the contract does: small letters, underscores, nothing around."""
    return re.sub(r"[\s\-]+", "_", name.strip().strip("\ufeff").strip().lower())


def place_columns(spec: TableSpec, file: str, header: Sequence[str]) -> tuple[dict[str, int], tuple[str, ...]]:
    """Say where each column of the contract stands in `header`, and which of its columns are unknown."""
    known = {column.name for column in spec.columns}
    places: dict[str, int] = {}
    unknown = []
    for place, title in enumerate(header):
        name = canonical(title)
        if name not in known:
            unknown.append(title.strip())
        elif name in places:
            msg = f"{file} has the column {name} twice."
            raise DuplicateColumnError(msg)
        else:
            places[name] = place
    missing = [name for name in spec.required_columns if name not in places]
    if missing:
        msg = f"{file} has no column {', '.join(missing)}; its first line names {', '.join(header)[:200] or 'nothing'}."
        raise MissingColumnError(msg)
    return places, tuple(name for name in unknown if name)


def read_parquet(spec: TableSpec, path: Path) -> RawTable:
    """Read the columns of the contract from a Parquet file."""
    try:
        with pq.ParquetFile(path) as file:
            header = file.schema_arrow.names
            places, unknown = place_columns(spec, path.name, header)
            table = file.read(columns=[header[place] for place in places.values()])
    except (pa.ArrowException, OSError) as error:
        msg = f"{path.name} is not a readable Parquet file."
        raise UnreadableFileError(msg) from error
    columns, declared = {}, set()
    for name, place in places.items():
        column = table.column(header[place]).combine_chunks()
        columns[name] = as_cells(column, f"{path.name}, column {name}")
        if not _is_text(column.type):
            declared.add(name)
    rows = np.arange(table.num_rows, dtype=np.int64) + 1 + HEADER_ROWS
    return RawTable(path.name, rows, columns, frozenset(declared), unknown)


def as_cells(column: pa.Array, where: str) -> pa.Array:
    """Give a typed column as text by its digits; dates and instants keep their type."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_string(kind):
        return column
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        return _without_exponent(column.cast(pa.string()))
    try:
        return column.cast(pa.string())
    except pa.ArrowException as error:
        msg = f"{where} holds {kind}, which no column of a book can be."
        raise UnreadableFileError(msg) from error


def _without_exponent(cells: pa.Array) -> pa.Array:
    """Write out the few floats that Arrow prints as 1e+16."""
    marked = pc.fill_null(pc.match_substring(cells, "e"), False)  # noqa: FBT003
    if not pc.any(marked).as_py():
        return cells
    texts = cells.to_pylist()
    return pa.array([plain_digits(text) for text in texts], pa.string())


def plain_digits(text: str | None) -> str | None:
    """Write a number without an exponent."""
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415

    if text is None or "e" not in text.lower():
        return text
    try:
        return f"{Decimal(text):f}"
    except InvalidOperation:
        return text


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def table_from_rows(spec: TableSpec, rows: Iterable[Mapping[str, object]]) -> RawTable:
    """Take rows given in memory; row numbers count from 1."""
    listed = list(rows)
    columns, unknown = {}, {}
    names = dict.fromkeys(name for row in listed for name in row)
    for name in names:
        if canonical(name) not in {column.name for column in spec.columns}:
            unknown[name] = None
    for column in spec.columns:
        if column.name in names or column.required:
            columns[column.name] = pa.array([_text(row.get(column.name)) for row in listed], pa.string())
    numbers = np.arange(len(listed), dtype=np.int64) + 1
    return RawTable(spec.name, numbers, columns, frozenset(columns), tuple(unknown))


def _text(value: object) -> str | None:
    """Write a value given in memory as the text that a file would hold."""
    from datetime import date  # noqa: PLC0415
    from decimal import Decimal  # noqa: PLC0415

    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return plain_digits(repr(value))
    return str(value)
