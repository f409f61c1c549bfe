"""Bytes that do not fit their encoding: read as Windows-1252, the likeliest truth, and marked."""

from __future__ import annotations

import codecs
from typing import Final

MARK: Final = "\ufdd0"
"""Stands before each run of such bytes; Unicode has no character here."""
DAMAGED: Final = "tieout_damaged"
"""The name of the error handler."""


def _repair(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    damaged = error.object[error.start : error.end]
    return MARK + damaged.decode("cp1252", "replace"), error.end


codecs.register_error(DAMAGED, _repair)
