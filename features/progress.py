"""A line on standard error that says what runs, how fast, and how long it will take."""

from __future__ import annotations

import sys
import time
from typing import Final

QUIET_SECONDS: Final = 5.0
"""Without a terminal a line is printed no oftener than this, and at each new stage."""

LIVE_SECONDS: Final = 0.1


class ProgressLine:
    """Rewrites its line on a terminal; elsewhere prints a new one now and then."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._stage = ""
        self._started = self._printed = 0.0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Take note that `done` of `total` are through `stage`; a total of 0 means it cannot be known."""
        now = time.perf_counter()
        is_new = stage != self._stage
        if is_new:
            self._stage, self._started = stage, now
        if not is_new and now - self._printed < (LIVE_SECONDS if self._live else QUIET_SECONDS):
            return
        self._printed = now
        text = stage + pace(done, total, now - self._started)
        sys.stderr.write(f"\r\x1b[2K{text}" if self._live else f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line to what is printed next."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def pace(done: int, total: int, seconds: float) -> str:
    """Say how far it is, the rate, and the seconds left at that rate."""
    if total <= 0:
        return " ..."
    if done <= 0 or seconds <= 0:
        return f" {done:,} of {total:,}"
    left = (total - done) * seconds / done
    return f" {done:,} of {total:,}, {done / seconds:,.0f}/s, {left:,.0f} s left"
