"""The actors, documents and clock of the second synthetic world.

Unlike a table of sampled rows, this world is a simulation: an agenda of days on which issuers bill,
payers' clerks run their payables, banks book, and an accounts-receivable desk writes the truth down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING

from training.worlds.second_lands import EURO_RATES, EXPONENTS, Land

if TYPE_CHECKING:
    from training.worlds.second_mix import Mix
    from training.worlds.second_numbers import Numbering

SATURDAY = 5
HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


def exponent(currency: str) -> int:
    """Return the number of decimals of a currency."""
    return EXPONENTS.get(currency, 2)


def share(amount: int, percent: float) -> int:
    """Return a percentage of minor units, half up."""
    return int(amount * percent / 100 + 0.5)


@dataclass(slots=True, eq=False)
class Issuer:
    """A company of the group that bills: its trade, its customs and its accounts."""

    code: str
    trade: str
    name: str
    land: Land
    numbering: Numbering
    credit_numbering: Numbering
    terms: tuple[int, ...]
    accounts: dict[str, str]
    structured: str = ""
    discount: tuple[float, int] = (0.0, 0)
    discount_on_net: bool = False
    card_mode: str = "payout"
    card_fee: tuple[float, int] = (1.9, 25)
    fee_by_line: bool = True
    gateway_ids: bool = False
    known_lag_days: int = 0
    migration_day: int = 10**6
    bank_style: str = "plain"
    dropped: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Habits:
    """How a payer's accounts-payable clerk works."""

    rhythm: str
    channel: str
    naming: str
    template: int
    weekday: int
    late_days: float
    spread_days: float
    discount: str
    combines: bool
    nets_credits: bool
    typo: float
    deducts: float
    fee_mode: str
    advice: bool = False
    pays_in: str = ""


