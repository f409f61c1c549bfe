"""Rows that come in: what is there already, new rows, changed rows, and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Row, Table, and_, bindparam, delete, select, update

from features.book_schema import TableSpec
from serving.block_keys import NAME_MARK, Keys
from serving.store.book_reading import SOURCES
from serving.store.bulk import insert_columns, parts, plain, read_columns
from serving.store.columns import Day, Instant, Int
from serving.store.schema import allocation, block_key, book, customer_name, payment, proposal
from serving.store.store import Transaction

_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("invoices", "invoice_id"): "id",
    ("payments", "payment_id"): "id",
    ("customers", "customer_id"): "id",
    ("invoices", "open_amount_minor"): "stated_open_minor",
    ("payments", "open_amount_minor"): "stated_open_minor",
}


def plain_columns(spec: TableSpec, table: pa.Table) -> dict[str, list[Any]]:
    """Give a typed table as columns of the store: days and instants as integers."""
    columns: dict[str, list[Any]] = {}
    for name in spec.schema.names:
        cells = table.column(name)
        if pa.types.is_date32(cells.type):
            cells = cells.cast(pa.int32())
        elif pa.types.is_timestamp(cells.type):
            cells = cells.cast(pa.int64())
        columns[_NAMES.get((spec.name, name), name)] = cells.to_pylist()
    return columns


def rows_of(tx: Transaction, table: Table, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Read rows by id, days and instants as integers."""
    found: dict[str, Row[Any]] = {}
    for part in parts(sorted(set(ids))):
        query = select(*map(plain, table.columns)).where(table.c.book_id == tx.book_id, table.c.id.in_(part))
        found.update((row.id, row) for row in tx.connection.execute(query))
    return found


