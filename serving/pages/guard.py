"""The guard of the pages: a session, a permission, and for every change the token of the session."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from serving.auth.people import Permission, Person, is_own_token, person_of
from serving.problems import RequestError
from serving.runtime import runtime_of

__all__ = [
    "COOKIE",
    "COOKIE_DEV",
    "HEADERS",
    "Decider",
    "LoggedOutError",
    "Manager",
    "Seer",
    "cookie_name",
    "needs",
]

COOKIE: Final = "__Host-tieout"
COOKIE_DEV: Final = "tieout-dev"
"""Browsers take no `__Host-` cookie over plain HTTP, which only --dev speaks."""

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class LoggedOutError(RequestError):
    """Nobody is logged in here."""

    code = "logged_out"
    mend = "Log in again at /review/login; what was decided meanwhile is sent then."
    status = HTTPStatus.UNAUTHORIZED


class NotAllowedError(RequestError):
    """The role does not allow this."""

    code = "role_forbids"
    mend = "Ask somebody whose role allows it."
    status = HTTPStatus.FORBIDDEN


class ForgedError(RequestError):
    """The request did not come from our own page."""

    code = "forged_request"
    mend = "Load the page again."
    status = HTTPStatus.FORBIDDEN


def cookie_name(request: Request) -> str:
    """Give the name under which the session's secret travels."""
    return COOKIE_DEV if runtime_of(request).settings.dev else COOKIE


def needs(permission: Permission) -> Callable[[Request], Coroutine[Any, Any, Person]]:
    """Make the guard of a route."""

    async def person(request: Request) -> Person:
        runtime = runtime_of(request)
        secret = request.cookies.get(cookie_name(request), "")
        found = await runtime.work(lambda: person_of(runtime.store, secret, runtime.clock()))
        if found is None:
            raise LoggedOutError
        if request.method not in ("GET", "HEAD"):
            refuse_forgery(request)
            if not is_own_token(found, request.headers.get("x-csrf-token")):
                raise ForgedError
        if not found.may(permission):
            raise NotAllowedError(f"The role {found.role} may not {permission}.")
        return found

    person.permission = permission  # type: ignore[attr-defined]  # a test reads it off every route
    return person


def refuse_forgery(request: Request) -> None:
    """Refuse a change that a browser says comes from another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedError


Seer = Annotated[Person, Depends(needs(Permission.SEE))]
Decider = Annotated[Person, Depends(needs(Permission.DECIDE))]
Manager = Annotated[Person, Depends(needs(Permission.MANAGE))]


def page(body: str, status: int = 200) -> Response:
    """Answer a page."""
    return Response(body, status, HEADERS, "text/html; charset=utf-8")
