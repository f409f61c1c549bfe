"""From the store to a `Book`: the same typed tables that files give, whole or the rows asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import ColumnElement, Dialect, Table, and_, case, literal_column, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite

from features.book import Book
from features.book_schema import TABLES, TableSpec
from serving.store import schema
from serving.store.bulk import plain
from serving.store.columns import Int
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
    ("payments", "open_amount_minor"): literal_column("NULL"),
    ("customers", "customer_id"): schema.customer.c.id,
    # in a book a write-off is signed as the item is; the store keeps it positive where it reduces the item
    ("allocations", "write_off_minor"): (_ALLOCATION.c.write_off_minor * _SIDE).label("write_off_minor"),
    ("allocations", "reversed_at"): literal_column("NULL"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of the store make a sub-book: those of the ids given; `None` for all."""

    invoices: Sequence[str] | None = None
    payments: Sequence[str] | None = None
    customers: Sequence[str] | None = None
    history_of: Sequence[str] | None = None
    """Payments whose allocations in force belong to it."""
    rate_days: tuple[int, int] | None = None
    """First and last day of the rates, counted from 1970-01-01; (1, 0) for none."""


WHOLE: Final = Selection()


def read_book(tx: Transaction, chosen: Selection = WHOLE) -> Book:
    """Read a book: balances as they are now, allocations in force, rows in the order of their ids."""
    ids: dict[str, Sequence[str] | None] = {
        "invoices": chosen.invoices,
        "instalments": chosen.invoices,
        "payments": chosen.payments,
        "remittance_lines": chosen.payments,
        "customers": chosen.customers,
        "customer_accounts": chosen.customers,
        "allocations": chosen.history_of,
    }
    tables, doubtful = {}, {}
    for spec in TABLES:
        rows = _rows(tx, spec.name, ids.get(spec.name), chosen.rate_days if spec.name == "fx_rates" else None)
        columns: list[Sequence[Any]] = (
            list(zip(*rows, strict=True)) if rows else [()] * (len(spec.schema) + 1)
        )
        tables[spec.name] = _typed(spec, columns)
        doubtful[spec.name] = columns[-1]
    return Book(
        **tables,
        doubtful_payments=_marked(tables["payments"]["payment_id"], doubtful["payments"]),
        doubtful_invoices=_marked(tables["invoices"]["invoice_id"], doubtful["invoices"]),
    )


def read_undone(tx: Transaction) -> pa.Table:
    """Read the allocations that were undone, with when: what learning must know and matching must not."""
    spec = next(one for one in TABLES if one.name == "allocations")
    wanted = [
        plain(_ALLOCATION.c.reversed_at)
        if name == "reversed_at"
        else plain(
            _SPECIAL[name_of] if (name_of := ("allocations", name)) in _SPECIAL else _ALLOCATION.c[name]
        )
        for name in spec.schema.names
    ]
    query = (
        select(*wanted, literal_column("0"))
        .where(
            _ALLOCATION.c.book_id == tx.book_id,
            and_(_INVOICE.c.book_id == _ALLOCATION.c.book_id, _INVOICE.c.id == _ALLOCATION.c.invoice_id),
            _ALLOCATION.c.reversed_at.is_not(None),
            _ALLOCATION.c.reverses.is_(None),
        )
        .order_by(_ALLOCATION.c.id)
    )
    rows = tx.connection.execute(query).all()
    return _typed(spec, list(zip(*rows, strict=True)) if rows else [()] * (len(spec.schema) + 1))


def _rows(
    tx: Transaction, name: str, ids: Sequence[str] | None, rate_days: tuple[int, int] | None
) -> Sequence[Sequence[Any]]:
    """Run the one statement of a table; its text never changes, so that the databases know it already."""
    if ids is not None and not ids:
        return []
    if ids is not None:
        given: list[Any] = [json.dumps(list(ids))] if tx.is_sqlite else [list(ids)]
    else:
        given = list(rate_days) if rate_days else []
    text = _statement(tx.is_sqlite, name, by_id=ids is not None, by_day=rate_days is not None)
    return tx.connection.exec_driver_sql(text, (tx.book_id, *given)).all()


_OWNERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "invoices": _INVOICE.c.id,
    "instalments": schema.instalment.c.invoice_id,
    "payments": _PAYMENT.c.id,
    "remittance_lines": schema.remittance_line.c.payment_id,
    "customers": schema.customer.c.id,
    "customer_accounts": schema.customer_account.c.customer_id,
    "allocations": _ALLOCATION.c.payment_id,
}
"""The column by which rows of a table are asked for."""


@lru_cache(maxsize=64)
def _statement(is_sqlite: bool, name: str, *, by_id: bool, by_day: bool) -> str:  # noqa: FBT001 - a key of the cache
    """Write the statement that reads a table: the book's columns, then whether the row is doubtful."""
    source = SOURCES[name]
    spec = next(one for one in TABLES if one.name == name)
    wanted = [plain(_SPECIAL.get((name, column), source.c.get(column))) for column in spec.schema.names]  # type: ignore[arg-type]
    marked = source.c.doubtful if "doubtful" in source.c else literal_column("0")
    conditions: list[Any] = [source.c.book_id == literal_column(_MARK)]
    if name == "allocations":
        conditions += [
            and_(_INVOICE.c.book_id == _ALLOCATION.c.book_id, _INVOICE.c.id == _ALLOCATION.c.invoice_id),
            _ALLOCATION.c.reversed_at.is_(None),
            _ALLOCATION.c.reverses.is_(None),
        ]
    if by_id:
        among: ColumnElement[Any] = literal_column(
            "(SELECT value FROM json_each(__given__))" if is_sqlite else "ANY(__given__::text[])"
        )
        conditions.append(_OWNERS[name].op("IN" if is_sqlite else "=")(among))
    if by_day:
        date = type_coerce(schema.fx_rate.c.date, Int)
        conditions += [date >= literal_column(_MARK), date <= literal_column(_MARK)]
    order = [_SPECIAL.get((name, one), source.c.get(one)) for one in spec.key] or _ORDER[name]
    query = select(*wanted, marked).where(*conditions).order_by(*order)
    dialect: Dialect = (sqlite if is_sqlite else postgresql).dialect()
    text = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return text.replace(_MARK, "?") if is_sqlite else text.replace("%", "%%").replace(_MARK, "%s")


_MARK: Final = "__given__"
_ORDER: Final[Mapping[str, Sequence[ColumnElement[Any]]]] = {
    "instalments": (schema.instalment.c.invoice_id, schema.instalment.c.line),
    "remittance_lines": (schema.remittance_line.c.payment_id, schema.remittance_line.c.line),
    "allocations": (_ALLOCATION.c.payment_id, _ALLOCATION.c.invoice_id, _ALLOCATION.c.id),
}


def _typed(spec: TableSpec, columns: Sequence[Sequence[Any]]) -> pa.Table:
    arrays = []
    for one, values in zip(spec.schema, columns[: len(spec.schema)], strict=True):
        if pa.types.is_date32(one.type):
            arrays.append(pa.array(values, pa.int32()).cast(one.type))
        elif pa.types.is_timestamp(one.type):
            arrays.append(pa.array(values, pa.int64()).cast(one.type))
        else:
            arrays.append(pa.array(values, one.type))
    return pa.Table.from_arrays(arrays, schema=spec.schema)


def _marked(ids: pa.ChunkedArray, marks: Sequence[int]) -> pa.Array:
    return ids.combine_chunks().filter(pa.array([bool(mark) for mark in marks], pa.bool_()))
