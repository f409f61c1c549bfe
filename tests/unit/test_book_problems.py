"""Each mistake a row can carry is set aside with its code, its row and its cell, and costs that row only."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from features.book import Book, book_from_rows, read_book
from features.book_schema import CELL_LIMIT, TABLES
from features.quarantine import PROBLEMS
from tests.books import sound, written

KINDS = ("csv", "parquet", "rows")

# table, changes to its second row, the field and the code expected
MISTAKES: list[tuple[str, dict[str, str], str, str]] = [
    ("invoices", {"invoice_id": ""}, "invoice_id", "missing_value"),
    ("invoices", {"customer_id": "  "}, "customer_id", "missing_value"),
    ("invoices", {"amount": ""}, "amount", "missing_value"),
    ("invoices", {"issue_date": ""}, "issue_date", "missing_value"),
    ("invoices", {"currency": ""}, "currency", "missing_value"),
    ("invoices", {"amount": "twelve"}, "amount", "bad_amount"),
    ("invoices", {"amount": "€ 12"}, "amount", "bad_amount"),
    ("invoices", {"amount": "1e3"}, "amount", "bad_amount"),
    ("invoices", {"amount": "NaN"}, "amount", "bad_amount"),
    ("invoices", {"amount": "12.50"}, "amount", "too_many_decimals"),
    ("invoices", {"currency": "EUR", "amount": "10.005"}, "amount", "too_many_decimals"),
    ("invoices", {"currency": "BHD", "amount": "1.2345"}, "amount", "too_many_decimals"),
    ("invoices", {"currency": "EUR", "amount": "10000000000000.01"}, "amount", "amount_out_of_range"),
    ("invoices", {"amount": "9" * 300}, "amount", "amount_out_of_range"),
    ("invoices", {"amount": "9" * 600}, "amount", "cell_too_long"),
    ("invoices", {"amount": "-5"}, "amount", "negative_amount"),
    ("invoices", {"amount": "0"}, "amount", "zero_amount"),
    ("invoices", {"open_amount": "-1"}, "open_amount", "negative_amount"),
    ("invoices", {"tax_amount": "-1"}, "tax_amount", "negative_amount"),
    ("invoices", {"discount_base": "-1"}, "discount_base", "negative_amount"),
    ("invoices", {"currency": "EURO"}, "currency", "unknown_currency"),
    ("invoices", {"currency": "XXX"}, "currency", "unknown_currency"),
    ("invoices", {"issue_date": "31.01.2025"}, "issue_date", "bad_date"),
    ("invoices", {"issue_date": "2025-02-30"}, "issue_date", "bad_date"),
    ("invoices", {"issue_date": "1899-12-31"}, "issue_date", "bad_date"),
    ("invoices", {"due_date": "soon"}, "due_date", "bad_date"),
    ("invoices", {"known_at": "yesterday"}, "known_at", "bad_instant"),
    ("invoices", {"type": "invoyce"}, "type", "unknown_word"),
    ("invoices", {"status": "paid"}, "status", "unknown_word"),
    ("invoices", {"discount_percent": "101"}, "discount_percent", "percent_out_of_range"),
    ("invoices", {"discount_percent": "-1"}, "discount_percent", "percent_out_of_range"),
    ("invoices", {"discount_percent": "two"}, "discount_percent", "bad_number"),
    ("invoices", {"invoice_id": "I1"}, "invoice_id", "duplicate_id"),
    ("payments", {"payment_id": "P1"}, "payment_id", "duplicate_id"),
    ("payments", {"booking_date": "2025-13-01"}, "booking_date", "bad_date"),
    ("payments", {"received_at": "2025-03-01T25:00:00Z"}, "received_at", "bad_instant"),
    ("payments", {"kind": "cash"}, "kind", "unknown_word"),
    ("payments", {"resolution": "done"}, "resolution", "unknown_word"),
    ("payments", {"original_amount": "5"}, "original_amount", "missing_currency"),
    (
        "payments",
        {"original_amount": "5", "original_currency": "ZZZ"},
        "original_currency",
        "unknown_currency",
    ),
    (
        "payments",
        {"original_amount": "1.5", "original_currency": "JPY"},
        "original_amount",
        "too_many_decimals",
    ),
    ("payments", {"charges": "0.5"}, "charges", "too_many_decimals"),
    ("payments", {"remittance": "x" * (CELL_LIMIT + 1)}, "remittance", "cell_too_long"),
    ("customers", {"customer_id": ""}, "customer_id", "missing_value"),
    ("customers", {"customer_id": "C1"}, "customer_id", "duplicate_id"),
    ("customers", {"parent_id": "C2"}, "parent_id", "self_parent"),
    ("customer_accounts", {"account": ""}, "account", "missing_value"),
    ("own_accounts", {"currency": "??"}, "currency", "unknown_currency"),
    ("own_accounts", {"account": "O1"}, "account", "duplicate_id"),
    ("instalments", {"invoice_id": "I9"}, "invoice_id", "unknown_invoice"),
    ("instalments", {"amount": "0.000"}, "amount", "zero_amount"),
    ("instalments", {"amount": "-1.000"}, "amount", "negative_amount"),
    ("instalments", {"due_date": "02/03/2025"}, "due_date", "bad_date"),
    ("remittance_lines", {"payment_id": "P9"}, "payment_id", "unknown_payment"),
    ("remittance_lines", {"kind": "tip"}, "kind", "unknown_word"),
    ("remittance_lines", {"amount": "x"}, "amount", "bad_amount"),
    ("remittance_lines", {"deduction": "0.001"}, "deduction", "too_many_decimals"),
    ("fx_rates", {"rate": "0"}, "rate", "rate_out_of_range"),
    ("fx_rates", {"rate": "-1.5"}, "rate", "rate_out_of_range"),
    ("fx_rates", {"rate": "par"}, "rate", "bad_number"),
    ("fx_rates", {"quote": "JPN"}, "quote", "unknown_currency"),
    ("fx_rates", {"date": "2025-03-01"}, "date", "duplicate_id"),
    ("allocations", {"payment_id": "P9"}, "payment_id", "unknown_payment"),
    ("allocations", {"invoice_id": "I9"}, "invoice_id", "unknown_invoice"),
    ("allocations", {"amount": ""}, "amount", "missing_value"),
    ("allocations", {"amount": "0.5"}, "amount", "too_many_decimals"),
    ("allocations", {"decided_at": "2025-02-30"}, "decided_at", "bad_instant"),
    ("allocations", {"pi": "0"}, "pi", "share_out_of_range"),
    ("allocations", {"pi": "1.5"}, "pi", "share_out_of_range"),
]


def opened(kind: str, tables: dict[str, list[dict[str, str]]], folder: Path) -> Book:
    """Read `tables` through one of the doors."""
    return book_from_rows(tables) if kind == "rows" else read_book(written(folder, tables, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("table", "change", "column", "code"), MISTAKES)
def test_a_mistake_is_named_and_costs_its_row_only(
    kind: str, table: str, change: dict[str, str], column: str, code: str, tmp_path: Path
) -> None:
    tables = sound()
    tables[table][1].update(change)
    book = opened(kind, tables, tmp_path)
    own = [problem for problem in book.problems.to_pylist() if problem["file"].partition(".")[0] == table]
    assert [(problem["row"], problem["field"], problem["code"]) for problem in own] == [
        (2 if kind == "rows" else 3, column, code)
    ]
    assert own[0]["raw"] == ("" if code == "missing_value" else change[column].strip()[:500]) or (
        code == "duplicate_id"
    )
    assert (own[0]["message"], own[0]["mend"]) == PROBLEMS[code]
    assert book.table(table).num_rows == len(tables[table]) - 1
    assert book.quarantined == book.problems.num_rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_book_has_no_problem(kind: str, tmp_path: Path) -> None:
    tables = sound()
    book = opened(kind, tables, tmp_path)
    assert book.problems.num_rows == 0
    assert book.quarantined == 0
    for spec in TABLES:
        assert book.table(spec.name).num_rows == len(tables[spec.name])
        assert book.table(spec.name).schema == spec.schema


def test_several_mistakes_in_a_row_are_all_named() -> None:
    tables = sound()
    tables["invoices"][0].update(amount="x", issue_date="y", currency="z")
    book = book_from_rows(tables)
    first = [problem for problem in book.problems.to_pylist() if problem["file"] == "invoices"]
    # The amount waits for its currency: without one nothing can be said about its decimals.
    assert [problem["field"] for problem in first] == ["currency", "issue_date"]


def test_a_row_that_says_the_same_again_is_one_row() -> None:
    tables = sound()
    again = dict(tables["invoices"][0], amount="100.0", status="OPEN", known_at="2025-09-09")
    tables["invoices"].append(again)
    tables["customer_accounts"].append(dict(tables["customer_accounts"][0]))
    book = book_from_rows(tables)
    assert book.problems.num_rows == 0
    assert book.invoices.num_rows == 3
    assert book.customer_accounts.num_rows == 2
    assert str(book.invoices["known_at"][0].as_py()) == "2025-01-01 00:00:00+00:00"


def test_of_two_rows_with_one_id_the_first_stays_and_the_id_is_doubtful() -> None:
    tables = sound()
    tables["invoices"].append(dict(tables["invoices"][0], amount="100.01"))
    book = book_from_rows(tables)
    assert [(p["row"], p["code"], p["raw"]) for p in book.problems.to_pylist()] == [(4, "duplicate_id", "I1")]
    assert book.invoices["amount_minor"].to_pylist() == [10000, 1250, 9875]
    assert book.doubtful_invoices.to_pylist() == ["I1"]


def test_a_mended_row_after_a_bad_one_is_used() -> None:
    tables = sound()
    tables["payments"].append(dict(tables["payments"][0]))
    tables["payments"][0]["amount"] = "1oo.00"
    book = book_from_rows(tables)
    assert [p["code"] for p in book.problems.to_pylist()] == ["bad_amount"]
    assert sorted(book.payments["payment_id"].to_pylist()) == ["P1", "P2", "P3"]


def test_a_payment_with_a_lost_allocation_is_doubtful() -> None:
    tables = sound()
    tables["allocations"][0]["invoice_id"] = "archived"
    tables["remittance_lines"][0].update(payment_id="P3", amount="x")
    book = book_from_rows(tables)
    assert book.doubtful_payments.to_pylist() == ["P1", "P3"]
    assert book.doubtful_invoices.to_pylist() == []


def test_of_a_circle_of_parents_one_row_is_set_aside() -> None:
    circle = [{"customer_id": f"C{n}", "parent_id": f"C{(n + 1) % 3}"} for n in range(3)]
    below = {"customer_id": "D", "parent_id": "C0"}
    book = book_from_rows({"customers": [*circle, below]})
    assert [(p["row"], p["field"], p["code"]) for p in book.problems.to_pylist()] == [
        (3, "parent_id", "parent_circle")
    ]
    assert book.customers["customer_id"].to_pylist() == ["C0", "C1", "D"]


def test_the_quarantine_file_lists_each_problem(tmp_path: Path) -> None:
    tables = sound()
    tables["payments"][1]["amount"] = "=1+1"
    target = tmp_path / "out" / "quarantine.csv"
    book = read_book(written(tmp_path / "book", tables), quarantine_to=target)
    with target.open(encoding="utf-8", newline="") as file:
        listed: list[dict[str, Any]] = list(csv.DictReader(file))
    assert list(listed[0]) == ["file", "row", "field", "code", "message", "mend", "raw"]
    assert [(p["file"], p["row"], p["raw"]) for p in listed][-1] == ("payments.csv", "3", "=1+1")
    assert len(listed) == book.problems.num_rows


def test_a_clean_book_writes_no_quarantine_and_empties_an_older_one(tmp_path: Path) -> None:
    folder = written(tmp_path / "book", sound())
    read_book(folder, quarantine_to=tmp_path)
    assert not (tmp_path / "quarantine.csv").exists()
    (tmp_path / "quarantine.csv").write_text("old", encoding="utf-8")
    read_book(folder, quarantine_to=tmp_path)
    assert (tmp_path / "quarantine.csv").read_text(
        encoding="utf-8"
    ) == "file,row,field,code,message,mend,raw\n"


def test_the_raw_cell_is_cut() -> None:
    tables = sound()
    tables["payments"][0]["remittance"] = "ü" * (CELL_LIMIT + 1)
    problem = next(p for p in book_from_rows(tables).problems.to_pylist() if p["code"] == "cell_too_long")
    assert problem["raw"] == "ü" * 500
