"""One file for people: `report.html` from a book and what `match` made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from features.report import leftovers, sections, words
from features.report.evidence import ROWS, Held, Verdict, choose, payload
from features.report.page import render
from features.report.sections import HEADS
from features.report.tables import OUTCOMES, Output, decided
from receivables.money import EXPONENTS
from receivables.reasons import SENTENCES, WHY_NOT_SENTENCES

if TYPE_CHECKING:
    from features.book import Book
    from features.pipeline import MatchResult

VARYING: Final = ("timing", "second", "memory", "elapsed", "rate_per")
"""Keys of the summary that hold these words differ from run to run; they go into one marked element."""

SHOWN_APART: Final = frozenset({"guarantee", "money", "counts", "rates", "segment_thresholds"})
LONGEST_FACT: Final = 600


def write_report(
    book: Book, source: MatchResult | Path, out: Path, truth: pa.Table | None = None, *, banner: str = ""
) -> Path:
    """Write `report.html` into the folder `out` and return its path.

    `source` is the result of a match, whose candidates may be in the folder `out` already, or the folder it
    was written to. `truth`, where it is known, has a row a payment: `payment_id`, and `is_right`, whether the
    stated allocation is exactly the true one. The same input gives the same bytes, but for the element
    `varies`, which holds timings and memory.
    """
    output = Output.of(source, out)
    rows = decided(output, book.payments)
    verdict = None if truth is None else Verdict.of(rows, truth)
    held = choose(rows)
    made = list(_facts(output.summary))
    page = render(
        {
            "title": "Tieout report",
            "banner": banner,
            "held_words": held_words(held),
            "sources": [(words.plain(file), digest) for file, digest in sorted(book.sources.items())],
            "made": [fact for fact in made if not _varies(fact[0])],
            "varies": [fact for fact in made if _varies(fact[0])],
            **sections.answer(book, output, rows, verdict),
            **sections.money(rows),
            **sections.confidence(book, output, rows, verdict),
            **leftovers.cases(book, rows),
            **leftovers.cash(book, rows),
            **leftovers.stays_open(book, output, rows),
        },
        payload(book, output, rows, held, verdict) | _dictionary(),
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / "report.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def held_words(held: Held) -> str:
    """Say which of the decisions the page holds."""
    if held.is_all:
        return (
            "Every decision with its evidence: choose a payment to see what speaks for it and what was next."
        )
    parts = [
        f"{have:,} of {total:,} that {words.OUTCOME_VERBS[name]}"
        for name, have, total in zip(OUTCOMES, held.held, held.total, strict=True)
        if total
    ]
    return (
        f"This page holds {len(held.rows):,} decisions with their evidence: {'; '.join(parts)}. It takes at "
        f"most {ROWS:,}: first what needs a person, oldest first, then the least certain closes, then every "
        "n-th of the rest; a fifth is kept for those. "
        "decisions.csv beside this page has all of them; figures and pictures above count all of them."
    )


def _dictionary() -> dict[str, Any]:
    """Return what the script needs to put codes into words."""
    return {
        "words": {str(code): said for code, said in (*SENTENCES.items(), *WHY_NOT_SENTENCES.items())},
        "stops": sorted(words.BLOCKERS | words.NOTHING_PROPOSED),
        "exponents": {code: digits for code, digits in EXPONENTS.items() if digits != 2},
        "outcomes": [{"name": name, "head": head} for name, head in zip(OUTCOMES, HEADS, strict=True)],
    }


def _facts(summary: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Flatten the summary into lines of name and value."""
    for key, value in sorted(summary.items()):
        name = f"{prefix}{key}".replace("_", " ")
        if not prefix and key in SHOWN_APART:
            continue
        if isinstance(value, Mapping):
            yield from _facts(value, f"{name}, ")
        elif value not in (None, "", [], ()):
            yield words.plain(name), words.plain(_said(value))[:LONGEST_FACT]


def _said(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _varies(name: str) -> bool:
    return any(word in name for word in VARYING)
