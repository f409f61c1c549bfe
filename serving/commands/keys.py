"""`tieout keys`: make, list and revoke the keys of machines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated

import typer

from serving.commands.store import JsonOption, opened, the_book

keys = typer.Typer(help="Keys of the API: make, list, revoke.", no_args_is_help=True)

BookOption = Annotated[
    str | None, typer.Option("--book", help="Book that the key is for; default: the only one there is.")
]
ScopesOption = Annotated[
    str, typer.Option("--scopes", help="Out of read, ingest, match, post, admin; separated by commas.")
]
NameOption = Annotated[str, typer.Option("--name", help="Who will use it.")]
DaysOption = Annotated[
    int | None, typer.Option("--days", min=1, max=3660, help="Days until it ends; default: it does not.")
]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The middle part of the key, as `list` shows it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def create(
    scopes: ScopesOption,
    name: NameOption,
    book: BookOption = None,
    days: DaysOption = None,
    as_json: JsonOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Make a key and print it, once."""
    from serving.audit.chain import append
    from serving.auth.apikeys import make_key, parse_scopes
    from serving.clock import wall_clock

    wanted = parse_scopes(scopes)
    now = wall_clock()
    until = None if days is None else now + timedelta(days=days)
    with opened() as store, store.transaction(the_book(store, book)) as tx:
        text, row = make_key(tx, wanted, name, now, "tieout keys create", until)
        said = {"key": row.id, "scopes": list(row.scopes), "expires_at": _text(until)}
        append(tx, "key.created", said, now)
        book_id = tx.book_id
    if as_json:
        _say_json({**said, "book": book_id, "id": row.id, "key": text})
    else:
        typer.echo(text)
        typer.echo(f"Key {row.id} of book {book_id} may {', '.join(row.scopes)}. It is shown once.", err=True)


@keys.command("list")
def list_keys(book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """List the keys of a book."""
    from serving.store.key_rows import keys_of_book

    with opened() as store, store.reading(the_book(store, book)) as tx:
        rows = keys_of_book(tx)
    said = [
        {
            "id": row.id,
            "name": row.name,
            "scopes": list(row.scopes),
            "created_at": _text(row.created_at),
            "expires_at": _text(row.expires_at),
            "revoked_at": _text(row.revoked_at),
            "last_used_at": _text(row.last_used_at),
        }
        for row in rows
    ]
    if as_json:
        _say_json({"keys": said})
        return
    for row in rows:
        state = (
            "revoked"
            if row.revoked_at
            else f"until {row.expires_at:%Y-%m-%d}"
            if row.expires_at
            else "in force"
        )
        typer.echo(f"{row.id}  {','.join(row.scopes):30}  {state:16}  {row.name}")


@keys.command()
def revoke(key_id: IdArgument, book: BookOption = None, as_json: JsonOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """End a key at once."""
    from serving.audit.chain import append
    from serving.auth.apikeys import UnknownKeyError
    from serving.clock import wall_clock
    from serving.store.key_rows import revoke_key

    now = wall_clock()
    with opened() as store, store.transaction(the_book(store, book)) as tx:
        if not revoke_key(tx, key_id, now):
            raise UnknownKeyError(f"The book {tx.book_id} has no key {key_id[:40]!r} in force.")
        append(tx, "key.revoked", {"key": key_id}, now)
    if as_json:
        _say_json({"id": key_id, "revoked_at": _text(now)})
    else:
        typer.echo(f"Key {key_id} is revoked.")


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def _say_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
