"""The columns of book and output files, as plain arrays, for the scorer.

The scorer reads files on its own, so that a fault of the book reader cannot hide itself in a figure.
It expects clean files (a labelled book, or what ``tieout match`` wrote): what does not parse stops it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

TICK_DIGITS = 4
TICKS_PER_UNIT = 10**TICK_DIGITS
"""Money is compared in exact ten-thousandths, finer than any minor unit: no exponent table is needed."""

NO_DAY = -(2**31)
_MONEY = pa.decimal128(28, TICK_DIGITS)

Source = Path | Mapping[str, pa.Table]
"""A folder of files, or the tables themselves."""


def read_table(source: Source, name: str, columns: Sequence[str]) -> pa.Table:
    """Read these columns of ``name.csv`` or ``name.parquet``; a missing column or file is all empty."""
    if isinstance(source, Mapping):
        return _whole(source[name] if name in source else pa.table({}), columns)
    parquet, text = source / f"{name}.parquet", source / f"{name}.csv"
    if parquet.exists():
        present = [c for c in columns if c in pq.read_schema(parquet).names]
        table = pq.read_table(parquet, columns=present)
    elif text.exists():
        table = _read_csv(text, columns)
    else:
        table = pa.table({})
    return _whole(table, columns)


def _whole(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    arrays = [
        table[c].combine_chunks() if c in table.column_names else pa.nulls(table.num_rows, pa.string())
        for c in columns
    ]
    return pa.table(arrays, names=list(columns))


def _read_csv(path: Path, columns: Sequence[str]) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), [])
    present = [c for c in columns if c in header]
    return pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            include_columns=present,
            column_types=dict.fromkeys(present, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def text(table: pa.Table, column: str) -> pa.Array:
    """Return a column as strings, empty when null."""
    values = table[column].combine_chunks()
    if not pa.types.is_string(values.type):
        values = values.cast(pa.string())
    return pc.fill_null(values, "")


def ticks(table: pa.Table, column: str) -> Ints:
    """Return a money column in exact ten-thousandths of a unit, zero when empty."""
    values = table[column].combine_chunks()
    if pa.types.is_floating(values.type):
        values = pc.round(values, 4)
    elif pa.types.is_string(values.type):
        values = pc.if_else(pc.equal(values, ""), None, values)
    decimals = pc.fill_null(values.cast(_MONEY), 0)
    raw = np.frombuffer(decimals.buffers()[1], dtype=np.int64)[::2]  # low half: 9.2e14 units fit
    return raw[decimals.offset : decimals.offset + len(decimals)].copy()


def numbers(table: pa.Table, column: str) -> Floats:
    """Return a column as floats, NaN when empty."""
    values = table[column].combine_chunks()
    if pa.types.is_string(values.type):
        values = pc.if_else(pc.equal(values, ""), None, values)
    filled = pc.fill_null(values.cast(pa.float64()), float("nan"))
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.float64)


def days(table: pa.Table, column: str) -> Ints:
    """Return a date or instant as days since 1970, ``NO_DAY`` when empty."""
    values = table[column].combine_chunks()
    if pa.types.is_string(values.type):
        values = pc.utf8_slice_codeunits(values, 0, 10)
        values = pc.if_else(pc.equal(values, ""), None, values)
    whole = (
        values.cast(pa.date32())
        if not pa.types.is_timestamp(values.type)
        else pc.floor_temporal(values).cast(pa.date32())
    )
    return np.asarray(
        pc.fill_null(whole.cast(pa.int32()), NO_DAY).to_numpy(zero_copy_only=False), dtype=np.int64
    )


def first_day(table: pa.Table, *columns: str) -> Ints:
    """Return the first of these date columns that is filled, row by row."""
    result = days(table, columns[0])
    for column in columns[1:]:
        missing = result == NO_DAY
        if not missing.any():
            break
        result[missing] = days(table, column)[missing]
    return result


def positions(values: pa.Array, among: pa.Array) -> Ints:
    """Return where each value stands in ``among``, -1 when it does not."""
    found = pc.fill_null(pc.index_in(values, value_set=among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def codes(values: pa.Array) -> Ints:
    """Return one small integer for each distinct value."""
    return np.asarray(values.dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def objects(values: pa.Array) -> Objects:
    """Return strings as an object array."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.object_)
