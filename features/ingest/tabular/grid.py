"""Rows of cells out of CSV in any code page and delimiter, and out of Excel workbooks."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import TextIOWrapper
from math import isfinite
from typing import TYPE_CHECKING, Final

from features.ingest.container import refuse_swollen_workbook
from features.ingest.damage import DAMAGED, MARK
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.layouts import meanings

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

Row = tuple[int, list[str]]

DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 80
_CODE_PAGES: Final = ("cp1252", "cp1250", "iso8859-2", "cp852", "cp1253", "cp1251", "cp1257")
_USUAL: Final = frozenset("€£§°´’‘“”„–—…\u00a0·ºª«»")
_QUOTED_LINES: Final = 30
"""Lines that one quoted cell may span: an unclosed quotation mark must not swallow the rest of the file."""
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


@dataclass(slots=True)
class Grid:
    """The rows of one table; `rows()` reads them anew each time."""

    source: Source
    limits: Limits
    encoding: str = ""
    delimiter: str = ""
    is_typed: bool = False
    """Whether numbers and dates are such in the file, as in a workbook."""
    damaged: int = 0
    _cells: list[Row] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """Give line number and cells of each row that is not blank."""
        if self.is_typed:
            yield from self._cells
            return
        for number, record in self._records():
            cells = _cells(record, self.delimiter)
            if len(cells) > self.limits.row_cells:
                raise LimitError(f"{self.source.name}, line {number} has {len(cells):,} cells.")
            if any(cell.strip() for cell in cells):
                yield number, cells

    def _records(self) -> Iterator[tuple[int, str]]:
        """Join the lines of quoted cells; an unclosed quotation mark costs its own line alone."""
        open_from, waiting = 0, list[str]()
        for number, line in self._lines():
            if waiting:
                waiting.append(line)
                if line.count('"') % 2:
                    yield open_from, "\n".join(waiting)
                    waiting = []
                elif len(waiting) > _QUOTED_LINES:
                    yield from ((open_from + place, text) for place, text in enumerate(waiting))
                    waiting = []
            elif line.count('"') % 2 and _opens_cell(line, self.delimiter):
                open_from, waiting = number, [line]
            else:
                yield number, line
        yield from ((open_from + place, text) for place, text in enumerate(waiting))

    def _lines(self) -> Iterator[tuple[int, str]]:
        self.damaged = 0
        with self.source.open() as file:
            text = TextIOWrapper(file, encoding=self.encoding, errors=DAMAGED)
            number = 0
            while line := text.readline(self.limits.line_chars + 1):
                number += 1
                if len(line) > self.limits.line_chars:
                    raise LimitError(f"{self.source.name}, line {number} has more than a mebibyte.")
                if MARK in line:
                    self.damaged += line.count(MARK)
                    line = line.replace(MARK, "")
                yield number, line.rstrip("\r\n").lstrip("\ufeff").replace("\0", "")


def open_grid(source: Source, limits: Limits, encoding: str = "", delimiter: str = "") -> Grid:
    """Open a table; what is not given is found out from its first lines."""
    head = source.head()
    if head.startswith(_WORKBOOKS):
        return _workbook(source, limits)
    encoding = encoding or find_encoding(head)
    grid = Grid(source, limits, encoding, delimiter or ",")
    if not delimiter:
        grid.delimiter = _find_delimiter(_sample(head, encoding))
    return grid


def is_workbook(head: bytes) -> bool:
    """Say whether a file is an Excel workbook, old or new, or at least a container as they are."""
    return head.startswith(_WORKBOOKS)


def find_encoding(head: bytes) -> str:
    """Find the encoding by mark, by validity, then by which code page makes most headings known."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    if sample.count(0) * 3 > len(sample):
        return "utf-16-le" if sample[1:2] == b"\0" else "utf-16-be"
    try:
        head.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        is_cut = error.start >= len(head) - 3 and error.reason == "unexpected end of data"
        if is_cut:
            return "utf-8"
    return max(
        _CODE_PAGES,
        key=lambda page: (_known_words(head, page), -_odd_signs(head, page), -_CODE_PAGES.index(page)),
    )


