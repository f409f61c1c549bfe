"""A book as a whole: files, defaults, when rows became known, rows given in memory, writing it back."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from features.book import BookError, book_from_rows, read_book
from features.book_schema import TABLES
from features.book_writing import write_book
from receivables.errors import TieoutError
from tests.books import sound, written


def test_invoices_and_payments_alone_are_a_book(tmp_path: Path) -> None:
    tables = {name: sound()[name] for name in ("invoices", "payments")}
    book = read_book(written(tmp_path, tables))
    assert book.problems.num_rows == 0
    for spec in TABLES:
        assert book.table(spec.name).schema == spec.schema
    assert book.allocations.num_rows == 0


def test_every_file_is_named_with_its_digest(tmp_path: Path) -> None:
    folder = written(tmp_path, sound())
    (folder / "notes.txt").write_text("not a table", encoding="utf-8")
    (folder / "truth_kinds.csv").write_text("payment_id,kind_of_case\n", encoding="utf-8")
    book = read_book(folder)
    assert set(book.sources) == {f"{spec.name}.csv" for spec in TABLES}
    wanted = hashlib.sha256((folder / "payments.csv").read_bytes()).hexdigest()
    assert book.sources["payments.csv"] == wanted


@pytest.mark.parametrize("lost", ["invoices", "payments"])
def test_a_book_without_a_required_table_is_refused(tmp_path: Path, lost: str) -> None:
    tables = sound()
    del tables[lost]
    with pytest.raises(BookError) as caught:
        read_book(written(tmp_path, tables))
    assert caught.value.code == "missing_table"
    assert lost in caught.value.message


def test_a_table_in_two_files_is_refused(tmp_path: Path) -> None:
    written(tmp_path, sound())
    written(tmp_path, {"payments": sound()["payments"]}, "parquet")
    with pytest.raises(BookError, match=r"payments.csv and payments.parquet") as caught:
        read_book(tmp_path)
    assert caught.value.code == "duplicate_table"


@pytest.mark.parametrize("place", ["nowhere", "file.csv"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file.csv").write_text("", encoding="utf-8")
    with pytest.raises(TieoutError) as caught:
        read_book(tmp_path / place)
    assert caught.value.code == "missing_table"


def test_a_table_the_contract_does_not_know_is_refused_in_memory() -> None:
    with pytest.raises(BookError) as caught:
        book_from_rows({"invoyces": []})
    assert caught.value.code == "unknown_table"


def test_an_invoice_says_its_defaults() -> None:
    row = {
        "invoice_id": "I1",
        "customer_id": "C",
        "currency": "EUR",
        "amount": "1",
        "issue_date": "2025-01-01",
    }
    filled = book_from_rows({"invoices": [row]}).invoices.to_pylist()[0]
    assert (filled["invoice_number"], filled["type"], filled["status"]) == ("I1", "invoice", "open")
    assert filled["open_amount_minor"] is None
    assert filled["known_at"] == datetime(2025, 1, 1, tzinfo=UTC)


def test_words_may_be_written_loosely() -> None:
    tables = sound()
    tables["invoices"][0].update(type="Credit Memo", status="On-Hold")
    invoices = book_from_rows(tables).invoices
    assert (invoices["type"][0].as_py(), invoices["status"][0].as_py()) == ("credit_memo", "on_hold")


def test_a_row_is_known_from_its_first_date_or_from_that_of_its_owner() -> None:
    tables: dict[str, list[dict[str, Any]]] = {name: list(rows) for name, rows in sound().items()}
    tables["payments"][0]["received_at"] = "2025-03-01T07:30:00Z"
    book = book_from_rows(tables)

    def known(table: str) -> list[str]:
        return [f"{moment:%m-%d %H:%M}" for moment in book.table(table)["known_at"].to_pylist()]

    assert known("invoices") == ["01-01 00:00", "01-02 00:00", "01-03 00:00"]
    assert known("payments") == ["03-01 07:30", "03-02 00:00", "03-03 00:00"]
    assert known("instalments") == ["01-01 00:00", "01-03 00:00"]
    assert known("remittance_lines") == ["03-01 07:30", "03-01 07:30"]
    assert known("allocations") == ["03-02 08:00", "03-02 00:00"]
    assert known("fx_rates") == ["03-01 00:00", "03-02 00:00"]
    for table in ("customers", "customer_accounts", "own_accounts"):
        assert set(book.table(table)["known_at"].to_pylist()) == {datetime(1970, 1, 1, tzinfo=UTC)}


def test_a_known_at_of_its_own_stands_before_any_default() -> None:
    tables = sound()
    for rows in tables.values():
        for row in rows:
            row["known_at"] = "2024-12-31T12:00:00Z"
    book = book_from_rows(tables)
    for spec in TABLES:
        assert set(book.table(spec.name)["known_at"].to_pylist()) == {datetime(2024, 12, 31, 12, tzinfo=UTC)}


def test_amounts_take_the_decimals_of_the_currency_they_are_in() -> None:
    tables = sound()
    tables["payments"][1].update(original_amount="7.750", original_currency="BHD", charges="10")
    tables["remittance_lines"][1].update(payment_id="P2", amount="500", deduction="1")
    book = book_from_rows(tables)
    assert book.payments["original_amount_minor"].to_pylist() == [None, 7750, None]
    assert book.payments["charges_minor"].to_pylist() == [None, 10, None]
    assert book.instalments["amount_minor"].to_pylist() == [5000, 4875]
    assert book.remittance_lines["amount_minor"].to_pylist() == [6000, 500]
    assert book.allocations["amount_minor"].to_pylist() == [10000, 1250]


def test_values_in_memory_are_read_by_their_digits() -> None:
    row: dict[str, object] = {
        "invoice_id": 7,
        "customer_id": "C",
        "currency": "EUR",
        "amount": Decimal("1E+2"),
        "issue_date": date(2025, 1, 1),
        "open_amount": 0.1,
        "tax_amount": 3,
        "discount_base": float("nan"),
        "discount_percent": None,
        "known_at": datetime(2025, 1, 1, 8, tzinfo=UTC),
    }
    invoice = book_from_rows({"invoices": [row]}).invoices.to_pylist()[0]
    assert invoice["invoice_id"] == "7"
    assert (invoice["amount_minor"], invoice["open_amount_minor"], invoice["tax_amount_minor"]) == (
        10000,
        10,
        300,
    )
    assert invoice["discount_base_minor"] is None
    assert invoice["known_at"].hour == 8


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(10**5000, "amount_out_of_range", id="huge"),
        (Decimal("1E+999999"), "amount_out_of_range"),
        (1e300, "amount_out_of_range"),
        (float("inf"), "bad_amount"),
        (Decimal("NaN"), "bad_amount"),
        (True, "bad_amount"),
        ({"value": 1}, "bad_amount"),
        ("\ud800", "bad_utf8"),
        ("1\x00", "bad_amount"),
    ],
)
def test_a_value_no_file_could_hold_is_a_problem_and_not_a_crash(value: object, code: str) -> None:
    tables: dict[str, list[dict[str, Any]]] = {"payments": [dict(sound()["payments"][0])]}
    tables["payments"][0]["amount"] = value
    assert book_from_rows(tables).problems["code"].to_pylist() == [code]


def test_a_number_in_memory_is_canonical_whatever_its_neighbours() -> None:
    rows: list[dict[str, Any]] = [dict(sound()["payments"][0], payment_id=f"P{n}") for n in range(3)]
    for row, amount in zip(rows, ["1.500", "1.234,56", "1,500"], strict=True):
        row["amount"] = amount
    book = book_from_rows({"payments": rows})
    assert book.payments["amount_minor"].to_pylist() == [150, 123456]
    assert book.problems["code"].to_pylist() == ["ambiguous_amount"]


def test_columns_nobody_knows_are_named_and_ignored(tmp_path: Path) -> None:
    tables = sound()
    for row in tables["payments"]:
        row["Shoe size"] = "44"
    assert book_from_rows(tables).unknown_columns == {"payments": ("Shoe size",)}
    assert read_book(written(tmp_path, tables)).unknown_columns == {"payments.csv": ("Shoe size",)}


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    tables = sound()
    tables["payments"][0]["amount"] = "x"
    written(tmp_path, tables)
    one, other = read_book(tmp_path), read_book(tmp_path)
    for spec in TABLES:
        assert one.table(spec.name).equals(other.table(spec.name))
    assert one.problems.equals(other.problems)
    assert one.sources == other.sources


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_book_written_and_read_is_the_same_book(tmp_path: Path, kind: Literal["csv", "parquet"]) -> None:
    tables = sound()
    tables["payments"][0].update(remittance='a "b", c;\nd', received_at="2025-03-01T07:30:00.25Z")
    book = book_from_rows(tables)
    write_book(book, tmp_path, kind=kind)
    again = read_book(tmp_path)
    assert again.problems.num_rows == 0
    for spec in TABLES:
        assert again.table(spec.name).equals(book.table(spec.name)), spec.name
    assert not (tmp_path / "truth.csv").exists()


def test_a_book_of_nothing_is_written_as_two_headers(tmp_path: Path) -> None:
    write_book(book_from_rows({}), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["invoices.csv", "payments.csv"]
    assert read_book(tmp_path).payments.num_rows == 0
