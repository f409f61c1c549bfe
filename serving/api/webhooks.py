"""Where our events go and whose we take; both for keys that may administer."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field
from starlette.responses import Response

from serving.answers import Answer
from serving.api.route import ExactRoute, answered, problems
from serving.audit.chain import append
from serving.auth.bearer import Admin
from serving.idempotency import IntentOf, answer_once
from serving.problems import NotFoundError
from serving.runtime import runtime_of
from serving.schemas import Strict, Text
from serving.store.hook_rows import SourceRow, disable_source, insert_source, sources
from serving.store.outbox_rows import Endpoint, disable_endpoint, endpoints, insert_endpoint
from serving.store.store import Transaction
from serving.webhooks.guard import check_url
from serving.webhooks.secrets import endpoint_secret, seal
from serving.webhooks.signatures import check_secret

router = APIRouter(prefix="/v1", tags=["webhooks"], route_class=ExactRoute)

Topic = Literal["decision.made"]
HookId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")]


class NewEndpoint(Strict):
    """Where events are to go."""

    url: Annotated[str, Field(min_length=8, max_length=2_000)] = Field(description="https, public addresses.")
    topics: list[Topic] = Field(default_factory=list, max_length=10, description="Empty: all of them.")


class EndpointView(Answer):
    """Where events go."""

    endpoint_id: str
    url: str
    topics: list[str]
    created_at: str
    disabled_at: str | None
    disabled_why: str | None


class Endpoints(Answer):
    """All of them."""

    endpoints: list[EndpointView]


class SigningSecret(Answer):
    """What our signatures are made with."""

    secret: str = Field(description="whsec_..., for any Standard Webhooks library.")


class NewSource(Strict):
    """Who is to send events."""

    kind: Literal["stripe", "standard"]
    secret: Text = Field(
        min_length=16, max_length=500, description="What its signatures are made with: whsec_..."
    )


class SourceView(Answer):
    """Who sends events."""

    source_id: str
    kind: str
    path: str = Field(description="Where its events go.")
    created_at: str
    disabled_at: str | None


class Sources(Answer):
    """All of them."""

    sources: list[SourceView]


@router.post("/webhook-endpoints", response_model=EndpointView, status_code=201, responses=problems(409))
async def add_endpoint(request: Request, body: NewEndpoint, caller: Admin, intent: IntentOf) -> Response:
    """Let events go to a URL from now on."""
    runtime = runtime_of(request)
    check_url(body.url, private=runtime.settings.webhooks_private)
    now = runtime.clock()

    def work(tx: Transaction) -> dict[str, Any]:
        made = Endpoint(f"we_{secrets.token_hex(12)}", body.url, "derived", tuple(body.topics), now)
        insert_endpoint(tx, made)
        append(tx, "webhook.endpoint_added", {"endpoint": made.id, "by": caller.who}, now)
        return _endpoint(made)

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work, 201))


@router.get("/webhook-endpoints", response_model=Endpoints, responses=problems())
async def list_endpoints(request: Request, caller: Admin) -> Response:
    """List where events go."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            return {"endpoints": [_endpoint(one) for one in endpoints(tx)]}

    return answered(await runtime.work(read))


@router.get("/webhook-endpoints/{endpoint_id}/secret", response_model=SigningSecret, responses=problems(404))
async def read_secret(request: Request, endpoint_id: HookId, caller: Admin) -> Response:
    """Give the secret of an endpoint's signatures."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            if not any(one.id == endpoint_id for one in endpoints(tx)):
                raise NotFoundError(f"The book has no webhook endpoint {endpoint_id!r}.")
        return {"secret": endpoint_secret(runtime.settings.secret_key, caller.book_id, endpoint_id)}

    return answered(await runtime.work(read))


@router.delete(
    "/webhook-endpoints/{endpoint_id}", status_code=204, response_class=Response, responses=problems(404)
)
async def remove_endpoint(request: Request, endpoint_id: HookId, caller: Admin) -> Response:
    """Let no more events go there; what waits is given up."""
    runtime = runtime_of(request)

    def work() -> None:
        with runtime.store.transaction(caller.book_id) as tx:
            if not disable_endpoint(tx, endpoint_id, "removed", runtime.clock()):
                raise NotFoundError(f"No events go to a webhook endpoint {endpoint_id!r}.")
            append(
                tx, "webhook.endpoint_removed", {"endpoint": endpoint_id, "by": caller.who}, runtime.clock()
            )

    await runtime.work(work)
    return Response(status_code=204)


@router.post("/webhook-sources", response_model=SourceView, status_code=201, responses=problems(409))
async def add_source(request: Request, body: NewSource, caller: Admin, intent: IntentOf) -> Response:
    """Take the signed events of a sender from now on."""
    runtime = runtime_of(request)
    now = runtime.clock()
    if body.kind == "standard":
        check_secret(body.secret)

    def work(tx: Transaction) -> dict[str, Any]:
        sealed = seal(runtime.settings.secret_key, caller.book_id, body.secret)
        made = SourceRow(caller.book_id, f"ws_{secrets.token_hex(12)}", body.kind, sealed, now)
        insert_source(tx, made)
        append(tx, "webhook.source_added", {"source": made.id, "kind": made.kind, "by": caller.who}, now)
        return _source(made)

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work, 201))


@router.get("/webhook-sources", response_model=Sources, responses=problems())
async def list_sources(request: Request, caller: Admin) -> Response:
    """List whose events are taken."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            return {"sources": [_source(one) for one in sources(tx)]}

    return answered(await runtime.work(read))


@router.delete(
    "/webhook-sources/{source_id}", status_code=204, response_class=Response, responses=problems(404)
)
async def remove_source(request: Request, source_id: HookId, caller: Admin) -> Response:
    """Take no more events from a sender."""
    runtime = runtime_of(request)

    def work() -> None:
        with runtime.store.transaction(caller.book_id) as tx:
            if not disable_source(tx, source_id, runtime.clock()):
                raise NotFoundError(f"No sender {source_id!r} is registered.")
            append(tx, "webhook.source_removed", {"source": source_id, "by": caller.who}, runtime.clock())

    await runtime.work(work)
    return Response(status_code=204)


def _endpoint(one: Endpoint) -> dict[str, Any]:
    return {
        "endpoint_id": one.id,
        "url": one.url,
        "topics": list(one.topics),
        "created_at": one.created_at.isoformat().replace("+00:00", "Z"),
        "disabled_at": one.disabled_at and one.disabled_at.isoformat().replace("+00:00", "Z"),
        "disabled_why": one.disabled_why,
    }


def _source(one: SourceRow) -> dict[str, Any]:
    return {
        "source_id": one.id,
        "kind": one.kind,
        "path": f"/v1/webhooks/{one.kind}/{one.id}",
        "created_at": one.created_at.isoformat().replace("+00:00", "Z"),
        "disabled_at": one.disabled_at and one.disabled_at.isoformat().replace("+00:00", "Z"),
    }
