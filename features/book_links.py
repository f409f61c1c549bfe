"""What rows of a book say about each other: the same id twice, circles, when a row became known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book_rows import Typed
from features.book_schema import INSTANT_TYPE, TableSpec
from features.book_values import flags
from features.quarantine import Findings


def drop_repeats(spec: TableSpec, typed: Typed, findings: Findings) -> pa.Array:
    """Keep the first row of each key; a later one that says the same is dropped, any other is set aside.

    Gives the keys that were contested.
    """
    nothing = pa.array([], pa.string())
    if not spec.key or typed.table.num_rows == 0:
        return nothing
    key = _key(spec, typed.table)
    if pc.count_distinct(key).as_py() == len(key):
        return nothing
    unique = key.dictionary_encode()
    codes = np.asarray(unique.indices)
    first = np.full(len(unique.dictionary), len(codes), np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    origin = first[codes]
    repeats = np.flatnonzero(origin != np.arange(len(codes)))
    differs = _differs(spec, typed.table.take(repeats), typed.table.take(origin[repeats]))
    contested = repeats[differs]
    findings.add(
        typed.file, typed.rows[contested], spec.key[0], "duplicate_id", key.take(pa.array(contested))
    )
    good = np.ones(len(codes), np.bool_)
    good[repeats] = False
    typed.keep(good)
    return key.take(pa.array(contested))


def _key(spec: TableSpec, table: pa.Table) -> pa.Array:
    columns = [table.column(name).combine_chunks().cast(pa.string()) for name in spec.key]
    return columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "\x1f")


def _differs(spec: TableSpec, later: pa.Table, earlier: pa.Table) -> NDArray[np.bool_]:
    """Find the rows that say something else; when a row became known does not count."""
    differs = np.zeros(later.num_rows, np.bool_)
    for name in spec.schema.names:
        if name in {"known_at", "rate_text"}:
            continue
        one, other = later.column(name).combine_chunks(), earlier.column(name).combine_chunks()
        differs |= ~(flags(pc.equal(one, other)) | flags(pc.and_(one.is_null(), other.is_null())))
    return differs


def set_aside_circles(typed: Typed, findings: Findings) -> None:
    """Set aside the customers that are their own parent, and one of each circle of parents."""
    customers, parents = (typed.table.column(name).combine_chunks() for name in ("customer_id", "parent_id"))
    own = flags(pc.equal(parents, customers))
    findings.add(typed.file, typed.rows[own], "parent_id", "self_parent", parents.filter(pa.array(own)))
    above = np.asarray(pc.fill_null(pc.index_in(parents, value_set=customers), -1), np.int64)
    above[own] = -1
    circular = _closing(above)
    findings.add(
        typed.file, typed.rows[circular], "parent_id", "parent_circle", parents.filter(pa.array(circular))
    )
    typed.keep(~(own | circular))


def _closing(above: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find, in each circle of a forest of parents, the one row that closes it: the last."""
    closing = np.zeros(len(above), np.bool_)
    state = np.zeros(len(above), np.int8)  # 0 unseen, 1 on this walk, 2 done
    for start in np.flatnonzero(above >= 0).tolist():
        walk, here = [], start
        while here >= 0 and state[here] == 0:
            state[here] = 1
            walk.append(here)
            here = int(above[here])
        if here >= 0 and state[here] == 1:
            closing[max(walk[walk.index(here) :])] = True
        state[walk] = 2
    return closing


def fill_defaults(name: str, table: pa.Table) -> pa.Table:
    """Fill in what an invoice says when it says nothing."""
    if name != "invoices":
        return table
    table = _filled(table, "invoice_number", table.column("invoice_id"))
    table = _filled(table, "type", pa.scalar("invoice"))
    return _filled(table, "status", pa.scalar("open"))


def fill_known_at(name: str, table: pa.Table, tables: dict[str, pa.Table]) -> pa.Table:
    """Fill in when a row became known: its first date, or that of the row it belongs to."""
    match name:
        case "invoices":
            return _filled(table, "known_at", table.column("issue_date").cast(INSTANT_TYPE))
        case "payments":
            booked = table.column("booking_date").cast(INSTANT_TYPE)
            return _filled(table, "known_at", pc.coalesce(table.column("received_at"), booked))
        case "allocations":
            booked = _looked_up(table, "payment_id", tables["payments"], "booking_date").cast(INSTANT_TYPE)
            return _filled(table, "known_at", pc.coalesce(table.column("decided_at"), booked))
        case "instalments":
            return _filled(table, "known_at", _looked_up(table, "invoice_id", tables["invoices"], "known_at"))
        case "remittance_lines":
            return _filled(table, "known_at", _looked_up(table, "payment_id", tables["payments"], "known_at"))
        case "fx_rates":
            return _filled(table, "known_at", table.column("date").cast(INSTANT_TYPE))
        case _:
            return _filled(table, "known_at", pa.scalar(0, pa.int64()).cast(INSTANT_TYPE))


def _filled(table: pa.Table, name: str, default: pa.Scalar | pa.ChunkedArray) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), pc.coalesce(table.column(name), default))


def _looked_up(table: pa.Table, key: str, other: pa.Table, wanted: str) -> pa.ChunkedArray:
    found = pc.index_in(table.column(key), value_set=other.column(key).combine_chunks())
    return other.column(wanted).combine_chunks().take(found)
