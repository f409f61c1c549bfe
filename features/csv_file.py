"""CSV files as other systems write them: quick where they are clean, patient where they are not.

A clean file (quotation marks as in RFC 4180, UTF-8, as many cells in each row as in the header) goes through
Arrow's reader as a whole. Any other goes line by line, so that a broken row costs that row and no other.
"""

from __future__ import annotations

import contextlib
import csv
import io
import mmap
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Self, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from features.book_files import HEADER_ROWS, RawTable, UnreadableFileError, canonical, place_columns
from features.book_schema import CELL_LIMIT, TableSpec
from features.quarantine import RAW_LIMIT, Findings

DELIMITERS: Final = ",;\t|"
RECORD_LIMIT: Final = 1 << 25
"""Longest row, in characters: a cell of ten million passes, so that its row can be named."""

_HEAD: Final = 1 << 20
_BLOCK: Final = 1 << 22  # a longer row makes Arrow refuse the file, which then goes line by line
_SCAN: Final = 1 << 24
_PATIENCE: Final = (
    1 << 28
)  # characters read again after unclosed quotation marks before each line stands alone
_BATCH: Final = 20_000
_QUOTE: Final = ord('"')
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Layout(NamedTuple):
    """How a CSV file is laid out."""

    delimiter: str
    header: list[str]
    lines: int
    """Physical lines before the data."""
    first_row: int
    """The row of the first data as a spreadsheet counts."""


def read_csv(spec: TableSpec, path: Path, findings: Findings) -> RawTable:
    """Read the columns of the contract from a CSV file; rows that cannot be taken apart go to `findings`."""
    layout = _layout(spec, path)
    places, unknown = place_columns(spec, path.name, layout.header)
    titles = {name: layout.header[place].strip() for name, place in places.items()}
    if _is_clean(path, layout.delimiter):
        # Ragged, over-long or not UTF-8: Arrow says so for the whole file, line by line finds the rows.
        with contextlib.suppress(pa.ArrowInvalid):
            columns, count = _whole(path, layout, places)
            rows = np.arange(count, dtype=np.int64) + layout.first_row
            return RawTable(path.name, rows, columns, titles, unknown=unknown)
    patient = _LineByLine(path, layout, places, findings)
    return RawTable(
        path.name,
        np.array(patient.rows, np.int64),
        patient.columns(),
        titles,
        unknown=unknown,
        torn=patient.torn,
    )


def _layout(spec: TableSpec, path: Path) -> Layout:
    """Find the header, and the delimiter that makes most of its names known."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head.partition(b"\n")[0]:
        raise UnreadableFileError(f"{path.name} is not UTF-8 text.")
    text = head.decode("utf-8-sig", "replace")
    lines = io.StringIO(text, newline="")
    wanted, skipped, start = DELIMITERS, 0, 0
    for line in iter(lines.readline, ""):
        shown = line.strip()
        if shown[:4].lower() == "sep=" and len(shown) == len("sep=;"):
            wanted = shown[-1]
        elif shown:
            break
        skipped, start = skipped + 1, start + len(line)
    known = {column.name for column in spec.columns}
    found = []
    for delimiter in wanted:
        reader = csv.reader(io.StringIO(text[start:], newline=""), delimiter=delimiter)
        try:
            header = next(reader, [])
        except csv.Error:
            header = []
        hits = len(known & {canonical(title) for title in header})
        found.append((hits, len(header), delimiter, header, reader.line_num))
    _, _, delimiter, header, used = max(found, key=lambda one: one[:2])
    return Layout(delimiter, header, skipped + used, skipped + HEADER_ROWS + 1)


def _is_clean(path: Path, delimiter: str) -> bool:
    """Say whether every quotation mark opens a cell, closes one or is doubled inside one.

    Arrow would otherwise read on over the following rows, and lose them without a word.
    """
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        if view.find(b'"') < 0:
            return True
        data = np.frombuffer(view, np.uint8)
        try:
            start = len(_BYTE_ORDER_MARK) if view[:3] == _BYTE_ORDER_MARK else 0
            return _quotes_pair_up(data[start:], delimiter)
        finally:
            del data


def _quotes_pair_up(data: NDArray[np.uint8], delimiter: str) -> bool:
    edge = np.zeros(256, np.bool_)
    edge[[ord(delimiter), *b'\r\n"']] = True
    is_open = 0
    for start in range(0, len(data), _SCAN):
        marks = np.flatnonzero(data[start : start + _SCAN] == _QUOTE) + start
        opening, closing = marks[is_open::2], marks[1 - is_open :: 2]
        opening, closing = opening[opening > 0], closing[closing < len(data) - 1]
        if not (edge[data[opening - 1]].all() and edge[data[closing + 1]].all()):
            return False
        is_open = (is_open + len(marks)) % 2
    return is_open == 0


def _whole(path: Path, layout: Layout, places: dict[str, int]) -> tuple[dict[str, pa.Array], int]:
    """Read a clean file at once: its columns and its length.

    An empty line stays a row of nothing, so that row numbers hold.
    """
    names = [f"column {place}" for place in range(len(layout.header))]
    for name, place in places.items():
        names[place] = name
    table = arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, skip_rows=layout.lines, column_names=names
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            include_columns=list(places),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    chunked, count = dict(zip(table.column_names, table.columns, strict=True)), table.num_rows
    del table  # each column's pieces go as soon as they are joined: two copies of one column, not of all
    return {name: chunked.pop(name).combine_chunks() for name in list(chunked)}, count


class _Lines:
    """The lines of one record after the other, with room to step back.

    Iteration stops where a record must end, and goes on with the next.
    """

    def __init__(self, file: TextIO) -> None:
        self._readline = file.readline
        self._back: deque[str] = deque()
        self.size = 0
        self._patience = _PATIENCE
        self.taken: list[str] = []
        self.is_cut = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self.size and self.size >= (RECORD_LIMIT if self._patience > 0 else 1):
            raise StopIteration
        line = self._back.popleft() if self._back else self._readline(RECORD_LIMIT)
        if not line:
            raise StopIteration
        self.size += len(line)
        if len(line) >= RECORD_LIMIT and line[-1] not in "\r\n":
            self._cut()
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Start a new record."""
        self.taken.clear()
        self.size, self.is_cut = 0, False

    def step_back(self) -> None:
        """Give back all lines of this record but the first."""
        self._patience -= self.size
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _cut(self) -> None:
        """Pass over the rest of an over-long line."""
        self.is_cut = True
        while (rest := self._readline(RECORD_LIMIT)) and rest[-1] not in "\r\n":
            pass


