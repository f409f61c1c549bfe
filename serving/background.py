"""What a worker does beside answering: look for newly published models, deliver webhooks."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable

import structlog

from receivables.errors import TieoutError
from serving.runtime import Runtime
from serving.webhooks.relay import Relay

__all__ = ["Background"]

_log = structlog.get_logger("tieout.background")


class Background:
    """Threads that repeat their task until they are told to stop."""

    def __init__(self, runtime: Runtime) -> None:
        self._stop = threading.Event()
        settings = runtime.settings
        # Jitter parts the retries of many deliveries; it decides nothing, so each worker rolls its own.
        dice = random.Random(os.getpid())
        self._relay = Relay(runtime.store, settings, runtime.clock, dice)
        self._tasks: list[tuple[str, float, Callable[[], object]]] = [
            ("model", settings.model_poll_seconds, runtime.slot.refresh),
            ("webhooks", settings.webhook_poll_seconds, self._deliver),
        ]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        for name, seconds, task in self._tasks:
            thread = threading.Thread(
                target=self._repeat, args=(name, seconds, task), name=f"tieout-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop them and wait until they have."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=15)
        self._relay.close()

    def _deliver(self) -> None:
        self._relay.run(self._stop.is_set)

    def _repeat(self, name: str, seconds: float, task: Callable[[], object]) -> None:
        while not self._stop.wait(seconds):
            try:
                task()
            except TieoutError as error:
                _log.warning("task failed", task=name, code=error.code)
            except Exception as error:  # noqa: BLE001 - as said below
                # A thread that dies would take its duty with it; the next round tries again.
                _log.exception("task failed", task=name, error=type(error).__name__)
