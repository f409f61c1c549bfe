"""Issuers and their billing: seven trades with their own cycles, terms, prices and corrections."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_lands import LANDS
from training.worlds.second_numbers import POOLS, Numbering, iban, structured_reference
from training.worlds.second_types import Customer, Invoice, Issuer, World, exponent, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.worlds.second_people import Register


@dataclass(frozen=True, slots=True)
class Trade:
    """What one trade looks like before an issuer is drawn from it."""

    share: float
    lands: tuple[str, ...]
    terms: tuple[int, ...]
    persons: float
    schemes: tuple[str, ...]
    suffix: str
    discounts: tuple[tuple[float, int], ...] = ((0.0, 0),)


TRADES: dict[str, Trade] = {
    "telecom": Trade(
        0.20,
        ("NO", "SE", "FI", "BE", "CH", "DE"),
        (14, 20, 30),
        0.45,
        ("telecom", "padded", "glued", "sap"),
        "Telecom",
    ),
    "saas": Trade(
        0.15,
        ("US", "IE", "DE", "GB"),
        (0, 7, 14, 30),
        0.10,
        ("prefix_counter", "hash", "year_word", "sales"),
        "Cloud",
    ),
    "wholesale": Trade(
        0.26,
        ("FR", "DE", "IT", "PL", "ES", "NL"),
        (10, 30, 30, 45, 60),
        0.0,
        ("slash_year", "polish", "italian", "spanish", "country_word", "sap"),
        "Wholesale",
        ((2.0, 10), (3.0, 8), (2.0, 14), (0.0, 0)),
    ),
    "property": Trade(
        0.13,
        ("AT", "DE", "GB", "CH"),
        (5, 3, 10),
        0.72,
        ("period", "dotted", "padded"),
        "Property Management",
    ),
    "agency": Trade(
        0.06,
        ("GB", "SE", "NL", "CZ"),
        (14, 30, 30, 60),
        0.02,
        ("year_word", "sales", "dotted"),
        "Studio",
    ),
    "hospital": Trade(
        0.12,
        ("US", "US", "DE", "FR"),
        (30, 45, 60),
        0.0,
        ("hospital", "sap", "sales"),
        "Hospital Supplies",
        ((0.0, 0), (1.0, 15), (2.0, 10)),
    ),
    "market": Trade(
        0.08,
        ("US", "PL", "JP", "GB"),
        (0,),
        0.93,
        ("order", "hash", "glued"),
        "Marketplace",
    ),
}

PLANS = (990, 1490, 1999, 2490, 2999, 3490, 3999, 4995, 7990)
SEATS = (900, 1200, 1500, 1900, 2900, 4900, 9900)
CATALOGUE = (799, 999, 1299, 1499, 1799, 1999, 2495, 2999, 3490, 4999, 5995, 7999, 9900, 12900, 19900, 24900)
SCALES = {"JPY": 1.5, "PLN": 4.0, "SEK": 10.0, "NOK": 10.0, "CZK": 22.0, "INR": 80.0, "BHD": 4.0, "BRL": 5.0}


@dataclass(slots=True)
class Contract:
    """One customer at one issuer: what is billed and for how much."""

    issuer: Issuer
    customer: Customer
    currency: str
    prices: list[int]
    varies: float
    term: int
    raise_day: int = 10**6
    raise_percent: float = 0.0
    instalments: bool = False
    orders: bool = False
    count: int = field(default=0)


def make_issuers(world: World, invoices: int) -> list[tuple[Issuer, int]]:
    """Found the group's companies and say how many invoices each will write."""
    copies = 1 if invoices < 20_000 else 2
    founded: list[tuple[Issuer, int]] = []
    for trade, traits in TRADES.items():
        for copy in range(copies):
            weight = (0.62, 0.38)[copy] if copies > 1 else 1.0
            founded.append((_issuer(world, trade, traits, copy), round(invoices * traits.share * weight)))
    world.issuers = [issuer for issuer, _ in founded]
    return founded


