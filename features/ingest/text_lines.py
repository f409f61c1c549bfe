"""Lines of a text file from strangers, one by one, whatever its line ends and code page.

Each line is read as UTF-8 and, where that fails, in a one-byte code page: banks mix both in one file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem
from features.ingest.source import Source

_BLOCK: Final = 1 << 16
_WIDE: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DOS_LETTER: Final = re.compile(rb"[A-Za-z][\x81\x84\x94][a-z]")
"""A small umlaut of the DOS code page inside a word; in Windows' it would be a quotation mark there."""
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_CENTRAL_EUROPE: Final = frozenset("PL CZ SK HU HR SI RO BA RS".split())
_CENTRAL_EUROPEAN_MONEY: Final = frozenset("PLN CZK HUF RON HRK RSD BAM".split())


@dataclass(slots=True)
class TextLines:
    """The lines of one file, numbered from 1, without their ends."""

    source: Source
    limits: Limits
    code_page: str = "cp1252"
    """For lines that are not UTF-8; a reader may set it as soon as it knows the country of the account."""
    damaged: int = 0
    """Lines with bytes that fit neither."""
    first_damaged: int = 0

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Give number and text of each line."""
        with self.source.open() as file:
            for number, line in enumerate(self._lines(_narrowed(file)), 1):
                yield number, line.decode() if line.isascii() else self._decoded(number, line)

    def problems(self) -> Iterator[Problem]:
        """State the damage, once for the file."""
        if self.damaged:
            place = self.source.at(f"line {self.first_damaged}")
            yield Problem.at(place, "", "bad_text", f"{self.damaged} lines")

    def settle_country(self, account: str, currency: str = "") -> None:
        """Choose the code page by the country of an own account or, failing that, its currency."""
        is_iban = _IBAN.fullmatch(account) is not None
        if account[:2] in _CENTRAL_EUROPE if is_iban else currency in _CENTRAL_EUROPEAN_MONEY:
            self.code_page = "cp1250"

    def _decoded(self, number: int, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            if self.code_page == "cp1252" and _DOS_LETTER.search(line):
                self.code_page = "cp850"
            text = line.decode(self.code_page, "replace")
        if "\ufffd" in text:
            self.damaged += 1
            self.first_damaged = self.first_damaged or number
        return text

    def _lines(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for block in blocks:
            lines = (rest + block).splitlines(keepends=True)
            rest = b"" if not lines else lines.pop()
            if rest.endswith(b"\n"):
                lines.append(rest)
                rest = b""
            elif len(rest) > self.limits.line_chars:
                raise LimitError(
                    f"{self.source.name} has a line of more than {self.limits.line_chars} bytes."
                )
            for line in lines:
                yield line.rstrip(b"\r\n")
        yield from rest.splitlines()


def _narrowed(file: BinaryIO) -> Iterator[bytes]:
    """Give blocks of bytes; UTF-16 with its mark becomes UTF-8, a mark of UTF-8 is dropped."""
    first = file.read(_BLOCK)
    for mark, encoding in _WIDE:
        if first.startswith(mark):
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            yield decoder.decode(first[2:]).encode("utf-8", "replace")
            while block := file.read(_BLOCK):
                yield decoder.decode(block).encode("utf-8", "replace")
            return
    yield first.removeprefix(codecs.BOM_UTF8)
    while block := file.read(_BLOCK):
        yield block


def head_lines(head: bytes, count: int = 40) -> list[str]:
    """Give the first lines that are not blank, for detection."""
    text = next(_narrowed(BytesIO(head)), b"").decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.strip()][:count]
