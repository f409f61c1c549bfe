"""`tieout migrate`, `ingest` and `run`: a book in the store, matched and posted in bulk."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from features.progress import ProgressLine
    from serving.catch_up import CaughtUp
    from serving.ingest import Intake
    from serving.model_slot import LoadedModel
    from serving.store.store import Store

EXIT_QUARANTINED = 3
_NAME = re.compile(r"[^A-Za-z0-9._-]+")

BookFolder = Annotated[Path, typer.Argument(metavar="BOOK", help="Folder with invoices, payments and more.")]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Name of the book in the store; default: the folder's name.")
]
BookOption = Annotated[
    str | None, typer.Option("--book", help="Name of the book in the store; default: the only one there is.")
]
ModelOption = Annotated[
    Path | None, typer.Option(help="Model folder; default: the published champion, else the base model.")
]
LaterOption = Annotated[
    bool, typer.Option("--later", help="Take the rows and leave matching to `tieout run`.")
]
ThreadsOption = Annotated[int, typer.Option(min=1, max=64, help="Threads to use.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(migrate)
    app.command()(ingest)
    app.command()(run)


def migrate(as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """Make the store's tables, or bring them to this version."""
    from serving.store.migrations import migrate as bring

    with opened(check=False) as store:
        before, after = bring(store)
    if as_json:
        _say_json({"before": before, "after": after})
    else:
        typer.echo(
            f"The store is at {after}."
            if before == after
            else f"The store went from {before or 'nothing'} to {after}."
        )


def ingest(
    book: BookFolder,
    name: NameOption = None,
    model: ModelOption = None,
    later: LaterOption = False,  # noqa: FBT002 - a flag of the command line
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,  # noqa: FBT002 - as above
) -> None:
    """Take a book of files into the store and match its new payments."""
    from features.book import read_book
    from features.progress import ProgressLine
    from serving.clock import wall_clock
    from serving.ingest import ingest_book

    progress = ProgressLine()
    progress("reading the book")
    folder = home() / "reports" / "quarantine"
    read = read_book(book, quarantine_to=folder / f"{book.resolve().name}.csv")
    book_id = name or _NAME.sub("-", book.resolve().name)
    with opened() as store:
        store.create_book(book_id, book_id, wall_clock())
        progress("taking rows")
        intake = ingest_book(store, book_id, read, wall_clock())
        done = None if later else _catch_up(store, book_id, model, threads, progress)
    progress.end()
    _tell_intake(book_id, intake, done, read.quarantined, as_json=as_json)
    if read.quarantined or intake.refusals:
        if not as_json:
            where = folder / f"{book.resolve().name}.csv"
            typer.echo(
                f"tieout: {read.quarantined:,} rows set aside ({where}), {len(intake.refusals):,} refused.",
                err=True,
            )
            for refusal in intake.refusals[:20]:
                typer.echo(f"  {refusal.table} {refusal.id}: {refusal.message} {refusal.mend}", err=True)
        raise typer.Exit(EXIT_QUARANTINED)


def run(
    book: BookOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Match everything undecided in the store and post it; goes on where a killed run stood."""
    from features.progress import ProgressLine

    progress = ProgressLine()
    with opened() as store:
        book_id = the_book(store, book)
        done = _catch_up(store, book_id, model, threads, progress)
    progress.end()
    if as_json:
        _say_json({"book": book_id, **_counts(done)})
    else:
        typer.echo(_sentence(done))


# --------------------------------------------------------------------------- composing


def home() -> Path:
    """Where state lives."""
    return Path(os.environ.get("TIEOUT_HOME") or ".")


@contextmanager
def opened(*, check: bool = True) -> Iterator[Store]:
    """Open the store that the settings name; refuse one whose tables are not this version's."""
    from serving.store.migrations import check_migrated
    from serving.store.store import Store

    url = os.environ.get("TIEOUT_DATABASE_URL") or f"sqlite:///{home().resolve() / 'store.db'}"
    store = Store(url)
    try:
        if check:
            check_migrated(store)
        yield store
    finally:
        store.close()


def the_book(store: Store, name: str | None) -> str:
    """Find the book meant: the one named, else the only one."""
    from serving.store.errors import UnknownBookError

    books = store.books()
    if name is None and len(books) == 1:
        return books[0]
    if name in books:
        return name
    known = ", ".join(books[:20]) or "none"
    raise UnknownBookError(f"Say which book with --book; the store has: {known}.")


def model_of(folder: Path | None) -> LoadedModel:
    """Load the model in a folder, else the one that is published, else the base model."""
    from features.bundle import load_bundle
    from receivables.policy import Policy
    from serving.logs import set_up_logs
    from serving.model_slot import LoadedModel, ModelSlot

    if folder is not None:
        bundle = load_bundle(folder)
        return LoadedModel(bundle, Policy.from_dict(bundle.policy), bundle.name, "folder")
    set_up_logs("warning")
    slot = ModelSlot(home())
    slot.refresh()
    return slot.current()


def _catch_up(
    store: Store, book_id: str, folder: Path | None, threads: int, progress: ProgressLine
) -> CaughtUp:
    from serving.catch_up import catch_up
    from serving.clock import wall_clock

    model = model_of(folder)
    return catch_up(
        store, book_id, model.bundle, model.policy, wall_clock, progress=progress, threads=threads
    )


def _counts(done: CaughtUp) -> dict[str, Any]:
    return {
        "decided": done.decided,
        "unchanged": done.unchanged,
        "deferred": done.deferred,
        "outcomes": dict(sorted(done.outcomes.items())),
    }


def _sentence(done: CaughtUp) -> str:
    if not done.decided + done.unchanged + done.deferred:
        return "Nothing waits: every payment is decided or with a person."
    parts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(done.outcomes.items()))
    said = f"{done.decided:,} payments decided, {done.unchanged:,} unchanged: {parts}."
    return f"{said} {done.deferred:,} wait for the next run." if done.deferred else said


def _tell_intake(
    book_id: str, intake: Intake, done: CaughtUp | None, quarantined: int, *, as_json: bool
) -> None:
    counts = intake.counts()
    if as_json:
        refusals = [
            {"table": one.table, "id": one.id, "code": one.code, "message": one.message, "mend": one.mend}
            for one in intake.refusals
        ]
        matched = None if done is None else _counts(done)
        _say_json(
            {
                "book": book_id,
                "rows": counts,
                "quarantined": quarantined,
                "refused": refusals,
                "matched": matched,
            }
        )
        return
    typer.echo(f"Book {book_id}:")
    for table, states in counts.items():
        typer.echo(
            f"  {table}: " + ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        )
    if done is not None:
        typer.echo(_sentence(done))


def _say_json(document: Mapping[str, object]) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
