"""The first act of the third world: companies, customers and the papers that are sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from random import Random
from typing import Final

from training.worlds.third_kinds import ARCHETYPES, ISSUERS, PAPERS
from training.worlds.third_numbers import UNSEEN, iban, number, reference, scope
from training.worlds.third_types import (
    DAY_SECONDS,
    EXPONENT,
    Account,
    Archetype,
    Customer,
    Issuer,
    Item,
    Unit,
)
from training.worlds.third_words import FAMILY, FORMS, GIVEN, LANGUAGE, OFFICES, STEMS, TOWNS, TRADES

PER_EURO: Final = {
    "EUR": 1.0,
    "USD": 1.09,
    "GBP": 0.85,
    "NOK": 11.6,
    "SEK": 11.3,
    "DKK": 7.46,
    "CHF": 0.96,
    "PLN": 4.35,
    "CZK": 24.8,
    "JPY": 161.0,
    "BHD": 0.41,
}
MONEY_OF: Final = {
    "US": "USD",
    "GB": "GBP",
    "NO": "NOK",
    "SE": "SEK",
    "DK": "DKK",
    "CH": "CHF",
    "PL": "PLN",
    "CZ": "CZK",
    "JP": "JPY",
    "BH": "BHD",
}
PRIVATE: Final = ("utility", "tenant", "market")


def minor(euros: float, currency: str) -> int:
    """Turn an amount of about so many euros into minor units of a currency."""
    return max(1, round(euros * PER_EURO[currency] * float(10 ** EXPONENT.get(currency, 2))))


def price(listed: float, currency: str) -> int:
    """Return a list price in minor units: the same round figure where a currency is worth about a euro."""
    factor = {"NOK": 10, "SEK": 10, "DKK": 7, "PLN": 4, "CZK": 25, "JPY": 150, "BHD": 0.4}.get(currency, 1)
    return max(1, round(listed * factor * float(10 ** EXPONENT.get(currency, 2))))


def clock(day: int, rng: Random, first: int = 6, last: int = 20) -> int:
    """Return a second of a day within office hours."""
    return day * DAY_SECONDS + rng.randrange(first * 3600, last * 3600)


def make_issuers(rng: Random, profile: str, start: int, months: int) -> list[Issuer]:
    """Set up the companies of the group: customs, schemes, accounts and their banks."""
    made = []
    for place, (role, country, currency, customs, schemes, often, styles) in enumerate(ISSUERS):
        second = "USD" if currency == "EUR" else "EUR"
        first = date.fromordinal(start)
        late = first.year * 12 + first.month - 1 + rng.randrange(2, max(3, months))
        accounts = [
            Account(iban(country, rng), currency, styles[0], (late,) if rng.random() < 0.2 else ()),
            Account(iban(country, rng), currency, styles[-1]),
            Account(iban(country, rng), second, "swift"),
        ]
        made.append(
            Issuer(
                f"E{place + 1:02d}",
                role,
                country,
                currency,
                rng.choice(UNSEEN if profile == "unseen_numbering" else customs),
                rng.choice(schemes),
                rng.random() < often,
                f"{rng.choice(STEMS)} {rng.choice(TRADES)} {rng.choice(FORMS[country])}",
                accounts,
            )
        )
    return made


def make_units(count: int, seed: int, issuers: list[Issuer], start: int, months: int) -> list[Unit]:
    """Add customers, always of the archetype furthest below its share, until `count` papers are sent."""
    rng = Random(f"{seed}/cast")
    have = dict.fromkeys((kind.name for kind in ARCHETYPES), 0)
    units: list[Unit] = []
    total, serial = 0, 100
    weight = sum(kind.share for kind in ARCHETYPES)
    while total < count:
        kind = min(ARCHETYPES, key=lambda k: have[k.name] / (k.share / weight))
        unit = _cast(
            _sized(kind, kind.share * count / weight, months), Random(f"{seed}/{len(units)}"), issuers, serial
        )
        serial += len(unit.customers) + 1
        _write_papers(unit, start, months)
        del unit.items[count - total :]
        total += len(unit.items)
        have[kind.name] += max(1, len(unit.items))
        units.append(unit)
        if rng.random() < 0.02 and len(units) > 1 and kind.name in {"wholesale", "rounder", "skonto"}:
            _confuse(unit, units[rng.randrange(len(units) - 1)])
    _number(units, issuers, rng)
    return units


def _sized(kind: Archetype, budget: float, months: int) -> Archetype:
    """Shrink a large archetype so that small books have several of each."""
    middle = (kind.members[0] + kind.members[1]) / 2
    rate = (kind.per_month[0] + kind.per_month[1]) / 2
    allowed = max(90.0 if kind.pays in {"run", "payout"} else 20.0, budget * 0.5)
    if middle * rate * months <= allowed:
        return kind
    members = max(min(kind.members[0], 3), round(allowed / (rate * months)))
    shrunk = replace(kind, members=(members, members)) if kind.members[1] > 1 and members < middle else kind
    room = allowed / (months * (shrunk.members[0] + shrunk.members[1]) / 2)
    return replace(shrunk, per_month=(min(shrunk.per_month[0], room), min(shrunk.per_month[1], room)))


def _confuse(unit: Unit, other: Unit) -> None:
    """Give a customer nearly the name of another one."""
    words = other.payer.name.split()
    unit.payer.name = " ".join(
        [*words[:-1], unit.rng.choice(("II", "Nord", "Services", "Holding", "2000")), words[-1]]
    )


def company(rng: Random, country: str) -> str:
    """Make up a company's name."""
    shape = rng.random()
    core = f"{rng.choice(STEMS)} {rng.choice(TRADES)}"
    if shape < 0.25:
        core = f"{rng.choice(STEMS)} & {rng.choice(STEMS)}"
    elif shape < 0.40:
        core = f"{rng.choice(TRADES)} {rng.choice(TOWNS)}"
    elif shape < 0.50:
        core = f"{rng.choice(GIVEN)} {rng.choice(FAMILY).replace('_', ' ')} {rng.choice(TRADES)}"
    return f"{core} {rng.choice(FORMS[country])}"


