"""`POST /v1/match`: decide payments without writing anything."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.answers import Matched
from serving.api.route import ExactRoute, answered, problems
from serving.auth.bearer import Matcher
from serving.runtime import runtime_of
from serving.schemas import MatchRequest
from serving.stateless_match import match_against_store, match_rows

router = APIRouter(prefix="/v1", tags=["match"], route_class=ExactRoute)


@router.post("/match", response_model=Matched, responses=problems())
async def match(request: Request, body: MatchRequest, caller: Matcher) -> Response:
    """Decide payments; nothing is written.

    With `invoices` the request says all there is. Without, candidates come from the book in the store.
    """
    runtime = runtime_of(request)
    model = runtime.slot.current()

    def work() -> dict[str, Any]:
        if body.invoices is not None:
            return match_rows(body.tables(), body.policy, model)
        with runtime.store.reading(caller.book_id) as tx:
            return match_against_store(tx, body.tables(), body.policy, model)

    return answered(await runtime.work(work))
