"""Every decision in a store is decided again from what was kept of it; what was changed since then shows."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer
from sqlalchemy import select
from typer.testing import CliRunner

from features.book import read_book
from features.bundle import Bundle, load_bundle
from receivables.policy import Policy
from serving.audit.checkpoints import CheckpointFile
from serving.audit.keeping import AuditFolder, keep_checkpoint, verify_book
from serving.audit.replay import ReplayError, replay
from serving.audit.verify import FindingKind
from serving.catch_up import catch_up
from serving.commands import audit
from serving.ingest import ingest_book
from serving.store import schema
from serving.store.copying import copy_sqlite
from serving.store.store import Store
from tests.stores import NOW, empty_store
from training.synthetic import make_book, write_book
from training.worlds import split

BASE = Path(__file__).parents[2] / "features" / "base_model"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(BASE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("replay")
    write_book(make_book(800, 11), folder / "book")
    split(folder / "book", folder, 16)
    with empty_store(f"sqlite:///{folder / 'store.db'}", "acme") as opened:
        ingest_book(opened, "acme", read_book(folder / "match"), NOW)
        catch_up(opened, "acme", bundle, Policy.from_dict(bundle.policy), lambda: NOW, threads=1)
        yield opened


def decisions(store: Store) -> list[str]:
    with store.reading("acme") as tx:
        return list(tx.connection.execute(select(schema.decision.c.id)).scalars())


def test_every_decision_is_the_same_to_the_bit(store: Store, bundle: Bundle) -> None:
    ids = decisions(store)
    assert len(ids) > 30
    with store.reading("acme") as tx:
        replayed = [replay(tx, one, lambda _: bundle) for one in ids]
    assert [one for one in replayed if one.differences] == []
    assert len(Counter(one.outcome for one in replayed)) > 1


def test_grounds_changed_in_the_store_are_noticed(store: Store, bundle: Bundle) -> None:
    [victim, *_] = decisions(store)
    database = store.engine.url.database
    assert database
    with closing(sqlite3.connect(database)) as raw:
        [kept] = raw.execute("SELECT evidence FROM decision WHERE id = ?", (victim,)).fetchone()
        raw.execute("DROP TRIGGER decision_no_update")
        for grounds, notice in ((kept.replace('"amount_minor":', '"amount_minor":1'), True), (kept, False)):
            raw.execute("UPDATE decision SET evidence = ? WHERE id = ?", (grounds, victim))
            raw.commit()
            with store.reading("acme") as tx:
                differences = replay(tx, victim, lambda _: bundle).differences
            assert ("the grounds are not those of the audit chain" in differences) == notice


def test_what_is_no_decision_of_the_machine_is_refused(store: Store, bundle: Bundle) -> None:
    with store.reading("acme") as tx, pytest.raises(ReplayError, match="no decision"):
        replay(tx, "de_nothing", lambda _: bundle)


def test_the_command_replays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    audit.register(app)
    monkeypatch.setenv("TIEOUT_DATABASE_URL", store.engine.url.render_as_string())
    [one, *_] = decisions(store)
    result = CliRunner().invoke(app, ["audit", "replay", one, "--model", str(BASE), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["differences"] == []


def test_a_store_of_real_decisions_verifies(store: Store, tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path)
    keep_checkpoint(store, "acme", folder, NOW)
    result = verify_book(store, "acme", CheckpointFile(tmp_path / "checkpoints.jsonl"), folder.public_key)
    assert result.findings == []


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("decision", "UPDATE decision SET confidence = 0.5 WHERE seq = 7"),
        ("decision", "UPDATE decision SET outcome = 'auto', reasons = '' WHERE seq = 7"),
        ("decision", "UPDATE decision SET evidence = NULL WHERE seq = 7"),
        ("decision", "UPDATE decision SET id = 'de_other' WHERE seq = 7"),
        ("outbox", "UPDATE outbox SET body = replace(body, '\"outcome\"', '\"income\"') WHERE seq = 7"),
    ],
)
def test_a_changed_decision_or_event_is_found(
    store: Store, tmp_path: Path, table: str, statement: str
) -> None:
    """On a copy, with the triggers out of the way and foreign keys asleep."""
    folder = AuditFolder(tmp_path / "audit")
    keep_checkpoint(store, "acme", folder, NOW)
    copy_sqlite(store, tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as raw:
        raw.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
        assert raw.execute(statement).rowcount == 1
        raw.commit()
    with empty_store(f"sqlite:///{tmp_path / 'copy.db'}") as copy:
        result = verify_book(copy, "acme", folder.checkpoints, folder.public_key)
    assert {finding.kind for finding in result.findings} == {FindingKind.STATE_DIFFERS}