def person(rng: Random) -> str:
    """Make up a person's name."""
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY).replace('_', ' ')}"


def _customer(serial: int, name: str, country: str, custom: int) -> Customer:
    letters = "".join(c for c in name.upper() if "A" <= c <= "Z")[:3].ljust(3, "X")
    numbers = (f"{10_000 + serial}", f"K{serial:06d}", f"{country}{serial:05d}", f"{700_000 + serial * 3}")
    alias = " ".join(name.split()[:-1]) if custom % 3 == 0 else ""
    return Customer(
        serial, f"C{serial:06d}", numbers[custom % 4], name, f"{letters}{serial % 1000:03d}", country, alias
    )


def _cast(kind: Archetype, rng: Random, issuers: list[Issuer], serial: int) -> Unit:
    issuer = rng.choice([one for one in issuers if one.role in kind.issuers])
    country = rng.choice(list(FORMS)) if rng.random() < kind.foreign else issuer.country
    language = LANGUAGE[country]
    custom = int(issuer.id[1:])
    members = rng.randint(*kind.members)
    if kind.name == "office":
        forms = OFFICES.get(language, OFFICES["en"])
        names = [rng.choice(forms).format(t=rng.choice(TOWNS))]
    elif kind.name == "chain":
        brand = f"{rng.choice(STEMS)} {rng.choice(('Märkte', 'Stores', 'Sklepy', 'Hotels', 'Apotheken'))}"
        names = [
            f"{brand} {rng.choice(('Filiale', 'Branch', 'No.', 'Nr'))} {rng.randrange(1, 400):03d} {rng.choice(TOWNS)}"
            for _ in range(members)
        ]
    elif kind.name in PRIVATE and (kind.name == "market" or rng.random() < 0.8):
        names = [person(rng) for _ in range(members)]
    else:
        names = [company(rng, country) for _ in range(members)]
    customers = [_customer(serial + place, name, country, custom) for place, name in enumerate(names)]
    payer = customers[0]
    if kind.name in {"chain", "agency"}:
        head = (
            company(rng, country)
            if kind.name == "agency"
            else f"{brand} Zentrale {rng.choice(FORMS[country])}"
        )
        payer = _customer(serial + members, head, country, custom)
        for one in customers:
            one.parent = payer.id if kind.name == "chain" or serial % 3 == 0 else ""
    if kind.name == "market":
        payer = _customer(
            serial + members,
            rng.choice(("ADYEN N.V.", "Stripe Payments", "PayPal Europe", "Mollie B.V.")),
            country,
            custom,
        )
    return Unit(
        kind, payer, customers, issuer, rng, "en" if rng.random() < 0.1 else language,
        [iban(country, rng) for _ in range(1 + (rng.random() < 0.2))],
        style={word: rng.randrange(1000) for word in ("one", "many", "none", "po", "rent", "join", "name", "amount", "end")},
        ref=kind.ref, private=person(rng),
    )  # fmt: skip


