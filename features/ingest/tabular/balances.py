"""A running balance beside the rows: whether each row leads from one balance to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from features.ingest.entry import PaymentEntry

_LISTED: Final = 20


@dataclass(slots=True)
class RunningBalance:
    """The balances of a table, oldest first or newest first."""

    credit: int = 0
    debit: int = 0
    days: set[date] = field(default_factory=set)
    _rows: list[tuple[int, int, PaymentEntry] | None] = field(default_factory=list)

    def add(self, amount: int, balance: int, payment: PaymentEntry) -> None:
        """Take a row with its balance."""
        self._count(payment)
        self._rows.append((amount, balance, payment))

    def skip(self, payment: PaymentEntry | None = None) -> None:
        """Take a row without one."""
        if payment is not None:
            self._count(payment)
        self._rows.append(None)

    def settle(self) -> tuple[int | None, int | None, list[PaymentEntry]]:
        """Give opening and closing balance, and the rows at which the chain breaks.

        A column that is no running balance (most rows do not follow from each other) says nothing.
        """
        pairs = [
            (one, other)
            for one, other in zip(self._rows, self._rows[1:], strict=False)
            if one is not None and other is not None
        ]
        if len(pairs) < 2:
            return None, None, []
        upward = [other[2] for one, other in pairs if one[1] + other[0] != other[1]]
        downward = [one[2] for one, other in pairs if other[1] + one[0] != one[1]]
        breaks = min(upward, downward, key=len)
        if len(breaks) * 3 > len(pairs):
            return None, None, []
        rows = [one for one in self._rows if one is not None]
        first, last = (rows[0], rows[-1]) if breaks is upward else (rows[-1], rows[0])
        return first[1] - first[0], last[1], breaks[:_LISTED]

    def _count(self, payment: PaymentEntry) -> None:
        self.days.add(payment.booking_date)
        if payment.amount_minor >= 0:
            self.credit += payment.amount_minor
        else:
            self.debit -= payment.amount_minor
