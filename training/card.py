"""The model card: what finance should know before it lets a model close payments by itself.

Written from the figures of `metrics.json` and the guarantee of `policy.json` alone, so that it never says
more than they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["card"]

Figures = Mapping[str, Any]

SYNTHETIC = """> **Synthetic.** This model was trained and measured on made-up data. No figure on this card
> says how it does on yours.
"""

LIMITS = """## Limits

- The guarantee speaks of this model with this policy, and of payments like those it was certified on. It ends
  with the date above, with any change of model, features or policy, and when the audit raises its alarm.
- A claim for all auto-closes is not a claim for each part of them: customers, currencies and kinds with few
  payments carry no claim of their own.
- Confidence is the probability that the stated allocation is exactly right. It is fitted on past payments and
  drifts with customers' habits.
- Payments that are disputed, on hold, truly ambiguous (twins) or in another currency go to a person whatever
  their confidence, unless the policy says otherwise.
"""


def card(metrics: Figures, guarantee: Figures, *, name: str = "tieout") -> str:
    """The model card as Markdown."""
    parts = [
        f"# Model card: {name}\n",
        SYNTHETIC if metrics.get("synthetic") else "",
        _promise(guarantee),
        _missing(guarantee),
        _held_out(metrics.get("held_out", {}), metrics),
        _confidence(metrics.get("confidence", {})),
        _kinds(metrics.get("by_kind", [])),
        _learnt(metrics),
        LIMITS,
    ]
    return "\n".join(part for part in parts if part)


def _promise(guarantee: Figures) -> str:
    lines = [
        "## What it may close by itself\n",
        f"**{guarantee.get('statement', 'Nothing is certified.')}**\n",
    ]
    if guarantee.get("certified"):
        rows = [
            ("Certified rate of false auto-closes", f"at most {_percent(guarantee['alpha'])}"),
            ("Labels behind it", f"{guarantee['n']:,} payments of {guarantee['customers']:,} customers"),
            ("False among them", f"{guarantee['k']:,}, of {guarantee['erring_customers']:,} customers"),
            ("Bound if errors are independent", _percent(guarantee["cp_upper"])),
            ("Bound if a customer's errors come together", _percent(guarantee["cluster_upper"])),
            ("Double-checked by people", f"{guarantee['checked']:,}"),
            ("Valid until", str(guarantee["valid_until"])),
            ("Order of tests, registered beforehand", f"`{guarantee['plan_fingerprint']}`"),
        ]
        lines.append(_table(("", ""), rows))
        lines.append(_harm(guarantee.get("by_cause", {})))
        lines.append(_rungs(guarantee.get("rungs", [])))
    return "\n".join(line for line in lines if line)


def _harm(causes: Figures) -> str:
    rows = []
    if harmful := causes.get("harmful"):
        rows.append(
            ("Wrong customer or wrong total", f"{harmful['k']:,} of {harmful['n']:,}", harmful["cp_upper"])
        )
    if money := causes.get("money"):
        rows.append(("False, by money", f"{_percent(money['rate'])} of the money", money["upper"]))
    for lane, row in causes.get("lanes", {}).items():
        rows.append((f"False in the lane `{lane}`", f"{row['k']:,} of {row['n']:,}", row["cp_upper"]))
    if not rows:
        return ""
    shown = [(what, seen, _percent(bound)) for what, seen, bound in rows]
    return "Shown beside it, not claimed:\n\n" + _table(("", "Observed", "95 % bound"), shown)


def _rungs(rungs: Sequence[Figures]) -> str:
    if len(rungs) < 2:
        return ""
    rows = [(_percent(one["alpha"]), f"{one['n']:,}", f"{one['k']:,}", _threshold(one)) for one in rungs]
    return "Every rung reached holds under the same 5 %; the policy uses the claim above:\n\n" + _table(
        ("At most false", "Payments", "False", "Threshold"), rows
    )


def _threshold(rung: Figures) -> str:
    if rung.get("auto_threshold") is not None:
        return f"{rung['auto_threshold']:.6f}"
    listed = rung.get("segment_thresholds", {})
    return f"by segment ({len(listed)})" if listed else "off"


def _missing(guarantee: Figures) -> str:
    sentences = [str(one["sentence"]) for one in guarantee.get("missing", [])]
    return _bullets("## What is not certified, and what it would take", sentences) if sentences else ""


def _held_out(figures: Figures, metrics: Figures) -> str:
    names = {
        "payments": "Payments",
        "matchable": "Of them paying something known",
        "closed_automatically": "Closed automatically, of those",
        "auto_closes": "Auto-closes",
        "false_auto_closes": "False auto-closes",
        "harmful_auto_closes": "Harmful ones (wrong customer or total)",
        "false_share_interval_95": "Share of false auto-closes, 95 % interval",
        "exact_allocation": "Exact allocations",
        "exact_interval_95": "Exact allocations, 95 % interval",
        "calibration_error": "Expected calibration error",
    }
    rows = [(label, _shown(figures[key])) for key, label in names.items() if key in figures]
    if "blocking_recall" in metrics:
        rows.append(("True pairs among the candidates", _shown(metrics["blocking_recall"])))
    return "## Measured on payments it had not learnt from\n\n" + _table(("", ""), rows) if rows else ""


def _confidence(figures: Figures) -> str:
    rows = [
        (f"above {row['above']}", f"{row['n']:,}", f"{row['k']:,}", f"{row['expected_wrong']:.1f}",
         _percent(row["wrong_upper_95"]))
        for row in figures.get("top_bins", [])
    ]  # fmt: skip
    if not rows:
        return ""
    headings = ("Confidence", "Payments", "Wrong", "Wrong as promised", "95 % bound")
    return "## Is its confidence honest at the top?\n\n" + _table(headings, rows)


def _kinds(kinds: Sequence[Figures]) -> str:
    if not kinds:
        return ""
    columns = [key for key in kinds[0] if key not in {"kind", "payments"}]
    rows = [
        (str(row["kind"]), f"{row['payments']:,}", *(_share(row[column]) for column in columns))
        for row in kinds
    ]
    headings = ("Kind", "Payments", *(column.replace("_", " ") for column in columns))
    return "## By kind of payment\n\n" + _table(headings, rows)


def _learnt(metrics: Figures) -> str:
    blocks = metrics.get("blocks", {})
    if not blocks:
        return ""
    uses = {
        "fit": "learning begins",
        "certify": "certifying begins: labels used for nothing else",
        "calibrate": "calibrating begins",
        "end": "the history ends",
    }
    rows = [(str(blocks[key]), use) for key, use in uses.items() if key in blocks]
    return "## How it learnt\n\nDay by day, each payment seeing only what was known by then.\n\n" + _table(
        ("From", "Use"), rows
    )


def _bullets(heading: str, sentences: Iterable[str]) -> str:
    return f"{heading}\n\n" + "".join(f"- {sentence}\n" for sentence in sentences)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _share(figures: Figures) -> str:
    if not figures.get("n"):
        return "-"
    low, high = figures["interval_95"]
    return f"{_percent(figures['share'])} ({_percent(low)} to {_percent(high)})"


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(_shown(one) for one in value)
    if isinstance(value, int):
        return f"{value:,}"
    return _percent(value) if isinstance(value, float) else str(value)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.3g} %"
