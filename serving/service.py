"""The process shell: BentoML supervises workers around the one FastAPI application, and nothing more.

Its own routes, metrics, access log and tracing are kept away from clients: every request but the scoring call
goes straight to `serving.app`. One service, none behind it, and no call that takes files, arrays or pickles.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Final

import bentoml
from pydantic import BaseModel, ConfigDict, Field

from serving.settings import load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from features.bundle import Bundle

SCORE: Final = "/score"
MOST_PAIRS: Final = 512
MOST_FEATURES: Final = 512
_settings: Final = load_settings()

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Pairs(BaseModel):
    """Candidate pairs as rows of features, in the order of the model's schema.json."""

    model_config = ConfigDict(strict=True, extra="forbid")

    rows: Annotated[
        list[Annotated[list[Finite | None], Field(min_length=1, max_length=MOST_FEATURES)]],
        Field(min_length=1, max_length=MOST_PAIRS),
    ]


class Margins(BaseModel):
    """Log-odds of each pair, and the model that gave them."""

    margins: list[float]
    model: str


class Front:
    """Sends everything but the scoring call to the public application; the scoring call needs a key too."""

    def __init__(self, app: ASGIApp) -> None:
        from serving.auth.bearer import KeyGuard
        from serving.middleware import BodyLimit, Edge

        guarded = BodyLimit(KeyGuard(app, public), most_bytes=_settings.body_bytes)
        self._score = Edge(guarded)
        self._shell = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route a request."""
        if scope["type"] != "http":
            await self._shell(scope, receive, send)
        elif scope["path"] == SCORE:
            await self._score(scope, receive, send)
        else:
            await public()(scope, receive, send)


class _Held:
    app: FastAPI | None = None


def public() -> FastAPI:
    """Give the application of this worker."""
    assert _Held.app is not None
    return _Held.app


@bentoml.service(
    name="tieout",
    workers=_settings.workers,
    traffic={"timeout": _settings.request_seconds + 5, "max_concurrency": 1024 * _settings.workers},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
    threads=1,
)
class TieoutService:
    """The unit that is deployed."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    @bentoml.on_startup  # type: ignore[untyped-decorator]  # BentoML's own
    async def start(self) -> None:
        """Make the application in this worker, and start what it does in the background."""
        from serving.app import create_app

        app = create_app(_settings)
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        _Held.app = app

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]  # as above
    async def stop(self) -> None:
        """Stop it."""
        await self._stack.aclose()

    @bentoml.api(route=SCORE)  # type: ignore[untyped-decorator]  # as above
    async def score(self, pairs: Pairs, /) -> Margins:
        """Score candidate pairs; for those who bring their own blocking."""
        model = public().state.runtime.slot.current()
        return Margins(margins=_margins(model.bundle, pairs.rows), model=model.name)


def _margins(bundle: Bundle, rows: list[list[float | None]]) -> list[float]:
    import numpy as np

    booster = bundle.boosters.get("model_pair") or bundle.boosters["model"]
    width = booster.num_feature()
    if any(len(row) != width for row in rows):
        raise bentoml.exceptions.InvalidArgument(f"Each row takes {width} features.")
    matrix = np.array([[np.nan if cell is None else cell for cell in row] for row in rows], np.float64)
    return [float(margin) for margin in booster.predict(matrix, raw_score=True, num_threads=1)]


TieoutService.add_asgi_middleware(Front)  # type: ignore[attr-defined]  # the decorator made a Service of it
