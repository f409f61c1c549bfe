"""Writes the second synthetic world as a labelled book: the contract's tables and the kinds of case."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from training.worlds.second_types import exponent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training.worlds.second_desk import Desk
    from training.worlds.second_types import Invoice, World

Row = tuple[str, ...]

COLUMNS: dict[str, str] = {
    "invoices": (
        "invoice_id invoice_number customer_id customer_name currency amount open_amount issue_date due_date type "
        "status payment_reference purchase_order discount_percent discount_date discount_base tax_amount issuer_id "
        "known_at"
    ),
    "payments": (
        "payment_id booking_date value_date received_at currency amount payer_name payer_account customer_id "
        "remittance structured_reference end_to_end_id transaction_code account original_amount original_currency "
        "charges source kind hold resolution"
    ),
    "customers": "customer_id customer_number name aliases country parent_id",
    "customer_accounts": "customer_id account known_at",
    "own_accounts": "account issuer_id currency",
    "instalments": "invoice_id due_date amount",
    "remittance_lines": "payment_id reference customer_reference amount deduction reason kind",
    "fx_rates": "date base quote rate source",
    "allocations": (
        "payment_id invoice_id amount write_off reason decided_at decided_by checked_by reversed_at source"
    ),
    "truth_kinds": "payment_id kind_of_case related_payment_id reference_state channel equal_items",
}
DATES = {"issue_date", "due_date", "discount_date", "booking_date", "value_date", "date"}
INSTANTS = {"known_at", "received_at", "decided_at", "reversed_at"}


def decimal(minor: int, currency: str) -> str:
    """Write minor units as a decimal string in major units."""
    places = exponent(currency)
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**places)
    return f"{sign}{whole}.{rest:0{places}d}" if places else f"{sign}{whole}"


def stamp(when: datetime | None) -> str:
    """Write an instant as ISO 8601 with Z, or nothing."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when is not None else ""


