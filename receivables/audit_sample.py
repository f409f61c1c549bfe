"""Which closes are audited, with which probability, and what the audits say of all of them.

Whether a payment is drawn follows from a secret salt and its id, before anybody knows its outcome, and can be
recomputed by an auditor. The estimate is Horvitz and Thompson's (1952): each audited error counts as one over
the probability with which it could be drawn.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from receivables.errors import TieoutError
from receivables.limits import NO_LIMIT, MoneyLimit

__all__ = ["AuditPlan", "Audited", "Estimate", "InclusionError", "horvitz_thompson", "is_drawn"]

LEAST_SHARE: Final = 0.02
"""No close is audited more rarely: one error found would otherwise weigh more than fifty payments."""

_HASH_RANGE: Final = 1 << 64


class InclusionError(TieoutError, ValueError):
    """An audit has no usable inclusion probability."""

    code = "invalid_inclusion_probability"
    mend = "Record a probability above 0 and at most 1 before the outcome is known."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """Shares of closes that people look at again; two strata, since finer ones gained next to nothing."""

    share: float = 0.05
    high_value_share: float = 0.25
    high_value: MoneyLimit = field(default=NO_LIMIT)
    """From this amount on a close belongs to the stratum of high value; not set: none does."""

    def __post_init__(self) -> None:
        """Refuse shares that could not carry an estimate."""
        for share in (self.share, self.high_value_share):
            if not LEAST_SHARE <= share <= 1.0:
                raise InclusionError(f"An audit share must be from {LEAST_SHARE} to 1, not {share!r}.")

    @property
    def least(self) -> float:
        """The smallest probability with which any close is drawn."""
        return min(self.share, self.high_value_share)

    def probability(self, amount_minor: int, currency: str) -> float:
        """Give the probability with which a close of this amount is drawn."""
        from_amount = self.high_value.minor(currency)
        is_high = from_amount is not None and abs(amount_minor) >= from_amount
        return self.high_value_share if is_high else self.share


def is_drawn(salt: bytes, subject: str, probability: float) -> bool:
    """Say whether this subject is in the sample: the same answer whenever it is asked.

    ``salt`` is secret and belongs to one book, so that nobody who posts can tell which closes are looked at.
    """
    if not 0.0 < probability <= 1.0:
        raise InclusionError(f"The inclusion probability of {subject} is {probability!r}.")
    digest = hashlib.sha256(salt + b"\x00" + subject.encode()).digest()
    return int.from_bytes(digest[:8], "big") < math.ceil(probability * _HASH_RANGE)


@dataclass(frozen=True, slots=True)
class Audited:
    """One audited close: how likely it was to be drawn, what people found, its amount in one currency."""

    pi: float
    is_wrong: bool
    amount_minor: int = 0

    def __post_init__(self) -> None:
        """Refuse a row that no estimate could use."""
        if not 0.0 < self.pi <= 1.0:
            raise InclusionError(f"An audit has the inclusion probability {self.pi!r}.")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated share of false closes, by count and by money, with standard deviations of the draw."""

    closed: int
    audited: int
    wrong: int
    rate: float
    rate_sd: float
    money_rate: float
    money_sd: float


def horvitz_thompson(closed: int, closed_minor: int, audited: Iterable[Audited]) -> Estimate:
    """Estimate the share of false closes among ``closed`` payments worth ``closed_minor`` in all.

    The standard deviations are those of Poisson sampling, sum of (1 - pi) y^2 / pi^2; they say how far the
    sample may lie from these closes, not how these closes may differ from those to come.
    """
    rows = list(audited)
    if len(rows) > closed:
        raise InclusionError(f"{len(rows)} audits cannot come from {closed} closes.")
    wrong = [row for row in rows if row.is_wrong]
    money = [abs(row.amount_minor) for row in wrong]
    count, spread = (sum(1 / row.pi for row in wrong), sum((1 - row.pi) / row.pi**2 for row in wrong))
    value = sum(minor / row.pi for row, minor in zip(wrong, money, strict=True))
    swing = sum((1 - row.pi) * minor**2 / row.pi**2 for row, minor in zip(wrong, money, strict=True))
    return Estimate(
        closed=closed,
        audited=len(rows),
        wrong=len(wrong),
        rate=count / closed if closed else 0.0,
        rate_sd=math.sqrt(spread) / closed if closed else 0.0,
        money_rate=value / closed_minor if closed_minor else 0.0,
        money_sd=math.sqrt(swing) / closed_minor if closed_minor else 0.0,
    )
