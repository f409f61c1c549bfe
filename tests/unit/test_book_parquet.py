"""Parquet files in whatever types another system chose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.book import Book, BookError, read_book

PAYMENTS: dict[str, Any] = {
    "payment_id": ["P1", "P2"],
    "booking_date": ["2025-03-01", "2025-03-02"],
    "currency": ["EUR", "BHD"],
    "amount": ["1.50", "1.500"],
}


def book_of(folder: Path, **changes: object) -> Book:
    folder.mkdir(parents=True, exist_ok=True)
    invoices = {
        "invoice_id": ["I1"],
        "customer_id": [7],
        "currency": ["EUR"],
        "amount": [1],
        "issue_date": ["2025-01-01"],
    }
    pq.write_table(pa.table(invoices), folder / "invoices.parquet")
    pq.write_table(pa.table(PAYMENTS | changes), folder / "payments.parquet")
    return read_book(folder)


def problems(book: Book) -> list[tuple[int, str, str]]:
    return [(p["row"], p["field"], p["code"]) for p in book.problems.to_pylist()]


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [
        (pa.array([1.5, 0.1]), [150, 100]),
        (pa.array([1234567.89, 1e9]), [123456789, 10**12]),
        (pa.array([0.1, 1.1], pa.float32()), [10, 1100]),
        (pa.array([Decimal("1.5000"), Decimal("-2.125")]), [150, -2125]),
        (pa.array([Decimal("1.500"), Decimal("2.000")], pa.decimal256(60, 3)), [150, 2000]),
        (pa.array([5, -7]), [500, -7000]),
        (pa.array([5, 7], pa.uint8()), [500, 7000]),
        (pa.array(["1.50", "1.234"], pa.large_string()), [150, 1234]),
        (pa.array(["1.50", "1.234"]).dictionary_encode(), [150, 1234]),
        (pa.array([b"1.50", b"1.234"]), [150, 1234]),
        (pa.array([1e-7, 1e15]), None),
        (pa.array([0.30000000000000004, float("nan")]), None),
        (pa.array([float("inf"), None]), None),
    ],
)
def test_an_amount_is_read_by_its_digits(tmp_path: Path, amounts: pa.Array, minor: list[int] | None) -> None:
    book = book_of(tmp_path, amount=amounts)
    if minor is None:
        assert book.payments.num_rows == 0
        assert {column for _, column, _ in problems(book)} == {"amount"}
    else:
        assert problems(book) == []
        assert book.payments["amount_minor"].to_pylist() == minor


def test_the_digits_of_a_float_that_do_not_fit_are_named(tmp_path: Path) -> None:
    book = book_of(tmp_path, amount=pa.array([0.1 + 0.2, 1e15]))
    assert problems(book) == [(2, "amount", "too_many_decimals"), (3, "amount", "amount_out_of_range")]
    assert book.problems["raw"].to_pylist() == ["0.30000000000000004", "1000000000000000"]


BERLIN_MIDNIGHT = datetime(2025, 3, 1, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    "dates",
    [
        pa.array([date(2025, 3, 1)] * 2),
        pa.array([date(2025, 3, 1)] * 2, pa.date64()),
        pa.array([datetime(2025, 3, 1, 15, 30)] * 2, pa.timestamp("ns")),  # noqa: DTZ001
        pa.array([datetime(2025, 3, 1, tzinfo=UTC)] * 2, pa.timestamp("s", "UTC")),
        pa.array([BERLIN_MIDNIGHT] * 2, pa.timestamp("us", "Europe/Berlin")),
        pa.array(["2025-03-01T23:59:59+05:00", "20250301"]),
    ],
)
def test_a_date_is_the_day_as_written(tmp_path: Path, dates: pa.Array) -> None:
    book = book_of(tmp_path, booking_date=dates)
    assert book.payments["booking_date"].to_pylist() == [date(2025, 3, 1)] * 2


@pytest.mark.parametrize(
    ("instants", "wanted"),
    [
        (
            pa.array([datetime(2025, 3, 1, 8, tzinfo=UTC), None], pa.timestamp("ns", "UTC")),
            "2025-03-01T08:00:00",
        ),
        (pa.array([BERLIN_MIDNIGHT, None], pa.timestamp("us", "Europe/Berlin")), "2025-02-28T23:00:00"),
        (pa.array([datetime(2025, 3, 1, 8), None], pa.timestamp("ms")), "2025-03-01T08:00:00"),  # noqa: DTZ001
        (pa.array([date(2025, 3, 1), None]), "2025-03-01T00:00:00"),
        (pa.array(["2025-03-01T08:00:00+01:00", None]), "2025-03-01T07:00:00"),
        (pa.array(["2025-03-01T08:00:00Z", "2025-03-01"]), "2025-03-01T08:00:00"),
        (pa.array(["2025-03-01 08:00:00.123", None]), "2025-03-01T08:00:00.123000"),
    ],
)
def test_an_instant_is_utc(tmp_path: Path, instants: pa.Array, wanted: str) -> None:
    book = book_of(tmp_path, received_at=instants)
    assert problems(book) == []
    assert book.payments["received_at"].to_pylist()[0].isoformat() == f"{wanted}+00:00"
    assert book.payments["known_at"].to_pylist()[1] == (
        book.payments["received_at"].to_pylist()[1] or datetime(2025, 3, 2, tzinfo=UTC)
    )


@pytest.mark.parametrize("years", [[date(1899, 12, 31), date(1, 1, 1)], [datetime(1800, 1, 1)] * 2])  # noqa: DTZ001
def test_a_year_outside_the_calendar_is_set_aside(tmp_path: Path, years: list[date]) -> None:
    assert problems(book_of(tmp_path, booking_date=pa.array(years))) == [
        (2, "booking_date", "bad_date"),
        (3, "booking_date", "bad_date"),
    ]
    far = pa.array([4_000_000, 1], pa.int32()).cast(pa.date32())
    assert problems(book_of(tmp_path, booking_date=far)) == [(2, "booking_date", "bad_date")]


@pytest.mark.parametrize(
    "ids", [pa.array([1001, 1002]), pa.array([1001.0, 1002.0]), pa.array(["1001", "1002"])]
)
def test_an_identifier_may_be_a_number(tmp_path: Path, ids: pa.Array) -> None:
    book = book_of(tmp_path, payment_id=ids)
    assert book.payments["payment_id"].to_pylist() == ["1001", "1002"]
    assert book.invoices["customer_id"].to_pylist() == ["7"]


def test_text_that_is_not_utf8_costs_its_row_only(tmp_path: Path) -> None:
    for name, kind in (("string", pa.string()), ("binary", pa.binary())):
        raw = pa.array([b"Stra\xdfe", b"ok"])
        text = pa.Array.from_buffers(kind, 2, raw.buffers())
        book = book_of(tmp_path / name, remittance=text)
        assert problems(book) == [(2, "remittance", "bad_utf8")]
        assert book.payments["remittance"].to_pylist() == ["ok"]


def test_a_column_of_nothing_is_a_column_of_nothing(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, remittance=pa.nulls(2), charges=pa.nulls(2), received_at=pa.nulls(2), value_date=pa.nulls(2)
    )
    assert problems(book) == []
    assert book.payments["charges_minor"].null_count == 2


def test_a_column_of_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookError) as caught:
        book_of(tmp_path, remittance=pa.array([["a"], ["b"]]))
    assert caught.value.code == "unreadable_file"
    assert "remittance" in caught.value.message


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    book_of(tmp_path)
    (tmp_path / "payments.parquet").write_bytes(b"payment_id,amount\n")
    with pytest.raises(BookError, match=r"payments\.parquet is not a readable Parquet file"):
        read_book(tmp_path)


def test_a_long_cell_costs_its_row_only(tmp_path: Path) -> None:
    book = book_of(tmp_path, remittance=["x" * 10_000_000, "y"])
    assert problems(book) == [(2, "remittance", "cell_too_long")]
    assert book.payments["payment_id"].to_pylist() == ["P2"]
