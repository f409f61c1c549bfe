"""The forms of answers: money is decimal text, instants are UTC with Z."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """An answer: money is decimal text."""

    model_config = ConfigDict(frozen=True)


class Allocated(Answer):
    """Cash on one item."""

    invoice_id: str
    amount: str = Field(description="Cash applied, in the invoice's currency.")
    write_off: str | None = None
    write_off_reason: str | None = None
    deduction: str | None = None
    deduction_reason: str | None = None
    payment_amount: str = Field(description="The same cash in the payment's currency.")
    rate: str | None = None
    rate_date: str | None = None
    pair_confidence: float | None = None


class Candidate(Answer):
    """An item that was considered."""

    invoice_id: str
    pair_confidence: float | None
    rules: list[str]
    chosen: bool
    why_not: str | None = Field(description="Why it is not part of the proposal.")


class Decided(Answer):
    """What became of one payment."""

    payment_id: str
    kind: str
    outcome: Literal["auto", "review", "unmatched", "dismissed"]
    confidence: float
    customer_id: str | None
    allocated: str
    unapplied: str
    currency: str
    related_payment_id: str | None
    reasons: list[str]
    allocations: list[Allocated]
    candidates: list[Candidate]


class RowProblem(Answer):
    """What is wrong with a row, and the mend."""

    table: str
    row: int | None = Field(description="Counts from 1 in the request.")
    field: str | None
    code: str
    message: str
    mend: str


class Matched(Answer):
    """What `POST /v1/match` answers; nothing was written."""

    decisions: list[Decided]
    model: str
    policy: str
    guarantee: str = Field(description="What holds for those closed automatically; `none` if nothing does.")
    problems: list[RowProblem]


class TakenRow(Answer):
    """What became of one row of a batch."""

    row: int
    id: str | None
    status: Literal["accepted", "unchanged", "rejected"]
    problems: list[RowProblem] = Field(default_factory=list)


class StoredAllocation(Answer):
    """Cash on an item, as it stands in the store."""

    allocation_id: str
    payment_id: str
    invoice_id: str
    currency: str
    amount: str
    write_off: str | None
    write_off_reason: str | None
    deduction: str | None
    deduction_reason: str | None
    decision_id: str | None
    entry_id: str | None
    source: str
    decided_by: str | None
    checked_by: str | None
    decided_at: str
    reverses: str | None
    reversed_at: str | None


class StoredDecision(Answer):
    """A decision, as it stands in the store."""

    decision_id: str
    seq: int = Field(description="Counts up in the book without gaps.")
    payment_id: str
    kind: str
    outcome: str
    confidence: float
    customer_id: str | None
    allocated: str
    unapplied: str
    currency: str
    related_payment_id: str | None
    reasons: list[str]
    model: str
    policy: str
    decided_by: str = Field(description="`tieout`, or who it was.")
    checked_by: str | None
    replaces: str | None = Field(description="The decision that this one takes over from.")
    decided_at: str
    allocations: list[Allocated]


class Taken(Answer):
    """What became of a batch."""

    results: list[TakenRow] = Field(description="One a row, in the order sent.")
    counts: dict[str, int] = Field(description="Rows by status.")
    matching: Literal["done", "later", "deferred", "none"] = Field(
        description="`deferred`: there is no usable model, so nothing was decided; it is once there is one."
    )
    decisions: list[StoredDecision] = Field(description="Decisions made on what came.")


class Entry(Answer):
    """A journal entry, in short."""

    entry_id: str
    kind: str
    booked_on: str
    reverses: str | None
    description: str


class PaymentView(Answer):
    """All about a payment."""

    payment_id: str
    state: str
    version: int
    booking_date: str
    currency: str
    amount: str
    unapplied: str
    kind: str | None
    payer_name: str | None
    remittance: str | None
    structured_reference: str | None
    customer_id: str | None
    related_payment_id: str | None
    hold: str | None
    decision: StoredDecision | None = Field(description="The decision in force.")
    allocations: list[StoredAllocation]
    history: list[StoredDecision]
    entries: list[Entry]


class Waiting(Answer):
    """A proposal that waits for a person."""

    payment_id: str
    decision_id: str
    amount: str
    confidence: float
    outcome: str


class InvoiceView(Answer):
    """All about an item."""

    invoice_id: str
    invoice_number: str | None
    customer_id: str
    customer_name: str | None
    type: str
    status: str
    version: int
    currency: str
    amount: str
    open_amount: str
    issue_date: str
    due_date: str | None
    allocations: list[StoredAllocation]
    waiting: list[Waiting]


class Feed(Answer):
    """A page of decisions."""

    decisions: list[StoredDecision]
    next: str = Field(description="Send it as `after` for what comes next; good for ever.")
    has_more: bool


class CaseView(Answer):
    """A case."""

    case_id: str
    state: str
    reason: str
    payment_id: str | None
    invoice_id: str | None
    decision_id: str | None
    opened_at: str
    due_at: str | None
    version: int
    assignee: str | None
    lease_by: str | None
    lease_until: str | None
    priority: float
    source: str


class Cases(Answer):
    """A page of cases, the most important first."""

    cases: list[CaseView]
    next: str | None
