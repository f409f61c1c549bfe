"""Daily exchange rates of a synthetic book: a random walk around the world's rough levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from receivables.money import exponent
from training.world.places import EUR_RATES

if TYPE_CHECKING:
    from training.world.dice import Dice


class Rates:
    """Rates of business days; each pair is published in one direction only."""

    def __init__(self, start: int, end: int, home: str, currencies: list[str], dice: Dice) -> None:
        self._start = start
        self.home = home
        self._levels: dict[str, list[float]] = {}
        for currency in currencies:
            level = EUR_RATES[currency] / EUR_RATES[home]
            levels = []
            for _ in range(end - start + 60):
                level *= 1.0 + 0.004 * dice.normal()
                levels.append(level)
            self._levels[currency] = [1.0] * len(levels) if currency == home else levels
        self._texts: dict[tuple[str, int], str] = {}

    def per_home(self, currency: str, day: int) -> str:
        """How many units of `currency` one unit of the home currency buys, as published."""
        key = (currency, day)
        text = self._texts.get(key)
        if text is None:
            text = f"{self._levels[currency][max(0, day - self._start)]:.7g}"
            self._texts[key] = text
        return text

    def converted(self, minor: int, currency: str, other: str, day: int, spread: float) -> int:
        """The amount in another currency at the day's rate times `spread`."""
        rate = float(self.per_home(other, day)) / float(self.per_home(currency, day))
        major = minor / 10.0 ** exponent(currency)
        return max(1, round(major * rate * spread * 10.0 ** exponent(other)))

    def published(self, start: int, end: int) -> list[tuple[int, str, str, str]]:
        """(day, base, quote, rate) of every business day."""
        return [
            (day, self.home, currency, self.per_home(currency, day))
            for day in range(start, end)
            if (day + 6) % 7 < 5
            for currency in sorted(self._levels)
            if currency != self.home
        ]
