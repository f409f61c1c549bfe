"""CSV files as other systems write them: separators, marks, encodings and torn rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from features import csv_file
from features.book import Book, BookError, read_book

INVOICES = b"invoice_id,customer_id,currency,amount,issue_date\nI1,C1,EUR,100.00,2025-01-01\n"
PAYMENTS = "payment_id,booking_date,currency,amount,remittance\n"


def book_of(folder: Path, payments: str | bytes, invoices: bytes = INVOICES) -> Book:
    (folder / "invoices.csv").write_bytes(invoices)
    (folder / "payments.csv").write_bytes(payments.encode() if isinstance(payments, str) else payments)
    return read_book(folder)


def problems(book: Book) -> list[tuple[int, str, str]]:
    return [(p["row"], p["field"], p["code"]) for p in book.problems.to_pylist()]


def ids(book: Book) -> list[str]:
    found: list[str] = book.payments["payment_id"].to_pylist()
    return found


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_layout_is_found(tmp_path: Path, delimiter: str, end: str, mark: str) -> None:
    lines = [
        ["payment_id", "booking_date", "currency", "amount", "remittance"],
        ["P1", "2025-01-01", "EUR", "1.50", "ä"],
    ]
    book = book_of(tmp_path, mark + end.join(delimiter.join(line) for line in lines) + end)
    assert problems(book) == []
    assert book.payments["amount_minor"].to_pylist() == [150]
    assert book.payments["remittance"].to_pylist() == ["ä"]


def test_a_header_may_be_sloppy_and_columns_stand_in_any_order(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, ' Amount ,"CURRENCY",Booking Date,payment-id,Colour\n1.50,EUR,2025-01-01,P1,red\n'
    )
    assert ids(book) == ["P1"]
    assert book.unknown_columns == {"payments.csv": ("Colour",)}


def test_a_hint_and_empty_lines_before_the_header_are_passed_over(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, "sep=;\n\npayment_id;booking_date;currency;amount\nP1;2025-01-01;EUR;1,50\nP2;x;EUR;1,50\n"
    )
    assert book.payments["amount_minor"].to_pylist() == [150]
    assert problems(book) == [(5, "booking_date", "bad_date")]


def test_a_header_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    text = 'payment_id,"note\nof old",booking_date,currency,amount\nP1,,2025-01-01,EUR,1\nP2,,x,EUR,1\n'
    assert problems(book_of(tmp_path, text)) == [(3, "booking_date", "bad_date")]


def test_quoted_text_holds_separators_marks_and_line_breaks(tmp_path: Path) -> None:
    text = PAYMENTS + 'P1,2025-01-01,EUR,1,"one, ""two""\nthree"\nP2,2025-01-01,EUR,x,\n'
    book = book_of(tmp_path, text)
    assert book.payments["remittance"].to_pylist() == ['one, "two"\nthree']
    assert problems(book) == [(3, "amount", "bad_amount")]


def test_empty_lines_keep_the_row_numbers(tmp_path: Path) -> None:
    book = book_of(tmp_path, PAYMENTS + "P1,2025-01-01,EUR,1,\n\n,,,,\nP2,2025-01-01,EUR,x,\n")
    assert ids(book) == ["P1"]
    assert problems(book) == [(5, "amount", "bad_amount")]


def test_a_row_with_cells_missing_or_to_spare_is_torn(tmp_path: Path) -> None:
    text = (
        PAYMENTS
        + "P1,2025-01-01,EUR,1\nP2,2025-01-01,EUR,1,a,b\nP3,2025-01-01,EUR,1,a,,\nP4,2025-01-01,EUR,1,a\n"
    )
    book = book_of(tmp_path, text)
    assert ids(book) == ["P3", "P4"]
    assert problems(book) == [(2, "", "bad_row"), (3, "", "bad_row")]
    assert book.problems["raw"].to_pylist()[0] == "P1,2025-01-01,EUR,1"


@pytest.mark.parametrize(
    "torn",
    [
        'P1,2025-01-01,EUR,1,"never closed',
        'P1,2025-01-01,EUR,1,"closed" too early',
        'P1,2025-01-01,EUR,1,"rent"",',
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_mark_that_is_not_closed_costs_its_own_row(tmp_path: Path, torn: str, place: int) -> None:
    rows = ['P2,2025-01-01,EUR,1,"in ""marks"""', "P3,2025-01-01,EUR,1,plain"]
    rows.insert(place, torn)
    book = book_of(tmp_path, PAYMENTS + "\n".join(rows) + "\n")
    assert ids(book) == ["P2", "P3"]
    assert problems(book) == [(place + 2, "", "bad_row")]


