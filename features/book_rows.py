"""One table of a book: raw cells in, typed rows out, bad rows set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book_schema import Column, Kind, Sign, TableSpec
from features.book_values import (
    Reading,
    exponents,
    read_currencies,
    read_dates,
    read_instants,
    read_words,
    tidy,
    too_long,
)
from features.decimal_column import take_apart, to_float, to_minor
from features.number_text import CANONICAL, Style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.book_files import RawTable
    from features.quarantine import Findings

B = NDArray[np.bool_]
_PERCENT = 100.0


@dataclass(slots=True)
class Typed:
    """The rows of a table that can be used, and where each stood."""

    table: pa.Table
    file: str
    rows: NDArray[np.int64]
    suspects: dict[str, list[pa.Array]] = field(default_factory=dict)
    """Raw identifiers that rows set aside carry, by column."""

    def keep(self, good: B) -> None:
        """Drop the rows that are not `good`."""
        if not good.all():
            flags = pa.array(good)
            self.table, self.rows = self.table.filter(flags), self.rows[good]


def type_rows(
    spec: TableSpec, raw: RawTable, findings: Findings, priced_in: Mapping[str, tuple[str, pa.Table]]
) -> Typed:
    """Type every column of a table; `priced_in` says where a row finds its currency in another table."""
    bad = np.zeros(len(raw.rows), np.bool_)
    cells = _tidied(spec, raw)
    raw.columns.clear()
    blank = _blank(spec, cells, len(raw.rows))

    def report(column: str, code: str, rows: B) -> None:
        rows = rows & ~blank
        bad[rows] = True
        findings.add(raw.file, raw.rows[rows], column, code, cells[column].filter(pa.array(rows)))

    for column in spec.columns:
        if column.name not in cells:
            continue
        given = cells[column.name]
        if not pa.types.is_string(given.type):
            pass
        elif (long := too_long(given, column.limit)) is not None:
            report(column.name, "cell_too_long", long)
            cells[column.name] = given = pc.if_else(pa.array(long), pa.scalar(None, pa.string()), given)
            cells[column.name + " long"] = pa.array(long)
        if column.required:
            missing = np.asarray(given.is_null())
            if (long_ := cells.pop(column.name + " long", None)) is not None:
                missing &= ~np.asarray(long_)
            report(column.name, "missing_value", missing)
    style = _style(spec, cells, raw)
    typed = {}
    digits_of: dict[str, NDArray[np.int8]] = {}
    for column in sorted(spec.columns, key=lambda column: column.kind is Kind.AMOUNT):
        if column.name not in cells:
            for empty in column.typed:
                typed[empty.name] = pa.nulls(len(bad), empty.type)
            continue
        if column.kind is Kind.AMOUNT:
            if column.priced_in not in digits_of:
                digits, fault = _digits(column, cells, typed, priced_in)
                digits_of[column.priced_in] = digits
                if fault:
                    report(*fault)
            reading = _amounts(column, cells[column.name], digits_of[column.priced_in], style(column))
            if column.priced_in == "original_currency":
                alone = cells[column.name].is_valid().to_numpy(zero_copy_only=False)
                lacking = (
                    cells["original_currency"].is_null().to_numpy(zero_copy_only=False)
                    if "original_currency" in cells
                    else np.ones(len(bad), np.bool_)
                )
                reading.faults["missing_currency"] = alone & lacking
        else:
            reading = _read(column, cells[column.name], style(column))
        if column.kind is Kind.RATE:
            parts = take_apart(cells[column.name])
            typed[f"{column.name}_text"] = to_float(parts, style(column))[1]
        typed[column.typed_name] = reading.values
        for code, rows in reading.faults.items():
            report(column.name, code, rows)
    out = Typed(pa.table([typed[name] for name in spec.schema.names], schema=spec.schema), raw.file, raw.rows)
    for name in ("payment_id", "invoice_id"):
        if name in cells and bad.any():
            out.suspects[name] = [cells[name].filter(pa.array(bad)).drop_null()]
    out.keep(~bad & ~blank)
    return out


def _tidied(spec: TableSpec, raw: RawTable) -> dict[str, pa.Array]:
    tidied = {}
    for column in spec.columns:
        if column.name not in raw.columns:
            continue
        cells = raw.columns[column.name]
        if column.kind not in {Kind.DATE, Kind.INSTANT} and not pa.types.is_string(cells.type):
            cells = cells.cast(pa.string())
        tidied[column.name] = tidy(cells) if pa.types.is_string(cells.type) else cells
    return tidied


def _blank(spec: TableSpec, cells: Mapping[str, pa.Array], count: int) -> B:
    """Find the rows with nothing in them: a spreadsheet leaves such lines behind."""
    blank = np.ones(count, np.bool_)
    for name in (*spec.required_columns, *cells):
        if not blank.any():
            break
        blank &= cells[name].is_null().to_numpy(zero_copy_only=False)
    return blank


def _style(spec, cells, raw):
    """Say how this file writes its numbers, by all of its amounts."""
    seen = Style()
    for column in spec.columns:
        if column.kind is Kind.AMOUNT and column.name in cells and column.name not in raw.declared:
            seen |= take_apart(cells[column.name]).style
    return lambda column: CANONICAL if column.name in raw.declared else seen


def _digits(column, cells, typed, priced_in):
    """Find the decimals of each row's currency, and the rows that point to nothing."""
    if column.priced_in in {"currency", "original_currency"}:
        currencies = typed.get(column.priced_in)
        return exponents(currencies), None
    id_column, table = priced_in[column.priced_in]
    found = pc.index_in(cells[id_column], value_set=table.column(id_column).combine_chunks())
    currencies = table.column("currency").combine_chunks().take(found)
    lost = found.is_null().to_numpy(zero_copy_only=False) & cells[id_column].is_valid().to_numpy(zero_copy_only=False)
    return exponents(currencies), (id_column, f"unknown_{column.priced_in}", lost)


def _amounts(column: Column, cells: pa.Array, digits: NDArray[np.int8], style: Style) -> Reading:
    minor, faults = to_minor(take_apart(cells), digits, style)
    given = cells.is_valid().to_numpy(zero_copy_only=False) & (digits >= 0)
    for rows in faults.values():
        given &= ~rows
    if column.sign is not Sign.ANY:
        faults["negative_amount"] = given & (minor < 0)
    if column.sign is Sign.POSITIVE:
        faults["zero_amount"] = given & (minor == 0)
    return Reading(pa.array(minor, pa.int64(), mask=~given), faults)


def _read(column: Column, cells: pa.Array, style: Style) -> Reading:
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
            return _fractions(column, cells, style)
        case _:
            return Reading(cells)


def _fractions(column: Column, cells: pa.Array, style: Style) -> Reading:
    values, _, unread = to_float(take_apart(cells), style)
    given = cells.is_valid().to_numpy(zero_copy_only=False) & ~unread
    with np.errstate(invalid="ignore"):
        match column.kind:
            case Kind.PERCENT:
                code, outside = "percent_out_of_range", (values < 0) | (values > _PERCENT)
            case Kind.RATE:
                code, outside = "rate_out_of_range", values <= 0
            case _:
                code, outside = "share_out_of_range", (values <= 0) | (values > 1)
    return Reading(pa.array(values, pa.float64(), mask=~given), {"bad_number": unread, code: outside & given})
