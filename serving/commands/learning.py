"""`tieout export snapshot` and `labels`, `audit draw` and `promise`: what people said, for learning."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.ledger import group
from serving.commands.store import BookOption, ModelOption, home, opened, the_book

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
    audit = group(app, "audit", "The audit chain, and closes looked at again.")
    audit.command()(draw)
    audit.command()(promise)


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


def promise(folder: ModelOption = None, book: BookOption = None) -> None:
    """Tell how the promise of the model in use stands: its rung, until when, what the alarm heard."""
    from datetime import date

    from serving.commands.store import model_of
    from serving.promise import promise_of

    with opened() as store:
        book_id = the_book(store, book)
        with store.reading(book_id) as tx:
            stands = promise_of(tx, model_of(folder).policy)
    if stands is None:
        typer.echo("Nothing was noted yet: the policy promises nothing, or the service has not run a minute.")
        return
    rung, alarm = stands.in_force, stands.alarm
    ends = "" if stands.valid_until == date.max else f", until {stands.valid_until.isoformat()}"
    if rung is None or alarm is None:
        typer.echo("Nothing closes by itself: the promise was taken back.")
    else:
        typer.echo(
            f"Rung {stands.place + 1} of {len(stands.rungs)}: at most {rung.alpha:.2%} false{ends}.\n"
            f"Alarm: {alarm.audits:,} audits heard, {alarm.wrong:,} of them wrong; "
            f"at {alarm.statistic:,.1f} of {alarm.run_length:,}."
        )
    for step in stands.steps:
        place = f"rung {step.place + 1}" if step.place < len(stands.rungs) else "nothing closes by itself"
        typer.echo(f"  {step.on.isoformat()} {step.why.value}: {place}")


def _seen(tx: object) -> int:
    from serving.store.review_rows import audited_until

    return audited_until(tx)  # type: ignore[arg-type]