def hashes_by_owner(tx: Transaction, table: Table, owner: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """Read the hashes of the lines of some owners, in the order of the lines."""
    found: dict[str, list[str]] = {}
    for part in parts(sorted(set(ids))):
        query = (
            select(table.c[owner], table.c.row_hash)
            .where(table.c.book_id == tx.book_id, table.c[owner].in_(part))
            .order_by(table.c[owner], table.c.line)
        )
        for whose, row_hash in tx.connection.execute(query):
            found.setdefault(whose, []).append(row_hash)
    return found


def existing_keys(tx: Transaction, spec: TableSpec) -> set[tuple[Any, ...]]:
    """Read the keys of a small table."""
    source = SOURCES[spec.name]
    columns = [source.c[name] for name in spec.key]
    return set(zip(*read_columns(tx, columns, source.c.book_id == tx.book_id), strict=True))


def update_columns(tx: Transaction, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Change rows by id; the other columns given are set."""
    names = [name for name in columns if name != "id"]
    values = {
        name: bindparam(f"new_{name}", type_=Int if isinstance(table.c[name].type, (Day, Instant)) else None)
        for name in names
    }
    change = (
        update(table)
        .where(table.c.book_id == tx.book_id, table.c.id == bindparam("row_id"))
        .values(values | ({"version": table.c.version + 1} if "version" in table.c else {}))
    )
    rows = [
        {"row_id": row_id, **{f"new_{name}": columns[name][place] for name in names}}
        for place, row_id in enumerate(columns["id"])
    ]
    if rows:
        tx.connection.execute(change, rows)


def replace_keys(
    tx: Transaction, side: str, rules: Sequence[str], ids: Sequence[str], keys: Iterable[Keys]
) -> None:
    """Forget the keys of rows that changed and write those they have now."""
    for part in parts(sorted(ids)):
        tx.connection.execute(
            delete(block_key).where(
                block_key.c.book_id == tx.book_id,
                block_key.c.side == side,
                block_key.c.rule.in_(rules),
                block_key.c.id.in_(part),
            )
        )
    add_keys(tx, keys)


def forget_customer_keys(tx: Transaction, names: Mapping[str, Sequence[str]]) -> None:
    """Forget the numbers of customers and those of their names that none of their items carries."""
    carried: set[str] = set()
    for part in parts(sorted(names)):
        query = select(customer_name.c.customer_id, customer_name.c.name).where(
            customer_name.c.book_id == tx.book_id, customer_name.c.customer_id.in_(part)
        )
        carried.update(customer + NAME_MARK + name for customer, name in tx.connection.execute(query))
    on_file = {customer + NAME_MARK + name for customer, some in names.items() for name in some}
    replace_keys(tx, "C", ("name",), sorted(on_file - carried), [])
    replace_keys(tx, "C", ("number",), sorted(names), [])


def add_keys(tx: Transaction, keys: Iterable[Keys]) -> None:
    """Write keys; what is there stays."""
    for some in keys:
        rows = sorted(set(zip(some.keys, some.ids, strict=True)))
        columns: dict[str, list[Any]] = {
            "side": [some.side] * len(rows),
            "rule": [some.rule] * len(rows),
            "key": [key for key, _ in rows],
            "id": [one for _, one in rows],
        }
        insert_columns(tx, block_key, columns, ignore=True)


def add_names(tx: Transaction, names: Sequence[tuple[str, str, str]]) -> None:
    """Note the names that items carry."""
    columns = {
        "customer_id": [customer for customer, _, _ in names],
        "name": [name for _, name, _ in names],
        "invoice_id": [item for _, _, item in names],
    }
    insert_columns(tx, customer_name, columns, ignore=True)


def count_delivery(tx: Transaction) -> None:
    """Note that items are new or say something else, so that the next bulk run looks at what waits."""
    tx.connection.execute(
        update(book).where(book.c.id == tx.book_id).values(items_version=book.c.items_version + 1)
    )


def with_effects(tx: Transaction, invoices: Sequence[str]) -> set[str]:
    """Find the items on which something was applied."""
    found: set[str] = set()
    for part in parts(sorted(set(invoices))):
        query = select(allocation.c.invoice_id).where(
            allocation.c.book_id == tx.book_id, allocation.c.invoice_id.in_(part)
        )
        found.update(tx.connection.execute(query.distinct()).scalars())
    return found


def waiting_for(
    tx: Transaction, text_keys: Sequence[int], money: Sequence[tuple[str, int]], customers: Sequence[str]
) -> list[str]:
    """Find undecided payments that mention a key, bring an amount, or are a customer's by their decision."""
    found: set[str] = set()
    mine = and_(payment.c.book_id == tx.book_id, payment.c.state.in_(("review", "unmatched")))
    joined = and_(block_key.c.book_id == payment.c.book_id, block_key.c.id == payment.c.id)
    for part in parts(sorted(set(text_keys))):
        query = select(payment.c.id).where(
            mine, joined, block_key.c.side == "P", block_key.c.rule == "text", block_key.c.key.in_(part)
        )
        found.update(tx.connection.execute(query).scalars())
    for currency, amount in sorted(set(money)):
        query = select(payment.c.id).where(
            mine, payment.c.currency == currency, payment.c.amount_minor == amount
        )
        found.update(tx.connection.execute(query).scalars())
    for part in parts(sorted(set(customers))):
        query = select(payment.c.id).where(mine, payment.c.settled_customer_id.in_(part))
        found.update(tx.connection.execute(query).scalars())
    return sorted(found)


def proposed_on(tx: Transaction, invoices: Sequence[str]) -> list[str]:
    """Find undecided payments whose decision in force proposes one of these items."""
    found: set[str] = set()
    for part in parts(sorted(set(invoices))):
        query = (
            select(payment.c.id)
            .join(
                proposal,
                and_(
                    proposal.c.book_id == payment.c.book_id,
                    proposal.c.decision_id == payment.c.decision_id,
                ),
            )
            .where(
                payment.c.book_id == tx.book_id,
                payment.c.state.in_(("review", "unmatched")),
                proposal.c.invoice_id.in_(part),
            )
        )
        found.update(tx.connection.execute(query).scalars())
    return sorted(found)


def mark_for_recheck(tx: Transaction, payments: Sequence[str], *, on: bool = True) -> None:
    """Say that payments are to be matched again, or that they were."""
    for part in parts(sorted(set(payments))):
        tx.connection.execute(
            update(payment)
            .where(payment.c.book_id == tx.book_id, payment.c.id.in_(part))
            .values(recheck=int(on))
        )


def mark_doubtful(tx: Transaction, table: Table, ids: Sequence[str], *, is_doubtful: bool = True) -> None:
    """Say that a row about these was set aside, so that they never close alone, or that it no longer is."""
    for part in parts(sorted(set(ids))):
        mine = and_(table.c.book_id == tx.book_id, table.c.id.in_(part))
        tx.connection.execute(update(table).where(mine).values(doubtful=int(is_doubtful)))


def settle_doubts(tx: Transaction, table: Table, there: Mapping[str, Row[Any]], doubtful: set[str]) -> None:
    """Bring the doubts about rows that come again up to date: without the rows set aside they are gone."""
    mark_doubtful(tx, table, [one for one, row in there.items() if one in doubtful and not row.doubtful])
    gone = [one for one, row in there.items() if row.doubtful and one not in doubtful]
    mark_doubtful(tx, table, gone, is_doubtful=False)
