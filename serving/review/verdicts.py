"""A verdict: what a person says of a case, and what follows from it. One transaction, once for ever.

The client makes the verdict's id, so a retry is the same verdict and answers the same. The version of the
case is the one that the person saw: when it has moved on, nothing happens and the answer says what did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from receivables.errors import TieoutError
from receivables.limits import EVERY_ROLE
from receivables.policy import Policy
from serving.audit.chain import append
from serving.by_person import BadAllocationError, decide, take_back
from serving.proposals import Line
from serving.review.answers import Said, agreed_answer
from serving.store import review_rows
from serving.store.intake_rows import rows_of
from serving.store.review_rows import APPROVAL, CLOSED, HELD, OPEN, WAITING
from serving.store.schema import invoice, payment
from serving.store.store import StoredRow, Transaction
from serving.two_people import needs_second

__all__ = ["CaseMovedError", "Done", "Said", "UnknownCaseError", "Verdict", "give_verdict", "undo_verdict"]

MOST_LINES: Final = 200
MOST_TEXT: Final = 500


MOVES: Final = frozenset({Said.ACCEPT, Said.OTHER, Said.SPLIT, Said.ON_ACCOUNT, Said.DISMISS, Said.NONE})
"""What settles a case; the rest leaves it waiting."""

NEEDS_REASON: Final = frozenset({Said.NONE, Said.DISMISS, Said.ESCALATE})


class UnknownCaseError(TieoutError):
    """There is no such case in this book."""

    code = "unknown_case"
    mend = "Ask the queue for cases."


class CaseMovedError(TieoutError):
    """Somebody or something else was first."""

    code = "case_moved"
    mend = "Look at the case as it is now; nothing of this verdict was carried out."


class BadVerdictError(TieoutError, ValueError):
    """The verdict lacks something or says what this case does not allow."""

    code = "bad_verdict"
    mend = "Correct the verdict; nothing was carried out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was said, by the client's own id, of the version of the case that the person saw."""

    id: str
    version: int
    said: Said
    lines: tuple[Line, ...] = ()
    reason: str | None = None
    customer_id: str | None = None
    until: datetime | None = None
    took_ms: int | None = None
    in_bulk: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it; `again` says that this verdict was carried out before."""

    verdict_id: str
    case_id: str
    state: str
    decision_id: str | None
    again: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)


def give_verdict(
    tx: Transaction,
    case_id: str,
    verdict: Verdict,
    *,
    by: str,
    policy: Policy,
    now: datetime,
    role: str = EVERY_ROLE,
) -> Done:
    """Carry a verdict out.

    Raises `CaseMovedError` when the case is not what the person saw, `BadVerdictError` or
    `BadAllocationError` for one that cannot be, and writes nothing then.
    """
    before = review_rows.find_verdict(tx, verdict.id)
    if before is not None:
        return _again(tx, before, case_id, by)
    row = review_rows.find_case(tx, case_id)
    if row is None:
        raise UnknownCaseError(f"There is no case {case_id[:80]!r}.")
    _check(row, verdict, by, now)
    if row.source == "audit" or row.payment_id is None:
        return _opinion(tx, row, verdict, by, now)
    if row.state == APPROVAL:
        return _second(tx, row, verdict, by, policy, now)
    money = rows_of(tx, payment, [row.payment_id])[row.payment_id]
    if verdict.said in MOVES and verdict.said is not Said.NONE and needs_second(tx, policy, money, by, now):
        # what is agreed to later is what was said now, whatever the model proposes by then
        whole = replace(verdict, lines=tuple(_lines(tx, row, verdict)))
        _check_write_offs(whole.lines, policy, role)
        review_rows.change_case(tx, row.id, state=APPROVAL, lease_by=None, lease_until=None)
        _write(tx, row, whole, by, None, now)
        return Done(verdict.id, row.id, APPROVAL, None, detail={"needs": "another person must agree"})
    return _carry_out(tx, row, verdict, by, now, policy, role)


def undo_verdict(tx: Transaction, verdict_id: str, *, undo_id: str, by: str, now: datetime) -> Done:
    """Take a person's own verdict back: by new entries where cash moved, else by opening the case again."""
    before = review_rows.find_verdict(tx, undo_id)
    if before is not None:
        return _again(tx, before, before.case_id, by)
    said = review_rows.find_verdict(tx, verdict_id)
    if said is None or said.said_by != by:
        raise UnknownCaseError(f"You gave no verdict {verdict_id[:80]!r}.")
    row = review_rows.find_case(tx, said.case_id)
    assert row is not None
    made = _decision_of(tx, said)
    money = rows_of(tx, payment, [said.payment_id]).get(said.payment_id)
    if made is not None:
        if money is None or money.decision_id != made:
            raise CaseMovedError("The payment was decided again since.")
        take_back(tx, said.payment_id, by=by, reason="undone", now=now)
        state = CLOSED
    elif row.state in (*WAITING, HELD) or row.source == "audit":
        review_rows.change_case(tx, row.id, state=OPEN, closed_at=None, due_at=None, assignee=None)
        state = OPEN
    else:
        raise CaseMovedError(f"The case is {row.state} since.")
    undo = Verdict(id=undo_id, version=row.version, said=Said.LATER, reason=f"undo {verdict_id}")
    _write(tx, row, undo, by, None, now, word="undo")
    return Done(undo_id, row.id, state, None)


