"""`tieout serve` as an operator runs it: under BentoML, from an empty folder, stopped by a signal."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from features import compare
from tests.service import INVOICE, PAYMENT

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving_at(
    home: Path, *options: str, **environment: str
) -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    """Run the command; gives address, key and process."""
    port = free_port()
    log = home / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tieout", "serve", "--port", str(port), *options],
            stdout=out, stderr=subprocess.STDOUT, cwd=home, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TIEOUT_HOME": str(home), **environment},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                httpx.get(f"{address}/healthz", timeout=1)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        text = log.read_text("utf-8", errors="replace")
        key = re.search(r"tieout_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", text)
        yield address, key[0] if key else "", process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def test_from_an_empty_folder_to_a_decision_and_a_clean_stop(tmp_path: Path) -> None:
    with serving_at(tmp_path, "--dev", "--workers", "2") as (address, key, process):
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as http:
            assert http.get("/readyz").json()["status"] == "ready"
            match = http.post("/v1/match", json={"payments": [PAYMENT], "invoices": [INVOICE]})
            assert match.json()["decisions"][0]["outcome"] == "auto"
            intent = {"idempotency-key": "1"}
            assert http.post("/v1/invoices", json={"invoices": [INVOICE]}, headers=intent).status_code == 200
            intent = {"idempotency-key": "2"}
            taken = http.post("/v1/payments", json={"payments": [PAYMENT]}, headers=intent)
            assert taken.json()["decisions"][0]["outcome"] == "auto"
            # the shell shows nothing of its own
            for path in ("/schema.json", "/docs.json", "/livez", "/"):
                assert http.get(path).json()["code"] == "not_found"
            assert "bentoml" not in http.get("/healthz").headers.get("server", "").lower()
            seen = {http.get("/metrics").text.count("tieout_decisions_total{") for _ in range(6)}
            assert seen == {2}  # both workers' counters, whoever answers
            # the scoring call asks for a key, and answers numbers
            rows = {"rows": [[None] * len(compare.SCHEMA)]}
            assert http.post("/score", json=rows, headers={"authorization": ""}).status_code == 401
            assert len(http.post("/score", json=rows).json()["margins"]) == 1
        tree = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))]
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        assert not [pid for pid in tree[1:] if psutil.pid_exists(pid)]
    log = (tmp_path / "serve.log").read_text("utf-8", errors="replace")
    assert "NORDLICHT" not in log.upper()
    assert log.count(key) <= 2  # shown once, and once more in the line to try


@pytest.mark.parametrize("secret", ["", "short"])
def test_default_secrets_are_refused_with_a_sentence(tmp_path: Path, secret: str) -> None:
    with serving_at(tmp_path, TIEOUT_SECRET_KEY=secret) as (_, _, process):
        assert process.wait(60) == 2
    said = (tmp_path / "serve.log").read_text("utf-8")
    assert said.startswith("tieout: TIEOUT_SECRET_KEY is missing, short or the one for trying out.")
    assert "Traceback" not in said
