"""The people, papers and money of the third world, before they become tables; amounts in minor units, days as ordinals."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

DAY_SECONDS: Final = 86_400
EXPONENT: Final = {"JPY": 0, "BHD": 3}
"""Decimals of the currencies that have not two."""


@dataclass(slots=True, eq=False)
class Account:
    """An account of the company, and how its bank writes down what payers say."""

    number: str
    currency: str
    style: str
    late_months: tuple[int, ...] = ()
    """Months (year * 12 + month) whose statements arrive weeks later."""


@dataclass(slots=True, eq=False)
class Issuer:
    """A legal entity that sends invoices, with its numbering custom."""

    id: str
    role: str
    country: str
    currency: str
    custom: str
    scheme: str
    per_customer: bool
    name: str
    accounts: list[Account]
    by_day: list[Item] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Customer:
    """A customer as the master data knows it."""

    serial: int
    id: str
    number: str
    name: str
    short: str
    country: str
    aliases: str = ""
    parent: str = ""


@dataclass(slots=True, eq=False)
class Item:
    """An invoice, credit memo or debit note."""

    customer: Customer
    issuer: Issuer
    day: int
    amount: int
    currency: str
    due: int
    type: str = "invoice"
    id: str = ""
    number: str = ""
    reference: str = ""
    po: str = ""
    discount: float = 0.0
    discount_day: int = 0
    off_base: int = 0
    """The part of the amount that earns no discount, such as its tax."""
    tax: int = 0
    known: int = 0
    status: str = "open"
    open: int = 0
    touched: int = 0
    """Second at which the last decision on it fell: later ones come after."""
    plan: list[tuple[int, int]] = field(default_factory=list)
    replaces: Item | None = None
    tag: str = ""

    @property
    def signed_open(self) -> int:
        """The open amount, negative for a credit memo."""
        return -self.open if self.type == "credit_memo" else self.open


@dataclass(slots=True, eq=False)
class Row:
    """One allocation row."""

    item: Item
    amount: int
    write_off: int = 0
    reason: str = ""
    decided: int = 0
    by: str = ""
    checked: str = ""
    reversed: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """One remittance line."""

    reference: str
    amount: int
    deduction: int = 0
    reason: str = ""
    kind: str = "sale"
    customer: str = ""


@dataclass(slots=True, eq=False)
class Cash:
    """One statement line, with its truth."""

    day: int
    currency: str
    amount: int
    account: Account
    case: str
    rows: list[Row] = field(default_factory=list)
    resolution: str = ""
    customer: Customer | None = None
    related: Cash | None = None
    payer: str = ""
    payer_account: str = ""
    text: str = ""
    structured: str = ""
    end_to_end: str = ""
    code: str = ""
    value_day: int = 0
    known: int = 0
    received: int = 0
    told_customer: bool = False
    told_related: bool = False
    kind: str = ""
    source: str = "bank"
    original: tuple[int, str] | None = None
    charges: int = 0
    lines: list[Line] = field(default_factory=list)
    quality: str = ""
    hold: str = ""
    mark: str = ""
    """What is special about its words."""
    id: str = ""
    tie: float = 0.0
    """Order within a day."""


@dataclass(frozen=True, slots=True)
class Archetype:
    """How a sort of customer buys and pays; shares are of invoices, chances are of payments."""

    name: str
    share: float
    issuers: tuple[str, ...]
    per_month: tuple[float, float]
    median: float
    spread: float
    pays: str = "single"
    """`single`, `few` (what is due together), `run`, `standing`, `payout`."""
    run: tuple[int, int] = (10, 60)
    members: tuple[int, int] = (1, 1)
    terms: tuple[int, ...] = (14, 30)
    delay: tuple[float, float] = (1.0, 8.0)
    ref: tuple[float, float, float] = (0.70, 0.12, 0.18)
    """Chances of a clean, a damaged and no reference."""
    price_steps: tuple[int, ...] = ()
    twists: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    foreign: float = 0.05


@dataclass(slots=True, eq=False)
class Unit:
    """One paying party with the customers it pays for, its papers, and its habits."""

    kind: Archetype
    payer: Customer
    customers: list[Customer]
    issuer: Issuer
    rng: Random
    language: str
    accounts: list[str]
    items: list[Item] = field(default_factory=list)
    cash: list[Cash] = field(default_factory=list)
    style: dict[str, int] = field(default_factory=dict)
    ref: tuple[float, float, float] = (0.7, 0.12, 0.18)
    private: str = ""
    """A director, parent or spouse who sometimes pays."""
    links: list[tuple[Customer, str, int]] = field(default_factory=list)
    """Customer accounts on file, with the day they became known, 0 for always."""
    renamed: tuple[int, str] | None = None
    """From this day the payer goes by another name, which the master data does not know."""
    mistakes: list[tuple[Cash, Row]] = field(default_factory=list)
    """Rows that were taken back: they go into the book, not into balances."""