def _odd_signs(head: bytes, page: str) -> int:
    """Count what a wrong code page makes of letters: control characters and signs that no bank writes."""
    text = head.decode(page, "replace")
    return sum(letter > "\x7f" and not letter.isalpha() and letter not in _USUAL for letter in text)


def _known_words(head: bytes, page: str) -> int:
    lines = _sample(head, page)[:30]
    known = sum(bool(meanings(cell)[0]) for line in lines for cell in re.split(r'[",;\t|]+', line))
    is_central = page == "cp1250" and re.search(rb"\b(?:CZK|PLN|HUF|RON|[\";,](?:CZ|PL|HU|SK|HR)\d{2})", head)
    return 2 * known + bool(is_central)


def _sample(head: bytes, encoding: str) -> list[str]:
    lines = head.decode(encoding, "replace").splitlines()
    return [line for line in lines if line.strip()][:_SAMPLE_LINES]


def _find_delimiter(lines: list[str]) -> str:
    """Take the delimiter that makes most headings known, then most lines equally wide."""
    if lines and re.fullmatch(r"(?i)sep=.", lines[0].strip()):
        return lines[0].strip()[-1]

    def score(delimiter: str) -> tuple[int, int, int]:
        rows = [_cells(line, delimiter) for line in lines]
        known = max((sum(bool(meanings(cell)[0]) for cell in row) for row in rows[:60]), default=0)
        width, alike = Counter(len(row) for row in rows).most_common(1)[0] if rows else (1, 0)
        return known, alike if width > 1 else 0, width

    return max(DELIMITERS, key=score)


def _opens_cell(line: str, delimiter: str) -> bool:
    """Say whether a quotation mark that begins a cell stays open at the end of the line."""
    opened = re.split(f'(?:^|{re.escape(delimiter)})"', line)
    return len(opened) > 1 and (opened[-1].count('"') % 2 == 0)


def _cells(record: str, delimiter: str) -> list[str]:
    before = csv.field_size_limit(1 << 21)
    try:
        cells = next(csv.reader([record], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        cells = record.split(delimiter)
    finally:
        csv.field_size_limit(before)
    return cells


def _workbook(source: Source, limits: Limits) -> Grid:
    """Read the sheet that has the most cells; a workbook is small enough to be held."""
    from python_calamine import CalamineError, CalamineWorkbook

    if source.size > limits.document_bytes:
        raise LimitError(f"{source.name} has more than {limits.document_bytes:,} bytes.")
    if source.head().startswith(_WORKBOOKS[0]):
        refuse_swollen_workbook(source, limits)
    try:
        with source.open() as file:
            book = CalamineWorkbook.from_filelike(file)
            sheets = [list(_typed_rows(book, name, limits)) for name in book.sheet_names[:50]]
    except CalamineError as error:
        raise UnusableFileError(f"{source.name} is not a readable workbook: {str(error)[:100]}.") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library is written in Rust, and gives up like this
            raise
        raise UnusableFileError(f"{source.name} is not a readable workbook.") from error
    cells = max(sheets, key=lambda rows: sum(len(row) for _, row in rows), default=[])
    return Grid(source, limits, is_typed=True, _cells=cells)


def _typed_rows(book: CalamineWorkbook, sheet: str, limits: Limits) -> Iterator[Row]:
    from python_calamine import WorksheetNotFound

    try:
        rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except WorksheetNotFound:  # a chart
        return
    for number, row in enumerate(rows, 1):
        if len(row) > limits.row_cells:
            raise LimitError(f"Row {number} of the sheet {sheet} has {len(row):,} cells.")
        cells = [_text(cell) for cell in row]
        if any(cells):
            yield number, cells


def _text(cell: object) -> str:
    """Write a cell as text: numbers by their shortest digits, dates in ISO 8601."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    if isinstance(cell, float):
        text = format(Decimal(repr(cell)), "f") if isfinite(cell) and abs(cell) < 1e30 else ""
        return text.removesuffix(".0")
    return "" if cell is None else str(cell)
