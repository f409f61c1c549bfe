"""The laws every labelled book must keep; a generator's own test, and anybody's.

It reads the contract's tables as text and knows nothing of how they were made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

REASONS = frozenset({"bank_fee", "early_payment_discount", "rounding", "processor_fee", "other"})
RESOLUTIONS = frozenset({"nothing", "on_account", "duplicate_payment", "unidentified", "pending"})
ZERO = Decimal(0)

Record = dict[str, Any]


@dataclass(slots=True)
class Findings:
    """Broken laws, at most a few of each."""

    broken: dict[str, list[str]] = field(default_factory=dict)

    def say(self, law: str, where: object) -> None:
        """Record one breach."""
        found = self.broken.setdefault(law, [])
        if len(found) < 5:
            found.append(str(where))


def check_book(book: Mapping[str, pa.Table]) -> dict[str, list[str]]:
    """The broken laws by name, with examples; empty when the book keeps them all."""
    findings = Findings()
    items: dict[str, Record] = {row["invoice_id"]: row for row in book["invoices"].to_pylist()}
    payments: dict[str, Record] = {row["payment_id"]: row for row in book["payments"].to_pylist()}
    allocations = book["allocations"].to_pylist()
    kinds: dict[str, Record] = {row["payment_id"]: row for row in book["truth_kinds"].to_pylist()}
    by_payment: dict[str, list[Record]] = defaultdict(list)
    for row in allocations:
        by_payment[row["payment_id"]].append(row)
    _identities(book, items, payments, kinds, findings)
    for ident, payment in payments.items():
        _payment(payment, by_payment.get(ident, []), items, kinds[ident], findings)
        related = kinds[ident]["related_payment_id"]
        if related:
            _undoing(kinds[ident], by_payment.get(ident, []), by_payment.get(related, []), payments, findings)
    _balances(items, allocations, findings)
    _details(book, items, payments, findings)
    return findings.broken


def _identities(
    book: Mapping[str, pa.Table],
    items: Mapping[str, Record],
    payments: Mapping[str, Record],
    kinds: Mapping[str, Record],
    findings: Findings,
) -> None:
    if len(items) != book["invoices"].num_rows or len(payments) != book["payments"].num_rows:
        findings.say("ids are unique", "")
    if kinds.keys() != payments.keys():
        findings.say("every payment has a kind", "")
    numbers: set[tuple[str, str]] = set()
    for row in items.values():
        key = (row["issuer_id"], row["invoice_number"])
        if key in numbers:
            findings.say("a number is used once by its issuer", key)
        numbers.add(key)
        if Decimal(row["amount"]) <= 0:
            findings.say("documents have positive amounts", row["invoice_id"])


def _payment(
    payment: Record, rows: list[Record], items: Mapping[str, Record], kind: Record, findings: Findings
) -> None:
    ident = payment["payment_id"]
    if bool(rows) == bool(payment["resolution"]):
        findings.say("a payment has allocations or a resolution, never both", ident)
    if payment["resolution"] and payment["resolution"] not in RESOLUTIONS:
        findings.say("resolutions are the contract's", ident)
    for row in rows:
        item = items[row["invoice_id"]]
        if item["status"] in {"void", "draft"}:
            findings.say("void documents are never paid", ident)
        if bool(row["reason"]) != bool(row["write_off"]) or (row["reason"] and row["reason"] not in REASONS):
            findings.say("a write-off has a reason of the contract", ident)
        if row["decided_at"] < max(item["known_at"], payment["received_at"]):
            findings.say("a decision comes after what it needs to know", ident)
        if row["decided_by"] == row["checked_by"]:
            findings.say("nobody checks the own work", ident)
    _sum(payment, [row for row in rows if not row["reversed_at"]], items, kind, findings)


def _sum(
    payment: Record, rows: list[Record], items: Mapping[str, Record], kind: Record, findings: Findings
) -> None:
    ident, amount = payment["payment_id"], Decimal(payment["amount"])
    currencies = {items[row["invoice_id"]]["currency"] for row in rows}
    applied = sum((Decimal(row["amount"]) for row in rows), ZERO)
    if len(currencies) > 1:
        findings.say("a payment settles items of one currency", ident)
    if currencies == {payment["currency"]}:
        over = amount - applied
        if over and kind["kind_of_case"] != "overpayment":
            findings.say("the allocations of a payment sum up to it", ident)
        if over * (1 if amount >= 0 else -1) < 0:
            findings.say("no more is allocated than was paid", ident)
    elif currencies and (amount > 0) != (applied > 0):
        findings.say("an allocation keeps its payment's sign", ident)


def _undoing(
    kind: Record, rows: list[Record], before: list[Record], payments: Mapping[str, Record], findings: Findings
) -> None:
    ident, related = kind["payment_id"], kind["related_payment_id"]
    if related not in payments or payments[related]["booking_date"] > payments[ident]["booking_date"]:
        findings.say("a related payment came before", ident)
    if payments[related]["received_at"] >= payments[ident]["received_at"]:
        findings.say("a related payment was known before", ident)
    if kind["kind_of_case"] in {"return", "chargeback", "representment"}:
        undone = sorted((row["invoice_id"], -Decimal(row["amount"])) for row in rows)
        if undone != sorted((row["invoice_id"], Decimal(row["amount"])) for row in before):
            findings.say("a return repeats its payment's allocations negatively", ident)
    elif rows:
        findings.say("a duplicate allocates nothing", ident)


def _balances(items: Mapping[str, Record], allocations: list[Record], findings: Findings) -> None:
    """In the order of decisions no balance leaves the range from zero to the item's amount."""
    opens = {ident: Decimal(row["amount"]) for ident, row in items.items()}
    steps: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    """(instant, payment, item) -> what is consumed, or set free again by a reversal."""
    for row in allocations:
        sign = -1 if items[row["invoice_id"]]["type"] == "credit_memo" else 1
        used = (Decimal(row["amount"]) + Decimal(row["write_off"] or 0)) * sign
        steps[row["decided_at"], row["payment_id"], row["invoice_id"]] += used
        if row["reversed_at"]:
            steps[row["reversed_at"], row["payment_id"], row["invoice_id"]] -= used
    for (_, _, ident), used in sorted(steps.items()):
        opens[ident] -= used
        if not 0 <= opens[ident] <= Decimal(items[ident]["amount"]):
            findings.say("balances stay between zero and the amount at all times", ident)
    for ident, row in items.items():
        if row["status"] not in {"void", "draft"} and Decimal(row["open_amount"]) != opens[ident]:
            findings.say("the exported balance is what the allocations leave", ident)
        if (row["status"] == "settled") != (opens[ident] == 0):
            findings.say("settled means nothing is open", ident)


def _details(
    book: Mapping[str, pa.Table],
    items: Mapping[str, Record],
    payments: Mapping[str, Record],
    findings: Findings,
) -> None:
    parts: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in book["instalments"].to_pylist():
        parts[row["invoice_id"]] += Decimal(row["amount"])
    for ident, total in parts.items():
        if total != Decimal(items[ident]["amount"]):
            findings.say("instalments sum up to their invoice", ident)
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in book["remittance_lines"].to_pylist():
        deduction = Decimal(row["deduction"] or 0) if row["kind"] else ZERO
        sums[row["payment_id"]] += Decimal(row["amount"]) - deduction
    for ident, total in sums.items():
        payment = payments[ident]
        if payment["source"] == "processor" and total != Decimal(payment["amount"]):
            findings.say("payout lines sum up to the payout", ident)
