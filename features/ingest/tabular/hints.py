"""What the user says about files that do not say it themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from features.ingest.mapping import FieldMap, load_mapping
from features.ingest.tabular.layouts import Layout, find_layout, layout_of
from receivables.money import exponent

_COLUMNS: Final = re.compile(r"^\s*columns\s*=", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hints:
    """Layout, own account and currency of tables that name none."""

    layout: Layout | None = None
    mapping: FieldMap | None = None
    """Of JSON or CSV that no reader knows, from a file."""
    account: str = ""
    currency: str = ""

    @classmethod
    def checked(cls, layout: str | None, account: str | None, currency: str | None) -> Self:
        """Look the layout up, or read the mapping in the file of that name, and check the currency.

        Raises a `TieoutError` when one of them is unknown.
        """
        named = (currency or "").strip().upper()
        if named:
            exponent(named)
        path = Path(layout or "")
        is_file = path.suffix.lower() in (".toml", ".json")
        mapping: FieldMap | None = None
        found: Layout | None = None
        if is_file and _is_layout(path):
            found = layout_of(path.read_text("utf-8"), path.name)
        elif is_file:
            mapping = load_mapping(path)
        elif layout:
            found = find_layout(layout)
        return cls(found, mapping, (account or "").strip(), named)


def _is_layout(path: Path) -> bool:
    """Say whether a file lists columns, as a layout does and a mapping of fields does not."""
    try:
        return path.suffix.lower() == ".toml" and _COLUMNS.search(path.read_text("utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


NO_HINTS: Final = Hints()
