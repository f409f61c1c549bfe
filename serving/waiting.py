"""Which waiting payments a new item may explain: the look-back of late invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features import references
from features.book import Book
from features.frame import Frame
from features.join import KeyFilter
from features.text import SpanText
from serving.block_keys import Keys, item_keys, signed
from serving.store.book_reading import Selection, read_book
from serving.store.intake_rows import add_keys, proposed_on, waiting_for

if TYPE_CHECKING:
    from serving.store.store import Transaction

TEXT_LENGTH = 4
"""Characters of a number in a waiting payment's text from which it may find a later item."""


def explained_by(tx: Transaction, invoice_ids: Sequence[str]) -> list[str]:
    """Find undecided payments that want these items, or share a number, the amount or the customer."""
    book = read_book(
        tx,
        Selection(
            invoices=sorted(set(invoice_ids)), payments=(), customers=(), history_of=(), rate_days=(1, 0)
        ),
    )
    if book.invoices.num_rows == 0:
        return []
    keys = [key for some in item_keys(book) if some.rule == "ref" for key in some.keys]
    frame = Frame(book)
    balance = frame.item_stated_open
    less = balance - frame.item_discount * frame.item_sign
    currency = book.invoices["currency"].to_pylist()
    money = {
        (code, amount)
        for values in (balance, less)
        for code, amount in zip(currency, values.tolist(), strict=True)
    }
    customers = sorted(set(book.invoices["customer_id"].to_pylist()))
    found = waiting_for(tx, keys, sorted(money), customers)
    return sorted({*found, *proposed_on(tx, invoice_ids)})


def note_texts(tx: Transaction, payment_ids: Sequence[str]) -> None:
    """Keep the numbers that payments mention, so that an item that comes later finds those that wait."""
    if payment_ids:
        chosen = Selection(
            invoices=(), payments=sorted(payment_ids), customers=(), history_of=(), rate_days=(1, 0)
        )
        add_keys(tx, [text_keys(read_book(tx, chosen))])


def text_keys(book: Book) -> Keys:
    """Make the keys of the numbers in the texts of payments: words, digits alone, digits in groups.

    An item of every numbering scheme has a key among these: its number, the same without its prefix, or its
    serial part. All spans would be ten times as many, and writing them cost more than matching.
    """
    frame = Frame(book)
    texts = references.reference_texts(frame, np.arange(frame.payment_count, dtype=np.int32))
    spans = references.payment_spans(texts, EveryKey())
    text = spans.text
    first = np.searchsorted(text.atom_start, spans.start, side="right") - 1
    last = np.searchsorted(text.atom_end, spans.end)
    apart = np.cumsum(~text.atom_glued)
    is_word = (spans.clean == FREE) & (apart[last] == apart[first])
    letters = np.append(0, np.cumsum(~text.atom_is_digit))
    all_digits = letters[last + 1] == letters[first]
    row = text.atom_row[first]
    more_before = _is_digit_of(text, first - 1, row)
    more_behind = _is_digit_of(text, last + 1, row)
    is_number = all_digits & ((first == last) | ~(more_before | more_behind))
    long = spans.end - spans.start >= TEXT_LENGTH
    telling = np.flatnonzero(spans.digit & ~spans.listed & long & (is_word | is_number))
    owners = frame.payment_ids.take(pa.array(spans.payment[telling])).to_pylist()
    return Keys("P", "text", signed(spans.key[telling]), owners)


def _is_digit_of(text: SpanText, atom: NDArray[np.int64], row: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which atoms are digits of the same text."""
    inside = (atom >= 0) & (atom < len(text.atom_row))
    at = np.clip(atom, 0, max(len(text.atom_row) - 1, 0))
    return np.asarray(inside & text.atom_is_digit[at] & (text.atom_row[at] == row), np.bool_)


FREE = 2
"""What `PaymentSpans.clean` says of a span that stands free on both sides."""


class EveryKey(KeyFilter):
    """Lets every span pass: the store knows which keys there are."""

    def __init__(self) -> None:
        """There is nothing to sift by."""

    def __call__(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Let all pass."""
        return np.ones(len(keys), np.bool_)
