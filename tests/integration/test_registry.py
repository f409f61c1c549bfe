"""The registry keeps model folders and gives them back whole; nothing in it is a pickle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.bundle import load_bundle, write_bundle
from tests.unit.test_bundle import PARTS
from training.registry import find_model, follow_champion, register_bundle, tracking_uri

pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    folder = root / "trained"
    write_bundle(folder, PARTS)
    (folder / "to_check.csv").write_text("payment_id\n")
    assert register_bundle(folder, {"held_out": {"exact": 0.97}, "name": "words stay out"}, home=root) == (
        "models:/tieout/1"
    )
    return root


def test_a_registered_folder_comes_back_as_challenger_and_loads(home: Path) -> None:
    for name in ("models:/tieout@challenger", "models:/tieout/1"):
        found = find_model(name, home)
        assert found is not None
        assert load_bundle(found).name == load_bundle(home / "trained").name


def test_there_is_no_champion_until_somebody_promotes_one(home: Path) -> None:
    assert find_model("models:/tieout@champion", home) is None
    assert find_model("models:/another@champion", home) is None
    assert find_model("models:/tieout/77", home) is None


def test_asking_where_nothing_was_registered_leaves_no_trace(tmp_path: Path) -> None:
    assert find_model("models:/tieout@champion", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_everything_lies_under_mlruns_and_nothing_is_a_pickle(home: Path) -> None:
    stored = [path for path in home.rglob("*") if path.is_file() and "trained" not in path.parts]
    assert stored
    assert all(path.relative_to(home).parts[0] == "mlruns" for path in stored)
    assert {path.suffix for path in stored} <= {
        ".db",
        ".txt",
        ".json",
        ".jsonl",
        ".md",
        ".yaml",
        ".py",
        "",
        ".lock",
    }
    assert not list((home / "mlruns").glob("[0-9]*"))


def test_customers_data_beside_the_model_stays_out_of_the_registry(home: Path) -> None:
    assert not list((home / "mlruns").rglob("to_check.csv"))


def test_a_folder_that_was_tampered_with_is_not_registered(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_bundle(folder, PARTS)
    (folder / "policy.json").write_text('{"auto_threshold": 0.0}')
    with pytest.raises(Exception, match="differs from its hash"):
        register_bundle(folder, {}, home=home)


def test_a_team_server_is_used_when_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path.resolve()}/mlruns/mlflow.db"
    monkeypatch.setitem(os.environ, "TIEOUT_MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert tracking_uri(tmp_path) == "http://mlflow.example:5000"


def test_the_alias_follows_a_model_that_is_current_again(tmp_path: Path) -> None:
    home = tmp_path
    write_bundle(home / "trained", PARTS)
    register_bundle(home / "trained", {}, home=home)
    name = load_bundle(home / "trained").name
    assert follow_champion(name, home)
    assert find_model("models:/tieout@champion", home) is not None
    assert not follow_champion("somebody-else@0", home)
