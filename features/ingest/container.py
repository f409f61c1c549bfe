"""Files inside files: zip and gzip, opened in place and never unpacked to disk.

A member's path is a label and nothing else. What a member holds is counted while it is hashed, so that an
archive which grows out of all proportion is refused before anything reads it.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from features.ingest.limits import Limits
from features.ingest.problems import (
    EncryptedFileError,
    HostileFileError,
    LimitError,
    Problem,
    UnsupportedFormatError,
    UnusableFileError,
)
from features.ingest.source import Source

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP: Final = b"\x1f\x8b"
_REFUSED: Final = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
)
_SPREADSHEET: Final = ("[Content_Types].xml", "mimetype")
_SYSTEM_FILES: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_BLOCK: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)


class _Inside(RawIOBase):
    """A stream inside others, which are closed with it."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, *outer: IO[bytes] | zipfile.ZipFile) -> None:
        self._inner = inner
        self._outer = outer

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from elsewhere."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer."""
        view = memoryview(buffer).cast("B")
        data = self._inner.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to another place; going back unpacks from the start."""
        return self._inner.seek(offset, whence)

    def close(self) -> None:
        """Close all."""
        if not self.closed:
            for stream in (self._inner, *self._outer):
                stream.close()
        super().close()


@dataclass(slots=True)
class _Budget:
    """What one outer file may still hold."""

    name: str
    outer: int
    limits: Limits
    members: int = 0
    spent: int = 0

    def spend(self, count: int) -> None:
        self.spent += count
        allowed = max(self.limits.archive_free_bytes, self.limits.archive_ratio * self.outer)
        if self.spent > allowed:
            raise HostileFileError(
                f"{self.name} grows more than {self.limits.archive_ratio}-fold when unpacked."
            )
        if self.spent > self.limits.archive_bytes:
            raise LimitError(f"{self.name} holds more than {self.limits.archive_bytes:,} bytes.")

    def enter(self) -> None:
        self.members += 1
        if self.members > self.limits.archive_members:
            raise LimitError(f"{self.name} holds more than {self.limits.archive_members:,} files.")


def expand(path: Path, limits: Limits) -> Iterator[Source | Problem]:
    """Give the innermost files of a file: itself, or what a zip or gzip holds."""
    source = Source.of_path(path)
    yield from _expand(source, _Budget(source.name, source.size, limits), limits, 0)


def expand_source(source: Source, limits: Limits) -> Iterator[Source | Problem]:
    """Do the same for a file in memory."""
    yield from _expand(source, _Budget(source.name, source.size, limits), limits, 0)


def _expand(source: Source, budget: _Budget, limits: Limits, depth: int) -> Iterator[Source | Problem]:
    with source.open() as file:
        head = file.read(16)
    for magic, said in _REFUSED:
        if head.startswith(magic):
            yield _problem(source.name, source, UnsupportedFormatError(f"{source.name} is {said}."))
            return
    is_gzip = head.startswith(_GZIP)
    if not is_gzip and not (head.startswith(_ZIP) and not _is_spreadsheet(source)):
        yield source
        return
    if depth >= limits.archive_depth:
        error = HostileFileError(
            f"{source.name} is an archive more than {limits.archive_depth} archives deep."
        )
        yield _problem(source.name, source, error)
        return
    try:
        for found in _members(source, budget, is_gzip=is_gzip):
            if isinstance(found, Problem):
                yield found
            else:
                yield from _expand(found, budget, limits, depth + 1)
    except UnusableFileError as error:
        yield _problem(source.name, source, error)


def _members(source: Source, budget: _Budget, *, is_gzip: bool) -> Iterator[Source | Problem]:
    if is_gzip:
        name = source.name[:-3] if source.name.lower().endswith(".gz") else source.name
        yield _measured(name, lambda: _gunzip(source), budget, source)
        return
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except _BROKEN as error:
        raise UnusableFileError(f"{source.name} is not a readable zip archive.") from error
    if not entries:
        raise UnusableFileError(f"{source.name} is an empty zip archive.")
    for entry in entries:
        label = _label(source.name, entry.filename)
        if entry.is_dir() or any(part in entry.filename for part in _SYSTEM_FILES):
            continue
        budget.enter()
        if entry.flag_bits & _ENCRYPTED:
            yield _problem(label, source, EncryptedFileError(f"{label} is encrypted."))
        elif entry.compress_type not in _METHODS:
            said = f"{label} is packed in a way that is not read."
            yield _problem(label, source, UnsupportedFormatError(said))
        else:
            yield _measured(label, _opener(source, entry), budget, source)


def _measured(name: str, opened: Callable[[], BinaryIO], budget: _Budget, outer: Source) -> Source | Problem:
    """Read a member once: its hash and its true size; a broken one costs itself alone."""
    digest, size = hashlib.sha256(), 0
    try:
        with opened() as file:
            while block := file.read(_BLOCK):
                size += len(block)
                budget.spend(len(block))
                digest.update(block)
    except _BROKEN as error:
        return _problem(name, outer, UnusableFileError(f"{name} cannot be unpacked: {str(error)[:100]}."))
    return Source(name, digest.hexdigest(), size, opened)


def _opener(source: Source, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        outer = source.open()
        archive = zipfile.ZipFile(outer)
        return BufferedReader(_Inside(archive.open(entry), archive, outer))

    return opened


def _gunzip(source: Source) -> BinaryIO:
    outer = source.open()
    return BufferedReader(_Inside(gzip.GzipFile(fileobj=outer, mode="rb"), outer))


def _is_spreadsheet(source: Source) -> bool:
    """Say whether a zip is a workbook, which is one file to its user."""
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            return bool(set(archive.namelist()[:50]).intersection(_SPREADSHEET))
    except _BROKEN:
        return False


def refuse_swollen_workbook(source: Source, limits: Limits) -> None:
    """Raise when a workbook, which is a zip, grows out of proportion; its library would unpack it whole."""
    budget = _Budget(source.name, source.size, limits)
    try:
        with source.open() as file, zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                budget.enter()
                with archive.open(entry) as member:
                    while block := member.read(_BLOCK):
                        budget.spend(len(block))
    except _BROKEN as error:
        raise UnusableFileError(f"{source.name} is not a readable workbook.") from error


def _label(archive: str, member: str) -> str:
    """Name a member for people: no control characters, no way up the tree."""
    parts = [part for part in member.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    shown = "".join(letter if letter.isprintable() else "?" for letter in "/".join(parts))
    return f"{archive}/{shown[:200]}"


def _problem(name: str, source: Source, error: UnusableFileError) -> Problem:
    return Problem(name, "", "", error.code, error.message, error.mend, source.sha256)
