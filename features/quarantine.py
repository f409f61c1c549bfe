"""What can be wrong with a row of a book, and the list of rows that were set aside.

A batch reader never stops at a bad row: it says where it is, what is wrong and how to mend it, and goes on.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

RAW_LIMIT: Final = 500
"""Characters of the offending cell that are kept."""

PROBLEM_SCHEMA: Final = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("field", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("mend", pa.string()),
        ("raw", pa.string()),
    ]
)


class Advice(NamedTuple):
    """What a problem code means and how to mend the row."""

    message: str
    mend: str


PROBLEMS: Final[Mapping[str, Advice]] = {
    "bad_row": Advice(
        "The row does not have one cell for each column of the header, or a quotation mark is not closed.",
        "Put a text with separators, quotation marks or line breaks in quotation marks; double those inside.",
    ),
    "bad_utf8": Advice("The text is not valid UTF-8.", "Save the file as UTF-8 and read it again."),
    "cell_too_long": Advice(
        "The cell is longer than a field of this kind can be.",
        "Shorten it: at most 65536 characters of free text, 512 of anything else.",
    ),
    "missing_value": Advice("A required value is missing.", "Fill in the value or leave the row out."),
    "bad_amount": Advice(
        "The amount is not a decimal number.",
        "Write digits with a point before the decimals and no currency sign, such as 1234.50.",
    ),
    "ambiguous_amount": Advice(
        "The separator may mark decimals or thousands.",
        "Write the amount without thousands separators and with all its decimals, such as 1500.00.",
    ),
    "too_many_decimals": Advice(
        "The amount has more decimals than its currency.",
        "Round the amount to the decimals of its currency where it was made.",
    ),
    "amount_out_of_range": Advice(
        "The amount is larger than 10^15 minor units.", "Check the amount and its currency."
    ),
    "negative_amount": Advice(
        "The amount is negative where only a positive one has a meaning.",
        "Give the amount without a sign; a credit is an invoice of type credit_memo.",
    ),
    "zero_amount": Advice("The amount is zero.", "Leave the row out or give the amount."),
    "missing_currency": Advice(
        "The amount has no currency.", "Fill in original_currency beside original_amount."
    ),
    "unknown_currency": Advice(
        "The currency is not an ISO 4217 code.", "Use the three-letter ISO 4217 code, such as EUR."
    ),
    "bad_date": Advice(
        "The date is not an ISO 8601 date of the years 1900 to 9999.",
        "Write year, month and day, such as 2025-01-31.",
    ),
    "bad_instant": Advice(
        "The instant is not an ISO 8601 date or time of the years 1900 to 9999.",
        "Write it in UTC, such as 2025-01-31T09:30:00Z.",
    ),
    "unknown_word": Advice(
        "The word is not one of those this column knows.",
        "Use one of the words that the contract lists for this column, or leave it empty.",
    ),
    "bad_number": Advice(
        "The value is not a decimal number.", "Write digits with a point before the decimals, such as 2.5."
    ),
    "percent_out_of_range": Advice(
        "The percentage is not between 0 and 100.", "Give the percentage as percent: 2 means 2 %."
    ),
    "rate_out_of_range": Advice("The rate is not above zero.", "Give the rate as 1 base = rate quote."),
    "share_out_of_range": Advice(
        "The inclusion probability is not above 0 and at most 1.",
        "Give the probability as a fraction, such as 0.05.",
    ),
    "duplicate_id": Advice(
        "An earlier row has the same key and says something else.",
        "Keep the row that is right; a correction needs an id of its own.",
    ),
    "unknown_invoice": Advice(
        "The invoice is not in this book, or its row was set aside.", "Add or mend the invoice first."
    ),
    "unknown_payment": Advice(
        "The payment is not in this book, or its row was set aside.", "Add or mend the payment first."
    ),
    "parent_circle": Advice(
        "The customer is among its own parents.", "Name as parent only a company that stands above this one."
    ),
    "self_parent": Advice(
        "The customer is its own parent.", "Leave parent_id empty or name the parent company."
    ),
}
"""Every code that a row can be set aside with."""


@dataclass(slots=True)
class Findings:
    """The problems found so far, kept as columns."""

    _parts: list[pa.Table] = field(default_factory=list)

    def add(self, file: str, rows: NDArray[np.int64], column: str, code: str, raw: pa.Array) -> None:
        """Note one problem `code` for each of `rows`, with the text that caused it."""
        count = len(rows)
        if not count:
            return
        advice = PROBLEMS[code]
        shown = pc.utf8_slice_codeunits(pc.fill_null(raw.cast(pa.string()), ""), 0, RAW_LIMIT)
        constants = [file, column, code, advice.message, advice.mend]
        file_, column_, code_, message, mend = (pa.repeat(pa.scalar(text), count) for text in constants)
        columns = [file_, pa.array(rows, pa.int64()), column_, code_, message, mend, shown]
        self._parts.append(pa.Table.from_arrays(columns, schema=PROBLEM_SCHEMA))

    def table(self) -> pa.Table:
        """Give all problems in the order of file, row, field and code."""
        if not self._parts:
            return PROBLEM_SCHEMA.empty_table()
        table = pa.concat_tables(self._parts).combine_chunks()
        order = [(name, "ascending") for name in ("file", "row", "field", "code", "raw")]
        return table.sort_by(order)


def write_quarantine(problems: pa.Table, path: Path) -> None:
    """Write the rows set aside to `path`; a clean book writes nothing, but empties an older list."""
    if problems.num_rows == 0 and not path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(problems.column_names)
        for batch in problems.to_batches(max_chunksize=10_000):
            writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
