"""Companies, people and families of names; who is billed, who pays, and what the master data knows."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from training.worlds.second_habits import make_habits
from training.worlds.second_lands import LANDS, Land
from training.worlds.second_numbers import LETTERS, iban
from training.worlds.second_types import Customer, Payer

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from training.worlds.second_types import Invoice, Issuer, World

HEADS = "Nov Kel Ar Ver Tri Lum Zen Cor Ost Pol Quer Sil Tam Vex Yar Bri Hex Mon Dex Ru Fal Ster".split()
TAILS = "axis ora ion antis ium elo ikon adria exo orum ivo enta una ostra ello inox aris umbra".split()
SECTORS = (
    "Systems Digital Medical Energy Labs Logistics Capital Robotics Foods Media Optics Analytics".split()
)
FRANCHISES = (
    "Fitpoint|Casa Verde Hotels|BurgerHaus|Kinderwelt|Optik Nord|PrintBox|Aqua Sana|Happy Paws Vet".split("|")
)
CARE = {
    "en": "General Hospital",
    "de": "Klinikum",
    "fr": "Centre Hospitalier",
    "it": "Ospedale",
    "es": "Hospital",
}
STREETS = (
    "Hauptstr|Station Rd|Rue Neuve|Via Roma|Kerkweg|Main St|Storgatan|Ringstr|Mill Lane|Calle Mayor".split(
        "|"
    )
)

_FOLDS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "Ä": "AE",
        "Ö": "OE",
        "Ü": "UE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "æ": "ae",
        "å": "a",
        "Å": "A",
    }
)


def fold(text: str) -> str:
    """Drop accents as a bank does, umlauts as two letters."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDS))
    return decomposed.encode("ascii", "ignore").decode()


def _company(rng: Random, land: Land, town: str, trade: str) -> tuple[str, str]:
    """Return the bare name and the legal form of a new company."""
    family = rng.choice(land.families)
    draw = rng.random()
    form = rng.choice(land.forms)
    if trade == "hospital":
        care = CARE.get(land.language, "Medical Center")
        bare = f"{town} {care}" if land.language == "en" else f"{care} {town}"
        if draw < 0.4:
            bare = f"St. {rng.choice(land.givens)} {bare}"
        return bare, form
    patterns = (
        (0.25, f"{rng.choice(land.trades)} {family}"),
        (0.36, f"{family} {rng.choice(land.trades)} {town}"),
        (0.43, f"{family} & {rng.choice(land.families)}"),
        (0.80, f"{rng.choice(HEADS)}{rng.choice(TAILS)} {rng.choice(SECTORS)}"),
        (
            0.88,
            f"{rng.choice(LETTERS)}{rng.choice(LETTERS)}{rng.choice(LETTERS)} {rng.choice(land.trades)} {town}",
        ),
        (1.00, f"{rng.choice(HEADS)}{rng.choice(TAILS).lower()}"),
    )
    return next(bare for limit, bare in patterns if draw < limit), form


def _account(rng: Random, land: Land) -> str:
    if land.code in {"US", "JP", "IN"}:
        return f"{rng.randrange(10**8, 10**9)}/{rng.randrange(10**7, 10**10)}"
    return iban(land.code, f"{rng.randrange(10 ** (land.account_digits - 1), 10**land.account_digits)}")


