"""Buffered draws from one seeded numpy generator: fast enough for plain Python loops, the same on every run."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK = 8192


class Dice:
    """A stream of draws for one purpose of one seed.

    Streams of different purposes are independent, so a change in how customers are drawn does not move the
    invoices' stream. A scalar draw from a numpy generator costs about 1 us; from the buffer about 0.1 us.
    """

    __slots__ = ("_generator", "_normals", "_uniforms")

    def __init__(self, seed: int, purpose: str) -> None:
        entropy = np.random.SeedSequence([seed, zlib.crc32(purpose.encode())])
        self._generator = np.random.Generator(np.random.PCG64(entropy))
        self._uniforms: list[float] = []
        self._normals: list[float] = []

    def roll(self) -> float:
        """A uniform draw from [0, 1)."""
        if not self._uniforms:
            self._uniforms = self._generator.random(_BLOCK).tolist()
        return self._uniforms.pop()

    def normal(self) -> float:
        """A standard normal draw."""
        if not self._normals:
            self._normals = self._generator.standard_normal(_BLOCK).tolist()
        return self._normals.pop()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.roll() < probability

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self.roll() * limit)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.roll() * (high - low + 1))

    def uniform(self, low: float, high: float) -> float:
        """A real number from low to high."""
        return low + self.roll() * (high - low)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.roll() * len(options))]

    def digits(self, count: int) -> str:
        """A string of so many decimal digits."""
        return "".join("0123456789"[int(self.roll() * 10)] for _ in range(count))

    def letters(self, count: int, alphabet: str = "ABCDEFGHJKLMNPRSTUVWXYZ") -> str:
        """A string of so many letters of the alphabet."""
        size = len(alphabet)
        return "".join(alphabet[int(self.roll() * size)] for _ in range(count))

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in a random order."""
        keyed = sorted((self.roll(), place) for place in range(len(options)))
        return [options[place] for _, place in keyed]


class Wheel:
    """A weighted choice that is prepared once and spun often."""

    __slots__ = ("_edges", "_names", "_total")

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._names = tuple(name for name, weight in weights.items() if weight > 0)
        edges: list[float] = []
        total = 0.0
        for name in self._names:
            total += weights[name]
            edges.append(total)
        self._edges = edges
        self._total = total

    def spin(self, dice: Dice) -> str:
        """One name, as likely as its weight says."""
        place = bisect_right(self._edges, dice.roll() * self._total)
        return self._names[min(place, len(self._names) - 1)]
