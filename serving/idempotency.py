"""Retrying anything is safe: a request that writes carries an `Idempotency-Key`, and its answer is kept.

The key, the hash of the request and the answer are written in the transaction of the effect itself: there is
no moment in which one exists without the other. The same key and request get the stored bytes again; the same
key with another request is refused; a second request under way at the same time is told to wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import Depends, Header, Request
from starlette.responses import Response

from serving.auth.apikeys import Caller
from serving.problems import ConflictError, RequestError
from serving.runtime import Runtime
from serving.store.idempotency_rows import AnswerRow, find_answer, insert_answer
from serving.store.store import Transaction

__all__ = ["Intent", "IntentOf", "KeyInFlightError", "KeyMissingError", "KeyReusedError", "answer_once"]

MOST: Final = 255
VISIBLE: Final = r"^[!-~]+$"
REPLAYED: Final = {"idempotency-replayed": "true"}


class KeyMissingError(RequestError):
    """A request that writes needs an Idempotency-Key."""

    code = "idempotency_key_missing"
    mend = "Send a header Idempotency-Key of 1 to 255 visible ASCII characters, a new one for each intent."


class KeyReusedError(RequestError):
    """This Idempotency-Key came before, with another request."""

    code = "idempotency_key_reused"
    mend = "Use a new key for a new request; a key stands for one request for ever."
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class KeyInFlightError(ConflictError):
    """A request with this Idempotency-Key is still being worked on."""

    code = "idempotency_in_flight"
    mend = "Wait as long as Retry-After says and send it again: its answer will be there."


@dataclass(frozen=True, slots=True)
class Intent:
    """What a request means to do: its key and the hash of all it says."""

    key: str
    request_hash: str


async def intent_of(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(description="New for each intent.", min_length=1, max_length=MOST, pattern=VISIBLE),
    ],
) -> Intent:
    """Read the key and hash what the request says: method, path, query and body."""
    said = f"{request.method}\n{request.url.path}\n{request.url.query}\n".encode()
    return Intent(idempotency_key, hashlib.sha256(said + await request.body()).hexdigest())


IntentOf = Annotated[Intent, Depends(intent_of)]


def answer_once(
    runtime: Runtime,
    caller: Caller,
    intent: Intent,
    work: Callable[[Transaction], object],
    status: int = 200,
) -> Response:
    """Do `work` and keep its answer, in one transaction; or give the answer it had before.

    What `work` raises undoes all of it and is not kept: the next try starts afresh.
    """
    with _alone(runtime, caller.book_id, intent.key):
        with runtime.store.transaction(caller.book_id) as tx:
            before = find_answer(tx, intent.key)
            if before is not None:
                if before.request_hash != intent.request_hash:
                    raise KeyReusedError
                return Response(before.body.encode(), before.status, REPLAYED, before.content_type)
            body = orjson.dumps(work(tx)).decode()
            row = AnswerRow(intent.key, intent.request_hash, status, "application/json", body)
            insert_answer(tx, row, runtime.clock())
        return Response(body.encode(), status, media_type="application/json")


@contextmanager
def _alone(runtime: Runtime, book_id: str, key: str) -> Iterator[None]:
    """Refuse a second request with the key in this process; another process waits for the transaction."""
    if (book_id, key) in runtime.in_flight:
        raise KeyInFlightError(headers={"retry-after": "1"})
    runtime.in_flight.add((book_id, key))
    try:
        yield
    finally:
        runtime.in_flight.discard((book_id, key))
