"""The records of a BAI2 file: physical lines and their continuations (88) as one logical record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

CONTINUATION: Final = "88"
MAX_LINES: Final = 20_000
"""Lines of one record; an account may carry hundreds of summary codes."""

MAX_CHARS: Final = 1 << 20
"""Characters of the continuations of one record."""


@dataclass(slots=True)
class Record:
    """One logical record."""

    code: str
    number: int
    """Of its first line in the file."""
    segments: list[str] = field(default_factory=list)
    """The text behind the record code of each line, without the closing slash."""
    lines: int = 0
    raw: str = ""
    dropped: int = 0
    """Lines beyond the bounds that were left out."""
    chars: int = 0


def records(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """Join continuations to the records that they continue."""
    current: Record | None = None
    for number, line in lines:
        text = line.rstrip()
        if not text.strip("\x00\x1a "):
            continue
        code, _, rest = text.lstrip().partition(",")
        code = code.removesuffix("/")
        if code == CONTINUATION and current is not None:
            current.chars += len(rest)
            if current.lines < MAX_LINES and current.chars <= MAX_CHARS:
                current.segments.append(rest.removesuffix("/"))
            else:
                current.dropped += 1
            current.lines += 1
            if len(current.raw) < 4_000:
                current.raw += "\n" + text
            continue
        if current is not None:
            yield current
        current = Record(code, number, [rest.removesuffix("/")], 1, text)
    if current is not None:
        yield current


class Cursor:
    """Takes the fields of a record one by one, over its continuations."""

    def __init__(self, record: Record) -> None:
        self._segments = record.segments
        self._line = 0
        self._fields = record.segments[0].split(",")
        self._place = 0

    @property
    def has_more(self) -> bool:
        """Whether a field is left."""
        return self._place < len(self._fields) or self._line + 1 < len(self._segments)

    def take(self) -> str:
        """Take the next field, or nothing when none is left."""
        if self._place >= len(self._fields):
            if self._line + 1 >= len(self._segments):
                return ""
            self._line += 1
            self._fields = self._segments[self._line].split(",")
            self._place = 0
        self._place += 1
        return self._fields[self._place - 1].strip()

    def take_funds(self) -> str:
        """Take a funds type with what belongs to it; gives the value date of type V, else nothing."""
        kind = self.take().upper()
        if kind == "V":
            day = self.take()
            self.take()
            return day
        if kind == "S":
            for _ in range(3):
                self.take()
        elif kind == "D":
            count = self.take()
            parts = int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0
            for _ in range(2 * parts):
                self.take()
        return ""

    def take_reference(self, left: int) -> str:
        """Take a reference, unless the line ended before it and what continues can only be text.

        `left` fields come before the text; a continuation with fewer commas, or with a blank in the place of
        a reference, is text.
        """
        if self._place < len(self._fields):
            return self.take()
        if self._line + 1 >= len(self._segments):
            return ""
        coming = self._segments[self._line + 1].split(",")
        if len(coming) <= left or any(" " in one.strip() for one in coming[:left]):
            return ""
        return self.take()

    def text(self) -> str:
        """Take all that is left as text, commas included; lines are joined by a blank."""
        rest = [",".join(self._fields[self._place :]), *self._segments[self._line + 1 :]]
        self._line, self._place = len(self._segments), len(self._fields)
        return " ".join(one.strip() for one in rest if one.strip())
