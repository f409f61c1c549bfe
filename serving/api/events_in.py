"""Events of others: signed by their sender, verified on the raw bytes, taken once for ever."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from serving import metrics
from serving.answers import RowProblem
from serving.api.route import answered, problems, read_json
from serving.intake import take_batch
from serving.intake_matching import match_what_came
from serving.problems import InvalidRequestError, NotFoundError
from serving.runtime import Runtime, runtime_of
from serving.schemas import ROWS
from serving.store.hook_rows import SourceRow, find_source
from serving.store.idempotency_rows import take_event
from serving.webhooks.secrets import open_sealed
from serving.webhooks.signatures import verify_standard, verify_stripe
from serving.webhooks.stripe_events import UnreadableEventError, rows_of_event

router = APIRouter(prefix="/v1/webhooks", tags=["events"])

SourceId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class RejectedEventError(InvalidRequestError):
    """The payments of the event cannot be taken, so none of it was."""

    code = "event_rejected"
    mend = "Correct the payment at its source and let the event be sent again."


class TakenEvent(BaseModel):
    """What became of an event."""

    status: Literal["taken", "duplicate", "ignored"] = Field(description="`ignored`: it moves no money.")
    problems: list[RowProblem] = Field(default_factory=list)


@router.post("/stripe/{source_id}", response_model=TakenEvent, responses=problems(404), openapi_extra=_BODY)
async def take_stripe(request: Request, source_id: SourceId) -> Response:
    """Take an event of Stripe, signed with `Stripe-Signature`."""
    runtime = runtime_of(request)
    body = await request.body()
    signature = request.headers.get("stripe-signature", "")

    def work() -> dict[str, Any]:
        source, secret = _known(runtime, "stripe", source_id)
        window = timedelta(seconds=runtime.settings.replay_seconds)
        verify_stripe(secret, signature, body, runtime.clock(), window)
        event = read_json(body)
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            raise UnreadableEventError
        return _take(runtime, source, event["id"], body, rows_of_event(event))

    return answered(await runtime.work(work))


@router.post("/standard/{source_id}", response_model=TakenEvent, responses=problems(404), openapi_extra=_BODY)
async def take_standard(request: Request, source_id: SourceId) -> Response:
    """Take a Standard-Webhooks event `{type: "payment.received", data: {columns of payments}}`."""
    runtime = runtime_of(request)
    body = await request.body()
    headers = dict(request.headers)

    def work() -> dict[str, Any]:
        source, secret = _known(runtime, "standard", source_id)
        window = timedelta(seconds=runtime.settings.replay_seconds)
        event_id = verify_standard(secret, headers, body, runtime.clock(), window)
        return _take(runtime, source, event_id, body, _standard_rows(read_json(body)))

    return answered(await runtime.work(work))


def _known(runtime: Runtime, kind: str, source_id: str) -> tuple[SourceRow, str]:
    source = find_source(runtime.store, kind, source_id)
    if source is None:
        raise NotFoundError("No sender of events is registered here.")
    return source, open_sealed(runtime.settings.secret_key, source.book_id, source.sealed_secret)


def _standard_rows(event: object) -> list[dict[str, Any]]:
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise UnreadableEventError("The event has no type.")
    if event["type"] != "payment.received":
        return []
    try:
        row = ROWS["payments"].model_validate(event.get("data"))
    except ValueError:
        raise UnreadableEventError("The data of the event are no columns of a payment.") from None
    return [row.cells()]


def _take(
    runtime: Runtime, source: SourceRow, event_id: str, body: bytes, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Take an event and its payments in one transaction, or neither."""
    now = runtime.clock()
    sender = f"{source.kind}:{source.id}"
    with runtime.store.transaction(source.book_id) as tx:
        is_new = take_event(tx, sender, event_id, hashlib.sha256(body).hexdigest(), now)
        status = "duplicate" if not is_new else "taken" if rows else "ignored"
        if status == "taken":
            intake, results = take_batch(tx, "payments", rows, now)
            rejected = [problem for one in results for problem in one["problems"]]
            if rejected:
                raise RejectedEventError(f"{rejected[0]['message']} {rejected[0]['mend']}")
            match_what_came(tx, intake, runtime.slot, now, is_later=False)
    metrics.WEBHOOKS_TAKEN.labels(source.kind, status).inc()
    return {"status": status, "problems": []}
