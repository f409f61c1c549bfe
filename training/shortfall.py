"""How many more checked payments a rung of the risk ladder would take, in numbers and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from training.bounds import least_labels, likely_labels

__all__ = ["Shortfall", "shortfall"]

POWER: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What is missing for one rung; every number counts freshly checked payments above the threshold.

    Fresh, because a re-certification may not use labels that an earlier choice has used.
    """

    alpha: float
    without_error: int
    with_one_error: int
    likely: int | None
    rate_seen: float | None
    had: int
    was_tested: bool

    def sentence(self) -> str:
        """The number of payments to check, in words."""
        said = (
            f"For at most {self.alpha * 100:g} % false: {self.without_error:,} freshly checked payments that "
            f"would close by themselves, none of them wrong, or {self.with_one_error:,} with one wrong"
        )
        had = f"; this time there were {self.had:,}."
        if self.rate_seen is None:
            return said + had
        if self.likely is None:
            rate = f"{self.rate_seen * 100:.2g} %"
            return f"{said}{had} At {rate}, the rate seen, no number suffices: close less, or train better."
        return f"{said}; at the error rate seen {self.likely:,} succeed four times in five{had}"

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "alpha": self.alpha,
            "labels_without_error": self.without_error,
            "labels_with_one_error": self.with_one_error,
            "labels_for_80_percent": self.likely,
            "rate_seen": self.rate_seen,
            "labels_had": self.had,
            "was_tested": self.was_tested,
            "sentence": self.sentence(),
        }


def shortfall(
    alpha: float,
    delta: float,
    burst: float,
    *,
    seen: tuple[int, int],
    was_tested: bool,
    payments: int,
) -> Shortfall:
    """What certifying `alpha` would take; errors in bursts take as many times the labels.

    `seen` is errors and payments of a test already made; the rate taken from it is the middle of what they
    leave possible, half an error more than counted.
    """
    errors, tested = seen
    rate = (errors + 0.5) / (tested + 1.0) if tested else None
    likely = likely_labels(rate / burst, alpha / burst, delta, POWER) if rate is not None else None
    return Shortfall(
        alpha=alpha,
        without_error=math.ceil(least_labels(0, alpha, delta) * burst),
        with_one_error=math.ceil(least_labels(1, alpha, delta) * burst),
        likely=likely,
        rate_seen=rate,
        had=payments,
        was_tested=was_tested,
    )
