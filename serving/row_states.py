"""What became of the rows that came in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class RowState(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row was rejected: what is wrong, and the mend."""

    table: str
    id: str
    code: str
    message: str
    mend: str


@dataclass(slots=True)
class Intake:
    """What became of the rows by table and id; refusals; the items and payments that are new or changed."""

    states: dict[str, dict[str, RowState]] = field(default_factory=lambda: defaultdict(dict))
    refusals: list[Refusal] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)

    def note(self, table: str, ids: Iterable[str], state: RowState) -> None:
        """Say what became of some rows; accepted wins over unchanged where an id has several rows."""
        kept = self.states[table]
        for one in ids:
            if kept.get(one) is not RowState.ACCEPTED:
                kept[one] = state

    def refuse(self, refusal: Refusal) -> None:
        """Reject a row."""
        self.refusals.append(refusal)
        self.states[refusal.table][refusal.id] = RowState.REJECTED

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the states by table."""
        return {table: dict(Counter(states.values())) for table, states in self.states.items()}