@dataclass(slots=True)
class _LineByLine:
    """A file read record by record; what cannot be taken apart is set aside."""

    path: Path
    layout: Layout
    places: dict[str, int]
    findings: Findings
    rows: list[int] = field(default_factory=list)
    torn: dict[str, list[str]] = field(default_factory=dict)
    _parts: dict[str, list[pa.Array]] = field(default_factory=dict)
    _batch: list[list[str]] = field(default_factory=list)
    _batch_rows: list[int] = field(default_factory=list)
    _aside: dict[tuple[str, str], tuple[list[int], list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read the whole file."""
        before = csv.field_size_limit(2 * RECORD_LIMIT)
        try:
            with self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
                for _ in range(self.layout.lines):
                    file.readline()
                for row, cells in enumerate(self._records(_Lines(file)), self.layout.first_row):
                    if cells:
                        self._take(row, cells)
        finally:
            csv.field_size_limit(before)
        self._flush()
        for (column, code), (rows, texts) in self._aside.items():
            cells = pa.array(texts, pa.string())
            self.findings.add(self.path.name, np.array(rows, np.int64), column, code, cells)

    def columns(self) -> dict[str, pa.Array]:
        """Give the cells of the rows that could be taken apart."""
        try:
            return {name: pa.concat_arrays(self._parts[name]) for name in self.places}
        except pa.ArrowInvalid as error:
            raise UnreadableFileError(f"{self.path.name} has a column of more than 2 GiB.") from error

    def _records(self, lines: _Lines) -> Iterator[list[str] | str]:
        """Give the cells of each record, none of an empty line, or the first line if they make no sense."""
        width = len(self.layout.header)
        reader = csv.reader(lines, delimiter=self.layout.delimiter, strict=True)
        while True:
            lines.begin()
            try:
                cells = next(reader, [])
            except csv.Error:
                cells = []
            if len(cells) > width and not any(cells[width:]):
                del cells[width:]
            if len(cells) == width and not lines.is_cut:
                # What is too long is named by its first characters; the rest need not stay in memory.
                yield cells if lines.size <= CELL_LIMIT else [cell[: CELL_LIMIT + 1] for cell in cells]
            elif not lines.taken:
                return
            elif not any(line.strip() for line in lines.taken):
                yield []
            else:
                lines.step_back()
                yield lines.taken[0].rstrip("\r\n")

    def _take(self, row: int, cells: list[str] | str) -> None:
        if isinstance(cells, str):
            self._set_aside("", "bad_row", row, cells)
            with contextlib.suppress(csv.Error):
                self._remember(next(csv.reader([cells], delimiter=self.layout.delimiter), []))
            return
        self._batch_rows.append(row)
        self._batch.append(cells)
        if len(self._batch) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        """Turn the rows read so far into columns, but for those that are not UTF-8."""
        try:
            arrays = self._arrays()
        except UnicodeEncodeError:
            whole = [
                self._is_whole(row, cells) for row, cells in zip(self._batch_rows, self._batch, strict=True)
            ]
            self._batch = [cells for cells, good in zip(self._batch, whole, strict=True) if good]
            self._batch_rows = [row for row, good in zip(self._batch_rows, whole, strict=True) if good]
            arrays = self._arrays()
        for name, array in arrays.items():
            self._parts.setdefault(name, []).append(array)
        self.rows.extend(self._batch_rows)
        self._batch, self._batch_rows = [], []

    def _arrays(self) -> dict[str, pa.Array]:
        columns = list(zip(*self._batch, strict=True)) or [()] * len(self.layout.header)
        return {name: pa.array(columns[place], pa.string()) for name, place in self.places.items()}

    def _is_whole(self, row: int, cells: list[str]) -> bool:
        """Say whether every cell that is read is UTF-8; set the row aside if not."""
        broken = [name for name, place in self.places.items() if not _is_utf8(cells[place])]
        for name in broken:
            self._set_aside(name, "bad_utf8", row, cells[self.places[name]])
        if broken:
            self._remember(cells)
        return not broken

    def _set_aside(self, column: str, code: str, row: int, raw: str) -> None:
        rows, texts = self._aside.setdefault((column, code), ([], []))
        rows.append(row)
        texts.append(_readable(raw[: 2 * RAW_LIMIT]))

    def _remember(self, cells: list[str]) -> None:
        """Note which payment and invoice a broken row speaks of, as far as it can be told."""
        for name in ("payment_id", "invoice_id"):
            place = self.places.get(name, len(cells))
            if place < len(cells):
                self.torn.setdefault(name, []).append(_readable(cells[place]).strip()[:RAW_LIMIT])


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
