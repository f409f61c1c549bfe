"""How every error leaves the service: one table from families of errors to a status, and the handlers."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from features.book import BookError
from features.bundle import BundleError
from receivables.errors import TieoutError
from receivables.policy import PolicyError
from serving.by_person import NotOpenError, UnknownPaymentError
from serving.idempotency import KeyMissingError
from serving.model_slot import ModelFaultError, ModelUnavailableError
from serving.posting import EventConflictError
from serving.problems import (
    BadJsonError,
    InvalidRequestError,
    NotFoundError,
    Problem,
    RequestError,
    WrongMethodError,
    request_id_of,
    request_problem,
)
from serving.review.verdicts import CaseMovedError, UnknownCaseError
from serving.store.effect_rows import OverAppliedError
from serving.store.errors import NotMigratedError, StoreError, StoreUnavailableError, UnknownBookError
from serving.two_people import SecondPersonNeededError
from serving.webhooks.secrets import SecretSealError

__all__ = ["FAMILIES", "install", "problem_of"]

MOST_ERRORS: Final = 20
"""Fields that one problem names."""

FAMILIES: Final[Sequence[tuple[type[TieoutError], HTTPStatus]]] = (
    (StoreUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotMigratedError, HTTPStatus.SERVICE_UNAVAILABLE),
    (UnknownBookError, HTTPStatus.NOT_FOUND),
    (StoreError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (BundleError, HTTPStatus.SERVICE_UNAVAILABLE),
    (PolicyError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (BookError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (OverAppliedError, HTTPStatus.CONFLICT),
    (NotOpenError, HTTPStatus.CONFLICT),
    (CaseMovedError, HTTPStatus.CONFLICT),
    (SecondPersonNeededError, HTTPStatus.CONFLICT),
    (UnknownCaseError, HTTPStatus.NOT_FOUND),
    (EventConflictError, HTTPStatus.CONFLICT),
    (UnknownPaymentError, HTTPStatus.NOT_FOUND),
    (ModelUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ModelFaultError, HTTPStatus.SERVICE_UNAVAILABLE),
    (SecretSealError, HTTPStatus.SERVICE_UNAVAILABLE),
    (TieoutError, HTTPStatus.UNPROCESSABLE_ENTITY),
)
"""Errors of the rooms that know no HTTP, most special first; those of this module carry their own status."""


def problem_of(error: TieoutError) -> Problem:
    """Say an error of ours as a problem."""
    if isinstance(error, RequestError):
        return request_problem(error)
    status = next(status for family, status in FAMILIES if isinstance(error, family))
    headers = {"retry-after": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Problem(error.code, status, error.message, error.mend, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(TieoutError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, TieoutError)
    return problem_of(error).response(request_id_of(request))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = [(_pointer(one["loc"]), str(one["msg"])) for one in error.errors()[:MOST_ERRORS]]
    if any(one["loc"] == ("header", "idempotency-key") for one in error.errors()):
        return problem_of(KeyMissingError()).response(request_id_of(request))
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem_of(BadJsonError()).response(request_id_of(request))
    kind = InvalidRequestError
    problem = Problem(kind.code, kind.status, str(kind().message), kind.mend, tuple(said))
    return problem.response(request_id_of(request))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            said: RequestError = NotFoundError()
        case HTTPStatus.METHOD_NOT_ALLOWED:
            said = WrongMethodError(headers=headers | {"allow": ", ".join(_methods(request))})
        case _:
            said = BadJsonError() if "body" in str(error.detail) else RequestError()
    return problem_of(said).response(request_id_of(request))


def _methods(request: Request) -> list[str]:
    """Gather the methods of a path: several routes may share it, and each knows its own only."""
    routes: Sequence[APIRoute] = request.app.state.routes
    path = request.scope["path"]
    return sorted({word for route in routes if route.path_regex.match(path) for word in route.methods or ()})


def _pointer(location: Sequence[object]) -> str:
    """Write where a field is: a pointer into the body, or `query.limit`."""
    place, *path = location or ("",)
    if place == "body":
        return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path) or "/"
    return ".".join(str(step) for step in location)
