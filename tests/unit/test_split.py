"""Cutting a labelled book in time must not leak an answer."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from training.synthetic import make_book, write_book
from training.worlds import split

Parts = dict[str, dict[str, pa.Table]]


@pytest.fixture(scope="module", params=[False, True], ids=["csv", "parquet"])
def cut_book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, str]:
    folder = tmp_path_factory.mktemp("book")
    parquet = bool(request.param)
    write_book(make_book(2500, 31), folder / "all", parquet=parquet)
    cut = split(folder / "all", folder / "cut", 15).isoformat()
    return {part: _tables(folder / "cut" / part) for part in ("history", "match", "truth")}, cut


def _tables(folder: Path) -> dict[str, pa.Table]:
    tables = {}
    for file in sorted(folder.iterdir()):
        if file.suffix == ".parquet":
            tables[file.stem] = pyarrow.parquet.read_table(file)
        else:
            with file.open(encoding="utf-8") as lines:
                names = [name.strip('"') for name in lines.readline().strip().split(",")]
            options = pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            )
            tables[file.stem] = pyarrow.csv.read_csv(file, convert_options=options)
    return tables


def values(rows: pa.Table, name: str) -> list[str]:
    return [value or "" for value in rows[name].to_pylist()]


def test_history_knows_nothing_from_the_cut_on(cut_book: tuple[Parts, str]) -> None:
    history, cut = cut_book[0]["history"], cut_book[1]
    assert max(values(history["payments"], "booking_date")) < cut
    assert max(values(history["payments"], "received_at")) < cut
    assert max(values(history["invoices"], "known_at")) < cut
    assert max(values(history["allocations"], "decided_at")) < cut
    assert max(values(history["fx_rates"], "date")) < cut
    assert "truth_kinds" not in history


def test_history_speaks_only_of_what_it_holds(cut_book: tuple[Parts, str]) -> None:
    history = cut_book[0]["history"]
    items = set(values(history["invoices"], "invoice_id"))
    payments = set(values(history["payments"], "payment_id"))
    assert set(values(history["allocations"], "invoice_id")) <= items
    assert set(values(history["allocations"], "payment_id")) <= payments
    assert set(values(history["instalments"], "invoice_id")) <= items
    assert set(values(history["remittance_lines"], "payment_id")) <= payments


def test_history_balances_are_those_of_the_cut(cut_book: tuple[Parts, str]) -> None:
    history = cut_book[0]["history"]
    used: dict[str, Decimal] = {}
    for row in history["allocations"].to_pylist():
        total = Decimal(row["amount"]) + Decimal(row["write_off"] or 0)
        used[row["invoice_id"]] = used.get(row["invoice_id"], Decimal(0)) + total
    for row in history["invoices"].to_pylist():
        if row["status"] in {"void", "draft"}:
            continue
        left = Decimal(row["amount"]) - abs(used.get(row["invoice_id"], Decimal(0)))
        assert Decimal(row["open_amount"]) == left
        if row["status"] in {"open", "settled"}:
            assert (row["status"] == "settled") == (left == 0)


def test_match_holds_every_row_and_no_label_of_a_payment_to_match(cut_book: tuple[Parts, str]) -> None:
    (parts, cut), match = cut_book, cut_book[0]["match"]
    assert match["payments"].num_rows > parts["history"]["payments"].num_rows
    to_match = {row["payment_id"] for row in match["payments"].to_pylist() if row["booking_date"] >= cut}
    assert to_match == set(values(parts["truth"]["payments"], "payment_id"))
    assert not to_match & set(values(match["allocations"], "payment_id"))
    resolved = {row["payment_id"] for row in match["payments"].to_pylist() if row["resolution"]}
    assert not to_match & resolved
    assert set(values(match["invoices"], "open_amount")) == {""}
    assert set(values(match["invoices"], "status")) <= {"", "void", "draft", "disputed", "on_hold"}
    assert "truth_kinds" not in match


def test_truth_has_the_answer_of_every_payment_to_match(cut_book: tuple[Parts, str]) -> None:
    truth = cut_book[0]["truth"]
    allocated = set(values(truth["allocations"], "payment_id"))
    for row in truth["payments"].to_pylist():
        assert bool(row["resolution"]) != (row["payment_id"] in allocated)
    assert values(truth["truth_kinds"], "payment_id") == values(truth["payments"], "payment_id")
