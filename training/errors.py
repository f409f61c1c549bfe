"""Errors of learning that a person can mend."""

from __future__ import annotations

from receivables.errors import TieoutError


class HistoryMissingError(TieoutError):
    """The book holds too little applied cash to learn from."""

    code = "history_missing"

    def __init__(self, found: int, needed: int) -> None:
        """Say how many labelled payments there are and how many it takes."""
        self.found, self.needed = found, needed
        super().__init__(
            f"the book has {found:,} payments with known allocations; learning a model of one's own takes {needed:,} "
            f"or more. Add `allocations` of past months, or match with the base model until then"
        )
