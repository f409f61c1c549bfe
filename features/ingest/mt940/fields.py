"""A SWIFT file as fields: envelopes, bare messages and RJE alike, wrapped lines kept to their field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

START: Final = "{"
"""Pseudo tag: a message begins; its lines hold the envelope or the message type."""
END: Final = "-"
"""Pseudo tag: a message ends."""

STATEMENT_TAGS: Final = frozenset(
    "13 13C 13D 20 21 23 25 25P 28 28C 34F 37H 60F 60M 61 62F 62M 64 65 86 90C 90D NS".split()
)
_FREE_TEXT: Final = frozenset({"86", "NS"})
_TAG: Final = re.compile(r":(\d{2}[A-Z]?|NS|9[045]\d):")
_TYPE: Final = re.compile(r"(?:MT)?([129]\d\d)(?: \d\d)?\s*")
_ENVELOPE: Final = re.compile(r"\{[1-5S]:")
_END: Final = re.compile(r"-\}?\s*|-\}.*")
_TIME_TAIL: Final = re.compile(r"\d\d(?:\D|$)")
_WIDTH: Final = 60
"""A line at least this long may have been cut in the middle of a time, whose rest then looks like a tag."""
MAX_LINES: Final = 400
"""Lines of one field; SWIFT allows six, banks give some dozens."""
MAX_CHARS: Final = 1 << 18
"""Characters of one field beyond its first line."""


@dataclass(slots=True)
class Field:
    """One field: its tag without colons, its lines and where it stands."""

    tag: str
    lines: list[str]
    number: int
    """Of its first line in the file."""
    dropped: int = 0
    """Lines beyond the bounds that were left out."""
    _chars: int = 0

    def add(self, line: str) -> None:
        """Take one more line."""
        self._chars += len(line)
        if len(self.lines) < MAX_LINES and self._chars <= MAX_CHARS:
            self.lines.append(line)
        else:
            self.dropped += 1


def split_fields(lines: Iterable[tuple[int, str]]) -> Iterator[Field]:
    """Cut numbered lines into fields."""
    current: Field | None = None
    for number, line in _mended(lines):
        is_plain = line[:1] not in (":", "{", "-", "$")
        if is_plain and current is not None:
            current.add(line)
            continue
        if line.startswith(":") and (found := _TAG.match(line)) is not None:
            tag = found.group(1)
            if current is not None and _is_continued(current, tag, line):
                current.add(line)
                continue
            if current is not None:
                yield current
            if tag.isdigit() and len(tag) == 3:  # `:940:` opens a message at Rabobank
                yield Field(START, [tag], number)
                current = None
                continue
            current = Field(tag, [line[found.end() :]], number)
            continue
        opened, current = _outside(line, number, current)
        yield from opened
    if current is not None:
        yield current


def _outside(line: str, number: int, current: Field | None) -> tuple[list[Field], Field | None]:
    """Take a line that is no field: an envelope, the end of a message, or the rest of a field."""
    before = [] if current is None else [current]
    if _ENVELOPE.match(line):
        return [*before, *_envelope(line, number)], _first_field(line, number)
    if _END.fullmatch(line):
        place = line.find("{1:")
        after = [] if place < 0 else _envelope(line[place:], number)
        return [*before, Field(END, [line], number), *after], _first_field(line, number)
    if current is not None and line.strip() != "$":
        current.add(line)
        return [], current
    if current is None and (found := _TYPE.fullmatch(line)):
        return [Field(START, [found.group(1)], number)], None
    return before, None


def _envelope(line: str, number: int) -> list[Field]:
    text = line.partition("{4:")[0]
    return [Field(START, [text], number)] if text.startswith(("{1:", "{2:")) else []


def _first_field(line: str, number: int) -> Field | None:
    """Find a field that follows `{4:` in the same line."""
    rest = line.partition("{4:")[2].strip()
    found = _TAG.match(rest)
    return None if found is None else Field(found.group(1), [rest[found.end() :]], number)


def _is_continued(current: Field, tag: str, line: str) -> bool:
    """Say whether a line that looks like a tag is the rest of a wrapped text."""
    if current.tag not in _FREE_TEXT:
        return False
    if tag not in STATEMENT_TAGS:
        return not (tag.isdigit() and len(tag) == 3)
    before = current.lines[-1]
    is_full = len(before) + (4 if len(current.lines) == 1 else 0) >= _WIDTH
    return is_full and before[-2:].isdigit() and tag.isdigit() and _TIME_TAIL.match(line, 4) is not None


def _mended(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Join a tag that was broken after its first colon (seen at a savings bank)."""
    held: int | None = None
    for number, line in lines:
        if held is not None:
            if re.match(r"\d{2}[A-Z]?:", line):
                yield held, ":" + line
                held = None
                continue
            yield held, ":"
            held = None
        if line.strip() == ":":
            held = number
            continue
        yield number, line
    if held is not None:
        yield held, ":"
