"""PostgreSQL is killed under load: a backend dies by SIGKILL, all are thrown out, the server recovers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from receivables.errors import TieoutError
from serving.store.store import Store
from tests.faults.script import Op, check, make_base, perform
from tests.faults.test_lost_replies import plain_ops
from tests.stores import SERVER_VARIABLE, postgres_database, postgres_server

WORKERS = 4
CI_KILLS, ALL_KILLS = 2, 12
OPS_A_KILL = 40
PATIENCE = 60.0
"""Seconds for which an operation is asked again while the server recovers."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if os.environ.get(SERVER_VARIABLE):
        pytest.skip("only a server of our own is killed")
    with postgres_server() as address:
        yield address


def kill_backend(url: str, dice: Random) -> bool:
    """Kill one of the processes that work for this database."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    found: list[int] = []
    with suppress(SQLAlchemyError), engine.connect() as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found = list(connection.exec_driver_sql(query).scalars())
    engine.dispose()
    if found:
        os.kill(dice.choice(found), signal.SIGKILL)
    return bool(found)


def insist(store: Store, op: Op) -> list[str]:
    """Ask until there is an answer."""
    until = time.monotonic() + PATIENCE
    said = "nothing"
    while time.monotonic() < until:
        try:
            perform(store, op)
            return []
        except (TieoutError, SQLAlchemyError) as error:
            said = str(error)
            time.sleep(0.05)
    return [f"{op.id}: no answer: {said[:120]}"]


def run(server: str, kills: int) -> list[str]:
    ops = plain_ops(OPS_A_KILL * kills)
    stop = threading.Event()
    done: list[int] = []
    with postgres_database(server) as url:
        make_base(url, ops)
        store = Store(url)

        def kill_now_and_then() -> None:
            dice = Random(kills)
            while len(done) < kills and not stop.wait(0.4 + dice.random()):
                if kill_backend(url, dice):
                    done.append(1)

        killer = threading.Thread(target=kill_now_and_then)
        killer.start()
        with ThreadPoolExecutor(WORKERS) as pool:
            wrong = [line for lines in pool.map(lambda op: insist(store, op), ops) for line in lines]
        stop.set()
        killer.join()
        store.close()
        wrong += check(url, ops, {op.id for op in ops})
    assert done, "void: nothing was killed while there was work"
    return wrong


def test_a_killed_server_loses_and_doubles_nothing(server: str) -> None:
    assert run(server, CI_KILLS) == []


@pytest.mark.proof
def test_twelve_kills(server: str) -> None:
    assert run(server, ALL_KILLS) == []
