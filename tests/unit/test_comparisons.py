"""What a payment looks like beside one open item: numbers nearly named, amounts, dates, the batch."""

from __future__ import annotations

import numpy as np
import pytest

from features.block import Reading
from features.book import book_from_rows
from features.compare import SCHEMA
from features.frame import Frame
from features.match_model import compare_batch
from features.pipeline import canonical
from features.state import FOREVER, State

Row = dict[str, str]

PAYER = "Falkenberg Stores GmbH"


def item(number: str, amount: str = "99.00", **more: str) -> Row:
    """Write down an open item of the one customer."""
    return {
        "invoice_id": number,
        "customer_id": "C",
        "customer_name": PAYER,
        "currency": "EUR",
        "amount": amount,
        "issue_date": "2025-03-01",
        "due_date": "2025-03-31",
        **more,
    }


def payment(number: str, text: str, amount: str = "99.00", **more: str) -> Row:
    """Write down a payment of that customer."""
    return {
        "payment_id": number,
        "booking_date": "2025-04-01",
        "currency": "EUR",
        "amount": amount,
        "payer_name": PAYER,
        "remittance": text,
        **more,
    }


def looked_at(
    items: list[Row], payments: list[Row], **tables: list[Row]
) -> dict[tuple[str, str], dict[str, float]]:
    """Compare all payments with all items; return the features of each pair that blocking lets through."""
    frame = Frame(canonical(book_from_rows({"invoices": items, "payments": payments, **tables})))
    decided = set(frame.allocation_payment.tolist())
    batch = np.array([row for row in range(frame.payment_count) if row not in decided], np.int32)
    state = State(frame, FOREVER, FOREVER, replay=False, batch=batch)
    compared = compare_batch(Reading(frame, 1), state, batch)
    c = compared.comparison
    ids, numbers = frame.payment_ids.to_pylist(), frame.item_ids.to_pylist()
    return {
        (ids[row], numbers[at]): dict(zip(SCHEMA, values.tolist(), strict=True))
        for row, at, values in zip(c.payment_row, c.item, compared.matrix, strict=True)
    }


@pytest.mark.parametrize(
    "text", ["INV202400329", "INV-2024-003928", "INV 2024 0032 98", "re 03298", "INV-2024-0032"]
)
def test_of_equal_items_the_number_is_nearest_to_the_one_meant(text: str) -> None:
    pairs = looked_at([item("INV-2024-003298"), item("INV-2024-007451")], [payment("P", text)])
    meant, other = pairs["P", "INV-2024-003298"], pairs["P", "INV-2024-007451"]
    assert meant["near_number"] > other["near_number"]
    assert other["near_number_other"] == meant["near_number"]
    assert (meant["near_tail"], meant["near_head"]) >= (other["near_tail"], other["near_head"])


def test_an_item_that_is_named_counts_as_nearest() -> None:
    pair = looked_at([item("INV-2024-003298")], [payment("P", "INV-2024-003298")])["P", "INV-2024-003298"]
    assert (pair["near_number"], pair["near_tail"], pair["near_head"]) == (1, 16, 16)


def test_a_year_is_no_part_of_a_number() -> None:
    pair = looked_at([item("INV-2024-003298")], [payment("P", "rent 2024")])["P", "INV-2024-003298"]
    assert (pair["near_number"], pair["near_tail"], pair["near_head"]) == (0, 0, 0)


def test_a_number_is_found_by_its_longest_run_where_a_shorter_one_ends_it() -> None:
    items = [item("INV0009973-01"), item("INV0010550-01"), item("M/38206/2025-04", "50.00")]
    pairs = looked_at(items, [payment("P", "FACT 9973"), payment("Q", "unit 38206", "50.00")])
    assert pairs["P", "INV0009973-01"]["ref_level"] == 3
    assert pairs["P", "INV0010550-01"]["ref_level"] == 0
    assert pairs["Q", "M/38206/2025-04"]["ref_level"] == 3


def test_a_stranger_who_pays_an_instalment_meets_its_item() -> None:
    plan = [{"invoice_id": "INV-1", "due_date": "2025-04-01", "amount": "33.41"}] * 2
    pairs = looked_at([item("INV-1", "66.82")], [payment("P", "", "33.41", payer_name="")], instalments=plan)
    assert pairs["P", "INV-1"]["amount_instalment"] > 0


def test_amounts_in_the_text_are_told_apart() -> None:
    items = [item("A-100", "329.76"), item("A-200", "203.37")]
    pairs = looked_at(items, [payment("P", "329,76 plus other, in all 533.13", "533.13")])
    assert [pairs["P", number]["amount_in_text"] for number in ("A-100", "A-200")] == [1, 0]
    assert pairs["P", "A-100"]["cash_in_text"] == 1


def test_payments_that_complete_an_item_together_are_seen() -> None:
    items = [item("INV-100", "90.00"), item("INV-200", "90.00")]
    parts = [("P", "INV-100", "40.00"), ("Q", "INV-100", "50.00"), ("R", "INV-200", "40.00")]
    pairs = looked_at(items, [payment(name, text, amount) for name, text, amount in parts])
    told = {name: pairs[name, text]["amount_claims_complete"] for name, text, _ in parts}
    assert told == {"P": 1, "Q": 1, "R": 0}


def test_a_cancelled_item_shows_by_its_credit_memo() -> None:
    items = [item("INV-100"), item("CN-1", type="credit_memo"), item("INV-300", "98.00")]
    pairs = looked_at(items, [payment("P", "INV-100 INV-300")])
    assert pairs["P", "INV-100"]["amount_credit_equal"] == 1
    assert pairs["P", "INV-300"]["amount_credit_equal"] == 0


@pytest.mark.parametrize(
    ("cash", "zeros", "fraction"), [("30.00", 3, 1), ("45.00", 2, 1), ("37.11", 0, 0), ("31.50", 1, 0)]
)
def test_a_part_is_round_or_a_usual_share(cash: str, zeros: int, fraction: int) -> None:
    pair = looked_at([item("INV-100", "90.00")], [payment("P", "INV-100", cash)])["P", "INV-100"]
    assert (pair["amount_zeros"], pair["amount_fraction"]) == (zeros, fraction)


def test_the_booking_day_decides_whether_a_discount_is_in_time() -> None:
    terms = {"discount_percent": "2", "discount_date": "2025-03-31"}
    late = payment("P", "INV-100", "98.00", value_date="2025-03-31")
    early = payment("Q", "INV-200", "98.00", booking_date="2025-03-31", value_date="2025-04-02")
    pairs = looked_at([item("INV-100", "100.00", **terms), item("INV-200", "100.00", **terms)], [late, early])
    seen = [pairs[key] for key in (("P", "INV-100"), ("Q", "INV-200"))]
    assert [one["amount_discounted"] for one in seen] == [1, 2]
    assert [one["discount_days"] for one in seen] == [-1, 0]


def test_an_item_passed_over_is_known_by_younger_ones_that_are_paid() -> None:
    items = [item("INV-1", due_date="2025-01-31"), item("INV-2", due_date="2025-02-28"), item("INV-3")]
    past = {"payment_id": "OLD", "booking_date": "2025-03-01", "currency": "EUR", "amount": "99.00"}
    paid = [{"payment_id": "OLD", "invoice_id": "INV-2", "amount": "99.00", "decided_at": "2025-03-02"}]
    pairs = looked_at(items, [past, payment("P", "")], allocations=paid)
    assert [pairs["P", number]["younger_equal_paid"] for number in ("INV-1", "INV-3")] == [1, 0]