def _issuer(world: World, trade: str, traits: Trade, copy: int) -> Issuer:
    rng = world.rng
    land = LANDS[rng.choice(traits.lands)]
    pool = POOLS[world.mix.numbering]
    names = list(traits.schemes) if world.mix.numbering == "usual" else list(pool)
    first, second = rng.choice(names), rng.choice(names)
    schemes = (pool[first], pool[second])
    accounts = {}
    for currency in dict.fromkeys((land.currency, "EUR", "USD", "GBP")):
        body = f"{rng.randrange(10 ** (land.account_digits - 1), 10**land.account_digits)}"
        accounts[currency] = iban(land.code, body)
    return Issuer(
        code=f"{trade[:3].upper()}{copy + 1}",
        trade=trade,
        name=f"{rng.choice(('Aldor', 'Brenta', 'Corvin', 'Delmar', 'Elbing', 'Farnese'))} {traits.suffix}",
        land=land,
        numbering=Numbering(schemes, rng, first=rng.randrange(40, 9000), leap=rng.choice((1, 1, 2, 4, 9))),
        credit_numbering=Numbering(schemes, rng, first=rng.randrange(500_000, 700_000), leap=2),
        terms=traits.terms,
        accounts=accounts,
        structured=land.structured if trade in {"telecom", "wholesale", "property"} else "",
        discount=rng.choice(traits.discounts),
        discount_on_net=world.chance(0.3),
        card_mode="payout" if trade == "market" or world.chance(0.6) else "single",
        card_fee=(rng.choice((1.4, 1.9, 2.9)), rng.choice((10, 25, 30))),
        fee_by_line=world.chance(0.6),
        gateway_ids=world.chance(0.5),
        known_lag_days=rng.choice((0, 0, 0, 1, 2)),
        migration_day=rng.randrange(world.days // 3, world.days) if world.chance(0.3) else 10**6,
        bank_style=rng.choice(("plain", "upper", "glued27", "wrapped35", "tagged86")),
    )


class Billing:
    """Plans contracts until each issuer's quota is met and writes the documents on their days."""

    def __init__(self, world: World, register: Register, receive: Callable[[Invoice, int], None]) -> None:
        self._world = world
        self._rng = world.rng
        self._register = register
        self._receive = receive
        self.on_credit: Callable[[Invoice, int], None] = lambda _credit, _day: None

    def plan(self, issuer: Issuer, quota: int) -> None:
        """Sign up customers until their planned invoices fill the quota."""
        traits = TRADES[issuer.trade]
        shared: list[Customer] = [c for c in self._world.customers if not c.payer.is_person]
        while quota > 0:
            person = self._world.chance(traits.persons)
            reuse = not person and shared and self._world.chance(0.08)
            customer = self._rng.choice(shared) if reuse else self._register.customer(issuer, person=person)
            contract = self._contract(issuer, customer)
            days = self._days(issuer)[:quota]
            if issuer.trade in {"telecom", "property"}:
                days = days[: max(1, quota // len(contract.prices))]
            for day in days:
                self._world.at(day, partial(self._bill, contract))
            quota -= max(1, len(days)) * len(contract.prices)

    def _contract(self, issuer: Issuer, customer: Customer) -> Contract:
        rng, world = self._rng, self._world
        currency = issuer.land.currency
        foreign = customer.land.currency
        if foreign != currency and foreign in issuer.accounts and world.chance(0.4):
            currency = foreign
        scale = SCALES.get(currency, 1.0) * 10 ** (exponent(currency) - 2)
        person = customer.payer.is_person
        varies, sites = 0.0, 1
        match issuer.trade:
            case "telecom":
                sites = 1 if person else rng.choice((1, 1, 1, 2, 3, 5))
                varies = 0.0 if world.chance(0.3) else 0.25
                prices = [rng.choice(PLANS) for _ in range(sites)]
                if world.chance(0.4):
                    prices = [prices[0]] * sites
            case "saas":
                prices = [rng.choice(SEATS) * (1 if person else rng.randrange(1, 60))]
                varies = 0.3 if world.chance(0.2) else 0.0
            case "property":
                sites = 1 if person or world.chance(0.8) else 2
                prices = [rng.randrange(38, 240) * 1000 + rng.choice((0, 0, 500, 250, 640))] * sites
            case "market":
                prices = [rng.choice(CATALOGUE)]
                varies = 9.0
            case "agency":
                prices = [rng.randrange(6, 300) * 10_000]
                varies = 0.8
            case _:
                prices = [int(rng.lognormvariate(11.0, 1.0))]
                varies = 0.8
        prices = [max(1, int(price * scale)) for price in prices]
        return Contract(
            issuer,
            customer,
            currency,
            prices,
            varies,
            rng.choice(issuer.terms),
            raise_day=rng.randrange(60, world.days + 200),
            raise_percent=rng.choice((2.0, 3.5, 5.0, 10.0, -5.0)),
            instalments=issuer.trade in {"agency", "hospital"} and world.chance(0.03),
            orders=issuer.trade == "hospital" or world.chance(0.3),
        )

    def _days(self, issuer: Issuer) -> list[int]:
        rng, world = self._rng, self._world
        begin = 0 if world.chance(0.65) else rng.randrange(0, max(1, world.days * 3 // 4))
        end = world.days if world.chance(0.85) else rng.randrange(begin, world.days)
        match issuer.trade:
            case "telecom":
                return self._monthly(begin, end, rng.randrange(1, 28), 1)
            case "property":
                return self._monthly(begin, end, rng.choice((1, 1, 1, 25)), 1)
            case "saas":
                return self._monthly(begin, end, rng.randrange(1, 28), rng.choice((1, 1, 1, 1, 3, 12)))
            case "market":
                return sorted(rng.randrange(world.days) for _ in range(rng.choice((1, 1, 2, 3, 6))))
            case "agency":
                gap = rng.uniform(20, 90)
            case "hospital":
                gap = rng.uniform(4, 16)
            case _:
                gap = rng.uniform(3, 30)
        days: list[int] = []
        day = begin + rng.random() * gap
        while day < end:
            days.append(world.business(int(day)))
            day += rng.expovariate(1 / gap) + 0.5
        return [day for day in days if day < world.days]

    def _monthly(self, begin: int, end: int, day_of_month: int, step: int) -> list[int]:
        dates = self._world.dates
        hits = [day for day in range(begin, min(end, self._world.days)) if dates[day].day == day_of_month]
        return hits[::step] or [begin]

    def _bill(self, contract: Contract, day: int) -> None:
        world, rng = self._world, self._rng
        contract.count += 1
        if contract.issuer.trade == "market":
            scale = SCALES.get(contract.currency, 1.0) * 10 ** (exponent(contract.currency) - 2)
            contract.prices = [int(rng.choice(CATALOGUE) * scale)]
        for site, price in enumerate(contract.prices):
            amount = price
            if day >= contract.raise_day:
                amount += share(price, contract.raise_percent)
            if 0 < contract.varies < 2:
                spread = rng.lognormvariate(0, contract.varies)
                amount = max(100, int(amount * spread))
            invoice = self.write(contract, day, amount, site)
            world.invoices.append(invoice)
            self._after(contract, invoice, day)

    def write(self, contract: Contract, day: int, amount: int, site: int) -> Invoice:
        """Write one invoice with its number, dates, tax, discount and reference."""
        world, rng, issuer, customer = self._world, self._rng, contract.issuer, contract.customer
        if contract.instalments:
            amount -= amount % 4
            amount = max(amount, 400)
        vat = issuer.land.vat_percent if customer.land.code == issuer.land.code else 0.0
        migrated = day >= issuer.migration_day
        number = issuer.numbering.draw(world.dates[day], f"{customer.serial:05d}", migrated=migrated)
        invoice = Invoice(
            number=number,
            issuer=issuer,
            customer=customer,
            currency=contract.currency,
            amount=amount,
            tax=int(amount - amount / (1 + vat / 100) + 0.5),
            issued=day,
            due=day + contract.term,
            open=amount,
            site=site,
            period=day,
            serial=issuer.numbering.serial,
        )
        percent, within = issuer.discount
        if percent and within < contract.term and not contract.instalments:
            invoice.discount_percent, invoice.discount_day = percent, day + within
            invoice.discount_base = amount - invoice.tax if issuer.discount_on_net else 0
        if issuer.structured:
            invoice.reference = structured_reference(issuer.structured, customer.serial, invoice.serial)
        elif issuer.gateway_ids and customer.payer.habits.channel in {"card", "wallet"}:
            invoice.reference = f"pi_{rng.getrandbits(80):020x}"
        if contract.orders:
            invoice.order = f"{rng.choice(('PO', '45', 'B-'))}{rng.randrange(10**5, 10**7)}"
        if contract.instalments:
            quarter = amount // 4
            invoice.instalments = [(invoice.due + 30 * place, quarter) for place in range(4)]
        if world.chance(0.5) or issuer.known_lag_days:
            lag = issuer.known_lag_days + (rng.randrange(3, 8) if world.chance(0.01) else 0)
            invoice.known_at = world.instant(day + lag, rng.randrange(6 * 60, 20 * 60))
        return invoice

    def _after(self, contract: Contract, invoice: Invoice, day: int) -> None:
        """Let an invoice live: sent, drafted, voided and written again, corrected, disputed."""
        world, rng, mix = self._world, self._rng, self._world.mix
        trade = contract.issuer.trade
        if world.chance(mix.draft):
            invoice.status = "draft"
            return
        if world.chance(mix.void):
            invoice.status = "void"
            again = self.write(contract, day, invoice.amount, invoice.site)
            world.invoices.append(again)
            self._deliver(again, day)
            return
        self._deliver(invoice, day)
        if world.chance(mix.disputed):
            world.at(day + rng.randrange(2, 10), partial(self._dispute, invoice))
        if trade in {"wholesale", "hospital"} and world.chance(mix.debit_note):
            world.at(world.business(day + rng.randrange(5, 20)), partial(self._debit, contract))
        weight = {"wholesale": 2.2, "hospital": 2.0, "market": 1.3, "telecom": 0.3, "property": 0.05}.get(
            trade, 0.5
        )
        if world.chance(mix.credit_memo * weight):
            world.at(world.business(day + rng.randrange(3, 25)), partial(self._credit, invoice))

    def _deliver(self, invoice: Invoice, day: int) -> None:
        invoice.customer.open_items.append(invoice)
        self._receive(invoice, day)

    def _dispute(self, invoice: Invoice, day: int) -> None:
        if invoice.open < invoice.amount or invoice.status != "open":
            return
        invoice.status = self._rng.choice(("disputed", "disputed", "on_hold"))
        if self._world.chance(0.75):
            self._world.at(day + self._rng.randrange(10, 60), partial(self._settle_dispute, invoice))

    def _settle_dispute(self, invoice: Invoice, day: int) -> None:
        if invoice.status in {"disputed", "on_hold"}:
            invoice.status = "open"
            self._receive(invoice, day)

    def _debit(self, contract: Contract, day: int) -> None:
        note = self.write(contract, day, max(100, contract.prices[0] // self._rng.randrange(6, 30)), 0)
        note.kind = "debit_note"
        note.discount_percent, note.discount_day, note.instalments = 0.0, -1, []
        self._world.invoices.append(note)
        self._deliver(note, day)

    def _credit(self, origin: Invoice, day: int) -> None:
        """Write a credit memo over part or all of an invoice."""
        if origin.status != "open":
            return
        rng, issuer = self._rng, origin.issuer
        whole = issuer.trade == "market" or self._world.chance(0.2)
        amount = origin.amount if whole else max(1, share(origin.amount, rng.uniform(3, 45)))
        number = issuer.credit_numbering.draw(self._world.dates[day], f"{origin.customer.serial:05d}")
        credit = Invoice(
            number=number,
            issuer=issuer,
            customer=origin.customer,
            currency=origin.currency,
            amount=amount,
            tax=0,
            issued=day,
            due=day,
            kind="credit_memo",
            open=amount,
            reference=f"re_{rng.getrandbits(80):020x}" if origin.reference.startswith("pi_") else "",
            order=origin.order,
            serial=issuer.credit_numbering.serial,
        )
        self._world.invoices.append(credit)
        credit.customer.credits.append(credit)
        self.on_credit(credit, day)