def _decision_of(tx: Transaction, said: StoredRow) -> str | None:
    """Give the decision that a verdict led to: its own, or that of the second person who agreed with it."""
    if said.decision_id is not None:
        return str(said.decision_id)
    for later in review_rows.verdicts_of(tx, said.case_id):
        if later.said == Said.AGREE and later.decision_id is not None:
            return str(later.decision_id)
    return None


def _check(row: StoredRow, verdict: Verdict, by: str, now: datetime) -> None:
    if row.state not in (*WAITING, HELD):
        raise CaseMovedError(f"The case is {row.state}.")
    if row.lease_by not in (None, by) and row.lease_until is not None and row.lease_until > _micro(now):
        raise CaseMovedError("Another person works on the case.")
    if row.version != verdict.version:
        raise CaseMovedError("The case has changed since you saw it.")
    if verdict.said in NEEDS_REASON and not (verdict.reason or "").strip():
        raise BadVerdictError(f"{verdict.said.value.capitalize()} needs a reason.")
    if len(verdict.reason or "") > MOST_TEXT:
        raise BadVerdictError(f"A reason has at most {MOST_TEXT} characters.")
    if len(verdict.lines) > MOST_LINES:
        raise BadVerdictError(f"A verdict has at most {MOST_LINES} lines.")
    if verdict.said is Said.HOLD and verdict.until is None:
        raise BadVerdictError("Hold needs the day until which it waits.")


def _micro(now: datetime) -> int:
    from serving.store.columns import microseconds

    return microseconds(now)


def _check_write_offs(lines: Sequence[Line], policy: Policy, role: str) -> None:
    """Refuse a write-off larger than the policy lets this role make; what terms grant needs no leave."""
    for line in lines:
        limit = policy.max_write_off_amount.minor(role, line.currency)
        granted = line.write_off_reason in ("early_payment_discount", "processor_fee")
        if limit is not None and not granted and abs(line.write_off_minor) > limit:
            raise BadVerdictError(f"The role {role} may not write off so much on {line.invoice_id}.")


def _carry_out(
    tx: Transaction, row: StoredRow, verdict: Verdict, by: str, now: datetime, policy: Policy, role: str
) -> Done:
    """Do what a verdict says on a case that waits."""
    match verdict.said:
        case Said.LATER:
            review_rows.change_case(tx, row.id, lease_by=None, lease_until=None)
            state = row.state
        case Said.HOLD:
            review_rows.change_case(
                tx, row.id, state=HELD, due_at=verdict.until, lease_by=None, lease_until=None
            )
            state = HELD
        case Said.ESCALATE:
            review_rows.change_case(tx, row.id, reason="escalated", lease_by=None, lease_until=None)
            state = OPEN
        case Said.AGREE | Said.DISAGREE:
            raise BadVerdictError("Only a second person can agree or disagree.")
        case _:
            lines = _lines(tx, row, verdict)
            _check_write_offs(lines, policy, role)
            outcome = {Said.NONE: "unmatched", Said.DISMISS: "dismissed"}.get(verdict.said, "person")
            if verdict.said is Said.ON_ACCOUNT and not verdict.customer_id:
                raise BadVerdictError("On account needs the customer.")
            done = decide(
                tx,
                row.payment_id,
                lines,
                by=by,
                policy=policy,
                now=now,
                outcome=outcome,
                customer_id=verdict.customer_id,
                reason=verdict.reason,
            )
            review_rows.change_case(tx, row.id, state=CLOSED, closed_at=now, lease_by=None, lease_until=None)
            _write(tx, row, verdict, by, done.decision_id, now)
            return Done(verdict.id, row.id, CLOSED, done.decision_id)
    _write(tx, row, verdict, by, None, now)
    return Done(verdict.id, row.id, state, None)


def _lines(tx: Transaction, row: StoredRow, verdict: Verdict) -> Sequence[Line]:
    """Give the lines to apply: those of the proposal for accept, those said for other and split."""
    if verdict.said is Said.ACCEPT:
        rows = review_rows.lines_of_decision(tx, row.decision_id)
        if not rows:
            raise BadVerdictError("The case has no proposal to accept.")
        return [_line(one) for one in rows]
    if verdict.said in (Said.OTHER, Said.SPLIT):
        if not verdict.lines:
            raise BadVerdictError("Say which items are paid.")
        known = rows_of(tx, invoice, [line.invoice_id for line in verdict.lines])
        if len(known) != len({line.invoice_id for line in verdict.lines}):
            raise BadAllocationError("An item is not in this book.")
        return verdict.lines
    return ()


