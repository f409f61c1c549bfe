"""Card numbers are masked on entry: what the store never held cannot leak from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from features.book import Book
from features.frame import flat
from serving.personal import mask_card_numbers

__all__ = ["without_card_numbers"]

_LIKE_A_CARD: Final = r"[2-6][0-9]{3}[ -]?[0-9]{4}"
"""What every card number begins with, cheap to look for in a column."""


def without_card_numbers(book: Book) -> Book:
    """Mask card numbers in the free texts of a book; structured references are left as they are."""
    return replace(
        book,
        payments=_masked(book.payments, "payer_name", "remittance"),
        remittance_lines=_masked(book.remittance_lines, "reason"),
    )


def _masked(table: pa.Table, *names: str) -> pa.Table:
    for name in names:
        column = flat(table[name])
        suspect = pc.fill_null(pc.match_substring_regex(column, _LIKE_A_CARD), fill_value=False)
        if not pc.any(suspect).as_py():
            continue
        texts = [mask_card_numbers(text) for text in column.filter(suspect).to_pylist()]
        place = table.schema.get_field_index(name)
        clean = pc.replace_with_mask(column, suspect, pa.array(texts, column.type))
        table = table.set_column(place, table.schema.field(name), clean)
    return table
