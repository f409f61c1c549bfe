"""Small books whose money once went wrong, or easily could: each a law of `test_proposals` at its edge."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features import pipeline
from features.block import Reading
from features.book import book_from_rows
from features.frame import Frame
from features.match_model import compare_batch
from features.outputs import write_match
from features.pipeline import canonical
from features.propose import propose
from features.state import FOREVER, State
from receivables.words import Outcome
from tests.hostile import Tables, assert_within_balances, match, money, paid, plain_book, rows_of


@pytest.mark.parametrize("items_are", ["invoice", "credit_memo"])
def test_no_explanation_uses_more_than_the_cash_or_uses_it_backwards(items_are: str) -> None:
    tables = plain_book({"type": items_are}, {"type": items_are}, {})
    tables["payments"] = [paid("2.00" if items_are == "credit_memo" else "-2.00", "INV-77801 INV-77802")]
    frame = Frame(canonical(book_from_rows(tables)))
    batch = np.zeros(1, np.int32)
    state = State(frame, FOREVER, FOREVER, replay=False, batch=batch)
    comparison = compare_batch(Reading(frame, 1), state, batch).comparison
    hypotheses = propose(comparison, np.zeros(len(comparison.item)))
    laid = np.bincount(hypotheses.owner, hypotheses.amount, len(hypotheses.payment))
    cash = frame.payment_amount[0]
    assert ((laid * np.sign(cash) >= 0) & (np.abs(laid) <= abs(cash))).all()


def decided(tables: Tables) -> dict[str, dict[str, Any]]:
    """Match a book and give its decisions by payment."""
    return {row["payment_id"]: row for row in rows_of(match(tables).decisions)}


def test_a_decision_that_is_younger_than_every_payment_counts() -> None:
    tables = plain_book({})
    tables["payments"] = [paid("1.00", "INV-77801", 1), paid("1.00", "INV-77801", 2)]
    tables["allocations"] = [
        {"payment_id": "P-001", "invoice_id": "INV-77801", "amount": "1.00", "decided_at": "2025-06-01"}
    ]
    assert {payment: row["allocated"] for payment, row in decided(tables).items()} == {"P-002": "0.00"}


@pytest.mark.parametrize("text", ["INV-77801", "", "INV-77801 Teilzahlung"])
def test_a_crowd_of_payments_for_one_item_settles_it_once(text: str) -> None:
    tables = plain_book({}, {"amount": "7.00"})
    tables["payments"] = [paid("0.60" if "Teil" in text else "1.00", text, number) for number in range(90)]
    assert_within_balances(tables, match(tables), lambda _: True)


def test_a_payment_that_names_items_of_two_currencies_never_adds_them_up_raw() -> None:
    tables = plain_book({"amount": "60.00"}, {"amount": "4000", "currency": "JPY"})
    tables["payments"] = [paid("100.00", "INV-77801 INV-77802")]
    tables["fx_rates"] = [{"date": "2025-03-20", "base": "EUR", "quote": "JPY", "rate": "50"}]
    row = decided(tables)["P-001"]
    assert 0 <= money(row["allocated"]) <= 100
    assert row["outcome"] != Outcome.AUTO or money(row["allocated"]) == 60


@pytest.mark.parametrize(("returned", "undone"), [("-1.00", "-1.00"), ("-1.35", "-1.00"), ("-0.25", "-0.25")])
def test_a_return_undoes_what_was_paid_but_never_more_than_it_takes_back(returned: str, undone: str) -> None:
    tables = plain_book({})
    tables["payments"] = [
        paid("1.00", "INV-77801", 1),
        paid(returned, "", 2, kind="chargeback", related_payment_id="P-001", booking_date="2025-03-25"),
    ]
    tables["allocations"] = [{"payment_id": "P-001", "invoice_id": "INV-77801", "amount": "1.00"}]
    row = decided(tables)["P-002"]
    assert row["related_payment_id"] == "P-001"
    assert row["allocated"] in {undone, "0.00"}
    assert money(row["allocated"]) + money(row["unapplied"]) == Decimal(returned)


def test_a_return_of_a_foreign_payment_counts_in_its_own_currency() -> None:
    tables = plain_book({"amount": "20000", "currency": "JPY"})
    tables["payments"] = [
        paid("125.00", "INV-77801", 1),
        paid("-125.00", "", 2, kind="return", related_payment_id="P-001", booking_date="2025-03-25"),
    ]
    tables["fx_rates"] = [{"date": "2025-03-20", "base": "EUR", "quote": "JPY", "rate": "160"}]
    tables["allocations"] = [{"payment_id": "P-001", "invoice_id": "INV-77801", "amount": "20000"}]
    result = match(tables)
    assert [(row["amount"], row["payment_amount"]) for row in rows_of(result.allocations)] == [
        ("-20000", "-125.00")
    ]
    assert rows_of(result.decisions)[0]["unapplied"] == "0.00"


@pytest.mark.parametrize("size", [1, 60_000])
def test_a_return_finds_its_original_in_whatever_batch(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BATCH", size)
    tables = plain_book({})
    tables["payments"] = [
        paid("1.00", "INV-77801", 1),
        paid("-1.00", "", 2, kind="return", related_payment_id="P-001", booking_date="2025-03-25"),
    ]
    assert {payment: row["allocated"] for payment, row in decided(tables).items()} == {
        "P-001": "1.00",
        "P-002": "-1.00",
    }


def test_a_payout_of_a_currency_with_many_digits_is_spread_to_the_unit() -> None:
    tables = plain_book(*({"amount": "100000000.00", "currency": "IDR"} for _ in range(9)))
    tables["payments"] = [paid("880000000.00", "", currency="IDR")]
    tables["remittance_lines"] = [
        *(
            {"payment_id": "P-001", "reference": row["invoice_id"], "amount": row["amount"], "kind": "sale"}
            for row in tables["invoices"]
        ),
        {"payment_id": "P-001", "amount": "-20000000.00", "kind": "fee"},
    ]
    row = decided(tables)["P-001"]
    assert (row["allocated"], row["unapplied"]) == ("880000000.00", "0.00")


def test_a_payout_of_refunds_alone_bears_its_whole_fee() -> None:
    tables = plain_book(
        {"type": "credit_memo", "amount": "100.00"}, {"type": "credit_memo", "amount": "50.00"}
    )
    tables["payments"] = [paid("-155.00", "")]
    tables["remittance_lines"] = [
        {"payment_id": "P-001", "reference": "INV-77801", "amount": "-100.00", "kind": "refund"},
        {"payment_id": "P-001", "reference": "INV-77802", "amount": "-50.00", "kind": "refund"},
        {"payment_id": "P-001", "amount": "-5.00", "kind": "fee"},
    ]
    result = match(tables)
    row = rows_of(result.decisions)[0]
    assert row["allocated"] in {"-155.00", "-150.00", "0.00"}
    assert money(row["allocated"]) + money(row["unapplied"]) == -155
    written_off = sum(money(line["write_off"]) for line in rows_of(result.allocations))
    assert written_off in {0, 5, -5}


@pytest.mark.parametrize("tables", [{"payments": []}, {"invoices": []}, {"payments": [], "invoices": []}])
def test_a_book_without_rows_has_outputs_without_rows(tables: Tables, tmp_path: Path) -> None:
    result = match({**plain_book({}), "payments": [paid("1.00", "INV-77801")], **tables})
    write_match(result, tmp_path)
    assert {"payment_id", "outcome", "unapplied"} <= set(result.decisions.column_names)
    assert {"payment_id", "invoice_id", "amount"} <= set(result.allocations.column_names)
    assert result.decisions.num_rows == (0 if "payments" in tables else 1)
    assert (tmp_path / "allocations.csv").read_text(encoding="utf-8").count("\n") == 1
