"""Look-ups by index around a few payments: always from a key to few rows, never a scan.

SQLite answers a prepared look-up in microseconds, so it is asked key by key; PostgreSQL gets all keys at
once and a lateral join, since each question there is a round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from serving.store.store import Transaction

# CROSS JOIN keeps SQLite to the order written: without statistics it begins with every allocation.
# {key} is the one key asked for; the rest is fixed text
_ITEMS: Final = (
    "SELECT b.id FROM block_key b CROSS JOIN invoice i"
    " WHERE i.book_id = b.book_id AND i.id = b.id AND b.book_id = {book}"
    " AND b.side = 'I' AND b.rule = 'ref' AND b.key = {key}"
    " AND i.status NOT IN ('draft', 'void') LIMIT {most}"
)
_NEAR: Final = (
    "SELECT b.id FROM block_key b CROSS JOIN invoice i"
    " WHERE i.book_id = b.book_id AND i.id = b.id AND b.book_id = {book}"
    " AND b.side = 'I' AND b.rule = 'near' AND b.key = {key}"
    " AND i.open_minor > 0 AND i.status NOT IN ('draft', 'void') LIMIT {most}"
)
_LESS: Final = (
    "SELECT b.id FROM block_key b CROSS JOIN invoice i"
    " WHERE i.book_id = b.book_id AND i.id = b.id AND b.book_id = {book}"
    " AND b.side = 'I' AND b.rule = 'less' AND b.key = {key}"
    " AND i.open_minor = i.amount_minor AND i.status NOT IN ('draft', 'void') LIMIT {most}"
)
_CUSTOMERS: Final = (
    "SELECT b.id FROM block_key b"
    " WHERE b.book_id = {book} AND b.side = 'C' AND b.rule = {rule} AND b.key = {key} LIMIT {most}"
)
_PAYMENTS: Final = (
    "SELECT b.id FROM block_key b"
    " WHERE b.book_id = {book} AND b.side = 'P' AND b.rule = {rule} AND b.key = {key} LIMIT {most}"
)
_PAST: Final = (
    "SELECT a.payment_id, a.invoice_id FROM block_key b"
    " CROSS JOIN allocation a WHERE a.book_id = b.book_id AND a.payment_id = b.id AND b.book_id = {book}"
    " AND b.side = 'P' AND b.rule = {rule} AND b.key = {key} AND a.reversed_at IS NULL"
    " AND a.reverses IS NULL LIMIT {most}"
)
_PAST_OF_CUSTOMER: Final = (
    "SELECT a.payment_id, a.invoice_id FROM invoice i"
    " CROSS JOIN allocation a WHERE a.book_id = i.book_id AND a.invoice_id = i.id AND i.book_id = {book}"
    " AND i.customer_id = {key} AND a.reversed_at IS NULL AND a.reverses IS NULL"
    " LIMIT {most}"
)
_PAST_OF_PAYMENT: Final = (
    "SELECT a.payment_id, a.invoice_id FROM allocation a"
    " WHERE a.book_id = {book} AND a.payment_id = {key} AND a.reversed_at IS NULL AND a.reverses IS NULL"
    " LIMIT {most}"
)
_OPEN_OF_CUSTOMER: Final = (
    "SELECT i.id FROM invoice i"
    " WHERE i.book_id = {book} AND i.customer_id = {key} AND i.open_minor > 0 LIMIT {most}"
)
_ANY_OF_CUSTOMER: Final = (
    "SELECT i.id FROM invoice i WHERE i.book_id = {book} AND i.customer_id = {key} LIMIT {most}"
)
_NAMED_OF_CUSTOMER: Final = (
    "SELECT n.invoice_id FROM customer_name n WHERE n.book_id = {book} AND n.customer_id = {key} LIMIT {most}"
)
_CHILDREN: Final = "SELECT c.id FROM customer c WHERE c.book_id = {book} AND c.parent_id = {key} LIMIT {most}"
_PARENTS: Final = (
    "SELECT c.parent_id FROM customer c WHERE c.book_id = {book} AND c.id = {key} AND c.parent_id IS NOT NULL"
    " LIMIT {most}"
)

_OWNER: Final = "SELECT i.customer_id FROM invoice i WHERE i.book_id = {book} AND i.id = {key} LIMIT {most}"

ALL: Final = 1_000_000_000


def items_named(tx: Transaction, keys: Sequence[int], most: int) -> set[str]:
    """Find items by reference keys, at most so many a key."""
    return _ids(tx, _ITEMS, keys, most)


def items_near(tx: Transaction, keys: Sequence[int], most: int) -> set[str]:
    """Find open items by the keys of the neighbourhood of their numbers."""
    return _ids(tx, _NEAR, keys, most)


def items_less_discount(tx: Transaction, keys: Sequence[int], most: int) -> set[str]:
    """Find untouched open items whose amount less the discount has these keys."""
    return _ids(tx, _LESS, keys, most)


def customers_by(tx: Transaction, rule: str, keys: Sequence[int], most: int) -> set[str]:
    """Find customers, or names of customers, by keys."""
    return _ids(tx, _CUSTOMERS, keys, most, rule=rule)


def payments_by(tx: Transaction, rule: str, keys: Sequence[int], most: int = ALL) -> set[str]:
    """Find payments by keys."""
    return _ids(tx, _PAYMENTS, keys, most, rule=rule)


def past_by(tx: Transaction, rule: str, keys: Sequence[int]) -> set[tuple[str, str]]:
    """Find (payment, item) of the allocations in force of payments with these keys."""
    return set(_ask(tx, _PAST, keys, ALL, rule=rule))


def past_of_customers(tx: Transaction, customers: Sequence[str]) -> set[tuple[str, str]]:
    """Find (payment, item) of the allocations in force on items of customers."""
    return set(_ask(tx, _PAST_OF_CUSTOMER, customers, ALL))


def past_of_payments(tx: Transaction, payments: Sequence[str]) -> set[tuple[str, str]]:
    """Find (payment, item) of the allocations in force of payments."""
    return set(_ask(tx, _PAST_OF_PAYMENT, payments, ALL))


def open_items_of(tx: Transaction, customers: Sequence[str]) -> set[str]:
    """Find the open items of customers."""
    return _ids(tx, _OPEN_OF_CUSTOMER, customers, ALL)


def an_item_of_each(tx: Transaction, customers: Sequence[str]) -> set[str]:
    """Find one item of each customer, and one for each name that its items carry."""
    return _ids(tx, _ANY_OF_CUSTOMER, customers, 1) | _ids(tx, _NAMED_OF_CUSTOMER, customers, ALL)


def owners_of(tx: Transaction, items: Sequence[str]) -> set[str]:
    """Find the customers of items."""
    return _ids(tx, _OWNER, items, 1)


def family_of(tx: Transaction, customers: Sequence[str]) -> set[str]:
    """Find the parents and children of customers."""
    return _ids(tx, _PARENTS, customers, 1) | _ids(tx, _CHILDREN, customers, ALL)


def items_open_with(tx: Transaction, money: Iterable[tuple[str, int]], most: int) -> set[str]:
    """Find open items by currency and signed balance, at most so many each."""
    found: set[str] = set()
    for currency, balance in sorted(set(money)):
        rows = _run(tx, _EQUAL, (tx.book_id, currency, abs(balance), *_types(balance), most))
        found.update(row[0] for row in rows)
    return found


def count_open_with(tx: Transaction, money: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Count the open items of each currency and signed balance."""
    return {
        (currency, balance): int(
            _run(tx, _COUNT_EQUAL, (tx.book_id, currency, abs(balance), *_types(balance)))[0][0]
        )
        for currency, balance in sorted(set(money))
    }


