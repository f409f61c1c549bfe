"""CSV files as other systems write them: quick where they are clean, patient where they are not.

A clean file (RFC 4180 quotation marks, UTF-8, as many cells in each row as in the header) goes through Arrow's
reader as a whole. Any other goes line by line, so that one broken row costs that row and no other.
"""

from __future__ import annotations

import csv
import mmap
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv

from features.book_files import HEADER_ROWS, RawTable, UnreadableFileError, canonical, place_columns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from features.book_schema import TableSpec
    from features.quarantine import Findings

DELIMITERS: Final = ",;\t|"
_HEAD: Final = 1 << 20
_BLOCK: Final = 1 << 22
_SCAN: Final = 1 << 24
_LINE_LIMIT: Final = 1 << 26
_BATCH: Final = 20_000
_QUOTE: Final = ord('"')


class Layout(NamedTuple):
    """How a CSV file is laid out."""

    delimiter: str
    header: list[str]
    lines_before_data: int
    """Physical lines that are not data."""


def read_csv(spec: TableSpec, path: Path, findings: Findings) -> RawTable:
    """Read the columns of the contract from a CSV file; rows that cannot be told apart go to `findings`."""
    layout = _layout(spec, path)
    places, unknown = place_columns(spec, path.name, layout.header)
    if _is_clean(path, layout.delimiter):
        try:
            table = _whole(path, layout, places)
        except pa.ArrowInvalid:
            pass  # ragged, over-long or not UTF-8: line by line finds which rows
        else:
            first = layout.lines_before_data + 1
            return RawTable(path.name, np.arange(first, first + table.num_rows), _flat(table), unknown=unknown)
    return _by_line(path, layout, places, findings, unknown)


def _layout(spec: TableSpec, path: Path) -> Layout:
    """Find the header and the delimiter that makes most of its names known."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:200]:
        msg = f"{path.name} is not UTF-8 text."
        raise UnreadableFileError(msg)
    lines = head.decode("utf-8-sig", "replace").splitlines(keepends=True)
    skipped = 0
    wanted = DELIMITERS
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
        wanted, skipped = lines[0].strip()[-1], 1
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    first = lines[skipped] if skipped < len(lines) else ""
    known = {column.name for column in spec.columns}

    def header(delimiter: str) -> list[str]:
        return next(csv.reader([first], delimiter=delimiter), [])

    best = max(wanted, key=lambda sign: (len(known & {canonical(name) for name in header(sign)}), first.count(sign)))
    return Layout(best, header(best), skipped + HEADER_ROWS)


def _is_clean(path: Path, delimiter: str) -> bool:
    """Say whether every quotation mark opens a cell, closes one or is doubled inside one.

    Arrow would otherwise read on over the following rows, which loses them without a word.
    """
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if view.find(b'"') < 0:
            return view.find(b"\r", 0, _HEAD) < 0 or view.find(b"\n", 0, _HEAD) >= 0
        data = np.frombuffer(view, np.uint8)
        try:
            return _quotes_pair_up(data, delimiter)
        finally:
            del data


def _quotes_pair_up(data: np.ndarray[tuple[int], np.dtype[np.uint8]], delimiter: str) -> bool:
    before, after = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
    before[[ord(delimiter), *b'\r\n"\xbf']] = True  # 0xbf ends the byte order mark
    after[[ord(delimiter), *b'\r\n"']] = True
    is_open = 0
    last = len(data) - 1
    for start in range(0, len(data), _SCAN):
        marks = np.flatnonzero(data[start : start + _SCAN] == _QUOTE) + start
        opening, closing = marks[is_open::2], marks[1 - is_open :: 2]
        opening, closing = opening[opening > 0], closing[closing < last]
        if not (before[data[opening - 1]].all() and after[data[closing + 1]].all()):
            return False
        is_open = (is_open + len(marks)) % 2
    return is_open == 0


def _whole(path: Path, layout: Layout, places: dict[str, int]) -> pa.Table:
    """Read a clean file at once; an empty line stays a row of nothing, so that row numbers hold."""
    names = [f"column {place}" for place in range(len(layout.header))]
    for name, place in places.items():
        names[place] = name
    return pc_csv.read_csv(
        path,
        read_options=pc_csv.ReadOptions(
            use_threads=False,
            block_size=_BLOCK,
            skip_rows=layout.lines_before_data,
            column_names=names,
        ),
        parse_options=pc_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=pc_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            include_columns=list(places),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _flat(table: pa.Table) -> dict[str, pa.Array]:
    return {name: table.column(name).combine_chunks() for name in table.column_names}


class _Lines:
    """The lines of a file, with room to step back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._file.readline(_LINE_LIMIT)
        self.size += len(line)
        if not line or self.size > _LINE_LIMIT:
            if line:
                self._back.appendleft(line)
            raise StopIteration
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Start a new record."""
        self.taken, self.size = [], 0

    def step_back(self) -> None:
        """Give back all lines of this record but the first."""
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _records(lines: _Lines, delimiter: str, width: int) -> Iterator[tuple[list[str] | None, str]]:
    """Give the cells of each record, or None and its first line where it makes no sense."""
    csv.field_size_limit(_LINE_LIMIT)
    while True:
        lines.begin()
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True), None)
        except csv.Error:
            cells = []
        if cells is None:
            return
        if len(cells) > width and not any(cells[width:]):
            del cells[width:]
        if len(cells) == width or not "".join(lines.taken).strip():
            yield cells, ""
            continue
        lines.step_back()
        yield None, lines.taken[0].rstrip("\r\n")


def _by_line(
    path: Path, layout: Layout, places: dict[str, int], findings: Findings, unknown: tuple[str, ...]
) -> RawTable:
    """Read a file line by line and set aside the rows that cannot be told apart."""
    parts: dict[str, list[pa.Array]] = {name: [pa.array([], pa.string())] for name in places}
    kept: list[int] = []
    batch: list[list[str]] = []
    torn: dict[tuple[str, str], tuple[list[int], list[str]]] = {}

    def flush() -> None:
        for name, place in places.items():
            parts[name].append(pa.array([row[place] for row in batch], pa.string()))
        batch.clear()

    def set_aside(column: str, code: str, row: int, raw: str) -> None:
        rows, texts = torn.setdefault((column, code), ([], []))
        rows.append(row)
        texts.append(_readable(raw[: 2 * 500]))

    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        for _ in range(layout.lines_before_data):
            next(lines, None)
        records = _records(lines, layout.delimiter, len(layout.header))
        for row, (cells, raw) in enumerate(records, layout.lines_before_data + 1):
            if cells is None:
                set_aside("", "bad_row", row, raw)
                continue
            if len(cells) < len(layout.header):
                continue  # an empty line
            broken = [name for name, place in places.items() if not _is_utf8(cells[place])]
            for name in broken:
                set_aside(name, "bad_utf8", row, cells[places[name]])
            if not broken:
                kept.append(row)
                batch.append(cells)
                if len(batch) >= _BATCH:
                    flush()
    flush()
    for (column, code), (rows, texts) in torn.items():
        findings.add(path.name, np.array(rows, np.int64), column, code, pa.array(texts, pa.string()))
    columns = {name: pa.concat_arrays(arrays) for name, arrays in parts.items()}
    return RawTable(path.name, np.array(kept, np.int64), columns, unknown=unknown)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
