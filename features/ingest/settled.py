"""Settlement reports: rows that add up to one payout become one payment with a line for each row.

A report lists what a gateway settled and what it kept; the bank shows only the sum. So the payout is the
payment, and each row is a remittance line: gross in `amount`, what the gateway kept of it in `deduction`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from features.ingest.entry import Entry, Lineage, PaymentEntry, RemittanceEntry
from features.ingest.gateway import FEE_REASON
from features.ingest.problems import Problem
from receivables.money import MoneyError


class RowError(MoneyError):
    """A row of a report contradicts itself or its payout."""

    code = "bad_row"
    mend = "Correct the row or add it by hand."


@dataclass(slots=True)
class Payout:
    """One payout while its rows are read."""

    payment: PaymentEntry | None = None
    currency: str = ""
    lines: list[RemittanceEntry] = field(default_factory=list)
    net_minor: int = 0
    """What the rows add up to."""

    def add(
        self,
        place: Lineage,
        net_minor: int,
        fee_minor: int,
        *,
        reference: str,
        customer: str,
        kind: str,
        reason: str,
    ) -> None:
        """Add a row of which `net_minor` is paid out and `fee_minor` was kept."""
        self.net_minor += net_minor
        self.lines.append(
            RemittanceEntry(
                lineage=place,
                currency=self.currency,
                reference=reference,
                customer_reference=customer,
                amount_minor=net_minor + fee_minor,
                deduction_minor=fee_minor or None,
                reason=FEE_REASON if fee_minor else reason,
                kind=kind,
            )
        )

    def entries(self) -> Iterator[Entry | Problem]:
        """Give the payout and its lines; a problem where they do not add up."""
        if self.payment is None:
            return
        yield self.payment
        position = self.payment.lineage.position
        for line in self.lines:
            yield replace(line, payment_position=position)
        if self.lines and self.net_minor != self.payment.amount_minor:
            raw = f"payout {self.payment.amount_minor}, rows {self.net_minor} (minor units)"
            yield Problem.at(self.payment.lineage, "amount", "total_differs", raw)
