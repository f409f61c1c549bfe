"""The calls that take rows into the store: a batch is one transaction, with an answer a row."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from serving.answers import Taken
from serving.api.route import ExactRoute, problems
from serving.auth.apikeys import Caller
from serving.auth.bearer import Ingester
from serving.idempotency import Intent, IntentOf, answer_once
from serving.intake import take_batch
from serving.intake_matching import match_what_came
from serving.runtime import Runtime, runtime_of
from serving.schemas import BATCHES, Batch
from serving.store.store import Transaction

router = APIRouter(prefix="/v1", tags=["intake"], route_class=ExactRoute)

When = Annotated[
    Literal["now", "later"], Query(description="`later` takes the rows and leaves matching to `tieout run`.")
]
TABLES: Final = {
    "invoices": "invoices",
    "payments": "payments",
    "customers": "customers",
    "customer-accounts": "customer_accounts",
    "own-accounts": "own_accounts",
    "instalments": "instalments",
    "remittance-lines": "remittance_lines",
    "fx-rates": "fx_rates",
    "allocations": "allocations",
}
"""Path and table of each call."""


async def _take(
    runtime: Runtime, caller: Caller, intent: Intent, table: str, batch: Batch, when: str
) -> Response:
    rows = batch.rows(table)
    now = runtime.clock()

    def work(tx: Transaction) -> dict[str, Any]:
        intake, results = take_batch(tx, table, rows, now)
        matching, decisions = match_what_came(tx, intake, runtime.slot, now, is_later=when == "later")
        return {
            "results": results,
            "counts": dict(Counter(one["status"] for one in results)),
            "matching": matching,
            "decisions": decisions,
        }

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work))


def _add(path: str, table: str) -> None:
    body: Any = BATCHES[table]

    async def take(
        request: Request, batch: Batch, caller: Ingester, intent: IntentOf, match: When = "now"
    ) -> Response:
        return await _take(runtime_of(request), caller, intent, table, batch, match)

    take.__name__ = f"take_{table}"
    take.__doc__ = f"Take rows of `{table}`; sending a row again changes nothing."
    take.__annotations__ = {
        "request": Request, "batch": body, "caller": Ingester, "intent": IntentOf, "match": When,
        "return": Response,
    }  # fmt: skip
    router.post(f"/{path}", response_model=Taken, responses=problems(404, 409))(take)


for _path, _table in TABLES.items():
    _add(_path, _table)