def _line(row: StoredRow) -> Line:
    from datetime import date, timedelta

    day = None if row.rate_date is None else date(1970, 1, 1) + timedelta(days=row.rate_date)
    names = [name for name in Line.__dataclass_fields__ if name != "rate_date"]
    return Line(**{name: getattr(row, name) for name in names}, rate_date=day)


def _second(
    tx: Transaction, row: StoredRow, verdict: Verdict, by: str, policy: Policy, now: datetime
) -> Done:
    """Hear the second person: agreement carries out what the first said, disagreement opens it again."""
    first = next(said for said in reversed(review_rows.verdicts_of(tx, row.id)) if said.said in {*MOVES})
    if first.said_by == by:
        raise BadVerdictError("You decided this case yourself; another person must agree.")
    if verdict.said is Said.AGREE:
        review_rows.change_case(tx, row.id, state=OPEN)
        whole = _from_body(first)
        done = _carry_out_for(tx, row, whole, (first.said_by, by), policy, now)
        _write(tx, row, verdict, by, done, now)
        return Done(verdict.id, row.id, CLOSED, done)
    if verdict.said is Said.DISAGREE:
        review_rows.change_case(
            tx, row.id, state=OPEN, reason="disagreement", lease_by=None, lease_until=None
        )
        _write(tx, row, verdict, by, None, now)
        return Done(verdict.id, row.id, OPEN, None)
    raise BadVerdictError("The case waits for a second person: agree or disagree.")


def _carry_out_for(
    tx: Transaction, row: StoredRow, verdict: Verdict, people: tuple[str, str], policy: Policy, now: datetime
) -> str:
    outcome = {Said.DISMISS: "dismissed"}.get(verdict.said, "person")
    done = decide(
        tx, row.payment_id, verdict.lines, by=people[0], policy=policy, now=now, outcome=outcome,
        customer_id=verdict.customer_id, checked_by=people[1], reason=verdict.reason,
    )  # fmt: skip
    review_rows.change_case(tx, row.id, state=CLOSED, closed_at=now, lease_by=None, lease_until=None)
    return done.decision_id


def _opinion(tx: Transaction, row: StoredRow, verdict: Verdict, by: str, now: datetime) -> Done:
    """Keep what was said of an audit: it is a label and moves no money."""
    if verdict.said not in MOVES:
        raise BadVerdictError("Of an audit say what the payment pays, or that it pays nothing known.")
    _write(tx, row, verdict, by, None, now)
    closed = agreed_answer(tx, row.id) is not None  # two who disagree leave it to a third
    review_rows.change_case(
        tx,
        row.id,
        state=CLOSED if closed else OPEN,
        closed_at=now if closed else None,
        lease_by=None,
        lease_until=None,
    )
    return Done(verdict.id, row.id, CLOSED if closed else OPEN, None)


def _again(tx: Transaction, before: StoredRow, case_id: str, by: str) -> Done:
    if before.case_id != case_id or before.said_by != by:
        raise CaseMovedError("Another verdict has this id.")
    row = review_rows.find_case(tx, case_id)
    return Done(before.id, case_id, row.state if row else CLOSED, before.decision_id, again=True)


def _write(
    tx: Transaction,
    row: StoredRow,
    verdict: Verdict,
    by: str,
    decision_id: str | None,
    now: datetime,
    word: str | None = None,
) -> None:
    """Write the verdict and its audit record; texts of people stay out of the chain."""
    lines = [
        {name: _plain(getattr(line, name)) for name in Line.__dataclass_fields__} for line in verdict.lines
    ]
    body = {
        "lines": lines,
        "customer_id": verdict.customer_id,
        "until": verdict.until.isoformat() if verdict.until else None,
        "in_bulk": verdict.in_bulk,
        "source": row.source,
        "pi": row.pi,
        "confidence": row.confidence,
    }
    review_rows.add_verdict(
        tx,
        id=verdict.id,
        case_id=row.id,
        payment_id=row.payment_id or "",
        said=word or verdict.said.value,
        said_by=by,
        reason=verdict.reason,
        body=json.dumps(body, sort_keys=True),
        case_version=verdict.version,
        took_ms=verdict.took_ms,
        decision_id=decision_id,
        created_at=now,
    )
    record = {
        "verdict_id": verdict.id,
        "case_id": row.id,
        "payment_id": row.payment_id,
        "said": word or verdict.said.value,
        "said_by": by,
        "decision_id": decision_id,
        "source": row.source,
        "in_bulk": verdict.in_bulk,
    }
    append(tx, "verdict.given", record, now)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)


def _from_body(row: StoredRow) -> Verdict:
    from datetime import date

    raw = json.loads(row.body)
    lines = tuple(
        Line(**{**line, "rate_date": date.fromisoformat(line["rate_date"]) if line["rate_date"] else None})
        for line in raw["lines"]
    )
    return Verdict(
        id=row.id,
        version=row.case_version,
        said=Said(row.said),
        lines=lines,
        reason=row.reason,
        customer_id=raw["customer_id"],
    )
