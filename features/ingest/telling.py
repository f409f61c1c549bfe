"""What a conversion did, in lines for people and as a document for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from features.ingest.convert import Conversion, FileReport

_COUNTS = (
    ("payments", "payments"),
    ("invoices", "invoices"),
    ("remittance_lines", "remittance lines"),
    ("parts", "parts of payments known already"),
    ("statements", "statements"),
    ("copies", "known already"),
    ("not_booked", "not booked"),
    ("problems", "problems"),
)


def conversion_lines(result: Conversion, out: Path) -> Iterator[str]:
    """Say what became of each file, and what the book gained."""
    width = min(60, max((len(one.name) for one in result.files), default=0))
    for one in result.files:
        yield f"{_shown(one.name, width):<{width}}  {one.format or '-':<12}  {_counts(one)}"
    gained = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in result.added.items())
    yield f"{out} gained {gained or 'nothing'}."
    listed = ", ".join(f"{count:,} {code}" for code, count in sorted(result.problems.items()))
    if listed:
        yield f"Left out or in doubt: {listed}."


def as_document(result: Conversion) -> Mapping[str, object]:
    """Give the same as a JSON document."""
    return {
        "files": [asdict(one) for one in result.files],
        "added": result.added,
        "problems": dict(sorted(result.problems.items())),
    }


def _counts(one: FileReport) -> str:
    counts = [f"{value:,} {said}" for name, said in _COUNTS if (value := getattr(one, name))]
    return ", ".join(counts) or "nothing"


def _shown(name: str, width: int) -> str:
    return name if len(name) <= width else "..." + name[3 - width :]
