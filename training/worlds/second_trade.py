"""Issuers and their billing: seven trades with their own cycles, terms, prices and corrections."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_issuers import TRADES
from training.worlds.second_numbers import structured_reference
from training.worlds.second_types import Customer, Invoice, Issuer, World, exponent, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.worlds.second_people import Register


PLANS = (990, 1490, 1999, 2490, 2999, 3490, 3999, 4995, 7990)
SEATS = (900, 1200, 1500, 1900, 2900, 4900, 9900)
CATALOGUE = (799, 999, 1299, 1499, 1799, 1999, 2495, 2999, 3490, 4999, 5995, 7999, 9900, 12900, 19900, 24900)
SCALES = {
    "JPY": 150.0,
    "PLN": 4.0,
    "SEK": 10.0,
    "NOK": 10.0,
    "CZK": 22.0,
    "INR": 80.0,
    "BHD": 0.4,
    "BRL": 5.0,
}


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
    discounted: bool = False
    count: int = field(default=0)


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
        shared = [c for c in self._world.customers if c.payer.habits.rhythm in {"weekly", "fortnight", "due"}]
        shared = [c for c in shared if not c.payer.is_person]
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
        if self._world.chance(0.6):
            self._world.at(self._rng.randrange(40, self._world.days), partial(self._retry, issuer))

    def _retry(self, issuer: Issuer, day: int) -> None:
        """Let a deployment bug issue the last days' invoices once more: same numbers, voided when seen."""
        limit = max(2, round(len(self._world.invoices) * self._world.mix.retry_bug))
        recent = [
            item for item in self._world.invoices[-400:] if item.issuer is issuer and day - item.issued <= 3
        ]
        for item in recent[-limit:]:
            if item.kind == "invoice" and item.status == "open":
                again = replace(
                    item, status="void", open=item.amount, known_at=self._world.instant(day, 1200)
                )
                again.instalments = []
                self._world.invoices.append(again)

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
            discounted=world.chance(0.6),
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
                gap = rng.choice((1.5, 2.5, 4.0, 7.0, 12.0))
            case _:
                gap = rng.choice((2.0, 3.0, 5.0, 8.0, 14.0, 30.0))
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
        if percent and within < contract.term and contract.discounted and not contract.instalments:
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
