"""Statements that a file holds twice: the second is left out and told, for its money is the same money."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from features.ingest.entry import Entry, PaymentEntry
from features.ingest.mt940.fields import Field
from features.ingest.problems import Problem
from features.ingest.source import Source

_HELD: Final = 10_000
"""Entries of one statement that are held back; a longer one is given as it is read."""
_REMEMBERED: Final = 1_000_000


class Repeats:
    """Holds the entries of one statement until its last field has shown whether it is a repetition."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen: dict[bytes, int] = {}
        self._held: list[Entry | Problem] = []
        self._digest = hashlib.sha256()
        self._number = 0
        self._is_given = False
        self._has_payments = False

    def take(self, item: Field) -> None:
        """Take in what the next field says."""
        self._number = self._number or item.number
        self._digest.update("\x1f".join((item.tag, *item.lines, "\x1e")).encode("utf-8", "replace"))

    def hold(self, one: Entry | Problem) -> Iterator[Entry | Problem]:
        """Hold one entry; gives all of them as soon as there are too many."""
        self._has_payments = self._has_payments or isinstance(one, PaymentEntry)
        self._held.append(one)
        if self._is_given or len(self._held) > _HELD:
            self._is_given = True
            yield from self._held
            self._held.clear()

    def release(self) -> Iterator[Entry | Problem]:
        """End the statement: give what was held, or say that it is a repetition."""
        key, held, number = self._digest.digest(), self._held, self._number
        before = self._seen.get(key) if self._has_payments else None
        if before is None and len(self._seen) < _REMEMBERED:
            self._seen[key] = number
        is_given = self._is_given
        self._held, self._digest, self._number = [], hashlib.sha256(), 0
        self._is_given = self._has_payments = False
        if before is None:
            yield from held
            return
        message = f"The statement is the same, letter by letter, as the one at line {before}."
        mend = "Nothing to do: it was taken once."
        if is_given:
            mend = "Take one of the two out of the file: both were read."
        place = self._source.at(f"line {number}")
        yield Problem.at(place, "", "repeated_statement", message=message, mend=mend)
        if is_given:
            yield from held
