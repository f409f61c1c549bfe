"""Customers of a book: who they are, whose account they pay from, how they pay and what they write."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from receivables.money import exponent
from training.world.dice import Dice, Wheel
from training.world.names import aliases, as_account_holder, company, person, sibling, trading_name
from training.world.places import COUNTRIES, EUR_RATES, FOREIGN_WEIGHTS, account_number
from training.world.records import Customer, Payer

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.world.mix import Mix
    from training.world.names import Name
    from training.world.records import Issuer

TERMS = Wheel(
    {
        "0": 0.033,
        "8": 0.05,
        "10": 0.05,
        "14": 0.19,
        "21": 0.06,
        "30": 0.42,
        "45": 0.08,
        "60": 0.1,
        "90": 0.017,
    }
)
"""Days until due; about three quarters are due within the month, as published (docs/reference/synthetic-world.md)."""
_DISCOUNTS = ((2.0, 10), (2.0, 14), (3.0, 10), (3.0, 8), (1.0, 10), (2.0, 7), (1.5, 15))
_FOREIGN = Wheel(FOREIGN_WEIGHTS)
_NUMBERS: tuple[Callable[[int], str], ...] = (
    lambda value: str(10_000 + value),
    lambda value: f"K{10_000 + value}",
    lambda value: f"C-{1000 + value}",
    lambda value: f"{20_000_000 + 7 * value}",
    lambda value: f"D{70_000 + value}",
    lambda value: f"00{100_000 + value}",
    lambda value: f"CUST{value:05d}",
)


class CustomerMaker:
    """Draws customers one by one, so that a caller can stop when its invoices are covered."""

    def __init__(self, mix: Mix, issuers: list[Issuer], dice: Dice) -> None:
        self.customers: list[Customer] = []
        self._mix, self._issuers, self._dice = mix, issuers, dice
        self._styles, self._modes = Wheel(mix.styles), Wheel(mix.modes)
        self._number = dice.pick(_NUMBERS)
        self._ident = dice.pick(("number", "number", "internal", "random"))
        self._prices = {issuer.index: _price_list(issuer, dice) for issuer in issuers}
        weights = {str(issuer.index): 1.0 / (1 + issuer.index) for issuer in issuers}
        self._issuer = Wheel(weights)
        self._factors = [
            Payer(f"{company('de', dice).core} Factoring", account_number(COUNTRIES["DE"], dice), "factor")
            for _ in range(2)
        ]

    def make(self, *, monthly: bool) -> Customer:
        """One more customer, with a fixed monthly price or without."""
        mix, dice = self._mix, self._dice
        index = len(self.customers)
        issuer = self._issuers[int(self._issuer.spin(dice))]
        country = issuer.home
        if dice.chance(mix.foreign_share):
            country = COUNTRIES[_FOREIGN.spin(dice)]
        model = dice.pick(self.customers) if self.customers and dice.chance(mix.sibling_share) else None
        if model is not None:
            country = model.country
            name = sibling(model.name, country.tongue, dice)
        elif dice.chance(mix.person_share):
            name = person(country.tongue, dice)
        else:
            name = company(country.tongue, dice)
        number = self._number(index)
        foreign_money = country.currency != issuer.home.currency and dice.chance(0.5)
        customer = Customer(
            index=index,
            ident=self._identity(number, index),
            number=number,
            name=name,
            country=country,
            currency=country.currency if foreign_money else issuer.home.currency,
            issuer=issuer.index,
            aliases=aliases(name, country.tongue, dice) if dice.chance(0.25) else [],
            payers=[Payer(as_account_holder(name, dice), account_number(country, dice))],
            channel=self._channel(name),
            mode=self._modes.spin(dice),
            style=self._styles.spin(dice),
            delay=_delay(dice),
            spread=dice.uniform(0.5, 6.0),
            terms=int(TERMS.spin(dice)),
            orders=not name.is_person and dice.chance(mix.order_share),
            structured=dice.chance(mix.structured_used),
            careless=dice.pick((0.2, 0.5, 1.0, 1.0, 2.5)),
            phrase=dice.below(1000),
            scale=dice.uniform(4.2, 5.6) if name.is_person else dice.uniform(5.2, 8.6),
            run_day=dice.pick((1, 5, 10, 15, 15, 20, 25, 28)),
        )
        self._relations(customer)
        self._prices_and_terms(customer, monthly=monthly)
        self.customers.append(customer)
        return customer

    def _identity(self, number: str, index: int) -> str:
        match self._ident:
            case "number":
                return number
            case "internal":
                return f"CUS{index + 1:06d}"
            case _:
                return f"cus_{self._dice.letters(4, 'abcdefghijkmnpqrstuvwxyz')}{index:05x}"

    def _channel(self, name: Name) -> str:
        mix, roll = self._mix, self._dice.roll()
        for channel, share in (
            ("card", mix.card_share),
            ("gateway", mix.gateway_share),
            ("debit", mix.debit_share),
        ):
            if roll < share * (1.6 if name.is_person else 0.85):
                return channel
            roll -= share * (1.6 if name.is_person else 0.85)
        return "bank"

    def _relations(self, customer: Customer) -> None:
        mix, dice = self._mix, self._dice
        own = customer.payers[0]
        if dice.chance(mix.account_on_file):
            customer.on_file.append(own.account)
        candidates = self.customers
        if not customer.name.is_person and candidates and dice.chance(mix.family_share):
            parent = dice.pick(candidates)
            if parent.parent < 0 and not parent.name.is_person and parent.issuer == customer.issuer:
                customer.parent = parent.index
                customer.currency, customer.country = parent.currency, parent.country
                customer.channel = parent.channel
                customer.parent_pays = dice.chance(mix.parent_pays)
        if candidates and dice.chance(mix.shared_account_share):
            other = dice.pick(candidates)
            customer.payers[0] = Payer(other.payers[0].name, other.payers[0].account, "shared")
        elif customer.name.is_person and dice.chance(0.05):
            spouse = person(customer.country.tongue, dice, customer.name.family)
            customer.payers[0] = Payer(as_account_holder(spouse, dice), own.account, "spouse")
        elif not customer.name.is_person and dice.chance(0.05):
            customer.payers[0] = Payer(
                trading_name(customer.country.tongue, dice), own.account, "trading_name"
            )
        if dice.chance(mix.changed_account):
            customer.payers.append(
                Payer(as_account_holder(customer.name, dice), account_number(customer.country, dice))
            )
            customer.changes_on = -1
        if not customer.name.is_person and dice.chance(0.004):
            customer.payers[0] = dice.pick(self._factors)

    def _prices_and_terms(self, customer: Customer, *, monthly: bool) -> None:
        dice = self._dice
        if monthly:
            prices = self._prices[customer.issuer]
            home = self._issuers[customer.issuer].home.currency
            for _ in range(dice.pick((1, 1, 1, 1, 1, 1, 1, 2, 3))):
                seats = 1 if dice.chance(0.6) else dice.between(2, 40)
                price = converted(dice.pick(prices), home, customer.currency)
                if dice.chance(0.25):
                    price = in_minor(dice.uniform(20, 900), customer.currency)
                customer.monthly.append(max(1, price * seats))
            if dice.chance(0.08):
                customer.monthly.append(customer.monthly[0])
        elif dice.chance(0.3):
            customer.amounts = [
                draw_amount(customer.scale, customer.currency, dice) for _ in range(dice.between(2, 6))
            ]
        mix = self._mix
        if not customer.name.is_person and not monthly and dice.chance(mix.discount_terms):
            customer.discount_percent, customer.discount_days = dice.pick(_DISCOUNTS)
            customer.takes_discount = dice.pick((0.1, 0.6, 0.9, 0.95))
            customer.terms = max(customer.terms, 30)
        abroad = customer.country is not self._issuers[customer.issuer].home
        withholding = mix.withholding * (6.0 if abroad else 1.0)
        if not customer.name.is_person and customer.country.withholding_percent and dice.chance(withholding):
            customer.withholds = customer.country.withholding_percent
        customer.loses_fee = abroad and customer.channel == "bank" and dice.chance(mix.loses_fee)
        customer.rounds = dice.chance(mix.rounds)
        if not customer.name.is_person and dice.chance(mix.second_currency * (4.0 if abroad else 1.0)):
            home = self._issuers[customer.issuer].home.currency
            other = "EUR" if home != "EUR" else dice.pick(("USD", "USD", "GBP", "CHF"))
            customer.second_currency = home if customer.currency != home else other


def in_minor(euros: float, currency: str) -> int:
    """An amount of euros as whole minor units of the currency, at the world's rough rates."""
    return round(euros * EUR_RATES[currency] * 10.0 ** exponent(currency))


