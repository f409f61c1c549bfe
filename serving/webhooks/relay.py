"""The relay: carries the outbox to the endpoints, each event at least once, with retries and full jitter.

The outbox is written with the effect; the relay only reads it. A delivery is leased for as long as one may
take, so that several workers share the work; one that dies is tried again when its lease is over. Order is
kept as long as nothing fails: receivers go by `seq`.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import httpcore
import structlog

from receivables.errors import TieoutError
from serving import metrics
from serving.clock import Clock
from serving.settings import Settings
from serving.store.outbox_rows import (
    Due,
    due_deliveries,
    fan_out,
    finish_events,
    has_unsent,
    lease,
    mark_delivered,
    mark_failed,
)
from serving.store.store import Store, Transaction
from serving.store.view_rows import decisions_by_id
from serving.views import decision_views
from serving.webhooks.guard import ForbiddenTargetError, GuardedBackend, check_url
from serving.webhooks.secrets import endpoint_secret
from serving.webhooks.signatures import signed_headers

__all__ = ["Relay", "wait_seconds"]

AT_ONCE: Final = 20
DECISION: Final = "decision.made"
FIRST_WAIT: Final = 5.0
MOST_WAIT: Final = 6 * 3600.0
_GOOD: Final = range(200, 300)
_log: Final = structlog.get_logger("tieout.webhooks")


class Relay:
    """Delivers what is due."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, dice: random.Random) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._dice = dice
        self._pool = httpcore.ConnectionPool(
            network_backend=GuardedBackend(private=settings.webhooks_private), max_connections=AT_ONCE
        )

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Deliver what is due in every book; give how many deliveries succeeded."""
        done = 0
        for book_id in has_unsent(self._store):
            if should_stop():
                break
            done += self._run_book(book_id)
        return done

    def close(self) -> None:
        """Let go of connections."""
        self._pool.close()

    def _run_book(self, book_id: str) -> int:
        now = self._clock()
        held_for = timedelta(seconds=AT_ONCE * self._settings.webhook_seconds + 30)
        with self._store.transaction(book_id) as tx:
            fan_out(tx, now)
            due = due_deliveries(tx, now, AT_ONCE)
            lease(tx, due, now + held_for)
            told = messages(tx, due)
        done = sum(self._deliver(book_id, one, told[one.seq]) for one in due)
        with self._store.transaction(book_id) as tx:
            finish_events(tx, self._clock())
        return done

    def _deliver(self, book_id: str, due: Due, body: str) -> bool:
        error = self._send(book_id, due, body)
        now = self._clock()
        with self._store.transaction(book_id) as tx:
            if error is None:
                mark_delivered(tx, due, now)
            else:
                tried = due.attempts + 1
                is_last = tried >= self._settings.webhook_attempts
                wait = timedelta(seconds=wait_seconds(tried, self._dice))
                mark_failed(tx, due, error, None if is_last else now + wait, now)
        metrics.WEBHOOKS_SENT.labels("delivered" if error is None else "failed").inc()
        if error is not None:
            _log.warning("delivery failed", endpoint=due.endpoint_id, seq=due.seq, why=error)
        return error is None

    def _send(self, book_id: str, due: Due, body: str) -> str | None:
        """Send once; give what went wrong."""
        secret = endpoint_secret(self._settings.secret_key, book_id, due.endpoint_id)
        headers = {
            "content-type": "application/json",
            "user-agent": "tieout-webhooks/1",
            **signed_headers(secret, message_id(book_id, due.seq), self._clock(), body),
        }
        seconds = self._settings.webhook_seconds
        limits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        try:
            check_url(due.url, private=self._settings.webhooks_private)
            request = self._pool.stream(
                "POST",
                due.url,
                headers=list(headers.items()),
                content=body.encode(),
                extensions={"timeout": limits},
            )
            with request as response:
                return None if response.status in _GOOD else f"answered {response.status}"
        except ForbiddenTargetError as error:
            return error.code
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return type(error).__name__
        except (TieoutError, ValueError, OSError) as error:
            return type(error).__name__


def messages(tx: Transaction, due: Sequence[Due]) -> dict[int, str]:
    """Write each event as others read it, by number; decisions never change, so a retry says the same."""
    bodies = {one.seq: json.loads(one.body) for one in due}
    made = [body["decision_id"] for one in due if one.topic == DECISION and (body := bodies[one.seq])]
    rows = decisions_by_id(tx, made)
    views = {view["decision_id"]: view for view in decision_views(tx, list(rows.values()))}
    return {
        one.seq: json.dumps(
            {
                "type": one.topic,
                "timestamp": one.created_at.isoformat().replace("+00:00", "Z"),
                "seq": one.seq,
                "data": views.get(bodies[one.seq].get("decision_id"), bodies[one.seq])
                if one.topic == DECISION
                else bodies[one.seq],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for one in due
    }


def message_id(book_id: str, seq: int) -> str:
    """Name an event for its receivers: the same on every retry, and never twice."""
    return f"msg_{hashlib.sha256(book_id.encode()).hexdigest()[:12]}_{seq}"


def wait_seconds(tried: int, dice: random.Random) -> float:
    """Choose how long to wait after `tried` attempts: anything up to a bound that doubles (full jitter)."""
    return dice.uniform(0, min(MOST_WAIT, FIRST_WAIT * 2 ** (tried - 1)))
