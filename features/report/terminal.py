"""The same for people at a terminal: lines and tables of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from features.report.guarantee import guarantee_of
from features.report.words import count, share

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.table import Table

OUTCOMES: Final = {
    "auto": "closed automatically",
    "review": "for a person to review",
    "unmatched": "match nothing that is open",
    "dismissed": "dismissed: they pay no open item",
}

CAPTION: Final = "The first shares are of payments that truly pay an item. * with 95 % confidence"


def match_lines(summary: Mapping[str, Any]) -> list[str]:
    """Say what a match came to, and under which guarantee."""
    counts = summary["counts"]
    total = counts["payments"]
    numbers = [f"{counts[outcome]:,}" for outcome in OUTCOMES]
    width = max(len(number) for number in numbers)
    guarantee = guarantee_of(summary)
    return [
        f"{count(total, 'payment')} decided against {count(counts['invoices'], 'invoice')}:",
        *(
            f"  {number:>{width}}  {share(counts[outcome], total):>7}  {said}"
            for number, (outcome, said) in zip(numbers, OUTCOMES.items(), strict=True)
        ),
        f"Guarantee: {guarantee.lines[0]}",
    ]


def guarantee_lines(policy: Mapping[str, Any]) -> list[str]:
    """Say what was certified for a model, and what more would take."""
    guarantee = guarantee_of(policy)
    return [f"{guarantee.title}.", *(f"  {line}" for line in guarantee.lines)]


def score_table(scores: Mapping[str, Any], title: str) -> Table:
    """Lay out the main figures of a score against the truth."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        caption=CAPTION,
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("Figure", no_wrap=True)
    for head in ("Count", "Of", "Share", "At most*"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in _score_rows(scores):
        table.add_row(*row)
    return table


def _score_rows(scores: Mapping[str, Any]) -> list[tuple[str, ...]]:
    false, payments, outcomes = scores["false"], scores["payments"], scores["outcomes"]
    twins = false["count"] - scores["false_twins_oldest"]["count"]
    return [
        _row("Closed automatically", scores["auto"], bounded=False),
        _row("  by money", scores["auto_money"], bounded=False, counted=False),
        _row("False closes", false),
        (
            "  another of equal items (twins)",
            f"{twins:,.0f}",
            f"{false['of']:,.0f}",
            share(twins, false["of"]),
            "",
        ),
        _row("  harmful: wrong customer or total", scores["harmful"]),
        _row("  by money", scores["false_money"], counted=False),
        _row("Exactly right proposals", scores["exact"], bounded=False),
        *(
            (head, f"{outcomes[word]:,}", f"{payments:,}", share(outcomes[word], payments), "")
            for word, head in (
                ("review", "For review"),
                ("unmatched", "Unmatched"),
                ("dismissed", "Dismissed"),
            )
        ),
        _row("  dismissed wrongly", scores["dismissed_wrong"]),
        ("Calibration error", "", f"{payments:,}", f"{scores['calibration']['error']:.4f}", ""),
    ]


def _row(
    label: str, rate: Mapping[str, float], *, bounded: bool = True, counted: bool = True
) -> tuple[str, ...]:
    return (
        label,
        f"{rate['count']:,.0f}" if counted else "",
        f"{rate['of']:,.0f}" if counted else "",
        f"{100 * rate['rate']:.2f} %",
        f"{100 * rate['upper']:.3f} %" if bounded else "",
    )


def demo_guide(folder: Path) -> str:
    """Say what the demo left in its folder and what to do next."""
    return f"""
Everything above is made up. What lies in {folder}:
  book/     eighteen months of invoices and payments, every payment labelled
  history/  the first sixteen months, as an accounting system would export them
  match/    all of it, but for the answers of the last months
  truth/    those answers, used for the score only
  model/    what was learnt: model, calibration, policy with its guarantee, model card
  result/   decisions, allocations, candidates, summary and report.html

Next:
  open {folder / "result" / "report.html"} in a browser
  tieout match {folder / "match"} --model {folder / "model"} --out {folder / "again"}
  tieout match YOUR_BOOK --out YOUR_RESULT"""
