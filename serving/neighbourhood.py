"""The part of a book that matching some payments looks at: small, closed, with the answer of the whole.

Matching reads a book through equalities: of references, names, accounts, amounts, customers. The store
finds by index all rows that share such a key with the payments, up to the cap of the key and one more, so
that a key too common in the book is too common here. First those that keys bring; the very code that blocks
in bulk says which customers may stand behind the payments and which items are candidates. Then everything
that is compared about these: their open items, past and names. What is a count or a mean over the whole
book comes along in `Elsewhere`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import references
from features.block import AMOUNT_CAP, NEIGHBOUR_CAP, OpenIndex, build_candidates
from features.book import Book
from features.exchange import MAX_RATE_AGE
from features.frame import Frame, flat
from features.mentions import REFERENCE_CAP
from features.party import NAME_KEY_CAP, normalise_accounts
from features.reading import Reading
from features.state import FOREVER, Elsewhere, State
from serving.block_keys import NAME_MARK, hashed, name_keys_of, payer_texts, signed, twice_keys
from serving.store import neighbour_rows as rows
from serving.store.book_reading import Selection, read_book
from serving.store.effect_rows import habit_sums
from serving.store.store import Transaction
from serving.waiting import EveryKey

LINES_CAP = 5_000
"""Items that a key of a remittance line may bring: such lines join without the cap of texts."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A closed part of a book, what it does not show of the whole, and the payments it was drawn around."""

    book: Book
    elsewhere: Elsewhere
    payments: tuple[str, ...]
    candidates: frozenset[str]
    """Items that may be paid by these payments."""


@dataclass(slots=True)
class _Found:
    """Ids gathered so far."""

    payments: set[str]
    items: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)
    past: set[str] = field(default_factory=set)
    """Payments whose allocations belong to it."""

    def add_past(self, pairs: Iterable[tuple[str, str]]) -> None:
        for payment, item in pairs:
            self.past.add(payment)
            self.items.add(item)


def neighbourhood(tx: Transaction, payments: Sequence[str], brought: Book | None = None) -> Neighbourhood:
    """Draw the neighbourhood of some payments of the store, or of those that a request brought along."""
    asked = tuple(sorted(set(payments)))
    own = read_book(tx, Selection(invoices=(), payments=asked, customers=(), history_of=(), rate_days=(1, 0)))
    if brought is not None:
        own = replace(own, payments=brought.payments, remittance_lines=brought.remittance_lines)
        asked = tuple(sorted(brought.payments["payment_id"].to_pylist()))
    found = _Found(set(asked) if brought is None else set())
    _by_text(tx, own, found)
    _by_amount(tx, own, found)
    _by_party(tx, own, found)
    _by_past_payments(tx, own, found)
    first = _draw(tx, own, found)
    first = _with(first, brought)
    frame = Frame(first)
    batch = np.flatnonzero(np.asarray(pc.is_in(frame.payment_ids, value_set=pa.array(asked)))).astype(
        np.int32
    )
    state = State(frame, FOREVER, FOREVER, replay=False, batch=batch)
    candidates = build_candidates(OpenIndex(Reading(frame, 1), state), batch)
    owners = np.union1d(candidates.parties.customer, frame.item_customer[candidates.item])
    customers = frame.customers.take(pa.array(owners)).to_pylist()
    found.customers.update(customers)
    found.items |= rows.open_items_of(tx, customers) | rows.an_item_of_each(tx, customers)
    found.add_past(rows.past_of_customers(tx, customers))
    book = _with(_draw(tx, own, found), brought)
    named = set(frame.item_ids.take(pa.array(np.unique(candidates.item))).to_pylist())
    return Neighbourhood(book, _elsewhere(tx, book), asked, frozenset(named))


def _by_text(tx: Transaction, own: Book, found: _Found) -> None:
    """Find items and customers by what texts and remittance lines name."""
    frame = Frame(own)
    everything = EveryKey()
    spans = references.payment_spans(
        references.reference_texts(frame, np.arange(frame.payment_count, dtype=np.int32)), everything
    )
    found.items |= rows.items_named(tx, signed(spans.key), REFERENCE_CAP + 1)
    free = spans.clean == 2
    found.customers |= rows.customers_by(tx, "number", signed(spans.key[free]), rows.ALL)
    _, near, _ = references.payment_neighbours(spans, np.zeros(frame.payment_count, np.bool_))
    found.items |= rows.items_near(tx, signed(near), NEIGHBOUR_CAP + 1)
    if own.remittance_lines.num_rows:
        for column in ("reference", "customer_reference"):
            spans = references.payment_spans(flat(own.remittance_lines[column]), everything)
            found.items |= rows.items_named(tx, signed(spans.key), LINES_CAP)
            if column == "customer_reference":
                owners = rows.customers_by(tx, "number", signed(spans.key), rows.ALL)
                found.customers |= owners
                found.items |= rows.open_items_of(tx, sorted(owners))


