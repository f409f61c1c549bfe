"""The tables of a book: which columns each has, what they hold and what must be there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import pyarrow as pa


class Kind(StrEnum):
    """What a column holds, which decides how its cells are read."""

    TEXT = "text"
    CURRENCY = "currency"
    AMOUNT = "amount"
    PERCENT = "percent"
    RATE = "rate"
    SHARE = "share"
    DATE = "date"
    INSTANT = "instant"
    WORD = "word"


class Sign(StrEnum):
    """Which amounts a column accepts."""

    ANY = "any"
    NOT_NEGATIVE = "not negative"
    POSITIVE = "positive"


CELL_LIMIT: Final = 65_536
"""Longest free text, in characters."""
NAME_LIMIT: Final = 512
"""Longest identifier, number, date or word, in characters."""

INSTANT_TYPE: Final = pa.timestamp("us", "UTC")

_TYPES: Final = {
    Kind.TEXT: pa.string(),
    Kind.CURRENCY: pa.string(),
    Kind.WORD: pa.string(),
    Kind.AMOUNT: pa.int64(),
    Kind.PERCENT: pa.float64(),
    Kind.RATE: pa.float64(),
    Kind.SHARE: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.INSTANT: INSTANT_TYPE,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its name in files, what it holds and its limits."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    words: tuple[str, ...] = ()
    sign: Sign = Sign.ANY
    priced_in: str = ""
    limit: int = NAME_LIMIT

    @property
    def typed_name(self) -> str:
        """The name in a `Book`: money carries its unit."""
        return f"{self.name}_minor" if self.kind is Kind.AMOUNT else self.name

    @property
    def typed(self) -> list[pa.Field]:
        """The fields in a `Book`: a rate keeps its exact text too."""
        fields = [pa.field(self.typed_name, _TYPES[self.kind])]
        if self.kind is Kind.RATE:
            fields.append(pa.field(f"{self.name}_text", pa.string()))
        return fields


@dataclass(frozen=True)
class TableSpec:
    """One table of a book."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    belongs_to: tuple[str, ...] = ()
    """What each row must point to: an invoice, a payment."""

    @cached_property
    def schema(self) -> pa.Schema:
        """The typed columns of a `Book`, always all of them."""
        return pa.schema([field for column in self.columns for field in column.typed])

    @cached_property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which the table says nothing."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """Find a column by its name in files."""
        return next(column for column in self.columns if column.name == name)


def _text(*names: str, required: bool = False, limit: int = NAME_LIMIT) -> list[Column]:
    return [Column(name, required=required, limit=limit) for name in names]


def _amount(
    name: str, priced_in: str = "currency", *, required: bool = False, sign: Sign = Sign.ANY
) -> list[Column]:
    return [Column(name, Kind.AMOUNT, required=required, priced_in=priced_in, sign=sign)]


def _date(*names: str, required: bool = False) -> list[Column]:
    return [Column(name, Kind.DATE, required=required) for name in names]


def _currency(*names: str, required: bool = False) -> list[Column]:
    return [Column(name, Kind.CURRENCY, required=required) for name in names]


def _word(name: str, *words: str) -> list[Column]:
    return [Column(name, Kind.WORD, words=words)]


def _table(
    name: str,
    *groups: list[Column],
    key: tuple[str, ...] = (),
    required: bool = False,
    belongs_to: tuple[str, ...] = (),
) -> TableSpec:
    known_at = Column("known_at", Kind.INSTANT)
    return TableSpec(
        name, (*(column for group in groups for column in group), known_at), key, required, belongs_to
    )


INVOICE_TYPES: Final = ("invoice", "credit_memo", "debit_note")
INVOICE_STATUSES: Final = ("open", "draft", "void", "settled", "disputed", "on_hold")
PAYMENT_KINDS: Final = ("receipt", "return", "refund", "chargeback", "representment", "transfer", "other")
RESOLUTIONS: Final = ("nothing", "on_account", "duplicate_payment", "unidentified", "pending")
LINE_KINDS: Final = ("sale", "refund", "chargeback", "fee", "reserve")

INVOICES: Final = _table(
    "invoices",
    _text("invoice_id", "customer_id", required=True),
    _currency("currency", required=True),
    _amount("amount", required=True, sign=Sign.POSITIVE),
    _date("issue_date", required=True),
    _text("invoice_number"),
    _word("type", *INVOICE_TYPES),
    _amount("open_amount", sign=Sign.NOT_NEGATIVE),
    _date("due_date"),
    _text("customer_name", limit=CELL_LIMIT),
    _text("payment_reference", "purchase_order"),
    [Column("discount_percent", Kind.PERCENT)],
    _date("discount_date"),
    _amount("discount_base", sign=Sign.NOT_NEGATIVE),
    _amount("tax_amount", sign=Sign.NOT_NEGATIVE),
    _text("issuer_id"),
    _word("status", *INVOICE_STATUSES),
    key=("invoice_id",),
    required=True,
)
PAYMENTS: Final = _table(
    "payments",
    _text("payment_id", required=True),
    _date("booking_date", required=True),
    _currency("currency", required=True),
    _amount("amount", required=True),
    _date("value_date"),
    [Column("received_at", Kind.INSTANT)],
    _text("payer_name", limit=CELL_LIMIT),
    _text("payer_account", "customer_id"),
    _text("remittance", "structured_reference", limit=CELL_LIMIT),
    _text("end_to_end_id", "transaction_code", "account"),
    _amount("original_amount", "original_currency"),
    _currency("original_currency"),
    _amount("charges"),
    _text("source"),
    _word("kind", *PAYMENT_KINDS),
    _text("related_payment_id"),
    _amount("open_amount"),
    _text("hold"),
    _word("resolution", *RESOLUTIONS),
    key=("payment_id",),
    required=True,
)
CUSTOMERS: Final = _table(
    "customers",
    _text("customer_id", required=True),
    _text("customer_number"),
    _text("name", "aliases", limit=CELL_LIMIT),
    _text("country", "parent_id"),
    key=("customer_id",),
)
CUSTOMER_ACCOUNTS: Final = _table(
    "customer_accounts",
    _text("customer_id", "account", required=True),
    key=("customer_id", "account"),
)
OWN_ACCOUNTS: Final = _table(
    "own_accounts",
    _text("account", required=True),
    _text("issuer_id"),
    _currency("currency"),
    key=("account",),
)
INSTALMENTS: Final = _table(
    "instalments",
    _text("invoice_id", required=True),
    _date("due_date", required=True),
    _amount("amount", "invoice", required=True, sign=Sign.POSITIVE),
    belongs_to=("invoice",),
)
REMITTANCE_LINES: Final = _table(
    "remittance_lines",
    _text("payment_id", required=True),
    _text("reference", "customer_reference", limit=CELL_LIMIT),
    _amount("amount", "payment"),
    _amount("deduction", "payment"),
    _text("reason", limit=CELL_LIMIT),
    _word("kind", *LINE_KINDS),
    belongs_to=("payment",),
)
FX_RATES: Final = _table(
    "fx_rates",
    _date("date", required=True),
    _currency("base", "quote", required=True),
    [Column("rate", Kind.RATE, required=True)],
    _text("source"),
    key=("date", "base", "quote"),
)
ALLOCATIONS: Final = _table(
    "allocations",
    _text("payment_id", "invoice_id", required=True),
    _amount("amount", "invoice", required=True),
    _amount("write_off", "invoice"),
    _text("reason", limit=CELL_LIMIT),
    [Column("decided_at", Kind.INSTANT)],
    _text("decided_by", "checked_by"),
    [Column("reversed_at", Kind.INSTANT)],
    _text("source"),
    [Column("pi", Kind.SHARE)],
    belongs_to=("payment", "invoice"),
)

TABLES: Final = (
    INVOICES,
    PAYMENTS,
    CUSTOMERS,
    CUSTOMER_ACCOUNTS,
    OWN_ACCOUNTS,
    INSTALMENTS,
    REMITTANCE_LINES,
    FX_RATES,
    ALLOCATIONS,
)
"""Every table, in the order in which it is read: a table only points to earlier ones."""
