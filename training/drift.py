"""Drift: whether the payments, invoices and decisions of a month still look like those the model learnt on.

Evidently computes the distances (population stability index, fixed thresholds: 0.1 look, 0.25 act) and draws
the report; what a distance means, and what to do about it, is said here. Nothing else imports Evidently.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from features.book import Book
from receivables.errors import TieoutError
from training.monitored import CATEGORIES, Period, decisions_view, invoices_view, payments_view, volumes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DriftError", "DriftReport", "Severity", "Signal", "find_drift", "write_report"]

LOOK: Final = 0.1
ACT: Final = 0.25
RARE: Final = 0.2
"""A day's worth added to both sides, so that one stranger after none is no burst."""

LEAST_ROWS: Final = 100
"""Rows below which a distance is mostly chance: with ten bins its expectation is 9 (1/n + 1/m)."""

BUSIER: Final = 1.5
STRANGERS: Final = 3.0
"""How many times the usual number a day is worth a look; strangers vary more."""


class DriftError(TieoutError):
    """There is too little to compare."""

    code = "drift_not_measurable"
    mend = f"Give periods with at least {LEAST_ROWS} payments each."


class Severity(IntEnum):
    """What to do: nothing, look at it, retrain, or stop closing by itself until somebody has looked."""

    NOTHING = 0
    LOOK = 1
    RETRAIN = 2
    STOP = 3

    @property
    def exit_code(self) -> int:
        """What the command exits with, so that a scheduler can act."""
        return 0 if self is Severity.NOTHING else 3 + self.value


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it means that columns of a view have moved."""

    name: str
    view: str
    columns: tuple[str, ...]
    severity: Severity
    advice: str
    least: float = ACT


MEANINGS: Final = (
    Meaning(
        "new_numbering_scheme", "invoices", ("number_shape", "number_length"), Severity.RETRAIN,
        "Document numbers are built in a new way: check who issues them, then retrain.",
    ),
    Meaning(
        "new_bank_format", "payments",
        ("text_layout", "text_length", "text_digits", "text_capitals", "text_numbers"), Severity.RETRAIN,
        "The bank writes remittance texts in another form: check the reader, then retrain.",
    ),
    Meaning(
        "price_change", "invoices", ("price_step",), Severity.LOOK,
        "Many customers pay another price than before: amounts alone mislead for a while.",
    ),
    Meaning(
        "merged_customers", "decisions", ("same_customer",), Severity.RETRAIN,
        "Payers' money goes to other customers than before: check merges in the master data, then retrain.",
        LOOK,
    ),
    Meaning(
        "currency_shift", "payments", ("currency",), Severity.RETRAIN,
        "The mix of currencies moved: check rates, then retrain.",
    ),
    Meaning(
        "truncated_names", "payments", ("name_length",), Severity.RETRAIN,
        "Payer names have another length: the source may cut them.",
    ),
    Meaning(
        "lost_field", "payments", tuple(sorted(name for name in CATEGORIES if name.startswith("has_"))),
        Severity.STOP,
        "A field that carries evidence comes or goes: mend the source before anything closes.",
    ),
    Meaning(
        "clock_shift", "payments", ("days_to_known", "days_to_value"), Severity.LOOK,
        "Payments become known sooner or later than before: check clocks, time zones and cut-off times.",
    ),
    Meaning(
        "unsure_model", "decisions", ("sureness", "outcome"), Severity.RETRAIN,
        "Confidence or outcomes moved: find out why before the next certificate.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that moved, how far, and what to do."""

    name: str
    severity: Severity
    moved: Mapping[str, float]
    advice: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Every distance, and the signals read off them, worst first."""

    reference: Period
    current: Period
    distances: Mapping[str, float]
    daily: Mapping[str, tuple[float, float]]
    signals: tuple[Signal, ...]

    @property
    def severity(self) -> Severity:
        """The worst of the signals."""
        return max((signal.severity for signal in self.signals), default=Severity.NOTHING)

    def to_dict(self) -> dict[str, Any]:
        """Write everything as JSON values."""
        said = asdict(self)
        for period in ("reference", "current"):
            said[period] = {name: day.isoformat() for name, day in said[period].items()}
        for signal in said["signals"]:
            signal["severity"] = Severity(signal["severity"]).name.lower()
        return {**said, "severity": self.severity.name.lower()}


@dataclass(frozen=True, slots=True)
class Views:
    """The tables of one period."""

    payments: pd.DataFrame
    invoices: pd.DataFrame
    decisions: pd.DataFrame | None
    daily: Mapping[str, float]

    @classmethod
    def of(cls, book: Book, period: Period, decisions: pa.Table | None) -> Views:
        """Describe a period of a book and, where given, the decisions on its payments."""
        decided = None if decisions is None else decisions_view(book, decisions, period)
        return cls(payments_view(book, period), invoices_view(book, period), decided, volumes(book, period))

    def named(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        tables = {"payments": self.payments, "invoices": self.invoices}
        return tables if self.decisions is None else {**tables, "decisions": self.decisions}


def find_drift(
    book: Book,
    reference: Period,
    current: Period,
    *,
    decisions: tuple[pa.Table, pa.Table] | None = None,
    keep: list[Any] | None = None,
) -> DriftReport:
    """Compare two periods of a book; ``decisions`` are those of the same model on both.

    ``keep`` collects Evidently's snapshots, for the HTML report. Raises `DriftError` on too few rows.
    """
    before = Views.of(book, reference, None if decisions is None else decisions[0])
    now = Views.of(book, current, None if decisions is None else decisions[1])
    if min(len(before.payments), len(now.payments)) < LEAST_ROWS:
        raise DriftError(f"{len(before.payments)} and {len(now.payments)} payments are too few to compare.")
    distances: dict[str, float] = {}
    for view, table in before.named().items():
        other = now.named()[view]
        if min(len(table), len(other)) >= LEAST_ROWS:
            found = _distances(table, other, keep)
            distances.update({f"{view}.{column}": value for column, value in found.items()})
    daily = {name: (before.daily[name], now.daily[name]) for name in now.daily}
    signals = [*_meant(distances), *_volume_signals(daily)]
    signals.sort(key=lambda signal: (-signal.severity, signal.name))
    return DriftReport(reference, current, distances, daily, tuple(signals))


def write_report(report: DriftReport, folder: Path, snapshots: Sequence[Any]) -> None:
    """Write `drift.json`, `drift.prom` for the node exporter's text files, and one page a view."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drift.json").write_text(
        json.dumps(report.to_dict(), indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    lines = ["# TYPE tieout_drift_psi gauge"]
    lines += [
        f'tieout_drift_psi{{column="{name}"}} {value:.6f}' for name, value in sorted(report.distances.items())
    ]
    lines += ["# TYPE tieout_drift_severity gauge", f"tieout_drift_severity {int(report.severity)}"]
    (folder / "drift.prom").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for number, snapshot in enumerate(snapshots):
        snapshot.save_html(str(folder / f"view-{number + 1}.html"))


def _distances(reference: pd.DataFrame, current: pd.DataFrame, keep: list[Any] | None) -> dict[str, float]:
    """Ask Evidently for the stability index of every column."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import ValueDrift
        from evidently.tests import lt

        words = [name for name in reference.columns if name in CATEGORIES]
        numbers = [name for name in reference.columns if name not in CATEGORIES]
        definition = DataDefinition(numerical_columns=numbers, categorical_columns=words)
        metrics = [
            ValueDrift(column=name, method="psi", threshold=LOOK, tests=[lt(ACT)])
            for name in reference.columns
        ]
        snapshot = Report(metrics).run(
            current_data=Dataset.from_pandas(current, definition),
            reference_data=Dataset.from_pandas(reference, definition),
        )
        said = json.loads(snapshot.json())
    if keep is not None:
        keep.append(snapshot)
    return {metric["config"]["column"]: float(metric["value"]) for metric in said["metrics"]}


def _meant(distances: Mapping[str, float]) -> list[Signal]:
    found = []
    for meaning in MEANINGS:
        of = {name: distances.get(f"{meaning.view}.{name}", 0.0) for name in meaning.columns}
        moved = {name: value for name, value in of.items() if value >= meaning.least}
        if moved:
            found.append(Signal(meaning.name, meaning.severity, moved, meaning.advice))
    return found


def _volume_signals(daily: Mapping[str, tuple[float, float]]) -> list[Signal]:
    """Read the numbers a day: a burst of strangers is no season."""
    ratio = {name: (now + RARE) / (before + RARE) for name, (before, now) in daily.items()}
    found = []
    if ratio["strangers"] >= STRANGERS:
        found.append(
            Signal(
                "fraud_burst",
                Severity.STOP,
                {"strangers": ratio["strangers"]},
                "Far more payments than usual come from strangers: nothing closes until somebody looked.",
            )
        )
    moved = {name: ratio[name] for name in ("payments", "invoices") if not 1 / BUSIER < ratio[name] < BUSIER}
    if moved:
        found.append(Signal("season", Severity.LOOK, moved, "Much more or less comes in a day than before."))
    return found
