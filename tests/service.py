"""A service to test with: the real application over a real store, with keys of two books."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from serving.app import create_app
from serving.auth.apikeys import Scope, make_key
from serving.model_slot import ModelSlot
from serving.rates import Rates
from serving.runtime import Runtime
from serving.settings import Settings, load_settings
from serving.store.migrations import migrate
from serving.store.store import Store

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
SECRET = "0123456789abcdef0123456789abcdef-for-tests"  # noqa: S105 - made up
INVOICE = {
    "invoice_id": "INV-2026-004217",
    "customer_id": "C-100",
    "customer_name": "Nordlicht Maschinenbau GmbH",
    "currency": "EUR",
    "amount": "1234.50",
    "issue_date": "2026-03-03",
    "due_date": "2026-04-02",
}
PAYMENT = {
    "payment_id": "P-1",
    "booking_date": "2026-03-31",
    "currency": "EUR",
    "amount": "1234.50",
    "payer_name": "NORDLICHT MASCHINENBAU",
    "remittance": "RECHNUNG INV-2026-004217",
}


@dataclass
class Hands:
    """A clock that a test turns."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Service:
    """The application, what it runs on, and a key with every scope for each of two books."""

    http: httpx.Client
    runtime: Runtime
    clock: Hands
    keys: dict[str, str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def headers(self, book: str = "acme", **more: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.keys[book]}", **more}

    def get(self, path: str, book: str = "acme") -> httpx.Response:
        return self.http.get(path, headers=self.headers(book))

    def post(
        self, path: str, body: object, book: str = "acme", key: str | None = None, **headers: str
    ) -> httpx.Response:
        intent = {"idempotency-key": key or f"intent-{next(self._numbers)}"}
        return self.http.post(path, json=body, headers=self.headers(book, **intent, **headers))

    def key(self, scopes: frozenset[Scope], book: str = "acme", expires_at: datetime | None = None) -> str:
        with self.runtime.store.transaction(book) as tx:
            return make_key(tx, scopes, "test", self.clock(), "test", expires_at)[0]


@contextmanager
def running(
    home: Path, slot: ModelSlot | None = None, url: str | None = None, **settings: object
) -> Iterator[Service]:
    """Run the application; `slot` is shared where a test does not touch the model."""
    given: dict[str, object] = {
        "home": home,
        "database_url": url or f"sqlite:///{home / 'store.db'}",
        "secret_key": SECRET,
        "log_level": "error",
        "webhook_poll_seconds": 60.0,
        "model_poll_seconds": 3600.0,
        "rate_limit": "100000/minute",
        "failed_logins": "100000/minute",
    }
    made: Settings = load_settings(**(given | settings))
    clock = Hands()
    store = Store(made.database_url)
    migrate(store)
    if slot is None:
        slot = ModelSlot(home)
        slot.refresh()
    rates = Rates(made.rate_limit, made.failed_logins, made.rate_limit_storage)
    runtime = Runtime(made, store, slot, rates, clock)
    keys = {}
    for book in ("acme", "other"):
        store.create_book(book, book, clock())
        with store.transaction(book) as tx:
            keys[book] = make_key(tx, frozenset(Scope), "test", clock(), "test")[0]
    try:
        with (
            served(create_app(runtime=runtime)) as address,
            httpx.Client(base_url=address, timeout=30) as http,
        ):
            yield Service(http, runtime, clock, keys)
    finally:
        store.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on loopback; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the service did not start")
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