@dataclass(slots=True, eq=False)
class Payer:
    """Who sends money: a company or a person with a bank account and a clerk."""

    serial: int
    name: str
    land: Land
    account: str
    habits: Habits
    is_person: bool
    is_factor: bool = field(default=False, kw_only=True)
    names: tuple[str, ...]
    town: str
    pending: defaultdict[int, list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    last_reference: str = ""
    runs: int = 0


@dataclass(slots=True, eq=False)
class Customer:
    """Who is billed, and who pays for it (itself, a parent, an acquirer)."""

    serial: int
    customer_id: str
    number: str
    name: str
    aliases: tuple[str, ...]
    land: Land
    payer: Payer
    parent: Customer | None = None
    accounts: list[tuple[str, int]] = field(default_factory=list)
    credits: list[Invoice] = field(default_factory=list)
    open_items: list[Invoice] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Invoice:
    """A document of an issuer: invoice, credit memo (positive amounts too) or debit note."""

    number: str
    issuer: Issuer
    customer: Customer
    currency: str
    amount: int
    tax: int
    issued: int
    due: int
    kind: str = "invoice"
    open: int = 0
    discount_percent: float = 0.0
    discount_day: int = -1
    discount_base: int = 0
    reference: str = ""
    order: str = ""
    status: str = "open"
    period: int = 0
    site: int = 0
    instalments: list[tuple[int, int]] = field(default_factory=list)
    known_at: datetime | None = None
    last_decided: datetime | None = None
    serial: int = 0
    invoice_id: str = ""

    @property
    def discount(self) -> int:
        """The early-payment discount in minor units."""
        return share(self.discount_base or self.amount, self.discount_percent)


@dataclass(slots=True)
class Part:
    """One line of an allocation, in the invoice's currency and with the payment's sign."""

    invoice: Invoice
    amount: int
    write_off: int = 0
    reason: str = ""


@dataclass(slots=True)
class Line:
    """One remittance line that came with a payment."""

    reference: str
    customer_reference: str
    amount: int | None
    deduction: int | None
    reason: str
    kind: str


@dataclass(slots=True, eq=False)
class Payment:
    """A booked statement line or gateway event, and the truth about it."""

    case: str
    day: int
    currency: str
    amount: int
    account: str
    payer_name: str = ""
    payer_account: str = ""
    customer_id: str = ""
    remittance: str = ""
    structured: str = ""
    end_to_end: str = ""
    code: str = ""
    original: tuple[int, str] | None = None
    charges: int | None = None
    source: str = ""
    kind: str = ""
    hold: str = ""
    resolution: str = ""
    channel: str = ""
    reference_state: str = ""
    value_day: int = 0
    received: datetime | None = None
    decided: datetime | None = None
    related: Payment | None = None
    parts: list[Part] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    equal_items: int = 0
    wrong_first: tuple[Part, datetime] | None = None
    payment_id: str = ""


class World:
    """The clock, the agenda and everything written so far."""

    def __init__(self, mix: Mix, rng: Random, *, start: date, days: int) -> None:
        self.mix = mix
        self.rng = rng
        self.start = start
        self.days = days
        self.dates = [start + timedelta(days=day) for day in range(days + 400)]
        self._roll = self._business_days()
        self._agenda: list[list[Callable[[int], None]]] = [[] for _ in range(days)]
        self.issuers: list[Issuer] = []
        self.customers: list[Customer] = []
        self.payers: list[Payer] = []
        self.invoices: list[Invoice] = []
        self.payments: list[Payment] = []
        self.rates = self._rates()
        self._serial = 0

    def _business_days(self) -> list[int]:
        roll = [0] * len(self.dates)
        following = len(self.dates) - 1
        for day in range(len(self.dates) - 1, -1, -1):
            when = self.dates[day]
            if when.weekday() < SATURDAY and (when.month, when.day) not in HOLIDAYS:
                following = day
            roll[day] = following
        return roll

    def _rates(self) -> dict[str, list[float]]:
        rates: dict[str, list[float]] = {"EUR": [1.0] * len(self.dates)}
        for currency, first in EURO_RATES.items():
            level = first
            walk = []
            for _ in self.dates:
                level *= 1 + self.rng.gauss(0, 0.0035)
                walk.append(round(level, 5))
            rates[currency] = walk
        return rates

    def rate(self, base: str, quote: str, day: int) -> float:
        """Return how many units of quote one unit of base buys on the last banking day."""
        while day > 0 and self._roll[day] != day:
            day -= 1
        return self.rates[quote][day] / self.rates[base][day]

    def convert(self, minor: int, pair: tuple[str, str], day: int) -> int:
        """Convert minor units of the first currency of the pair to the second."""
        major = minor / 10 ** exponent(pair[0]) * self.rate(pair[0], pair[1], day)
        return int(major * 10 ** exponent(pair[1]) + 0.5)

    def business(self, day: int) -> int:
        """Roll a day forward to a banking day."""
        return self._roll[max(0, min(day, len(self._roll) - 1))]

    def is_business(self, day: int) -> bool:
        """Tell whether banks book on this day."""
        return self._roll[day] == day

    def instant(self, day: int, minute: int = 0) -> datetime:
        """Return a UTC instant on a day."""
        day = max(0, min(day, len(self.dates) - 1))
        return datetime.combine(self.dates[day], time(minute // 60 % 24, minute % 60), tzinfo=UTC)

    def at(self, day: int, action: Callable[[int], None]) -> None:
        """Put an action on the agenda; what lies beyond the horizon never happens."""
        if 0 <= day < self.days:
            self._agenda[day].append(action)

    def run(self) -> None:
        """Live through all days; actions may add to the day that is running."""
        for day in range(self.days):
            for action in self._agenda[day]:
                action(day)
            self._agenda[day] = []

    def chance(self, probability: float) -> bool:
        """Draw a yes with this probability."""
        return self.rng.random() < probability

    def serial(self) -> int:
        """Return a fresh serial number."""
        self._serial += 1
        return self._serial
