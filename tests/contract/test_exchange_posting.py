"""A payment in another currency: realised at the rate of the day, or at its own where the books have none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from receivables.accounts import Account
from serving.effects import record
from serving.proposals import Line, Proposed
from serving.store import ledger_rows, schema
from serving.store.invariants import violations
from serving.store.store import Store, Transaction
from tests.stores import NOW

DAY = date(2026, 3, 31)


def add_payment_and_item(tx: Transaction) -> None:
    same = {"book_id": "acme", "known_at": NOW, "row_hash": "0", "changed_at": NOW}
    run = tx.connection.execute
    run(insert(schema.customer).values(book_id="acme", id="C", known_at=NOW, row_hash="0"))
    run(
        insert(schema.invoice).values(
            id="I", customer_id="C", currency="EUR", amount_minor=1000_00, issue_date=DAY, type="invoice",
            invoice_number="I", status="open", opening_minor=1000_00, open_minor=1000_00, **same,
        )
    )  # fmt: skip
    run(
        insert(schema.payment).values(
            id="P", booking_date=DAY, currency="USD", amount_minor=1080_00, opening_minor=1080_00,
            unapplied_minor=1080_00, state="new", **same,
        )
    )  # fmt: skip


def add_rate(tx: Transaction, base: str, quote: str, rate: str, day: date) -> None:
    tx.connection.execute(
        insert(schema.fx_rate).values(
            book_id="acme", id=f"{base}{quote}{day}", date=day, base=base, quote=quote, rate_text=rate,
            rate=float(rate), known_at=NOW,
        )
    )  # fmt: skip


def close(tx: Transaction) -> dict[str, int]:
    line = Line("I", "EUR", 1000_00, 0, None, 0, None, 1080_00, "0.925926", DAY, 0.99)
    said = ("receipt", "auto", 0.99, "C", 1080_00, 0, "USD", None, "amount_fx", "m", "p")
    record(tx, [Proposed("P", *said, (line,))], NOW)
    assert violations(tx) == []
    return {
        f"{account} {code}": total for (account, code), total in ledger_rows.balances(tx).items() if total
    }


@pytest.mark.parametrize(
    ("rates", "realised"),
    [
        ([("USD", "EUR", "0.9213", DAY)], 4_00 + 1_00),
        ([("EUR", "USD", "1.08", DAY - timedelta(days=3))], 0),
        ([("USD", "EUR", "0.95", DAY)], -26_00),
        ([("USD", "EUR", "0.5", DAY - timedelta(days=8))], 0),
        ([], 0),
    ],
    ids=["loss", "inverse", "gain", "too-old", "no-rate"],
)
def test_the_difference_to_the_rate_of_the_day_is_realised(
    store: Store, rates: list[tuple[str, str, str, date]], realised: int
) -> None:
    with store.transaction("acme") as tx:
        add_payment_and_item(tx)
        for rate in rates:
            add_rate(tx, *rate)
        found = close(tx)
    result = Account.FX_LOSS if realised > 0 else Account.FX_GAIN
    assert found.pop(f"{result} EUR", 0) == realised
    assert found == {
        f"{Account.CASH} USD": 1080_00,
        f"{Account.CONVERSION} USD": -1080_00,
        f"{Account.CONVERSION} EUR": 1000_00 - realised,
        f"{Account.RECEIVABLE} EUR": -1000_00,
    }
