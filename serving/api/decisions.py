"""A system's own decision on a payment, and its undoing: by new entries, never by an edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, Field, field_validator
from starlette.responses import Response

from receivables.money import to_minor
from serving.answers import Answer, StoredDecision
from serving.api.route import ExactRoute, problems
from serving.auth.bearer import Poster
from serving.by_person import decide, take_back
from serving.idempotency import IntentOf, answer_once
from serving.problems import ConflictError, NotFoundError
from serving.proposals import Line
from serving.review.verdicts import Said, Verdict, give_verdict
from serving.runtime import runtime_of
from serving.schemas import NO_NUL, Amount, Id, Strict, Text
from serving.store import view_rows
from serving.store.intake_rows import rows_of
from serving.store.review_rows import find_case
from serving.store.schema import invoice
from serving.store.store import Transaction
from serving.two_people import policy_in_force
from serving.views import decision_views

router = APIRouter(prefix="/v1", tags=["decisions"], route_class=ExactRoute)

MOST_LINES: Final = 200
SOURCE: Final = "system"
IdInPath = Annotated[str, Path(min_length=1, max_length=512, pattern=NO_NUL)]


class NewLine(Strict):
    """Cash on one item."""

    invoice_id: Id
    amount: Amount = Field(description="Cash applied, in the invoice's currency, with the payment's sign.")
    write_off: Amount | None = Field(None, description="Positive where it reduces the item.")
    write_off_reason: (
        Literal["bank_fee", "early_payment_discount", "rounding", "processor_fee", "other"] | None
    ) = None
    deduction: Amount | None = Field(None, description="Stays open, or is withheld as tax.")
    deduction_reason: Literal["disputed", "withholding", "short_payment"] | None = None
    payment_amount: Amount | None = Field(None, description="In the payment's currency; default: the amount.")
    rate: Annotated[str, Field(max_length=40, pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?$")] | None = None


class NewDecision(Strict):
    """What a payment pays, in somebody's judgement."""

    allocations: list[NewLine] = Field(
        max_length=MOST_LINES, description="Empty: all of it stays on account."
    )
    customer_id: Id | None = Field(None, description="Whose cash it is; needed where nothing is allocated.")
    reason: Text | None = Field(None, max_length=500)

    @field_validator("allocations")
    @classmethod
    def _each_item_once(cls, lines: list[NewLine]) -> list[NewLine]:
        if len({line.invoice_id for line in lines}) != len(lines):
            raise ValueError("an item stands twice")
        return lines


class NewReversal(Strict):
    """Why a decision is undone."""

    reason: Text = Field(min_length=1, max_length=500)


class NewVerdict(Strict):
    """What a person says of a case, from another front end."""

    verdict_id: Id = Field(description="Made by the client; the same id again is the same verdict.")
    version: Annotated[int, Field(ge=0, le=2**53)] = Field(description="Of the case, as the person saw it.")
    said: Literal[
        "accept", "other", "split", "none", "on_account", "dismiss", "later", "hold", "escalate", "agree",
        "disagree",
    ]  # fmt: skip
    said_by: Id = Field(description="The person; kept as `via:KEY:PERSON`, so that two people stay two.")
    allocations: list[NewLine] = Field([], max_length=MOST_LINES)
    customer_id: Id | None = None
    reason: Text | None = Field(None, max_length=500)
    until: AwareDatetime | None = Field(None, description="Until when a case is held.", strict=False)
    took_ms: Annotated[int, Field(ge=0, le=10**9)] | None = None


class VerdictDone(Answer):
    """What became of a verdict."""

    verdict_id: str
    case_id: str
    state: str = Field(description="`closed`, `open`, `held`, or `approval`: another person must agree.")
    decision_id: str | None
    again: bool = Field(description="The verdict was carried out before; this is the same answer.")


class Reversed(Answer):
    """What was undone."""

    reversed: list[str] = Field(
        description="Allocations undone: all of the decision, each by an entry of its own."
    )
    payment_id: str
    decision: StoredDecision = Field(description="That the payment waits for a person again.")