_EQUAL: Final = (
    "SELECT i.id FROM invoice i WHERE i.book_id = ? AND i.currency = ? AND i.open_minor = ?"
    " AND i.type IN (?, ?) AND i.status NOT IN ('draft', 'void') LIMIT ?"
)
_COUNT_EQUAL: Final = (
    "SELECT count(*) FROM invoice i WHERE i.book_id = ? AND i.currency = ? AND i.open_minor = ?"
    " AND i.type IN (?, ?) AND i.status NOT IN ('draft', 'void')"
)


def _types(balance: int) -> tuple[str, str]:
    return ("invoice", "debit_note") if balance > 0 else ("credit_memo", "credit_memo")


def _ids(tx: Transaction, query: str, keys: Sequence[Any], most: int, rule: str | None = None) -> set[str]:
    return {row[0] for row in _ask(tx, query, keys, most, rule)}


def _ask(
    tx: Transaction, query: str, keys: Sequence[Any], most: int, rule: str | None = None
) -> list[tuple[Any, ...]]:
    asked = sorted(set(keys))
    if not asked:
        return []
    if tx.is_sqlite:
        text = query.format(book="?1", key="?2", most="?3", rule="?4")
        cursor = tx.connection.connection.cursor()
        try:
            found: list[tuple[Any, ...]] = []
            for key in asked:
                given = (tx.book_id, key, most) if rule is None else (tx.book_id, key, most, rule)
                found += cursor.execute(text, given).fetchall()
            return found
        finally:
            cursor.close()
    kind = "bigint" if isinstance(asked[0], int) else "text"
    inner = query.format(book="%(book)s", key="k.key", most="%(most)s", rule="%(rule)s")
    text = f"SELECT f.* FROM unnest(%(keys)s::{kind}[]) AS k(key) CROSS JOIN LATERAL ({inner}) AS f"  # noqa: S608 - fixed text
    named = {"book": tx.book_id, "keys": asked, "most": most, "rule": rule}
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, named).all()]


def _run(tx: Transaction, query: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    text = query if tx.is_sqlite else query.replace("?", "%s")
    return [tuple(row) for row in tx.connection.exec_driver_sql(text, given).all()]
