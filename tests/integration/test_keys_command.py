"""`tieout keys`: what is printed works, is listed without its secret, and ends when revoked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tieout
from serving.auth.apikeys import authenticate
from serving.clock import wall_clock
from tests.stores import empty_store


def run(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(tieout.app, ["keys", *words, "--json"])
    assert result.exit_code == 0, result.output
    said: dict[str, object] = json.loads(result.stdout)
    return said


def test_a_key_is_made_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("TIEOUT_DATABASE_URL", url)
    with empty_store(url, "acme") as store:
        made = run("create", "--scopes", "read,match", "--name", "billing", "--days", "30")
        text = str(made["key"])
        caller = authenticate(store, text, wall_clock())
        assert caller is not None
        assert (caller.book_id, sorted(caller.scopes)) == ("acme", ["match", "read"])
        listed = run("list")["keys"]
        assert isinstance(listed, list)
        assert listed[0]["id"] == caller.key_id
        assert text.rpartition("_")[2] not in json.dumps(listed)
        run("revoke", caller.key_id)
        assert authenticate(store, text, wall_clock()) is None


@pytest.mark.parametrize("scopes", ["", "read,everything"])
def test_a_scope_that_is_not_known_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scopes: str
) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("TIEOUT_DATABASE_URL", url)
    with empty_store(url, "acme"):
        result = CliRunner().invoke(tieout.app, ["keys", "create", "--scopes", scopes, "--name", "x"])
    assert getattr(result.exception, "code", None) == "bad_key_request"
