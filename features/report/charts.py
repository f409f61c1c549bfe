"""Pictures as inline SVG, drawn by hand.

Places are percentages of the plot, so pictures stretch with the page while their lettering keeps its size;
labels stand outside the plot in the margin that the style sheet leaves. Nothing carries a style attribute:
the page's content security policy forbids them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup, escape

from features.report.certainty import TAIL_END, tail
from features.report.tables import OUTCOMES
from features.report.words import OUTCOME_WORDS, certainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.report.certainty import ReliabilityBin
    from features.report.tables import Ints

TAIL_TICKS: Final = (
    (0.0, "0 %"),
    (1.0, "90 %"),
    (2.0, "99 %"),
    (3.0, "99.9 %"),
    (4.0, "99.99 %"),
    (5.0, "99.999 %"),
)
EVEN_TICKS: Final = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))


def svg(label: str, kind: str, *parts: Markup) -> Markup:
    """Wrap parts in a picture that says in words what it shows."""
    return Markup('<svg class="{}" role="img" aria-label="{}">{}</svg>').format(
        kind, label, Markup("").join(parts)
    )


def share_bar(values: Sequence[float], classes: Sequence[str], label: str) -> Markup:
    """Draw one bar cut into shares; a share of nothing is left out."""
    whole = sum(values)
    parts, at = [], 0.0
    for value, name in zip(values, classes, strict=True):
        if whole and value > 0:
            width = 100 * value / whole
            parts.append(_rect(at, 0, width, 100, name))
            at += width
    return svg(label, "bar", *parts)


def histogram(counts: Ints, threshold: float | None, *, on_tail: bool, log_counts: bool) -> Markup:
    """Draw how many payments have which confidence, stacked by outcome; on a log scale only their sum."""
    totals = counts.sum(axis=0)
    top = int(totals.max(initial=0))
    ceiling = _ceiling(top, log_counts=log_counts)
    ticks = TAIL_TICKS if on_tail else EVEN_TICKS
    end = TAIL_END if on_tail else 1.0
    bins = counts.shape[1]
    parts = [_count_axis(ceiling, log_counts=log_counts)]
    parts += [_x_label(100 * at / end, text) for at, text in ticks]
    for column in range(bins):
        if totals[column]:
            parts.append(
                _column(counts[:, column], column, bins, ceiling, on_tail=on_tail, log_counts=log_counts)
            )
    if threshold is not None:
        place = float(tail(np.array([threshold]))[0]) if on_tail else threshold
        parts.append(_marker(100 * place / end, f"automatic from {certainty(threshold)}"))
    scale = "stretched towards certainty" if on_tail else "even"
    return svg(
        f"Number of payments by confidence, {scale} scale; the table beside it has the numbers.",
        "plot",
        *parts,
    )


def reliability(bins: Sequence[ReliabilityBin]) -> Markup:
    """Draw claimed confidence against the share that was right, both stretched towards certainty."""
    parts = []
    for at, text in TAIL_TICKS:
        place = 100 * at / TAIL_END
        parts += [_grid(100 - place), _y_label(100 - place, text), _x_label(place, text)]
    parts.append(_line(0, 100, 100, 0, "ideal"))
    for one in bins:
        x, low, high = (_place(value) for value in (one.stated, one.low, one.high))
        title = f"{one.payments:,} payments: stated {certainty(one.stated)}, right {certainty(one.right)}"
        perfect = one.right >= 1.0
        dot = Markup('<circle cx="{}%" cy="{}%" r="4.5" class="{}"/>').format(
            _n(x), _n(100 - _place(one.right)), "dot clear" if perfect else "dot"
        )
        parts.append(
            Markup("<g><title>{}</title>{}{}</g>").format(
                title, _line(x, 100 - low, x, 100 - high, "reach"), dot
            )
        )
    return svg("Share of decisions that were right against the confidence stated.", "plot square", *parts)


def _column(
    counts: Ints, column: int, bins: int, ceiling: float, *, on_tail: bool, log_counts: bool
) -> Markup:
    width = 100 / bins
    left, right = bin_edges(column, bins, on_tail=on_tail)
    said = ", ".join(f"{n:,} {OUTCOME_WORDS[o]}" for o, n in zip(OUTCOMES, counts.tolist(), strict=True) if n)
    title = Markup("<title>{}</title>").format(f"{left} to {right}: {said}")
    x, wide = column * width + width * 0.08, width * 0.84
    if log_counts:
        tall = 100 * _log(int(counts.sum())) / _log(ceiling)
        return Markup("<g>{}{}</g>").format(title, _rect(x, 100 - tall, wide, tall, "all"))
    parts, base = [], 100.0
    for name, number in zip(OUTCOMES, counts.tolist(), strict=True):
        if number:
            tall = 100 * number / ceiling
            base -= tall
            parts.append(_rect(x, base, wide, tall, name))
    return Markup("<g>{}{}</g>").format(title, Markup("").join(parts))


def bin_edges(column: int, bins: int, *, on_tail: bool) -> tuple[str, str]:
    """Return the confidences between which a column counts, in words."""
    places = (column / bins, (column + 1) / bins)
    if not on_tail:
        return f"{100 * places[0]:.0f} %", f"{100 * places[1]:.0f} %"
    low, high = (100 * (1 - 10 ** (-TAIL_END * place)) for place in places)
    return f"{low:.4g} %", "100 %" if column == bins - 1 else f"{high:.5g} %"


def _place(probability: float) -> float:
    return float(tail(np.array([probability]))[0]) * 100 / TAIL_END


def _ceiling(top: int, *, log_counts: bool) -> float:
    if log_counts:
        return float(10 ** max(1, math.ceil(math.log10(max(top, 1)))))
    step = 10 ** math.floor(math.log10(max(top, 1)))
    return float(next(step * f for f in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * f >= top))


def _count_axis(ceiling: float, *, log_counts: bool) -> Markup:
    if log_counts:
        marks = [10.0**power for power in range(round(math.log10(ceiling)) + 1)]
        places = [(_log(mark) / _log(ceiling), mark) for mark in marks]
    else:
        places = [(part / 2, ceiling * part / 2) for part in range(3)]
    lines = [
        Markup("{}{}").format(_grid(100 - 100 * place), _y_label(100 - 100 * place, f"{mark:,.0f}"))
        for place, mark in places
    ]
    return Markup("").join(lines)


def _log(number: float) -> float:
    # One more than the count, so that a single payment still has a height.
    return math.log10(number + 1)


def _rect(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return Markup('<rect x="{}%" y="{}%" width="{}%" height="{}%" class="{}"/>').format(
        _n(x), _n(y), _n(width), _n(height), name
    )


def _line(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    return Markup('<line x1="{}%" y1="{}%" x2="{}%" y2="{}%" class="{}"/>').format(
        _n(x1), _n(y1), _n(x2), _n(y2), name
    )


def _grid(y: float) -> Markup:
    return _line(0, y, 100, y, "grid")


def _x_label(x: float, text: str) -> Markup:
    return Markup('<text x="{}%" y="100%" dy="18" class="tick middle">{}</text>').format(_n(x), escape(text))


def _y_label(y: float, text: str) -> Markup:
    return Markup('<text x="0" y="{}%" dx="-8" dy="4" class="tick end">{}</text>').format(_n(y), escape(text))


def _marker(x: float, text: str) -> Markup:
    side = "end" if x > 45 else "start"
    return Markup('{}<text x="{}%" y="0" dy="-6" class="mark {}">{}</text>').format(
        _line(x, -2, x, 100, "threshold"), _n(x), side, escape(text)
    )


def _n(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
