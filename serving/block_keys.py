"""The keys of rows as they come in, by the very functions that block in bulk; kept for look-up.

Sides: I for items, C for customers, P for payments. A key is 64 bits, kept signed. Items have `ref` keys
(document numbers, references, orders), `near` keys (one character left out) and `less` keys (the balance
less its discount, as the amount itself). Customers have `number`, `account` and `name` keys. Payments have
keys of their payer, account and ids, and `twice`, under which the same money of the same payer
meets again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features import names
from features.book import Book
from features.frame import Frame, flat
from features.party import Parties, normalise_accounts
from features.reading import Reading
from features.text import ascii_upper, mix, span_text
from features.undo import QUOTE_LENGTH

NAME_MARK: Final = "\x1f"
"""Between a customer's id and one of its names: the id of a row of `name` keys."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of one rule on one side, each with the id of its row."""

    side: str
    rule: str
    keys: Sequence[int]
    ids: Sequence[str]


def hashed(*parts: object) -> int:
    """Hash some values to a signed 64-bit key."""
    said = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big", signed=True)


def signed(keys: NDArray[np.uint64]) -> list[int]:
    """Give keys as a database keeps them."""
    return keys.view(np.int64).tolist()  # type: ignore[no-any-return]


def item_keys(book: Book) -> Iterator[Keys]:
    """Make the keys of the items of a book."""
    if book.invoices.num_rows == 0:
        return
    frame = Frame(book)
    found = Reading(frame, 1).item_keys
    ids = frame.item_ids
    yield Keys("I", "ref", signed(found.key), ids.take(pa.array(found.item)).to_pylist())
    yield Keys("I", "near", signed(found.neighbour_key), ids.take(pa.array(found.neighbour_item)).to_pylist())
    rows = np.flatnonzero(frame.item_discount != 0)
    less = frame.item_amount - frame.item_discount * frame.item_sign
    currency = flat(book.invoices["currency"]).take(pa.array(rows)).to_pylist()
    keys = [hashed(code, amount) for code, amount in zip(currency, less[rows].tolist(), strict=True)]
    yield Keys("I", "less", keys, ids.take(pa.array(rows)).to_pylist())
    yield _names(_item_names(book))


def customer_keys(book: Book) -> Iterator[Keys]:
    """Make the keys of customers: those on file, and those that only their items name."""
    frame = Frame(book)
    who, key = Parties(frame).number_keys
    yield Keys("C", "number", signed(key), frame.customers.take(pa.array(who)).to_pylist())
    accounts = normalise_accounts(book.customer_accounts["account"]).to_pylist()
    owners = book.customer_accounts["customer_id"].to_pylist()
    known = [(hashed(account), owner) for account, owner in zip(accounts, owners, strict=True) if account]
    yield Keys("C", "account", [key for key, _ in known], [owner for _, owner in known])
    yield _names(_names_on_file(book))


def payment_keys(book: Book) -> Iterator[Keys]:
    """Make the keys of payments."""
    table = book.payments
    if table.num_rows == 0:
        return
    ids = table["payment_id"].to_pylist()
    for rule, values in (
        ("payer", payer_texts(book)),
        ("account", _accounts(book)),
        ("end", _end_to_end(book)),
    ):
        pairs = [(hashed(value), one) for value, one in zip(values, ids, strict=True) if value]
        yield Keys("P", rule, [key for key, _ in pairs], [one for _, one in pairs])
    twice = [(key, one) for key, one in zip(twice_keys(book), ids, strict=True) if key is not None]
    yield Keys("P", "twice", [key for key, _ in twice], [one for _, one in twice])
    yield _quotes(table)


def payer_texts(book: Book) -> list[str]:
    """Give the normal form of each payment's payer, empty for none."""
    raw = flat(book.payments["payer_name"]).dictionary_encode()
    normal = [name.text for name in names.normalise_column(raw.dictionary)]
    return [normal[code] if code is not None else "" for code in raw.indices.to_pylist()]