def _by_amount(tx: Transaction, own: Book, found: _Found) -> None:
    money = list(
        zip(own.payments["currency"].to_pylist(), own.payments["amount_minor"].to_pylist(), strict=True)
    )
    found.items |= rows.items_open_with(tx, money, AMOUNT_CAP + 1)
    found.items |= rows.items_less_discount(tx, [hashed(*one) for one in money], AMOUNT_CAP + 1)


def _by_party(tx: Transaction, own: Book, found: _Found) -> None:
    """Find customers by what the source says, accounts, names, and the past of accounts and names."""
    found.customers.update(one for one in own.payments["customer_id"].to_pylist() if one)
    accounts = [hashed(one) for one in normalise_accounts(own.payments["payer_account"]).to_pylist() if one]
    found.customers |= rows.customers_by(tx, "account", accounts, rows.ALL)
    raw = [name for name in own.payments["payer_name"].to_pylist() if name]
    names = rows.customers_by(tx, "name", name_keys_of(raw), NAME_KEY_CAP + 1)
    found.customers.update(name.partition(NAME_MARK)[0] for name in names)
    payers = [hashed(text) for text in payer_texts(own) if text]
    found.add_past(rows.past_by(tx, "account", accounts) | rows.past_by(tx, "payer", payers))


def _by_past_payments(tx: Transaction, own: Book, found: _Found) -> None:
    """Find payments that may be the same money, or that money out gives back, with what they paid."""
    twice = [key for key in twice_keys(own) if key is not None]
    others = rows.payments_by(tx, "twice", twice)
    others.update(one for one in own.payments["related_payment_id"].to_pylist() if one)
    back = own.payments.filter(pc.less(own.payments["amount_minor"], 0))
    if back.num_rows:
        out = _payments_only(own, back)
        spans = references.payment_spans(
            references.reference_texts(Frame(out), np.arange(back.num_rows, dtype=np.int32)), EveryKey()
        )
        others |= rows.payments_by(tx, "quote", signed(spans.key), 4)
        ends = [(text or "").strip() for text in back["end_to_end_id"].to_pylist()]
        others |= rows.payments_by(tx, "end", [hashed(end) for end in ends if end])
        accounts = [hashed(one) for one in normalise_accounts(back["payer_account"]).to_pylist() if one]
        payers = [hashed(text) for text in payer_texts(out) if text]
        others |= rows.payments_by(tx, "account", accounts) | rows.payments_by(tx, "payer", payers)
    found.payments |= others
    found.add_past(rows.past_of_payments(tx, sorted(others)))


def _payments_only(book: Book, payments: pa.Table) -> Book:
    return replace(book, payments=payments)


def _with(book: Book, brought: Book | None) -> Book:
    """Put payments of a request beside those of the store; of one in both the request's row counts."""
    if brought is None or brought.payments.num_rows == 0:
        return book
    new = brought.payments["payment_id"].combine_chunks()

    def joined(name: str) -> pa.Table:
        mine = book.table(name)
        others = mine.filter(pc.invert(pc.is_in(mine["payment_id"], value_set=new)))
        return pa.concat_tables([others, brought.table(name)]).combine_chunks()

    return replace(
        book,
        payments=joined("payments").sort_by("payment_id").combine_chunks(),
        remittance_lines=joined("remittance_lines"),
        doubtful_payments=pa.concat_arrays([book.doubtful_payments, brought.doubtful_payments]),
    )


def _draw(tx: Transaction, own: Book, found: _Found) -> Book:
    """Read the rows found, with what belongs to them."""
    owners = found.customers | rows.owners_of(tx, sorted(found.items))
    owners |= rows.family_of(tx, sorted(owners))
    shown = found.items | rows.an_item_of_each(tx, sorted(owners))
    columns = [own.payments[name].cast(pa.int32()).to_pylist() for name in ("value_date", "booking_date")]
    days = [day for column in columns for day in column if day is not None] or [0]
    return read_book(
        tx,
        Selection(
            invoices=sorted(shown),
            payments=sorted(found.payments | found.past),
            customers=sorted(owners),
            history_of=sorted(found.past),
            rate_days=(min(days) - MAX_RATE_AGE, max(days)),
        ),
    )


def _elsewhere(tx: Transaction, book: Book) -> Elsewhere:
    """Count what is equal outside the part, and take the means of the whole book along."""
    frame = Frame(book)
    state = State(frame, FOREVER, FOREVER, replay=False, batch=np.zeros(0, np.int32))
    balance = state.open_amount
    is_open = np.flatnonzero(balance)
    money = balance[is_open] * np.int64(512) + frame.item_currency[is_open]
    distinct, first, inside = np.unique(money, return_index=True, return_counts=True)
    codes = frame.currencies.to_pylist()
    asked = [(codes[frame.item_currency[row]], int(balance[row])) for row in is_open[first].tolist()]
    totals = rows.count_open_with(tx, asked)
    outside = np.array([totals[one] for one in asked], np.int64) - inside
    count, due_days, issue_days = habit_sums(tx)
    return Elsewhere(count, due_days, issue_days, distinct, outside)