class Register:
    """Creates payers and customers, with groups, families of similar names and partial master data."""

    def __init__(self, world: World, receive: Callable[[Invoice, int], None]) -> None:
        self._world = world
        self._receive = receive
        self._rng = world.rng
        self._companies: list[tuple[str, str, Land]] = []
        self._factors: dict[str, Payer] = {}
        self._parents: list[Customer] = []

    def land_for(self, issuer: Issuer) -> Land:
        """Return the country of a new customer of this issuer: mostly the issuer's own."""
        if issuer.trade in {"property", "telecom", "hospital"}:
            return issuer.land
        foreign = self._world.mix.foreign * (2.2 if issuer.trade in {"saas", "agency"} else 0.8)
        return self._rng.choice(list(LANDS.values())) if self._world.chance(foreign) else issuer.land

    def _name(self, land: Land, trade: str) -> tuple[str, str, str]:
        rng = self._rng
        town = rng.choice(land.towns)
        if self._companies and self._world.chance(self._world.mix.similar_name):
            bare, form, other = rng.choice(self._companies[-40:])
            draw = rng.random()
            if draw < 0.4:
                return f"{bare} {rng.choice(other.towns)}", form, town
            if draw < 0.7:
                return bare, rng.choice(other.forms), town
            brand = rng.choice(FRANCHISES)
            return f"{brand} {town}", rng.choice(land.forms), town
        bare, form = _company(rng, land, town, trade)
        self._companies.append((bare, form, land))
        return bare, form, town

    def payer(self, issuer: Issuer, *, person: bool) -> Payer:
        """Create a payer with its bank account and its clerk."""
        rng = self._rng
        land = self.land_for(issuer)
        if person:
            given, family, town = rng.choice(land.givens), rng.choice(land.families), rng.choice(land.towns)
            if self._world.chance(0.12):
                family = f"{family}-{rng.choice(land.families)}"
            name = f"{given} {family}"
            names: tuple[str, ...] = (
                f"{family} {given}",
                f"{given[0]}. {family}",
                f"{family}, {given}",
                f"{given} u. P. {family}",
            )
        else:
            bare, form, town = self._name(land, issuer.trade)
            name = f"{bare}{form}" if form.startswith(",") else f"{bare} {form}"
            words = bare.split()
            initials = "".join(word[0] for word in words if word[0].isalpha())
            owner = f"{rng.choice(land.givens)} {rng.choice(land.families)}"
            short = bare if len(words) < 3 else " ".join(words[:2])
            names = (bare, short, f"{name} {town}", f"{initials} {form}".strip(), owner)
        serial = self._world.serial()
        habits = make_habits(self._world, issuer, land, person=person)
        payer = Payer(serial, name, land, _account(rng, land), habits, person, names, town)
        self._world.payers.append(payer)
        return payer

    def customer(self, issuer: Issuer, *, person: bool) -> Customer:
        """Create a customer; some belong to a group whose head pays for all."""
        rng = self._rng
        world = self._world
        payer = self.payer(issuer, person=person)
        serial = payer.serial
        digits = f"{10_000 + serial * 3 + rng.randrange(3)}"
        aliases: tuple[str, ...] = ()
        if not person and world.chance(world.mix.alias_known):
            aliases = (payer.names[0], payer.names[3])
        customer = Customer(serial, f"C{serial:06d}", digits, payer.name, aliases, payer.land, payer)
        if world.chance(world.mix.account_known):
            customer.accounts.append((payer.account, -1))
        if not person:
            grouped = world.mix.same_group * (3 if issuer.trade == "hospital" else 1)
            if self._parents and world.chance(grouped):
                customer.parent = rng.choice(self._parents[-6:])
                if world.chance(0.7):
                    customer.payer = customer.parent.payer
            elif world.chance(0.05):
                self._parents.append(customer)
            elif issuer.trade in {"wholesale", "hospital"} and world.chance(world.mix.factored):
                customer.payer = self._factor(issuer)
        world.customers.append(customer)
        self._schedule_changes(customer)
        return customer

    def _factor(self, issuer: Issuer) -> Payer:
        """Return the bank that pays approved invoices for many customers of one country."""
        known = self._factors.get(issuer.land.code)
        if known is None:
            land, rng = issuer.land, self._rng
            name = f"{rng.choice(('Nordfaktor', 'Crédit Relais', 'Lineo Supply Finance', 'Faktoria'))} {land.forms[0]}"
            habits = make_habits(self._world, issuer, land, person=False)
            habits = replace(
                habits,
                rhythm="weekly",
                naming="full",
                combines=True,
                discount="never",
                nets_credits=False,
                deducts=0.0,
            )
            names = (name, name.split(maxsplit=1)[0], f"{name} Confirming", name, name)
            known = Payer(0, name, land, _account(rng, land), habits, is_person=False, names=names, town="")
            known.is_factor = True
            self._factors[land.code] = known
        return known

    def _schedule_changes(self, customer: Customer) -> None:
        world = self._world
        if not customer.payer.is_person and world.chance(world.mix.renames):
            world.at(self._rng.randrange(60, max(61, world.days)), lambda _day: self._rename(customer))
        if world.chance(world.mix.account_changes):
            world.at(
                self._rng.randrange(30, max(31, world.days)), lambda day: self._change_account(customer, day)
            )
        if not customer.payer.is_person and world.chance(world.mix.merges):
            world.at(self._rng.randrange(60, max(61, world.days)), lambda _day: self._merge(customer))

    def _change_account(self, customer: Customer, day: int) -> None:
        payer = customer.payer
        payer.account = _account(self._rng, payer.land)
        if self._world.chance(0.35):
            customer.accounts.append((payer.account, day + self._rng.randrange(5, 60)))

    def _rename(self, customer: Customer) -> None:
        """Give the payer a new name; the master data keeps the old one."""
        payer = customer.payer
        bare, form = _company(self._rng, payer.land, payer.town, "")
        payer.names = (
            bare,
            bare,
            f"{bare} {form} {payer.town}",
            f"{bare} {form} (ex {payer.name})"[:60],
            payer.name,
        )
        payer.name = f"{bare} {form}"

    def _merge(self, customer: Customer) -> None:
        """Let another company take this customer over: its clerk pays from now on."""
        acquirer = self._rng.choice(self._world.customers)
        if acquirer.payer.is_person or acquirer.land.currency != customer.land.currency:
            return
        old = customer.payer
        customer.payer = acquirer.payer
        for day in sorted(old.pending):
            moved = [item for item in old.pending[day] if item.customer is customer]
            old.pending[day] = [item for item in old.pending[day] if item.customer is not customer]
            for item in moved:
                self._receive(item, day)
