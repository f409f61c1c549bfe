"""What can be wrong inside a file, and with a file as a whole.

A reader gives a `Problem` for whatever it leaves out or doubts, and goes on. Only a file that cannot be used
raises, one of the errors below; the conversion notes it as a problem of that file and takes the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from features.ingest.entry import Lineage
from features.quarantine import RAW_LIMIT, Advice
from receivables.errors import TieoutError


class UnusableFileError(TieoutError):
    """The file cannot be read."""

    code = "unusable_file"
    mend = "Export the file again from where it was made."


class UnknownFormatError(UnusableFileError):
    """The file is of no format that is known."""

    code = "unknown_format"
    mend = "Give a file of a format in docs/reference/formats.md."


class UnsupportedFormatError(UnusableFileError):
    """The format is known and not read."""

    code = "unsupported_format"
    mend = "Give a format of docs/reference/formats.md."


class EncryptedFileError(UnusableFileError):
    """The file is encrypted."""

    code = "encrypted_file"
    mend = "Give the file without a password."


class HostileFileError(UnusableFileError):
    """The file holds what no statement or invoice needs and attacks use."""

    code = "hostile_file"
    mend = "Ask the sender for a plain file without a document type, entities or nested archives."


class LimitError(UnusableFileError):
    """The file is larger or deeper than any real one."""

    code = "limit_exceeded"
    mend = "Split the file, or ask the sender what is in it."


ADVICE: Final[Mapping[str, Advice]] = {
    "missing_value": Advice(
        "A required value is missing.", "Ask the sender for a complete file, or add the row by hand."
    ),
    "bad_amount": Advice(
        "The amount cannot be read.", "Correct the amount at this place, or add the row by hand."
    ),
    "ambiguous_amount": Advice(
        "The separator may mark decimals or thousands.",
        "Name a layout that says which decimal mark the file uses.",
    ),
    "too_many_decimals": Advice(
        "The amount has more decimals than its currency.", "Correct the amount or its currency at this place."
    ),
    "amount_out_of_range": Advice(
        "The amount is larger than 10^15 minor units.", "Check the amount and its currency."
    ),
    "unknown_currency": Advice(
        "The currency is not an ISO 4217 code.", "Correct the currency at this place."
    ),
    "missing_currency": Advice(
        "The amount has no currency.", "Name a layout that gives the currency of the account."
    ),
    "bad_date": Advice("The date cannot be read.", "Correct the date at this place, or add the row by hand."),
    "ambiguous_date": Advice(
        "The date may be day before month or month before day.",
        "Name a layout that says the order of the date.",
    ),
    "bad_sign": Advice(
        "It cannot be told whether money came in or went out.",
        "Correct the debit or credit mark at this place.",
    ),
    "balance_differs": Advice(
        "Opening balance and booked entries do not add up to the closing balance.",
        "Check whether entries are missing from the file; those read are in the book.",
    ),
    "total_differs": Advice(
        "A total in the file differs from the sum of its parts.",
        "Check whether entries are missing from the file; those read are in the book.",
    ),
    "details_differ": Advice(
        "The transactions of a batch do not add up to its entry.",
        "Check the batch at the bank; the entry was read as one payment.",
    ),
    "pending": Advice(
        "The line is not booked yet, so it is no payment.", "Nothing to do: it comes again when it is booked."
    ),
    "informational": Advice("The line only informs, so it is no payment.", "Nothing to do."),
    "truncated": Advice(
        "The file ends before it is complete.", "Export the file again; what came before is in the book."
    ),
    "bad_text": Advice(
        "The text does not fit its encoding.", "Export the file again as UTF-8; damaged letters are marked."
    ),
    "bad_row": Advice("The row cannot be taken apart.", "Correct the row or add it by hand."),
    "text_too_long": Advice(
        "The text is longer than a book can hold and was cut.", "Nothing to do if the rest is noise."
    ),
    "unsupported_part": Advice(
        "This part of the file is known and not read.", "Add what it holds by hand, if needed."
    ),
    "unlinked_remittance": Advice(
        "No payment of this book has the reference that the advice names.",
        "Convert the statement with the payment into the same book, then the advice again.",
    ),
    "conflicting_copy": Advice(
        "The book holds another version of this record, which was kept.",
        "Decide which one is right and correct it in the book.",
    ),
    "too_many_problems": Advice("The file has more problems than are listed.", "Mend those listed first."),
}
"""Codes that several readers share. A reader may state others with a message and a mend of its own."""

NOTES: Final = frozenset({"pending", "informational", "guessed_layout", "missing_account"})
"""Codes that tell what was left out on purpose or how a file was read: listed, and no reason for exit 3."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that was left out or is in doubt, and how to mend it."""

    file: str
    position: str
    field: str
    code: str
    message: str
    mend: str
    raw: str = ""

    @classmethod
    def at(
        cls, place: Lineage, field: str, code: str, raw: str = "", *, message: str = "", mend: str = ""
    ) -> Self:
        """State a problem at `place`; message and mend default to those of `ADVICE`."""
        if not (message and mend):
            advice = ADVICE[code]
            message, mend = message or advice.message, mend or advice.mend
        shown = (raw or place.raw)[:RAW_LIMIT]
        return cls(place.file, place.position, field, code, message, mend, shown)
