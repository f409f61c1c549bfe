"""The commands of ledger, audit and keeping, from an empty home to a restored one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from beancount import loader
from typer.testing import CliRunner, Result

from serving.audit.keeping import AuditFolder, keep_checkpoint
from serving.commands import audit, keeping, ledger
from serving.posting import post
from tests.contract.test_ledger import one_payment
from tests.contract.test_personal import add_rows
from tests.stores import NOW, empty_store

APP = typer.Typer()
for group in (ledger, audit, keeping):
    group.register(APP)


def say(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(APP, list(words))
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("TIEOUT_HOME", str(folder))
    monkeypatch.delenv("TIEOUT_DATABASE_URL", raising=False)
    with empty_store(f"sqlite:///{folder / 'store.db'}", "acme") as store, store.transaction("acme") as tx:
        add_rows(tx)
        post(tx, one_payment(), NOW)
    return folder


def test_the_journal_is_exported(home: Path, tmp_path: Path) -> None:
    rows = say("export", "journal").stdout.splitlines()
    assert len(rows) == 1 + 6
    file = tmp_path / "journal.beancount"
    say("export", "journal", "--format", "beancount", "--out", str(file))
    entries, errors, _ = loader.load_file(str(file))
    assert errors == []
    assert len(entries) == 4 + 3  # four accounts, three entries


def test_posting_is_switched_and_months_are_locked(home: Path) -> None:
    assert json.loads(say("posting", "off", "--json").stdout) == {"posting": "off"}
    assert json.loads(say("posting", "on", "--json").stdout) == {"posting": "on", "booked": 0}
    assert "takes no more" in say("period", "lock", "2026-03").stdout
    assert "takes entries again" in say("period", "open", "2026-03").stdout
    assert say("period", "lock", "March", code=1).exception


def test_the_chain_is_signed_verified_and_exported(home: Path, tmp_path: Path) -> None:
    assert "not vouched for" in say("audit", "verify", code=5).stdout
    say("audit", "checkpoint")
    assert json.loads(say("audit", "checkpoint", "--json").stdout) is None
    assert "intact" in say("audit", "verify").stdout
    out = tmp_path / "audit.ndjson"
    say("audit", "export", "--out", str(out))
    assert len(out.read_text("utf-8").splitlines()) == 1
    checkpoints = home / "audit" / "checkpoints.jsonl"
    checkpoints.write_text(checkpoints.read_text("utf-8").replace('"size":1', '"size":2'), "utf-8")
    result = json.loads(say("audit", "verify", "--json", code=4).stdout)
    assert [finding["kind"] for finding in result["findings"]] == ["bad_signature"]


def test_a_home_is_backed_up_erased_and_restored(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = json.loads(say("retention", "--dry-run", "--json").stdout)
    assert planned["dry_run"]
    assert not any(step["rows"] for step in planned["steps"])
    assert json.loads(say("erase", "customer:C-1", "--json").stdout)["payments"] == 1
    backup = tmp_path / "backup"
    say("backup", "--out", str(backup))
    assert backup.stat().st_mode & 0o777 == 0o700
    assert (backup / "keys" / "master.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path / "new"))
    restored = json.loads(say("restore", str(backup), "--json").stdout)
    assert restored["books"] == {"acme": 2}
    assert "intact" in say("audit", "verify").stdout
    assert "0 removed" in say("retention").stdout


def test_checkpoints_of_the_home_are_those_that_are_kept(home: Path) -> None:
    with empty_store(f"sqlite:///{home / 'store.db'}") as store:
        keep_checkpoint(store, "acme", AuditFolder(home / "audit"), NOW)
    assert "1 of them signed for: intact" in say("audit", "verify").stdout
