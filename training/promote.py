"""Promotion: a challenger that passes the gate, approved by a person, becomes the model that serving uses.

Three things happen in an order that a broken run can repeat: the report is written, the folder is published
(what serving polls), the registry's alias follows. The alias is a record; the published folder is the truth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from features.book import Book
from features.bundle import Bundle, base_bundle, load_bundle
from features.pipeline import Progress
from features.publication import Current, publish, read_current, roll_back, shadow_note, unwatch, watch
from receivables.errors import TieoutError
from training.gate import GateReport, Shadow, judge_challenger
from training.registry import find_model, follow_champion, promote_version

__all__ = [
    "NotApprovedError",
    "Promotion",
    "current_champion",
    "go_back",
    "promote",
    "read_shadow",
    "stop_shadow",
    "watch_challenger",
]

REPORTS: Final = "reports"


class NotApprovedError(TieoutError):
    """Nobody has approved the promotion."""

    code = "promotion_not_approved"
    mend = "Read the report, then name who approves it: --approve NAME."


class NoChallengerError(TieoutError):
    """There is no such model in the registry."""

    code = "challenger_missing"
    mend = "Make one with `tieout retrain`."


class ShadowNoteError(TieoutError):
    """The note on a challenger cannot be read."""

    code = "shadow_note_invalid"
    mend = "Move the file away and let the challenger decide in the shadow again."


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion came to: the report, and what is current now."""

    report: GateReport
    report_file: Path
    current: Current | None

    def record(self, by: str, at: datetime) -> dict[str, Any]:
        """Give the body of the audit record: who, when, which model on which figures."""
        return {
            "approved_by": by,
            "at": at.isoformat(),
            "champion_before": self.report.champion,
            "champion": self.report.challenger,
            "checks": [{"name": check.name, "passed": check.passed} for check in self.report.checks],
        }


def promote(
    name: str,
    book: Book,
    home: Path,
    *,
    approved_by: str | None,
    at: datetime,
    shadow: Shadow | None = None,
    months: int = 2,
    progress: Progress | None = None,
) -> Promotion:
    """Judge the model `name` of the registry against the current one on a labelled book, and publish it.

    Raises `GateError` when a check fails and `NotApprovedError` when nobody approves; the report is written
    in any case.
    """
    found = find_model(name, home)
    if found is None:
        raise NoChallengerError(f"{name} is not in the registry.")
    challenger = load_bundle(found)
    report = judge_challenger(
        book,
        current_champion(home),
        challenger,
        today=at.date(),
        shadow=shadow if shadow is not None else read_shadow(home, challenger.name),
        months=months,
        progress=progress,
    )
    file = _write(report, home, at)
    if not report.passed:
        raise report.refusal()
    if not approved_by:
        raise NotApprovedError(f"{challenger.name} passes every check ({file}).")
    current = publish(challenger, home, by=approved_by, at=at)
    promote_version(name, home, by=approved_by, report=report.to_dict())
    return Promotion(report, file, current)


def go_back(home: Path, *, by: str, at: datetime) -> Current:
    """Make the model before the current one current again; the registry's alias follows where it knows it."""
    current = roll_back(home, by=by, at=at)
    follow_champion(current.model.name, home)
    return current


def current_champion(home: Path) -> Bundle:
    """Return the model that serving uses now: the published one, else the base model."""
    current = read_current(home)
    return base_bundle() if current is None else load_bundle(home / "models" / current.model.folder)


def watch_challenger(name: str, home: Path, *, at: datetime) -> Current:
    """Let the service have the model `name` of the registry decide beside the current one."""
    found = find_model(name, home)
    if found is None:
        raise NoChallengerError(f"{name} is not in the registry.")
    return watch(load_bundle(found), home, by="tieout shadow", at=at)


def stop_shadow(home: Path) -> None:
    """Let no challenger decide beside the current model any more; what was noted stays."""
    unwatch(home)


def read_shadow(home: Path, model: str) -> Shadow | None:
    """Read what serving noted of a model that decided in the shadow; None when it never did."""
    path = shadow_note(home, model)
    if not path.exists():
        return None
    try:
        raw: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        counts = {
            one: int(raw.get(one, 0)) for one in ("same", "only_champion", "only_challenger", "otherwise")
        }
        return Shadow(
            str(raw["model"]), int(raw["days"]), int(raw["payments"]), int(raw.get("errors", 0)), counts
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ShadowNoteError(f"{path} is not what the service writes: {error}.") from error


def _write(report: GateReport, home: Path, at: datetime) -> Path:
    folder = home / REPORTS / "gate"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y%m%dT%H%M%SZ}-{report.challenger.replace('@', '-')}.json"
    path.write_text(json.dumps(report.to_dict(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path
