"""`tieout audit`: whether the chain is whole, hand it out, sign where it stands."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.store import BookOption, JsonOption, home, opened, the_book

EXIT_TAMPERED = 4
EXIT_NOT_VOUCHED = 5

CheckpointsOption = Annotated[
    Path | None, typer.Option(help="Checkpoints to hold it against; default: those of the home.")
]
KeyOption = Annotated[Path | None, typer.Option("--public-key", help="Whose checkpoints they are.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")]
DueOption = Annotated[bool, typer.Option("--if-due", help="Only after 1,000 new records or five minutes.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The audit chain: verify, sign, export.", no_args_is_help=True, rich_markup_mode=None
    )
    for command in (verify, checkpoint, export):
        group.command()(command)
    app.add_typer(group, name="audit")


def verify(
    book: BookOption = None,
    checkpoints: CheckpointsOption = None,
    public_key: KeyOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Walk a book's chain, hold it against signed checkpoints and the journal against it.

    Exit codes: 0 intact, 4 tampered, 5 no signed checkpoint vouches for it.
    """
    from serving.audit.checkpoints import CheckpointFile
    from serving.audit.keeping import AuditFolder, verify_book
    from serving.audit.verify import FindingKind

    folder = AuditFolder(home() / "audit")
    file = CheckpointFile(checkpoints) if checkpoints else folder.checkpoints
    with opened() as store:
        result = verify_book(store, the_book(store, book), file, public_key or folder.public_key)
    kinds = {finding.kind for finding in result.findings}
    code = 0 if not kinds else EXIT_NOT_VOUCHED if kinds == {FindingKind.NO_CHECKPOINT} else EXIT_TAMPERED
    words = {0: "intact", EXIT_TAMPERED: "TAMPERED", EXIT_NOT_VOUCHED: "not vouched for"}[code]
    if as_json:
        typer.echo(json.dumps({**asdict(result), "verdict": words}, indent=2, sort_keys=True))
    else:
        for finding in result.findings:
            typer.echo(f"{finding.kind}: {finding.message}")
        typer.echo(f"{result.book}: {result.size:,} records, {result.covered:,} of them signed for: {words}")
    if code:
        raise typer.Exit(code)


def checkpoint(
    book: BookOption = None,
    if_due: DueOption = False,  # noqa: FBT002 - a flag of the command line
    as_json: JsonOption = False,  # noqa: FBT002 - as above
) -> None:
    """Sign how long the chain is and where it ends, into TIEOUT_HOME/audit/checkpoints.jsonl."""
    from serving.audit.keeping import AuditFolder, keep_checkpoint
    from serving.clock import wall_clock

    folder = AuditFolder(home() / "audit")
    with opened() as store:
        name = the_book(store, book)
        written = keep_checkpoint(store, name, folder, wall_clock(), only_if_due=if_due)
    if as_json:
        typer.echo(json.dumps(asdict(written) if written else None, sort_keys=True))
    elif written is None:
        typer.echo(f"{name}: nothing to sign.")
    else:
        typer.echo(f"{name}: signed at {written.size:,} records. Copy {folder.checkpoints.path} elsewhere.")


def export(book: BookOption = None, out: OutOption = None) -> None:
    """Write the chain for an outsider, one JSON object a record; docs/verify_audit.py verifies it alone."""
    from serving.audit.keeping import export_lines

    with opened() as store, store.reading(the_book(store, book)) as tx:
        lines = (f"{line}\n" for line in export_lines(tx))
        if out is None:
            sys.stdout.writelines(lines)
        else:
            with out.open("w", encoding="utf-8") as file:
                file.writelines(lines)
