"""Exports of invoices and remittance advices as CSV, by the titles of their columns, whatever wrote them.

Which title means which field is data (`titles.toml`). A file is recognised when its titles cover what such a
row cannot do without. The decimal mark and the order of dates are those that all rows agree on; where no row
shows them, the row in doubt is a problem.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final

from features.ingest.amount_text import mark_of, minor_of
from features.ingest.entry import CustomerEntry, Entry, InvoiceEntry, RemittanceEntry
from features.ingest.limits import Limits
from features.ingest.problems import Problem
from features.ingest.source import Source
from features.ingest.table_text import Row, Table, header_of
from features.ingest.tabular.hints import NO_HINTS, Hints
from features.ingest.written_dates import DayError, DayOrder, order_of, read_day
from receivables.money import MoneyError

_NEEDED: Final = {
    "remittance": ("payment_reference", "reference", "paid"),
    "invoice": ("invoice_number", "issue_date", "amount"),
}
_SAMPLE: Final = 2_000
"""Rows that are looked at to learn the decimal mark and the order of dates."""


@cache
def titles(section: str) -> Mapping[str, tuple[str, ...]]:
    """Give the titles of one kind of table, by field."""
    text = files("features.ingest").joinpath("titles.toml").read_text("utf-8")
    return {name: tuple(found) for name, found in tomllib.loads(text)[section].items()}


def columns_of(section: str, header: list[str]) -> dict[str, str]:
    """Find the column of each field: the first of its titles that the header has and no field took before."""
    free = dict.fromkeys(header)
    found: dict[str, str] = {}
    for name, words in titles(section).items():
        title = next((word for word in words if word in free), None)
        if title is not None:
            found[name] = title
            del free[title]
    return found


def detect_remittance(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the header is that of a remittance advice."""
    return _covers("remittance", header_of(head))


