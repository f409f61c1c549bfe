"""Segments of an X12 interchange: separators from its ISA, control numbers and counts checked on the way."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Final

from features.ingest.entry import Lineage
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem, UnusableFileError
from features.ingest.source import Source

_ISA_ELEMENTS: Final = 16
_ISA_CHARS: Final = 400
"""An ISA has 106 characters; a careless system may pad it."""
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"


def looks_like_x12(head: bytes) -> bool:
    """Say whether a file starts with an ISA and its separator."""
    start = head.lstrip(_BLANK)[:4]
    return start[:3] == b"ISA" and len(start) == 4 and not start[3:].isalnum()


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; elements count from 1 as the standard does."""

    name: str
    elements: tuple[str, ...]
    place: Lineage
    raw: str

    def __getitem__(self, number: int) -> str:
        """Give an element; empty where the segment is shorter."""
        return self.elements[number - 1] if number <= len(self.elements) else ""


@dataclass(slots=True)
class Segments:
    """All segments of a file; `problems` grow while they are read."""

    source: Source
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    transactions: int = 0
    _groups: int = 0
    _sets: int = 0
    _count: int = 0
    _controls: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Segment]:
        """Give the segments in order."""
        text = self._text()
        start = 0
        while (start := _after_blanks(text, start)) < len(text):
            if not text.startswith("ISA", start):
                self.problems.append(
                    Problem.at(self.source.at("end"), "", "bad_row", text[start : start + 200])
                )
                return
            separator, terminator = self._separators(text[start : start + _ISA_CHARS])
            start = yield from self._interchange(text, start, separator, terminator)

    def _interchange(
        self, text: str, start: int, separator: str, terminator: str
    ) -> Generator[Segment, None, int]:
        """Give the segments of one interchange, and where the next one starts."""
        number = 0
        while start < len(text):
            end = text.find(terminator, start)
            end = len(text) if end < 0 else end
            raw, start = text[start:end].strip("\r\n"), end + 1
            if not raw.strip():
                continue
            number += 1
            if number > self.limits.entries:
                raise LimitError(f"{self.source.name} has more than {self.limits.entries:,} segments.")
            name, *elements = raw.split(separator)
            place = self.source.at(f"ISA[{self._controls.get('ISA', '')}]/segment {number}", raw)
            segment = Segment(name.strip().upper(), tuple(one.strip() for one in elements), place, raw)
            self._check(segment)
            yield segment
            if segment.name == "IEA":
                return start
        self.problems.append(Problem.at(self.source.at("end"), "IEA", "truncated"))
        return start

    def _check(self, segment: Segment) -> None:
        """Count, and compare the trailers with what they close."""
        self._count += 1
        match segment.name:
            case "ISA":
                self._groups = 0
                self._controls["ISA"] = segment[13]
            case "GS":
                self._groups, self._sets = self._groups + 1, 0
                self._controls["GS"] = segment[6]
            case "ST":
                self._sets, self._count = self._sets + 1, 1
                self.transactions += 1
                self._controls["ST"] = segment[2]
            case "SE":
                self._compare(segment, self._count, "ST")
            case "GE":
                self._compare(segment, self._sets, "GS")
            case "IEA":
                self._compare(segment, self._groups, "ISA")
            case _:
                return

    def _compare(self, segment: Segment, counted: int, opener: str) -> None:
        claimed, control = segment[1], segment[2]
        if not claimed.isdecimal() or int(claimed[:18]) != counted:
            raw = f"{claimed[:18]} claimed, {counted} counted"
            self.problems.append(Problem.at(segment.place, f"{segment.name}01", "total_differs", raw))
        opened = self._controls.get(opener, "")
        if control.lstrip("0") != opened.lstrip("0"):
            self.problems.append(
                Problem.at(
                    segment.place,
                    f"{segment.name}02",
                    "control_differs",
                    f"{opened}, {control}",
                    message=f"The control number of {segment.name} is not that of its {opener}.",
                    mend="Check whether the file is complete; ask the sender for it again.",
                )
            )

    def _separators(self, text: str) -> tuple[str, str]:
        """Find the separator of elements and the terminator of segments in an ISA."""
        separator = text[3:4]
        parts = text.split(separator, _ISA_ELEMENTS) if separator else []
        if len(parts) <= _ISA_ELEMENTS or len(parts[_ISA_ELEMENTS]) < 2 or separator.isalnum():
            raise UnusableFileError(f"{self.source.name} has an ISA that is cut short.")
        # ISA16 is the separator of components, one character; the next ends the segment.
        terminator = parts[_ISA_ELEMENTS][1]
        if terminator == "\r":
            terminator = "\n"
        if terminator.isalnum() or terminator == separator:
            raise UnusableFileError(f"{self.source.name} has an ISA whose separators cannot be told.")
        return separator, terminator

    def _text(self) -> str:
        if self.source.size > self.limits.document_bytes:
            raise LimitError(f"{self.source.name} has more than {self.limits.document_bytes:,} bytes.")
        with self.source.open() as file:
            data = file.read()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")


def _after_blanks(text: str, start: int) -> int:
    """Skip blanks and line ends."""
    while start < len(text) and text[start] in " \t\r\n":
        start += 1
    return start
