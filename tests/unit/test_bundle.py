"""A model folder is loaded only if it is, byte by byte and answer by answer, the one that was written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.boosters import import_lightgbm
from features.bundle import (
    Bundle,
    BundleError,
    load_bundle,
    schema_fingerprint,
    write_bundle,
)
from features.calibration import BetaMap, Calibration
from features.golden import golden_confidence, golden_margins


def trained_parts() -> dict[str, object]:
    lightgbm = import_lightgbm()
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, 3))
    labels = (rows[:, 0] + 0.3 * rng.normal(size=400) > 0).astype(float)
    settings = {"objective": "binary", "num_leaves": 4, "verbosity": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, labels), num_boost_round=5)
    schema: dict[str, Any] = {"version": 1, "features": ["reference", "amount", "date"]}
    schema["fingerprint"] = schema_fingerprint(schema)
    calibration = Calibration(a=0.9, b=0.4, top=BetaMap(0.8, 1.1, 0.2), cells={7: 0.9991})
    some = rows[:5].copy()
    some[0, 1] = np.nan
    golden = [golden_margins("model", booster, some), golden_confidence("", calibration, [2.0, -1.0])]
    return {
        "model.txt": booster.model_to_string(),
        "calibration.json": calibration.to_dict(),
        "schema.json": schema,
        "policy.json": {"auto_threshold": None},
        "metrics.json": {"payments": 400},
        "model_card.md": "# A model\n",
        "golden.jsonl": golden,
    }


PARTS = trained_parts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "model", PARTS, facts={"seed": 1})
    return tmp_path / "model"


def refused(folder: Path, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert caught.value.code == code
    assert caught.value.mend in str(caught.value)


def rewrite(folder: Path, file: str, change: Callable[[Any], object]) -> None:
    """Forge a file as somebody would who also mends the manifest's hashes."""
    parts: dict[str, object] = {**PARTS}
    content = json.loads(json.dumps(parts[file]))
    change(content)
    parts[file] = content
    shutil.rmtree(folder)
    write_bundle(folder, parts)


def test_a_written_folder_loads_and_says_its_name(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert isinstance(bundle, Bundle)
    assert bundle.name == f"tieout@{bundle.hash[:10]}"
    assert set(bundle.boosters) == {"model"}
    assert bundle.policy == {"auto_threshold": None}
    assert Calibration.from_dict(bundle.calibration).cells == {7: 0.9991}


def test_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bundle(tmp_path / name, PARTS, facts={"seed": 1})
    for file in sorted(one.name for one in (tmp_path / "one").iterdir()):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_short_hash_names_what_decides_and_not_what_describes(tmp_path: Path) -> None:
    plain = write_bundle(tmp_path / "one", PARTS)
    described = write_bundle(tmp_path / "two", {**PARTS, "model_card.md": "# Other words\n"})
    other = write_bundle(tmp_path / "three", {**PARTS, "lexicon.json": {"words": 3}})
    assert plain.name == described.name
    assert plain.name != other.name
    assert other.extras == {"lexicon": {"words": 3}}


@pytest.mark.parametrize("file", sorted([*PARTS, "MANIFEST.json"]))
def test_one_changed_byte_in_any_file_is_refused(folder: Path, file: str) -> None:
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 0x01
    (folder / file).write_bytes(bytes(data))
    with pytest.raises(BundleError):
        load_bundle(folder)


@pytest.mark.parametrize("file", sorted(PARTS))
def test_a_file_that_is_gone_is_refused(folder: Path, file: str) -> None:
    (folder / file).unlink()
    refused(folder, "bundle_file_missing")


@pytest.mark.parametrize("file", sorted(PARTS))
def test_a_file_cut_short_is_refused(folder: Path, file: str) -> None:
    (folder / file).write_bytes((folder / file).read_bytes()[:-1])
    refused(folder, "bundle_file_damaged")


def test_no_folder_and_no_manifest_are_refused(folder: Path, tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "bundle_missing")
    (folder / "MANIFEST.json").unlink()
    refused(folder, "bundle_missing")


@pytest.mark.parametrize("name", ["model.pkl", "calibrator.pickle", "run.py", ".hidden", "schema.json.bak"])
def test_a_file_nobody_vouches_for_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    refused(folder, "bundle_file_unexpected")


def test_a_folder_inside_is_refused(folder: Path) -> None:
    (folder / "code").mkdir()
    refused(folder, "bundle_file_unexpected")


@pytest.mark.parametrize("name", ["../outside.json", "/etc/passwd", "model.pkl", "a\\b.json", "model.txt\n"])
def test_a_manifest_that_points_elsewhere_is_refused(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    manifest["files"][name] = {"bytes": 1, "sha256": "0" * 64}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    refused(folder, "bundle_file_unexpected")


def test_a_link_is_refused_even_with_the_right_content(folder: Path, tmp_path: Path) -> None:
    (folder / "schema.json").rename(tmp_path / "elsewhere.json")
    (folder / "schema.json").symlink_to(tmp_path / "elsewhere.json")
    refused(folder, "bundle_file_unexpected")


def test_a_file_beyond_the_limit_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.bundle.MOST_BYTES", 1000)
    refused(folder, "bundle_file_too_large")


def test_a_list_to_check_may_lie_beside_the_model(folder: Path) -> None:
    (folder / "to_check.csv").write_text("payment_id\n")
    assert load_bundle(folder).name


def test_another_format_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    (folder / "MANIFEST.json").write_text(json.dumps({**manifest, "format": "tieout-bundle/99"}))
    refused(folder, "bundle_format_unknown")


def test_a_renamed_hash_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "MANIFEST.json").read_text())
    (folder / "MANIFEST.json").write_text(json.dumps({**manifest, "hash": "0" * 64}))
    refused(folder, "bundle_file_damaged")


