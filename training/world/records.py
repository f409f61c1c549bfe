"""The world's moving parts: issuers, customers, open items and bank lines, as small mutable records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.world.names import Name
    from training.world.numbering import Numberer
    from training.world.places import Country


@dataclass(slots=True)
class OwnAccount:
    """One of the book's own bank accounts and how its bank lays out a statement line."""

    account: str
    issuer: int
    currency: str
    layout: str
    width: int
    folding: str
    seam: str
    heading: str


@dataclass(slots=True)
class Issuer:
    """A company of the book that issues invoices."""

    index: int
    ident: str
    name: Name
    home: Country
    accounts: list[OwnAccount]
    number: Numberer
    credit_number: Numberer | None
    reference: str
    """The kind of structured reference printed on its documents; empty for none."""
    scheme: str = ""
    sequence: int = 0


@dataclass(slots=True)
class Payer:
    """Who sends the money: the holder's name as its bank spells it, and the account."""

    name: str
    account: str
    relation: str = "self"


@dataclass(slots=True)
class Customer:
    """A customer with its habits."""

    index: int
    ident: str
    number: str
    name: Name
    country: Country
    currency: str
    issuer: int
    aliases: list[str]
    payers: list[Payer]
    channel: str
    """bank, debit, card or gateway."""
    mode: str
    """single, run or monthly: how it groups what it pays."""
    style: str
    delay: float
    spread: float
    terms: int
    discount_percent: float = 0.0
    discount_days: int = 0
    takes_discount: float = 0.0
    orders: bool = False
    structured: bool = False
    careless: float = 1.0
    phrase: int = 0
    parent: int = -1
    parent_pays: bool = False
    monthly: list[int] = field(default_factory=list)
    """Fixed monthly prices, in minor units; empty for a customer who buys irregularly."""
    amounts: list[int] = field(default_factory=list)
    """Amounts it buys again and again."""
    scale: float = 6.5
    changes_on: int = 0
    """The day from which it pays from its second account; 0 for never."""
    on_file: list[str] = field(default_factory=list)
    run_day: int = 10
    withholds: int = 0
    """The percent of the net amount that it withholds as tax."""
    loses_fee: bool = False
    """True when its transfers arrive short by a bank's fee."""
    rounds: bool = False
    second_currency: str = ""


@dataclass(slots=True)
class Item:
    """An invoice, credit memo or debit note, with the balance that its plan leaves."""

    place: int
    customer: Customer
    issuer: Issuer
    type: str
    number: str
    currency: str
    amount: int
    tax: int
    issued: int
    due: int
    known: int
    reference: str = ""
    order: str = ""
    discount_percent: float = 0.0
    discount_day: int = 0
    discount_base: int = 0
    open: int = 0
    status: str = "open"
    instalments: list[tuple[int, int]] = field(default_factory=list)
    planned: bool = False
    """True once a payment plan has taken the item, whether money came or not."""


@dataclass(slots=True)
class Row:
    """One allocation as the truth has it."""

    item: Item
    amount: int
    write_off: int = 0
    reason: str = ""


@dataclass(slots=True)
class Detail:
    """One line of a remittance advice or a payout report."""

    reference: str
    customer: str
    amount: int
    deduction: int
    reason: str
    kind: str


@dataclass(slots=True)
class Line:
    """A bank or processor line, that is a payment, with its truth."""

    booked: int
    currency: str
    amount: int
    account: OwnAccount
    case: str
    rows: list[Row] = field(default_factory=list)
    resolution: str = ""
    payer: Payer | None = None
    holder: str = ""
    customer: Customer | None = None
    """Whose cash it is, as the truth has it."""
    gateway_customer: str = ""
    text: str = ""
    structured: str = ""
    end_to_end: str = ""
    code: str = ""
    original: tuple[str, int] | None = None
    charges: int = 0
    source: str = "bank"
    kind: str = ""
    related: Line | None = None
    follows: Line | None = None
    """A line whose decision must come first, since this one spends what that one set free."""
    shows_related: bool = False
    reference_state: str = "none"
    details: list[Detail] = field(default_factory=list)
    received: int = 0
    value: int = 0
    ident: str = ""
    decided: int = 0
    """Seconds since the epoch; 0 until the history is written."""
