"""`tieout audit`: whether the chain is whole, sign where it stands, hand it out, decide a decision again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from serving.commands.store import BookOption, JsonOption, ModelOption, home, model_of, opened, the_book

EXIT_TAMPERED = 4
EXIT_NOT_VOUCHED = 5

CheckpointsOption = Annotated[
    Path | None, typer.Option(help="Checkpoints to hold it against; default: those of the home.")
]
KeyOption = Annotated[Path | None, typer.Option("--public-key", help="Whose checkpoints they are.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="File to write; default: standard output.")]
DecisionArgument = Annotated[str, typer.Argument(metavar="DECISION", help="The id of a decision.")]
DueOption = Annotated[bool, typer.Option("--if-due", help="Only after 1,000 new records or five minutes.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The audit chain: verify, sign, export, replay.", no_args_is_help=True, rich_markup_mode=None
    )
    for command in (verify, checkpoint, export, replay):
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


def replay(
    decision: DecisionArgument,
    model: ModelOption = None,
    book: BookOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Decide a decision again from what it stood on, with the same model and policy, to the bit.

    Exit codes: 0 the same, 4 something differs.
    """
    from serving.audit.replay import replay as decide_again

    with opened() as store, store.reading(the_book(store, book)) as tx:
        done = decide_again(tx, decision, lambda _: model_of(model).bundle)
    if as_json:
        typer.echo(json.dumps(asdict(done), indent=2, sort_keys=True))
    else:
        for difference in done.differences:
            typer.echo(f"DIFFERS: {difference}")
        typer.echo(f"{done.decision_id}: payment {done.payment_id}, {done.model}, policy {done.policy}")
        typer.echo(f"{done.outcome} at {done.confidence!r}: {'differs' if done.differences else 'the same'}")
    if done.differences:
        raise typer.Exit(EXIT_TAMPERED)
