"""Laws of the store: money is conserved, saying it again changes nothing, and order does not matter."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.book import Book, book_from_rows
from serving.cash_application import apply_items, apply_payments
from serving.ingest import ingest_rows
from serving.store.store import Store
from tests.served import TABLE_NAMES, final_state, ready_model, run
from tests.stores import NOW, copied_store

QUICK = 4
"""Orders tried every time; the proof tries as many as its profile says."""

CUSTOMERS = {"C-1": "Nordlicht Maschinenbau GmbH", "C-2": "Harbour Foods Ltd", "C-3": "Atelier Dubois SARL"}


@cache
def book() -> Book:
    """Twelve items of three customers, some history, ten payments: named, twins, partial, unknown, twice."""
    invoices = [
        {
            "invoice_id": f"INV-2025-00{4100 + number}",
            "customer_id": customer,
            "customer_name": CUSTOMERS[customer],
            "currency": "EUR",
            "amount": amount,
            "issue_date": f"2025-0{1 + number // 5}-1{number % 10}",
            "due_date": f"2025-0{2 + number // 5}-1{number % 10}",
        }
        for number, (customer, amount) in enumerate(
            [
                ("C-1", "310.00"), ("C-2", "99.90"), ("C-3", "915.20"), ("C-1", "1234.50"), ("C-1", "480.00"),
                ("C-2", "650.00"), ("C-2", "650.00"), ("C-3", "77.35"), ("C-3", "210.00"), ("C-1", "55.10"),
                ("C-2", "1000.00"), ("C-3", "333.33"),
            ]
        )
    ]  # fmt: skip
    paid = [
        ("P-0", "2025-03-04", "310.00", "NORDLICHT MASCHINENBAU", "INV-2025-004100"),
        ("P-1", "2025-03-05", "99.90", "HARBOUR FOODS LTD", "INV-2025-004101"),
        ("P-2", "2025-04-01", "1234.50", "NORDLICHT MASCHINENBAU", "INV-2025-004103"),
        ("P-3", "2025-04-01", "650.00", "HARBOUR FOODS LTD", "invoice march"),
        ("P-4", "2025-04-02", "915.20", "ATELIER DUBOIS", "INV-2025-004102"),
        ("P-5", "2025-04-02", "915.20", "ATELIER DUBOIS", "INV-2025-004102"),
        ("P-6", "2025-04-03", "535.10", "NORDLICHT MASCHINENBAU", "2025-004104 und 4109"),
        ("P-7", "2025-04-03", "400.00", "HARBOUR FOODS LTD", "part of INV-2025-004110"),
        ("P-8", "2025-04-04", "77.35", "M. PETIT", ""),
        ("P-9", "2025-04-05", "-12.90", "", "KONTOFUEHRUNGSENTGELT 03/2025"),
    ]
    payments = [
        {
            "payment_id": one, "booking_date": day, "currency": "EUR", "amount": amount,
            "payer_name": name or None, "remittance": text or None,
        }
        for one, day, amount, name, text in paid
    ]  # fmt: skip
    history = [("P-0", "INV-2025-004100", "310.00"), ("P-1", "INV-2025-004101", "99.90")]
    allocations = [
        {"payment_id": one, "invoice_id": item, "amount": amount, "decided_at": "2025-03-06T00:00:00Z"}
        for one, item, amount in history
    ]
    tables: dict[str, Any] = {"invoices": invoices, "payments": payments, "allocations": allocations}
    made = book_from_rows(tables)
    assert made.quarantined == 0
    return made


def part(table: str, rows: list[int]) -> Book:
    """Give a book of some rows of one table."""
    empty = {name: book().table(name).slice(0, 0) for name in TABLE_NAMES if name != table}
    return replace(book(), **empty, **{table: book().table(table).take(pa.array(rows, pa.int64()))})


@cache
def in_one_go() -> dict[str, Any]:
    """Take everything in the order of the file and match it once."""
    with copied_store("acme") as store:
        for table in ("invoices", "payments", "allocations"):
            take(store, table, list(range(book().table(table).num_rows)))
        run(store)
        return final_state(store)


def take(store: Store, table: str, rows: list[int]) -> None:
    with store.transaction("acme") as tx:
        assert ingest_rows(tx, part(table, rows), NOW).refusals == []


HISTORIC = 2
"""Payments of the book that have history: they come before it, as everything that is pointed to does."""


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Rows in any order and batches, some more than once; only history waits for what it points to."""
    rows = [(table, row) for table in ("invoices", "payments") for row in range(book().table(table).num_rows)]
    again = draw(st.lists(st.sampled_from(rows), max_size=6))
    order = draw(st.permutations([*rows, *again]))
    past = [("allocations", row) for row in range(HISTORIC)]
    flow: list[tuple[str, int]] = [*order, *past, *draw(st.lists(st.sampled_from(past), max_size=2))]
    out: list[tuple[str, list[int]]] = []
    for table, row in flow:
        if out and out[-1][0] == table and row not in out[-1][1] and draw(st.integers(0, 9)):
            out[-1][1].append(row)
        else:
            out.append((table, [row]))
    return out