def test_two_marks_left_open_do_not_swallow_the_row_between(tmp_path: Path) -> None:
    rows = ['P1,2025-01-01,EUR,1,"Rent', 'P2,2025-01-01,EUR,1,"Rent', "P3,2025-01-01,EUR,1,x"]
    book = book_of(tmp_path, PAYMENTS + "\n".join(rows) + "\n")
    assert ids(book) == ["P3"]
    assert problems(book) == [(2, "", "bad_row"), (3, "", "bad_row")]


def test_an_inch_sign_in_plain_text_is_text(tmp_path: Path) -> None:
    book = book_of(tmp_path, PAYMENTS + 'P1,2025-01-01,EUR,1,5" pipe\n')
    assert book.payments["remittance"].to_pylist() == ['5" pipe']


def test_broken_utf8_costs_its_row_only(tmp_path: Path) -> None:
    text = PAYMENTS.encode() + b"P1,2025-01-01,EUR,1,Stra\xdfe\nP2,2025-01-01,EUR,1,Stra\xc3\x9fe\n"
    book = book_of(tmp_path, text)
    assert ids(book) == ["P2"]
    assert problems(book) == [(2, "remittance", "bad_utf8")]
    assert book.problems["raw"].to_pylist() == ["Stra\ufffde"]


def test_broken_utf8_in_a_column_nobody_reads_costs_nothing(tmp_path: Path) -> None:
    text = b"payment_id,booking_date,currency,amount,colour\nP1,2025-01-01,EUR,1,\xff\nP2,2025-01-01,EUR,1\n"
    book = book_of(tmp_path, text)
    assert ids(book) == ["P1"]
    assert problems(book) == [(3, "", "bad_row")]


@pytest.mark.parametrize("size", [70_000, 10_000_000])
@pytest.mark.parametrize("column", ["remittance", "amount"])
def test_a_cell_of_ten_million_characters_costs_its_row_only(tmp_path: Path, size: int, column: str) -> None:
    long = "7" * size
    cells = {"amount": "1", "remittance": "x"} | {column: long}
    rows = [
        "P1,2025-01-01,EUR,1,x",
        f"P2,2025-01-01,EUR,{cells['amount']},{cells['remittance']}",
        "P3,2025-01-01,EUR,1,x",
    ]
    book = book_of(tmp_path, PAYMENTS + "\n".join(rows) + "\n")
    assert ids(book) == ["P1", "P3"]
    assert problems(book) == [(3, column, "cell_too_long")]
    assert book.problems["raw"].to_pylist() == ["7" * 500]


def test_a_long_quoted_cell_of_many_lines_costs_its_row_only(tmp_path: Path) -> None:
    long = '"' + "line\n" * 30_000 + '"'
    book = book_of(tmp_path, PAYMENTS + f"P1,2025-01-01,EUR,1,{long}\nP2,2025-01-01,EUR,1,x\n")
    assert ids(book) == ["P2"]
    assert problems(book) == [(2, "remittance", "cell_too_long")]


def test_a_row_beyond_every_bound_is_named_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "RECORD_LIMIT", 1000)
    rows = [
        "P1,2025-01-01,EUR,1,x",
        "P2,2025-01-01,EUR,1," + "y" * 3000,
        'P3,2025-01-01,EUR,1,"' + "z\n" * 800,
        "P4,2025-01-01,EUR,1,x",
    ]
    book = book_of(tmp_path, PAYMENTS + "\n".join(rows) + "\nP5,2025-01-01,EUR\n")
    assert ids(book) == ["P1", "P4"]
    assert (3, "", "bad_row") in problems(book)
    assert {code for _, _, code in problems(book)} == {"bad_row"}


def test_a_file_pasted_after_itself_changes_nothing(tmp_path: Path) -> None:
    payments = PAYMENTS + "P1,2025-01-01,EUR,1,x\n"
    allocations = "payment_id,invoice_id,amount\nP1,I1,0.50\nP1,I1,0.50\n"
    (tmp_path / "allocations.csv").write_text(allocations * 2, encoding="utf-8")
    book = book_of(tmp_path, payments * 2, INVOICES * 2)
    assert problems(book) == []
    assert (book.invoices.num_rows, book.payments.num_rows, book.allocations.num_rows) == (1, 1, 2)


def test_a_torn_allocation_makes_its_payment_doubtful(tmp_path: Path) -> None:
    (tmp_path / "allocations.csv").write_bytes(
        b"payment_id,invoice_id,amount,reason\nP1,I1\nP2,I1,0.50,\xff\nP3,I1,0.25,\n"
    )
    rows = "".join(f"P{number},2025-01-01,EUR,1,x\n" for number in (1, 2, 3))
    book = book_of(tmp_path, PAYMENTS + rows)
    assert book.doubtful_payments.to_pylist() == ["P1", "P2"]
    assert book.doubtful_invoices.to_pylist() == ["I1"]


