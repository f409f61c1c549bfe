"""What a worker does beside answering: look for new models, deliver webhooks, sign the audit chains."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from typing import Final

import structlog

from receivables.errors import TieoutError
from serving.audit.keeping import AuditFolder, keep_checkpoint
from serving.cash_application import proposals_around
from serving.promise import keep_promise
from serving.runtime import Runtime
from serving.store.key_rows import note_use
from serving.webhooks.relay import Relay

__all__ = ["Background"]

CHECKPOINT_SECONDS: Final = 60.0
"""How often a worker looks whether a checkpoint is due."""

KEY_SECONDS: Final = 60.0
"""How often it is written down when keys were used."""

PROMISE_SECONDS: Final = 60.0
"""How often audits that were answered go to the alarm."""

SHADOW_SECONDS: Final = 1.0
"""How often a challenger decides what has been decided meanwhile."""

_log = structlog.get_logger("tieout.background")


class Background:
    """Threads that repeat their task until they are told to stop."""

    def __init__(self, runtime: Runtime) -> None:
        self._stop = threading.Event()
        self._runtime = runtime
        settings = runtime.settings
        # Jitter parts the retries of many deliveries; it decides nothing, so each worker rolls its own.
        dice = random.Random(os.getpid())
        self._relay = Relay(runtime.store, settings, runtime.clock, dice)
        self._tasks: list[tuple[str, float, Callable[[], object]]] = [
            ("model", settings.model_poll_seconds, runtime.slot.refresh),
            ("webhooks", settings.webhook_poll_seconds, self._deliver),
            ("keys", KEY_SECONDS, self._note_keys),
            ("checkpoints", CHECKPOINT_SECONDS, self._sign),
            ("promise", PROMISE_SECONDS, self._keep_promise),
            ("shadow", SHADOW_SECONDS, self._shadow),
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

    def _sign(self) -> None:
        """Sign where each chain stands, if it is due; one that is not the chain signed before is an error."""
        store, folder = self._runtime.store, AuditFolder(self._runtime.settings.home / "audit")
        for book in store.books():
            keep_checkpoint(store, book, folder, self._runtime.clock(), only_if_due=True)

    def _keep_promise(self) -> None:
        """Let answered audits and the calendar act on what may close, in every book."""
        runtime = self._runtime
        model = runtime.slot.current()
        for book in runtime.store.books():
            with runtime.store.transaction(book) as tx:
                keep_promise(tx, model.name, model.policy, runtime.clock())

    def _shadow(self) -> None:
        self._runtime.slot.shadow.work(proposals_around, self._runtime.clock)

    def _deliver(self) -> None:
        self._relay.run(self._stop.is_set)

    def _note_keys(self) -> None:
        """Write down when keys were last used: once a minute, not once a request."""
        used = dict(self._runtime.used_keys)
        for book_id in sorted({book for book, _ in used}):
            with self._runtime.store.transaction(book_id) as tx:
                note_use(tx, {key: at for (book, key), at in used.items() if book == book_id})
        for one, at in used.items():
            if self._runtime.used_keys.get(one) == at:
                del self._runtime.used_keys[one]

    def _repeat(self, name: str, seconds: float, task: Callable[[], object]) -> None:
        while not self._stop.wait(seconds):
            try:
                task()
            except TieoutError as error:
                _log.warning("task failed", task=name, code=error.code)
            except Exception as error:  # noqa: BLE001 - as said below
                # A thread that dies would take its duty with it; the next round tries again.
                _log.exception("task failed", task=name, error=type(error).__name__)