@pytest.mark.parametrize(
    ("file", "change", "code"),
    [
        ("schema.json", lambda schema: schema["features"].reverse(), "bundle_schema_mismatch"),
        ("schema.json", lambda schema: schema.update(fingerprint="0"), "bundle_schema_mismatch"),
        ("golden.jsonl", lambda rows: rows[0]["expect"].__setitem__(0, 0.123), "bundle_golden_mismatch"),
        ("golden.jsonl", lambda rows: rows[1]["expect"].__setitem__(0, 0.123), "bundle_golden_mismatch"),
        ("golden.jsonl", lambda rows: rows[0]["expect"].pop(), "bundle_golden_mismatch"),
        ("golden.jsonl", lambda rows: rows.clear(), "bundle_golden_mismatch"),
        ("golden.jsonl", lambda rows: rows[0].update(kind="unheard of"), "bundle_file_unreadable"),
        ("golden.jsonl", lambda rows: rows[0]["given"].update(booster="model_x"), "bundle_file_unreadable"),
        ("calibration.json", lambda raw: raw["softmax"].update(a=1.7), "bundle_golden_mismatch"),
        ("calibration.json", lambda raw: raw["softmax"].update(a=-1), "bundle_file_unreadable"),
    ],
)
def test_a_forged_but_rehashed_file_is_refused(
    folder: Path,
    file: str,
    change: Callable[[Any], object],
    code: str,
) -> None:
    with pytest.raises(BundleError) as caught:
        rewrite(folder, file, change)
    assert caught.value.code == code


def test_a_difference_below_the_tolerance_is_the_same_model(folder: Path) -> None:
    rewrite(
        folder, "golden.jsonl", lambda rows: rows[0]["expect"].__setitem__(0, rows[0]["expect"][0] + 1e-11)
    )
    assert load_bundle(folder).name


def test_golden_rows_of_other_kinds_are_asked_through_a_callback(tmp_path: Path) -> None:
    row = {"kind": "pipeline", "given": {"x": 4}, "expect": [8.0]}
    parts = {**PARTS, "golden.jsonl": [row]}
    answered = {"pipeline": lambda given: [2.0 * given["x"]]}
    assert write_bundle(tmp_path / "model", parts, golden=answered).name
    with pytest.raises(BundleError):
        load_bundle(tmp_path / "model")
    with pytest.raises(BundleError):
        load_bundle(tmp_path / "model", golden={"pipeline": lambda given: [2.5 * given["x"]]})


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": 1, "a": 2}', "[1]", "{" * 9, "[" * 200_000, "\ufeff{}", "\x00"],
)
def test_json_that_is_not_strict_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleError) as caught:
        write_bundle(tmp_path / "model", {**PARTS, "calibration.json": text})
    assert caught.value.code == "bundle_file_unreadable"


@pytest.mark.parametrize("text", ["", "not a tree", "tree\nversion=v4\ngarbage"])
def test_a_text_that_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleError) as caught:
        write_bundle(tmp_path / "model", {**PARTS, "model.txt": text})
    assert caught.value.code == "bundle_file_unreadable"


def test_training_again_into_a_folder_leaves_nothing_of_the_old_model(folder: Path) -> None:
    (folder / "to_check.csv").write_text("payment_id\n")
    write_bundle(folder, {**PARTS, "lexicon.json": {"words": 3}})
    write_bundle(folder, PARTS)
    assert not (folder / "lexicon.json").exists()
    assert (folder / "to_check.csv").exists()
    assert load_bundle(folder).extras == {}


@pytest.mark.parametrize("parts", [{"model.pkl": "x"}, {"../model.txt": "x"}, {"numbers.json": 3}])
def test_what_is_no_model_is_not_written(tmp_path: Path, parts: dict[str, object]) -> None:
    with pytest.raises(BundleError):
        write_bundle(tmp_path / "model", {**PARTS, **parts})
    assert not (tmp_path / "model").exists()


def test_loading_a_model_imports_neither_scikit_learn_nor_pandas_nor_mlflow(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from features.bundle import load_bundle; "
        f"load_bundle(Path({str(folder)!r})); "
        "print([name for name in ('sklearn', 'pandas', 'mlflow') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_importing_the_loader_does_not_import_lightgbm() -> None:
    program = "import sys, features.bundle; print('lightgbm' in sys.modules, 'scipy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False False"
