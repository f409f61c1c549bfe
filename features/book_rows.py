"""One table of a book: raw cells in, typed rows out, bad rows set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book_files import RawTable
from features.book_schema import Column, Kind, Sign, TableSpec
from features.book_values import (
    Reading,
    exponents,
    flags,
    read_currencies,
    read_dates,
    read_instants,
    read_words,
    tidy,
    too_long,
)
from features.decimal_column import Decimals, take_apart, to_float, to_minor
from features.number_text import CANONICAL, Style
from features.quarantine import Findings

B = NDArray[np.bool_]
IDENTIFIERS: Final = ("payment_id", "invoice_id")
_TYPED_KINDS: Final = (Kind.DATE, Kind.INSTANT)
_FRACTIONS: Final = (Kind.PERCENT, Kind.RATE, Kind.SHARE)
_PERCENT: Final = 100.0


@dataclass(slots=True)
class Typed:
    """The rows of a table that can be used, and where each stood."""

    table: pa.Table
    file: str
    rows: NDArray[np.int64]
    suspects: dict[str, pa.Array]
    """Payments and invoices that the rows set aside speak of, by column."""

    def keep(self, good: B) -> None:
        """Drop the rows that are not `good`."""
        if not good.all():
            self.table, self.rows = self.table.filter(pa.array(good)), self.rows[good]


@dataclass(slots=True)
class _Work:
    """A table being typed."""

    spec: TableSpec
    raw: RawTable
    findings: Findings
    cells: dict[str, pa.Array]
    ignored: B
    """Rows that are not data: empty lines and repeated headers."""
    bad: B
    parts: dict[str, Decimals] = field(default_factory=dict)
    owners: dict[str, pa.Array] = field(default_factory=dict)
    """Where the invoice or payment that each row belongs to stands in its own table."""

    def report(self, column: str, code: str, rows: B) -> None:
        """Set `rows` aside for `code`."""
        rows = rows & ~self.ignored
        if rows.any():
            self.bad |= rows
            raw = self.cells[column].filter(pa.array(rows))
            self.findings.add(self.raw.file, self.raw.rows[rows], column, code, raw)

    def numbers(self, column: Column) -> Decimals:
        """Take the numbers of a column apart, once."""
        if column.name not in self.parts:
            self.parts[column.name] = take_apart(self.cells[column.name])
        return self.parts[column.name]


def type_rows(spec: TableSpec, raw: RawTable, findings: Findings, earlier: Mapping[str, pa.Table]) -> Typed:
    """Type every column of a table; `earlier` holds the tables that its rows may point to."""
    work = _start(spec, raw, findings)
    _check_cells(work)
    _find_owners(work, earlier)
    amounts = [column for column in spec.columns if column.kind is Kind.AMOUNT and column.name in work.cells]
    seen = _style(work, amounts)
    fractions = _style(work, [column for column in spec.columns if column.kind in _FRACTIONS]) | seen
    typed: dict[str, pa.Array] = {}
    for column in spec.columns:
        if column.kind is not Kind.AMOUNT and column.name in work.cells:
            reading = _read(column, work, CANONICAL if column.name in raw.declared else fractions)
            typed[column.name] = reading.values
            if reading.text is not None:
                typed[f"{column.name}_text"] = reading.text
            for code, rows in reading.faults.items():
                work.report(column.name, code, rows)
    places = {
        priced_in: _decimals(priced_in, work, typed, earlier) for priced_in in {c.priced_in for c in amounts}
    }
    for column in amounts:
        reading = _amounts(
            column, work, places[column.priced_in], CANONICAL if column.name in raw.declared else seen
        )
        typed[column.typed_name] = reading.values
        for code, rows in reading.faults.items():
            work.report(column.name, code, rows)
    return _finish(work, typed)


def _start(spec: TableSpec, raw: RawTable, findings: Findings) -> _Work:
    """Tidy the cells and find the rows that are not data."""
    cells: dict[str, pa.Array] = {}
    for column in spec.columns:
        if column.name in raw.columns:
            given = raw.columns.pop(column.name)
            if not pa.types.is_string(given.type) and column.kind not in _TYPED_KINDS:
                given = given.cast(pa.string())
            cells[column.name] = tidy(given) if pa.types.is_string(given.type) else given
    count = len(raw.rows)
    empty, header = np.ones(count, np.bool_), np.ones(count, np.bool_)
    for name in (*spec.required_columns, *cells):
        if not empty.any():
            break
        empty &= flags(cells[name].is_null())
    for name in spec.required_columns:
        if not header.any():
            break
        title = raw.titles.get(name)
        header &= (
            flags(pc.equal(cells[name], title)) if title and pa.types.is_string(cells[name].type) else False
        )
    work = _Work(spec, raw, findings, cells, empty | header, np.zeros(count, np.bool_))
    if header.any() and not spec.key:
        work.ignored |= _second_copy(cells, int(np.argmax(header)))
    return work


def _second_copy(cells: Mapping[str, pa.Array], header: int) -> B:
    """Find the rows after a repeated header that stood before it: one file pasted after itself.

    Rows without a key of their own may otherwise be equal and each count.
    """
    texts = [pc.fill_null(column.cast(pa.string()), "") for column in cells.values()]
    lines = pc.binary_join_element_wise(*texts, "\x1f")
    again = flags(pc.is_in(lines, value_set=lines.slice(0, header)))
    again[:header] = False
    return again


def _check_cells(work: _Work) -> None:
    """Set aside rows with an over-long cell or without a required one."""
    for column in work.spec.columns:
        if column.name not in work.cells:
            continue
        given = work.cells[column.name]
        missing = flags(given.is_null()) if column.required else None
        if pa.types.is_string(given.type) and (long := too_long(given, column.limit)) is not None:
            work.report(column.name, "cell_too_long", long)
            work.cells[column.name] = pc.if_else(pa.array(long), pa.scalar(None, pa.string()), given)
        if missing is not None:
            work.report(column.name, "missing_value", missing)


def _style(work: _Work, columns: list[Column]) -> Style:
    """Say how this file writes its numbers, by all cells of `columns`."""
    seen = Style()
    for column in columns:
        if column.name in work.cells and column.name not in work.raw.declared:
            seen |= work.numbers(column).style
    return seen


def _decimals(
    priced_in: str, work: _Work, typed: Mapping[str, pa.Array], earlier: Mapping[str, pa.Table]
) -> NDArray[np.int8]:
    """Find the decimals of each row's currency, -1 where it has none."""
    if priced_in in {"currency", "original_currency"}:
        found = typed.get(priced_in)
        return np.full(len(work.bad), -1, np.int8) if found is None else exponents(found)
    currencies = earlier[f"{priced_in}s"].column("currency").combine_chunks()
    return exponents(currencies.take(work.owners[priced_in]))


