"""The calls that read: a payment, an item, the feed of decisions, the cases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from serving.answers import Cases, CaseView, Feed, InvoiceView, PaymentView
from serving.api.route import answered, problems
from serving.auth.bearer import Reader
from serving.cursors import Cursors
from serving.problems import NotFoundError
from serving.runtime import runtime_of
from serving.schemas import NO_NUL
from serving.store import view_rows
from serving.views import case_view, decision_views, invoice_view, payment_view

router = APIRouter(prefix="/v1", tags=["reading"])

IdInPath = Annotated[str, Path(min_length=1, max_length=512, pattern=NO_NUL)]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=1_000, description="`next` of the page before.")]


@router.get("/payments/{payment_id:path}", response_model=PaymentView, responses=problems(404))
async def read_payment(request: Request, payment_id: IdInPath, caller: Reader) -> Response:
    """Give a payment: state, balance, allocations, decisions with their evidence, entries."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            return payment_view(tx, payment_id)

    return answered(await runtime.work(read))


@router.get("/invoices/{invoice_id:path}", response_model=InvoiceView, responses=problems(404))
async def read_invoice(request: Request, invoice_id: IdInPath, caller: Reader) -> Response:
    """Give an item: balance, status, allocations, and the proposals that wait for a person."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            return invoice_view(tx, invoice_id)

    return answered(await runtime.work(read))


@router.get("/decisions", response_model=Feed, responses=problems(404))
async def read_decisions(
    request: Request, caller: Reader, after: Cursor = None, limit: Limit = 100
) -> Response:
    """Give decisions in the order in which they were made: the feed that a billing system follows."""
    runtime = runtime_of(request)
    cursors = Cursors(runtime.settings.secret_key, caller.book_id, "decisions")
    since = int(cursors.read(after) or 0)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            rows = view_rows.decisions_after(tx, since, limit + 1)
            shown = rows[:limit]
            last = shown[-1].seq if shown else since
            return {
                "decisions": decision_views(tx, shown),
                "next": cursors.make(str(last)),
                "has_more": len(rows) > limit,
            }

    return answered(await runtime.work(read))


@router.get("/cases", response_model=Cases, responses=problems(404))
async def read_cases(
    request: Request,
    caller: Reader,
    state: Annotated[
        Literal["waiting", "closed", "withdrawn"], Query(description="`waiting`: open or held.")
    ] = "waiting",
    after: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Give the cases that wait for a person, the most important first."""
    runtime = runtime_of(request)
    cursors = Cursors(runtime.settings.secret_key, caller.book_id, f"cases {state}")
    position = cursors.read(after)
    since = None
    if position is not None:
        priority, _, case_id = position.partition(" ")
        since = (float.fromhex(priority), case_id)

    def read() -> dict[str, Any]:
        states = ("open", "held") if state == "waiting" else (state,)
        with runtime.store.reading(caller.book_id) as tx:
            rows = view_rows.cases_after(tx, states, since, limit + 1)
        shown = rows[:limit]
        more = len(rows) > limit
        mark = f"{shown[-1].priority.hex()} {shown[-1].id}" if more else None
        return {
            "cases": [case_view(row) for row in shown],
            "next": None if mark is None else cursors.make(mark),
        }

    return answered(await runtime.work(read))


@router.get("/cases/{case_id}", response_model=CaseView, responses=problems(404))
async def read_case(request: Request, case_id: IdInPath, caller: Reader) -> Response:
    """Give a case."""
    runtime = runtime_of(request)

    def read() -> dict[str, Any]:
        with runtime.store.reading(caller.book_id) as tx:
            row = view_rows.find_case(tx, case_id)
            if row is None:
                raise NotFoundError(f"The book has no case {case_id[:80]!r}.")
            return case_view(row)

    return answered(await runtime.work(read))
