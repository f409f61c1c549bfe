"""The seven trades of the second world and the companies of the group founded in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.worlds.second_lands import LANDS, Land
from training.worlds.second_numbers import POOLS, Numbering, iban
from training.worlds.second_types import Issuer

if TYPE_CHECKING:
    from training.worlds.second_types import World

DROPPED: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {"#": " ", "/": " "},
    {"-": "", "_": ""},
    {".": " ", "&": "+"},
)


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
        0.23,
        ("NO", "SE", "FI", "BE", "CH", "DE"),
        (14, 20, 30),
        0.45,
        ("telecom", "padded", "glued", "sap"),
        "Telecom",
    ),
    "saas": Trade(
        0.17,
        ("US", "IE", "DE", "GB"),
        (0, 7, 14, 30),
        0.10,
        ("prefix_counter", "hash", "year_word", "sales"),
        "Cloud",
    ),
    "wholesale": Trade(
        0.245,
        ("FR", "DE", "IT", "PL", "ES", "NL"),
        (10, 30, 30, 45, 60),
        0.0,
        ("slash_year", "polish", "italian", "spanish", "country_word", "sap"),
        "Wholesale",
        ((2.0, 10), (3.0, 8), (2.0, 14), (0.0, 0)),
    ),
    "property": Trade(
        0.15,
        ("AT", "DE", "GB", "CH"),
        (5, 3, 10),
        0.72,
        ("period", "dotted", "padded"),
        "Property Management",
    ),
    "agency": Trade(
        0.05,
        ("GB", "SE", "NL", "CZ"),
        (14, 30, 30, 60),
        0.02,
        ("year_word", "sales", "dotted"),
        "Studio",
    ),
    "hospital": Trade(
        0.105,
        ("US", "US", "DE", "FR"),
        (30, 45, 60),
        0.0,
        ("hospital", "sap", "sales"),
        "Hospital Supplies",
        ((0.0, 0), (1.0, 15), (2.0, 10)),
    ),
    "market": Trade(
        0.05,
        ("US", "PL", "JP", "GB"),
        (0,),
        0.93,
        ("order", "hash", "glued"),
        "Marketplace",
    ),
}


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
    if world.mix.numbering != "usual":
        # Each issuer takes the next unusual schemes in turn, so that a book shows most of them.
        place = (list(TRADES).index(trade) * 2 + copy) * 5
        names = [names[(place + step + world.days) % len(names)] for step in range(2)]
    first, second = rng.choice(names), rng.choice(names)
    schemes = (pool[first], pool[second])
    accounts = {}
    abroad = ("EUR", "USD", "GBP", "JPY", "BHD") if trade in {"saas", "agency"} else ("EUR", "USD", "GBP")
    for currency in dict.fromkeys((land.currency, *abroad)):
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
        structured=_reference_scheme(world, trade, land),
        discount=rng.choice(traits.discounts),
        discount_on_net=world.chance(0.3),
        card_mode="payout" if trade == "market" or (copy == 0 and world.chance(0.45)) else "single",
        card_fee=(rng.choice((1.4, 1.9, 2.9)), rng.choice((10, 25, 30))),
        fee_by_line=world.chance(0.6),
        gateway_ids=world.chance(0.5),
        known_lag_days=rng.choice((0, 0, 0, 0, 1)),
        migration_day=rng.randrange(world.days // 3, world.days) if world.chance(0.3) else 10**6,
        dropped=str.maketrans(rng.choice(DROPPED)),
        bank_style=rng.choice(("plain", "upper", "glued27", "wrapped35", "tagged86")),
    )


def _reference_scheme(world: World, trade: str, land: Land) -> str:
    """Return the national scheme of structured references, or now and then ISO 11649."""
    if trade not in {"telecom", "wholesale", "property"}:
        return ""
    return land.structured or ("rf" if world.chance(0.3) else "")
