"""What every request passes before the application: pure ASGI, three layers from the outside in.

`Edge` gives it an id, safe headers, a log line, a metric by route template, and an answer even when all else
fails. `TimeLimit` ends it. `BodyLimit` reads the body, never more than allowed, before anything else runs.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import metrics
from serving.problems import (
    MEDIA_TYPE,
    BodyTooLargeError,
    InternalError,
    RequestError,
    TooSlowError,
    request_problem,
)
from serving.tracing import span

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = ["BodyLimit", "Edge", "TimeLimit"]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS: Final = frozenset("DELETE GET HEAD OPTIONS PATCH POST PUT".split())
_SAFE: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_log: Final = structlog.get_logger("tieout.request")


class Edge:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope["headers"]) or secrets.token_hex(16)
        scope["tieout.request_id"] = request_id
        status = 0

        async def safe_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_safe_headers(message["headers"], request_id)}
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        with span("request") as traced:
            try:
                await self._app(scope, receive, safe_send)
            except Exception as error:  # noqa: BLE001 - the last resort
                # The type alone: its text may quote what the request carried.
                _log.exception("request failed", error=type(error).__name__, exc_info=_trace_only(error))
                if status == 0:
                    await _answer(InternalError(), scope, safe_send)
                status = status or 500
            finally:
                _note(scope, status, time.perf_counter() - started, traced)


class TimeLimit:
    """Ends what takes too long; the work of a thread goes on, and its answer waits under its key."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 504 when the time is up and nothing was answered yet."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = False

        async def watched(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, watched)
        except TimeoutError:
            if began:
                raise
            await _answer(TooSlowError(), scope, send)


class BodyLimit:
    """Reads the whole body first: one place that knows how much a client may send, chunked or not."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 to a body that is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = None if _said_length(scope["headers"]) > self._most else await self._read(receive)
        if body is None:
            await _answer(BodyTooLargeError(headers={"connection": "close"}), scope, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self._most:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


async def _answer(error: RequestError, scope: Scope, send: Send) -> None:
    problem = request_problem(error)
    body = problem.body(scope.get("tieout.request_id"))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _note(scope: Scope, status: int, seconds: float, traced: Span | None) -> None:
    route = getattr(scope.get("route"), "path_format", None) or "unmatched"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
    if traced is not None:
        traced.update_name(f"{method} {route}")
        traced.set_attribute("http.response.status_code", status)
    _log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))


def _trace_only(error: BaseException) -> tuple[type[BaseException], BaseException, Any]:
    """Keep where it failed; drop the text of the error and of those behind it."""
    return type(error), RuntimeError(type(error).__name__), error.__traceback__


def _given_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    for name, value in headers:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if _REQUEST_ID.fullmatch(text) else None
    return None


def _said_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _with_safe_headers(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    kept = list(headers)
    there = {name.lower() for name, _ in kept}
    kept += [pair for pair in _SAFE if pair[0] not in there]
    kept.append((b"x-request-id", request_id.encode()))
    return kept
