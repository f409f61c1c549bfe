"""How JSON is read: numbers by their digits, no key twice, no NaN; and how an answer is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from serving.problems import BadJsonError, ProblemDocument

__all__ = ["PROBLEMS", "ExactRoute", "answered", "problems"]


class ExactRequest(Request):
    """A request whose numbers are not rounded."""

    async def json(self) -> object:
        """Read the body as JSON."""
        if not hasattr(self, "_exact"):
            self._exact = read_json(await self.body())
        return self._exact


class ExactRoute(APIRoute):
    """A route that reads JSON exactly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of FastAPI."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await inner(ExactRequest(request.scope, request.receive))

        return handle


def read_json(body: bytes) -> object:
    """Read JSON; raises `BadJsonError`."""
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError, ArithmeticError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadJsonError(f"The body is not JSON{where}.") from None


def answered(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write an answer once, as bytes."""
    return Response(orjson.dumps(body), status, headers, "application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route may answer, beside those that every route may."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {
        status: {"model": ProblemDocument, "content": content, "description": "A problem."}
        for status in sorted({*PROBLEMS, *statuses})
    }


PROBLEMS = (400, 401, 403, 413, 422, 429, 500, 503, 504)


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
