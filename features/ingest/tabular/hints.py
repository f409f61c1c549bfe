"""What the user says about files that do not say it themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from features.ingest.tabular.layouts import Layout, find_layout
from receivables.money import exponent


@dataclass(frozen=True, slots=True)
class Hints:
    """Layout, own account and currency of tables that name none."""

    layout: Layout | None = None
    account: str = ""
    currency: str = ""

    @classmethod
    def checked(cls, layout: str | None, account: str | None, currency: str | None) -> Self:
        """Look the layout up and check the currency; raise a `TieoutError` when either is unknown."""
        named = (currency or "").strip().upper()
        if named:
            exponent(named)
        return cls(find_layout(layout) if layout else None, (account or "").strip(), named)


NO_HINTS = Hints()