def converted(minor: int, currency: str, other: str) -> int:
    """An amount in another currency at the world's rough rates."""
    if currency == other:
        return minor
    euros = minor / 10 ** exponent(currency) / EUR_RATES[currency]
    return in_minor(euros, other)


def draw_amount(scale: float, currency: str, dice: Dice) -> int:
    """A gross amount around e^scale euros; some are round, most have cents."""
    euros = math.exp(scale + 0.9 * dice.normal())
    roll = dice.roll()
    if roll < 0.12:
        euros = max(10.0, round(euros, -1 if euros < 1000 else -2))
    elif roll < 0.22:
        euros = round(euros) + dice.pick((0.0, 0.5, 0.9, 0.95))
    return max(1, in_minor(euros, currency))


def _price_list(issuer: Issuer, dice: Dice) -> list[int]:
    """The plans of an issuer: few prices, so that many customers owe exactly the same."""
    currency = issuer.home.currency
    local = {"PLN": 4, "SEK": 10, "NOK": 10, "DKK": 10, "JPY": 100, "BHD": 0.5}.get(currency, 1)
    unit = local * (1 + issuer.home.tax_percent / 100) * 10 ** exponent(currency)
    nets = dice.shuffled(
        (
            4.9,
            9.0,
            9.9,
            12.5,
            19.0,
            19.9,
            29.0,
            39.0,
            49.0,
            59.0,
            79.0,
            99.0,
            149.0,
            199.0,
            249.0,
            490.0,
            990.0,
        )
    )
    return [round(net * unit) for net in nets[: dice.between(5, 12)]]


def _delay(dice: Dice) -> float:
    """Usual days from due date to payment: about a third of the invoices end up late, as published."""
    roll = dice.roll()
    if roll < 0.46:
        return dice.uniform(-18, -6)
    if roll < 0.78:
        return dice.uniform(-6, -1)
    if roll < 0.93:
        return dice.uniform(0, 9)
    return dice.uniform(9, 35)
