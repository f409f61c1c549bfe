"""The front door: the `tieout` command, which only composes the rooms."""

# Only the standard library and typer are imported at the top: `tieout --help` must answer in half a
# second, and the rooms bring numpy, arrow, duckdb and lightgbm with them.
from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from features.book import Book
    from features.bundle import Bundle
    from features.pipeline import MatchResult
    from receivables.policy import Policy

EXIT_UNUSABLE = 2
EXIT_QUARANTINED = 3
EXIT_INTERRUPTED = 130
PROGRESS_LINE_SECONDS = 5.0

app = typer.Typer(
    name="tieout",
    help="Tie payments out to the open items they settle: learn from history, match, explain, know what is safe.",
    epilog="Exit codes: 0 done, 2 usage or input that cannot be used at all, 3 done but some rows are quarantined.",
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


BookArgument = Annotated[Path, typer.Argument(metavar="BOOK", help="Folder with invoices, payments and the rest.")]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Model folder or registry name; default: the champion, else the base model."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]


def _print_version(value: bool) -> None:  # noqa: FBT001 -- the signature typer calls
    if value:
        typer.echo(f"tieout {_version()}")
        raise typer.Exit


@app.callback()
def front_door(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Tie payments out to the open items they settle: learn from history, match, explain, know what is safe."""


# ------------------------------------------------------------------------------------------- commands


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option("--out", help="Folder to build the demo in; default: tieout-demo.")] = None,
    invoices: Annotated[int, typer.Option("--invoices", min=500, max=200_000, help="Size of the book.")] = 6_000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed makes another book.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Play the whole loop on made-up data: learn from history, match held-out months, write the report."""
    folder = out or _home() / "tieout-demo"
    _check_demo_folder(folder)
    from features.book import read_book
    from features.bundle import load_bundle
    from training.scoring import score
    from training.synthetic import write_world
    from training.train import train_book
    from training.worlds import split

    with _Progress() as progress:
        progress("making a book", 0, 0)
        write_world(folder / "book", invoices=invoices, seed=seed, months=18)
        split(folder / "book", folder, months_history=15)
        progress("learning", 0, 0)
        metrics = train_book(read_book(folder / "history"), folder / "model", progress=progress)
        read = read_book(folder / "match")
        result = _match(read, load_bundle(folder / "model"), None, folder / "result", None, 2, progress)
        progress("scoring", 0, 0)
        scores = score(folder / "result", folder / "truth")
        _write_report(read, result, folder / "result", folder / "truth")
    if as_json:
        _print_json({"out": str(folder), "synthetic": True, "metrics": metrics, "scores": scores})
        return
    from training.scoring import print_scores

    print_scores(scores, title="Synthetic data: held-out months, decided by what the history taught")
    typer.echo(_demo_guide(folder))


@app.command()
def match(
    book: BookArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder for decisions, allocations, candidates and the report.")],
    model: ModelOption = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="Policy JSON instead of the model's own.")] = None,
    engine: Annotated[Engine, typer.Option("--engine", help="What runs the joins.")] = Engine.DUCKDB,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="INSTANT", help="Decide with what was known then (ISO 8601, UTC).")
    ] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, max=64, help="Threads to use.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Match a book of files into a folder of files; nothing is posted anywhere."""
    if engine is Engine.SPARK:
        _refuse("--engine spark is not there yet; use --engine duckdb.")
    instant = _instant(as_of)
    _check_book_folder(book)
    _check_out_folder(out, book)
    bundle, said = _model(model)
    rules = _policy(policy)
    with _Progress() as progress:
        progress("reading the book", 0, 0)
        read = _read(book, out)
        result = _match(read, bundle, rules, out, instant, threads, progress)
        progress("writing the report", 0, 0)
        _write_report(read, result, out, None)
    if as_json:
        _print_json(
            {"out": str(out), "model": said, "quarantined": read.problems.num_rows, "summary": result.summary}
        )
    else:
        from features.report.words import match_lines

        typer.echo(f"Model: {said}")
        for line in match_lines(result):
            typer.echo(line)
        typer.echo(f"Read {out / 'report.html'} in a browser; decisions.csv and allocations.csv lie beside it.")
    _finish(read, out)


