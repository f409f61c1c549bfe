"""The value types of policy knobs: money by currency, write-offs by role, numbers of items.

Each reads what JSON gives, refuses what it does not understand with the knob's name, and can say whether it
is `within` another one of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Self

from receivables.errors import TieoutError
from receivables.money import UnknownCurrencyError, exponent

EVERY_CURRENCY: Final = "*"
"""The key of an amount that holds for every currency not named."""

EVERY_ROLE: Final = "*"
"""The key of a limit that holds for every role not named."""

MOST_WHOLE: Final = 100_000

_CURRENCY: Final = re.compile(r"[A-Z]{3}|\*")
_PLAIN_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,12})?")


class PolicyError(TieoutError, ValueError):
    """A knob of the policy is unknown or has a value that it cannot take."""

    code = "invalid_policy"
    mend = "Correct the knob in the policy."

    def __init__(self, knob: str, problem: str) -> None:
        """Name the knob beside what is wrong with it."""
        super().__init__(f"The policy knob {knob!r} {problem}.")
        self.knob = knob


@dataclass(frozen=True, slots=True)
class MoneyLimit:
    """An amount by currency, in major units; empty: not set."""

    amounts: tuple[tuple[str, Decimal], ...] = ()

    @classmethod
    def parse(cls, knob: str, raw: object) -> Self:
        """Read a limit from `"100.00"` (for every currency), `{"EUR": "100.00"}` or null."""
        if raw is None:
            return cls()
        if not isinstance(raw, Mapping):
            return cls(((EVERY_CURRENCY, number(knob, raw)),))
        amounts = {_currency(knob, key): number(f"{knob}.{key}", value) for key, value in raw.items()}
        return cls(tuple(sorted(amounts.items())))

    def decimal(self, currency: str) -> Decimal | None:
        """Give the amount for this currency in major units; None: not set."""
        amounts = dict(self.amounts)
        return amounts.get(currency, amounts.get(EVERY_CURRENCY))

    def minor(self, currency: str) -> int | None:
        """Give the amount for this currency in whole minor units, a fraction dropped; None: not set."""
        amount = self.decimal(currency)
        return None if amount is None else int(amount.scaleb(exponent(currency)))

    def currencies(self) -> set[str]:
        """List the currencies named, and the key for all others."""
        return {currency for currency, _ in self.amounts} | {EVERY_CURRENCY}

    def within(self, other: MoneyLimit) -> bool:
        """Say whether this limit is nowhere above the other; not set is above everything."""
        return all(
            _at_most(self.decimal(currency), other.decimal(currency))
            for currency in self.currencies() | other.currencies()
        )

    def to_json(self) -> dict[str, str] | str | None:
        """Write the limit as `parse` takes it."""
        if not self.amounts:
            return None
        if len(self.amounts) == 1 and self.amounts[0][0] == EVERY_CURRENCY:
            return str(self.amounts[0][1])
        return {currency: str(amount) for currency, amount in self.amounts}


@dataclass(frozen=True, slots=True)
class RoleLimits:
    """A money limit by role; a role that is not named takes that of `*`."""

    roles: tuple[tuple[str, MoneyLimit], ...] = ()

    @classmethod
    def parse(cls, knob: str, raw: object) -> Self:
        """Read limits from `{"clerk": ..., "auto": ...}`, or from one money limit for every role."""
        if raw is None:
            return cls()
        if not isinstance(raw, Mapping) or _is_by_currency(raw):
            limit = MoneyLimit.parse(knob, raw)
            return cls(((EVERY_ROLE, limit),)) if limit.amounts else cls()
        roles = {str(role): MoneyLimit.parse(f"{knob}.{role}", value) for role, value in raw.items()}
        return cls(tuple(sorted(roles.items())))

    def minor(self, role: str, currency: str) -> int | None:
        """Give the limit of a role for this currency in minor units; None: no limit."""
        return self._of(role).minor(currency)

    def within(self, other: RoleLimits) -> bool:
        """Say whether no role may do more than under the other limits."""
        roles = {role for role, _ in (*self.roles, *other.roles)} | {EVERY_ROLE}
        return all(self._of(role).within(other._of(role)) for role in roles)

    def to_json(self) -> dict[str, object] | str | None:
        """Write the limits as `parse` takes them."""
        if not self.roles:
            return None
        return {role: limit.to_json() for role, limit in self.roles}

    def _of(self, role: str) -> MoneyLimit:
        limits = dict(self.roles)
        return limits.get(role, limits.get(EVERY_ROLE, MoneyLimit()))


@dataclass(frozen=True, slots=True)
class ItemLimits:
    """How many items one payment may settle: those it names, and those found only by their sum."""

    named: int = 200
    unnamed: int = 12

    @classmethod
    def parse(cls, knob: str, raw: object) -> Self:
        """Read limits from `{"named": 200, "unnamed": 12}`; a plain number is a cap on both defaults."""
        default = cls()
        if raw is None:
            return default
        if not isinstance(raw, Mapping):
            count = whole_number(knob, raw)
            return cls(count, min(count, default.unnamed))
        unknown = [str(key) for key in raw if key not in ("named", "unnamed")]
        if unknown:
            raise PolicyError(f"{knob}.{unknown[0]}", "is unknown; named and unnamed are known")
        return cls(
            whole_number(f"{knob}.named", raw.get("named", default.named)),
            whole_number(f"{knob}.unnamed", raw.get("unnamed", default.unnamed)),
        )

    def within(self, other: ItemLimits) -> bool:
        """Say whether neither limit is above the other's."""
        return self.named <= other.named and self.unnamed <= other.unnamed

    def to_json(self) -> dict[str, int]:
        """Write the limits as `parse` takes them."""
        return {"named": self.named, "unnamed": self.unnamed}


