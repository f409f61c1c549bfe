"""Cut a labelled book in time: a history to learn from, the rows to match, and the truth kept apart.

Run it as `python -m training.worlds BOOK OUT [--months-history 15]`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

if TYPE_CHECKING:
    from collections.abc import Sequence

TABLES = (
    "invoices", "payments", "customers", "customer_accounts", "own_accounts", "instalments", "remittance_lines",
    "fx_rates", "allocations", "truth_kinds",
)  # fmt: skip
_DOCUMENT_STATUSES = ("draft", "void", "disputed", "on_hold")
"""Statuses that are a fact about the document; the others follow from allocations and would give the answer away."""


def split(book_dir: Path, out_dir: Path, months_history: int = 15) -> date:
    """Write `history`, `match` and `truth` under `out_dir` and return the cut, the first day that is not history.

    The cut lies `months_history` months after the first day of the month of the earliest issue date.
    """
    book, is_parquet = _read(book_dir)
    cut = _cut(book["invoices"], months_history)
    parts = {
        "history": _history(book, cut.isoformat()),
        "match": _match(book, cut.isoformat()),
        "truth": _truth(book, cut.isoformat()),
    }
    for part, tables in parts.items():
        folder = out_dir / part
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            if is_parquet:
                pyarrow.parquet.write_table(rows, folder / f"{name}.parquet")
            else:
                pyarrow.csv.write_csv(rows, folder / f"{name}.csv")
    return cut


def _read(folder: Path) -> tuple[dict[str, pa.Table], bool]:
    """Every table as text, and whether the folder holds Parquet."""
    book: dict[str, pa.Table] = {}
    is_parquet = (folder / "invoices.parquet").exists()
    for name in TABLES:
        as_parquet, as_csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        if as_parquet.exists():
            rows = pyarrow.parquet.read_table(as_parquet)
            book[name] = rows.cast(pa.schema([(column, pa.string()) for column in rows.column_names]))
        elif as_csv.exists():
            with as_csv.open(encoding="utf-8") as lines:
                header = [column.strip().strip('"') for column in lines.readline().rstrip("\n").split(",")]
            options = pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""],
                quoted_strings_can_be_null=True,
            )  # fmt: skip
            parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
            book[name] = pyarrow.csv.read_csv(as_csv, parse_options=parsing, convert_options=options)
    return book, is_parquet


def _cut(invoices: pa.Table, months: int) -> date:
    first = date.fromisoformat(pc.min(invoices["issue_date"]).as_py()[:10])
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)


def _known(rows: pa.Table, *columns: str) -> pa.ChunkedArray:
    """The first filled of these columns, as ISO text, which sorts like time."""
    found = [rows[column] for column in columns if column in rows.column_names]
    return pc.coalesce(*found) if found else pa.chunked_array([pa.array([""] * rows.num_rows)])


def _before(rows: pa.Table, cut: str, *columns: str) -> pa.Table:
    return rows.filter(pc.less(pc.fill_null(_known(rows, *columns), ""), cut))


def _among(rows: pa.Table, column: str, keys: pa.ChunkedArray) -> pa.Table:
    return rows.filter(pc.is_in(rows[column], value_set=keys.combine_chunks()))


def _history(book: dict[str, pa.Table], cut: str) -> dict[str, pa.Table]:
    invoices = _before(book["invoices"], cut, "known_at", "issue_date")
    payments = _before(
        _before(book["payments"], cut, "booking_date"), cut, "known_at", "received_at", "booking_date"
    )
    allocations = _before(book["allocations"], cut, "decided_at")
    allocations = _among(
        _among(allocations, "payment_id", payments["payment_id"]), "invoice_id", invoices["invoice_id"]
    )
    out = {
        "invoices": _with_balances(invoices, allocations),
        "payments": payments,
        "allocations": allocations,
    }
    for name in ("customers", "customer_accounts", "own_accounts"):
        if name in book:
            out[name] = _before(book[name], cut, "known_at")
    if "instalments" in book:
        out["instalments"] = _among(book["instalments"], "invoice_id", invoices["invoice_id"])
    if "remittance_lines" in book:
        out["remittance_lines"] = _among(book["remittance_lines"], "payment_id", payments["payment_id"])
    if "fx_rates" in book:
        out["fx_rates"] = _before(book["fx_rates"], cut, "known_at", "date")
    return out


def _match(book: dict[str, pa.Table], cut: str) -> dict[str, pa.Table]:
    out = {name: rows for name, rows in book.items() if name != "truth_kinds"}
    payments = book["payments"]
    is_new = pc.greater_equal(payments["booking_date"], cut)
    if "resolution" in payments.column_names:
        hidden = pc.if_else(is_new, pa.scalar(None, pa.string()), payments["resolution"])
        payments = _put(payments, "resolution", hidden)
    old = payments["payment_id"].filter(pc.invert(is_new))
    out["payments"] = payments
    out["allocations"] = _among(book["allocations"], "payment_id", old)
    invoices = book["invoices"]
    if "open_amount" in invoices.column_names:
        invoices = _put(invoices, "open_amount", pa.nulls(invoices.num_rows, pa.string()))
    if "status" in invoices.column_names:
        own = pc.is_in(invoices["status"], value_set=pa.array(_DOCUMENT_STATUSES))
        invoices = _put(invoices, "status", pc.if_else(own, invoices["status"], pa.scalar(None, pa.string())))
    out["invoices"] = invoices
    return out


def _truth(book: dict[str, pa.Table], cut: str) -> dict[str, pa.Table]:
    payments = book["payments"]
    payments = payments.filter(pc.greater_equal(payments["booking_date"], cut))
    keys = payments["payment_id"]
    out = {"payments": payments, "allocations": _among(book["allocations"], "payment_id", keys)}
    if "truth_kinds" in book:
        out["truth_kinds"] = _among(book["truth_kinds"], "payment_id", keys)
    return out


def _with_balances(invoices: pa.Table, allocations: pa.Table) -> pa.Table:
    """The invoices with `open_amount` and `status` as the given allocations leave them."""
    zero = Decimal(0)
    applied: dict[str, Decimal] = {}
    write_offs = allocations["write_off"].to_pylist() if "write_off" in allocations.column_names else None
    reversed_at = (
        allocations["reversed_at"].to_pylist() if "reversed_at" in allocations.column_names else None
    )
    amounts = allocations["amount"].to_pylist()
    for place, invoice in enumerate(allocations["invoice_id"].to_pylist()):
        if reversed_at is not None and reversed_at[place]:
            continue
        total = Decimal(amounts[place]) + Decimal((write_offs[place] if write_offs else None) or 0)
        applied[invoice] = applied.get(invoice, zero) + total
    statuses = (
        invoices["status"].to_pylist() if "status" in invoices.column_names else [None] * invoices.num_rows
    )
    types = (
        invoices["type"].to_pylist() if "type" in invoices.column_names else ["invoice"] * invoices.num_rows
    )
    opens: list[str] = []
    states: list[str | None] = []
    ids, totals = invoices["invoice_id"].to_pylist(), invoices["amount"].to_pylist()
    for invoice, amount, kind, status in zip(ids, totals, types, statuses, strict=True):
        used = applied.get(invoice, zero)
        left = Decimal(amount) + used if kind == "credit_memo" else Decimal(amount) - used
        opens.append(str(zero * left) if status == "void" else str(left))
        own = status if status in _DOCUMENT_STATUSES else None
        states.append(own or ("open" if left else "settled"))
    invoices = _put(invoices, "open_amount", pa.array(opens, pa.string()))
    return _put(invoices, "status", pa.array(states, pa.string()))


def _put(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    if column in rows.column_names:
        return rows.set_column(rows.column_names.index(column), column, values)
    return rows.append_column(column, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of the split."""
    parser = argparse.ArgumentParser(prog="training.worlds", description="Cut a labelled book in time.")
    parser.add_argument("book", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--months-history", type=int, default=15)
    given = parser.parse_args(arguments)
    cut = split(given.book, given.out, given.months_history)
    sys.stdout.write(f"history until {cut.isoformat()}, the rest to match\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
