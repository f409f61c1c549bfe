"""`tieout export snapshot`, `export labels` and `audit draw`: what people said goes back into learning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.ledger import group
from serving.commands.store import BookOption, home, opened, the_book

FolderOption = Annotated[
    Path | None, typer.Option("--out", help="Folder of snapshots; default: snapshots in the home.")
]
FileOption = Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")]
ShareOption = Annotated[
    float, typer.Option("--share", min=0.02, max=1.0, help="Share of closes that are drawn.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    export = group(app, "export", "Write what the store holds for other systems.")
    export.command()(snapshot)
    export.command()(labels)
    group(app, "audit", "The audit chain, and closes looked at again.").command()(draw)


def snapshot(out: FolderOption = None, book: BookOption = None) -> None:
    """Write an immutable snapshot for `tieout retrain`."""
    from serving.review.export import export_snapshot

    with opened() as store, store.reading(the_book(store, book)) as tx:
        folder = export_snapshot(tx, out or home() / "snapshots")
    typer.echo(str(folder))


def labels(out: FileOption = None, book: BookOption = None) -> None:
    """Write every verdict as JSON lines."""
    from serving.review.export import label_lines

    with opened() as store, store.reading(the_book(store, book)) as tx:
        if out is None:
            sys.stdout.writelines(label_lines(tx))
        else:
            with out.open("w", encoding="utf-8") as file:
                file.writelines(label_lines(tx))


def draw(share: ShareOption = 0.05, book: BookOption = None) -> None:
    """Draw closes of the machine for people to look at again; repeat it as often as you like."""
    from receivables.audit_sample import AuditPlan
    from serving.clock import wall_clock
    from serving.review.audits import draw_audits, salt_of
    from serving.settings import load_settings

    secret = load_settings().secret_key.get_secret_value()
    plan = AuditPlan(share=share, high_value_share=max(share, 0.25))
    drawn = 0
    with opened() as store:
        book_id = the_book(store, book)
        while True:
            with store.transaction(book_id) as tx:
                before = _seen(tx)
                drawn += draw_audits(tx, plan, salt_of(secret, book_id), wall_clock())
                if _seen(tx) == before:
                    break
    typer.echo(f"{drawn:,} closes drawn for an audit.")


def _seen(tx: object) -> int:
    from serving.store.review_rows import audited_until

    return audited_until(tx)  # type: ignore[arg-type]