class Tables:
    """The rows of each table of a finished world."""

    def __init__(self, world: World, desk: Desk) -> None:
        self._world = world
        self._desk = desk
        self._iso = [day.isoformat() for day in world.dates]

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of one table, in a stable order."""
        makers = {
            "invoices": self._invoices,
            "payments": self._payments,
            "customers": self._customers,
            "customer_accounts": self._customer_accounts,
            "own_accounts": self._own_accounts,
            "instalments": self._instalments,
            "remittance_lines": self._lines,
            "fx_rates": self._rates,
            "allocations": self._allocations,
            "truth_kinds": self._kinds,
        }
        return makers[table]()

    def _day(self, day: int) -> str:
        return self._iso[day] if 0 <= day < len(self._iso) else ""

    def _status(self, item: Invoice) -> str:
        return "settled" if item.open == 0 and item.status == "open" else item.status

    def _invoices(self) -> Iterator[Row]:
        for item in self._world.invoices:
            yield (
                item.invoice_id,
                item.number,
                item.customer.customer_id,
                item.customer.name,
                item.currency,
                decimal(item.amount, item.currency),
                decimal(item.open, item.currency),
                self._day(item.issued),
                self._day(item.due),
                item.kind,
                self._status(item),
                item.reference,
                item.order,
                f"{item.discount_percent:g}" if item.discount_percent else "",
                self._day(item.discount_day) if item.discount_percent else "",
                decimal(item.discount_base, item.currency) if item.discount_base else "",
                decimal(item.tax, item.currency) if item.tax else "",
                item.issuer.code,
                stamp(item.known_at),
            )

    def _payments(self) -> Iterator[Row]:
        for payment in self._world.payments:
            original = payment.original
            yield (
                payment.payment_id,
                self._day(payment.day),
                self._day(payment.value_day),
                stamp(payment.received),
                payment.currency,
                decimal(payment.amount, payment.currency),
                payment.payer_name,
                payment.payer_account,
                payment.customer_id,
                payment.remittance,
                payment.structured,
                payment.end_to_end,
                payment.code,
                payment.account,
                decimal(*original) if original else "",
                original[1] if original else "",
                decimal(payment.charges, payment.currency) if payment.charges else "",
                payment.source,
                payment.kind,
                payment.hold,
                payment.resolution,
            )

    def _customers(self) -> Iterator[Row]:
        for customer in self._world.customers:
            known = customer.parent is not None and customer.serial % 5 < 3
            parent = customer.parent.customer_id if known and customer.parent is not None else ""
            aliases = ";".join(customer.aliases)
            yield (customer.customer_id, customer.number, customer.name, aliases, customer.land.code, parent)

    def _customer_accounts(self) -> Iterator[Row]:
        for customer in self._world.customers:
            for account, day in customer.accounts:
                known = stamp(self._world.instant(day)) if day >= 0 else ""
                yield (customer.customer_id, account, known)

    def _own_accounts(self) -> Iterator[Row]:
        for issuer in self._world.issuers:
            for currency, account in issuer.accounts.items():
                yield (account, issuer.code, currency)

    def _instalments(self) -> Iterator[Row]:
        for item in self._world.invoices:
            for due, amount in item.instalments:
                yield (item.invoice_id, self._day(due), decimal(amount, item.currency))

    def _lines(self) -> Iterator[Row]:
        for payment in self._world.payments:
            for line in payment.lines:
                currency = payment.parts[0].invoice.currency if payment.parts else payment.currency
                yield (
                    payment.payment_id,
                    line.reference,
                    line.customer_reference,
                    decimal(line.amount, currency) if line.amount is not None else "",
                    decimal(line.deduction, currency) if line.deduction is not None else "",
                    line.reason,
                    line.kind,
                )

    def _rates(self) -> Iterator[Row]:
        world = self._world
        used = {item.currency for item in world.invoices} | {payment.currency for payment in world.payments}
        used |= {payment.original[1] for payment in world.payments if payment.original}
        for day in range(world.days + 40):
            if world.is_business(day):
                for currency in sorted(used - {"EUR"}):
                    yield (self._day(day), "EUR", currency, f"{world.rates[currency][day]:.5f}", "ECB-like")

    def _allocations(self) -> Iterator[Row]:
        for payment in self._world.payments:
            if not payment.parts:
                continue
            by, checked = self._desk.signature(payment)
            wrong = payment.wrong_first
            if wrong is not None and payment.decided is not None:
                part, when = wrong
                undone = stamp(payment.decided - timedelta(minutes=30))
                cash = decimal(part.amount, part.invoice.currency)
                yield (
                    payment.payment_id,
                    part.invoice.invoice_id,
                    cash,
                    "",
                    "",
                    stamp(when),
                    by,
                    "",
                    undone,
                    "erp",
                )
            for part in payment.parts:
                currency = part.invoice.currency
                yield (
                    payment.payment_id,
                    part.invoice.invoice_id,
                    decimal(part.amount, currency),
                    decimal(part.write_off, currency) if part.write_off else "",
                    part.reason,
                    stamp(payment.decided),
                    by,
                    checked,
                    "",
                    "erp",
                )

    def _kinds(self) -> Iterator[Row]:
        for payment in self._world.payments:
            related = payment.related.payment_id if payment.related is not None else ""
            equal = str(payment.equal_items or "")
            yield (payment.payment_id, payment.case, related, payment.reference_state, payment.channel, equal)


def write_csv(tables: Tables, out: Path) -> None:
    """Write every table as UTF-8 CSV."""
    out.mkdir(parents=True, exist_ok=True)
    for table, columns in COLUMNS.items():
        with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns.split())
            writer.writerows(tables.rows(table))


def write_parquet(tables: Tables, out: Path) -> None:
    """Write every table as Parquet: dates and instants typed, money as decimal strings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out.mkdir(parents=True, exist_ok=True)
    for table, names in COLUMNS.items():
        columns = names.split()
        cells = list(zip(*tables.rows(table), strict=True)) or [()] * len(columns)
        arrays = []
        for name, values in zip(columns, cells, strict=True):
            if name in DATES:
                arrays.append(pa.array([date.fromisoformat(v) if v else None for v in values], pa.date32()))
            elif name in INSTANTS:
                instants = [datetime.fromisoformat(v).astimezone(UTC) if v else None for v in values]
                arrays.append(pa.array(instants, pa.timestamp("us", "UTC")))
            else:
                arrays.append(pa.array([v or None for v in values], pa.string()))
        pq.write_table(pa.table(arrays, names=columns), out / f"{table}.parquet")
