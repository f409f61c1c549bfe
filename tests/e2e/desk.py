"""A real server with a real store, and a real browser, for the tests of the review desk."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from features.book import read_book
from serving.app import create_app
from serving.auth.people import Role, make_user
from serving.catch_up import catch_up
from serving.ingest import ingest_book
from serving.settings import load_settings
from serving.store.invariants import violations
from serving.store.migrations import migrate
from serving.store.schema import case, verdict
from serving.store.store import Store
from tests.learnt import bundle, policy
from training.synthetic import make_book, write_book
from training.worlds import split

BOOK = "acme"
PASSWORD = "correct horse battery"  # noqa: S105 - of users that live as long as a test
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A running service and its store."""

    url: str
    store: Store
    home: Path

    def verdicts(self) -> list[tuple[str, str, str]]:
        """Read (id, case, what was said) of every verdict."""
        with self.store.reading(BOOK) as tx:
            return [
                tuple(row)
                for row in tx.connection.execute(select(verdict.c.id, verdict.c.case_id, verdict.c.said))
            ]

    def waiting(self) -> int:
        """Count what waits."""
        with self.store.reading(BOOK) as tx:
            return len(tx.connection.execute(select(case.c.id).where(case.c.state == "open")).all())

    def broken(self) -> list[object]:
        """List the invariants of the book that do not hold."""
        with self.store.reading(BOOK) as tx:
            return list(violations(tx))


def fill(home: Path, invoices: int, seed: int = 21) -> Store:
    """Make a store with a synthetic book whose last months wait for people."""
    write_book(make_book(invoices, seed), home / "book")
    split(home / "book", home, 15)
    store = Store(f"sqlite:///{home / 'store.db'}")
    now = datetime.now(UTC)  # noqa: TID251 - sessions of a real server live by the real clock
    migrate(store)
    store.create_book(BOOK, BOOK, now)
    ingest_book(store, BOOK, read_book(home / "match"), now)
    catch_up(store, BOOK, bundle(), policy(auto_threshold=1.0), lambda: now, threads=1)
    with store.transaction(BOOK) as tx:
        for name, role in (
            ("ana", Role.REVIEWER),
            ("bo", Role.APPROVER),
            ("vic", Role.VIEWER),
            ("root", Role.ADMIN),
        ):
            make_user(tx, f"{name}@example.com", role, PASSWORD, now, "test", name)
    return store


@contextmanager
def serving(home: Path, store: Store) -> Iterator[Desk]:
    """Serve the store on a free port until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = load_settings(home=home, database_url=str(store.engine.url), dev=True, port=port)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    assert server.started
    try:
        yield Desk(f"http://127.0.0.1:{port}", store, home)
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start the system's Chromium, or the one that playwright brought."""
    with sync_playwright() as driver:
        path = str(CHROMIUM) if CHROMIUM.exists() else None
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def logged_in(browser: Browser, desk: Desk, name: str = "ana", scheme: str = "light") -> Page:
    """Open a page as somebody who has just logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{desk.url}/review")
    page.fill("input[name=email]", f"{name}@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    return page
