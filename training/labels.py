"""Labels: what history, reviewers, reversals and chargebacks say of payments, resolved to one answer each.

Later evidence outranks earlier: money taken back or an allocation reversed undoes what was said before; an
adjudication settles a disagreement of reviewers; two blind votes that agree are a checked label; a vote made
in bulk teaches but never certifies. Each label keeps its source, its chance of having been asked for (pi),
its weight and where it came from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from features.book import Book
from features.book_schema import ALLOCATIONS, RESOLUTIONS
from features.snapshot import Snapshot
from receivables.errors import TieoutError
from training.noise import Agreement, Noise, agreement, estimate_noise

__all__ = ["Answer", "Label", "LabelError", "Labels", "Source", "labelled_book", "resolve"]

MOST_WEIGHT: Final = 20.0
"""Weights 1/pi are clipped here; what that takes away is reported."""


class LabelError(TieoutError, ValueError):
    """A vote cannot be read."""

    code = "invalid_vote"
    mend = "Export the verdicts again; an answer is JSON with `lines` and `resolution`."


class Source(StrEnum):
    """Why a payment has a label."""

    HISTORY = "history"
    AMBIGUOUS = "ambiguous"
    AUDIT = "audit"
    EXPLORATION = "exploration"
    DISPUTE = "dispute"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a payment settles: (item, amount, write-off) in minor units of the item's currency, or nothing."""

    lines: tuple[tuple[str, int, int], ...] = ()
    resolution: str | None = None

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read the answer of a vote."""
        try:
            raw = json.loads(text)
            lines = tuple(sorted((str(item), int(amount), int(off)) for item, amount, off in raw["lines"]))
            said = raw.get("resolution")
        except (ValueError, TypeError, KeyError) as error:
            raise LabelError(f"A vote holds an answer that is none: {text[:80]!r}.") from error
        if said is not None and said not in RESOLUTIONS:
            raise LabelError(f"A vote names the resolution {said!r}; known are {', '.join(RESOLUTIONS)}.")
        return cls(lines, said)

    def to_json(self) -> str:
        """Write the answer so that equal answers are equal texts."""
        said = {"lines": [list(line) for line in self.lines], "resolution": self.resolution}
        return json.dumps(said, separators=(",", ":"), sort_keys=True)


@dataclass(frozen=True, slots=True)
class Label:
    """The one answer for a payment, and what it is worth."""

    payment_id: str
    answer: Answer
    source: Source
    pi: float
    known_at: datetime
    votes: tuple[str, ...]
    reviewers: tuple[str, ...]
    is_checked: bool
    """Two people said the same without seeing each other or the model, or a third one settled it."""

    @property
    def weight(self) -> float:
        """One over the chance of being asked, clipped."""
        return min(1.0 / self.pi, MOST_WEIGHT)


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of a snapshot that come from votes, with an account of everything left out."""

    labels: Mapping[str, Label]
    disputed: tuple[str, ...]
    """Payments on which reviewers disagree and nobody has adjudicated: no label until then."""

    noise: Noise
    agreement: Agreement
    clipped: int
    weight_lost: float
    by_source: Mapping[str, int] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Say everything as JSON values, for metrics and the model card."""
        return {
            "labels": len(self.labels),
            "checked": sum(label.is_checked for label in self.labels.values()),
            "by_source": dict(self.by_source),
            "disputed": len(self.disputed),
            "vote_error_rate": self.noise.error_rate,
            "reviewer_accuracy": dict(self.noise.accuracy),
            "agreement": {
                "pairs": self.agreement.pairs,
                "agreed": self.agreement.agreed,
                "interval_95": list(self.agreement.interval),
                "by_chance": self.agreement.by_chance,
                "kappa": self.agreement.kappa,
            },
            "weights_clipped": self.clipped,
            "weight_lost_share": self.weight_lost,
        }


def resolve(votes: pa.Table, book: Book) -> Labels:
    """Resolve the votes of a snapshot to one label a payment."""
    rows = sorted(votes.to_pylist(), key=lambda row: (row["known_at"], row["vote_id"]))
    by_payment: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        row["answer"] = Answer.from_json(row["answer"])
        by_payment.setdefault(row["payment_id"], []).append(row)
    undone = _undone(book)
    labels: dict[str, Label] = {}
    disputed = []
    for payment, said in sorted(by_payment.items()):
        since = undone.get(payment)
        standing = said if since is None else [row for row in said if row["known_at"] > since]
        label = _label(payment, standing)
        if label is not None:
            labels[payment] = label
        elif standing:
            disputed.append(payment)
    triples = [(row["payment_id"], row["reviewer"], row["answer"].to_json()) for row in rows]
    full = sum(1.0 / label.pi for label in labels.values())
    kept = sum(label.weight for label in labels.values())
    return Labels(
        labels=labels,
        disputed=tuple(disputed),
        noise=estimate_noise(triples),
        agreement=agreement([one for row, one in zip(rows, triples, strict=True) if row["is_blind"]]),
        clipped=sum(1.0 / label.pi > MOST_WEIGHT for label in labels.values()),
        weight_lost=1.0 - kept / full if full else 0.0,
        by_source=dict(sorted(Counter(label.source.value for label in labels.values()).items())),
    )


def _label(payment: str, said: Sequence[Mapping[str, Any]]) -> Label | None:
    """Return the answer that counts; None when people disagree and nobody has settled it."""
    latest: dict[str, Mapping[str, Any]] = {}
    for row in said:
        latest[row["reviewer"]] = row  # a person's last word
    if not latest:
        return None
    settled = [row for row in latest.values() if row["source"] == Source.ADJUDICATION]
    if settled:
        counts = [max(settled, key=lambda row: (row["known_at"], row["vote_id"]))]
    else:
        answers = {row["answer"] for row in latest.values()}
        if len(answers) > 1:
            return None
        counts = list(latest.values())
    last = max(counts, key=lambda row: (row["known_at"], row["vote_id"]))
    blind = {row["reviewer"] for row in counts if row["is_blind"] and not row["is_bulk"]}
    first = min(said, key=lambda row: (row["known_at"], row["vote_id"]))
    return Label(
        payment_id=payment,
        answer=last["answer"],
        source=Source(first["source"]),
        pi=float(first["pi"]),
        known_at=last["known_at"],
        votes=tuple(row["vote_id"] for row in counts),
        reviewers=tuple(sorted(row["reviewer"] for row in counts)),
        is_checked=len(blind) > 1 or bool(settled),
    )


def _undone(book: Book) -> dict[str, datetime]:
    """Return by payment when money was taken back or an allocation reversed: older votes are void then."""
    found: dict[str, datetime] = {}

    def note(payment: str | None, when: datetime | None) -> None:
        if payment is not None and when is not None and (payment not in found or when > found[payment]):
            found[payment] = when

    reversed_rows = book.allocations.filter(pc.is_valid(book.allocations["reversed_at"]))
    for row in reversed_rows.select(["payment_id", "reversed_at"]).to_pylist():
        note(row["payment_id"], row["reversed_at"])
    taken = book.payments.filter(
        pc.is_in(book.payments["kind"], value_set=pa.array(["return", "chargeback"], pa.string()))
    )
    for row in taken.select(["related_payment_id", "known_at"]).to_pylist():
        note(row["related_payment_id"], row["known_at"])
    return found


def labelled_book(snapshot: Snapshot, labels: Labels) -> Book:
    """Return the book to learn from: a label replaces what the history said of its payment.

    The allocations of a label carry its `source`, `pi` and, where two people checked it, `checked_by`; what
    reviewers dispute has neither allocation nor resolution, so nothing is learnt from it.
    """
    book = snapshot.book
    replaced = pa.array([*labels.labels, *labels.disputed], pa.string())
    kept = book.allocations.filter(pc.invert(pc.is_in(book.allocations["payment_id"], value_set=replaced)))
    known = set(book.invoices["invoice_id"].to_pylist())
    rows = [row for label in labels.labels.values() for row in _rows(label, known)]
    added = pa.Table.from_pylist(rows, schema=ALLOCATIONS.schema)
    allocations = pa.concat_tables([kept.select(ALLOCATIONS.schema.names).cast(ALLOCATIONS.schema), added])
    return replace(book, allocations=allocations, payments=_resolved(book.payments, labels))


def _rows(label: Label, known: set[str]) -> Iterable[dict[str, Any]]:
    for item, amount, write_off in label.answer.lines:
        if item in known:
            yield {
                "payment_id": label.payment_id,
                "invoice_id": item,
                "amount_minor": amount,
                "write_off_minor": write_off,
                "reason": None,
                "decided_at": label.known_at,
                "decided_by": label.reviewers[0],
                "checked_by": label.reviewers[-1] if label.is_checked else None,
                "reversed_at": None,
                "source": label.source.value,
                "pi": label.pi,
                "known_at": label.known_at,
            }


def _resolved(payments: pa.Table, labels: Labels) -> pa.Table:
    """Write the resolutions of labels over those of the history; a dispute is pending."""
    said: dict[str, str | None] = {
        payment: (None if label.answer.lines else label.answer.resolution or "nothing")
        for payment, label in labels.labels.items()
    }
    said |= dict.fromkeys(labels.disputed, "pending")
    place = payments.schema.get_field_index("resolution")
    told = [
        said.get(payment, before)
        for payment, before in zip(
            payments["payment_id"].to_pylist(), payments["resolution"].to_pylist(), strict=True
        )
    ]
    return payments.set_column(place, "resolution", pa.array(told, pa.string()))
