"""Publication: whole or not at all, and always a way back."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.bundle import Bundle, BundleError, base_bundle, load_bundle
from features.publication import PublicationError, publish, read_current, roll_back, unwatch, watch
from tests.learnt import bundle, variant

AT = datetime(2026, 3, 1, tzinfo=UTC)


def other(folder: Path, threshold: float) -> Bundle:
    """The same model under another policy."""
    return variant(folder, f"other{threshold}", review_threshold=threshold)


def test_before_the_first_publication_nothing_is_current(tmp_path: Path) -> None:
    assert read_current(tmp_path) is None
    with pytest.raises(PublicationError):
        roll_back(tmp_path, by="ana", at=AT)


def test_what_is_published_is_current_and_loads(tmp_path: Path) -> None:
    publish(bundle(), tmp_path, by="ana", at=AT)
    current = read_current(tmp_path)
    assert current is not None
    assert (current.model.name, current.model.published_by) == (bundle().name, "ana")
    assert load_bundle(tmp_path / "models" / current.model.folder).hash == bundle().hash


def test_publishing_the_same_again_changes_nothing(tmp_path: Path) -> None:
    assert publish(bundle(), tmp_path, by="ana", at=AT) == publish(bundle(), tmp_path, by="bo", at=AT)


def test_rolling_back_returns_to_the_model_before_step_by_step(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        publish(other(tmp_path / str(number), number / 100), tmp_path, by="ana", at=AT)
    names = [roll_back(tmp_path, by="bo", at=AT).model.name.split("@")[0] for _ in range(2)]
    assert names == ["other0.02", "other0.01"]
    current = read_current(tmp_path)
    assert current is not None
    assert current.generation == 5
    with pytest.raises(PublicationError):
        roll_back(tmp_path, by="bo", at=AT)


def test_a_damaged_earlier_model_is_not_gone_back_to(tmp_path: Path) -> None:
    first = publish(other(tmp_path / "1", 0.01), tmp_path, by="ana", at=AT)
    second = publish(other(tmp_path / "2", 0.02), tmp_path, by="ana", at=AT)
    policy = tmp_path / "models" / first.model.folder / "policy.json"
    policy.write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError):
        roll_back(tmp_path, by="bo", at=AT)
    assert read_current(tmp_path) == second


def test_a_challenger_is_watched_beside_the_model_until_it_is_stopped(tmp_path: Path) -> None:
    publish(other(tmp_path / "1", 0.01), tmp_path, by="ana", at=AT)
    current = watch(bundle(), tmp_path, by="ana", at=AT)
    assert current.challenger is not None
    assert (current.model.name.split("@")[0], current.challenger.name) == ("other0.01", bundle().name)
    assert watch(bundle(), tmp_path, by="bo", at=AT) == current
    stopped = unwatch(tmp_path)
    assert stopped is not None
    assert stopped.challenger is None
    assert stopped.model == current.model
    assert unwatch(tmp_path) == stopped


def test_the_base_model_is_published_before_a_challenger_is_watched_beside_it(tmp_path: Path) -> None:
    assert unwatch(tmp_path) is None
    challenger = other(tmp_path / "1", 0.01)
    current = watch(challenger, tmp_path, by="ana", at=AT)
    assert current.model.name == base_bundle().name
    publish(challenger, tmp_path, by="ana", at=AT)
    assert roll_back(tmp_path, by="ana", at=AT).model.name == base_bundle().name


def test_the_current_model_is_not_watched_beside_itself(tmp_path: Path) -> None:
    publish(bundle(), tmp_path, by="ana", at=AT)
    with pytest.raises(PublicationError):
        watch(bundle(), tmp_path, by="ana", at=AT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"tieout-current/2"}',
        '{"format":"tieout-current/1","generation":1}',
        "\x00" * 70_000,
    ],
)
def test_a_damaged_pointer_is_an_error_with_its_mend(tmp_path: Path, text: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "current.json").write_text(text, encoding="utf-8")
    with pytest.raises(PublicationError, match="tieout promote"):
        read_current(tmp_path)


def test_a_pointer_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    publish(bundle(), tmp_path, by="ana", at=AT)
    pointer = tmp_path / "models" / "current.json"
    said = json.loads(pointer.read_text(encoding="utf-8"))
    said["model"]["folder"] = "../elsewhere"
    pointer.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(PublicationError):
        read_current(tmp_path)


def test_a_reader_sees_the_old_model_or_the_new_one_whole(tmp_path: Path) -> None:
    bundles = [other(tmp_path / str(number), number / 100) for number in (1, 2)]
    publish(bundles[0], tmp_path, by="ana", at=AT)
    stop, seen, bad = threading.Event(), set[str](), list[BaseException]()

    def read() -> None:
        while not stop.is_set():
            try:
                current = read_current(tmp_path)
                assert current is not None
                seen.add(load_bundle(tmp_path / "models" / current.model.folder).name)
            except BaseException as error:  # noqa: BLE001 - whatever a reader meets is the finding
                bad.append(error)
                return

    thread = threading.Thread(target=read)
    thread.start()
    for turn in range(8):
        publish(bundles[(turn + 1) % 2], tmp_path, by="ana", at=AT)
    stop.set()
    thread.join()
    assert not bad
    assert seen <= {one.name for one in bundles}
    assert not list((tmp_path / "models").glob(".p*")), "nothing half made is left"
    shutil.rmtree(tmp_path / "models")
