"""An electronic invoice as UBL and CII both say it, checked and turned into entries of a book.

The readers of the two syntaxes fill a `Draft` with texts; everything that decides an amount, a type or a
customer is here, once. Numbers in comments (BT-115) are the business terms of EN 16931.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from features.ingest.entry import (
    CustomerAccountEntry,
    CustomerEntry,
    Entry,
    InstalmentEntry,
    InvoiceEntry,
    Lineage,
    OwnAccountEntry,
)
from features.ingest.payment_terms import Discount, Instalment, best
from features.ingest.problems import Problem
from receivables.money import MoneyError, exponent, to_minor

INVOICE_CODES: Final = frozenset(
    "71 80 82 102 130 202 203 204 211 218 219 295 326 331 380 382 384 385 386 387 388 389 390 393 394 395 "
    "456 527 553 575 623 633 751 780 817 870 875 876 877 935".split()
)
DEBIT_CODES: Final = frozenset("80 84 382 383 456 457 527".split())
CREDIT_CODES: Final = frozenset("81 83 261 262 296 308 381 396 420 458 502 503 532".split())
REQUEST_CODES: Final = frozenset({"325"})
"""Pro forma: asks for no money yet."""


@dataclass(slots=True)
class Party:
    """Buyer, seller or payee: the ids that a document gives it, as texts."""

    ids: list[str] = field(default_factory=list)
    global_ids: list[str] = field(default_factory=list)
    vat: str = ""
    company_id: str = ""
    tax_number: str = ""
    name: str = ""
    trading_name: str = ""
    country: str = ""

    def customer_id(self) -> str:
        """Choose the id of a customer: its own, its VAT number, its company number, its name."""
        chosen = (*self.ids, *self.global_ids, self.vat, self.company_id, self.name)
        return next((text for text in map(one_line, chosen) if text), "")

    def issuer_id(self) -> str:
        """Choose the id of the seller: one that does not depend on the buyer."""
        chosen = (self.vat, self.company_id, *self.global_ids, self.tax_number, *self.ids, self.name)
        return next((text for text in map(one_line, chosen) if text), "")


@dataclass(slots=True)
class Totals:
    """What the document claims, as decimal texts; empty where it says nothing."""

    lines: list[str] = field(default_factory=list)
    line_total: str = ""
    allowances: str = ""
    charges: str = ""
    tax_exclusive: str = ""
    taxes: list[str] = field(default_factory=list)
    tax_total: str = ""
    tax_inclusive: str = ""
    prepaid: str = ""
    rounding: str = ""
    payable: str = ""


@dataclass(slots=True)
class Draft:
    """One invoice or credit note as its file says it."""

    place: Lineage
    number: str = ""
    type_code: str = ""
    is_credit_note: bool = False
    is_test: bool = False
    currency: str = ""
    payable_currency: str = ""
    issue_date: str = ""
    due_date: str = ""
    payment_references: list[str] = field(default_factory=list)
    purchase_order: str = ""
    buyer_reference: str = ""
    preceding: list[str] = field(default_factory=list)
    seller: Party = field(default_factory=Party)
    buyer: Party = field(default_factory=Party)
    payee: Party | None = None
    own_accounts: list[str] = field(default_factory=list)
    buyer_accounts: list[str] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    discounts: list[Discount] = field(default_factory=list)
    instalments: list[Instalment] = field(default_factory=list)


def one_line(text: str) -> str:
    """Write an id or a name, which a file may wrap, in one line."""
    return " ".join(text.split())


def day(text: str) -> date | None:
    """Read `2025-01-31`, with a zone or time behind it or not, or `20250131`."""
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?![0-9])", text.strip(), re.ASCII)
    try:
        return None if found is None else date(*map(int, found.groups()))
    except ValueError:
        return None


def entries(draft: Draft) -> Iterator[Entry | Problem]:
    """Give the invoice, its customer and accounts; a problem for what is missing or does not add up."""
    fault = _fault(draft)
    if fault is not None:
        yield fault
        return
    issue_date = day(draft.issue_date)
    assert issue_date is not None
    totals, currency = draft.totals, draft.currency
    try:
        payable = to_minor(totals.payable or totals.tax_inclusive, currency)
        prepaid = to_minor(totals.prepaid or "0", currency)
    except MoneyError as error:
        raw = f"payable {totals.payable}, prepaid {totals.prepaid}"
        yield Problem.at(draft.place, "amount", error.code, raw, message=error.message, mend=error.mend)
        return
    yield from _differences(draft)
    kind = _type(draft, payable, prepaid)
    if isinstance(kind, Problem):
        yield kind
        return
    owed = abs(payable)
    paid = prepaid * (1 if payable >= 0 else -1)
    amount = owed + max(paid, 0)
    if amount == 0:
        yield _zero(draft)
        return
    customer = draft.buyer.customer_id()
    chosen, others = best(draft.discounts, issue_date)
    yield InvoiceEntry(
        invoice_id=one_line(draft.number),
        customer_id=customer,
        currency=currency,
        amount_minor=amount,
        issue_date=issue_date,
        lineage=draft.place,
        invoice_number=one_line(draft.number),
        type=kind,
        open_amount_minor=owed if owed != amount else None,
        due_date=_due_date(draft),
        customer_name=one_line(draft.buyer.name),
        payment_reference=" ".join(dict.fromkeys(map(one_line, draft.payment_references))),
        purchase_order=one_line(draft.purchase_order),
        discount_percent="" if chosen is None else chosen.percent,
        discount_date=None if chosen is None else chosen.last_day(issue_date),
        discount_base_minor=None if chosen is None else _base(chosen, currency),
        tax_amount_minor=_tax(draft),
        issuer_id=draft.seller.issuer_id(),
        buyer_reference=one_line(draft.buyer_reference),
        preceding_invoice=" ".join(dict.fromkeys(map(one_line, draft.preceding))),
    )
    yield from _instalments(draft, amount)
    yield from _parties(draft, customer)
    for other in others:
        yield Problem.at(
            draft.place,
            "discount_percent",
            "informational",
            other.shown(),
            message="The invoice offers several early-payment discounts; a book holds one, the largest.",
            mend="Nothing to do, unless customers use the smaller one.",
        )


def _fault(draft: Draft) -> Problem | None:
    """Say why no invoice can be made of the document, if so."""
    place = draft.place
    for name, text in (("invoice_id", draft.number), ("customer_id", draft.buyer.customer_id())):
        if not text:
            return Problem.at(place, name, "missing_value")
    try:
        exponent(draft.currency)
    except MoneyError:
        return Problem.at(place, "currency", "unknown_currency", draft.currency)
    if draft.payable_currency not in {"", draft.currency}:
        return Problem.at(
            place,
            "currency",
            "currency_differs",
            f"{draft.currency}, {draft.payable_currency}",
            message="The amount to pay is in another currency than the document.",
            mend="Ask the issuer which one is right.",
        )
    if day(draft.issue_date) is None:
        return Problem.at(
            place, "issue_date", "bad_date" if draft.issue_date else "missing_value", draft.issue_date
        )
    if not (draft.totals.payable or draft.totals.tax_inclusive):
        return Problem.at(place, "amount", "missing_value")
    return _no_invoice(draft)


def _no_invoice(draft: Draft) -> Problem | None:
    """Say why a complete document is no open item, if so."""
    place, code = draft.place, draft.type_code
    if draft.is_test:
        return Problem.at(
            place, "", "informational", message="The document is a test.", mend="Nothing to do."
        )
    if code in REQUEST_CODES:
        return Problem.at(
            place,
            "type",
            "informational",
            code,
            message="A pro forma invoice asks for no money.",
            mend="Nothing to do.",
        )
    if code and not draft.is_credit_note and code not in INVOICE_CODES | DEBIT_CODES | CREDIT_CODES:
        return Problem.at(
            place,
            "type",
            "unknown_type",
            code,
            message="The type of the document is none of EN 16931.",
            mend="Add the invoice by hand if it is one.",
        )
    return None


def _type(draft: Draft, payable: int, prepaid: int) -> str | Problem:
    """Say what the document is: a negative invoice is a credit memo, a negative credit note is in doubt."""
    is_credit = draft.is_credit_note or draft.type_code in CREDIT_CODES
    if is_credit and (payable < 0 or payable + prepaid < 0):
        return Problem.at(
            draft.place,
            "amount",
            "bad_sign",
            draft.totals.payable,
            message="A credit note with a negative total may mean either direction.",
            mend="Ask the issuer; add it as a credit memo or an invoice with a positive amount.",
        )
    if is_credit or payable < 0:
        return "credit_memo"
    return "debit_note" if draft.type_code in DEBIT_CODES else "invoice"


def _zero(draft: Draft) -> Problem:
    return Problem.at(
        draft.place,
        "amount",
        "informational",
        draft.totals.payable,
        message="The document asks for nothing, so it is no open item.",
        mend="Nothing to do.",
    )


def _differences(draft: Draft) -> Iterator[Problem]:
    """Check the sums that EN 16931 demands (BR-CO-10 to BR-CO-16), as far as their parts are given."""
    totals = draft.totals
    checks = (
        (
            "tax_exclusive",
            totals.tax_exclusive,
            (totals.line_total, "-" + (totals.allowances or "0"), totals.charges or "0"),
        ),
        ("tax_inclusive", totals.tax_inclusive, (totals.tax_exclusive, totals.tax_total or "0")),
        (
            "payable",
            totals.payable,
            (totals.tax_inclusive, "-" + (totals.prepaid or "0"), totals.rounding or "0"),
        ),
        ("line_total", totals.line_total, tuple(totals.lines)),
        ("tax_total", totals.tax_total, tuple(totals.taxes)),
    )
    for name, claimed, parts in checks:
        if not claimed or not parts or not all(parts):
            continue
        said, made = _decimal(claimed), [_decimal(part) for part in parts]
        # Lines may carry more decimals than the currency: only a whole minor unit is a difference.
        if said is not None and None not in made:
            total = sum((one for one in made if one is not None), Decimal(0))
            if abs(total - said) >= Decimal(10) ** -exponent(draft.currency):
                yield Problem.at(draft.place, name, "total_differs", f"{name} {claimed}, sum {total}")


def _decimal(text: str) -> Decimal | None:
    text = text.replace("--", "")
    return Decimal(text) if re.fullmatch(r"-?\d{1,20}(?:\.\d{1,20})?", text, re.ASCII) else None


def _tax(draft: Draft) -> int | None:
    """Give the tax, if it is a plain amount; it has no sign in a book."""
    try:
        return abs(to_minor(draft.totals.tax_total, draft.currency)) if draft.totals.tax_total else None
    except MoneyError:
        return None


def _base(discount: Discount, currency: str) -> int | None:
    try:
        return abs(to_minor(discount.base, currency)) if discount.base else None
    except MoneyError:
        return None


def _due_date(draft: Draft) -> date | None:
    last = max((one.due_date for one in draft.instalments), default=None)
    return last or day(draft.due_date)


def _instalments(draft: Draft, amount: int) -> Iterator[Entry | Problem]:
    """Give the instalments when they make up the amount."""
    parts: list[tuple[date, int]] = []
    for one in draft.instalments:
        try:
            parts.append((one.due_date, to_minor(one.amount, draft.currency)))
        except MoneyError as error:
            yield Problem.at(
                draft.place, "instalments", error.code, one.amount, message=error.message, mend=error.mend
            )
            return
    if len(parts) < 2:
        return
    if sum(part for _, part in parts) != amount or any(part <= 0 for _, part in parts):
        yield Problem.at(
            draft.place, "instalments", "total_differs", ", ".join(one.amount for one in draft.instalments)
        )
        return
    for due, part in parts:
        yield InstalmentEntry(
            invoice_id=one_line(draft.number),
            due_date=due,
            amount_minor=part,
            currency=draft.currency,
            lineage=draft.place,
        )


def _parties(draft: Draft, customer: str) -> Iterator[Entry]:
    buyer = draft.buyer
    name, trading_name = one_line(buyer.name), one_line(buyer.trading_name)
    yield CustomerEntry(
        customer_id=customer,
        lineage=draft.place,
        customer_number=one_line(next(iter(buyer.ids), "")),
        name=name or trading_name,
        aliases=trading_name if name and trading_name != name else "",
        country=buyer.country,
    )
    for account in dict.fromkeys(map(compact_account, draft.buyer_accounts)):
        if account:
            yield CustomerAccountEntry(customer_id=customer, account=account, lineage=draft.place)
    if draft.payee is not None and draft.payee.customer_id() != draft.seller.customer_id():
        return  # the account is a factor's, not ours
    for account in dict.fromkeys(map(compact_account, draft.own_accounts)):
        if account:
            yield OwnAccountEntry(
                account=account,
                lineage=draft.place,
                issuer_id=draft.seller.issuer_id(),
                currency=draft.currency,
            )


def compact_account(text: str) -> str:
    """Write an account number without blanks, an IBAN in capitals."""
    compact = "".join(text.split())
    return compact.upper() if re.match(r"[A-Za-z]{2}[0-9]{2}", compact, re.ASCII) else compact
