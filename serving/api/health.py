"""Liveness, readiness and metrics."""

from __future__ import annotations

import hmac
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from serving import metrics
from serving.api.route import answered, problems
from serving.problems import UnauthenticatedError
from serving.runtime import runtime_of
from serving.store.health import readiness
from serving.store_figures import StoreFigures

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether the process can do its work, part by part."""

    status: Literal["ready", "not_ready"]
    store: str = Field(description="`ready`, or the code of what is wrong.")
    model: str = Field(description="Name of the model in use, or why there is none.")
    is_model_ready: bool


@router.get("/healthz", response_model=Alive)
async def healthz() -> Response:
    """Say that the process answers; it does not ask the store."""
    return answered({"status": "alive"})


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
async def readyz(request: Request) -> Response:
    """Say whether model, policy and store are there."""
    runtime = runtime_of(request)
    store = await runtime.work(lambda: readiness(runtime.store))
    why = runtime.slot.why_not
    is_ready = store == "ready" and why is None
    said = {
        "status": "ready" if is_ready else "not_ready",
        "store": store,
        "model": why or runtime.slot.current().name,
        "is_model_ready": why is None,
    }
    return answered(said, 200 if is_ready else 503)


@router.get("/metrics", response_class=Response, responses=problems())
async def prometheus(request: Request) -> Response:
    """Give the metrics of all workers to Prometheus."""
    runtime = runtime_of(request)
    token = runtime.settings.metrics_token.get_secret_value()
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise UnauthenticatedError("The metrics ask for the token of TIEOUT_METRICS_TOKEN.")
    figures = StoreFigures(runtime.store, runtime.clock)
    text = await runtime.work(lambda: metrics.exposition(figures))
    return Response(text, media_type=metrics.CONTENT_TYPE_LATEST)
