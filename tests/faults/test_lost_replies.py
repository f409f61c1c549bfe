"""Lost answers: the database commits, nobody hears of it, and the same operation is asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from receivables.errors import TieoutError
from serving.store.store import Store
from tests.faults.planted import PLANTED, no_lock
from tests.faults.proxy import Upstream, losing_proxy
from tests.faults.script import Op, check, make_base, perform, script
from tests.stores import postgres_database, postgres_server

SHARE = 0.2
WORKERS = 4
MOST_TRIES = 40
CI_OPS, ALL_OPS = 200, 2_000
PLAIN = ("apply", "review")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as address:
        yield address


def upstream_of(url: str) -> Upstream:
    """Find where the server listens: a host and port, or a socket in a folder."""
    made = make_url(url)
    parts = parse_qs(urlsplit(url).query)
    host = made.host or (parts.get("host") or ["localhost"])[0]
    port = made.port or 5432
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


@contextmanager
def rig(server: str, ops: list[Op], seed: int) -> Iterator[tuple[str, Store, list[int]]]:
    """Make a database, and a store that reaches it through the losing proxy."""
    with postgres_database(server) as url:
        make_base(url, ops)
        with losing_proxy(upstream_of(url), SHARE, seed) as proxy:
            through = make_url(url).set(host="127.0.0.1", port=proxy.port, query={})
            store = Store(through.render_as_string(hide_password=False))
            counted: list[int] = []
            try:
                yield url, store, counted
            finally:
                counted.append(proxy.lost)
                store.close()


def plain_ops(count: int) -> list[Op]:
    """Take operations that stand alone, so that workers may do them in any order."""
    return [op for op in script(count) if op.kind == "apply"][:count]


def insist(store: Store, op: Op, bug: str) -> list[str]:
    """Ask until there is an answer; give what went wrong besides lost answers."""
    said: list[str] = []
    for _ in range(MOST_TRIES):
        try:
            PLANTED[bug](store, op, lambda: said.append(op.id))
        except TieoutError as error:
            if error.code != "store_unavailable":
                return [f"{op.id}: {error}"]
        except SQLAlchemyError as error:
            if not getattr(error, "connection_invalidated", False):
                return [f"{op.id}: {error}"]
        if said:
            return []
    return [f"{op.id}: no answer in {MOST_TRIES} tries"]


def run(server: str, count: int, seed: int, bug: str = "honest") -> tuple[list[str], int]:
    """Do so many operations with several workers; give what is wrong and how many answers were lost.

    A planted bug replaces parts of the code, which two threads cannot do at once: it has one worker.
    """
    ops = plain_ops(count)
    workers = WORKERS if bug == "honest" else 1
    with rig(server, ops, seed) as (url, store, lost):
        with ThreadPoolExecutor(workers) as pool:
            wrong = [line for lines in pool.map(lambda op: insist(store, op, bug), ops) for line in lines]
        wrong += check(url, ops, {op.id for op in ops})
    return wrong, lost[0]


def test_lost_answers_double_nothing(server: str) -> None:
    wrong, lost = run(server, CI_OPS, seed=1)
    assert wrong == []
    assert lost > CI_OPS * SHARE / 2


@pytest.mark.proof
def test_two_thousand_operations_with_lost_answers(server: str) -> None:
    wrong, lost = run(server, ALL_OPS, seed=2)
    assert wrong == []
    assert lost > ALL_OPS * SHARE / 2


def test_without_losses_nothing_is_wrong(server: str) -> None:
    ops = plain_ops(20)
    with postgres_database(server) as url:
        make_base(url, ops)
        store = Store(url)
        for op in ops:
            perform(store, op)
        store.close()
        assert check(url, ops, {op.id for op in ops}) == []


def test_the_rig_catches_writers_that_do_not_wait(server: str) -> None:
    with no_lock():
        wrong, _ = run(server, 60, seed=4)
    assert wrong


@pytest.mark.parametrize("bug", ["new_id_per_retry", "float_money"])
def test_the_rig_catches(server: str, bug: str) -> None:
    wrong, _ = run(server, 40, seed=3, bug=bug)
    assert wrong
