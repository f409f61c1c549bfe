"""`tieout export journal`, `tieout posting` and `tieout period`: the journal and who may write it."""

from __future__ import annotations

import getpass
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.store import BookOption, JsonOption, opened, the_book

OutOption = Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")]
MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-03.")]


class Format(StrEnum):
    """How the journal is written."""

    CSV = "csv"
    BEANCOUNT = "beancount"


FormatOption = Annotated[Format, typer.Option("--format", help="How it is written.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    export = group(app, "export", "Write what the store holds for other systems.")
    export.command()(journal)
    switch = group(app, "posting", "Stop posting without stopping matching, and start it again.")
    switch.command()(off)
    switch.command()(on)
    periods = group(app, "period", "Close months of the journal.")
    periods.command()(lock)
    periods.command("open")(open_)


def journal(
    written_as: FormatOption = Format.CSV,
    out: OutOption = None,
    book: BookOption = None,
) -> None:
    """Write the journal as CSV or as Beancount."""
    from serving.journal_export import JournalFormat, export_journal

    with opened() as store, store.reading(the_book(store, book)) as tx:
        pieces = export_journal(tx, JournalFormat(written_as))
        if out is None:
            sys.stdout.writelines(pieces)
        else:
            with out.open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)


def off(book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """Stop posting: matching goes on, and its entries wait."""
    from serving.clock import wall_clock
    from serving.posting import switch_off

    with opened() as store, store.transaction(the_book(store, book)) as tx:
        switch_off(tx, getpass.getuser(), wall_clock())
    _say({"posting": "off"}, "Posting is off; entries wait.", as_json=as_json)


def on(book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - as above
    """Post what waits, in order, and start posting again."""
    from serving.clock import wall_clock
    from serving.posting import book_held, switch_on

    count, is_on = 0, False
    with opened() as store:
        name = the_book(store, book)
        while not is_on:
            with store.transaction(name) as tx:
                booked = book_held(tx, wall_clock())
                count += booked
                is_on = not booked and switch_on(tx, getpass.getuser(), wall_clock())
    _say(
        {"posting": "on", "booked": count}, f"Posting is on; {count:,} entries were booked.", as_json=as_json
    )


def lock(month: MonthArgument, book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Close a month: what belongs to it is booked on the first open day, marked as backfilled."""
    from serving.clock import wall_clock
    from serving.posting import lock_period

    with opened() as store, store.transaction(the_book(store, book)) as tx:
        lock_period(tx, month, getpass.getuser(), wall_clock())
    _say({"locked": month}, f"{month} takes no more entries.", as_json=as_json)


def open_(month: MonthArgument, book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002
    """Open a month again."""
    from serving.clock import wall_clock
    from serving.posting import open_period

    with opened() as store, store.transaction(the_book(store, book)) as tx:
        open_period(tx, month, getpass.getuser(), wall_clock())
    _say({"opened": month}, f"{month} takes entries again.", as_json=as_json)


def group(app: typer.Typer, name: str, about: str) -> typer.Typer:
    """Give the group of commands of that name: the one there is, or a new one."""
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    group = typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(group, name=name)
    return group


def _say(document: dict[str, object], sentence: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(document, sort_keys=True) if as_json else sentence)