@pytest.mark.parametrize("seed", range(QUICK))
def test_some_orders_of_what_comes_end_in_the_same_state(seed: int) -> None:
    shuffled = random.Random(seed)
    rows = [(table, row) for table in ("invoices", "payments") for row in range(book().table(table).num_rows)]
    flow = [(table, [row]) for table, row in [*rows, *shuffled.choices(rows, k=6)]]
    shuffled.shuffle(flow)
    ends_as_in_one_go([*flow, ("allocations", list(range(HISTORIC))), flow[0]])


@pytest.mark.proof
@given(flow=deliveries())
def test_the_final_state_does_not_depend_on_the_order_or_repetition_of_what_comes(
    flow: list[tuple[str, list[int]]],
) -> None:
    ends_as_in_one_go(flow)


def ends_as_in_one_go(flow: list[tuple[str, list[int]]]) -> None:
    with copied_store("acme") as store:
        for table, rows in flow:
            take(store, table, rows)
        run(store)
        assert final_state(store) == in_one_go()


@pytest.mark.parametrize("seed", range(QUICK))
def test_money_is_conserved_when_the_last_rows_are_matched_at_once(seed: int) -> None:
    """The last few rows come one by one, in any order, and are matched at once."""
    rows = [("invoices", row) for row in range(12)] + [("payments", row) for row in range(10)]
    last = random.Random(seed).sample(rows, 3)
    with copied_store("acme") as store:
        for table in ("invoices", "payments"):
            take(
                store, table, [row for row in range(book().table(table).num_rows) if (table, row) not in last]
            )
        run(store)
        one_by_one(store, last)


@pytest.mark.proof
@given(st.permutations([("invoices", row) for row in range(12)] + [("payments", row) for row in range(10)]))
def test_money_is_conserved_when_everything_is_matched_at_once(order: list[tuple[str, int]]) -> None:
    with copied_store("acme") as store:
        one_by_one(store, order)


def one_by_one(store: Store, order: list[tuple[str, int]]) -> None:
    """Take and match row by row; all the cash is there in the end, and saying it again changes nothing."""
    using = ready_model()
    for table, row in order:
        with store.transaction("acme") as tx:
            intake = ingest_rows(tx, part(table, [row]), NOW)
            apply_items(tx, intake.items, using, NOW)
            apply_payments(tx, intake.payments, using, NOW)
    before = final_state(store)
    cash = sum(amount for account, _, amount, *_ in before["postings"] if account == "Assets:Cash:Clearing")
    assert cash == sum(book().payments["amount_minor"].to_pylist())
    for table, row in order:
        take(store, table, [row])
    assert final_state(store) == before


@pytest.mark.proof
@given(flow=deliveries(), cuts=st.sets(st.integers(0, 30), max_size=4))
def test_runs_in_between_keep_every_invariant(flow: list[tuple[str, list[int]]], cuts: set[int]) -> None:
    with copied_store("acme") as store:
        for place, (table, rows) in enumerate(flow):
            if table != "allocations":
                take(store, table, rows)
            if place in cuts:
                run(store)
                final_state(store)
        run(store)
        final_state(store)
