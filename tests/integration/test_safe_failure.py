"""When something fails nothing is posted, the API says so, and recovers; faults are real where possible."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from features.bundle import BASE_MODEL, load_bundle
from features.publication import models_folder, publish
from serving.model_slot import ModelSlot, ModelUnavailableError
from tests.learnt import NoNumbers
from tests.service import INVOICE, PAYMENT, Service, running

AT = datetime(2026, 3, 1, tzinfo=UTC)


def nothing_is_posted(service: Service) -> None:
    assert service.get("/v1/decisions").json()["decisions"] == []
    assert service.get("/v1/invoices/INV-2026-004217").json()["open_amount"] == "1234.50"


def recovers(service: Service) -> None:
    """A later payment is closed as ever, and what waited is decided by the next run."""
    from serving.catch_up import catch_up

    model = service.runtime.slot.current()
    catch_up(service.runtime.store, "acme", model.bundle, model.policy, service.clock)
    assert service.get("/v1/payments/P-1").json()["state"] == "applied"


def fails(service: Service) -> None:
    """Rows are kept, nothing is decided, a stateless match says why."""
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    taken = service.post("/v1/payments", {"payments": [PAYMENT]})
    assert taken.status_code == 200, taken.text
    assert taken.json()["matching"] == "deferred"
    assert taken.json()["results"][0]["status"] == "accepted"
    nothing_is_posted(service)
    match = service.post("/v1/match", {"payments": [PAYMENT], "invoices": [INVOICE]})
    assert match.status_code == 503
    assert match.headers["retry-after"]


# --------------------------------------------------------------------------- the model


def test_without_a_model_nothing_is_decided(tmp_path: Path) -> None:
    slot = ModelSlot(tmp_path)
    with running(tmp_path, slot) as service:
        assert service.http.get("/readyz").status_code == 503
        assert service.http.get("/readyz").json()["is_model_ready"] is False
        assert service.http.get("/healthz").status_code == 200
        fails(service)
        assert service.post("/v1/match", {"payments": [PAYMENT]}).json()["code"] == "model_unavailable"
        slot.refresh()
        assert service.http.get("/readyz").status_code == 200
        recovers(service)


def test_a_model_that_answers_nan_closes_nothing(tmp_path: Path, slot: ModelSlot) -> None:
    """Through the real pipeline: an item that no lane takes, so that the model is asked."""
    sick = slot.current()
    boosters: dict[str, Any] = {name: NoNumbers(one) for name, one in sick.bundle.boosters.items()}
    bundle = replace(sick.bundle, boosters=boosters)
    ill = ModelSlot(tmp_path)
    ill._take(bundle, "published")
    payment = PAYMENT | {"remittance": "thanks"}
    with running(tmp_path, ill) as service:
        service.post("/v1/invoices", {"invoices": [INVOICE]})
        taken = service.post("/v1/payments", {"payments": [payment]}).json()
        assert (taken["matching"], taken["decisions"]) == ("deferred", [])
        nothing_is_posted(service)
        match = service.post("/v1/match", {"payments": [payment], "invoices": [INVOICE]})
        assert (match.status_code, match.json()["code"]) == (503, "model_fault")
        ill._take(sick.bundle, "published")
        assert service.post("/v1/match", {"payments": [payment]}).status_code == 200


@contextmanager
def published(home: Path) -> Iterator[Path]:
    publish(load_bundle(BASE_MODEL), home, by="test", at=AT)
    current = json.loads((models_folder(home) / "current.json").read_text())
    yield models_folder(home) / current["model"]["folder"]


@pytest.mark.parametrize("damage", ["truncated", "gone", "another schema", "pointer"])
def test_a_damaged_publication_is_refused_and_the_model_before_stays(tmp_path: Path, damage: str) -> None:
    with published(tmp_path) as folder:
        slot = ModelSlot(tmp_path)
        slot.refresh()
        before = slot.current()
        current = models_folder(tmp_path) / "current.json"
        said = json.loads(current.read_text())
        said["generation"] += 1
        match damage:
            case "truncated":
                whole = (folder / "model_pair.txt").read_bytes()
                (folder / "model_pair.txt").write_bytes(whole[: len(whole) // 2])
            case "gone":
                shutil.rmtree(folder)
            case "another schema":
                schema = json.loads((folder / "schema.json").read_text())
                schema["models"]["model_pair"].pop()
                (folder / "schema.json").write_text(json.dumps(schema))
            case _:
                said["format"] = "something else"
        current.write_text(json.dumps(said))
        assert slot.refresh() is False
        assert slot.current() is before
        # a process that starts now has nothing to fall back on, and says so instead of using another model
        fresh = ModelSlot(tmp_path)
        fresh.refresh()
        with pytest.raises(ModelUnavailableError):
            fresh.current()


def test_a_new_publication_is_taken_without_a_restart(tmp_path: Path) -> None:
    slot = ModelSlot(tmp_path)
    slot.refresh()
    assert slot.current().source == "base"
    with published(tmp_path):
        assert slot.refresh() is True
        assert slot.current().source == "published"
        assert slot.refresh() is False


# --------------------------------------------------------------------------- the store


def test_a_store_that_is_away_is_a_503_and_comes_back(tmp_path: Path, slot: ModelSlot) -> None:
    with running(tmp_path, slot) as service:
        service.post("/v1/invoices", {"invoices": [INVOICE]})
        database = tmp_path / "store.db"
        service.runtime.store.engine.dispose()
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            if (tmp_path / name).exists():
                (tmp_path / name).rename(tmp_path / f"away-{name}")
        database.mkdir()  # a folder in its place: SQLite cannot open it
        answer = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert service.http.get("/readyz").json()["store"] == "store_unavailable"
        assert "tieout_store_up 0.0" in service.http.get("/metrics").text
        database.rmdir()
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            if (tmp_path / f"away-{name}").exists():
                (tmp_path / f"away-{name}").rename(tmp_path / name)
        again = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
        assert again.json()["decisions"][0]["outcome"] == "auto"


def test_a_store_that_is_locked_too_long_is_a_503(tmp_path: Path, slot: ModelSlot) -> None:
    with running(tmp_path, slot, request_seconds=1.0) as service:
        service.post("/v1/invoices", {"invoices": [INVOICE]})
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
        assert answer.status_code in (503, 504)
        other.execute("ROLLBACK")
        other.close()
        for _ in range(200):
            again = service.post("/v1/payments", {"payments": [PAYMENT]}, key="k")
            if again.status_code == 200:
                break
            threading.Event().wait(0.05)
        assert again.json()["decisions"][0]["outcome"] == "auto"
        assert len(service.get("/v1/payments/P-1").json()["allocations"]) == 1


FULL_DISK = """
import json, resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.path.insert(0, sys.argv[2])
from serving.model_slot import ModelSlot
from tests.service import INVOICE, PAYMENT, running
home = Path(sys.argv[1])
slot = ModelSlot(home); slot.refresh()
with running(home, slot) as service:
    service.post("/v1/invoices", {"invoices": [INVOICE]})
    room = max(one.stat().st_size for one in home.iterdir()) + 8192
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    rows = [PAYMENT | {"payment_id": f"P-{n}", "remittance": "x" * 4000} for n in range(400)]
    full = service.post("/v1/payments?match=later", {"payments": rows}, key="k")
    mean = [full.status_code, full.json()["code"]]
    seen = service.get("/v1/payments/P-0").status_code
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = service.post("/v1/payments?match=later", {"payments": rows}, key="k")
    print(json.dumps([mean, seen, again.json()["counts"]]))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_a_full_disk_takes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    """The kernel refuses to let the database grow, as a full disk does, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path), str(Path(__file__).parents[2])],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    refused, seen, counts = json.loads(run.stdout.splitlines()[-1])
    assert refused == [503, "store_unavailable"]
    assert seen == 404
    assert counts == {"accepted": 400}


def test_an_error_that_nobody_foresaw_tells_nothing_inside(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import serving.api.match

    def broken(*_given: object) -> None:
        raise RuntimeError("secret detail of INV-2026-004217")

    monkeypatch.setattr(serving.api.match, "match_rows", broken)
    answer: httpx.Response = service.post("/v1/match", {"payments": [PAYMENT], "invoices": []})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
