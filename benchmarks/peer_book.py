"""What every peer gets to see of a book: payments to decide, items open to them, who pays from where.

The peers read the same folder as ``tieout match``, with nothing withheld: balances are rebuilt from the
history, a payer's account is known when the book lists it, or when the history shows it for one customer
only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa

from training.score_tables import (
    NO_DAY,
    TICKS_PER_UNIT,
    Ints,
    days,
    first_day,
    numbers,
    positions,
    read_table,
    text,
    ticks,
)

_SEPARATORS = re.compile(r"[^A-Z0-9]")
CLOSED = ("draft", "void")


@dataclass(slots=True)
class Item:
    """An item that may be paid; ``open`` falls while a peer closes payments."""

    id: str
    texts: tuple[str, ...]  # number, structured reference, purchase order
    customer: str
    currency: str
    open: int  # ten-thousandths, positive for credit memos too
    is_credit: bool
    known_day: int
    issue_day: int
    due_day: int
    discount: int  # ten-thousandths off when paid by discount_day
    discount_day: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment without a known outcome."""

    id: str
    day: int
    currency: str
    amount: int  # ten-thousandths, signed
    texts: tuple[str, ...]
    payer: str
    account: str
    customer: str  # as the gateway gave it


@dataclass(frozen=True, slots=True)
class PeerBook:
    """A book as a peer sees it: payments by day, items by due date."""

    payments: list[Payment]
    items: list[Item]
    names: dict[str, list[str]]  # customer -> name and aliases
    account_owner: dict[str, str]


@dataclass(slots=True)
class Answer:
    """What a peer says about one payment."""

    payment: Payment
    outcome: str = "unmatched"
    confidence: float = 0.0
    customer: str = ""
    rows: list[tuple[Item, int, int]] = field(default_factory=list)  # item, cash, write-off


def read_peer_book(book: Path) -> PeerBook:
    """Read a book folder."""
    history = read_table(
        book, "allocations", ("payment_id", "invoice_id", "amount", "write_off", "reversed_at")
    )
    history = history.filter(pa.array(days(history, "reversed_at") == NO_DAY))
    customers = read_table(book, "customers", ("customer_id", "name", "aliases"))
    names = {
        customer: [n for n in (name, *aliases.split(";")) if n]
        for customer, name, aliases in _rows(customers, "customer_id", "name", "aliases")
    }
    items, owner = _items(book, history)
    payments, account_owner = _payments(book, history, owner)
    return PeerBook(payments, items, names, account_owner)


def _rows(table: pa.Table, *columns: str) -> Iterator[tuple[str, ...]]:
    return zip(*(text(table, c).to_pylist() for c in columns), strict=True)


def _items(book: Path, history: pa.Table) -> tuple[list[Item], dict[str, str]]:
    table = read_table(
        book,
        "invoices",
        (
            *(
                "invoice_id",
                "invoice_number",
                "payment_reference",
                "purchase_order",
                "customer_id",
                "currency",
            ),
            *(
                "amount",
                "issue_date",
                "due_date",
                "known_at",
                "type",
                "status",
                "discount_percent",
                "discount_date",
            ),
            "discount_base",
        ),
    )
    ids = text(table, "invoice_id")
    amount = ticks(table, "amount")
    applied = _applied(history, ids, len(amount))
    issue = days(table, "issue_date")
    due = first_day(table, "due_date", "issue_date")
    percent = np.nan_to_num(numbers(table, "discount_percent"))
    base = ticks(table, "discount_base")
    discount = np.rint(np.where(base > 0, base, amount) * percent / 100).astype(np.int64)
    discount -= discount % 100  # whole cents
    columns = zip(
        _rows(table, "invoice_id", "invoice_number", "payment_reference", "purchase_order"),
        _rows(table, "customer_id", "currency", "type", "status"),
        (amount - np.abs(applied)).tolist(),
        first_day(table, "known_at", "issue_date").tolist(),
        issue.tolist(),
        due.tolist(),
        discount.tolist(),
        days(table, "discount_date").tolist(),
        strict=True,
    )
    items = [
        Item(
            id=identity,
            texts=(number or identity, *codes),
            customer=customer,
            currency=currency,
            open=left,
            is_credit=kind == "credit_memo",
            known_day=known,
            issue_day=issued,
            due_day=due_by,
            discount=off,
            discount_day=until,
        )
        for (identity, number, *codes), (
            customer,
            currency,
            kind,
            status,
        ), left, known, issued, due_by, off, until in columns
        if left > 0 and status not in CLOSED
    ]
    items.sort(key=lambda i: (i.due_day, i.issue_day, i.id))
    return items, dict(zip(ids.to_pylist(), text(table, "customer_id").to_pylist(), strict=True))