def detect_invoices(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the header is that of a list of invoices with their customers."""
    header = header_of(head)
    found = columns_of("invoice", header)
    return _covers("invoice", header) and bool({"customer_id", "customer_name"} & set(found))


def _covers(section: str, header: list[str]) -> bool:
    return set(_NEEDED[section]) <= set(columns_of(section, header))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the fields of a file are, and how it writes amounts and dates."""

    columns: Mapping[str, str]
    mark: str
    order: DayOrder

    def text(self, row: Row, name: str) -> str:
        """Give the cell of a field; empty where the file has no such column."""
        title = self.columns.get(name)
        return "" if title is None else row[title]

    def minor(self, row: Row, name: str, currency: str) -> int | None:
        """Read an amount; None where the cell is empty."""
        text = self.text(row, name)
        return minor_of(text, currency, self.mark) if text else None

    def day(self, row: Row, name: str) -> date | None:
        """Read a day; None where the cell is empty."""
        text = self.text(row, name)
        return read_day(text, self.order) if text else None


def _layout(
    section: str, source: Source, limits: Limits, amounts: tuple[str, ...], days: tuple[str, ...]
) -> _Layout:
    """Learn how the file writes amounts and dates from its first rows."""
    columns = columns_of(section, header_of(source.head()))
    marks: set[str] = set()
    written: list[str] = []
    for number, row in enumerate(Table(source, limits, []).rows()):
        if number >= _SAMPLE:
            break
        for name in amounts:
            if name in columns and (text := row[columns[name]]):
                try:
                    marks.add(mark_of(text))
                except MoneyError:
                    continue
        written += [row[columns[name]] for name in days if name in columns and row[columns[name]]]
    marks.discard("")
    return _Layout(columns, marks.pop() if len(marks) == 1 else "", order_of(written))


def read_remittance(source: Source, limits: Limits, hints: Hints = NO_HINTS) -> Iterator[Entry | Problem]:
    """Give each row as a line of the payment it names."""
    layout = _layout("remittance", source, limits, ("gross", "paid", "deduction"), ())
    table = Table(source, limits, [])
    for row in table.rows():
        currency = layout.text(row, "currency").upper() or hints.currency
        reference, payment = layout.text(row, "reference"), layout.text(row, "payment_reference")
        if not payment or not currency:
            missing = "payment_reference" if not payment else "currency"
            yield Problem.at(row.place, missing, "missing_value" if not payment else "missing_currency")
            continue
        try:
            paid, gross = layout.minor(row, "paid", currency), layout.minor(row, "gross", currency)
            taken = layout.minor(row, "deduction", currency)
        except MoneyError as error:
            yield Problem.at(row.place, "amount", error.code, "", message=error.message, mend=error.mend)
            continue
        if paid is None and gross is None:
            yield Problem.at(row.place, "amount", "missing_value")
            continue
        deduction = abs(taken) if taken else 0
        if paid is not None and gross is not None and not deduction:
            deduction = gross - paid
        amount = gross if gross is not None else (paid or 0) + deduction
        if paid is not None and amount - deduction != paid:
            yield Problem.at(row.place, "amount", "total_differs", row.place.raw)
        yield RemittanceEntry(
            lineage=row.place,
            currency=currency,
            payment_reference=payment,
            reference=reference,
            customer_reference=layout.text(row, "customer_reference"),
            amount_minor=amount,
            deduction_minor=deduction or None,
            reason=layout.text(row, "reason"),
        )
    yield from table.problems


def read_invoices(source: Source, limits: Limits, hints: Hints = NO_HINTS) -> Iterator[Entry | Problem]:
    """Give each row as an invoice and its customer."""
    layout = _layout(
        "invoice", source, limits, ("amount", "open_amount", "tax_amount"), ("issue_date", "due_date")
    )
    table = Table(source, limits, [])
    for row in table.rows():
        try:
            yield from _invoice(row, layout, hints.currency)
        except MoneyError as error:
            raw = layout.text(row, "amount")
            yield Problem.at(row.place, "amount", error.code, raw, message=error.message, mend=error.mend)
        except DayError as error:
            yield Problem.at(row.place, "issue_date", error.code, error.raw)
    yield from table.problems


def _invoice(row: Row, layout: _Layout, home: str) -> Iterator[Entry | Problem]:
    currency = layout.text(row, "currency").upper() or home
    number, name = layout.text(row, "invoice_number"), layout.text(row, "customer_name")
    customer = layout.text(row, "customer_id") or name
    issued = layout.day(row, "issue_date")
    for field, value in (("invoice_number", number), ("customer_id", customer), ("issue_date", issued)):
        if not value:
            yield Problem.at(row.place, field, "missing_value")
            return
    if not currency:
        yield Problem.at(row.place, "currency", "missing_currency")
        return
    amount = layout.minor(row, "amount", currency)
    still_open = layout.minor(row, "open_amount", currency)
    if amount is None or issued is None:
        yield Problem.at(row.place, "amount", "missing_value")
        return
    kind = _word("types", layout.text(row, "type"))
    if amount == 0:
        yield Problem.at(
            row.place,
            "amount",
            "informational",
            message="The invoice asks for nothing.",
            mend="Nothing to do.",
        )
        return
    yield InvoiceEntry(
        invoice_id=number,
        customer_id=customer,
        currency=currency,
        amount_minor=abs(amount),
        issue_date=issued,
        lineage=row.place,
        invoice_number=number,
        type="credit_memo" if amount < 0 else kind or "invoice",
        open_amount_minor=None if still_open is None else abs(still_open),
        due_date=layout.day(row, "due_date"),
        customer_name=name,
        payment_reference=layout.text(row, "payment_reference"),
        purchase_order=layout.text(row, "purchase_order"),
        tax_amount_minor=_without_sign(layout.minor(row, "tax_amount", currency)),
        status=_word("statuses", layout.text(row, "status")),
    )
    yield CustomerEntry(customer_id=customer, lineage=row.place, name=name)


def _without_sign(minor: int | None) -> int | None:
    return None if minor is None else abs(minor)


def _word(section: str, text: str) -> str:
    """Translate a word of the file into one of the contract's; an unknown one becomes empty."""
    folded = "_".join(text.lower().replace("-", " ").split())
    return next((word for word, known in titles(section).items() if folded in known), "")
