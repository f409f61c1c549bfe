"""Small hostile books to match: few amounts, so that sums, twins and coincidences are the rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
from hypothesis import strategies as st

from features.book import book_from_rows
from features.pipeline import MatchResult, match_book
from receivables.money import exponent, to_text
from tests.learnt import WIDE_OPEN, bundle, policy

Row = dict[str, str]
Tables = dict[str, list[Row]]

NAMES: Final = {"C1": "Acme Industrie GmbH", "C2": "Beta Handels AG", "C3": "Acme Service Ltd"}
RATES: Final = {"EUR": Decimal(1), "JPY": Decimal(160), "BHD": Decimal("0.4")}
SIZES: Final = (1, 3, 100, 100, 120, 220, 999, 10_000)
"""Minor units; few and small, so that sums, twins and coincidences are the rule."""

day = st.integers(1, 28).map(lambda number: f"2025-03-{number:02d}")
mostly_open = st.sampled_from(("open",) * 5 + ("draft", "void", "disputed", "on_hold"))


@st.composite
def items(draw: st.DrawFn) -> list[Row]:
    """Draw open items, mostly of one currency, some with terms."""
    home = draw(st.sampled_from(("EUR", "EUR", "JPY", "BHD")))
    out: list[Row] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        code = draw(st.sampled_from((home,) * 4 + ("EUR", "JPY")))
        terms = (
            {"discount_percent": "2", "discount_date": "2025-03-20"} if draw(st.integers(0, 4)) == 0 else {}
        )
        out.append({
            "invoice_id": f"INV-2025-{number:04d}",
            "customer_id": draw(st.sampled_from(tuple(NAMES))),
            "currency": code,
            "amount": to_text(draw(st.sampled_from(SIZES)), code),
            "issue_date": draw(day),
            "due_date": "2025-04-02",
            "type": draw(st.sampled_from(("invoice",) * 4 + ("credit_memo", "debit_note"))),
            "status": draw(mostly_open),
            **terms,
        })  # fmt: skip
    return out


def minor(row: Row) -> int:
    """Give an item's balance in minor units, a credit memo's below zero."""
    size = int(Decimal(row["amount"]).scaleb(exponent(row["currency"])))
    return -size if row["type"] == "credit_memo" else size


@st.composite
def cash(draw: st.DrawFn, number: int, open_items: list[Row]) -> Row:
    """Draw a payment that means some items, or nothing, and says more or less of it."""
    meant = draw(st.lists(st.sampled_from(open_items), max_size=3, unique_by=lambda row: row["invoice_id"]))
    is_foreign = draw(st.integers(0, 4)) == 0
    code = meant[0]["currency"] if meant and not is_foreign else "EUR"
    size = sum(minor(row) for row in meant if row["currency"] == code)
    size = size or draw(st.sampled_from(SIZES))
    size += draw(st.sampled_from((0, 0, 0, 0, -1, 2, 50, -size // 2, -size // 50, -2 * size)))
    named = " ".join(row["invoice_id"] for row in meant)
    owner = NAMES[meant[0]["customer_id"]] if meant else "Stranger"
    return {
        "payment_id": f"P-{number}",
        "booking_date": draw(day),
        "currency": code,
        "amount": to_text(size, code),
        "payer_name": draw(st.sampled_from((owner, owner, "", "Acme"))),
        "payer_account": draw(st.sampled_from(("", "", "A-1", "A-2", "OWN-1"))),
        "remittance": draw(
            st.sampled_from((named, named, named[-4:], "", "Teilzahlung", "return", "rent 03"))
        ),
        "end_to_end_id": draw(st.sampled_from(("", "", "E-77812"))),
        "kind": draw(st.sampled_from(("",) * 6 + ("return", "refund", "chargeback"))),
        "hold": draw(st.sampled_from(("",) * 5 + ("sanctions",))),
        "related_payment_id": "",
    }


@st.composite
def lines_of(draw: st.DrawFn, payout: Row, open_items: list[Row]) -> list[Row]:
    """Draw remittance lines for a payment, with or without a fee; its amount becomes their sum."""
    sold = [row for row in open_items if row["currency"] == payout["currency"]][: draw(st.integers(1, 3))]
    if not sold:
        return []
    places = exponent(payout["currency"])
    fee = draw(st.sampled_from((0, 0, 1, 2)))
    total = sum(minor(row) for row in sold) - fee
    payout["amount"] = to_text(total, payout["currency"])
    lines = [
        {
            "payment_id": payout["payment_id"],
            "reference": row["invoice_id"],
            "amount": str(Decimal(minor(row)).scaleb(-places)),
            "kind": "refund" if minor(row) < 0 else "sale",
        }
        for row in sold
    ]
    own = {"payment_id": payout["payment_id"], "reference": "", "kind": "fee"}
    return [*lines, {**own, "amount": str(Decimal(-fee).scaleb(-places))}] if fee else lines


@st.composite
def books(draw: st.DrawFn, most: int = 6) -> Tables:
    """Draw a book: a few items of a few customers, payments that want them, and a little past."""
    invoices = draw(items())
    payments = [draw(cash(number, invoices)) for number in range(1, draw(st.integers(1, most)) + 1)]
    for place, row in enumerate(payments[1:], 1):
        if draw(st.integers(0, 5)) == 0:
            row["related_payment_id"] = payments[place - 1]["payment_id"]
    lines = draw(lines_of(payments[-1], invoices)) if draw(st.integers(0, 2)) == 0 else []
    allocations: list[Row] = []
    first, past = invoices[0], payments[0]
    if (
        draw(st.booleans())
        and first["currency"] == past["currency"]
        and first["type"] == "invoice"
        and not lines
    ):
        applied = min(Decimal(first["amount"]), Decimal(past["amount"]))
        if applied > 0:
            decided = draw(st.sampled_from(("", "2025-03-28", "2025-05-01")))
            allocations.append({
                "payment_id": past["payment_id"], "invoice_id": first["invoice_id"], "amount": str(applied),
                "decided_at": decided,
            })  # fmt: skip
    return {
        "invoices": invoices,
        "payments": payments,
        "customers": [
            {"customer_id": who, "name": name, "parent_id": "C1" if who == "C3" else ""}
            for who, name in NAMES.items()
        ],
        "customer_accounts": [{"customer_id": "C2", "account": "A-2"}],
        "own_accounts": [{"account": "OWN-1"}],
        "remittance_lines": lines,
        "fx_rates": [
            {"date": f"2025-03-{number:02d}", "base": "EUR", "quote": quote, "rate": str(RATES[quote])}
            for number in (1, 8, 15, 22)
            for quote in ("JPY", "BHD")
        ],
        "allocations": allocations,
    }


def match(tables: Mapping[str, Sequence[Row]], *, threads: int = 1, tolerance: str = "0") -> MatchResult:
    book = book_from_rows(tables)
    assert not book.quarantined, book.problems.to_pylist()
    return match_book(book, bundle(), policy(**{**WIDE_OPEN, "tolerance_amount": tolerance}), threads=threads)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def money(value: object) -> Decimal:
    return Decimal(str(value)) if value not in {None, ""} else Decimal(0)


def balances(tables: Tables) -> dict[str, Decimal]:
    """Give what is open of each item before a run, a credit memo's below zero."""
    out = {
        row["invoice_id"]: Decimal(row["amount"]) * (-1 if row["type"] == "credit_memo" else 1)
        for row in tables["invoices"]
    }
    for row in tables["allocations"]:
        out[row["invoice_id"]] -= Decimal(row["amount"])
    return out