def _applied(history: pa.Table, ids: pa.Array, count: int) -> Ints:
    at = positions(text(history, "invoice_id"), ids)
    applied = np.zeros(count, dtype=np.int64)
    relief = ticks(history, "amount") + ticks(history, "write_off")
    np.add.at(applied, at[at >= 0], relief[at >= 0])
    return applied


def _payments(book: Path, history: pa.Table, owner: dict[str, str]) -> tuple[list[Payment], dict[str, str]]:
    table = read_table(
        book,
        "payments",
        (
            *("payment_id", "booking_date", "currency", "amount", "remittance", "structured_reference"),
            *(
                "end_to_end_id",
                "payer_name",
                "payer_account",
                "customer_id",
                "resolution",
                "received_at",
                "known_at",
            ),
        ),
    )
    day = first_day(table, "known_at", "received_at", "booking_date")
    paid = {p: owner.get(i, "") for p, i in _rows(history, "payment_id", "invoice_id")}
    lines = read_table(book, "remittance_lines", ("payment_id", "reference"))
    listed: dict[str, list[str]] = {}
    for payment, reference in _rows(lines, "payment_id", "reference"):
        listed.setdefault(payment, []).append(reference)
    seen: dict[str, set[str]] = {}
    todo: list[Payment] = []
    columns = zip(
        _rows(table, "payment_id", "currency", "payer_name", "payer_account", "customer_id", "resolution"),
        _rows(table, "remittance", "structured_reference", "end_to_end_id"),
        day.tolist(),
        ticks(table, "amount").tolist(),
        strict=True,
    )
    for (identity, currency, payer, account, customer, resolution), texts, day_, amount in columns:
        known = plain(account)
        if identity in paid:
            seen.setdefault(known, set()).add(paid[identity])
        elif not resolution:
            said = tuple(t for t in (*texts, *listed.get(identity, ())) if t)
            todo.append(Payment(identity, day_, currency, amount, said, payer, known, customer))
    todo.sort(key=lambda p: (p.day, p.id))
    accounts = read_table(book, "customer_accounts", ("customer_id", "account"))
    for customer, account in _rows(accounts, "customer_id", "account"):
        seen.setdefault(plain(account), set()).add(customer)
    return todo, {a: next(iter(c)) for a, c in seen.items() if a and len(c) == 1}


def plain(value: str) -> str:
    """Return letters and digits only, in capitals."""
    return _SEPARATORS.sub("", value.upper())


def write_answers(answers: Iterable[Answer], out: Path, name: str) -> None:
    """Write the files that the scorer reads."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        (out / "decisions.csv").open("w", encoding="utf-8", newline="") as decisions,
        (out / "allocations.csv").open("w", encoding="utf-8", newline="") as allocations,
    ):
        first, second = csv.writer(decisions), csv.writer(allocations)
        first.writerow(("payment_id", "outcome", "confidence", "customer_id", "related_payment_id", "model"))
        second.writerow(("payment_id", "invoice_id", "amount", "write_off"))
        for a in answers:
            first.writerow((a.payment.id, a.outcome, repr(a.confidence), a.customer, "", name))
            for item, cash, write_off in a.rows:
                second.writerow((a.payment.id, item.id, _major(cash), _major(write_off)))


def _major(value: int) -> str:
    return str(Decimal(value) / TICKS_PER_UNIT)
