"""The guard of every route: which scope it asks for, who came, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import structlog
from fastapi import FastAPI, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from serving import metrics
from serving.auth.apikeys import Caller, Scope, authenticate
from serving.problems import (
    ForbiddenError,
    RequestError,
    UnauthenticatedError,
    request_id_of,
    request_problem,
)
from serving.runtime import runtime_of

__all__ = ["Admin", "Ingester", "KeyGuard", "Matcher", "Poster", "Reader", "caller"]

_scheme: Final = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key that `tieout keys create` printed: tieout_..."
)


async def caller(
    request: Request,
    scopes: SecurityScopes,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_scheme)],
) -> Caller:
    """Find out who asks, and whether the key may do this."""
    runtime = runtime_of(request)
    address = request.client.host if request.client else "unknown"
    runtime.rates.check_address(address)
    found = None
    if bearer is not None:
        text = bearer.credentials
        found = await runtime.work(lambda: authenticate(runtime.store, text, runtime.clock()))
    if found is None:
        metrics.REFUSED.inc()
        runtime.rates.count_refusal(address)
        raise UnauthenticatedError
    structlog.contextvars.bind_contextvars(key=found.key_id, book=found.book_id)
    runtime.used_keys[found.book_id, found.key_id] = runtime.clock()
    runtime.rates.count_request(found.key_id)
    lacking = [scope for scope in scopes.scopes if scope not in found.scopes]
    if lacking:
        raise ForbiddenError(f"The key has no scope {lacking[0]!r}.")
    return found


Reader = Annotated[Caller, Security(caller, scopes=[Scope.READ])]
Ingester = Annotated[Caller, Security(caller, scopes=[Scope.INGEST])]
Matcher = Annotated[Caller, Security(caller, scopes=[Scope.MATCH])]
Poster = Annotated[Caller, Security(caller, scopes=[Scope.POST])]
Admin = Annotated[Caller, Security(caller, scopes=[Scope.ADMIN])]


class KeyGuard:
    """Lets requests through to an application that knows no keys, if theirs may match."""

    def __init__(self, app: ASGIApp, public: Callable[[], FastAPI]) -> None:
        self._app = app
        self._public = public

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a problem to a key that is not in force or may not match."""
        request = Request({**scope, "app": self._public()}, receive)
        try:
            await caller(request, SecurityScopes([Scope.MATCH]), await _scheme(request))
        except RequestError as error:
            await request_problem(error).response(request_id_of(request))(scope, receive, send)
            return
        await self._app(scope, receive, send)
