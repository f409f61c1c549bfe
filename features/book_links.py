"""What rows of a book say about each other: the same id twice, ids that point nowhere, when a row became known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.book_schema import INSTANT_TYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from features.book_rows import Typed
    from features.book_schema import TableSpec
    from features.quarantine import Findings


def drop_repeats(spec: TableSpec, typed: Typed, findings: Findings) -> pa.Array | None:
    """Keep the first row of each key; a later one that says the same is dropped, any other is set aside.

    Gives the keys that were contested, when the key is one column.
    """
    if not spec.key or typed.table.num_rows == 0:
        return None
    key = _key(spec, typed.table)
    if pc.count_distinct(key).as_py() == len(key):
        return None
    unique = key.dictionary_encode()
    codes = np.asarray(unique.indices)
    first = np.full(len(unique.dictionary), len(codes), np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    origin = first[codes]
    repeats = np.flatnonzero(origin != np.arange(len(codes)))
    differs = _differs(spec, typed.table.take(repeats), typed.table.take(origin[repeats]))
    contested = repeats[differs]
    findings.add(typed.file, typed.rows[contested], spec.key[0], "duplicate_id", key.take(pa.array(contested)))
    good = np.ones(len(codes), np.bool_)
    good[repeats] = False
    typed.keep(good)
    return key.take(pa.array(contested)) if len(spec.key) == 1 else None


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
        same = pc.fill_null(pc.equal(one, other), False)  # noqa: FBT003
        both_empty = pc.and_(one.is_null(), other.is_null())
        differs |= ~pc.or_(same, both_empty).to_numpy(zero_copy_only=False)
    return differs


def set_aside_self_parents(typed: Typed, findings: Findings) -> None:
    """Set aside the customers that name themselves as parent."""
    own = pc.equal(typed.table.column("parent_id"), typed.table.column("customer_id")).combine_chunks()
    rows = np.asarray(pc.fill_null(own, False).to_numpy(zero_copy_only=False), np.bool_)  # noqa: FBT003
    if rows.any():
        raw = typed.table.column("parent_id").combine_chunks().filter(pa.array(rows))
        findings.add(typed.file, typed.rows[rows], "parent_id", "self_parent", raw)
        typed.keep(~rows)


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
