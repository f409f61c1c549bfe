"""Tables that gateways and senders of advices export: delimited text with a header, row by row.

Columns are found by their titles, folded, so that case, blanks and punctuation do not matter.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from features.ingest.entry import Lineage
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.text_lines import TextLines, head_lines

_DELIMITERS: Final = (",", ";", "\t", "|")
_LETTERS: Final = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")
_MOST_LINES: Final = 1_000
"""Lines that one quoted cell may span."""


def fold(title: str) -> str:
    """Fold a column's title: `Gross Debit (GC)` is `gross_debit_gc`, `Währung` is `wahrung`."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_LETTERS))
    return _NOT_WORD.sub("_", "".join(one for one in plain if not unicodedata.combining(one))).strip("_")


def header_of(head: bytes) -> list[str]:
    """Give the folded titles of the first line, split at whichever delimiter gives most."""
    lines = head_lines(head, 1)
    if not lines:
        return []
    line = lines[0]
    return max(([fold(cell) for cell in split(line, one)] for one in _DELIMITERS), key=len)


def split(line: str, delimiter: str) -> list[str]:
    """Split one line into cells; a line that cannot be split is one cell."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by folded title."""

    place: Lineage
    cells: Mapping[str, str]

    def __getitem__(self, title: str) -> str:
        """Give a cell without outer blanks; empty where the table has no such column."""
        return self.cells.get(title, "")

    def first(self, *titles: str) -> str:
        """Give the first cell that is not empty."""
        return next((text for title in titles if (text := self[title])), "")


@dataclass(slots=True)
class Table:
    """The rows of a delimited text; `problems` grow as rows are read."""

    source: Source
    limits: Limits
    problems: list[Problem]

    def rows(self) -> Iterator[Row]:
        """Give each row under the header; a row that does not fit it becomes a problem."""
        text = TextLines(self.source, self.limits)
        header: list[str] = []
        for number, cells, raw in records(text, self.source, self.limits):
            if not header:
                header = [fold(cell) for cell in cells]
                continue
            place = self.source.at(f"line {number}", raw)
            if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
                self.problems.append(Problem.at(place, "", "bad_row", raw))
                continue
            if len(cells) < len(header) / 2 and len(cells) > 0 and len(header) > 3:
                self.problems.append(Problem.at(place, "", "bad_row", raw))
                continue
            yield Row(place, {title: cell.strip() for title, cell in zip(header, cells, strict=False)})
        self.problems.extend(text.problems())
        if not header:
            raise UnusableFileError(f"{self.source.name} is empty.")


def records(text: TextLines, source: Source, limits: Limits) -> Iterator[tuple[int, list[str], str]]:
    """Give each record of a delimited text: its first line's number, its cells and how it was written.

    A cell in quotation marks may go on in the next lines. Where its marks are never closed, each of the lines
    stands alone, so that a stray mark costs one row.
    """
    delimiter = ""
    waiting: list[tuple[int, str]] = []
    size, is_open = 0, False
    for number, line in text:
        if not waiting and not line.strip():
            continue
        delimiter = delimiter or _delimiter(line)
        waiting.append((number, line.replace("\0", "")))
        size += len(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open:
            yield _record(waiting, delimiter, source, limits)
        elif len(waiting) < _MOST_LINES and size < limits.line_chars:
            continue
        else:
            yield from (_record([one], delimiter, source, limits) for one in waiting if one[1].strip())
        waiting, size, is_open = [], 0, False
    yield from (_record([one], delimiter, source, limits) for one in waiting if one[1].strip())


def _delimiter(line: str) -> str:
    return max(_DELIMITERS, key=lambda one: len(split(line, one)))


def _record(
    lines: list[tuple[int, str]], delimiter: str, source: Source, limits: Limits
) -> tuple[int, list[str], str]:
    written = [line for _, line in lines]
    return lines[0][0], _cells(written, delimiter, source, limits), "\n".join(written)


def _cells(lines: list[str], delimiter: str, source: Source, limits: Limits) -> list[str]:
    written = [f"{line}\n" for line in lines]
    csv.field_size_limit(max(csv.field_size_limit(), limits.line_chars))
    try:
        cells = next(csv.reader(written, delimiter=delimiter), [])
    except csv.Error:
        cells = lines[0].split(delimiter)
    if len(cells) > limits.row_cells:
        raise LimitError(f"{source.name} has a row of more than {limits.row_cells:,} cells.")
    return [cell.removesuffix("\n") for cell in cells]
