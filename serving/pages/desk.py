"""What the desk asks for: cases, cards, verdicts, items; every change carries the session's token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from receivables.money import to_minor
from serving.api.route import answered
from serving.auth.people import Permission
from serving.model_slot import LoadedModel, ModelUnavailableError
from serving.pages.forms import Cases, ClaimForm, LineForm, UndoForm, VerdictForm
from serving.pages.guard import Decider, NotAllowedError, Seer
from serving.problems import InvalidRequestError, NotFoundError
from serving.proposals import Line
from serving.review import cards
from serving.review.claims import Queue, claim, heartbeat, release
from serving.review.verdicts import Done, Said, Verdict, give_verdict, undo_verdict
from serving.runtime import Runtime, runtime_of
from serving.store import review_rows
from serving.store.intake_rows import rows_of
from serving.store.schema import invoice, payment
from serving.store.store import StoredRow, Transaction
from serving.two_people import policy_in_force

router = APIRouter(prefix="/review/api", include_in_schema=False)
MOST_FOUND = 12


@router.post("/claim")
async def claim_cases(request: Request, form: ClaimForm, person: Decider) -> Response:
    """Lease the next cases."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work() -> dict[str, Any]:
        with runtime.store.transaction(person.book_id) as tx:
            rows = (
                claim(tx, person.who, Queue(form.order, form.reason), now, count=form.count, skip=form.skip)
                if form.count
                else []
            )
            waiting = sum(count for _, count, _ in review_rows.counts_by_reason(tx, now))
        return {"cases": [row.id for row in rows], "waiting": waiting}

    return answered(await runtime.work(work))


@router.get("/cards/{case_id}")
async def draw_card(request: Request, case_id: str, person: Seer) -> Response:
    """Draw a card."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work() -> dict[str, Any] | None:
        with runtime.store.reading(person.book_id) as tx:
            row = review_rows.find_case(tx, case_id)
            return (
                None if row is None or row.payment_id is None else cards.card(tx, row, _model(runtime), now)
            )

    drawn = await runtime.work(work)
    if drawn is None:
        raise NotFoundError
    return answered(drawn)


@router.post("/cases/{case_id}/verdict")
async def say(request: Request, case_id: str, form: VerdictForm, person: Decider) -> Response:
    """Carry a verdict out."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work() -> Done:
        with runtime.store.transaction(person.book_id) as tx:
            verdict = _verdict(tx, case_id, form)
            if verdict.said is Said.AGREE and not person.may(Permission.APPROVE):
                raise NotAllowedError(f"The role {person.role} may not {Permission.APPROVE}.")
            policy = policy_in_force(runtime.slot)
            return give_verdict(
                tx, case_id, verdict, by=person.who, policy=policy, now=now, role=person.role.value
            )

    return answered(_said(await runtime.work(work)))


@router.post("/verdicts/{verdict_id}/undo")
async def undo(request: Request, verdict_id: str, form: UndoForm, person: Decider) -> Response:
    """Take one's own verdict back."""
    runtime = runtime_of(request)
    now = runtime.clock()

    def work() -> Done:
        with runtime.store.transaction(person.book_id) as tx:
            return undo_verdict(tx, verdict_id, undo_id=form.id, by=person.who, now=now)

    return answered(_said(await runtime.work(work)))


@router.post("/heartbeat")
async def keep(request: Request, form: Cases, person: Decider) -> Response:
    """Keep leases alive."""
    runtime = runtime_of(request)
    now: datetime = runtime.clock()

    def work() -> list[str]:
        with runtime.store.transaction(person.book_id) as tx:
            return heartbeat(tx, person.who, form.cases, now)

    return answered({"cases": await runtime.work(work)})


@router.post("/release")
async def give_back(request: Request, form: Cases, person: Decider) -> Response:
    """Give leases back."""
    runtime = runtime_of(request)

    def work() -> None:
        with runtime.store.transaction(person.book_id) as tx:
            release(tx, person.who, form.cases)

    await runtime.work(work)
    return answered({"cases": []})


@router.get("/search")
async def search(request: Request, person: Seer, q: str = "", payment_id: str = "") -> Response:
    """Find open items by number, customer or id."""
    runtime = runtime_of(request)
    of = request.query_params.get("payment", payment_id)[:512]

    def work() -> list[dict[str, Any]]:
        with runtime.store.reading(person.book_id) as tx:
            money = rows_of(tx, payment, [of]).get(of)
            currency = money.currency if money is not None else ""
            found = review_rows.search_items(tx, q[:100], currency, MOST_FOUND)
            words = cards.texts_of(money) if money is not None else []
            return [
                cards.item_of(item, words) | {"apply": cards.room(item, money) if money is not None else None}
                for item in found
            ]

    return answered({"items": await runtime.work(work)})


@router.get("/why")
async def why(request: Request, person: Seer) -> Response:
    """Say why an item is not what the model proposes."""
    runtime = runtime_of(request)
    of, item = (request.query_params.get(name, "")[:512] for name in ("payment", "invoice"))

    def work() -> str:
        with runtime.store.reading(person.book_id) as tx:
            if of not in rows_of(tx, payment, [of]):
                raise NotFoundError
            return cards.why_not(tx, of, item, _model(runtime))

    return answered({"why": await runtime.work(work)})


def _model(runtime: Runtime) -> LoadedModel | None:
    try:
        return runtime.slot.current()
    except ModelUnavailableError:
        return None


def _verdict(tx: Transaction, case_id: str, form: VerdictForm) -> Verdict:
    try:
        said = Said(form.said)
    except ValueError:
        raise InvalidRequestError(f"{form.said!r} is nothing one can say of a case.") from None
    lines: tuple[Line, ...] = ()
    if form.lines:
        row = review_rows.find_case(tx, case_id)
        money = rows_of(tx, payment, [row.payment_id]).get(row.payment_id) if row and row.payment_id else None
        items = rows_of(tx, invoice, [line.invoice_id for line in form.lines])
        if money is None or any(line.invoice_id not in items for line in form.lines):
            raise InvalidRequestError("An item or the payment is not in this book.")
        lines = tuple(_line(line, items[line.invoice_id], money) for line in form.lines)
    return Verdict(
        id=form.id,
        version=form.version,
        said=said,
        lines=lines,
        reason=form.reason,
        customer_id=form.customer_id,
        until=form.until,
        took_ms=form.took_ms,
    )


def _line(line: LineForm, item: StoredRow, money: StoredRow) -> Line:
    amount = to_minor(line.apply, item.currency)
    given = amount if line.payment_amount is None else to_minor(line.payment_amount, money.currency)
    if item.currency != money.currency and line.payment_amount is None:
        raise InvalidRequestError("Between currencies say what part of the payment is used: payment_amount.")
    off = to_minor(line.write_off, item.currency) if line.write_off else 0
    rate = None
    if item.currency != money.currency:
        from decimal import Decimal

        rate = f"{Decimal(line.apply) / Decimal(line.payment_amount or '1'):.8f}"
    return Line(
        invoice_id=item.id,
        currency=item.currency,
        amount_minor=amount,
        write_off_minor=off,
        write_off_reason=line.write_off_reason or ("other" if off else None),
        deduction_minor=0,
        deduction_reason=None,
        payment_amount_minor=given,
        rate=rate,
        rate_date=None,
        pair_confidence=None,
    )


def _said(done: Done) -> dict[str, Any]:
    return {
        "verdict_id": done.verdict_id,
        "case_id": done.case_id,
        "state": done.state,
        "decision_id": done.decision_id,
        "again": done.again,
        **done.detail,
    }