NO_LIMIT: Final = MoneyLimit()
NO_ROLE_LIMITS: Final = RoleLimits()
USUAL_ITEM_LIMITS: Final = ItemLimits()


def number(knob: str, raw: object) -> Decimal:
    """Read a decimal of zero or more by its digits; exponents, signs and anything else are refused."""
    text = _digits(knob, raw)
    if not _PLAIN_NUMBER.fullmatch(text):
        raise PolicyError(knob, f"must be a plain decimal such as '10.00', not {text[:40]!r}")
    value = Decimal(text)
    if value < 0:
        raise PolicyError(knob, f"must not be negative, not {text!r}")
    return value


def probability(knob: str, raw: object) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(Decimal(_digits(knob, raw)))
    except InvalidOperation:
        raise PolicyError(knob, f"must be a number from 0 to 1, not {raw!r}") from None
    if not 0.0 <= value <= 1.0:
        raise PolicyError(knob, f"must be a number from 0 to 1, not {raw!r}")
    return value


def whole_number(knob: str, raw: object) -> int:
    """Read a whole number from 0 to 100,000."""
    value = number(knob, raw)
    if value != int(value) or value > MOST_WHOLE:
        raise PolicyError(knob, f"must be a whole number from 0 to {MOST_WHOLE}, not {raw!r}")
    return int(value)


def _digits(knob: str, raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise PolicyError(knob, f"must be a number, not {raw!r:.40}")
    return format(raw, "f") if isinstance(raw, Decimal) else str(raw).strip()


def _currency(knob: str, key: object) -> str:
    text = str(key)
    if not _CURRENCY.fullmatch(text):
        raise PolicyError(f"{knob}.{text[:20]}", "is not a currency code such as EUR")
    if text != EVERY_CURRENCY:
        try:
            exponent(text)
        except UnknownCurrencyError:
            raise PolicyError(f"{knob}.{text}", "is not a currency of ISO 4217") from None
    return text


def _is_by_currency(raw: Mapping[object, object]) -> bool:
    """Tell `{"EUR": "5.00"}` from limits by role such as `{"*": {"EUR": "5.00"}}`."""
    return all(_CURRENCY.fullmatch(str(key)) and not isinstance(value, Mapping) for key, value in raw.items())


def _at_most(mine: Decimal | None, theirs: Decimal | None) -> bool:
    return theirs is None or (mine is not None and mine <= theirs)
