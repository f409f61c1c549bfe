"""The policy: what finance allows to post by itself, knob by knob.

A policy is frozen and complete. It travels with the model as `policy.json`; a request may bring some knobs of
its own, which may only tighten: `merged_with` says so by dropping the guarantee of a looser answer.
Boundaries are inclusive and percent is percent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

from receivables.limits import (
    NO_LIMIT,
    NO_ROLE_LIMITS,
    USUAL_ITEM_LIMITS,
    ItemLimits,
    MoneyLimit,
    PolicyError,
    RoleLimits,
    number,
    probability,
    whole_number,
)

__all__ = ["CrossCurrency", "Dismiss", "Overpayment", "Partial", "Policy", "PolicyError", "Twins"]

AUTO_ROLE: Final = "auto"
"""The role under which the machine writes off; reviewers have roles of their own."""

LINEAGE: Final = ("version", "name", "about", "model", "created")
"""Keys a policy file may carry beside its knobs; they are read past."""

MOST_PERCENT: Final = 100

PERCENT_DIGITS: Final = 6
"""Decimals a percentage may have, so that tolerances stay exact in 64-bit integers."""


class Overpayment(StrEnum):
    """What happens with cash beyond the items."""

    ON_ACCOUNT = "on_account"
    REVIEW = "review"
    WRITE_OFF_WITHIN_TOLERANCE = "write_off_within_tolerance"


class Partial(StrEnum):
    """Whether an item may be paid in part without a person."""

    ALLOW = "allow"
    REVIEW = "review"


class Twins(StrEnum):
    """What happens between items that are equal in everything that counts."""

    REVIEW = "review"
    OLDEST = "oldest"


class CrossCurrency(StrEnum):
    """Whether payment and item may be in different currencies without a person."""

    REVIEW = "review"
    ALLOW = "allow"


class Dismiss(StrEnum):
    """Whether lines that surely pay nothing are dismissed without a person."""

    OFF = "off"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every knob of a decision; a threshold of None means that nothing closes by itself."""

    auto_threshold: float | None = None
    review_threshold: float = 0.05
    segment_thresholds: Mapping[str, float] = field(default_factory=dict)
    tolerance_percent: Decimal = Decimal(0)
    tolerance_amount: MoneyLimit = NO_LIMIT
    max_auto_amount: MoneyLimit = NO_LIMIT
    four_eyes_amount: MoneyLimit = NO_LIMIT
    max_write_off_amount: RoleLimits = NO_ROLE_LIMITS
    overpayment: Overpayment = Overpayment.ON_ACCOUNT
    partial: Partial = Partial.ALLOW
    early_days: int | None = None
    late_days: int | None = None
    require_evidence_beyond_amount: bool = True
    twins: Twins = Twins.REVIEW
    max_items_per_payment: ItemLimits = USUAL_ITEM_LIMITS
    cross_currency: CrossCurrency = CrossCurrency.REVIEW
    dismiss: Dismiss = Dismiss.OFF
    guarantee: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Refuse thresholds in the wrong order."""
        lowest = self.auto_threshold
        if lowest is not None and lowest < self.review_threshold:
            message = f"must not be below review_threshold ({self.review_threshold})"
            raise PolicyError("auto_threshold", message)

    @classmethod
    def from_dict(cls, raw: Mapping[str, object]) -> Self:
        """Take the knobs given and the defaults for all others; an unknown or broken knob is an error."""
        return cls(**_parsed(raw))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a policy from JSON text; numbers are read by their digits, never through a float."""
        return cls.from_dict(knobs_from_json(text))

    def to_dict(self) -> dict[str, Any]:
        """Write every knob as JSON values, in a stable order; `from_dict` gives the same policy back."""
        return {knob.name: _shown(getattr(self, knob.name)) for knob in fields(self)}

    def fingerprint(self) -> str:
        """Make twelve hex digits that name this policy in `decisions.csv`; the guarantee is no part of it."""
        knobs = {name: value for name, value in self.to_dict().items() if name != "guarantee"}
        text = json.dumps(knobs, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def threshold(self, segment: str = "") -> float | None:
        """Give the confidence from which a payment of this segment may close by itself; None: never."""
        return self.segment_thresholds.get(segment, self.auto_threshold)

    def tolerance_minor(self, currency: str, base_minor: int) -> int:
        """Give the largest difference that may be written off on items with this open amount, in minor units.

        A tolerance of zero is one that is not set; where percent and amount are both set the smaller applies.
        """
        amount = self.tolerance_amount.minor(currency) or 0
        if not self.tolerance_percent:
            return amount
        share = abs(base_minor) * self.percent_units // (100 * 10**PERCENT_DIGITS)
        return min(share, amount) if amount else share

    @property
    def percent_units(self) -> int:
        """Give the tolerance in millionths of a percent, a whole number."""
        return int(self.tolerance_percent * 10**PERCENT_DIGITS)

    def auto_write_off_minor(self, currency: str) -> int | None:
        """Give the largest amount the machine may write off by itself, in minor units; None: no limit."""
        return self.max_write_off_amount.minor(AUTO_ROLE, currency)

    def merged_with(self, request: Mapping[str, object]) -> Policy:
        """Put the knobs of a request on top of this policy; the guarantee is lost if any of them is looser.

        A stricter `auto_threshold` also lifts the segment thresholds below it, unless the request names them.
        """
        given = _parsed(request)
        given.pop("guarantee", None)
        segments = dict(self.segment_thresholds)
        if "auto_threshold" in given:
            floor = given["auto_threshold"]
            segments = {} if floor is None else {name: max(value, floor) for name, value in segments.items()}
            if floor is not None:
                given.setdefault("review_threshold", min(self.review_threshold, floor))
        given["segment_thresholds"] = segments | given.get("segment_thresholds", {})
        merged = replace(self, **given)
        return merged if tightens(merged, self) else replace(merged, guarantee=None)


def tightens(request: Policy, base: Policy) -> bool:
    """Say whether `request` closes nothing that `base` would not close, knob by knob.

    `review_threshold` only parts review from unmatched, so it may move either way.
    """
    return all(tighter(request, base) for tighter in _TIGHTER.values())


def looser_knobs(request: Policy, base: Policy) -> tuple[str, ...]:
    """Name the knobs in which `request` is looser than `base`."""
    return tuple(name for name, tighter in _TIGHTER.items() if not tighter(request, base))


def knobs_from_json(text: str) -> dict[str, object]:
    """Read the knobs of a policy file or request, numbers as exact decimals."""
    try:
        raw = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise PolicyError("policy", f"is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise PolicyError("policy", "must be a JSON object of knobs")
    return raw


def _tighter_thresholds(request: Policy, base: Policy) -> bool:
    """Compare thresholds over each segment that either policy names, and over all others."""
    segments = {*request.segment_thresholds, *base.segment_thresholds, ""}
    return all(_at_least(request.threshold(name), base.threshold(name)) for name in segments)


def _tighter_tolerance(request: Policy, base: Policy) -> bool:
    """Compare tolerances: the smaller of two grows only when one of them is raised or taken away."""
    for currency in request.tolerance_amount.currencies() | base.tolerance_amount.currencies():
        mine = _tolerance_pair(request, currency)
        theirs = _tolerance_pair(base, currency)
        if mine is not None and (theirs is None or mine[0] > theirs[0] or mine[1] > theirs[1]):
            return False
    return True


def _tolerance_pair(policy: Policy, currency: str) -> tuple[Decimal, Decimal] | None:
    """Pair percentage and amount, with "not set" as infinite, or None where nothing is tolerated."""
    infinite = Decimal("Infinity")
    percent = policy.tolerance_percent
    amount = policy.tolerance_amount.decimal(currency) or Decimal(0)
    if not percent and not amount:
        return None
    return percent or infinite, amount or infinite


def _tighter_overpayment(request: Policy, base: Policy) -> bool:
    return request.overpayment is base.overpayment or request.overpayment is Overpayment.REVIEW


def _at_least(mine: float | None, theirs: float | None) -> bool:
    return mine is None or (theirs is not None and mine >= theirs)


def _at_most(mine: int | None, theirs: int | None) -> bool:
    return theirs is None or (mine is not None and mine <= theirs)


_TIGHTER: Final[dict[str, Callable[[Policy, Policy], bool]]] = {
    "auto_threshold": _tighter_thresholds,
    "tolerance": _tighter_tolerance,
    "max_auto_amount": lambda mine, theirs: mine.max_auto_amount.within(theirs.max_auto_amount),
    "four_eyes_amount": lambda mine, theirs: mine.four_eyes_amount.within(theirs.four_eyes_amount),
    "max_write_off_amount": lambda mine, theirs: mine.max_write_off_amount.within(
        theirs.max_write_off_amount
    ),
    "overpayment": _tighter_overpayment,
    "partial": lambda mine, theirs: mine.partial is Partial.REVIEW or theirs.partial is Partial.ALLOW,
    "early_days": lambda mine, theirs: _at_most(mine.early_days, theirs.early_days),
    "late_days": lambda mine, theirs: _at_most(mine.late_days, theirs.late_days),
    "require_evidence_beyond_amount": lambda mine, theirs: (
        mine.require_evidence_beyond_amount or not theirs.require_evidence_beyond_amount
    ),
    "twins": lambda mine, theirs: mine.twins is Twins.REVIEW or theirs.twins is Twins.OLDEST,
    "max_items_per_payment": lambda mine, theirs: mine.max_items_per_payment.within(
        theirs.max_items_per_payment
    ),
    "cross_currency": lambda mine, theirs: (
        mine.cross_currency is CrossCurrency.REVIEW or theirs.cross_currency is CrossCurrency.ALLOW
    ),
    "dismiss": lambda mine, theirs: mine.dismiss is Dismiss.OFF or theirs.dismiss is Dismiss.AUTO,
}


def _parsed(raw: Mapping[str, object]) -> dict[str, Any]:
    """Read the knobs given, each read by its own parser."""
    unknown = sorted(str(name) for name in raw if name not in _PARSERS and name not in LINEAGE)
    if unknown:
        raise PolicyError(unknown[0], f"is unknown; known are {', '.join(_PARSERS)}")
    return {name: _PARSERS[name](name, value) for name, value in raw.items() if name in _PARSERS}


def _threshold(knob: str, raw: object) -> float | None:
    return None if raw is None else probability(knob, raw)


def _segments(knob: str, raw: object) -> dict[str, float]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise PolicyError(knob, "must be an object of thresholds by segment")
    return {str(name): probability(f"{knob}.{name}", value) for name, value in sorted(raw.items())}


def _percent(knob: str, raw: object) -> Decimal:
    value = Decimal(0) if raw is None else number(knob, raw)
    if value > MOST_PERCENT:
        raise PolicyError(knob, f"must be from 0 to {MOST_PERCENT}, not {raw!r}")
    if value != round(value, PERCENT_DIGITS):
        raise PolicyError(knob, f"may have {PERCENT_DIGITS} decimals, not {raw!r}")
    return value


def _days(knob: str, raw: object) -> int | None:
    return None if raw is None else whole_number(knob, raw)


def _flag(knob: str, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise PolicyError(knob, f"must be true or false, not {raw!r:.40}")
    return raw


def _guarantee(knob: str, raw: object) -> Mapping[str, object] | None:
    if raw is None or raw == "none":
        return None
    if not isinstance(raw, Mapping):
        raise PolicyError(knob, "must be an object or none")
    return dict(raw)


def _word(kind: type[StrEnum], **spoken: StrEnum) -> Callable[[str, object], StrEnum]:
    """Make a parser for one of the words of an enum, or for another word people use for one of them."""

    def parse(knob: str, raw: object) -> StrEnum:
        if isinstance(raw, str) and raw in spoken:
            return spoken[raw]
        if not isinstance(raw, str) or raw not in list(kind):
            raise PolicyError(knob, f"must be one of {', '.join(kind)}, not {raw!r:.40}")
        return kind(raw)

    return parse


def _shown(value: object) -> object:
    """Write a knob as a JSON value."""
    match value:
        case MoneyLimit() | RoleLimits() | ItemLimits():
            return value.to_json()
        case Decimal():
            return format(value, "f")
        case StrEnum():
            return value.value
        case Mapping():
            return dict(value)
        case _:
            return value


_PARSERS: Final[dict[str, Callable[[str, object], object]]] = {
    "auto_threshold": _threshold,
    "review_threshold": probability,
    "segment_thresholds": _segments,
    "tolerance_percent": _percent,
    "tolerance_amount": MoneyLimit.parse,
    "max_auto_amount": MoneyLimit.parse,
    "four_eyes_amount": MoneyLimit.parse,
    "max_write_off_amount": RoleLimits.parse,
    "overpayment": _word(Overpayment),
    "partial": _word(Partial),
    "early_days": _days,
    "late_days": _days,
    "require_evidence_beyond_amount": _flag,
    "twins": _word(Twins),
    "max_items_per_payment": ItemLimits.parse,
    "cross_currency": _word(CrossCurrency, auto=CrossCurrency.ALLOW),
    "dismiss": _word(Dismiss),
    "guarantee": _guarantee,
}
