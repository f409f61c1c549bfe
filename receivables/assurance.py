"""The promise kept alive: an alarm over audits, and the ladder that the promise steps down by itself.

The alarm is a mixture of Shiryaev-Roberts e-detectors (Shin, Ramdas and Rinaldo, 2023): a bet against "at
most alpha of the closes are false" that is started anew with every audit, so that quiet years do not dull it.
As long as the promise holds, the statistic grows by at most one an audit on average; by optional stopping the
mean number of audits until a false alarm is at least `run_length`, whenever one looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, Self

from receivables.audit_sample import Audited
from receivables.errors import TieoutError

__all__ = ["Alarm", "Promise", "PromiseError", "Rung", "Step", "Why"]

VALID_DAYS: Final = 90
"""A certificate, or its extension, holds for so many days."""

RUN_LENGTH: Final = 50_000
"""Audits, on average and at the least, between false alarms while the promise just holds."""

QUIET: Final = 0.05
"""At expiry the alarm is quiet when its statistic is below this share of `run_length`."""

BETS: Final = ((2.0, 0.15), (4.0, 0.6), (8.0, 0.15), (32.0, 0.1))
"""(stake, weight): a stake b is best against a rate of (1 + b) alpha; most weight is on a fivefold one."""


class PromiseError(TieoutError, ValueError):
    """The state of a promise cannot be read."""

    code = "invalid_promise"
    mend = "Restore it from the audit log, or publish the model again."


@dataclass(frozen=True, slots=True)
class Alarm:
    """The state of the alarm: logarithms of one statistic a bet; minus infinity before the first audit."""

    alpha: float
    least_pi: float
    run_length: int = RUN_LENGTH
    audits: int = 0
    wrong: int = 0
    levels: tuple[float, ...] = (-math.inf,) * len(BETS)

    def __post_init__(self) -> None:
        """Refuse bets that could lose more than there is."""
        if not 0.0 < self.alpha < 1.0 / (1.0 + max(bet for bet, _ in BETS)):
            raise PromiseError(f"An alarm cannot watch the rate {self.alpha!r}.")
        if not 0.0 < self.least_pi <= 1.0 or len(self.levels) != len(BETS):
            raise PromiseError("The alarm's probabilities or levels are out of range.")

    @property
    def statistic(self) -> float:
        """The mixture of all bets; an alarm is raised when it reaches `run_length`."""
        return sum(weight * math.exp(min(level, 700.0)) for (_, weight), level in self._bets())

    @property
    def is_raised(self) -> bool:
        """Say whether the promise must be taken back."""
        return self.statistic >= self.run_length

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing speaks against the promise."""
        return self.statistic < QUIET * self.run_length

    def after(self, audited: Audited) -> Alarm:
        """Take one more audit, in the order in which the closes were drawn; never in order of the answers.

        An audit drawn with probability pi stands for as many closes as one drawn with ``least_pi`` times
        least_pi / pi, so its stake is smaller by that factor and unequal sampling does not bias the bet.
        """
        share = min(self.least_pi / audited.pi, 1.0)
        change = (1.0 if audited.is_wrong else 0.0) - self.alpha
        levels = tuple(
            _log_add_one(level) + math.log1p(bet * share * change) for (bet, _), level in self._bets()
        )
        wrong = self.wrong + int(audited.is_wrong)
        return replace(self, audits=self.audits + 1, wrong=wrong, levels=levels)

    def after_all(self, audits: Iterable[Audited]) -> Alarm:
        """Take audits one after the other; what follows a raised alarm is not looked at."""
        alarm = self
        for one in audits:
            if alarm.is_raised:
                break
            alarm = alarm.after(one)
        return alarm

    def to_dict(self) -> dict[str, Any]:
        """Write the state as JSON values."""
        return {
            "alpha": self.alpha,
            "least_pi": self.least_pi,
            "run_length": self.run_length,
            "audits": self.audits,
            "wrong": self.wrong,
            "levels": [None if level == -math.inf else level for level in self.levels],
            "statistic": self.statistic,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        try:
            return cls(
                alpha=float(raw["alpha"]),
                least_pi=float(raw["least_pi"]),
                run_length=int(raw["run_length"]),
                audits=int(raw["audits"]),
                wrong=int(raw["wrong"]),
                levels=tuple(-math.inf if level is None else float(level) for level in raw["levels"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PromiseError(f"The state of the alarm is damaged: {error}.") from error

    def _bets(self) -> Iterable[tuple[tuple[float, float], float]]:
        return zip(BETS, self.levels, strict=True)


def _log_add_one(level: float) -> float:
    """Return log(1 + exp(level))."""
    return level + math.log1p(math.exp(-level)) if level > 0 else math.log1p(math.exp(level))


@dataclass(frozen=True, slots=True)
class Rung:
    """One certified step of the ladder: at these thresholds at most alpha of the closes are false."""

    alpha: float
    auto_threshold: float | None
    segment_thresholds: Mapping[str, float] = field(default_factory=dict)

    def knobs(self) -> dict[str, Any]:
        """Give the knobs of the policy that close no more than this rung allows."""
        return {"auto_threshold": self.auto_threshold, "segment_thresholds": dict(self.segment_thresholds)}


class Why(StrEnum):
    """Why a promise changed."""

    PUBLISHED = "published"
    ALARM = "alarm"
    EXPIRED = "expired"
    EXTENDED = "extended"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the promise on a day, for the audit log."""

    on: date
    why: Why
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Which rung is in force, until when, and the alarm that watches it.

    ``rungs`` go from the widest that is certified to the safest; a `place` behind the last closes nothing.
    """

    rungs: tuple[Rung, ...]
    place: int
    valid_until: date
    alarm: Alarm | None
    least_pi: float
    steps: tuple[Step, ...] = ()

    @classmethod
    def published(cls, rungs: Sequence[Rung], *, on: date, valid_until: date, least_pi: float) -> Self:
        """Begin with a freshly published policy: its widest rung is in force."""
        ordered = tuple(rungs)
        if any(later.alpha > earlier.alpha for earlier, later in pairwise(ordered)):
            raise PromiseError("The rungs of a promise must go from the loosest to the tightest.")
        alarm = Alarm(ordered[0].alpha, least_pi) if ordered else None
        first = Step(on, Why.PUBLISHED, 0)
        return cls(
            rungs=ordered, place=0, valid_until=valid_until, alarm=alarm, least_pi=least_pi, steps=(first,)
        )

    @property
    def in_force(self) -> Rung | None:
        """The rung that may close now; None: nothing closes by itself."""
        return self.rungs[self.place] if self.place < len(self.rungs) else None

    def heard(self, audits: Iterable[Audited], *, on: date) -> Promise:
        """Take audits in the order of their draw; a raised alarm steps down at once."""
        if self.alarm is None:
            return self
        alarm = self.alarm.after_all(audits)
        told = replace(self, alarm=alarm)
        return told.stepped_down(Why.ALARM, on=on) if alarm.is_raised else told

    def on_day(self, today: date) -> Promise:
        """Let the calendar act: at expiry a quiet alarm extends the promise, otherwise it steps down."""
        if self.in_force is None or today <= self.valid_until:
            return self
        until = today + timedelta(days=VALID_DAYS)
        if self.alarm is not None and self.alarm.audits and self.alarm.is_quiet:
            step = Step(today, Why.EXTENDED, self.place)
            return replace(self, valid_until=until, steps=(*self.steps, step))
        return replace(self.stepped_down(Why.EXPIRED, on=today), valid_until=until)

    def stepped_down(self, why: Why, *, on: date) -> Promise:
        """Take the next safer rung with an alarm of its own, or close nothing any more."""
        place = min(self.place + 1, len(self.rungs))
        alarm = Alarm(self.rungs[place].alpha, self.least_pi) if place < len(self.rungs) else None
        return replace(self, place=place, alarm=alarm, steps=(*self.steps, Step(on, why, place)))

    def to_dict(self) -> dict[str, Any]:
        """Write the state as JSON values."""
        return {
            "rungs": [{"alpha": rung.alpha, **rung.knobs()} for rung in self.rungs],
            "place": self.place,
            "valid_until": self.valid_until.isoformat(),
            "alarm": None if self.alarm is None else self.alarm.to_dict(),
            "least_pi": self.least_pi,
            "steps": [
                {"on": step.on.isoformat(), "why": step.why.value, "place": step.place} for step in self.steps
            ],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        try:
            return cls(
                rungs=tuple(
                    Rung(float(rung["alpha"]), rung["auto_threshold"], dict(rung["segment_thresholds"]))
                    for rung in raw["rungs"]
                ),
                place=int(raw["place"]),
                valid_until=date.fromisoformat(raw["valid_until"]),
                alarm=None if raw["alarm"] is None else Alarm.from_dict(raw["alarm"]),
                least_pi=float(raw["least_pi"]),
                steps=tuple(
                    Step(date.fromisoformat(step["on"]), Why(step["why"]), int(step["place"]))
                    for step in raw["steps"]
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PromiseError(f"The state of the promise is damaged: {error}.") from error
