"""Laws of reading a book."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features import csv_file
from features.book import Book, book_from_rows, read_book
from features.book_schema import TABLES
from features.book_writing import write_book
from features.decimal_column import take_apart, to_float, to_minor
from features.number_text import Style, Unread, evidence, read_number
from receivables.money import EXPONENTS, MoneyError, scaled, to_text

currencies = st.sampled_from(["JPY", "EUR", "USD", "BHD", "CLF", "ITL"])
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12
).filter(lambda text: text.strip() == text)
days = st.dates(min_value=date(1900, 1, 1)).map(str)
times = st.times().map(lambda time: f"T{time.isoformat()}Z")
instants = st.tuples(days, times).map("".join)


def amounts(currency: str, least: int = -(10**15)) -> st.SearchStrategy[str]:
    return st.integers(least, 10**15).map(lambda minor: to_text(minor, currency))


@st.composite
def books(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Draw the rows of a valid book."""
    invoices, payments = [], []
    for number in range(draw(st.integers(0, 4))):
        currency = draw(currencies)
        invoices.append(
            {
                "invoice_id": f"I{number}{draw(words)}",
                "customer_id": draw(words),
                "currency": currency,
                "amount": draw(amounts(currency, 1)),
                "issue_date": draw(days),
                "open_amount": draw(st.none() | amounts(currency, 0)),
                "customer_name": draw(st.none() | words),
                "discount_percent": draw(st.none() | st.decimals(0, 100, places=3).map(str)),
                "due_date": draw(st.none() | days),
                "known_at": draw(st.none() | instants),
            }
        )
    for number in range(draw(st.integers(0, 4))):
        currency, other = draw(currencies), draw(currencies)
        payments.append(
            {
                "payment_id": f"P{number}",
                "booking_date": draw(days),
                "currency": currency,
                "amount": draw(amounts(currency)),
                "received_at": draw(st.none() | instants),
                "remittance": draw(st.none() | words),
                "original_currency": other,
                "original_amount": draw(st.none() | amounts(other)),
                "kind": draw(st.none() | st.sampled_from(["receipt", "refund"])),
            }
        )
    allocations = [
        {
            "payment_id": payment["payment_id"],
            "invoice_id": invoice["invoice_id"],
            "amount": draw(amounts(str(invoice["currency"]))),
            "write_off": draw(st.none() | amounts(str(invoice["currency"]))),
            "decided_at": draw(st.none() | instants),
            "pi": draw(st.none() | st.sampled_from(["1", "0.05"])),
        }
        for payment in payments
        for invoice in invoices
        if draw(st.booleans())
    ]
    rates = [
        {
            "date": day,
            "base": "EUR",
            "quote": "USD",
            "rate": draw(st.integers(1, 10**9).map(lambda n: f"{n / 1000:.3f}")),
        }
        for day in draw(st.lists(days, unique=True, max_size=2))
    ]
    return {"invoices": invoices, "payments": payments, "allocations": allocations, "fx_rates": rates}


def same(one: Book, other: Book) -> None:
    for spec in TABLES:
        assert one.table(spec.name).equals(other.table(spec.name)), spec.name


@given(books(), st.sampled_from(["csv", "parquet"]))
def test_valid_rows_survive_writing_and_reading(
    tables: dict[str, list[dict[str, Any]]], kind: Literal["csv", "parquet"]
) -> None:
    book = book_from_rows(tables)
    assert book.problems.to_pylist() == []
    for name, rows in tables.items():
        assert book.table(name).num_rows == len(rows)
    with tempfile.TemporaryDirectory() as folder:
        write_book(book, Path(folder), kind=kind)
        again = read_book(Path(folder))
    assert again.problems.to_pylist() == []
    same(again, book)


