"""What was looked at with a known chance stands for what nobody looked at."""

from __future__ import annotations

import numpy as np

from features.book import book_from_rows
from features.frame import Frame
from features.pipeline import canonical
from training.replay import MOST_WEIGHT, read_truth


def test_a_payment_weighs_one_over_its_chance_and_never_more_than_the_most() -> None:
    chances = {"P1": None, "P2": "0.25", "P3": "0.001", "P4": "1"}
    book = book_from_rows(
        {
            "invoices": [
                {
                    "invoice_id": f"I{name}",
                    "customer_id": "C",
                    "currency": "EUR",
                    "amount": "10.00",
                    "issue_date": "2026-01-01",
                }
                for name in chances
            ],
            "payments": [
                {"payment_id": name, "booking_date": "2026-02-01", "currency": "EUR", "amount": "10.00"}
                for name in [*chances, "P5"]
            ],
            "allocations": [
                {"payment_id": name, "invoice_id": f"I{name}", "amount": "10.00", "pi": pi}
                for name, pi in chances.items()
            ],
        }
    )
    weight = read_truth(Frame(canonical(book))).weight
    assert np.array_equal(weight, [1.0, 4.0, MOST_WEIGHT, 1.0, 1.0])
