"""What a matching run decided, as plain rows: minor units and words instead of the texts of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from receivables.money import to_minor

if TYPE_CHECKING:
    import pyarrow as pa


NO_GROUNDS: Final[Mapping[str, str]] = MappingProxyType({})
"""For runs that nobody will want to decide again."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation. A write-off is positive where it reduces the item."""

    invoice_id: str
    currency: str
    amount_minor: int
    write_off_minor: int
    write_off_reason: str | None
    deduction_minor: int
    deduction_reason: str | None
    payment_amount_minor: int
    rate: str | None
    rate_date: date | None
    pair_confidence: float | None

    @property
    def facts(self) -> tuple[object, ...]:
        """Give what makes two lines the same."""
        return (
            self.invoice_id,
            self.amount_minor,
            self.write_off_minor,
            self.write_off_reason,
            self.deduction_minor,
            self.deduction_reason,
            self.payment_amount_minor,
        )


@dataclass(frozen=True, slots=True)
class Proposed:
    """One payment, decided, with the lines of its best explanation whatever the outcome."""

    payment_id: str
    kind: str
    outcome: str
    confidence: float
    customer_id: str | None
    allocated_minor: int
    unapplied_minor: int
    currency: str
    related_payment_id: str | None
    reasons: str
    model: str
    policy: str
    lines: tuple[Line, ...]
    grounds: str | None = field(default=None, compare=False)
    """What the decision stood on, as `features.grounds` kept it: no names, no texts."""


def proposals_of(
    decisions: pa.Table,
    allocations: pa.Table,
    items: Mapping[str, tuple[str, int]],
    grounds: Mapping[str, str] = NO_GROUNDS,
) -> list[Proposed]:
    """Read the tables of a run; `items` gives the currency and side (-1: credit memo) of every item.

    `grounds` gives by payment what its decision stood on.
    """
    spoken = dict(zip(decisions["payment_id"].to_pylist(), decisions["currency"].to_pylist(), strict=True))
    lines: dict[str, list[Line]] = {}
    for row in allocations.to_pylist():
        currency, side = items[row["invoice_id"]]
        line = Line(
            invoice_id=row["invoice_id"],
            currency=currency,
            amount_minor=to_minor(row["amount"], currency),
            write_off_minor=_minor(row["write_off"], currency) * side,
            write_off_reason=row["write_off_reason"],
            deduction_minor=_minor(row["deduction"], currency),
            deduction_reason=row["deduction_reason"],
            payment_amount_minor=to_minor(row["payment_amount"], spoken[row["payment_id"]]),
            rate=row["rate"],
            rate_date=row["rate_date"],
            pair_confidence=row["pair_confidence"],
        )
        lines.setdefault(row["payment_id"], []).append(line)
    return [
        _decided(row, lines.get(row["payment_id"], []), grounds.get(row["payment_id"]))
        for row in decisions.to_pylist()
    ]


def _decided(row: Mapping[str, Any], lines: list[Line], grounds: str | None) -> Proposed:
    currency = row["currency"]
    return Proposed(
        payment_id=row["payment_id"],
        kind=row["kind"],
        outcome=row["outcome"],
        confidence=row["confidence"],
        customer_id=row["customer_id"],
        allocated_minor=to_minor(row["allocated"], currency),
        unapplied_minor=to_minor(row["unapplied"], currency),
        currency=currency,
        related_payment_id=row["related_payment_id"],
        reasons=row["reasons"] or "",
        model=row["model"],
        policy=row["policy"],
        lines=tuple(lines),
        grounds=grounds,
    )


def _minor(text: str | None, currency: str) -> int:
    return 0 if text is None else to_minor(text, currency)
