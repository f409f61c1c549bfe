"""Draw a benchmark: safe automation, false closes, speed and memory, one panel each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.run import Result

_LEAST_FALSE = 0.01
_FALSE = "False among its own automatic closes\n(%, log, none shown as 0.01; line: 0.1 %)"
_PANELS: tuple[tuple[str, Callable[[Result], float], bool, str], ...] = (
    (
        "Closed automatically at 0.1 % false\n(oracle threshold, %)",
        lambda r: 100 * r.oracle_auto,
        False,
        "%.1f",
    ),
    (_FALSE, lambda r: max(100 * r.false, _LEAST_FALSE), True, "%.3g"),
    ("Pair F1", lambda r: r.f1, False, "%.3f"),
    ("Payments a second, file to file (log)", lambda r: r.speed, True, "%.0f"),
    ("Processor seconds, file to file (log)", lambda r: r.weight.cpu_seconds, True, "%.3g"),
    ("Peak memory (MiB, log)", lambda r: r.weight.peak_mib, True, "%.0f"),
)


def draw(results: Sequence[Result], out: Path, colors: Mapping[str, str]) -> None:
    """Write ``benchmark.svg`` and ``benchmark.png``."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update(
        {"svg.hashsalt": "tieout", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    import matplotlib.pyplot as plt

    done = [r for r in results if not r.weight.problem]
    if not done:
        return
    books = list(dict.fromkeys(r.book for r in done))
    matchers = list(dict.fromkeys(r.matcher for r in done))
    width = max(13.0, 2.6 * len(books))
    figure, axes = plt.subplots(2, 3, figsize=(width, 7.2), layout="constrained")
    for axis, (title, value, is_log, form) in zip(axes.flat, _PANELS, strict=True):
        _bars(axis, done, books, matchers, value, form, colors)
        axis.set_title(title, fontsize=10)
        if is_log:
            _decades(axis, [value(r) for r in done])
        if title == _FALSE:
            axis.axhline(0.1, color="#888888", linewidth=1, linestyle="--")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(matchers), frameon=False)
    figure.supxlabel(
        "Synthetic books; each matcher in its own process on the same machine, one run", fontsize=9
    )
    figure.savefig(out / "benchmark.svg", metadata={"Date": None})
    figure.savefig(out / "benchmark.png", dpi=130)
    plt.close(figure)


def _bars(
    axis: Any,  # noqa: ANN401 -- matplotlib ships no usable types
    results: Sequence[Result],
    books: Sequence[str],
    matchers: Sequence[str],
    value: Callable[[Result], float],
    form: str,
    colors: Mapping[str, str],
) -> None:
    width = 0.84 / len(matchers)
    for n, matcher in enumerate(matchers):
        mine = {r.book: r for r in results if r.matcher == matcher}
        places = [books.index(b) + (n - (len(matchers) - 1) / 2) * width for b in mine]
        heights = [value(r) for r in mine.values()]
        bars = axis.bar(places, heights, width * 0.92, label=matcher, color=colors.get(matcher))
        axis.bar_label(bars, fmt=form, fontsize=7, padding=1)
    axis.set_xticks(range(len(books)), [b.replace("-", "\n", 1) for b in books], fontsize=8)


def _decades(axis: Any, values: Sequence[float]) -> None:  # noqa: ANN401 -- as above
    """Show whole powers of ten, so that the length of a bar means the same in every picture."""
    low, high = min(values), max(values)
    axis.set_yscale("log")
    axis.set_ylim(10 ** floor(log10(max(low, 1e-3)) - 0.05), 10 ** ceil(log10(max(high, 1e-3)) + 0.05))
