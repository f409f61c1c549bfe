"""How fast the store takes, matches and posts: in bulk, and one payment at a time in small and large books.

    python -m benchmarks.serving_store bulk --payments 10000
    python -m benchmarks.serving_store online --items 10000 1000000

All data is synthetic. `bulk` takes payments into a store that holds their items and history, matches and
posts them, and prints payments a second, with and without reading their file. `online` fills stores with
more and more open items (copies of one book under other customers and numbers) and matches the same
payments in each, alternating between the stores, so that the load of the machine weighs on all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.book import Book, read_book
from features.bundle import base_bundle
from receivables.policy import Policy
from serving.cash_application import proposals_around
from serving.catch_up import catch_up
from serving.ingest import ingest_book
from serving.model_slot import LoadedModel
from serving.neighbourhood import neighbourhood
from serving.store.invariants import violations
from serving.store.migrations import migrate
from serving.store.store import Store
from training.synthetic import make_book, write_book

NOW = datetime(2026, 3, 31, tzinfo=UTC)
BOOK = "bench"


def synthetic(invoices: int, seed: int) -> Book:
    """Make a labelled book and read it as any other."""
    with tempfile.TemporaryDirectory() as folder:
        write_book(make_book(invoices, seed), Path(folder), parquet=True)
        return read_book(Path(folder))


def cut(book: Book, payments: int) -> tuple[Book, Book]:
    """Split off the last payments without what was applied of them: (the rest, these with their lines)."""
    order = pc.sort_indices(
        book.payments, sort_keys=[("booking_date", "ascending"), ("payment_id", "ascending")]
    )
    rows = book.payments.take(order)
    last = rows.slice(max(0, rows.num_rows - payments))
    ids = last["payment_id"].combine_chunks()

    def of(table: pa.Table, *, inside: bool) -> pa.Table:
        found = pc.is_in(table["payment_id"], value_set=ids)
        return table.filter(found if inside else pc.invert(found))

    unknown = pa.nulls(last.num_rows, pa.string())
    last = last.set_column(last.column_names.index("resolution"), last.schema.field("resolution"), unknown)
    invoices = book.invoices
    for name in ("open_amount_minor", "status"):
        field = invoices.schema.field(name)
        value = (
            pa.nulls(len(invoices), field.type)
            if name != "status"
            else pa.repeat(pa.scalar("open"), len(invoices))
        )
        invoices = invoices.set_column(invoices.column_names.index(name), field, value)
    rest = replace(
        book,
        invoices=invoices,
        payments=of(book.payments, inside=False),
        allocations=of(book.allocations, inside=False),
        remittance_lines=of(book.remittance_lines, inside=False),
    )
    empty = {
        name: book.table(name).slice(0, 0) for name in TABLES if name not in {"payments", "remittance_lines"}
    }
    lines = of(book.remittance_lines, inside=True)
    return rest, replace(book, **empty, payments=last, remittance_lines=lines)


TABLES = (
    "invoices", "payments", "customers", "customer_accounts", "own_accounts", "instalments",
    "remittance_lines", "fx_rates", "allocations",
)  # fmt: skip


def model() -> LoadedModel:
    """Give the base model."""
    bundle = base_bundle()
    return LoadedModel(bundle, Policy.from_dict(bundle.policy), bundle.name, "base")


@contextmanager
def stored(url: str | None) -> Iterator[Store]:
    """Open an empty store at `url`, or in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(url or f"sqlite:///{folder}/store.db")
        try:
            migrate(store)
            store.create_book(BOOK, BOOK, NOW)
            yield store
        finally:
            store.close()


def bulk(payments: int, url: str | None) -> dict[str, Any]:
    """Measure taking, matching and posting many payments."""
    before, new = cut(synthetic(int(payments * 2.7), 5), payments)
    using = model()
    with stored(url) as store:
        ingest_book(store, BOOK, before, NOW)
        started, worked = time.perf_counter(), time.process_time()
        ingest_book(store, BOOK, new, NOW)
        taken = time.perf_counter()
        done = catch_up(store, BOOK, using.bundle, using.policy, lambda: NOW, threads=2)
        ended, worked = time.perf_counter(), time.process_time() - worked
        with store.reading(BOOK) as tx:
            wrong = violations(tx)
    count = new.payments.num_rows
    return {
        "payments": count,
        "outcomes": dict(done.outcomes),
        "seconds": {"take": round(taken - started, 3), "match_and_post": round(ended - taken, 3)},
        "payments_per_second": round(count / (ended - started)),
        "cpu_seconds": round(worked, 2),
        "payments_per_cpu_second": round(count / worked),
        "violations": len(wrong),
    }


def multiplied(book: Book, times: int) -> Book:
    """Put copies of a book's customers and items beside it, under other ids, numbers and amounts."""
    rng = np.random.default_rng(1)
    tables = [book.invoices]
    for copy in range(1, times):
        invoices = book.invoices
        for name in ("invoice_id", "invoice_number", "customer_id", "customer_name", "payment_reference"):
            cells = pc.binary_join_element_wise(invoices[name], pa.scalar(f"{copy:04d}"), "-")
            invoices = invoices.set_column(
                invoices.column_names.index(name), invoices.schema.field(name), cells
            )
        amount = np.asarray(invoices["amount_minor"]) + rng.integers(1, 500_000, len(invoices))
        invoices = invoices.set_column(
            invoices.column_names.index("amount_minor"),
            invoices.schema.field("amount_minor"),
            pa.array(amount),
        )
        tables.append(invoices)
    return replace(book, invoices=pa.concat_tables(tables))


def online(items: list[int], payments: int) -> dict[str, Any]:
    """Measure one payment at a time in books of several sizes, taking turns."""
    before, new = cut(synthetic(10_000, 5), payments)
    open_items = before.invoices.num_rows
    ids = new.payments["payment_id"].to_pylist()
    using = model()
    with tempfile.TemporaryDirectory() as folder:
        stores = {}
        for count in items:
            store = Store(f"sqlite:///{folder}/{count}.db")
            migrate(store)
            store.create_book(BOOK, BOOK, NOW)
            ingest_book(store, BOOK, multiplied(before, max(1, round(count / open_items))), NOW)
            ingest_book(store, BOOK, new, NOW)
            stores[count] = store
        seconds: dict[int, list[float]] = {count: [] for count in items}
        for one in ids:
            for count, store in stores.items():
                started = time.perf_counter()
                with store.reading(BOOK) as tx:
                    proposals_around(neighbourhood(tx, [one]), using)
                seconds[count].append(time.perf_counter() - started)
        for store in stores.values():
            store.close()
    medians = {count: statistics.median(some) for count, some in seconds.items()}
    return {
        "payments": len(ids),
        "milliseconds": {
            count: {
                "p50": round(1000 * medians[count], 1),
                "p95": round(1000 * statistics.quantiles(some, n=20)[-1], 1),
                "least": round(1000 * min(some), 1),
            }
            for count, some in seconds.items()
        },
        "slower_by": round(medians[items[-1]] / medians[items[0]], 2),
    }


def main() -> None:
    """Measure what is asked and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("bulk", "online"))
    parser.add_argument("--payments", type=int, default=10_000)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--url", help="PostgreSQL or SQLite for `bulk`; default: a file of its own")
    given = parser.parse_args()
    found = bulk(given.payments, given.url) if given.what == "bulk" else online(given.items, given.payments)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
