"""How much of anything a file may hold before it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what is read: far above real files, far below what hurts."""

    archive_bytes: int = 8 << 30
    """Inner bytes of one archive, all members together."""
    archive_ratio: int = 200
    """Inner bytes for each outer byte, beyond the first `archive_free_bytes`."""
    archive_free_bytes: int = 64 << 20
    archive_members: int = 10_000
    archive_depth: int = 2
    """A gzip inside a zip is read, an archive inside that is not."""
    xml_depth: int = 48
    """camt nests 15 deep, CII 12."""
    xml_text: int = 1 << 20
    """Characters of one text or attribute."""
    xml_unit_bytes: int = 64 << 20
    """Bytes of one unit that is held at once: a statement entry with its batch, the header of a statement."""
    document_bytes: int = 64 << 20
    """Bytes of a file that must be held as a whole, such as an invoice, a PDF or JSON."""
    line_chars: int = 1 << 20
    """Characters of one line of a text format."""
    row_cells: int = 1_000
    entries: int = 50_000_000
    """Entries of one file."""
    problems: int = 10_000
    """Problems listed of one file; more are counted."""


DEFAULT: Final = Limits()
