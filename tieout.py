"""The front door: the `tieout` command, which only composes the rooms."""

# Only the standard library and typer are imported at the top: `tieout --help` must answer in half a
# second, and the rooms bring numpy, arrow, duckdb and lightgbm with them.
from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

import serving.commands
import training.commands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.book import Book
    from features.bundle import Bundle
    from features.pipeline import MatchResult
    from features.progress import ProgressLine
    from receivables.policy import Policy

EXIT_UNUSABLE = 2
EXIT_QUARANTINED = 3
EXIT_INTERRUPTED = 130
BOOK_HINT = "give the folder that holds invoices.csv and payments.csv (or .parquet)."

app = typer.Typer(
    name="tieout",
    epilog="Exit codes: 0 done, 2 usage or input that cannot be used at all, 3 done with rows in quarantine.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"max_content_width": 110},
)


class Engine(StrEnum):
    """What runs the joins of a batch."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class UnusableInputError(Exception):
    """This input cannot be used."""

    code = "unusable_input"


BookArgument = Annotated[
    Path, typer.Argument(metavar="BOOK", help="Folder with invoices, payments and more.")
]
ModelOption = Annotated[
    str | None,
    typer.Option(help="Model folder or registry name; default: the champion, else the base model."),
]
OutFolder = Annotated[Path, typer.Option(help="Folder for decisions, allocations and the report.")]
DemoFolder = Annotated[
    Path | None, typer.Option("--out", help="Folder to build it in; default: tieout-demo.")
]
ModelFolder = Annotated[Path | None, typer.Option("--out", help="Model folder; default: models/<book>.")]
PolicyFile = Annotated[Path | None, typer.Option(help="JSON file of knobs that tighten the model's policy.")]
EngineOption = Annotated[Engine, typer.Option(help="What runs the joins.")]
AsOfOption = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="Decide with what was known then (ISO 8601, UTC).")
]
ThreadsOption = Annotated[int, typer.Option(min=1, max=64, help="Threads to use.")]
InvoicesOption = Annotated[int, typer.Option(min=200, max=200_000, help="Size of the book.")]
SeedOption = Annotated[int, typer.Option(help="Another seed makes another book.")]
RegisterOption = Annotated[bool, typer.Option("--register", help="Enter the model in the registry.")]
TuneOption = Annotated[bool, typer.Option("--tune", help="Search for better settings first (slower).")]
MonthsOption = Annotated[int, typer.Option(min=1, max=60, help="How many of the last months to hold out.")]
FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, folders, zip, gzip.")]
BookFolder = Annotated[Path, typer.Option(metavar="BOOK", help="Book to write or add to.")]
LayoutOption = Annotated[str | None, typer.Option(metavar="NAME", help="Layout of tables, or a file of one.")]
HintOption = Annotated[str | None, typer.Option(help="Of the own account, where a file names none.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"tieout {_version()}")
        raise typer.Exit


@app.callback()
def front_door(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tie payments out to the open items they settle: learn, match, explain, and know what is safe."""


# ---------------------------------------------------------------------------------------------- commands