def _write_papers(unit: Unit, start: int, months: int) -> None:
    """Write everything one unit is sent over the whole time, in order of days."""
    rng, kind = unit.rng, unit.kind
    if rng.random() < 0.04 and kind.name not in PRIVATE:
        unit.renamed = (start + rng.randrange(60, 500), company(rng, unit.payer.country))
    end = start + round(months * 30.44)
    for customer in unit.customers:
        rate = rng.uniform(*kind.per_month)
        begin = start if rng.random() < 0.8 else rng.randrange(start, (start + end) // 2)
        quota = _prices(unit)
        anchor = rng.randrange(28)
        currency = unit.issuer.currency
        if customer.country != unit.issuer.country and rng.random() < 0.45:
            currency = MONEY_OF.get(customer.country, "EUR")
        terms = rng.choice(kind.terms)
        offers = kind.name == "skonto" or (kind.name == "wholesale" and rng.random() < 0.2)
        day = float(begin + anchor)
        while day < end:
            raised = 1.06 if kind.pays == "standing" and day > start + 300 + anchor * 4 else 1.0
            listed = price(rng.choice(quota) * raised, currency) if quota else 0
            worth = listed or minor(rng.lognormvariate(0, kind.spread) * kind.median, currency)
            item = _paper(unit, customer, int(day), worth, currency, terms)
            if offers:
                _offer(item, rng)
            _bend(unit, item)
            day += (
                30.44 / rate
                if kind.per_month[0] in {1, 0.34} and rate <= 1
                else max(0.4, rng.expovariate(rate / 30.44))
            )
    unit.items = [item for item in unit.items if item.day < end]
    unit.items.sort(key=lambda item: item.day)


def _prices(unit: Unit) -> list[float]:
    """Return the fixed prices of a customer, so that twins come in bulk; nothing where amounts vary."""
    kind, rng = unit.kind, unit.rng
    if kind.price_steps:
        return [rng.choice(kind.price_steps) * rng.choice((1, 1, 2, 5)) * 1.0]
    if kind.pays == "standing":
        return [round(kind.median * rng.lognormvariate(0, kind.spread)) * 1.0]
    if kind.spread and rng.random() < 0.12:
        return [round(kind.median * rng.lognormvariate(0, kind.spread), 2) for _ in range(rng.randint(2, 5))]
    return []


def _paper(unit: Unit, customer: Customer, day: int, amount: int, currency: str, terms: int) -> Item:
    rng = unit.rng
    item = Item(customer, unit.issuer, day, amount, currency, day + terms, open=amount, known=clock(day, rng))
    if rng.random() < (0.95 if unit.kind.name == "office" else 0.3):
        item.po = rng.choice(("45{}", "PO-{}", "{}", "B/{}")).format(rng.randrange(10**6, 10**8))
    if customer.country == unit.issuer.country:
        item.tax = round(amount * 19 / 119)
    unit.items.append(item)
    return item


def _offer(item: Item, rng: Random) -> None:
    item.discount = rng.choice((2.0, 2.0, 3.0, 1.5))
    item.discount_day = item.day + rng.choice((7, 10, 14))
    item.off_base = item.tax if item.customer.serial % 4 == 0 else 0


def _bend(unit: Unit, item: Item) -> None:
    """Make some papers unusual: memos, retries, drafts, voids with a successor, late or paid in advance."""
    rng, kind = unit.rng, unit.kind
    name = rng.choices([*PAPERS, ""], [*PAPERS.values(), 1 - sum(PAPERS.values())])[0]
    if name in {"void", "draft", "disputed", "on_hold"}:
        item.status = name
    elif name in {"late", "prepaid"} and kind.pays in {"single", "few"}:
        item.tag = name
        if name == "late":
            item.known = clock(item.due + rng.randrange(12, 45), rng)
    elif name == "never":
        item.tag = name
    elif name == "debit" and kind.pays != "payout":
        item.type, item.tag = "debit_note", ""
        item.amount = item.open = minor(rng.choice((5, 15, 40, 9.5)), item.currency)
        item.tax, item.discount, item.off_base = 0, 0.0, 0
    if name == "void" or (name == "twin" and kind.pays != "payout"):
        again = _paper(
            unit,
            item.customer,
            item.day + (name == "void") * rng.randrange(1, 9),
            item.amount,
            item.currency,
            item.due - item.day,
        )
        again.po, again.tag = item.po, "never" if name == "twin" else ""
        again.replaces = item if name == "void" else None
    if name == "credit" or (name == "draft" and kind.pays == "payout"):
        memo = _paper(
            unit,
            item.customer,
            item.day + rng.randrange(2, 25),
            max(1, round(item.amount * rng.choice((1, 1, 0.5, 0.2, 0.1)))),
            item.currency,
            0,
        )
        memo.type, memo.po = "credit_memo", item.po
        memo.tag = rng.choice(("net", "net", "net", "refund", "offset", "idle"))
    if "plan" in kind.twists and item.type == "invoice" and rng.random() < kind.twists["plan"]:
        parts = rng.randint(3, 6)
        share = item.amount // parts
        item.plan = [(item.due + 30 * place, share) for place in range(parts - 1)]
        item.plan.append((item.due + 30 * (parts - 1), item.amount - share * (parts - 1)))
        item.tag = "plan"


def _number(units: list[Unit], issuers: list[Issuer], rng: Random) -> None:
    """Give every paper its id, number and structured reference, in the order of days."""
    items = [item for unit in units for item in unit.items]
    rng.shuffle(items)
    items.sort(key=lambda item: item.day)
    counters: dict[tuple[object, ...], int] = defaultdict(int)
    for place, item in enumerate(items):
        issuer, day, who = item.issuer, date.fromordinal(item.day), item.customer.serial
        key = (issuer.id, *scope(issuer.custom, day, who))
        counters[key] += 1
        item.id = f"D{place + 1:07d}"
        item.number = number(issuer.custom, counters[key], day, who, item.customer.short)
        if issuer.scheme and item.type != "credit_memo":
            item.reference = reference(issuer.scheme, who, 0 if issuer.per_customer else place + 1)
        issuer.by_day.append(item)
    for issuer in issuers:
        if issuer.custom in {"dense", "sap", "small"}:
            jump = rng.randrange(1, 90_000)
            for item in issuer.by_day:
                item.number = str(int(item.number) + jump)
