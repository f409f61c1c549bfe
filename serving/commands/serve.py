"""`tieout serve`: the service, under BentoML's supervisor."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from serving.settings import Settings
    from serving.store.store import Store, Transaction

DEV_BOOK: Final = "dev"
SERVICE: Final = "serving.service:TieoutService"

PortOption = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Port to listen on; default: TIEOUT_PORT, else 3000.")
]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, max=64, help="Processes that answer; default: TIEOUT_WORKERS, else 1.")
]
DevOption = Annotated[
    bool, typer.Option("--dev", help="Everything from an empty folder, with a key printed once.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(port: PortOption = None, workers: WorkersOption = None, dev: DevOption = False) -> None:  # noqa: FBT002 - a flag of the command line
    """Answer requests until stopped; with --dev everything runs from an empty folder."""
    from serving.settings import load_settings

    given = {"port": port, "workers": workers, "dev": dev or None}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    _prepare(settings)
    environment = _environment(settings)
    sys.stdout.flush()
    # The supervisor takes this process's place, so that a signal to it stops the whole tree.
    command = [
        sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", settings.host,
        "--port", str(settings.port), "--working-dir", str(Path(__file__).parents[2]),
    ]  # fmt: skip
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own command line, no shell


def _prepare(settings: Settings) -> None:
    """Refuse a store of another version; with --dev make one, with a book and a key."""
    from serving.store.migrations import check_migrated, migrate
    from serving.store.store import Store

    store = Store(settings.database_url)
    try:
        if settings.dev:
            migrate(store)
            _print_key(store, settings)
        else:
            check_migrated(store)
    finally:
        store.close()


def _print_key(store: Store, settings: Settings) -> None:
    from serving.auth.apikeys import Scope, make_key
    from serving.clock import wall_clock

    now = wall_clock()
    store.create_book(DEV_BOOK, DEV_BOOK, now)
    with store.transaction(DEV_BOOK) as tx:
        until = now + timedelta(days=1)
        text, _ = make_key(tx, frozenset(Scope), "tieout serve --dev", now, "tieout serve --dev", until)
        logins = _reviewers(tx, now)
    typer.echo(f"API key, good for a day and shown once: {text}")
    for email, password in logins:
        typer.echo(f"Reviewer log-in, shown once: {email} {password}")
    typer.echo(
        f"Book: {DEV_BOOK}. Try: curl -H 'Authorization: Bearer {text}' http://{settings.host}:{settings.port}/readyz"
    )


def _reviewers(tx: Transaction, now: datetime) -> list[tuple[str, str]]:
    """Make two people who may decide and one who manages, for trying out; earlier ones are shut out."""
    import secrets

    from serving.auth.people import Role, disable, make_user
    from serving.store.people_rows import users_of

    made = []
    for old in users_of(tx):
        if old.email.endswith("@dev.invalid") and old.disabled_at is None:
            disable(tx, old.id, now, "tieout serve --dev")
    stamp = secrets.token_hex(3)
    for name, role in (("ana", Role.REVIEWER), ("bo", Role.APPROVER), ("admin", Role.ADMIN)):
        email, password = f"{name}-{stamp}@dev.invalid", secrets.token_urlsafe(12)
        make_user(tx, email, role, password, now, "tieout serve --dev", name)
        made.append((email, password))
    return made


def _environment(settings: Settings) -> dict[str, str]:
    """Hand the settings to the workers; keep BentoML's own files apart and its reports at home."""
    home = settings.home.resolve()
    return {
        **os.environ,
        "TIEOUT_HOME": str(home),
        "TIEOUT_DATABASE_URL": settings.database_url,
        "TIEOUT_DEV": str(settings.dev).lower(),
        "TIEOUT_WORKERS": str(settings.workers),
        "TIEOUT_PORT": str(settings.port),
        "BENTOML_HOME": os.environ.get("BENTOML_HOME", str(home / ".bentoml")),
        "BENTOML_DO_NOT_TRACK": "true",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
