"""The one application behind every public route; any ASGI server can run it (`serving.service` is one)."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from serving.api import decisions, events_in, health, intake, match, reading, webhooks
from serving.background import Background
from serving.clock import wall_clock
from serving.error_answers import install
from serving.logs import set_up_logs
from serving.middleware import BodyLimit, Edge, TimeLimit
from serving.model_slot import ModelSlot
from serving.pages import desk, site
from serving.rates import Rates
from serving.runtime import Runtime, open_runtime
from serving.settings import Settings, load_settings
from serving.store.store import Store
from serving.tracing import set_up_tracing

__all__ = ["create_app", "make_app"]

ROUTERS = (
    match.router,
    intake.router,
    decisions.router,
    reading.router,
    webhooks.router,
    events_in.router,
    health.router,
    desk.router,
    site.router,
)
DESCRIPTION = """Match payments to the open items they settle, with calibrated confidence; post what is safe.

Money is a decimal string in major units. Every POST that writes takes an `Idempotency-Key`. Errors are
RFC 9457 problems with a stable `code`."""


def create_app(settings: Settings | None = None, runtime: Runtime | None = None) -> FastAPI:
    """Make the application; with a `runtime` given it is the caller's to close."""
    made = runtime.settings if runtime is not None else settings or load_settings()
    set_up_logs(made.log_level)  # before the first line is logged
    held = runtime if runtime is not None else open_runtime(made)
    set_up_tracing()
    structlog.get_logger("tieout").info("starting", **held.settings.shown())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        background = Background(held)
        background.start()
        try:
            yield
        finally:
            background.stop()
            if runtime is None:
                held.store.close()

    app = FastAPI(
        title="Tieout",
        summary="Matches payments to the invoices they settle.",
        description=DESCRIPTION,
        version="1",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        middleware=[
            Middleware(Edge),
            Middleware(TimeLimit, seconds=held.settings.request_seconds),
            Middleware(BodyLimit, most_bytes=held.settings.body_bytes),
        ],
    )
    app.state.runtime = held
    app.state.routes = [one for router in ROUTERS for one in router.routes if isinstance(one, APIRoute)]
    for router in ROUTERS:
        app.include_router(router)
    install(app)
    return app


def make_app() -> FastAPI:
    """Make the application from the environment: `uvicorn --factory serving.app:make_app`."""
    return create_app()


def public_spec() -> dict[str, Any]:
    """Give the OpenAPI document that is kept in docs/openapi.json."""
    made = load_settings(dev=True, home=Path("no-home"), database_url="sqlite://", log_level="error")
    rates = Rates(made.rate_limit, made.failed_logins, made.rate_limit_storage)
    runtime = Runtime(made, Store(made.database_url), ModelSlot(made.home), rates, wall_clock)
    return create_app(runtime=runtime).openapi()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(public_spec(), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