@app.command()
def train(
    book: BookArgument,
    out: Annotated[Path | None, typer.Option("--out", help="Model folder to write; default: models/<book>.")] = None,
    register: Annotated[bool, typer.Option("--register", help="Enter the model in the registry.")] = False,
    tune: Annotated[bool, typer.Option("--tune", help="Search for better settings first (slower).")] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn a model and its policy from a book with history."""
    _check_book_folder(book)
    folder = out or _home() / "models" / book.resolve().name
    _check_out_folder(folder, book)
    from training.train import train_book

    with _Progress() as progress:
        progress("reading the book", 0, 0)
        read = _read(book, folder)
        metrics = train_book(read, folder, tune=tune, register=register, progress=progress)
    if as_json:
        _print_json({"out": str(folder), "metrics": metrics, "quarantined": read.problems.num_rows})
    else:
        from training.card import print_metrics

        print_metrics(metrics)
        typer.echo(f"Model and policy lie in {folder}; its to_check.csv lists the rows most worth a second look.")
    _finish(read, folder)


@app.command()
def evaluate(
    book: BookArgument,
    model: ModelOption = None,
    months: Annotated[int, typer.Option("--months", min=1, max=60, help="Held-out months at the end.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on the last months of a labelled book, by kind of case and with intervals."""
    _check_book_folder(book)
    bundle, said = _model(model)
    from training.scoring import evaluate_book

    with _Progress() as progress:
        progress("reading the book", 0, 0)
        read = _read(book, None)
        scores = evaluate_book(read, bundle, months=months, progress=progress)
    if as_json:
        _print_json({"model": said, "scores": scores, "quarantined": read.problems.num_rows})
    else:
        from training.scoring import print_scores

        print_scores(scores, title=f"Held-out quality of {said}")
    _finish(read, None)


# ------------------------------------------------------------------------------------------ composing


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
    progress: _Progress,
) -> MatchResult:
    from features.outputs import write_match
    from features.pipeline import match_book

    result = match_book(book, bundle, policy, as_of=as_of, threads=threads, progress=progress)
    write_match(result, out)
    return result


def _write_report(book: Book, result: MatchResult, out: Path, truth: Path | None) -> None:
    from features.report import write_report

    write_report(book, result, out, truth=truth)


def _model(name: str | None) -> tuple[Bundle, str]:
    """Return the bundle to use and the words that say which one it is."""
    from features.bundle import base_bundle, load_bundle

    registered = name if name is not None and name.startswith("models:/") else None
    if name is not None and registered is None:
        folder = Path(name)
        if not folder.is_dir():
            _refuse(f"--model {name} is neither a folder written by `tieout train` nor a models:/... name.")
        return load_bundle(folder), f"{folder} (given)"
    # mlflow takes seconds to import: only a registry that exists is worth asking.
    if registered is not None or (_home() / "mlruns" / "mlflow.db").exists():
        from training.registry import find_model

        found = find_model(registered or "models:/tieout@champion", _home())
        if found is not None:
            return load_bundle(found), registered or "models:/tieout@champion (the champion)"
        if registered is not None:
            _refuse(f"--model {registered} is not in the registry under {_home() / 'mlruns'}.")
    return base_bundle(), "the base model (cold start: transferred, not certified on your data)"


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    from receivables.policy import Policy

    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        _refuse(f"--policy {path} cannot be read: {error.strerror}.")
    except ValueError as error:
        _refuse(f"--policy {path} is not JSON: {error}.")
    return Policy.from_document(document)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        _refuse(f"--as-of {text} is not an ISO 8601 instant such as 2026-03-31T18:00:00Z.")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


# ------------------------------------------------------------------------------------- input and exits


def _home() -> Path:
    return Path(os.environ.get("TIEOUT_HOME") or ".")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tieout")
    except PackageNotFoundError:
        return "0 (not installed)"


