"""`POST /v1/match` of one payment over a store of many open items, beside an endpoint that only scores rows.

Both run in processes of their own, one worker each, and are asked in turns in one run, so the ratio holds
on a busy machine too. Everything is made up.

    python -m benchmarks.serving_http --items 200000 --rounds 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.responses import Response

from features.book import book_from_rows

NOW = datetime(2026, 3, 31, tzinfo=UTC)
WORDS = (
    "Nordlicht Harbour Atelier Dubois Castle Foods Weber Rossi Novak Hansen Vega Lumen Orient Mill".split()
)
PAIRS = 32
"""Candidate pairs that the bare endpoint scores; what /v1/match really finds is printed beside it."""


def items(count: int, seed: int = 7) -> list[dict[str, str]]:
    """Make open items of a tenth as many customers."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        customer = number % max(1, count // 10)
        day = date(2026, 1, 1) + timedelta(days=dice.randrange(85))
        made.append(
            {
                "invoice_id": f"INV-2026-{number:06d}",
                "customer_id": f"C-{customer}",
                "customer_name": f"{WORDS[customer % 14]} {WORDS[customer // 14 % 14]} {customer} GmbH",
                "currency": "EUR",
                "amount": f"{dice.randrange(1_000, 2_000_000) / 100:.2f}",
                "issue_date": day.isoformat(),
                "due_date": (day + timedelta(days=30)).isoformat(),
            }
        )
    return made


def payments(rows: list[dict[str, str]], count: int, seed: int = 11) -> list[dict[str, str]]:
    """Make payments of some items: most name theirs, some do not."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        item = dice.choice(rows)
        text = f"RE {item['invoice_id']}" if dice.random() < 0.8 else "thank you"
        made.append(
            {
                "payment_id": f"P-{number}", "booking_date": "2026-03-30", "currency": "EUR",
                "amount": item["amount"], "payer_name": item["customer_name"].upper(), "remittance": text,
            }
        )  # fmt: skip
    return made


def fill(home: Path, rows: list[dict[str, str]]) -> str:
    """Make the store; gives a key."""
    from serving.auth.apikeys import Scope, make_key
    from serving.ingest import ingest_book
    from serving.store.migrations import migrate
    from serving.store.store import Store

    store = Store(f"sqlite:///{home / 'store.db'}")
    migrate(store)
    store.create_book("bench", "bench", NOW)
    ingest_book(store, "bench", book_from_rows({"invoices": rows, "payments": []}), NOW)
    with store.transaction("bench") as tx:
        key, _ = make_key(tx, frozenset(Scope), "bench", NOW, "bench")
    store.close()
    return key


def bare() -> Any:  # noqa: ANN401 - an ASGI application
    """Make the application that only scores."""
    import numpy as np
    import orjson

    from features.bundle import base_bundle

    boosters = base_bundle().boosters
    rng = np.random.default_rng(3)
    pair = rng.random((PAIRS, boosters["model_pair"].num_feature()))
    whole = rng.random((8, boosters["model_set"].num_feature()))
    app = FastAPI()

    @app.post("/score")
    async def score(request: Request) -> Response:
        await request.json()
        said = boosters["model_pair"].predict(pair, raw_score=True, num_threads=1)
        boosters["model_set"].predict(whole, raw_score=True, num_threads=1)
        return Response(orjson.dumps(said.tolist()), media_type="application/json")

    return app


@contextmanager
def served(factory: str, home: Path) -> Iterator[tuple[str, int]]:
    """Run an application under uvicorn; gives its address and process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = {
        **os.environ, "TIEOUT_HOME": str(home), "TIEOUT_DEV": "true", "TIEOUT_LOG_LEVEL": "error",
        "TIEOUT_RATE_LIMIT": "1000000/minute", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    python = os.environ.get("TIEOUT_SERVE_PYTHON", sys.executable)
    command = [python, "-m", "uvicorn", "--factory", factory, "--port", str(port), "--no-access-log",
               "--log-level", "error"]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/healthz", timeout=1)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(30)


async def ask(url: str, bodies: list[dict[str, Any]], key: str, in_flight: int) -> list[float]:
    """Ask, so many at once; gives the seconds of each."""
    took: list[float] = []
    waiting = iter(bodies)

    async def one(http: httpx.AsyncClient) -> None:
        for body in waiting:
            started = time.perf_counter()
            answer = await http.post(url, json=body)
            took.append(time.perf_counter() - started)
            answer.raise_for_status()

    async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=60) as http:
        await asyncio.gather(*(one(http) for _ in range(in_flight)))
    return took


def resident_mib(pid: int) -> int:
    """Give the memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


def quantile(took: list[float], share: float) -> float:
    """Give a quantile in milliseconds."""
    return sorted(took)[min(len(took) - 1, int(share * len(took)))] * 1000


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--each", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows = items(asked.items)
        started = time.perf_counter()
        key = fill(home, rows)
        filled = time.perf_counter() - started
        bodies = [{"payments": [one]} for one in payments(rows, asked.each)]
        with (
            served("serving.app:make_app", home) as (full, pid),
            served("benchmarks.serving_http:bare", home) as (only, _),
        ):
            took: dict[tuple[str, int], list[float]] = {}
            for turn in range(asked.rounds + 1):
                for in_flight in (1, 2):
                    for name, url in (("match", f"{full}/v1/match"), ("score", f"{only}/score")):
                        seconds = asyncio.run(ask(url, bodies, key, in_flight))
                        if turn:  # the first round warms up
                            took.setdefault((name, in_flight), []).extend(seconds)
            memory = resident_mib(pid)
            answer = httpx.post(
                f"{full}/v1/match", json=bodies[0], headers={"authorization": f"Bearer {key}"}, timeout=60
            ).json()
    said: dict[str, Any] = {
        "items": asked.items, "fill_seconds": round(filled, 1), "worker_rss_mib": memory,
        "first_outcome": answer["decisions"][0]["outcome"],
    }  # fmt: skip
    for (name, in_flight), seconds in took.items():
        said[f"{name}_{in_flight}"] = {
            "requests": len(seconds),
            **{f"p{share}_ms": round(quantile(seconds, share / 100), 2) for share in (5, 50, 99)},
            "mean_ms": round(statistics.fmean(seconds) * 1000, 2),
        }
    said["share_of_bare_p50"] = round(said["score_1"]["p50_ms"] / said["match_1"]["p50_ms"], 3)
    said["p99_over_p50_at_2"] = round(said["match_2"]["p99_ms"] / said["match_2"]["p50_ms"], 2)
    sys.stdout.write(json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    main()
