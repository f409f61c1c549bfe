"""A made-up book and what a match might have made of it, for tests of the report: seeded, and quick."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from features.book import Book, book_from_rows
from features.pipeline import MatchResult
from receivables.money import to_text

FIRST_DAY = date(2025, 10, 1)
STEMS = (
    "Nordlicht Aster Brückner Delta Falkenberg Gómez Håkansson Ibérica Jansen Kestrel Lumen Moreau Nakano"
).split()
TRADES = "Logistik Werkzeuge Foods Energía Textiles Systems Pharma Bau Papier Optics Marine Studio".split()
FORMS = "GmbH|AB|S.L.|Ltd|B.V.|SARL|S.p.A.|Oy|AG|K.K.".split("|")
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "USD", "USD", "GBP", "JPY", "BHD")
STOPS = ("below_threshold", "twins", "equal_explanations", "partial_review", "amount_only", "cross_currency")
WHY_NOT = ("counterparty", "amount", "date", "better_proposal", "taken_by_other_payment", "ambiguous")
PHRASES = (
    "Rechnung {no} vom {day}", "INV {no} thank you", "{no}", "pago factura {no}", "RG.{no}/KD {cust}",
    "Payment ref {no}, {other}",     "SEPA CT /ROC/{no}///URI/{day}",
)  # fmt: skip


@dataclass
class _Tables:
    decisions: list[dict[str, Any]] = field(default_factory=list)
    allocations: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    truth: list[dict[str, Any]] = field(default_factory=list)


def made_output(payments: int = 3_000, seed: int = 5, **overrides: str) -> tuple[Book, MatchResult, pa.Table]:
    """Return a book, the output of a match and the truth; `overrides` replace fields of the first payment."""
    dice = random.Random(seed)
    names = [
        f"{dice.choice(STEMS)} {dice.choice(TRADES)} {dice.choice(FORMS)}"
        for _ in range(max(payments // 12, 3))
    ]
    customers = [{"customer_id": f"C{10_000 + i}", "name": name} for i, name in enumerate(names)]
    invoices = [_invoice(dice, i, customers) for i in range(payments + payments // 3)]
    lines = [_payment(dice, i, invoices) for i in range(payments)]
    if lines:
        lines[0] |= overrides
    book = book_from_rows({"invoices": invoices, "payments": lines, "customers": customers})
    tables = _Tables()
    for i, line in enumerate(lines):
        _decide(dice, line, invoices, i, tables)
    return (
        book,
        _output(tables),
        pa.Table.from_pylist(tables.truth, pa.schema({"payment_id": pa.string(), "is_right": pa.bool_()})),
    )


def _invoice(dice: random.Random, i: int, customers: list[dict[str, str]]) -> dict[str, Any]:
    issued = FIRST_DAY + timedelta(days=dice.randrange(170))
    currency = dice.choice(CURRENCIES)
    minor = round(dice.lognormvariate(11.2, 1.1)) * (1 if currency != "JPY" else 2)
    return {
        "invoice_id": f"I{i}",
        "invoice_number": f"RE-{issued.year}-{40_000 + i}",
        "customer_id": dice.choice(customers)["customer_id"],
        "currency": currency,
        "amount": to_text(max(minor, 1), currency),
        "issue_date": issued.isoformat(),
        "due_date": (issued + timedelta(days=dice.choice((14, 30, 30, 60)))).isoformat(),
        "type": "credit_memo" if dice.random() < 0.04 else "invoice",
        "status": "open",
    }


def _payment(dice: random.Random, i: int, invoices: list[dict[str, Any]]) -> dict[str, Any]:
    item = invoices[i]
    booked = date.fromisoformat(item["due_date"]) + timedelta(days=round(dice.gauss(2, 9)))
    out = item["type"] == "credit_memo"
    return {
        "payment_id": f"P-{700_000 + i}",
        "booking_date": booked.isoformat(),
        "currency": item["currency"],
        "amount": ("-" if out else "") + item["amount"],
        "payer_name": f"{dice.choice(STEMS).upper()} {dice.choice(TRADES).upper()}",
        "payer_account": f"DE{dice.randrange(10**19, 10**20)}",
        "remittance": dice.choice(PHRASES).format(
            no=item["invoice_number"],
            day=booked,
            cust=item["customer_id"],
            other=invoices[i + 1]["invoice_number"],
        ),
        "end_to_end_id": f"E2E{dice.randrange(10**9)}" if dice.random() < 0.3 else "",
    }


def _decide(
    dice: random.Random, line: dict[str, Any], invoices: list[dict[str, Any]], i: int, to: _Tables
) -> None:
    item = invoices[i]
    outcome = dice.choices(("auto", "review", "unmatched", "dismissed"), (88, 8, 2.5, 1.5))[0]
    confidence = {
        "auto": 1 - 10 ** -dice.uniform(2.6, 5.5),
        "review": dice.betavariate(4, 2) * 0.995,
        "unmatched": dice.betavariate(1, 6),
        "dismissed": 0.99 + 0.01 * dice.random(),
    }[outcome]
    proposed = outcome in ("auto", "review")
    evidence = ["reference_exact", "customer_name", "amount_exact", "only_explanation"]
    reasons = {
        "auto": evidence[: dice.randrange(2, 5)],
        "review": ["reference_partial", *sorted(dice.sample(STOPS, dice.choice((1, 1, 2))))],
        "unmatched": [dice.choice(("unidentified_payer", "no_candidate", "on_account"))],
        "dismissed": [dice.choice(("own_transfer", "salary", "bank_fee_line", "duplicate_statement_line"))],
    }[outcome]
    known = proposed or reasons == ["on_account"]
    zero = to_text(0, line["currency"])
    to.decisions.append(
        {
            "payment_id": line["payment_id"],
            "kind": "refund"
            if item["type"] == "credit_memo"
            else ("other" if outcome == "dismissed" else "receipt"),
            "outcome": outcome,
            "confidence": round(confidence, 6),
            "customer_id": item["customer_id"] if known else "",
            "allocated": line["amount"] if proposed else zero,
            "unapplied": zero if proposed or outcome == "dismissed" else line["amount"],
            "currency": line["currency"],
            "related_payment_id": "",
            "reasons": ";".join(reasons),
            "model": "tieout@5d1f0c92ab",
            "policy": "9b20c4d17e33",
        }
    )
    to.truth.append({"payment_id": line["payment_id"], "is_right": dice.random() < confidence})
    if proposed:
        to.allocations.append(
            {
                "payment_id": line["payment_id"],
                "invoice_id": item["invoice_id"],
                "amount": line["amount"],
                "write_off": zero,
                "write_off_reason": "",
                "deduction": zero,
                "deduction_reason": "",
                "payment_amount": line["amount"],
                "rate": "",
                "rate_date": "",
                "pair_confidence": round(confidence, 6),
                "outcome": outcome,
            }
        )
    for other in [item, *dice.sample(invoices, dice.randrange(0, 5))]:
        chosen = other is item
        to.candidates.append(
            {
                "payment_id": line["payment_id"],
                "invoice_id": other["invoice_id"],
                "pair_confidence": round(confidence if chosen else dice.betavariate(1, 8), 6),
                "rules": "reference_core" if chosen else "amount_rare",
                "why_not": "" if chosen and proposed else dice.choice(WHY_NOT),
            }
        )


def _output(tables: _Tables) -> MatchResult:
    texts = [
        pa.Table.from_pylist(rows) if rows else _empty() for rows in (tables.decisions, tables.allocations)
    ]
    candidates = pa.Table.from_pylist(tables.candidates) if tables.candidates else _empty()
    return MatchResult(
        texts[0],
        texts[1],
        candidates,
        {
            "as_of": "2026-04-30T00:00:00Z",
            "model": "tieout@5d1f0c92ab",
            "policy": "9b20c4d17e33",
            "auto_threshold": 0.9971,
            "guarantee": {
                "statement": (
                    "With probability 95 %, at most 0.1 % of the auto-closes of this model and policy are "
                    "false, for payments like the 5,212 certified on, of which 1 was false."
                ),
                "certified": True,
            },
            "timings_seconds": {"read": 1.204, "block": 0.811, "score": 1.532},
            "peak_memory_mib": 812,
            "versions": {"tieout": "0.1.0", "lightgbm": "4.7.0"},
        },
    )


def _empty() -> pa.Table:
    return pa.table({"payment_id": pa.nulls(0, pa.string()), "invoice_id": pa.nulls(0, pa.string())})
