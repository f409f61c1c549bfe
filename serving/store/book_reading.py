"""From the store to a `Book`: the same typed tables that files give, whole or the rows asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import ColumnElement, Table, and_, case, literal_column, null

from features.book import Book
from features.book_schema import TABLES, TableSpec
from serving.store import schema
from serving.store.bulk import parts, read_columns
from serving.store.store import Transaction

_INVOICE, _PAYMENT, _ALLOCATION = schema.invoice, schema.payment, schema.allocation

SOURCES: Final[Mapping[str, Table]] = {
    "invoices": schema.invoice,
    "payments": schema.payment,
    "customers": schema.customer,
    "customer_accounts": schema.customer_account,
    "own_accounts": schema.own_account,
    "instalments": schema.instalment,
    "remittance_lines": schema.remittance_line,
    "fx_rates": schema.fx_rate,
    "allocations": schema.allocation,
}
"""Where each table of a book is kept."""

_SIDE: Final = case((_INVOICE.c.type == "credit_memo", -1), else_=1)
_SPECIAL: Final[Mapping[tuple[str, str], ColumnElement[Any]]] = {
    ("invoices", "invoice_id"): _INVOICE.c.id,
    ("invoices", "open_amount_minor"): _INVOICE.c.open_minor,
    # what was settled when it came and is open again is open
    ("invoices", "status"): case(
        (and_(_INVOICE.c.status == "settled", _INVOICE.c.open_minor > 0), "open"), else_=_INVOICE.c.status
    ).label("status"),
    ("payments", "payment_id"): _PAYMENT.c.id,
    ("payments", "open_amount_minor"): null(),
    ("customers", "customer_id"): schema.customer.c.id,
    # in a book a write-off is signed as the item is; the store keeps it positive where it reduces the item
    ("allocations", "write_off_minor"): (_ALLOCATION.c.write_off_minor * _SIDE).label("write_off_minor"),
    ("allocations", "reversed_at"): literal_column("NULL"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of the store make a sub-book; `None` for all."""

    invoices: Sequence[str] | None = None
    payments: Sequence[str] | None = None
    customers: Sequence[str] | None = None
    history_of: Sequence[str] | None = None
    """Payments whose allocations in force belong to it."""
    conditions: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)


WHOLE: Final = Selection()


def read_book(tx: Transaction, chosen: Selection = WHOLE) -> Book:
    """Read a book: balances as they are now, allocations in force, items and payments in the order of their ids."""
    keys: dict[str, tuple[ColumnElement[Any], Sequence[str] | None]] = {
        "invoices": (_INVOICE.c.id, chosen.invoices),
        "instalments": (schema.instalment.c.invoice_id, chosen.invoices),
        "payments": (_PAYMENT.c.id, chosen.payments),
        "remittance_lines": (schema.remittance_line.c.payment_id, chosen.payments),
        "customers": (schema.customer.c.id, chosen.customers),
        "customer_accounts": (schema.customer_account.c.customer_id, chosen.customers),
        "allocations": (_ALLOCATION.c.payment_id, chosen.history_of),
    }
    tables = {}
    for spec in TABLES:
        column, ids = keys.get(spec.name, (None, None))
        tables[spec.name] = _read(tx, spec, column, ids, chosen.conditions.get(spec.name))
    return Book(
        **tables,
        problems=pa.table({"file": pa.array([], pa.string()), "row": pa.array([], pa.int64())}),
        sources={},
        unknown_columns={},
        doubtful_payments=_doubtful(tx, _PAYMENT, chosen.payments),
        doubtful_invoices=_doubtful(tx, _INVOICE, chosen.invoices),
    )


def _read(
    tx: Transaction,
    spec: TableSpec,
    column: ColumnElement[Any] | None,
    ids: Sequence[str] | None,
    condition: ColumnElement[bool] | None,
) -> pa.Table:
    source = SOURCES[spec.name]
    wanted = [_SPECIAL.get((spec.name, name), source.c.get(name)) for name in spec.schema.names]
    assert all(one is not None for one in wanted), spec.name
    conditions: list[ColumnElement[bool]] = [source.c.book_id == tx.book_id]
    if condition is not None:
        conditions.append(condition)
    if spec.name == "allocations":
        # an item of another book never has this id and this book
        conditions += [
            and_(_INVOICE.c.book_id == _ALLOCATION.c.book_id, _INVOICE.c.id == _ALLOCATION.c.invoice_id),
            _ALLOCATION.c.reversed_at.is_(None),
            _ALLOCATION.c.reverses.is_(None),
        ]
    if ids is None or column is None:
        table = _typed(spec, read_columns(tx, wanted, *conditions))  # type: ignore[arg-type]
    else:
        found = [
            _typed(spec, read_columns(tx, wanted, *conditions, column.in_(part)))  # type: ignore[arg-type]
            for part in parts(sorted(set(ids)))
        ]
        table = pa.concat_tables([spec.schema.empty_table(), *found]).combine_chunks()
    order = [(name, "ascending") for name in (spec.key or (spec.schema.names[0],))]
    return table.sort_by(order).combine_chunks() if table.num_rows else table


def _typed(spec: TableSpec, columns: list[Sequence[Any]]) -> pa.Table:
    arrays = []
    for one, values in zip(spec.schema, columns, strict=True):
        if pa.types.is_date32(one.type):
            arrays.append(pa.array(values, pa.int32()).cast(one.type))
        elif pa.types.is_timestamp(one.type):
            arrays.append(pa.array(values, pa.int64()).cast(one.type))
        else:
            arrays.append(pa.array(values, one.type))
    return pa.Table.from_arrays(arrays, schema=spec.schema)


def _doubtful(tx: Transaction, table: Table, ids: Sequence[str] | None) -> pa.Array:
    asked: list[list[ColumnElement[bool]]] = (
        [[]] if ids is None else [[table.c.id.in_(part)] for part in parts(sorted(set(ids)))]
    )
    found: list[str] = []
    for conditions in asked:
        found += read_columns(tx, [table.c.id], table.c.book_id == tx.book_id, table.c.doubtful == 1, *conditions)[0]
    return pa.array(sorted(found), pa.string())
