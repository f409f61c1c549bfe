"""Finding and opening the files of a book: each table's raw cells, by the contract's column names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.book_schema import TableSpec
from features.quarantine import Findings
from receivables.errors import TieoutError

HEADER_ROWS: Final = 1
"""A spreadsheet shows the header as row 1, so the first row of data is row 2."""

_HUGE_BITS: Final = 512
_HUGE: Final = "9" * 200  # stands for an integer that Python may refuse to write out


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
    mend = "Name the columns in the first line as the contract does; their order is free."


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
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the file calls each column."""
    declared: frozenset[str] = frozenset()
    """Columns whose type, not their text, says what they hold."""
    unknown: tuple[str, ...] = ()
    """Columns that the contract does not know, as the file names them."""
    torn: dict[str, list[str]] = field(default_factory=dict)
    """Identifiers seen on rows that could not be taken apart, by column."""


def find_files(book: Path, specs: Sequence[TableSpec]) -> dict[str, Path]:
    """Find the file of each table in the folder `book`."""
    if not book.is_dir():
        state = "is not a folder" if book.exists() else "does not exist"
        raise MissingTableError(f"The book {book} {state}.")
    found: dict[str, list[Path]] = {}
    for path in sorted(book.iterdir()):
        if path.suffix.lower() in {".csv", ".parquet"} and path.is_file():
            found.setdefault(path.stem.lower(), []).append(path)
    files = {}
    for spec in specs:
        paths = found.get(spec.name, [])
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise DuplicateTableError(f"The table {spec.name} is there twice, as {names}.")
        if paths:
            files[spec.name] = paths[0]
        elif spec.required:
            raise MissingTableError(f"The book {book} has neither {spec.name}.csv nor {spec.name}.parquet.")
    return files


def digest(path: Path) -> str:
    """Give the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(title: str) -> str:
    """Write a header as the contract does: small letters, underscores, nothing around."""
    return re.sub(r"[\s\-]+", "_", title.strip("\ufeff \t\r\n\u00a0").lower())


def place_columns(
    spec: TableSpec, file: str, header: Sequence[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Say where each column of the contract stands in `header`, and which of its columns are unknown."""
    known = {column.name for column in spec.columns}
    places: dict[str, int] = {}
    unknown = []
    for place, title in enumerate(header):
        name = canonical(title)
        if name not in known:
            unknown.append(title.strip())
        elif name in places:
            raise DuplicateColumnError(f"{file} has the column {name} twice.")
        else:
            places[name] = place
    missing = [name for name in spec.required_columns if name not in places]
    if missing:
        named = ", ".join(header)[:200].strip() or "nothing"
        raise MissingColumnError(f"{file} has no column {', '.join(missing)}; its header names {named}.")
    return places, tuple(title for title in unknown if title)


def read_parquet(spec: TableSpec, path: Path, findings: Findings) -> RawTable:
    """Read the columns of the contract from a Parquet file; rows are numbered as those of a CSV file."""
    try:
        with pq.ParquetFile(path) as file:
            header = file.schema_arrow.names
            places, unknown = place_columns(spec, path.name, header)
            table = file.read(columns=[header[place] for place in places.values()])
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(f"{path.name} is not a readable Parquet file.") from error
    rows = np.arange(table.num_rows, dtype=np.int64) + 1 + HEADER_ROWS
    raw = RawTable(path.name, rows, {}, unknown=unknown)
    declared = set()
    for name, place in places.items():
        column = table.column(header[place]).combine_chunks()
        raw.columns[name] = as_cells(column, f"{path.name}, column {name},")
        if not _is_text(column.type):
            declared.add(name)
    raw.declared = frozenset(declared)
    _drop_broken_text(raw, findings)
    return raw


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
        return pc.cast(column, pa.string(), safe=False)
    except pa.ArrowException as error:
        raise UnreadableFileError(f"{where} holds {kind}, which no column of a book can be.") from error


def _drop_broken_text(raw: RawTable, findings: Findings) -> None:
    """Set aside the rows whose text is not UTF-8, which Parquet does not promise."""
    broken = np.zeros(len(raw.rows), np.bool_)
    for name, cells in raw.columns.items():
        try:
            cells.validate(full=True)
        except pa.ArrowInvalid:
            texts = cells.cast(pa.binary()).to_pylist()
            shown = [(text or b"").decode("utf-8", "replace") for text in texts]
            whole = [(text or b"").decode("utf-8", "ignore").encode() == (text or b"") for text in texts]
            bad = ~np.array(whole, np.bool_)
            broken |= bad
            raw.columns[name] = pa.array(shown, pa.string())
            findings.add(raw.file, raw.rows[bad], name, "bad_utf8", raw.columns[name].filter(pa.array(bad)))
    if broken.any():
        for name in ("payment_id", "invoice_id"):
            if name in raw.columns:
                raw.torn[name] = raw.columns[name].filter(pa.array(broken)).cast(pa.string()).to_pylist()
        good = pa.array(~broken)
        raw.columns = {name: cells.filter(good) for name, cells in raw.columns.items()}
        raw.rows = raw.rows[~broken]


def _without_exponent(cells: pa.Array) -> pa.Array:
    """Write out the few floats that Arrow prints as 1e+16."""
    if not pc.any(pc.match_substring(cells, "e")).as_py():
        return cells
    return pa.array([None if text is None else plain_digits(text) for text in cells.to_pylist()], pa.string())


def plain_digits(text: str) -> str:
    """Write a float's shortest digits without an exponent; anything else stays as it is."""
    return f"{Decimal(text):f}" if "e" in text else text


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def table_from_rows(spec: TableSpec, rows: Iterable[Mapping[str, object]], findings: Findings) -> RawTable:
    """Take rows given in memory, keys named as the contract's columns; row numbers count from 1."""
    listed = list(rows)
    names = dict.fromkeys(name for row in listed for name in row)
    known = [column.name for column in spec.columns if column.name in names or column.required]
    numbers = np.arange(len(listed), dtype=np.int64) + 1
    raw = RawTable(spec.name, numbers, {}, declared=frozenset(known))
    raw.unknown = tuple(str(name) for name in names if name not in known)
    for name in known:
        texts = [_text(row.get(name)) for row in listed]
        # JSON may carry half of a surrogate pair, which UTF-8 cannot hold: it is treated as a broken byte.
        raw.columns[name] = pa.array(
            [None if text is None else text.encode("utf-8", "surrogatepass") for text in texts]
        )
        raw.columns[name] = pc.cast(raw.columns[name].cast(pa.binary()), pa.string(), safe=False)
    _drop_broken_text(raw, findings)
    return raw


def _text(value: object) -> str | None:
    """Write a value given in memory as the text that a file would hold."""
    match value:
        case None:
            return None
        case float():
            return None if value != value else plain_digits(repr(float(value)))  # noqa: PLR0124 -- NaN
        case Decimal():
            return f"{value:f}" if value.adjusted() < _HUGE_BITS else _HUGE
        case int() if value.bit_length() > _HUGE_BITS:
            return _HUGE
        case date():
            return value.isoformat()
        case _:
            return str(value)