@app.command()
def demo(
    out: DemoFolder = None,
    invoices: InvoicesOption = 12_000,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Play the whole loop on made-up data."""
    folder = out or _home() / "tieout-demo"
    _take_demo_folder(folder)
    from features.progress import ProgressLine
    from training.demo import play

    progress = ProgressLine()
    played = play(folder, invoices, seed, progress)
    progress.end()
    if as_json:
        _print_json(
            {"out": str(folder), "synthetic": True, "metrics": played["metrics"], "scores": played["scores"]}
        )
        return
    from rich.console import Console

    from features.report.terminal import demo_guide, guarantee_lines, score_table

    table = score_table(played["scores"], "Synthetic data: held-out months against their truth")
    Console().print(table)
    for line in guarantee_lines(played["summary"]):
        typer.echo(line)
    typer.echo(demo_guide(folder))


@app.command()
def match(
    book: BookArgument,
    out: OutFolder,
    model: ModelOption = None,
    policy: PolicyFile = None,
    engine: EngineOption = Engine.DUCKDB,
    as_of: AsOfOption = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Match a book of files; nothing is posted."""
    if engine is Engine.SPARK:
        _refuse("--engine spark is not there yet; use --engine duckdb.")
    instant = _instant(as_of)
    _check_book_folder(book)
    _check_out_folder(out, book)
    from features.memory import keep_freed_memory

    keep_freed_memory()
    from features.progress import ProgressLine

    bundle, said = _model(model)
    rules = _policy(policy, bundle)
    progress = ProgressLine()
    progress("reading the book")
    from features.pipeline import canonical

    read = canonical(_read(book, out))  # once: matching would sort a copy beside this one
    result = _match(read, bundle, rules, out, instant, threads, progress)
    progress("writing the report")
    _write_report(read, result, out)
    progress.end()
    if as_json:
        _print_json(
            {"out": str(out), "model": said, "quarantined": read.quarantined, "summary": result.summary}
        )
    else:
        from features.report.terminal import match_lines

        for line in (*match_lines(result.summary), f"Model: {said}"):
            typer.echo(line)
        typer.echo(
            f"Open {out / 'report.html'} in a browser; decisions.csv and allocations.csv lie beside it."
        )
    _finish(read, out)


@app.command()
def train(
    book: BookArgument,
    out: ModelFolder = None,
    register: RegisterOption = False,
    tune: TuneOption = False,
    as_json: JsonOption = False,
) -> None:
    """Learn a model and its policy from history."""
    _check_book_folder(book)
    folder = out or _home() / "models" / book.resolve().name
    _check_out_folder(folder, book)
    for option, is_given, package in (("--register", register, "mlflow"), ("--tune", tune, "optuna")):
        if is_given and find_spec(package) is None:
            _refuse(f"{option} needs {package}: install tieout[train].")
    from features.bundle import load_bundle
    from features.progress import ProgressLine
    from training.train import train_book

    progress = ProgressLine()
    progress("reading the book")
    read = _read(book, folder)
    metrics = train_book(read, folder, tune=tune, register=register, progress=progress)
    progress.end()
    if as_json:
        _print_json({"out": str(folder), "metrics": metrics, "quarantined": read.quarantined})
    else:
        from features.report.terminal import guarantee_lines

        for line in guarantee_lines(load_bundle(folder).policy):
            typer.echo(line)
        typer.echo(
            f"Model, policy and card lie in {folder}; to_check.csv lists the rows most worth a check.\n"
            f"Next: tieout match BOOK --model {folder} --out DIR"
        )
    _finish(read, folder)


@app.command()
def evaluate(
    book: BookArgument, model: ModelOption = None, months: MonthsOption = 3, as_json: JsonOption = False
) -> None:
    """Measure a model on held-out months of a book."""
    _check_book_folder(book)
    bundle, said = _model(model)
    from features.progress import ProgressLine
    from training.scoring import evaluate_book, print_scores

    progress = ProgressLine()
    progress("reading the book")
    read = _read(book, None)
    scores = evaluate_book(read, bundle, months=months, progress=progress)
    progress.end()
    if as_json:
        _print_json({"model": said, "months": months, "scores": scores, "quarantined": read.quarantined})
    else:
        print_scores(scores, title=f"The last {months} months of {book}, held out from {said}")
    _finish(read, None)


@app.command()
def convert(
    files: FilesArgument,
    out: BookFolder,
    layout: LayoutOption = None,
    account: HintOption = None,
    currency: HintOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn statements, gateway reports and e-invoices into a book."""
    from features.ingest.telling import convert_and_tell

    told = convert_and_tell(files, out, layout, account, currency, as_json=as_json)
    typer.echo("\n".join(told.lines))
    typer.echo(told.warning, err=True, nl=bool(told.warning))
    raise typer.Exit(told.code)


training.commands.register(app)
serving.commands.register(app)


# --------------------------------------------------------------------------------------------- composing


def _read(book: Path, out: Path | None) -> Book:
    from features.book import read_book

    if out is None:
        return read_book(book)
    out.mkdir(parents=True, exist_ok=True)
    return read_book(book, quarantine_to=out / "quarantine.csv")


def _match(
    book: Book,
    bundle: Bundle,
    policy: Policy | None,
    out: Path,
    as_of: datetime | None,
    threads: int,
    progress: ProgressLine,
) -> MatchResult:
    from features.outputs import CandidateFile, write_match
    from features.pipeline import match_book

    pairs = CandidateFile(out)
    result = match_book(book, bundle, policy, as_of=as_of, threads=threads, progress=progress, sink=pairs)
    pairs.close()
    write_match(result, out)
    return result


def _write_report(book: Book, result: MatchResult, out: Path) -> None:
    from features.report import write_report

    write_report(book, result, out)


def _model(name: str | None) -> tuple[Bundle, str]:
    from training.model_choice import choose_model

    return choose_model(name, _home())


def _policy(path: Path | None, bundle: Bundle) -> Policy | None:
    """Put the knobs of a file on top of the model's policy; looser ones cost the guarantee."""
    if path is None:
        return None
    from receivables.policy import Policy, knobs_from_json

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _refuse(f"--policy {path} is not UTF-8 text.")
    return Policy.from_dict(bundle.policy).merged_with(knobs_from_json(text))


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"--as-of {text} is not an ISO 8601 instant such as 2026-03-31T18:00:00Z.")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


# --------------------------------------------------------------------------------------- input and exits


def _home() -> Path:
    return Path(os.environ.get("TIEOUT_HOME") or ".")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tieout")
    except PackageNotFoundError:
        return "from source"


def _refuse(sentence: str) -> NoReturn:
    raise UnusableInputError(sentence)


def _check_book_folder(book: Path) -> None:
    if not book.exists():
        _refuse(f"{book} does not exist; {BOOK_HINT}")
    if not book.is_dir():
        _refuse(f"{book} is a file; {BOOK_HINT}")


def _check_out_folder(out: Path, book: Path | None = None) -> None:
    if out.exists() and not out.is_dir():
        _refuse(f"--out {out} is a file; give a folder.")
    # The output has an allocations.csv of its own: written over a book it would destroy its history.
    if book is not None and (out.resolve() == book.resolve() or any(_holds_book(out))):
        _refuse(f"--out {out} holds a book, whose files would be overwritten; give another folder.")


def _holds_book(folder: Path) -> list[Path]:
    return [folder / name for name in ("invoices.csv", "invoices.parquet") if (folder / name).exists()]


def _take_demo_folder(folder: Path) -> None:
    _check_out_folder(folder)
    marker = folder / "demo.json"
    if folder.is_dir() and any(folder.iterdir()) and not marker.exists():
        _refuse(f"--out {folder} holds files of yours; give a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text('{"made_by": "tieout demo", "synthetic": true}\n', encoding="utf-8")


def _finish(book: Book, out: Path | None) -> None:
    if not book.quarantined:
        return
    where = (
        f"{out / 'quarantine.csv'} says what is wrong with each and how to mend it"
        if out
        else "they were left out"
    )
    typer.echo(f"tieout: {book.quarantined:,} rows of the book were set aside; {where}.", err=True)
    raise typer.Exit(EXIT_QUARANTINED)


def _print_json(document: Mapping[str, object]) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str))


def main() -> None:
    """Run the command line and turn what a user can mend into one sentence and exit code 2."""
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="tieout", standalone_mode=False)
    except typer.TyperException as error:
        code = _fail("usage", f"{error.format_message()} Try `tieout --help`.")
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("tieout: interrupted.", err=True)
        code = EXIT_INTERRUPTED
    except OSError as error:
        code = _fail("file", f"{error.filename or 'a file'}: {error.strerror or error}.")
    except Exception as error:
        # Each intended error of the rooms carries a stable code and a sentence that says the mend.
        said = getattr(type(error), "code", None)
        if not isinstance(said, str):
            raise
        code = _fail(said, str(error))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(code: str, sentence: str) -> int:
    one_line = " ".join(sentence.split())
    typer.echo(f"tieout: {one_line}", err=True)
    if "--json" in sys.argv:
        _print_json({"error": {"code": code, "message": one_line}})
    return EXIT_UNUSABLE


if __name__ == "__main__":
    main()
