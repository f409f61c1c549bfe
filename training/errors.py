"""Errors of learning that a person can mend."""

from __future__ import annotations

from receivables.errors import TieoutError


class HistoryMissingError(TieoutError):
    """The book has no allocations, so there is nothing to learn from."""

    code = "history_missing"
    mend = (
        "Add `allocations` of past months (payment_id, invoice_id, amount), or match with the base model: "
        "`tieout match` without --model."
    )
