"""`tieout backup`, `restore`, `erase` and `retention`: what must be kept, and what must be forgotten."""

from __future__ import annotations

import getpass
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.commands.store import BookOption, JsonOption, home, opened, the_book

if TYPE_CHECKING:
    from serving.personal import MasterKey

OutFolder = Annotated[Path, typer.Option("--out", help="New folder for the backup.")]
BackupArgument = Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder that `tieout backup` wrote.")]
SubjectArgument = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="customer:ID, account:NUMBER or name:PAYER.")
]
PortableOption = Annotated[bool, typer.Option("--portable", help="As rows that either database takes.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Count, remove nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (backup, restore, erase, retention):
        app.command()(command)


def backup(
    out: OutFolder,
    portable: PortableOption = False,  # noqa: FBT002 - a flag of the command line
    as_json: JsonOption = False,  # noqa: FBT002 - as above
) -> None:
    """Copy the store, the checkpoints and the keys into a new folder, while others go on working."""
    from serving.backup import make_backup
    from serving.clock import wall_clock

    with opened() as store:
        make_backup(store, home(), out, wall_clock(), portable=portable)
    _say({"backup": str(out)}, f"{out} holds the backup, keys included: keep it as safe.", as_json=as_json)


def restore(source: BackupArgument, as_json: JsonOption = False) -> None:  # noqa: FBT002 - as above
    """Put a backup into an empty home and database, and verify every chain and journal in it."""
    from serving.backup import restore_backup

    url = os.environ.get("TIEOUT_DATABASE_URL") or f"sqlite:///{home().resolve() / 'store.db'}"
    restored = restore_backup(source, url, home())
    books = ", ".join(f"{book} ({size:,} records)" for book, size in sorted(restored.books.items()))
    said = f"Restored what was backed up at {restored.made_at}, verified: {books or 'no book'}."
    _say({"made_at": restored.made_at, "books": dict(restored.books)}, said, as_json=as_json)


def erase(
    subject: SubjectArgument,
    book: BookOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - as above
) -> None:
    """Forget a customer or payer: texts go, keys are destroyed; amounts and the chain stay."""
    from serving.clock import wall_clock
    from serving.erasure import erase as forget

    with opened() as store, store.transaction(the_book(store, book)) as tx:
        done = forget(tx, subject, _master_key(), getpass.getuser(), wall_clock())
    said = f"Forgotten: the texts of {done.payments:,} payments; {done.keys_destroyed} keys destroyed."
    _say({"payments": done.payments, "keys_destroyed": done.keys_destroyed}, said, as_json=as_json)


def retention(
    book: BookOption = None,
    dry_run: DryRunOption = False,  # noqa: FBT002 - as above
    as_json: JsonOption = False,  # noqa: FBT002 - as above
) -> None:
    """Remove what is older than the plan keeps it."""
    from serving.clock import wall_clock
    from serving.erasure import apply_retention, plan_retention

    with opened() as store, store.transaction(the_book(store, book)) as tx:
        now = wall_clock()
        steps = plan_retention(tx, now) if dry_run else apply_retention(tx, getpass.getuser(), now)
    verb = "would go" if dry_run else "removed"
    said = "\n".join(
        f"{step.name}: {step.rows:,} {verb} (after {step.days} days). {step.why}" for step in steps
    )
    _say({"dry_run": dry_run, "steps": [asdict(step) for step in steps]}, said, as_json=as_json)


def _master_key() -> MasterKey:
    from serving.personal import MasterKey

    given = os.environ.get("TIEOUT_MASTER_KEY")
    return MasterKey.from_text(given) if given else MasterKey.read_or_make(home() / "keys" / "master.key")


def _say(document: dict[str, object], sentence: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True) if as_json else sentence)
