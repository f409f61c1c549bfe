"""The commands of the learning loop: retrain, shadow, promote, drift; each may be repeated by a scheduler."""

# Only the standard library and typer at the top: `tieout --help` must answer in half a second.
from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from receivables.errors import TieoutError

if TYPE_CHECKING:
    from features.book import Book
    from training.monitored import Period

__all__ = ["register"]

SourceArgument = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="A snapshot folder, or a labelled book, which becomes one.")
]
AsOfOption = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="Learn from what was known then (ISO 8601, UTC).")
]
MonthsOption = Annotated[int, typer.Option(min=1, max=24, help="Months at the end that nothing learns from.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
TuneOption = Annotated[bool, typer.Option("--tune", help="Search for better settings first (slower).")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="A registry name.")]
BookOption = Annotated[
    Path | None, typer.Option("--book", help="Snapshot or labelled book on which both models are judged.")
]
ApproveOption = Annotated[str | None, typer.Option("--approve", metavar="NAME", help="Who approves it.")]
StopOption = Annotated[bool, typer.Option("--stop", help="Let no challenger decide beside any more.")]
BackOption = Annotated[bool, typer.Option("--back", help="Make the model before the current one current.")]
MonthOption = Annotated[
    str | None,
    typer.Option("--month", metavar="YYYY-MM", help="The month to look at; default: the last whole one."),
]
AgainstOption = Annotated[
    int, typer.Option("--against", min=1, max=24, help="Months before it to compare with.")
]
DriftModelOption = Annotated[
    str | None, typer.Option("--model", help="Decide both periods with this model and compare that too.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder for the report; default: reports/drift/.")
]


class UsageError(TieoutError):
    """The command cannot be carried out as given."""

    code = "usage"
    mend = "See `tieout COMMAND --help`."


def register(app: typer.Typer) -> None:
    """Add the commands to the front door."""
    app.command()(retrain)
    app.command()(shadow)
    app.command()(promote)
    app.command()(drift)


def retrain(
    source: SourceArgument,
    as_of: AsOfOption = None,
    months: MonthsOption = 2,
    tune: TuneOption = False,
    as_json: JsonOption = False,
) -> None:
    """Learn a challenger from a snapshot and enter it in the registry."""
    from features.progress import ProgressLine
    from training.retrain import retrain as learn

    progress = ProgressLine()
    made = learn(
        _snapshot(source), _home(), as_of=_instant(as_of), months=months, tune=tune, progress=progress
    )
    progress.end()
    if as_json:
        _print(made.to_dict())
        return
    auto, false = made.held_out["auto"], made.held_out["false"]
    typer.echo(
        f"Challenger {made.registered} in {made.folder}\n"
        f"  learnt from snapshot {made.snapshot[:16]} with {made.labels['labels']:,} labels of reviewers\n"
        f"  held-out months: {auto['rate']:.1%} closed automatically, "
        f"{false['count']:g} of {false['of']:g} false\n"
        "Next: tieout shadow models:/tieout@challenger, and after a week\n"
        f"  tieout promote models:/tieout@challenger --book {source} --approve NAME"
    )


def shadow(model: ModelArgument = "models:/tieout@challenger", stop: StopOption = False) -> None:
    """Let a challenger decide beside the model in use, and nothing come of it; `promote` wants a week."""
    from features.publication import shadow_note
    from training.promote import stop_shadow, watch_challenger

    if stop:
        stop_shadow(_home())
        typer.echo("No challenger decides beside the model in use.")
        return
    current = watch_challenger(model, _home(), at=_now())
    assert current.challenger is not None
    typer.echo(
        f"{current.challenger.name} decides beside {current.model.name}; the service notes how they compare "
        f"in {shadow_note(_home(), current.challenger.name)}."
    )


def promote(
    model: ModelArgument = "models:/tieout@challenger",
    book: BookOption = None,
    approve: ApproveOption = None,
    months: MonthsOption = 2,
    back: BackOption = False,
    as_json: JsonOption = False,
) -> None:
    """Judge a challenger against the champion and, approved by a person, make it current."""
    now = _now()
    if back:
        from training.promote import go_back

        if not approve:
            raise UsageError("Going back needs a name, too: --approve NAME.")
        current = go_back(_home(), by=approve, at=now)
        typer.echo(f"{current.model.name} is current again.")
        return
    if book is None:
        raise UsageError("Give the snapshot or labelled book on which both are judged: --book SOURCE.")
    from features.progress import ProgressLine
    from training.promote import promote as judge

    progress = ProgressLine()
    done = judge(model, _book(book), _home(), approved_by=approve, at=now, months=months, progress=progress)
    progress.end()
    if as_json:
        _print(done.report.to_dict())
        return
    for check in done.report.checks:
        typer.echo(f"  {'ok ' if check.passed else 'NO '} {check.name}: {check.said}")
    typer.echo(f"{done.report.challenger} is current, approved by {approve}. Report: {done.report_file}")


def drift(
    source: SourceArgument,
    month: MonthOption = None,
    against: AgainstOption = 6,
    model: DriftModelOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a month with the ones before it; exits 0 nothing, 4 look, 5 retrain, 6 stop auto-closing."""
    if find_spec("evidently") is None:
        raise UsageError("Drift needs evidently: install tieout[monitor].")
    from training.drift import find_drift, write_report

    book = _book(source)
    current, reference = _periods(book, month, against)
    decisions = None if model is None else _decisions(book, model, reference, current)
    kept: list[Any] = []
    report = find_drift(book, reference, current, decisions=decisions, keep=kept)
    folder = out or _home() / "reports" / "drift" / f"{current.start:%Y-%m}"
    write_report(report, folder, kept)
    if as_json:
        _print(report.to_dict())
    else:
        for signal in report.signals:
            moved = ", ".join(f"{name} {value:.2f}" for name, value in signal.moved.items())
            typer.echo(f"{signal.severity.name.lower():8} {signal.name}: {moved}. {signal.advice}")
        said = report.severity.name.lower()
        typer.echo(f"{current.start:%Y-%m} against {against} months before: {said}. Report: {folder}")
    if report.severity.exit_code:
        raise typer.Exit(report.severity.exit_code)


def _decisions(book: Book, model: str, reference: Period, current: Period) -> tuple[Any, Any]:
    """Decide the last reference month and the month to look at, as they would have been decided."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from features.pipeline import match_book
    from training.held_out import hold_out
    from training.model_choice import choose_model

    bundle, _ = choose_model(model, _home())
    last = pc.max(book.payments["booking_date"]).as_py()
    months = (last.year - current.start.year) * 12 + last.month - current.start.month + 2
    decisions = match_book(hold_out(book, months).book, bundle).decisions
    place = pc.index_in(decisions["payment_id"], value_set=book.payments["payment_id"].combine_chunks())
    booked = book.payments["booking_date"].combine_chunks().take(place)
    before = pc.and_(
        pc.greater_equal(booked, pa.scalar(reference.start)), pc.less(booked, pa.scalar(reference.end))
    )
    now = pc.and_(pc.greater_equal(booked, pa.scalar(current.start)), pc.less(booked, pa.scalar(current.end)))
    return decisions.filter(before), decisions.filter(now)


def _periods(book: Book, month: str | None, against: int) -> tuple[Period, Period]:
    import pyarrow.compute as pc

    from training.monitored import Period

    last = pc.max(book.payments["booking_date"]).as_py() if book.payments.num_rows else None
    if last is None:
        raise UsageError("The book has no payments.")
    try:
        start = date.fromisoformat(f"{month}-01") if month else _months_on(date(last.year, last.month, 1), -1)
    except ValueError as error:
        raise UsageError(f"--month {month} is no month such as 2026-03.") from error
    return Period(start, _months_on(start, 1)), Period(_months_on(start, -against), start)


def _months_on(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _snapshot(source: Path) -> Path:
    """Return the snapshot, made from a book where one is given."""
    from features.snapshot import MANIFEST, write_snapshot

    if (source / MANIFEST).exists():
        return source
    return write_snapshot(_plain_book(source), None, _home() / "snapshots", facts={"from": "book"})


def _book(source: Path) -> Book:
    """Return the labelled book behind a snapshot, or the book in a folder."""
    from features.snapshot import MANIFEST, open_snapshot
    from training.labels import labelled_book, resolve

    if not (source / MANIFEST).exists():
        return _plain_book(source)
    snapshot = open_snapshot(source)
    return labelled_book(snapshot, resolve(snapshot.votes, snapshot.book))


def _plain_book(source: Path) -> Book:
    from features.book import read_book

    if not source.is_dir():
        raise UsageError(f"{source} is no folder.")
    return read_book(source)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--as-of {text} is no instant such as 2026-03-31T18:00:00Z.") from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _home() -> Path:
    return Path(os.environ.get("TIEOUT_HOME") or ".")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the edge: a person approves now


def _print(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str))
