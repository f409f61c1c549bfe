"""`tieout migrate`, `ingest` and `run`, as an operator runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tieout
from features.book_writing import write_book
from serving.store.invariants import violations
from serving.store.store import Store
from tests.served import split_book


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("TIEOUT_HOME", str(folder))
    monkeypatch.delenv("TIEOUT_DATABASE_URL", raising=False)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_book(split_book(), tmp_path / "my-book")
    return tmp_path / "my-book"


def said(*arguments: str, code: int = 0) -> dict[str, object]:
    result = CliRunner().invoke(tieout.app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    document: dict[str, object] = json.loads(result.stdout)
    return document


def test_a_book_goes_in_is_matched_and_a_repetition_changes_nothing(home: Path, folder: Path) -> None:
    assert said("migrate") == {"before": None, "after": "0001"}
    assert said("migrate") == {"before": "0001", "after": "0001"}
    first = said("ingest", str(folder), "--later")
    assert first["matched"] is None
    assert first["rows"]["payments"] == {"accepted": split_book().payments.num_rows}  # type: ignore[index]
    matched = said("run")
    assert matched["book"] == "my-book"
    assert matched["decided"] > 30  # type: ignore[operator]
    again = said("ingest", str(folder))
    assert {state for states in again["rows"].values() for state in states} == {"unchanged"}  # type: ignore[attr-defined]
    assert again["matched"] == {"decided": 0, "unchanged": 0, "deferred": 0, "outcomes": {}}
    store = Store(f"sqlite:///{home / 'store.db'}")
    try:
        with store.reading("my-book") as tx:
            assert violations(tx) == []
            posted = tx.connection.exec_driver_sql("SELECT count(*) FROM posting").scalar()
            assert posted
    finally:
        store.close()


def test_a_row_set_aside_leaves_the_others_and_exits_with_3(home: Path, folder: Path) -> None:
    said("migrate")
    lines = (folder / "payments.csv").read_text("utf-8").splitlines()
    name, cells = lines[0].split(",").index('"amount"'), lines[1].split(",")
    cells[name] = '"1.23456"'
    (folder / "payments.csv").write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", "utf-8")
    taken = said("ingest", str(folder), "--later", code=3)
    assert taken["quarantined"] >= 1  # type: ignore[operator]
    listed = (home / "reports" / "quarantine" / "my-book.csv").read_text("utf-8")
    assert "too_many_decimals" in listed


def test_a_store_without_tables_is_refused_with_its_mend(home: Path, folder: Path) -> None:
    result = CliRunner().invoke(tieout.app, ["ingest", str(folder)])
    assert "tieout migrate" in str(result.exception)


def test_a_name_that_the_store_does_not_have_is_refused_and_those_it_has_are_named(
    home: Path, folder: Path
) -> None:
    said("migrate")
    said("ingest", str(folder), "--later", "--name", "first")
    result = CliRunner().invoke(tieout.app, ["run", "--book", "second"])
    assert "first" in str(result.exception)
