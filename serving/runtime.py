"""What a process of the service holds: made once at its start, handed to every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request

from serving.clock import Clock, wall_clock
from serving.model_slot import ModelSlot
from serving.rates import Rates
from serving.settings import Settings
from serving.store.store import Store

__all__ = ["Runtime", "open_runtime", "runtime_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings, store, model, clock and counters of this process."""

    settings: Settings
    store: Store
    slot: ModelSlot
    rates: Rates
    clock: Clock
    in_flight: set[tuple[str, str]] = field(default_factory=set)
    """Idempotency keys, by book, that this process works on now."""
    used_keys: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """When API keys were last used, by book and id, since the last time it was written down."""
    _room: list[CapacityLimiter] = field(default_factory=list)

    def work(self, task: Callable[[], T]) -> Awaitable[T]:
        """Run what blocks or computes in a thread; only so many at once, so that none starves the others."""
        if not self._room:
            self._room.append(CapacityLimiter(self.settings.match_threads))
        return anyio.to_thread.run_sync(task, limiter=self._room[0], abandon_on_cancel=True)


def open_runtime(settings: Settings, clock: Clock = wall_clock) -> Runtime:
    """Open what a process needs; store and model may be away: the service says so then."""
    slot = ModelSlot(settings.home)
    slot.refresh()
    rates = Rates(settings.rate_limit, settings.failed_logins, settings.rate_limit_storage)
    return Runtime(settings, Store(settings.database_url), slot, rates, clock)


def runtime_of(request: Request) -> Runtime:
    """Give the runtime of the application that a request came to."""
    runtime = request.app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime
