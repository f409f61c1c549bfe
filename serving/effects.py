"""From what is decided to what happens: entries and allocations, or a case; audit and outbox beside.

`record` is the one way in for the machine's decisions. It runs inside the caller's transaction, so all of a
decision is there or none of it. Saying the same again changes nothing: a payment whose decision in force
says the same keeps it, and a payment that a person decided is not touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

import orjson

from receivables.money import exponent
from receivables.words import Outcome, PaymentKind, WriteOffReason
from serving.audit.chain import append
from serving.posting import (
    Applied,
    Booking,
    CashMoved,
    Foreign,
    Item,
    Payment,
    PutOnAccount,
    entry_id,
    post,
    reverse,
)
from serving.proposals import Line, Proposed
from serving.store.case_rows import keep_cases
from serving.store.columns import microseconds
from serving.store.effect_rows import (
    add_habits,
    count_decisions_of,
    decisions_in_force,
    insert_allocations,
    insert_decisions,
    insert_proposals,
    move_items,
    proposals_in_force,
    set_payments,
)
from serving.store.intake_rows import mark_for_recheck, rows_of
from serving.store.outbox_rows import OutboxEvent, append_events
from serving.store.rate_rows import rate_of_day
from serving.store.schema import invoice, payment
from serving.store.store import StoredRow, Transaction
from serving.waiting import note_texts

MACHINE: Final = "tieout"
"""Who decided, where the machine did."""
PERSON: Final = "person"
"""The outcome of a payment whose cash a person applied or put on account."""
OPEN_STATES: Final = ("new", "review", "unmatched")
"""States of payments that the machine may still decide."""
_STATE: Final[Mapping[str, str]] = {
    Outcome.AUTO: "applied",
    Outcome.REVIEW: "review",
    Outcome.UNMATCHED: "unmatched",
    Outcome.DISMISSED: "dismissed",
    PERSON: "applied",
}
_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision as it stands in the store; `is_new` is false where it only confirmed the one in force."""

    decision_id: str
    seq: int
    proposed: Proposed
    is_new: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision to write: its payment's row, its id and what it replaces."""

    proposed: Proposed
    row: Any
    decision_id: str
    event_key: str
    replaces: str | None
    by: str = MACHINE
    checked_by: str | None = None
    reason: str | None = None
    source: str = MACHINE

    @property
    def closes(self) -> bool:
        """Say whether cash moves."""
        return self.proposed.outcome in (Outcome.AUTO, PERSON)


def made_id(kind: str, *parts: object) -> str:
    """Make an id that is the same on every retry."""
    return f"{kind}_{sha256(chr(0).join(map(str, parts)).encode()).hexdigest()[:32]}"


def record(tx: Transaction, proposals: Sequence[Proposed], now: datetime) -> list[DecisionRecord]:
    """Write decisions with all their effects; the answer has one row a payment that the machine may decide.

    Raises `OverAppliedError` when the balances are no longer those that the proposals were made on.
    """
    payments = rows_of(tx, payment, [one.payment_id for one in proposals])
    in_force = decisions_in_force(tx, list(payments))
    lines = proposals_in_force(tx, list(payments))
    counts = count_decisions_of(tx, list(payments))
    fresh: list[Decided] = []
    same: list[DecisionRecord] = []
    for proposed in sorted(proposals, key=lambda one: one.payment_id):
        row = payments[proposed.payment_id]
        before = in_force.get(proposed.payment_id)
        if row.state not in OPEN_STATES or (before is not None and before.decided_by != MACHINE):
            continue
        if before is not None and _says_the_same(before, lines.get(proposed.payment_id, []), proposed):
            same.append(DecisionRecord(before.id, before.seq, proposed, is_new=False))
            continue
        key = f"decide:{proposed.payment_id}:{counts.get(proposed.payment_id, 0) + 1}"
        decision_id = made_id("de", tx.book_id, key)
        fresh.append(Decided(proposed, row, decision_id, key, before.id if before is not None else None))
    written = write(tx, fresh, now) if fresh else []
    mark_for_recheck(tx, [one.proposed.payment_id for one in same], on=False)
    return sorted(same + written, key=lambda one: one.proposed.payment_id)


def _json(body: dict[str, Any]) -> bytes:
    """Write what is told of a decision; the audit chain holds its digest."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _says_the_same(before: StoredRow, lines: Sequence[tuple[Any, ...]], proposed: Proposed) -> bool:
    facts = (
        proposed.outcome, proposed.confidence, proposed.kind, proposed.customer_id,
        proposed.related_payment_id, proposed.reasons, proposed.model, proposed.policy,
    )  # fmt: skip
    said = (
        before.outcome, before.confidence, before.kind, before.customer_id, before.related_payment_id,
        before.reasons, before.model, before.policy,
    )  # fmt: skip
    return facts == said and [line.facts for line in proposed.lines] == list(lines)


def write(tx: Transaction, decided: Sequence[Decided], now: datetime) -> list[DecisionRecord]:
    """Write new decisions with all their effects: first the money, then what says so."""
    now_us = microseconds(now)
    items = rows_of(tx, invoice, {line.invoice_id for one in decided for line in one.proposed.lines})
    closing = [one for one in decided if one.closes]
    deltas: defaultdict[str, int] = defaultdict(int)
    for one in closing:
        for line in one.proposed.lines:
            deltas[line.invoice_id] -= (
                side_of(items[line.invoice_id]) * line.amount_minor + line.write_off_minor
            )
    move_items(tx, deltas, now_us)
    for one in decided:
        if one.proposed.outcome == Outcome.DISMISSED and one.row.opening_minor == 0 and one.row.amount_minor:
            cash = entry_id(tx.book_id, f"cash:{one.row.id}")
            reverse(tx, cash, day_of(one.row), now, "not receivables' money")
    post(tx, list(_bookings(tx, decided, items)), now)
    seqs = insert_decisions(tx, _decision_columns(decided, now_us))
    insert_proposals(tx, _proposal_columns(decided))
    insert_allocations(tx, _allocation_columns(tx, closing, now_us))
    add_habits(
        tx,
        *habits_of((one.row, items[line.invoice_id], line) for one in closing for line in one.proposed.lines),
    )
    set_payments(tx, _payment_columns(decided, now_us))
    keep_cases(tx, [_case_of(tx, one) for one in decided], now_us)
    note_texts(tx, [one.row.id for one in decided if _asks(one)])
    written = [
        DecisionRecord(one.decision_id, seq, one.proposed, is_new=True)
        for one, seq in zip(decided, seqs, strict=True)
    ]
    bodies = [
        _json(said_of(one) | {"decided_by": of.by, "checked_by": of.checked_by})
        for one, of in zip(written, decided, strict=True)
    ]
    digests = [
        {
            "id": one.decision_id,
            "payment_id": one.proposed.payment_id,
            "sha256": sha256(body).hexdigest(),
            "grounds": sha256(one.proposed.grounds.encode()).hexdigest() if one.proposed.grounds else None,
        }
        for one, body in zip(written, bodies, strict=True)
    ]
    append(tx, "decisions.made", {"decisions": digests}, now)
    append_events(
        tx,
        [
            OutboxEvent("decision.made", one.proposed.payment_id, body.decode())
            for one, body in zip(written, bodies, strict=True)
        ],
        now,
    )
    return written


def side_of(item: StoredRow) -> int:
    """Give 1 where the customer owes us, -1 for a credit memo."""
    return -1 if item.type == "credit_memo" else 1


def day_of(row: StoredRow) -> date:
    """Give the day on which the movement of a payment is booked."""
    return _FIRST_DAY + timedelta(days=row.booking_date)


# --------------------------------------------------------------------------- the journal


def _bookings(tx: Transaction, decided: Sequence[Decided], items: Mapping[str, Any]) -> Iterator[Booking]:
    """Say what happened: the money came; then each line, then what is left of a known customer."""
    for one in decided:
        proposed, row = one.proposed, one.row
        kind = PaymentKind(proposed.kind)
        money = Payment(row.id, row.currency, row.amount_minor, kind, proposed.customer_id)
        if row.opening_minor and proposed.outcome != Outcome.DISMISSED:
            yield Booking(CashMoved(money), day_of(row), one.decision_id)
        if not one.closes:
            continue
        before: defaultdict[str, int] = defaultdict(int)
        for number, line in enumerate(proposed.lines, 1):
            yield Booking(
                _applied(tx, one, money, (number, line), items[line.invoice_id], before),
                day_of(row),
                one.decision_id,
            )
        left = row.amount_minor - sum(line.payment_amount_minor for line in proposed.lines)
        if left and proposed.customer_id:
            yield Booking(
                PutOnAccount(one.decision_id, money, proposed.customer_id, left), day_of(row), one.decision_id
            )


def _applied(
    tx: Transaction,
    one: Decided,
    money: Payment,
    numbered: tuple[int, Line],
    item: StoredRow,
    before: defaultdict[str, int],
) -> Applied:
    number, line = numbered
    foreign = None
    if item.currency != money.currency:
        rate = rate_of_day(tx, money.currency, item.currency, day_of(one.row)) or _implied_rate(line, money)
        foreign = Foreign(line.payment_amount_minor, rate, before[item.currency])
        before[item.currency] += line.payment_amount_minor
    return Applied(
        allocation_id=_allocation_id(one.decision_id, number),
        payment=money,
        item=Item(item.id, item.customer_id, item.currency, item.type == "credit_memo"),
        amount_minor=line.amount_minor,
        write_off_minor=line.write_off_minor,
        write_off_reason=WriteOffReason(line.write_off_reason)
        if line.write_off_reason
        else WriteOffReason.OTHER,
        withheld_minor=line.deduction_minor if line.deduction_reason == "withholding" else 0,
        foreign=foreign,
    )


def _implied_rate(line: Line, money: Payment) -> Fraction:
    """Give the rate at which the line itself converts, where the books have none: nothing is realised."""
    if line.payment_amount_minor == 0:
        return Fraction(0)
    scale = Fraction(10) ** (exponent(money.currency) - exponent(line.currency))
    return Fraction(line.amount_minor, line.payment_amount_minor) * scale


def _allocation_id(decision_id: str, number: int) -> str:
    return f"al_{decision_id[3:]}_{number}"


def habits_of(lines: Iterator[tuple[Any, Any, Line]]) -> tuple[int, int, int]:
    """Add up days after due and issue day of what receipts applied, as `features.habits` counts them."""
    count = due_days = issue_days = 0
    for row, item, line in lines:
        if line.amount_minor > 0:
            due = item.issue_date if item.due_date is None else item.due_date
            count += 1
            due_days += min(180, max(-90, row.booking_date - due))
            issue_days += min(270, max(-60, row.booking_date - item.issue_date))
    return count, due_days, issue_days


# --------------------------------------------------------------------------- columns


def _decision_columns(decided: Sequence[Decided], now_us: int) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "id": [one.decision_id for one in decided],
        "event_key": [one.event_key for one in decided],
        "decided_by": [one.by for one in decided],
        "checked_by": [one.checked_by for one in decided],
        "replaces": [one.replaces for one in decided],
        "evidence": [one.proposed.grounds for one in decided],
        "created_at": [now_us] * len(decided),
    }
    for name in (
        "payment_id", "kind", "outcome", "confidence", "customer_id", "allocated_minor", "unapplied_minor",
        "currency", "related_payment_id", "reasons", "model", "policy",
    ):  # fmt: skip
        columns[name] = [getattr(one.proposed, name) for one in decided]
    return columns


_LINE_COLUMNS: Final = (
    "invoice_id", "currency", "amount_minor", "write_off_minor", "write_off_reason", "deduction_minor",
    "deduction_reason", "payment_amount_minor", "rate",
)  # fmt: skip


def _lines(decided: Sequence[Decided]) -> list[tuple[Decided, int, Line]]:
    return [(one, number, line) for one in decided for number, line in enumerate(one.proposed.lines, 1)]


def _line_columns(rows: Sequence[tuple[Decided, int, Line]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        name: [getattr(line, name) for _, _, line in rows] for name in _LINE_COLUMNS
    }
    columns["rate_date"] = [
        (line.rate_date - _FIRST_DAY).days if line.rate_date else None for _, _, line in rows
    ]
    columns["payment_id"] = [one.proposed.payment_id for one, _, _ in rows]
    columns["decision_id"] = [one.decision_id for one, _, _ in rows]
    return columns


def _proposal_columns(decided: Sequence[Decided]) -> dict[str, list[Any]]:
    rows = _lines(decided)
    return {
        **_line_columns(rows),
        "line": [number for _, number, _ in rows],
        "pair_confidence": [line.pair_confidence for _, _, line in rows],
    }


def _allocation_columns(tx: Transaction, closing: Sequence[Decided], now_us: int) -> dict[str, list[Any]]:
    rows = _lines(closing)
    ids = [_allocation_id(one.decision_id, number) for one, number, _ in rows]
    return {
        **_line_columns(rows),
        "id": ids,
        "entry_id": [entry_id(tx.book_id, f"apply:{one}") for one in ids],
        "decided_at": [now_us] * len(rows),
        "known_at": [now_us] * len(rows),
        "decided_by": [one.by for one, _, _ in rows],
        "checked_by": [one.checked_by for one, _, _ in rows],
        "reason": [one.reason for one, _, _ in rows],
        "source": [one.source for one, _, _ in rows],
    }


def _payment_columns(decided: Sequence[Decided], now_us: int) -> dict[str, list[Any]]:
    left = []
    for one in decided:
        applied = one.proposed.lines if one.closes else ()
        left.append(one.row.amount_minor - sum(line.payment_amount_minor for line in applied))
    dismissed = [one.proposed.outcome == Outcome.DISMISSED for one in decided]
    return {
        "id": [one.row.id for one in decided],
        "state": [_STATE[one.proposed.outcome] for one in decided],
        "decision_id": [one.decision_id for one in decided],
        "settled_customer_id": [one.proposed.customer_id for one in decided],
        # once its cash is booked, nothing of a payment is outside the journal
        "opening_minor": [
            one.row.amount_minor if away else 0 for one, away in zip(decided, dismissed, strict=True)
        ],
        "unapplied_minor": left,
        "recheck": [0] * len(decided),
        "changed_at": [now_us] * len(decided),
    }


def _asks(one: Decided) -> bool:
    """Tell whether a person is asked."""
    return one.by == MACHINE and one.proposed.outcome in (Outcome.REVIEW, Outcome.UNMATCHED)


def _case_of(tx: Transaction, one: Decided) -> dict[str, Any]:
    return {
        "id": made_id("ca", tx.book_id, one.event_key),
        "payment_id": one.row.id,
        "decision_id": one.decision_id,
        "reason": one.proposed.outcome if _asks(one) else None,
        "priority": float(abs(one.row.amount_minor)),
    }


def said_of(one: DecisionRecord) -> dict[str, Any]:
    """Say a decision to the audit chain and to others; no personal data."""
    proposed = one.proposed
    return {
        "decision_id": one.decision_id,
        "seq": one.seq,
        "payment_id": proposed.payment_id,
        "kind": proposed.kind,
        "outcome": proposed.outcome,
        "confidence": proposed.confidence,
        "customer_id": proposed.customer_id,
        "currency": proposed.currency,
        "allocated_minor": proposed.allocated_minor,
        "unapplied_minor": proposed.unapplied_minor,
        "related_payment_id": proposed.related_payment_id,
        "reasons": proposed.reasons,
        "model": proposed.model,
        "policy": proposed.policy,
        "lines": [
            {name: getattr(line, name) for name in _LINE_COLUMNS if getattr(line, name) is not None}
            for line in proposed.lines
        ],
    }