def name_keys_of(texts: Iterable[str]) -> list[int]:
    """Give the name keys of payers."""
    normal = names.normalise_column(pa.array(sorted(set(texts)), pa.string()))
    distinct = sorted({key for name in normal for key in names.name_keys(name)})
    return signed(names.key_hashes(distinct)) if distinct else []


def twice_keys(book: Book) -> list[int | None]:
    """Give the key under which the same money of the same payer meets; None where nobody is named."""
    table = book.payments
    text = pc.replace_substring_regex(ascii_upper(flat(table["remittance"])), "[^0-9A-Z]", "").to_pylist()
    out: list[int | None] = []
    rows = zip(
        _accounts(book), payer_texts(book), text, table["currency"].to_pylist(),
        table["amount_minor"].to_pylist(),
        strict=True,
    )  # fmt: skip
    for account, payer, words, currency, amount in rows:
        who = ("a", account) if account else ("n", payer) if payer else ("t", words) if words else None
        out.append(hashed(currency, amount, *who) if who else None)
    return out


def _accounts(book: Book) -> list[str]:
    return [account or "" for account in normalise_accounts(book.payments["payer_account"]).to_pylist()]


def _end_to_end(book: Book) -> list[str]:
    ids = [(text or "").strip() for text in book.payments["end_to_end_id"].to_pylist()]
    return ["" if text.upper() == "NOTPROVIDED" else text for text in ids]


def _quotes(table: pa.Table) -> Keys:
    """Key receipts by the ids that a later text may quote."""
    receipts = table.filter(pc.greater(table["amount_minor"], 0))
    ids = flat(receipts["payment_id"])
    keys: list[int] = []
    owners: list[str] = []
    for column in ("end_to_end_id", "structured_reference", "payment_id"):
        text = span_text(flat(receipts[column]))
        first, last = text.row_first_atom[:-1], text.row_first_atom[1:] - 1
        has = np.flatnonzero(last >= first)
        start, end = text.atom_start[first[has]], text.atom_end[last[has]]
        long = end - start >= QUOTE_LENGTH
        keys += signed(mix(text.folded_hash(start[long], end[long])))
        owners += ids.take(pa.array(has[long])).to_pylist()
    return Keys("P", "quote", keys, owners)


def item_names(book: Book) -> list[tuple[str, str, str]]:
    """Give (customer, name, one of its items) for each name that items carry."""
    columns = [book.invoices[name].to_pylist() for name in ("customer_id", "customer_name", "invoice_id")]
    found: dict[tuple[str, str], str] = {}
    for customer, name, item in zip(*columns, strict=True):
        if name:
            found.setdefault((customer, name), item)
    return [(customer, name, item) for (customer, name), item in found.items()]


def _item_names(book: Book) -> list[tuple[str, str]]:
    return [(customer, name) for customer, name, _ in item_names(book)]


def _names_on_file(book: Book) -> list[tuple[str, str]]:
    columns = [book.customers[name].to_pylist() for name in ("customer_id", "name", "aliases")]
    found: dict[tuple[str, str], None] = {}
    for customer, name, aliases in zip(*columns, strict=True):
        for one in names_of(name, aliases):
            found[customer, one] = None
    return list(found)


def names_of(name: str | None, aliases: str | None) -> list[str]:
    """Give the names under which a customer is on file."""
    return [one for one in (name, *(alias.strip() for alias in (aliases or "").split(";"))) if one]


def _names(pairs: Sequence[tuple[str, str]]) -> Keys:
    distinct = pa.array(sorted({name for _, name in pairs}), pa.string())
    normal = dict(zip(distinct.to_pylist(), names.normalise_column(distinct), strict=True))
    words = [names.name_keys(normal[name]) for _, name in pairs]
    flat_words = sorted({word for some in words for word in some})
    hashes = dict(zip(flat_words, signed(names.key_hashes(flat_words)) if flat_words else [], strict=True))
    keys = [hashes[word] for some in words for word in some]
    ids = [
        customer + NAME_MARK + name for (customer, name), some in zip(pairs, words, strict=True) for _ in some
    ]
    return Keys("C", "name", keys, ids)
