"""One file to read, whatever it was wrapped in: a name, a hash and a stream from its start."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Self

from features.ingest.entry import RAW_LIMIT, Lineage

HEAD: Final = 1 << 16
"""Bytes from the start that detection sees."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """The innermost bytes of a file; `open()` gives a new seekable stream at their start each time."""

    name: str
    sha256: str
    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def of_path(cls, path: Path, name: str = "") -> Self:
        """Take a file of the disk as it is."""
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return cls(name or path.name, digest.hexdigest(), path.stat().st_size, lambda: path.open("rb"))

    @classmethod
    def of_bytes(cls, data: bytes, name: str) -> Self:
        """Take bytes in memory."""
        return cls(name, hashlib.sha256(data).hexdigest(), len(data), lambda: BytesIO(data))

    def head(self) -> bytes:
        """Give the first bytes, for detection."""
        with self.open() as file:
            return file.read(HEAD)

    def at(self, position: str, raw: str = "") -> Lineage:
        """Name a place in this file."""
        return Lineage(self.name, self.sha256, position, raw[:RAW_LIMIT])
