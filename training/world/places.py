"""Countries: language, currency, account shape, tax rate and the structured reference their issuers print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.world.check_digits import (
    betalingskenmerk,
    iban,
    kid_reference,
    ocr_reference,
    ogm_reference,
    qr_reference,
    rf_reference,
    viite_reference,
)

if TYPE_CHECKING:
    from training.world.dice import Dice


@dataclass(frozen=True, slots=True)
class Country:
    """What the world needs to know of a country."""

    code: str
    tongue: str
    currency: str
    bban: str
    """The account after the IBAN's check digits: `9` a digit, `A` a letter; empty where there is no IBAN."""
    reference: str
    tax_percent: int
    withholding_percent: int = 0


COUNTRIES: dict[str, Country] = {
    place.code: place
    for place in (
        Country("DE", "de", "EUR", "9" * 18, "rf", 19),
        Country("AT", "de", "EUR", "9" * 16, "rf", 20),
        Country("CH", "de", "CHF", "9" * 17, "qr", 8),
        Country("FR", "fr", "EUR", "9" * 23, "rf", 20),
        Country("BE", "fr", "EUR", "9" * 12, "ogm", 21),
        Country("NL", "nl", "EUR", "AAAA" + "9" * 10, "kenmerk", 21),
        Country("IT", "it", "EUR", "A" + "9" * 22, "rf", 22, 20),
        Country("ES", "es", "EUR", "9" * 20, "rf", 21, 15),
        Country("PL", "pl", "PLN", "9" * 24, "rf", 23),
        Country("GB", "en", "GBP", "AAAA" + "9" * 14, "rf", 20),
        Country("IE", "en", "EUR", "AAAA" + "9" * 14, "rf", 23),
        Country("US", "en", "USD", "", "plain", 0),
        Country("SE", "sv", "SEK", "9" * 20, "ocr", 25),
        Country("NO", "sv", "NOK", "9" * 11, "kid", 25),
        Country("DK", "sv", "DKK", "9" * 14, "ocr", 25),
        Country("FI", "fi", "EUR", "9" * 14, "viite", 24),
        Country("JP", "en", "JPY", "", "plain", 10, 10),
        Country("BH", "en", "BHD", "AAAA" + "9" * 14, "plain", 10),
        Country("IN", "en", "INR", "", "plain", 18, 10),
    )
}

HOME_WEIGHTS = {
    "DE": 0.24, "AT": 0.05, "CH": 0.08, "FR": 0.1, "BE": 0.06, "NL": 0.08, "IT": 0.07, "ES": 0.06, "PL": 0.05,
    "GB": 0.08, "US": 0.1, "SE": 0.03, "NO": 0.03, "DK": 0.01, "FI": 0.02, "JP": 0.01, "BH": 0.01,
}  # fmt: skip
FOREIGN_WEIGHTS = {
    "DE": 0.12, "AT": 0.06, "CH": 0.09, "FR": 0.1, "BE": 0.06, "NL": 0.08, "IT": 0.08, "ES": 0.07, "PL": 0.06,
    "GB": 0.1, "US": 0.16, "SE": 0.03, "DK": 0.02, "JP": 0.02, "BH": 0.01, "IN": 0.03, "IE": 0.03,
}  # fmt: skip

EUR_RATES = {
    "EUR": 1.0, "USD": 1.09, "GBP": 0.85, "CHF": 0.96, "PLN": 4.31, "SEK": 11.3, "NOK": 11.6, "DKK": 7.46,
    "JPY": 161.0, "BHD": 0.41, "INR": 91.0,
}  # fmt: skip


def account_number(country: Country, dice: Dice) -> str:
    """A fresh bank account: an IBAN where the country has them, else a bank code and a number."""
    if not country.bban:
        return f"{dice.digits(9)}/{dice.digits(10)}" if country.code == "US" else dice.digits(14)
    letters = country.bban.count("A")
    body = dice.letters(letters) + dice.digits(len(country.bban) - letters)
    return iban(country.code, body)


def structured_reference(kind: str, number: str, customer: str, sequence: int) -> str:
    """The machine-readable reference an issuer of this kind prints on the document."""
    digits = "".join(char for char in customer if char.isdigit())[-6:] + f"{sequence:07d}"
    match kind:
        case "rf":
            core = "".join(char for char in number.upper() if char.isascii() and char.isalnum())
            return rf_reference(core)
        case "ogm":
            return ogm_reference(digits)
        case "qr":
            return qr_reference(digits)
        case "kid":
            return kid_reference(digits)
        case "ocr":
            return ocr_reference(digits)
        case "viite":
            return viite_reference(digits)
        case "kenmerk":
            return betalingskenmerk(digits)
        case _:
            return digits
