"""What a conversion did, in lines for people and as a document for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from features.ingest.convert import Conversion, FileReport, convert_files
from features.progress import ProgressLine

NOTHING_READ: Final = 2
SET_ASIDE: Final = 3
"""Exit codes of the contract."""

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


@dataclass(frozen=True, slots=True)
class Told:
    """What the command prints, and how it ends."""

    lines: list[str]
    warning: str
    code: int


def convert_and_tell(
    files: Sequence[Path],
    out: Path,
    layout: str | None,
    account: str | None,
    currency: str | None,
    *,
    as_json: bool,
) -> Told:
    """Convert with a line of progress, and say what came of it; a warning goes with a code that is not 0."""
    progress = ProgressLine()
    result = convert_files(files, out, layout=layout, account=account, currency=currency, progress=progress)
    progress.end()
    if as_json:
        document = {"out": str(out), **as_document(result)}
        lines = [json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)]
    else:
        lines = list(conversion_lines(result, out))
    listed = out / "quarantine.csv"
    if result.is_nothing_read:
        return Told(lines, f"tieout: none of the files could be used; {listed} says why.", NOTHING_READ)
    if not result.is_clean:
        return Told(lines, f"tieout: some input was set aside; {listed} says what and why.", SET_ASIDE)
    return Told(lines, "", 0)


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
