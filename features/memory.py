"""Let the process keep the memory that numpy gives back, for its next large array."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
_LARGEST: Final = 32 << 20  # bytes; glibc takes no larger threshold


def keep_freed_memory() -> None:
    """Tell the C library of Linux not to return every array to the system, and Arrow to use the same heap.

    Arrays of a few megabytes come and go by the thousand; by default each is fetched from the system, zeroed
    page by page, and returned. Measured on a synthetic book of 100,000 invoices: 4.9 seconds of system time
    before, 3.1 after, and a peak 130 MiB lower. Must be called before Arrow is imported; elsewhere it does
    nothing.
    """
    if sys.platform != "linux":
        return
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST)
    mallopt(_TRIM_THRESHOLD, 16 * _LARGEST)
    mallopt(_ARENA_MAX, 1)
