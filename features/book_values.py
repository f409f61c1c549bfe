"""Columns of raw cells to typed columns, with every cell that cannot be read named by a problem code.

A reader takes a whole column, tries the vector way first and looks at single values only where that fails;
repeated values are looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book_schema import INSTANT_TYPE
from receivables.money import EXPONENTS

B = NDArray[np.bool_]

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9999
_DAYS: Final = (date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
_INSTANTS: Final = (
    datetime.combine(_DAYS[0], time(), UTC),
    datetime.combine(_DAYS[1], time(23, 59, 59), UTC),
)
_EDGES: Final = np.zeros(256, np.bool_)
# Bytes that may begin or end a space: the ASCII ones, and any of a longer UTF-8 sequence.
_EDGES[[*b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f ", *range(0x80, 0x100)]] = True


@dataclass(slots=True)
class Reading:
    """A typed column, null where the cell is empty or bad, and the bad rows by problem code."""

    values: pa.Array
    faults: dict[str, B] = field(default_factory=dict)
    text: pa.Array | None = None
    """The exact text of a number, where the float beside it is only its nearest."""


def flags(answers: pa.Array) -> B:
    """Give an Arrow column of yes and no as a numpy mask; null is no."""
    return np.asarray(pc.fill_null(answers, False).to_numpy(zero_copy_only=False), np.bool_)


def tidy(cells: pa.Array) -> pa.Array:
    """Give a string column without surrounding spaces, null where nothing is left."""
    if pa.types.is_null(cells.type):
        return cells.cast(pa.string())
    if _has_edges(cells):
        cells = pc.utf8_trim_whitespace(cells)
    empty = pc.equal(pc.binary_length(cells), 0)
    if pc.any(empty).as_py():
        cells = pc.if_else(empty, pa.scalar(None, pa.string()), cells)
    return cells


def too_long(cells: pa.Array, limit: int) -> B | None:
    """Find the cells of more than `limit` characters; none when there is no such cell."""
    lengths = pc.binary_length(cells)
    longest = pc.max(lengths).as_py()
    if longest is None or longest <= limit:
        return None
    rows = flags(pc.greater(pc.utf8_length(cells), limit))
    return rows if rows.any() else None


def read_dates(cells: pa.Array) -> Reading:
    """Read ISO 8601 dates; of a time stamp the date as written counts."""
    if pa.types.is_timestamp(cells.type):
        local = pc.local_timestamp(cells) if cells.type.tz else cells
        cells = pc.cast(pc.floor_temporal(local, unit="day"), pa.date32(), safe=False)
    if pa.types.is_date(cells.type):
        values = cells.cast(pa.date32())
    else:
        try:
            values = pc.cast(cells, pa.date32())
        except pa.ArrowInvalid:
            values = _by_value(cells, _date, pa.date32())
    return _within(values, cells, _DAYS, "bad_date")


def read_instants(cells: pa.Array) -> Reading:
    """Read ISO 8601 instants; a plain date is midnight UTC, and a time without a zone is UTC."""
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        values = pc.cast(cells, pa.timestamp("us", getattr(cells.type, "tz", None) or "UTC"), safe=False)
        return _within(values.cast(INSTANT_TYPE), cells, _INSTANTS, "bad_instant")
    for kind in (INSTANT_TYPE, pa.timestamp("us")):
        try:
            values = pc.cast(cells, kind).cast(INSTANT_TYPE)
            break
        except pa.ArrowInvalid:
            continue
    else:
        values = _by_value(cells, _instant, INSTANT_TYPE)
    return _within(values, cells, _INSTANTS, "bad_instant")


def read_currencies(cells: pa.Array) -> Reading:
    """Read ISO 4217 codes, in capitals or not."""

    def known(text: str) -> str | None:
        code = text.upper()
        return code if code in EXPONENTS else None

    return _unread(_by_value(cells, known, pa.string()), cells, "unknown_currency")


def read_words(cells: pa.Array, words: Sequence[str]) -> Reading:
    """Read one of `words`, in capitals or not, with spaces or hyphens for the underscore."""

    def known(text: str) -> str | None:
        word = text.lower().replace(" ", "_").replace("-", "_")
        return word if word in words else None

    return _unread(_by_value(cells, known, pa.string()), cells, "unknown_word")


def exponents(currencies: pa.Array) -> NDArray[np.int8]:
    """Give the number of decimals of each currency, -1 where it is null."""
    encoded = currencies.dictionary_encode()
    table = np.array([EXPONENTS[code] for code in encoded.dictionary.to_pylist()] + [-1], np.int8)
    digits: NDArray[np.int8] = table[np.asarray(pc.fill_null(encoded.indices, -1), np.int64)]
    return digits


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        moment = _instant(text)
        return None if moment is None else datetime.fromisoformat(text).date()


def _instant(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _by_value(cells: pa.Array, read: Callable[[str], object], kind: pa.DataType) -> pa.Array:
    """Read each distinct value once; what gives None becomes null."""
    encoded = cells.dictionary_encode()
    values = pa.array([read(text) for text in encoded.dictionary.to_pylist()], kind)
    return values.take(encoded.indices)


def _within(values: pa.Array, cells: pa.Array, span: tuple[date, date], code: str) -> Reading:
    """Keep what lies in the `span` of years that a calendar date can have."""
    first, last = (pa.scalar(end, values.type) for end in span)
    outside = pc.or_(pc.less(values, first), pc.greater(values, last))
    if pc.any(outside).as_py():
        values = pc.if_else(outside, pa.scalar(None, values.type), values)
    return _unread(values, cells, code)


def _unread(values: pa.Array, cells: pa.Array, code: str) -> Reading:
    """Name the rows that have a cell but no value."""
    if values.null_count == cells.null_count:
        return Reading(values)
    return Reading(values, {code: flags(pc.and_(values.is_null(), cells.is_valid()))})


def _has_edges(cells: pa.Array) -> bool:
    """Say whether any cell may begin or end with a space."""
    count = len(cells)
    if count == 0:
        return False
    _, offsets, data = cells.buffers()
    if data is None or data.size == 0:
        return False
    places = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + count + 1]
    text = np.frombuffer(data, np.uint8)
    filled = places[1:] > places[:-1]
    first, last = text[places[:-1][filled]], text[places[1:][filled] - 1]
    return bool(_EDGES[first].any() or _EDGES[last].any())