def _refuse(sentence: str) -> NoReturn:
    raise UnusableInputError(sentence)


def _check_book_folder(book: Path) -> None:
    if not book.exists():
        _refuse(f"{book} does not exist; give the folder that holds invoices.csv and payments.csv.")
    if not book.is_dir():
        _refuse(f"{book} is a file; give the folder that holds invoices.csv and payments.csv.")


def _check_out_folder(out: Path, book: Path) -> None:
    if out.exists() and not out.is_dir():
        _refuse(f"--out {out} is a file; give a folder.")
    # The output has an allocations.csv of its own: written over a book it would destroy its history.
    if out.resolve() == book.resolve():
        _refuse("--out is the book itself, whose files would be overwritten; give another folder.")


def _check_demo_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        _refuse(f"--out {folder} is a file; give a folder.")
    marker = folder / "demo.json"
    if folder.is_dir() and any(folder.iterdir()) and not marker.exists():
        _refuse(f"--out {folder} holds other files; give a new folder, or remove that one.")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text('{"made_by": "tieout demo", "synthetic": true}\n', encoding="utf-8")


def _finish(book: Book, out: Path | None) -> None:
    rows = book.problems.num_rows
    if rows == 0:
        return
    where = f"; {out / 'quarantine.csv'} names each with its mend" if out is not None else ""
    typer.echo(f"tieout: {rows:,} problems in the input were quarantined{where}.", err=True)
    raise typer.Exit(EXIT_QUARANTINED)


def _print_json(document: Mapping[str, object]) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str, allow_nan=False))


def _demo_guide(folder: Path) -> str:
    return f"""
Everything above is synthetic. What lies in {folder}:
  book/     eighteen months, every payment labelled
  history/  the first fifteen, as an accounting system would export them
  match/    all of it, with the answers of the last three months taken out
  truth/    those answers, used for the score only
  model/    what was learnt: model, calibration, policy with its guarantee, model card
  result/   decisions, allocations, candidates, summary and report.html

Next:
  open {folder / "result" / "report.html"} in a browser
  tieout match {folder / "match"} --model {folder / "model"} --out {folder / "again"}
  tieout match YOUR_BOOK --out YOUR_RESULT"""


class _Progress:
    """Says on standard error what runs, how fast, and how long it will take."""

    def __init__(self) -> None:
        self._stage = ""
        self._started = self._printed = time.monotonic()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.stderr.isatty():
            self._line("")

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` are through `stage`; a total of 0 means it cannot be known."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._printed = stage, now, 0.0
        live = sys.stderr.isatty()
        if now - self._printed < (0.1 if live else PROGRESS_LINE_SECONDS):
            return
        self._printed = now
        self._line(stage + _pace(done, total, now - self._started))

    @staticmethod
    def _line(text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[2K{text}")
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _pace(done: int, total: int, seconds: float) -> str:
    if total <= 0:
        return " ..."
    if done <= 0 or seconds <= 0:
        return f" {done:,} of {total:,}"
    rate = done / seconds
    left = (total - done) / rate
    return f" {done:,} of {total:,}, {rate:,.0f}/s, {left:,.0f} s left"


def main() -> None:
    """Run the command line and turn what a user can mend into one sentence and exit code 2."""
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="tieout", standalone_mode=False)
    except typer.TyperException as error:
        code = _fail("usage", f"{error.format_message()} Try `tieout --help`.")
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("tieout: interrupted.", err=True)
        code = EXIT_INTERRUPTED
    except UnusableInputError as error:
        code = _fail(error.code, str(error))
    except OSError as error:
        code = _fail("io", f"{error.filename or 'a file'}: {error.strerror or error}.")
    sys.exit(code if isinstance(code, int) else 0)


def _fail(code: str, sentence: str) -> int:
    typer.echo(f"tieout: {sentence}", err=True)
    if "--json" in sys.argv:
        _print_json({"error": {"code": code, "message": sentence}})
    return EXIT_UNUSABLE


if __name__ == "__main__":
    main()
