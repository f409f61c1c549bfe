"""Pictures of a model for the registry: reliability, and the walk of its certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["pictures_of", "reliability", "walk"]


def pictures_of(metrics: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw what a model folder's metrics and policy hold; what they lack is left out."""
    rows = (metrics.get("confidence") or {}).get("reliability") or []
    guarantee = policy.get("guarantee") or {}
    trace = guarantee.get("trace") or []
    made = {"reliability": reliability(rows) if rows else None, "certificate": walk(trace) if trace else None}
    return {name: figure for name, figure in made.items() if figure is not None}


def reliability(rows: list[Mapping[str, Any]]) -> Figure:
    """Draw stated confidence against the share that was right, with 95 % intervals, in log-odds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axis = figure.subplots()
    stated = [row["mean_confidence"] for row in rows]
    right = [row["share"] for row in rows]
    low = [max(row["share"] - row["interval_95"][0], 0.0) for row in rows]
    high = [max(row["interval_95"][1] - row["share"], 0.0) for row in rows]
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="perfectly calibrated")
    axis.errorbar(
        stated, right, yerr=[low, high], fmt="o", markersize=4, linewidth=1, capsize=2, label="payments"
    )
    axis.set(
        xlabel="stated confidence", ylabel="share that was right", title="Reliability, bins of equal mass"
    )
    axis.legend(frameon=False)
    return figure


def walk(trace: list[Mapping[str, Any]]) -> Figure:
    """Draw the tests of a certificate in their pre-registered order: the bound found against the rung."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axis = figure.subplots()
    payments = [row["n"] for row in trace]
    bound = [max(row["cp_upper"], row["cluster_upper"]) for row in trace]
    axis.plot(payments, bound, "o-", markersize=3, linewidth=1, label="upper bound of the false share")
    axis.plot(
        payments,
        [row["alpha"] for row in trace],
        color="0.4",
        linewidth=1,
        drawstyle="steps-mid",
        label="rung",
    )
    axis.set(
        xlabel="payments closed at this step", ylabel="share", yscale="log", title="Walk of the certificate"
    )
    axis.legend(frameon=False)
    return figure
