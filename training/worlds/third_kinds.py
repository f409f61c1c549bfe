"""Who the customers of the third world are: one row an archetype, one row an issuer."""

from __future__ import annotations

from typing import Final

from training.worlds.third_types import Archetype

# role, country, currency, customs to draw from, schemes of references, whether one reference a customer, bank styles
ISSUERS: Final[tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...], float, tuple[str, ...]], ...]] = (
    ("wholesale", "DE", "EUR", ("dense", "small", "short_year"), ("",), 0.0, ("mt940", "camt")),
    ("wholesale2", "DE", "EUR", ("dense", "sap"), ("",), 0.0, ("mt940", "umsatz")),
    ("saas", "GB", "GBP", ("year", "check"), ("", "rf"), 0.0, ("fps", "camt")),
    ("cloud", "US", "USD", ("year", "dense"), ("",), 0.0, ("ach", "lockbox")),
    ("industry", "FR", "EUR", ("sap", "long", "branch"), ("", "rf"), 0.0, ("french", "camt")),
    ("power", "NO", "NOK", ("long_plain", "dense"), ("kid", "kid11"), 0.3, ("nordic",)),
    ("water", "FI", "EUR", ("short_year", "small"), ("viite", "rf"), 0.2, ("nordic",)),
    ("telecom", "SE", "SEK", ("dense", "long_plain"), ("ocr",), 0.1, ("nordic",)),
    ("energy", "CH", "CHF", ("year", "check"), ("qr",), 0.0, ("camt",)),
    ("heat", "DK", "DKK", ("dense",), ("fik",), 0.2, ("nordic",)),
    ("homes", "BE", "EUR", ("branch", "customer"), ("ogm", ""), 0.7, ("camt", "umsatz")),
    ("media", "GB", "GBP", ("customer", "slash"), ("",), 0.0, ("fps", "swift")),
    ("care", "DE", "EUR", ("slash", "short_year"), ("",), 0.0, ("mt940", "camt")),
    ("shop", "US", "USD", ("long", "year"), ("",), 0.0, ("ach",)),
    ("retail", "PL", "PLN", ("fv", "branch"), ("",), 0.0, ("umsatz", "swift")),
    ("kaisha", "JP", "JPY", ("check", "year"), ("",), 0.0, ("zengin",)),
    ("gulf", "BH", "BHD", ("small", "long_plain"), ("",), 0.0, ("swift",)),
)

_TRADE = {"deduct": 0.02, "partial": 0.02, "over": 0.008, "third": 0.03, "fee": 0.004}
_AFTER = {"duplicate": 0.009, "refund": 0.5, "return": 0.004}

ARCHETYPES: Final[tuple[Archetype, ...]] = (
    Archetype("wholesale", 0.235, ("wholesale", "wholesale2", "industry", "retail", "kaisha"), (0.6, 3.0), 900, 1.1, "few", terms=(10, 14, 30), ref=(0.78, 0.13, 0.09), twists=_TRADE, after=_AFTER),
    Archetype("subscription", 0.175, ("saas", "cloud"), (1, 1), 49, 0.0, terms=(0, 7, 14), delay=(1, 4), ref=(0.71, 0.13, 0.16), price_steps=(9, 19, 29, 49, 99, 249, 499),
              twists={"third": 0.05, "over": 0.004, "partial": 0.004, "double": 0.05}, after={"chargeback": 0.02, "duplicate": 0.008, "return": 0.012, "refund": 0.5}, foreign=0.15),
    Archetype("enterprise", 0.085, ("industry", "wholesale2", "cloud", "kaisha"), (6, 44), 2600, 1.3, "run", (10, 60), terms=(30, 60), ref=(0.64, 0.14, 0.22), twists={"deduct": 0.12, "lines": 0.3}, after=_AFTER),
    Archetype("utility", 0.165, ("power", "water", "telecom", "energy", "heat"), (0.34, 1), 85, 0.6, terms=(14, 21), delay=(-1, 6), ref=(0.78, 0.12, 0.10),
              twists={"over": 0.01, "partial": 0.015, "third": 0.08, "double": 0.02}, after={"duplicate": 0.012, "return": 0.015, "refund": 0.5}, foreign=0.01),
    Archetype("foreign", 0.055, ("industry", "cloud", "media", "gulf", "energy"), (0.5, 2), 3200, 1.0, terms=(30, 45), delay=(4, 9), ref=(0.66, 0.16, 0.18),
              twists={"fx": 0.27, "fee": 0.36, "withhold": 0.10, "third": 0.04, "over": 0.01}, after=_AFTER, foreign=1.0),
    Archetype("office", 0.04, ("care", "industry", "media"), (0.5, 2.5), 5400, 1.2, terms=(30,), delay=(38, 30), ref=(0.40, 0.15, 0.45), twists={"po": 0.55, "deduct": 0.02}, after=_AFTER),
    Archetype("tenant", 0.055, ("homes",), (1, 1), 780, 0.4, "standing", terms=(3, 5), ref=(0.60, 0.15, 0.25), twists={"partial": 0.02, "double": 0.03}, after={"return": 0.012, "duplicate": 0.006}),
    Archetype("agency", 0.036, ("media", "saas"), (0.8, 2.5), 1500, 0.9, "run", (3, 18), (3, 8), terms=(30, 45), ref=(0.55, 0.15, 0.30), twists={"lines": 0.25}, after=_AFTER),
    Archetype("market", 0.045, ("shop", "saas"), (0.1, 0.5), 60, 0.9, "payout", (4, 40), (25, 60), terms=(0,), ref=(1.0, 0.0, 0.0), foreign=0.2),
    Archetype("chain", 0.04, ("retail", "wholesale", "media"), (0.5, 1.5), 420, 0.7, "few", (2, 4), (4, 10), terms=(14, 30), ref=(0.62, 0.17, 0.21), twists=_TRADE, after=_AFTER),
    Archetype("rounder", 0.02, ("wholesale", "retail", "water", "media"), (0.7, 2), 300, 0.8, ref=(0.62, 0.13, 0.25), twists={"round": 0.7}, after=_AFTER),
    Archetype("skonto", 0.045, ("wholesale", "wholesale2", "care"), (0.7, 2.5), 1100, 1.0, "few", terms=(30, 60), delay=(-18, 9), ref=(0.68, 0.13, 0.19), twists={"discount": 0.85}, after=_AFTER),
    Archetype("part", 0.019, ("wholesale", "homes", "heat", "care"), (0.15, 0.4), 1900, 0.8, terms=(14,), delay=(3, 10), ref=(0.62, 0.16, 0.22), twists={"plan": 0.45, "partial": 0.7}, after={"return": 0.01}),
)  # fmt: skip
# Chances per invoice of papers that are not simply sent, known and paid.
PAPERS: Final = {
    "credit": 0.036,
    "debit": 0.008,
    "void": 0.006,
    "draft": 0.004,
    "disputed": 0.008,
    "on_hold": 0.003,
    "late": 0.008,
    "prepaid": 0.007,
    "never": 0.042,
    "twin": 0.012,
}
# Chances of idle statement lines, per invoice.
IDLE_SHARE: Final = {
    "idle": 0.036,
    "transfer": 0.006,
    "unknown": 0.009,
    "coincidence": 0.004,
    "deposit": 0.006,
}
COPY_SHARE: Final = 0.006
