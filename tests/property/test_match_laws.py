"""Laws of the whole of `match` on small hostile books: cash is conserved, nothing is paid twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.book import book_from_rows
from features.bundle import BASE_MODEL, Bundle, base_bundle
from features.pipeline import MatchResult, match_book
from receivables.money import exponent, to_minor, to_text
from receivables.policy import Policy
from receivables.words import Outcome

pytestmark = pytest.mark.skipif(not BASE_MODEL.exists(), reason="no base model: run `make base-model`")

Row = dict[str, str]
Tables = dict[str, list[Row]]

CUSTOMERS: Final = ("Acme Industrie GmbH", "Beta Handels AG", "Acme Service Ltd")
AMOUNTS: Final = (1, 2, 3, 5, 100, 100, 200, 300, 4999, 10_000)
"""Few and small, so that sums, twins and coincidences are the rule."""

TEXTS: Final = (
    "",
    "INV-1",
    "INV-2 INV-3",
    "INV-1 to 4",
    "rent",
    "less CM",
    "INV1 INV-77",
    "return",
    "salary 03",
)
KNOBS: Final[dict[str, object]] = {
    "auto_threshold": 0.05,
    "review_threshold": 0.01,
    "require_evidence_beyond_amount": False,
    "twins": "oldest",
    "cross_currency": "allow",
    "tolerance_amount": "0.02",
    "overpayment": "write_off_within_tolerance",
    "dismiss": "auto",
}
"""As loose as a policy gets, so that the laws carry the weight."""

amount = st.sampled_from(AMOUNTS)
currency = st.sampled_from(("EUR", "EUR", "EUR", "JPY", "BHD"))
status = st.sampled_from(("open",) * 4 + ("draft", "void", "disputed", "on_hold"))
day = st.integers(1, 28).map(lambda number: f"2025-03-{number:02d}")


@st.composite
def books(draw: st.DrawFn) -> Tables:
    """Draw a book of at most three customers, six items and five payments, some of them of the past."""
    invoices = [
        {
            "invoice_id": f"INV-{number}",
            "customer_id": f"C{draw(st.integers(0, 2))}",
            "currency": (code := draw(currency)),
            "amount": to_text(draw(amount), code),
            "issue_date": draw(day),
            "due_date": "2025-04-02",
            "type": draw(st.sampled_from(("invoice", "invoice", "invoice", "credit_memo", "debit_note"))),
            "status": draw(status),
        }
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]
    payments = [
        {
            "payment_id": f"P-{number}",
            "booking_date": draw(day),
            "currency": (code := draw(currency)),
            "amount": to_text(draw(amount) * draw(st.sampled_from((1, 1, 1, 1, -1, 0))), code),
            "payer_name": draw(st.sampled_from((*CUSTOMERS, "", "Stranger"))),
            "remittance": draw(st.sampled_from(TEXTS)),
            "end_to_end_id": draw(st.sampled_from(("", "E-1", "E-2"))),
            "kind": draw(st.sampled_from(("", "", "", "return", "refund"))),
            "hold": draw(st.sampled_from(("", "", "", "", "sanctions"))),
        }
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    allocations = []
    if draw(st.booleans()):
        item, cash = invoices[0], payments[-1]
        if item["currency"] == cash["currency"] and not cash["amount"].startswith("-"):
            applied = min(Decimal(item["amount"]), Decimal(cash["amount"]))
            if item["type"] != "credit_memo" and applied > 0:
                allocations.append(
                    {"payment_id": cash["payment_id"], "invoice_id": "INV-1", "amount": str(applied)},
                )
    return {
        "invoices": invoices,
        "payments": payments,
        "customers": [{"customer_id": f"C{place}", "name": name} for place, name in enumerate(CUSTOMERS)],
        "fx_rates": [{"date": "2025-03-01", "base": "EUR", "quote": "JPY", "rate": "160"}],
        "allocations": allocations,
    }


@cache
def bundle() -> Bundle:
    return base_bundle()


def match(tables: Mapping[str, list[Row]]) -> MatchResult:
    book = book_from_rows(tables)
    assert not book.quarantined, book.problems.to_pylist()
    policy = Policy.from_dict(bundle().policy).merged_with(KNOBS)
    return match_book(book, bundle(), policy, threads=1)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def money(value: object) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


relaxed = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(books())
def test_every_payment_is_decided_once_and_its_cash_is_conserved(tables: Tables) -> None:
    result = match(tables)
    applied: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(result.allocations):
        applied[row["payment_id"]] += money(row["payment_amount"])
    decided = {row["payment_id"] for row in tables["allocations"]}
    waiting = [row for row in tables["payments"] if row["payment_id"] not in decided]
    decisions = {row["payment_id"]: row for row in rows_of(result.decisions)}
    assert result.decisions.num_rows == len(waiting) == len(decisions)
    for row in waiting:
        decision = decisions[row["payment_id"]]
        assert applied[row["payment_id"]] == money(decision["allocated"])
        assert money(decision["allocated"]) + money(decision["unapplied"]) == Decimal(row["amount"])
        assert 0.0 <= float(decision["confidence"]) <= 1.0


@relaxed
@given(books())
def test_nothing_posted_goes_beyond_what_is_open(tables: Tables) -> None:
    result = match(tables)
    auto = {row["payment_id"] for row in rows_of(result.decisions) if row["outcome"] == Outcome.AUTO}
    balance = {
        row["invoice_id"]: Decimal(row["amount"]) * (-1 if row["type"] == "credit_memo" else 1)
        for row in tables["invoices"]
    }
    for row in tables["allocations"]:
        balance[row["invoice_id"]] -= Decimal(row["amount"])
    paid = {row["invoice_id"]: Decimal(0) for row in tables["invoices"]}
    for row in rows_of(result.allocations):
        if row["payment_id"] in auto:
            paid[row["invoice_id"]] += money(row["amount"]) + money(row["write_off"])
    for row in tables["invoices"]:
        left = balance[row["invoice_id"]] - paid[row["invoice_id"]]
        sign = -1 if row["type"] == "credit_memo" else 1
        full = Decimal(row["amount"])
        assert 0 <= left * sign <= full, f"{row['invoice_id']} ends at {left}"


@relaxed
@given(books())
def test_what_is_no_open_item_is_never_proposed_and_what_is_held_never_posted(tables: Tables) -> None:
    result = match(tables)
    status = {row["invoice_id"]: row["status"] for row in tables["invoices"]}
    held = {row["payment_id"] for row in tables["payments"] if row["hold"]}
    outcome = {row["payment_id"]: row["outcome"] for row in rows_of(result.decisions)}
    assert not [payment for payment, word in outcome.items() if word == Outcome.AUTO and payment in held]
    for row in rows_of(result.allocations):
        assert status[row["invoice_id"]] not in {"draft", "void"}
        if status[row["invoice_id"]] in {"disputed", "on_hold"}:
            assert outcome[row["payment_id"]] != Outcome.AUTO


@relaxed
@given(books(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(tables: Tables, random: Random) -> None:
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in tables.items()}
    assert match(shuffled).decisions.equals(match(tables).decisions)
    assert match(shuffled).allocations.equals(match(tables).allocations)


@relaxed
@given(books())
def test_amounts_carry_the_decimals_of_their_currency(tables: Tables) -> None:
    result = match(tables)
    currency_of = {row["invoice_id"]: row["currency"] for row in tables["invoices"]}
    for row in rows_of(result.allocations):
        code = currency_of[row["invoice_id"]]
        for column in ("amount", "write_off", "deduction"):
            if row[column]:
                assert to_text(to_minor(row[column], code), code) == row[column]
    for row in rows_of(result.decisions):
        assert len(row["unapplied"].partition(".")[2]) == exponent(row["currency"])


@relaxed
@given(books())
def test_what_was_posted_is_not_decided_or_paid_again(tables: Tables) -> None:
    first = match(tables)
    auto = {
        row["payment_id"]
        for row in rows_of(first.decisions)
        if row["outcome"] == Outcome.AUTO and money(row["allocated"])
    }
    posted = [
        {
            "payment_id": row["payment_id"],
            "invoice_id": row["invoice_id"],
            "amount": row["amount"],
            "write_off": row["write_off"] or "",
            "reason": row["write_off_reason"] or "",
        }
        for row in rows_of(first.allocations)
        if row["payment_id"] in auto
    ]
    second = match({**tables, "allocations": [*tables["allocations"], *posted]})
    assert not auto & {row["payment_id"] for row in rows_of(second.decisions)}
