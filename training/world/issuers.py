"""Issuers of a book and their own bank accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.world.dice import Dice, Wheel
from training.world.names import company
from training.world.numbering import SEEN, UNSEEN, Numberer, make_numberer
from training.world.places import COUNTRIES, HOME_WEIGHTS, account_number
from training.world.records import Issuer, OwnAccount

if TYPE_CHECKING:
    from training.world.mix import Mix
    from training.world.places import Country

_FOLDING = Wheel({"no": 0.45, "upper": 0.2, "ascii": 0.2, "transcribed": 0.15})
_HOMES = Wheel(HOME_WEIGHTS)
SCHEME_WEIGHTS = {
    "prefixed_year": 2.2, "plain_dense": 2.0, "sap_ten": 1.6, "short_year": 1.6, "letters_sequence": 1.4,
    "prefixed_short": 1.4, "year_month": 1.3, "hash_code": 0.4, "account_hash": 0.6, "branch_code": 0.7,
}  # fmt: skip
_HEADINGS = {
    "de": ("Gutschrift", "SEPA-Überweisung", "Überweisungsgutschrift"),
    "en": ("TRF FROM", "FASTER PAYMENT", "CREDIT", "WIRE IN"),
    "fr": ("VIR SEPA RECU", "VIREMENT RECU /DE"),
    "nl": ("SEPA Overboeking", "/TRTP/SEPA OVERBOEKING/REMI/"),
    "it": ("BONIFICO A VOSTRO FAVORE", "BON. DA"),
    "es": ("TRANSFERENCIA RECIBIDA", "ABONO"),
    "pl": ("PRZELEW PRZYCHODZĄCY", "UZNANIE"),
    "sv": ("Insättning", "Bg-bet. via internet"),
    "fi": ("PANO", "TILISIIRTO"),
}


def make_issuers(mix: Mix, dice: Dice) -> list[Issuer]:
    """One to four issuers, mostly of one country; some share a scheme, so that their sequences overlap."""
    count = 1 + int(Wheel({str(place): share for place, share in enumerate(mix.issuers)}).spin(dice))
    home = COUNTRIES[_HOMES.spin(dice)]
    schemes = _schemes(count, mix, dice)
    names = dice.pick(("{number:03d}", "{number:04d}", "C{number}", "{word}{index}"))
    issuers: list[Issuer] = []
    for index in range(count):
        place = home if index == 0 or dice.chance(0.7) else COUNTRIES[_HOMES.spin(dice)]
        scheme = schemes[index] if index == 0 or dice.chance(0.7) else schemes[0]
        name = company(place.tongue, dice)
        word = name.core[:3].upper().replace(" ", "")
        issuers.append(
            Issuer(
                index=index,
                ident=names.format(number=100 * (index + 1), word=word, index=index),
                name=name,
                home=place,
                accounts=_own_accounts(index, place, mix, dice),
                number=make_numberer(scheme, dice),
                credit_number=None if dice.chance(0.55) else _credit_numberer(dice),
                reference=place.reference if dice.chance(mix.structured_share) else "",
                scheme=scheme,
            )
        )
    return issuers


def _schemes(count: int, mix: Mix, dice: Dice) -> list[str]:
    """Different schemes for so many issuers: running numbers are commoner than hashes."""
    names = sorted(UNSEEN if mix.unseen_numbering else SEEN)
    wheel = Wheel({name: SCHEME_WEIGHTS.get(name, 1.0) for name in names})
    chosen: list[str] = []
    while len(chosen) < count:
        scheme = wheel.spin(dice)
        if scheme not in chosen:
            chosen.append(scheme)
    return chosen


def _own_accounts(issuer: int, place: Country, mix: Mix, dice: Dice) -> list[OwnAccount]:
    currencies = [place.currency]
    if dice.chance(0.4):
        currencies.append(place.currency)
    if dice.chance(0.35):
        currencies.append("EUR" if place.currency == "USD" else "USD")
    layouts, widths = Wheel(mix.layouts), Wheel(mix.widths)
    return [
        OwnAccount(
            account=account_number(place, dice),
            issuer=issuer,
            currency=currency,
            layout=layouts.spin(dice),
            width=int(widths.spin(dice)),
            folding=_FOLDING.spin(dice),
            seam=dice.pick(("", "", " ")),
            heading=dice.pick((*_HEADINGS[place.tongue], "/RFB/", "SEPA CREDIT TRANSFER")),
        )
        for currency in currencies
    ]


def _credit_numberer(dice: Dice) -> Numberer:
    head = dice.pick(("CN-", "GS", "CM", "NC/", "CR-", "KOR "))
    start = dice.between(0, 4000)
    given = [start]

    def number(_day: int, _customer: str, _index: int) -> str:
        given[0] += 1
        return f"{head}{given[0]:05d}"

    return number
