"""The card: everything a person needs to decide one case, on one page, in words.

Other candidates are computed when a card is drawn, by the same code as everything else, on the part of
the book around the payment. An audit card shows neither model, confidence nor outcome: what was closed stands
among the other candidates, with the balances from before the close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa

from features.pipeline import match_book
from receivables.money import to_text
from receivables.reasons import EVIDENCE, Reason, WhyNot, sentence
from serving.neighbourhood import neighbourhood
from serving.review.marks import marks, shown
from serving.store import review_rows
from serving.store.columns import EPOCH
from serving.store.intake_rows import rows_of
from serving.store.schema import invoice, payment
from serving.store.store import StoredRow, Transaction

if TYPE_CHECKING:
    from serving.model_slot import LoadedModel

__all__ = ["card", "item_of", "room", "texts_of", "why_not"]

MOST_CANDIDATES: Final = 9
MOST_HISTORY: Final = 5
_FIRST_DAY: Final = date(1970, 1, 1)


def card(tx: Transaction, row: StoredRow, model: LoadedModel | None, now: datetime) -> dict[str, Any]:
    """Draw the card of a case as JSON values; money is decimal text."""
    money = rows_of(tx, payment, [row.payment_id])[row.payment_id]
    is_blind = row.source == "audit"
    decision = review_rows.find_decision(tx, row.decision_id)
    closed = review_rows.lines_of_decision(tx, row.decision_id)
    lines = [] if is_blind else closed
    first = _first_verdict(tx, row)
    scores = _scores(tx, row.payment_id, model)
    ids = [line.invoice_id for line in closed] + [one["invoice_id"] for one in scores]
    items = rows_of(tx, invoice, ids)
    words = texts_of(money)
    chosen = {line.invoice_id for line in lines}
    others = [one for one in scores if one["invoice_id"] in items and one["invoice_id"] not in chosen]
    back = _Back(money.unapplied_minor, {})
    if is_blind:
        back = _before(money, closed)
        mine = [{"invoice_id": line.invoice_id} for line in closed]
        rest = [one for one in others if one["invoice_id"] not in back.items]
        others = sorted(
            [*mine, *rest][: max(MOST_CANDIDATES, len(mine))], key=lambda one: str(one["invoice_id"])
        )
    near = [items[line.invoice_id] for line in lines] or [items[one["invoice_id"]] for one in others[:1]]
    return {
        "case": _case(row, now),
        "payment": _payment(money, [_spoken(item) for item in near])
        | {"unapplied": to_text(back.unapplied, money.currency)},
        "proposal": None if is_blind else _proposal(decision, lines, items, words, money),
        "candidates": [
            _candidate(one, items[one["invoice_id"]], words, money, back, is_blind=is_blind)
            for one in (others if is_blind else others[:MOST_CANDIDATES])
        ],
        "history": [_past(one) for one in review_rows.payer_history(tx, money, MOST_HISTORY)],
        "first": first,
    }


def why_not(tx: Transaction, payment_id: str, invoice_id: str, model: LoadedModel | None) -> str:
    """Say in a sentence why an item is not what the model proposes for a payment."""
    for one in _scores(tx, payment_id, model):
        if one["invoice_id"] == invoice_id:
            if one["chosen"]:
                return "It is part of the proposal."
            code = str(one["why_not"] or WhyNot.BETTER_PROPOSAL)
            return (
                sentence(WhyNot(code))
                if code in list(WhyNot)
                else "Another proposal explains the payment better."
            )
    item = rows_of(tx, invoice, [invoice_id]).get(invoice_id)
    if item is None:
        return "There is no such item in this book."
    if item.open_minor == 0:
        return "It has no balance left."
    return "Nothing that the payment says, nor its amount, leads to this item."


def item_of(item: StoredRow, words: Sequence[str] = ()) -> dict[str, Any]:
    """Describe an open item."""
    name, notes = shown(item.customer_name or item.customer_id)
    number = item.invoice_number or item.id
    return {
        "invoice_id": item.id,
        "number": number,
        "number_marks": [asdict(one) for one in marks(number, words)],
        "type": item.type,
        "customer_id": item.customer_id,
        "customer_name": name,
        "name_marks": [asdict(one) for one in marks(name, words)],
        "notes": notes,
        "currency": item.currency,
        "open": _open_text(item),
        "amount": to_text(item.amount_minor, item.currency),
        "issue_date": _day(item.issue_date),
        "due_date": _day(item.due_date),
        "status": item.status,
        "purchase_order": item.purchase_order,
        "discount": None
        if item.discount_percent is None
        else f"{item.discount_percent:g} % until {_day(item.discount_date)}",
    }


def _open_text(item: StoredRow) -> str:
    side = -1 if item.type == "credit_memo" else 1
    return to_text(side * item.open_minor, item.currency)


def _case(row: StoredRow, now: datetime) -> dict[str, Any]:
    opened = EPOCH + timedelta(microseconds=row.opened_at)
    due = None if row.due_at is None else (EPOCH + timedelta(microseconds=row.due_at)).isoformat()
    return {
        "id": row.id,
        "version": row.version,
        "state": row.state,
        "reason": row.reason,
        "source": row.source,
        "opened_at": opened.isoformat(),
        "age_hours": round((now - opened).total_seconds() / 3600, 1),
        "due_at": due,
    }


def _payment(money: StoredRow, others: Sequence[str]) -> dict[str, Any]:
    name, name_notes = shown(money.payer_name or "")
    text, text_notes = shown(money.remittance or "")
    return {
        "payment_id": money.id,
        "amount": to_text(money.amount_minor, money.currency),
        "unapplied": to_text(money.unapplied_minor, money.currency),
        "currency": money.currency,
        "booking_date": _day(money.booking_date),
        "value_date": _day(money.value_date),
        "payer_name": name,
        "name_marks": [asdict(one) for one in marks(name, others)],
        "payer_account": money.payer_account,
        "remittance": text,
        "text_marks": [asdict(one) for one in marks(text, others)],
        "structured_reference": money.structured_reference,
        "end_to_end_id": money.end_to_end_id,
        "source": money.source,
        "hold": money.hold,
        "notes": [*name_notes, *text_notes],
    }


def _proposal(
    decision: StoredRow | None,
    lines: Sequence[Any],
    items: Mapping[str, Any],
    words: Sequence[str],
    money: StoredRow,
) -> dict[str, Any] | None:
    if decision is None:
        return None
    codes = [Reason(code) for code in (decision.reasons or "").split(";") if code in list(Reason)]
    shown_lines = [
        item_of(items[line.invoice_id], words)
        | {
            "apply": to_text(line.amount_minor, line.currency),
            "payment_amount": to_text(line.payment_amount_minor, money.currency),
            "write_off": to_text(line.write_off_minor, line.currency) if line.write_off_minor else None,
            "write_off_reason": line.write_off_reason,
            "deduction": to_text(line.deduction_minor, line.currency) if line.deduction_minor else None,
            "deduction_reason": line.deduction_reason,
        }
        for line in lines
    ]
    left = money.amount_minor - sum(line.payment_amount_minor for line in lines)
    return {
        "lines": shown_lines,
        "confidence": decision.confidence,
        "outcome": decision.outcome,
        "for": [sentence(code) for code in codes if code in EVIDENCE][:5],
        "against": [sentence(code) for code in codes if code not in EVIDENCE][:5],
        "left": to_text(left, money.currency) if left else None,
        "model": decision.model,
    }


def _candidate(
    one: Mapping[str, Any],
    item: StoredRow,
    words: Sequence[str],
    money: StoredRow,
    back: _Back,
    *,
    is_blind: bool,
) -> dict[str, Any]:
    said = item_of(item, words)
    said["apply"] = room(item, money)
    if is_blind:
        side = -1 if item.type == "credit_memo" else 1
        balance = item.open_minor + back.items.get(item.id, 0)
        said["open"] = to_text(side * balance, item.currency)
        said["status"] = "open" if item.id in back.items else item.status
        if item.currency == money.currency:
            said["apply"] = to_text(side * min(abs(back.unapplied), balance), item.currency)
    if not is_blind:
        code = str(one["why_not"] or "")
        said["pair_confidence"] = one["pair_confidence"]
        said["why_not"] = sentence(WhyNot(code)) if code in list(WhyNot) else None
    return said


class _Back(NamedTuple):
    """What a card adds to the balances: of an audit, what the close that it is about took."""

    unapplied: int
    items: dict[str, int]


def _before(money: StoredRow, closed: Sequence[Any]) -> _Back:
    """Give the balances from before a close: what is unapplied then, and what its items get back."""
    unapplied = money.unapplied_minor + sum(line.payment_amount_minor for line in closed)
    return _Back(
        unapplied,
        {
            line.invoice_id: abs(line.amount_minor) + line.write_off_minor + line.deduction_minor
            for line in closed
        },
    )


def room(item: StoredRow, money: StoredRow) -> str | None:
    """Give how much of a payment an item of the same currency could take."""
    if item.currency != money.currency:
        return None
    side = -1 if item.type == "credit_memo" else 1
    return to_text(side * min(abs(money.unapplied_minor), item.open_minor), item.currency)


def _scores(tx: Transaction, payment_id: str, model: LoadedModel | None) -> list[dict[str, Any]]:
    """Score the candidates of a payment now; without a model there are none."""
    if model is None:
        return []
    part = neighbourhood(tx, [payment_id])
    result = match_book(
        part.book, model.bundle, model.policy, only=pa.array([payment_id], pa.string()), threads=1,
        elsewhere=part.elsewhere,
    )  # fmt: skip
    table = result.candidates
    if not table.num_rows:
        return []
    rows = table.select(["invoice_id", "pair_confidence", "chosen", "why_not"]).to_pylist()
    return sorted(rows, key=lambda one: (-float(one["pair_confidence"] or 0.0), str(one["invoice_id"])))


def _first_verdict(tx: Transaction, row: StoredRow) -> dict[str, Any] | None:
    """Show what the first person said, to the second one who must agree."""
    if row.state != review_rows.APPROVAL:
        return None
    said = review_rows.verdicts_of(tx, row.id)
    if not said:
        return None
    last = said[-1]
    return {"said": last.said, "said_by": last.said_by, "reason": last.reason, "body": last.body}


def texts_of(money: StoredRow) -> list[str]:
    """Give everything a payment says in words."""
    names = ("payer_name", "remittance", "structured_reference", "end_to_end_id")
    return [str(getattr(money, name)) for name in names if getattr(money, name)]


def _spoken(item: StoredRow) -> str:
    return " ".join(
        str(one) for one in (item.invoice_number or item.id, item.customer_name, item.purchase_order) if one
    )


def _past(one: StoredRow) -> dict[str, Any]:
    return {
        "booking_date": _day(one.booking_date),
        "amount": to_text(one.amount_minor, one.currency),
        "currency": one.currency,
        "customer_id": one.settled_customer_id,
        "remittance": shown(one.remittance or "")[0][:140],
    }


def _day(days: int | None) -> str | None:
    return None if days is None else (_FIRST_DAY + timedelta(days=days)).isoformat()