@router.post(
    "/payments/{payment_id:path}/allocations",
    response_model=StoredDecision,
    status_code=201,
    responses=problems(404, 409),
)
async def allocate(
    request: Request, payment_id: IdInPath, body: NewDecision, caller: Poster, intent: IntentOf
) -> Response:
    """Apply a payment to items; what is left stays on the customer's account. It is posted at once."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work(tx: Transaction) -> dict[str, Any]:
        row = view_rows.find_payment(tx, payment_id)
        if row is None:
            raise NotFoundError(f"The book has no payment {payment_id[:80]!r}.")
        lines = _lines(tx, body.allocations, row.currency)
        made = decide(
            tx,
            payment_id,
            lines,
            by=caller.who,
            policy=policy_in_force(runtime.slot),
            now=now,
            customer_id=body.customer_id,
            reason=body.reason,
            source=SOURCE,
        )
        return _decision(tx, made.decision_id)

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work, 201))


@router.post("/cases/{case_id}/verdict", response_model=VerdictDone, responses=problems(404, 409))
async def verdict(
    request: Request, case_id: IdInPath, body: NewVerdict, caller: Poster, intent: IntentOf
) -> Response:
    """Say what a case is; once, by the verdict's own id, on the version that the person saw."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work(tx: Transaction) -> dict[str, Any]:
        row = find_case(tx, case_id)
        money = view_rows.find_payment(tx, row.payment_id) if row is not None and row.payment_id else None
        if row is None or money is None:
            raise NotFoundError(f"The book has no case {case_id[:80]!r}.")
        said = Verdict(
            id=body.verdict_id,
            version=body.version,
            said=Said(body.said),
            lines=tuple(_lines(tx, body.allocations, money.currency)),
            reason=body.reason,
            customer_id=body.customer_id,
            until=body.until,
            took_ms=body.took_ms,
        )
        who = f"via:{caller.key_id}:{body.said_by}"
        done = give_verdict(tx, case_id, said, by=who, policy=policy_in_force(runtime.slot), now=now)
        return {
            "verdict_id": done.verdict_id,
            "case_id": done.case_id,
            "state": done.state,
            "decision_id": done.decision_id,
            "again": done.again,
        }

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work, 200))


@router.post(
    "/allocations/{allocation_id}/reverse",
    response_model=Reversed,
    status_code=201,
    responses=problems(404, 409),
)
async def reverse(
    request: Request, allocation_id: IdInPath, body: NewReversal, caller: Poster, intent: IntentOf
) -> Response:
    """Undo the decision that an allocation belongs to, by new entries; the payment waits again."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work(tx: Transaction) -> dict[str, Any]:
        row = view_rows.find_allocation(tx, allocation_id)
        if row is None:
            raise NotFoundError(f"The book has no allocation {allocation_id[:80]!r}.")
        if row.reversed_at is not None or row.reverses is not None:
            raise ConflictError("The allocation is not in force any more.")
        undone = take_back(tx, row.payment_id, by=caller.who, reason=body.reason, now=now)
        in_force = view_rows.find_payment(tx, row.payment_id)
        assert in_force is not None
        return {
            "reversed": undone,
            "payment_id": row.payment_id,
            "decision": _decision(tx, in_force.decision_id),
        }

    return await runtime.work(lambda: answer_once(runtime, caller, intent, work, 201))


def _lines(tx: Transaction, given: Sequence[NewLine], spoken: str) -> list[Line]:
    """Read the lines in the currencies of their items; raises `NotFoundError` or `MoneyError`."""
    items = rows_of(tx, invoice, [line.invoice_id for line in given])
    made = []
    for line in given:
        item = items.get(line.invoice_id)
        if item is None:
            raise NotFoundError(f"The book has no invoice {line.invoice_id[:80]!r}.")
        own = item.currency
        paid = line.payment_amount if line.payment_amount is not None else line.amount
        made.append(
            Line(
                invoice_id=line.invoice_id,
                currency=own,
                amount_minor=to_minor(str(line.amount), own),
                write_off_minor=to_minor(str(line.write_off or "0"), own),
                write_off_reason=line.write_off_reason,
                deduction_minor=to_minor(str(line.deduction or "0"), own),
                deduction_reason=line.deduction_reason,
                payment_amount_minor=to_minor(str(paid), spoken),
                rate=line.rate,
                rate_date=None,
                pair_confidence=None,
            )
        )
    return made


def _decision(tx: Transaction, decision_id: str) -> dict[str, Any]:
    return decision_views(tx, list(view_rows.decisions_by_id(tx, [decision_id]).values()))[0]
