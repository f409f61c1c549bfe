"""A challenger decides beside the model in use: the same payments, the same items, and nothing comes of it.

What was just decided waits here, neighbourhood and all, until a thread of the background has the challenger
decide it as well. The request that brought the payment does not wait for that: when too much piles up the
newest is passed over, and counted. Every worker adds what it saw to one note per challenger,
`reports/shadow/<model>.json`, which the gate reads before a promotion.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from features.publication import shadow_note
from receivables.words import Outcome
from serving import metrics

if TYPE_CHECKING:
    from serving.model_slot import LoadedModel
    from serving.neighbourhood import Neighbourhood
    from serving.proposals import Proposed

__all__ = ["COUNTS", "Shadow"]

MOST_WAITING: Final = 32
"""Neighbourhoods that wait at most; each holds a small book in memory."""

COUNTS: Final = ("payments", "same", "only_champion", "only_challenger", "otherwise", "errors", "missed")
"""What the note counts: payments that both decided, of these those that both close alike or both leave to a
person, those that one of them closes alone, and those that they close on other items or amounts; payments on
which the challenger failed; and payments passed over."""

FORMAT: Final = "tieout-shadow/1"

_log: Final = structlog.get_logger("tieout.shadow")


class Shadow:
    """The challenger of this process, and what waits for its decision."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._challenger: LoadedModel | None = None
        self._waiting: queue.Queue[tuple[Neighbourhood, Sequence[Proposed]]] = queue.Queue(MOST_WAITING)
        self._missed = 0

    @property
    def challenger(self) -> LoadedModel | None:
        """The model that decides beside; None while there is none."""
        return self._challenger

    def take(self, challenger: LoadedModel | None) -> None:
        """Let this model decide beside from now on; what waited for the one before is dropped."""
        self._challenger = challenger
        while self._next() is not None:
            pass

    def offer(self, around: Neighbourhood, decided: Sequence[Proposed]) -> None:
        """Take down what the model in use just decided; never waits and never fails."""
        if self._challenger is None or not decided:
            return
        try:
            self._waiting.put_nowait((around, decided))
        except queue.Full:
            self._missed += len(decided)

    def work(
        self, decide: Callable[[Neighbourhood, LoadedModel], list[Proposed]], now: Callable[[], datetime]
    ) -> int:
        """Have the challenger decide what waits, note how it compares; gives the number of payments."""
        challenger, seen = self._challenger, Counter[str]()
        champion = ""
        while challenger is not None and (one := self._next()) is not None:
            around, decided = one
            champion = decided[0].model
            try:
                theirs = {it.payment_id: it for it in decide(around, challenger)}
                told = Counter(_compare(it, theirs[it.payment_id]) for it in decided)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the challenger's failure
                _log.exception("challenger failed", model=challenger.name, error=type(error).__name__)
                seen["errors"] += len(decided)
                continue
            seen += told
            seen["payments"] += len(decided)
        if challenger is None or not seen:
            return 0
        seen["missed"], self._missed = self._missed, 0
        for name in COUNTS[1:]:
            metrics.SHADOW.labels(name).inc(seen[name])
        self._note(challenger.name, champion, seen, now())
        return seen["payments"]

    def _next(self) -> tuple[Neighbourhood, Sequence[Proposed]] | None:
        """Take what waited longest; another thread may empty the queue when the challenger changes."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def _note(self, model: str, champion: str, seen: Mapping[str, int], now: datetime) -> None:
        path = shadow_note(self._home, model)
        with _alone(path.parent):
            note = _read(path) or {"format": FORMAT, "model": model, "dates": [], "first_at": now.isoformat()}
            dates = {*note["dates"], *([now.date().isoformat()] if seen["payments"] else [])}
            note |= {name: int(note.get(name, 0)) + seen[name] for name in COUNTS}
            note |= {
                "champion": champion,
                "dates": sorted(dates),
                "days": len(dates),
                "last_at": now.isoformat(),
            }
            _write(path, note)


def _compare(ours: Proposed, theirs: Proposed) -> str:
    closes = (ours.outcome == Outcome.AUTO, theirs.outcome == Outcome.AUTO)
    if closes == (True, False):
        return "only_champion"
    if closes == (False, True):
        return "only_challenger"
    if closes == (True, True) and {one.facts for one in ours.lines} != {one.facts for one in theirs.lines}:
        return "otherwise"
    return "same"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other workers from the notes meanwhile: each adds to what stands there."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return note


def _write(path: Path, note: Mapping[str, Any]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".note-", suffix=".json")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(note, indent=2, sort_keys=True) + "\n")
    Path(name).replace(path)