@given(books(), st.randoms(use_true_random=False), st.sampled_from([",", ";", "\t", "|"]))
def test_the_order_of_columns_and_the_delimiter_change_nothing(
    tables: dict[str, list[dict[str, Any]]], chance: Random, delimiter: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in tables.items():
            if not rows and name not in {"invoices", "payments"}:
                continue
            spec = next(spec for spec in TABLES if spec.name == name)
            titles = list(rows[0]) if rows else list(spec.required_columns)
            chance.shuffle(titles)
            with (Path(folder) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, titles, delimiter=delimiter, quoting=csv.QUOTE_ALL)
                writer.writeheader()
                writer.writerows(rows)
        read = read_book(Path(folder))
    assert read.problems.to_pylist() == []
    same(read, book_from_rows(tables))


cells = st.text(st.sampled_from('ab,;"\n\r é'), max_size=8)


@given(st.lists(st.tuples(cells, cells), max_size=6), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_the_quick_and_the_patient_way_read_any_well_formed_file_alike(
    rows: list[tuple[str, str]], quoting: Literal[0, 1]
) -> None:
    body = io.StringIO(newline="")
    writer = csv.writer(body, quoting=quoting)
    writer.writerow(["payment_id", "remittance", "booking_date", "currency", "amount"])
    for number, (one, other) in enumerate(rows):
        writer.writerow([f"{number}{one}", other, "2025-01-01", "EUR", "1"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "invoices.csv").write_text(
            "invoice_id,customer_id,currency,amount,issue_date\n", encoding="utf-8"
        )
        (folder / "payments.csv").write_bytes(body.getvalue().encode())
        quick = read_book(folder)
        with patch.object(csv_file, "_is_clean", return_value=False):
            patient = read_book(folder)
    assert quick.problems.to_pylist() == patient.problems.to_pylist() == []
    same(quick, patient)
    assert quick.payments["remittance"].to_pylist() == [other.strip() or None for _, other in rows]


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "invoices.csv").write_text(
            "invoice_id,customer_id,currency,amount,issue_date\n", encoding="utf-8"
        )
        (folder / "payments.csv").write_bytes(
            b"payment_id,booking_date,currency,amount\nP1,2025-01-01,EUR,1\n" + body
        )
        book = read_book(folder)
    assert book.payments["payment_id"].to_pylist()[:1] in (["P1"], [])


def _scalar(number: str, digits: int) -> int | str:
    try:
        return scaled(number, digits)
    except MoneyError as error:
        return error.code


numbers = st.from_regex(r"[+-]?[0-9]{0,7}[.,' ]?[0-9]{0,4}[.,]?[0-9]{0,4}", fullmatch=True) | st.sampled_from(
    ["1.500", "12,345", "999.000", "0.500", "1.5", "9" * 17, "9" * 19, "10000000000000.00", "-1.000"]
)
styles = st.builds(Style, st.booleans(), st.booleans(), st.booleans())


@given(st.lists(st.tuples(numbers, st.sampled_from([-1, 0, 2, 3, 4])), min_size=1, max_size=8), styles)
def test_a_column_of_amounts_is_read_as_each_amount_is(items: list[tuple[str, int]], style: Style) -> None:
    texts = [text.strip() or None for text, _ in items]
    digits = np.array([places for _, places in items], np.int8)
    minor, faults = to_minor(take_apart(pa.array(texts, pa.string())), digits, style)
    for place, text in enumerate(texts):
        found = {code for code, rows in faults.items() if rows[place]}
        if text is None or digits[place] < 0:
            assert (minor[place], found) == (0, set())
            continue
        number = read_number(text, style, int(digits[place]))
        if isinstance(number, Unread):
            assert found == {"ambiguous_amount" if number is Unread.AMBIGUOUS else "bad_amount"}
            continue
        wanted = _scalar(number, int(digits[place]))
        assert (minor[place], found) == ((wanted, set()) if isinstance(wanted, int) else (0, {wanted}))


@given(st.lists(numbers, min_size=1, max_size=6))
def test_a_column_shows_the_style_that_its_numbers_show(texts: list[str]) -> None:
    stripped = [text.strip() or None for text in texts]
    seen = Style()
    for text in stripped:
        seen |= evidence(text or "")
    assert take_apart(pa.array(stripped, pa.string())).style == seen


@given(st.lists(numbers, min_size=1, max_size=6), styles)
def test_a_column_of_rates_is_read_as_each_rate_is(texts: list[str], style: Style) -> None:
    stripped = [text.strip() or None for text in texts]
    values, exact, bad = to_float(take_apart(pa.array(stripped, pa.string())), style)
    for place, text in enumerate(stripped):
        number = None if text is None else read_number(text, style)
        if isinstance(number, str):
            assert (exact[place].as_py(), values[place]) == (number, float(number))
        else:
            assert exact[place].as_py() is None
            assert np.isnan(values[place])
        assert bad[place] == isinstance(number, Unread)


def test_every_currency_has_a_decimal_count_the_columns_can_scale() -> None:
    assert {0, 2, 3, 4} == set(EXPONENTS.values())


@given(
    st.lists(st.sampled_from(["rent", "in, voice", 'a "b" c', "line\nbreak", ""]), min_size=1, max_size=12),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(['"', ",", "\n", "x"]),
    st.floats(0, 1, exclude_max=True),
)
def test_one_wrong_character_costs_at_most_one_row(
    texts: list[str], quoting: Literal[0, 1], wrong: str, where: float
) -> None:
    body = io.StringIO(newline="")
    writer = csv.writer(body, quoting=quoting, lineterminator="\n")
    writer.writerow(["payment_id", "booking_date", "currency", "amount", "remittance"])
    start = len(body.getvalue())
    for number, text in enumerate(texts):
        writer.writerow([f"P{number}", "2025-01-01", "EUR", "1.50", text])
    whole = body.getvalue()
    place = start + int(where * (len(whole) - start))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "invoices.csv").write_text(
            "invoice_id,customer_id,currency,amount,issue_date\n", encoding="utf-8"
        )
        (folder / "payments.csv").write_text(whole[:place] + wrong + whole[place:], encoding="utf-8")
        book = read_book(folder)
    assert book.payments.num_rows >= len(texts) - 1
    assert book.payments.num_rows == len(texts) or book.problems.num_rows > 0