def _find_owners(work: _Work, earlier: Mapping[str, pa.Table]) -> None:
    """Find the invoice or payment that each row belongs to, and set aside the rows that point to none."""
    for owner in work.spec.belongs_to:
        name = f"{owner}_id"
        ids = earlier[f"{owner}s"].column(name).combine_chunks()
        places = pc.index_in(work.cells[name], value_set=ids)
        work.report(name, f"unknown_{owner}", flags(pc.and_(places.is_null(), work.cells[name].is_valid())))
        work.owners[owner] = places


def _amounts(column: Column, work: _Work, digits: NDArray[np.int8], style: Style) -> Reading:
    parts = work.numbers(column)
    minor, faults = to_minor(parts, digits, style)
    given = parts.is_given & (digits >= 0)
    for rows in faults.values():
        given &= ~rows
    if column.sign is not Sign.ANY:
        faults["negative_amount"] = given & (minor < 0)
    if column.sign is Sign.POSITIVE:
        faults["zero_amount"] = given & (minor == 0)
    if column.priced_in == "original_currency":
        currency = work.cells.get("original_currency")
        faults["missing_currency"] = parts.is_given & (
            True if currency is None else flags(currency.is_null())
        )
    del work.parts[column.name]
    return Reading(pa.array(minor, pa.int64(), mask=~given), faults)


def _read(column: Column, work: _Work, style: Style) -> Reading:
    cells = work.cells[column.name]
    match column.kind:
        case Kind.DATE:
            return read_dates(cells)
        case Kind.INSTANT:
            return read_instants(cells)
        case Kind.CURRENCY:
            return read_currencies(cells)
        case Kind.WORD:
            return read_words(cells, column.words)
        case Kind.PERCENT | Kind.RATE | Kind.SHARE:
            return _fractions(column, work.numbers(column), style)
        case _:
            return Reading(cells)


def _fractions(column: Column, parts: Decimals, style: Style) -> Reading:
    values, text, unread = to_float(parts, style)
    with np.errstate(invalid="ignore"):
        match column.kind:
            case Kind.PERCENT:
                code, outside = "percent_out_of_range", (values < 0) | (values > _PERCENT)
            case Kind.RATE:
                code, outside = "rate_out_of_range", ~((values > 0) & np.isfinite(values))
            case _:
                code, outside = "share_out_of_range", (values <= 0) | (values > 1)
    given = parts.is_given & ~unread
    reading = Reading(
        pa.array(values, pa.float64(), mask=~given), {"bad_number": unread, code: outside & given}
    )
    reading.text = text if column.kind is Kind.RATE else None
    return reading


def _finish(work: _Work, typed: dict[str, pa.Array]) -> Typed:
    """Put the typed columns together, without the rows that were set aside."""
    schema = work.spec.schema
    suspects = {}
    for name in IDENTIFIERS:
        torn = pa.array(work.raw.torn.get(name, []), pa.string())
        seen = work.cells[name].filter(pa.array(work.bad)) if name in work.cells else torn[:0]
        suspects[name] = pa.concat_arrays([seen, torn])
    columns = [typed.get(one.name) for one in schema]
    filled = [
        pa.nulls(len(work.bad), one.type) if column is None else column
        for one, column in zip(schema, columns, strict=True)
    ]
    out = Typed(pa.Table.from_arrays(filled, schema=schema), work.raw.file, work.raw.rows, suspects)
    out.keep(~(work.bad | work.ignored))
    return out