def test_spaces_around_cells_do_not_count(tmp_path: Path) -> None:
    book = book_of(tmp_path, PAYMENTS + " P1 ,\t2025-01-01, eur ,\u00a01.50\u00a0,  \n")
    assert ids(book) == ["P1"]
    assert book.payments["currency"].to_pylist() == ["EUR"]
    assert book.payments["remittance"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "missing_column"),
        (b"payment_id,booking_date,currency\n", "missing_column"),
        (b"payment_id,Payment_ID,booking_date,currency,amount\n", "duplicate_column"),
        ("payment_id,booking_date,currency,amount\n".encode("utf-16"), "unreadable_file"),
        (b"PK\x03\x04\x00\x00\x00\x00workbook", "unreadable_file"),
    ],
)
def test_a_file_without_the_required_columns_is_refused(tmp_path: Path, head: bytes, code: str) -> None:
    with pytest.raises(BookError) as caught:
        book_of(tmp_path, head)
    assert caught.value.code == code
    assert "payments.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    assert book_of(tmp_path, PAYMENTS).payments.num_rows == 0
    assert book_of(tmp_path, PAYMENTS.strip()).payments.num_rows == 0


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [
        (["1.234,56", "1.500", "12,5"], [123456, 150000, 1250]),
        (["1,234.56", "1,500", "12.5"], [123456, 150000, 1250]),
        (["1234.56", "1.500"], [123456, 150]),
        (["1 234,56", "1\u202f500,00", "1'500.00"], [123456, 150000, 150000]),
        (["12,34,567.89", "1.234.567"], [123456789, 123456700]),
        ([".5", ",25", "-1.234,50"], [50, 25, -123450]),
        (["\u22125.00", "+5.00"], [-500, 500]),
    ],
)
def test_separators_are_read_where_the_file_settles_them(
    tmp_path: Path, amounts: list[str], minor: list[int]
) -> None:
    rows = "".join(f"P{number};2025-01-01;EUR;{amount};\n" for number, amount in enumerate(amounts))
    book = book_of(tmp_path, PAYMENTS.replace(",", ";") + rows)
    assert problems(book) == []
    assert book.payments["amount_minor"].to_pylist() == minor


@pytest.mark.parametrize(
    ("amounts", "codes"),
    [
        (["1.500"], ["ambiguous_amount"]),
        (["1,500"], ["ambiguous_amount"]),
        (["1.505"], ["too_many_decimals"]),
        (["1.500", "2"], ["ambiguous_amount"]),
        (["1.234,56", "1,234.56", "1.500", "1,500"], ["ambiguous_amount", "ambiguous_amount"]),
        (["1.23.456", "1,2,3", "12,345,6"], ["bad_amount"] * 3),
        (["1 2", "1 23,4"], ["bad_amount"] * 2),
    ],
)
def test_separators_that_say_two_things_are_refused(
    tmp_path: Path, amounts: list[str], codes: list[str]
) -> None:
    rows = "".join(f"P{number};2025-01-01;EUR;{amount};\n" for number, amount in enumerate(amounts))
    book = book_of(tmp_path, PAYMENTS.replace(",", ";") + rows)
    assert [code for _, _, code in problems(book)] == codes


def test_three_decimals_are_decimals_where_the_currency_has_them(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        PAYMENTS + 'P1,2025-01-01,BHD,1.500,\nP2,2025-01-01,CLF,1.5000,\nP3,2025-01-01,JPY,"1,500",\n',
    )
    assert book.payments["amount_minor"].to_pylist() == [1500, 15000, 1500]


def test_a_decimal_comma_serves_percentages_and_rates_too(tmp_path: Path) -> None:
    (tmp_path / "fx_rates.csv").write_text(
        "date;base;quote;rate\n2025-01-01;EUR;USD;1,0856\n2025-01-02;EUR;USD;1,085\n"
    )
    invoices = (
        b"invoice_id;customer_id;currency;amount;issue_date;discount_percent\nI1;C1;EUR;1,50;2025-01-01;2,5\n"
    )
    book = book_of(tmp_path, PAYMENTS, invoices)
    assert book.fx_rates["rate_text"].to_pylist() == ["1.0856", "1.085"]
    assert book.fx_rates["rate"].to_pylist() == [1.0856, 1.085]
    assert book.invoices["discount_percent"].to_pylist() == [2.5]


@pytest.mark.parametrize(
    "body", ["P1,2025-01-01,EUR,1.50,x\n", 'P1,2025-01-01,EUR,1.50,"a\nb"\n\n\nP2,2025-01-01,EUR,,"c"\n']
)
def test_the_patient_way_reads_what_the_quick_one_reads(
    tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = book_of(tmp_path, PAYMENTS + body)
    monkeypatch.setattr(csv_file, "_is_clean", lambda *_: False)
    patient = book_of(tmp_path, PAYMENTS + body)
    assert quick.payments.equals(patient.payments)
    assert quick.problems.equals(patient.problems)
