"""Ten injected drifts raise their signals, and a quiet month raises none. The book is synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.book import Book
from features.book_schema import INSTANT_TYPE
from features.pipeline import match_book
from tests.learnt import bundle, synthetic_book
from training.drift import DriftError, DriftReport, Severity, find_drift, write_report
from training.held_out import hold_out
from training.monitored import Period

pytest.importorskip("evidently")
pytestmark = pytest.mark.filterwarnings("ignore")

REFERENCE = Period(date(2024, 8, 1), date(2025, 2, 1))
CURRENT = Period(date(2025, 2, 1), date(2025, 3, 1))


@pytest.fixture(scope="module")
def book() -> Book:
    return synthetic_book(9_000, 5)


def signals(report: DriftReport) -> set[str]:
    return {signal.name for signal in report.signals}


def changed(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def now(table: pa.Table, day: str) -> list[bool]:
    return [one is not None and CURRENT.start <= one < CURRENT.end for one in table[day].to_pylist()]


def payments_with(book: Book, name: str, change: Callable[[Any], Any]) -> Book:
    cells = book.payments[name].to_pylist()
    hit = now(book.payments, "booking_date")
    told = [change(cell) if is_now else cell for cell, is_now in zip(cells, hit, strict=True)]
    return replace(book, payments=changed(book.payments, name, told))


def invoices_with(book: Book, name: str, change: Callable[[Any], Any]) -> Book:
    cells = book.invoices[name].to_pylist()
    hit = now(book.invoices, "issue_date")
    told = [change(cell) if is_now else cell for cell, is_now in zip(cells, hit, strict=True)]
    return replace(book, invoices=changed(book.invoices, name, told))


def tagged(text: str | None) -> str:
    return f"EREF+NOTPROVIDED\nSVWZ+{(text or '').upper()}"


def some_to_yen(rng: np.random.Generator) -> Callable[[str], str]:
    return lambda currency: "JPY" if rng.random() < 0.3 else currency


def strangers(book: Book) -> Book:
    rows = book.payments.filter(pa.array(now(book.payments, "booking_date")))
    count = rows.num_rows
    rows = changed(rows, "payment_id", [f"burst-{number}" for number in range(count)])
    rows = changed(
        rows, "payer_name", [f"Quick Cash {chr(65 + n % 26)}{chr(65 + n // 26 % 26)}" for n in range(count)]
    )
    return replace(book, payments=pa.concat_tables([book.payments, rows.slice(0, count // 3)]))


def busy(book: Book) -> Book:
    rows = book.payments.filter(pa.array(now(book.payments, "booking_date")))
    rows = changed(rows, "payment_id", [f"again-{number}" for number in range(rows.num_rows)])
    return replace(book, payments=pa.concat_tables([book.payments, rows]))


def later(book: Book) -> Book:
    known = book.payments["known_at"].to_pylist()
    hit = now(book.payments, "booking_date")
    told = [one + timedelta(days=3) if is_now else one for one, is_now in zip(known, hit, strict=True)]
    at = book.payments.schema.get_field_index("known_at")
    return replace(book, payments=book.payments.set_column(at, "known_at", pa.array(told, INSTANT_TYPE)))


DRIFTS: dict[str, Callable[[Book], Book]] = {
    "new_numbering_scheme": lambda b: invoices_with(b, "invoice_number", lambda n: f"R/{n[-4:]}/26-X"),
    "new_bank_format": lambda b: payments_with(b, "remittance", tagged),
    "price_change": lambda b: invoices_with(b, "amount_minor", lambda minor: round(minor * 1.35)),
    "currency_shift": lambda b: payments_with(b, "currency", some_to_yen(np.random.default_rng(1))),
    "truncated_names": lambda b: payments_with(b, "payer_name", lambda name: name and name[:8]),
    "lost_field": lambda b: payments_with(b, "payer_account", lambda _: None),
    "clock_shift": later,
    "fraud_burst": strangers,
    "season": busy,
}


def test_a_quiet_month_raises_nothing(book: Book) -> None:
    report = find_drift(book, REFERENCE, CURRENT)
    assert signals(report) == set(), report.distances
    assert report.severity.exit_code == 0


@pytest.mark.parametrize("name", list(DRIFTS))
def test_an_injected_drift_raises_its_signal(book: Book, name: str) -> None:
    report = find_drift(DRIFTS[name](book), REFERENCE, CURRENT)
    assert name in signals(report), report.distances
    assert report.severity > Severity.NOTHING
    assert all(signal.advice.endswith(".") for signal in report.signals)


@pytest.fixture(scope="module")
def decided(book: Book) -> tuple[pa.Table, pa.Table]:
    return decisions_of(book)


def decisions_of(book: Book) -> tuple[pa.Table, pa.Table]:
    """What the model says of the month before and of the month."""
    decisions = match_book(hold_out(book, 2).book, bundle()).decisions
    place = pc.index_in(decisions["payment_id"], value_set=book.payments["payment_id"].combine_chunks())
    booked = book.payments["booking_date"].combine_chunks().take(place)
    late = pc.greater_equal(booked, pa.scalar(CURRENT.start))
    return decisions.filter(pc.invert(late)), decisions.filter(late)


def test_quiet_decisions_raise_nothing(book: Book, decided: tuple[pa.Table, pa.Table]) -> None:
    assert signals(find_drift(book, REFERENCE, CURRENT, decisions=decided)) == set()


def test_merged_customers_are_noticed_by_their_payers(book: Book, decided: tuple[pa.Table, pa.Table]) -> None:
    half = {
        one for number, one in enumerate(sorted(set(book.invoices["customer_id"].to_pylist()))) if number % 2
    }
    merged = invoices_with(book, "customer_id", lambda one: f"merged-{one}" if one in half else one)
    assert "merged_customers" in signals(
        find_drift(merged, REFERENCE, CURRENT, decisions=(decided[0], decisions_of(merged)[1]))
    )


def test_the_report_has_figures_gauges_and_pages(book: Book, tmp_path: Path) -> None:
    kept: list[Any] = []
    report = find_drift(DRIFTS["lost_field"](book), REFERENCE, CURRENT, keep=kept)
    write_report(report, tmp_path, kept)
    said = json.loads((tmp_path / "drift.json").read_text(encoding="utf-8"))
    assert said["severity"] == "stop"
    assert "tieout_drift_severity 3" in (tmp_path / "drift.prom").read_text(encoding="utf-8")
    assert (tmp_path / "view-1.html").stat().st_size > 100_000
    assert report.severity.exit_code == 6


def test_too_little_to_compare_is_said(book: Book) -> None:
    with pytest.raises(DriftError, match="too few"):
        find_drift(book, REFERENCE, Period(date(2025, 2, 1), date(2025, 2, 2)))
