"""Which waiting payments a new item may explain: the look-back of late invoices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from features import references
from features.book import Book
from features.frame import Frame
from features.join import KeyFilter
from serving.block_keys import Keys, item_keys, signed
from serving.store.book_reading import Selection, read_book
from serving.store.intake_rows import add_keys, waiting_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from serving.store.store import Transaction

TEXT_LENGTH = 4
"""Characters of a number in a waiting payment's text from which it may find a later item."""


def explained_by(tx: Transaction, invoice_ids: Sequence[str]) -> list[str]:
    """Find undecided payments that share a number, the amount or the customer with these items."""
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
    return waiting_for(tx, keys, sorted(money), customers)


def note_texts(tx: Transaction, payment_ids: Sequence[str]) -> None:
    """Keep the numbers that payments mention, so that an item that comes later finds those that wait."""
    if payment_ids:
        chosen = Selection(
            invoices=(), payments=sorted(payment_ids), customers=(), history_of=(), rate_days=(1, 0)
        )
        add_keys(tx, [text_keys(read_book(tx, chosen))])


def text_keys(book: Book) -> Keys:
    """Make the keys of the numbers that stand in the texts of payments."""
    frame = Frame(book)
    texts = references.reference_texts(frame, np.arange(frame.payment_count, dtype=np.int32))
    spans = references.payment_spans(texts, EveryKey())
    telling = np.flatnonzero(spans.digit & (spans.clean > 0) & (spans.end - spans.start >= TEXT_LENGTH))
    owners = frame.payment_ids.take(pa.array(spans.payment[telling])).to_pylist()
    return Keys("P", "text", signed(spans.key[telling]), owners)


class EveryKey(KeyFilter):
    """Lets every span pass: the store knows which keys there are."""

    def __init__(self) -> None:
        """There is nothing to sift by."""

    def __call__(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Let all pass."""
        return np.ones(len(keys), np.bool_)
