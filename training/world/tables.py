"""The finished world as the contract's tables: text columns, empty where nothing is known."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from receivables.money import exponent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from training.world.records import Customer, Issuer, Item, Line

Cell = str | None


class _Formats:
    """Memoised text of days, and money as decimal strings."""

    def __init__(self) -> None:
        self._days: dict[int, str] = {}

    def day(self, day: int) -> Cell:
        if not day:
            return None
        text = self._days.get(day)
        if text is None:
            text = self._days[day] = date.fromordinal(day).isoformat()
        return text


FORMATS = _Formats()
_EPOCH = date(1970, 1, 1).toordinal()
_EXPONENTS: dict[str, int] = {}


def money(minor: int, currency: str) -> str:
    """A decimal string in major units; `receivables.money.to_text` checks more and is five times slower."""
    places = _EXPONENTS.get(currency)
    if places is None:
        places = _EXPONENTS[currency] = exponent(currency)
    if not places:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}"


def instant(seconds: int) -> Cell:
    """An instant in UTC with `Z`."""
    if not seconds:
        return None
    day, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    return f"{FORMATS.day(day + _EPOCH)}T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}Z"


def seconds_of(day: int, within: int = 0) -> int:
    """The instant so many seconds after the start of a day."""
    return (day - _EPOCH) * 86_400 + within


def table(columns: dict[str, Iterable[Cell]]) -> pa.Table:
    """A table of text columns in which empty text is null."""
    return pa.table(
        {name: pa.array([cell or None for cell in cells], pa.string()) for name, cells in columns.items()}
    )


def invoices(items: Sequence[Item], ids: Sequence[str], *, with_names: bool) -> pa.Table:
    """The invoices with balances and status at the end of the book."""
    day = FORMATS.day
    return table(
        {
            "invoice_id": ids,
            "invoice_number": [i.number for i in items],
            "type": [i.type for i in items],
            "customer_id": [i.customer.ident for i in items],
            "customer_name": [i.customer.name.full if with_names else "" for i in items],
            "issuer_id": [i.issuer.ident for i in items],
            "currency": [i.currency for i in items],
            "amount": [money(i.amount, i.currency) for i in items],
            "open_amount": [money(0 if i.status in {"void", "draft"} else i.open, i.currency) for i in items],
            "tax_amount": [money(i.tax, i.currency) for i in items],
            "issue_date": [day(i.issued) for i in items],
            "due_date": [day(i.due) for i in items],
            "payment_reference": [i.reference for i in items],
            "purchase_order": [i.order for i in items],
            "discount_percent": [f"{i.discount_percent:g}" if i.discount_percent else "" for i in items],
            "discount_date": [day(i.discount_day) for i in items],
            "discount_base": [money(i.discount_base, i.currency) if i.discount_base else "" for i in items],
            "status": ["settled" if i.status == "open" and i.open == 0 else i.status for i in items],
            "known_at": [day(i.known) for i in items],
        }
    )


def payments(lines: Sequence[Line]) -> pa.Table:
    """The bank and processor lines; what a real export would not know stays empty."""
    day = FORMATS.day
    return table(
        {
            "payment_id": [p.ident for p in lines],
            "booking_date": [day(p.booked) for p in lines],
            "value_date": [day(p.value) for p in lines],
            "received_at": [instant(p.received) for p in lines],
            "currency": [p.currency for p in lines],
            "amount": [money(p.amount, p.currency) for p in lines],
            "payer_name": [p.holder for p in lines],
            "payer_account": [p.payer.account if p.payer else "" for p in lines],
            "customer_id": [p.gateway_customer for p in lines],
            "remittance": [p.text for p in lines],
            "structured_reference": [p.structured for p in lines],
            "end_to_end_id": [p.end_to_end for p in lines],
            "transaction_code": [p.code for p in lines],
            "account": [p.account.account for p in lines],
            "original_amount": [money(p.original[1], p.original[0]) if p.original else "" for p in lines],
            "original_currency": [p.original[0] if p.original else "" for p in lines],
            "charges": [money(p.charges, p.currency) if p.charges else "" for p in lines],
            "source": [p.source for p in lines],
            "kind": [p.kind for p in lines],
            "related_payment_id": [p.related.ident if p.related and p.shows_related else "" for p in lines],
            "resolution": [p.resolution for p in lines],
        }
    )


def customers(people: Sequence[Customer]) -> pa.Table:
    """The customer master."""
    return table(
        {
            "customer_id": [c.ident for c in people],
            "customer_number": [c.number for c in people],
            "name": [c.name.full for c in people],
            "aliases": [";".join(c.aliases) for c in people],
            "country": [c.country.code for c in people],
            "parent_id": [people[c.parent].ident if c.parent >= 0 else "" for c in people],
        }
    )


def customer_accounts(people: Sequence[Customer]) -> pa.Table:
    """The payer accounts on file."""
    pairs = [(c.ident, account) for c in people for account in c.on_file]
    return table({"customer_id": [pair[0] for pair in pairs], "account": [pair[1] for pair in pairs]})


def own_accounts(issuers: Sequence[Issuer]) -> pa.Table:
    """The book's own accounts."""
    pairs = [(issuer.ident, account) for issuer in issuers for account in issuer.accounts]
    return table(
        {
            "account": [account.account for _, account in pairs],
            "issuer_id": [ident for ident, _ in pairs],
            "currency": [account.currency for _, account in pairs],
        }
    )


def instalments(items: Sequence[Item], ids: Sequence[str]) -> pa.Table:
    """The agreed parts of items paid by instalments."""
    rows = [
        (ids[i.place], FORMATS.day(due), money(amount, i.currency))
        for i in items
        for due, amount in i.instalments
    ]
    return table(
        {name: [row[at] for row in rows] for at, name in enumerate(("invoice_id", "due_date", "amount"))}
    )


def remittance_lines(lines: Sequence[Line]) -> pa.Table:
    """Lines of advices and payout reports."""
    pairs = [(p, d) for p in lines for d in p.details]
    return table(
        {
            "payment_id": [p.ident for p, _ in pairs],
            "reference": [d.reference for _, d in pairs],
            "customer_reference": [d.customer for _, d in pairs],
            "amount": [money(d.amount, p.currency) for p, d in pairs],
            "deduction": [money(d.deduction, p.currency) if d.deduction else "" for p, d in pairs],
            "reason": [d.reason for _, d in pairs],
            "kind": [d.kind for _, d in pairs],
        }
    )


def fx_rates(published: Sequence[tuple[int, str, str, str]]) -> pa.Table:
    """One published rate a pair and business day."""
    return table(
        {
            "date": [FORMATS.day(row[0]) for row in published],
            "base": [row[1] for row in published],
            "quote": [row[2] for row in published],
            "rate": [row[3] for row in published],
            "source": ["synthetic"] * len(published),
        }
    )


def truth_kinds(lines: Sequence[Line]) -> pa.Table:
    """What each payment truly is; for scoring by kind, no table of the contract."""
    return table(
        {
            "payment_id": [p.ident for p in lines],
            "kind_of_case": [p.case for p in lines],
            "related_payment_id": [p.related.ident if p.related else "" for p in lines],
            "customer_id": [p.customer.ident if p.customer else "" for p in lines],
            "reference_state": [p.reference_state for p in lines],
            "payer_relation": [p.payer.relation if p.payer else "" for p in lines],
            "origin": ["synthetic"] * len(lines),
        }
    )
