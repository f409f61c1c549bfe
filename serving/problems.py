"""Errors as the API says them: RFC 9457 problems, each with a stable code and the mend.

Errors of the rooms, which know no HTTP, get their status in `serving.error_answers`. Every code that can
leave the service is a row of docs/reference/errors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from receivables.errors import TieoutError

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:tieout:problem:"


class RequestError(TieoutError):
    """The request cannot be answered."""

    code = "bad_request"
    mend = "Correct the request; docs/reference/api.md says what each call takes."
    status = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        """Say what is wrong; `headers` go with the answer."""
        super().__init__(message)
        self.headers = dict(headers or {})


class BadJsonError(RequestError):
    """The body is not JSON."""

    code = "bad_json"
    mend = "Send one JSON document in UTF-8, without NaN and without a key twice."


class InvalidRequestError(RequestError):
    """The request does not have the form that this call takes."""

    code = "invalid_request"
    mend = "Correct the fields named in `errors`."
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class UnauthenticatedError(RequestError):
    """The request carries no key that is in force."""

    code = "unauthenticated"
    mend = "Send `Authorization: Bearer tieout_...` with a key that `tieout keys create` printed."
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, message: str | None = None) -> None:
        """Name the scheme, as RFC 9110 asks."""
        super().__init__(message, headers={"www-authenticate": "Bearer"})


class ForbiddenError(RequestError):
    """The key may not do this."""

    code = "forbidden"
    mend = "Use a key whose scopes include the one named."
    status = HTTPStatus.FORBIDDEN


class NotFoundError(RequestError):
    """There is nothing here."""

    code = "not_found"
    mend = "Check the path and the id; a key sees its own book only."
    status = HTTPStatus.NOT_FOUND


class WrongMethodError(RequestError):
    """This path does not know the method."""

    code = "method_not_allowed"
    mend = "Use one of the methods in the header Allow."
    status = HTTPStatus.METHOD_NOT_ALLOWED


class BodyTooLargeError(RequestError):
    """The body is larger than this service takes."""

    code = "body_too_large"
    mend = "Send it in smaller parts; TIEOUT_BODY_BYTES says how large one may be."
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooSlowError(RequestError):
    """The request took longer than it may."""

    code = "time_limit"
    mend = "Send it again with the same Idempotency-Key: what was done is then answered, never done twice."
    status = HTTPStatus.GATEWAY_TIMEOUT


class TooManyRequestsError(RequestError):
    """More requests came than this key or address may send."""

    code = "rate_limited"
    mend = "Wait as long as the header Retry-After says."
    status = HTTPStatus.TOO_MANY_REQUESTS


class BadCursorError(RequestError):
    """The cursor was not made by this service for this list."""

    code = "bad_cursor"
    mend = "Start without a cursor, then send back each `next` as it came."


class ConflictError(RequestError):
    """Something else happened to it meanwhile."""

    code = "conflict"
    mend = "Read it again and decide on what it is now."
    status = HTTPStatus.CONFLICT


class InternalError(RequestError):
    """The service failed."""

    code = "internal"
    mend = "Try again; if it stays, tell the operator the request id."
    status = HTTPStatus.INTERNAL_SERVER_ERROR


class FieldError(BaseModel):
    """One field that is wrong."""

    pointer: str = Field(description="JSON pointer into the body, or the name of a parameter.")
    message: str


class ProblemDocument(BaseModel):
    """An error, as RFC 9457 says it."""

    type: str = Field(description="The same for every problem of this code.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; docs/reference/errors.md has a section for each.")
    mend: str = Field(description="What to do about it.")
    request_id: str | None = None
    errors: list[FieldError] = Field(
        default_factory=list, description="Which fields, where it is about some."
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem and the headers that go with it."""

    code: str
    status: HTTPStatus
    detail: str
    mend: str
    errors: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str | None) -> bytes:
        """Write the document."""
        document: dict[str, Any] = {
            "type": TYPE + self.code,
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "code": self.code,
            "mend": self.mend,
            "request_id": request_id,
            "errors": [{"pointer": pointer, "message": message} for pointer, message in self.errors],
        }
        return orjson.dumps(document)

    def response(self, request_id: str | None) -> Response:
        """Make the answer."""
        return Response(self.body(request_id), self.status, dict(self.headers), MEDIA_TYPE)


def request_problem(error: RequestError) -> Problem:
    """Say an error of a request as a problem."""
    return Problem(error.code, error.status, error.message, error.mend, headers=error.headers)


def request_id_of(request: Request) -> str | None:
    """Give the id under which the log knows this request."""
    found = request.scope.get("tieout.request_id")
    return found if isinstance(found, str) else None