def undoing(result: MatchResult) -> set[str]:
    """Give the payments that repeat an earlier one's lines negatively: they have lines, but chose nothing."""
    chosen = {row["payment_id"] for row in rows_of(result.candidates) if row["chosen"]}
    return {row["payment_id"] for row in rows_of(result.allocations)} - chosen


def assert_within_balances(
    tables: Tables, result: MatchResult, count: Callable[[dict[str, Any]], bool]
) -> None:
    """Hold that the lines that count leave each item between nothing and what was open of it."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    undone = undoing(result)
    for row in rows_of(result.allocations):
        if row["payment_id"] not in undone and count(row):
            spent[row["invoice_id"]] += money(row["amount"]) + money(row["write_off"])
    for item, balance in balances(tables).items():
        left = balance - spent[item]
        assert min(balance, Decimal(0)) <= left <= max(balance, Decimal(0)), (
            f"{item}: {spent[item]} of {balance}"
        )


def plain_book(*terms: Row) -> Tables:
    """Give a book of one customer's items of 1.00 EUR each."""
    return {
        "invoices": [
            {
                "invoice_id": f"INV-7780{place}",
                "customer_id": "C1",
                "currency": "EUR",
                "amount": "1.00",
                "issue_date": "2025-03-01",
                "type": "invoice",
                **some,
            }
            for place, some in enumerate(terms, 1)
        ],
        "payments": [],
        "customers": [{"customer_id": "C1", "name": NAMES["C1"]}],
        "allocations": [],
    }


def paid(amount: str, text: str, number: int = 1, **more: str) -> Row:
    return {
        "payment_id": f"P-{number:03d}",
        "booking_date": "2025-03-20",
        "currency": "EUR",
        "amount": amount,
        "payer_name": NAMES["C1"],
        "remittance": text,
        **more,
    }
