"""What kind of clerk a payer has: rhythm, channel, punctuality and way of naming what is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.worlds.second_types import Habits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from training.worlds.second_lands import Land
    from training.worlds.second_types import Issuer, World

RHYTHMS = {
    "telecom": (("debit", 0.34), ("due", 0.36), ("weekly", 0.14), ("fortnight", 0.10), ("card", 0.06)),
    "saas": (("card", 0.42), ("due", 0.30), ("weekly", 0.14), ("monthly", 0.08), ("wallet", 0.06)),
    "wholesale": (("weekly", 0.40), ("fortnight", 0.20), ("monthly", 0.12), ("due", 0.28)),
    "property": (("standing", 0.58), ("due", 0.42)),
    "agency": (("due", 0.70), ("monthly", 0.18), ("weekly", 0.12)),
    "hospital": (("weekly", 0.42), ("fortnight", 0.33), ("monthly", 0.13), ("due", 0.12)),
    "market": (("card", 0.80), ("wallet", 0.12), ("due", 0.08)),
}

DOMESTIC = {
    "US": (("ach", 0.55), ("check", 0.30), ("wire", 0.15)),
    "JP": (("wire", 1.0),),
    "IN": (("wire", 1.0),),
    "BR": (("wire", 1.0),),
    "BH": (("wire", 1.0),),
    "GB": (("faster", 0.85), ("check", 0.04), ("wire", 0.11)),
}
SEPA_CHANNELS = (("sepa", 0.88), ("tagged", 0.12))
SINGLE_EURO = {"DE", "AT", "FR", "BE", "NL", "IT", "ES", "FI", "IE"}


def pick(rng: Random, options: Sequence[tuple[str, float]]) -> str:
    """Draw one of several weighted words."""
    draw = rng.random() * sum(weight for _, weight in options)
    for word, weight in options:
        draw -= weight
        if draw < 0:
            return word
    return options[-1][0]


def _channel(rng: Random, land: Land, issuer: Issuer) -> str:
    if land.code != issuer.land.code and not {land.code, issuer.land.code} <= SINGLE_EURO:
        return "wire"
    return pick(rng, DOMESTIC.get(land.code, SEPA_CHANNELS))


def make_habits(world: World, issuer: Issuer, land: Land, *, person: bool) -> Habits:
    """Draw the habits of a clerk who will mostly pay this issuer."""
    rng = world.rng
    rhythm = pick(rng, RHYTHMS[issuer.trade])
    channel = rhythm if rhythm in {"card", "wallet", "debit"} else _channel(rng, land, issuer)
    naming = pick(rng, world.mix.naming)
    if issuer.trade == "property":
        naming = pick(rng, (("period", 0.30), ("none", 0.14), ("customer", 0.10), ("full", 0.46)))
    if (
        issuer.structured
        and channel in {"sepa", "tagged"}
        and world.chance(0.45 if issuer.trade == "property" else 0.65)
    ):
        naming = "structured"
    foreign = land.currency != issuer.land.currency
    pays_in = land.currency if foreign and world.chance(0.4) else ""
    discount = pick(rng, (("timely", 0.45), ("never", 0.40), ("late", 0.15)))
    advice = (
        channel in {"ach", "check", "sepa"}
        and not person
        and world.chance(0.10 if channel != "sepa" else 0.03)
    )
    return Habits(
        rhythm=rhythm,
        channel=channel,
        naming=naming,
        template=rng.randrange(1000),
        weekday=rng.randrange(5),
        late_days=rng.choice((-6.0, -2.0, -1.0, 0.0, 0.0, 1.0, 3.0, 6.0, 12.0, 20.0)),
        spread_days=rng.choice((0.5, 1.0, 2.0, 4.0, 8.0)),
        discount=discount,
        combines=world.chance(
            {"due": 0.14, "card": 0.0, "wallet": 0.0, "debit": 0.05, "standing": 0.0}.get(rhythm, 0.88)
        ),
        nets_credits=world.chance(0.72),
        typo=world.mix.typo * rng.choice((0.2, 0.5, 1.0, 2.2)),
        deducts=world.mix.deduction * rng.choice((0.0, 0.5, 1.0, 2.5)),
        fee_mode=rng.choice(("OUR", "SHA", "SHA", "OUR", "BEN")) if channel == "wire" else "OUR",
        advice=advice,
        pays_in=pays_in,
    )
