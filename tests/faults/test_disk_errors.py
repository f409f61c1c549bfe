"""The disk says no: a failed write or sync is never acknowledged, and the service goes on once it can."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.script import check, copy_base, digest, make_base, opened, perform, script
from tests.faults.tracing import Forge, forge

PAYMENTS = 6
OPS = script(PAYMENTS)
CI_ERRORS, ALL_ERRORS = 10, 100
FAULTS = (("fdatasync", "EIO", 20), ("pwrite64", "ENOSPC", 250), ("pwrite64", "EIO", 250))
"""Which call fails how, and among how many of its first calls."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    folder = tmp_path_factory.mktemp("disk")
    make_base(f"sqlite:///{folder / 'base.db'}", OPS)
    with forge(folder) as running:
        yield running


def fail_once(server: Forge, call: str, error: str, number: int, bug: str = "honest") -> list[str]:
    """Let one call fail; give what is wrong, now and after everybody who got no answer asked again."""
    url = copy_base(server.folder / "base.db", server.folder / f"run-{server.runs}" / "store.db")
    fault = f"inject={call}:error={error}:when={number}"
    ran = server.run(url, PAYMENTS, bug, trace=("-e", f"trace={call}", "-e", fault))
    wrong = check(url, OPS, ran.acknowledged)
    with opened(url) as store:
        for op in OPS:
            perform(store, op)
    return wrong + check(url, OPS, {op.id for op in OPS})


def fail_often(server: Forge, count: int) -> None:
    dice = Random(count)
    for _ in range(count):
        call, error, most = dice.choice(FAULTS)
        number = dice.randrange(1, most)
        assert fail_once(server, call, error, number) == [], f"{call} {number}: {error}"


def test_a_write_or_sync_that_fails_is_not_acknowledged(server: Forge) -> None:
    fail_often(server, CI_ERRORS)


@pytest.mark.proof
def test_a_hundred_failures_of_the_disk(server: Forge) -> None:
    fail_often(server, ALL_ERRORS)


def test_the_rig_catches_a_swallowed_error(server: Forge) -> None:
    dice = Random(1)
    numbers = (dice.randrange(1, FAULTS[0][2]) for _ in range(20))
    assert any(fail_once(server, "fdatasync", "EIO", number, "swallowed_fsync_error") for number in numbers)


def test_what_failed_and_was_asked_again_ends_as_if_nothing_had_been(server: Forge) -> None:
    whole = copy_base(server.folder / "base.db", server.folder / "whole" / "store.db")
    with opened(whole) as store:
        for op in OPS:
            perform(store, op)
    url = copy_base(server.folder / "base.db", server.folder / "again" / "store.db")
    server.run(url, PAYMENTS, trace=("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1+"))
    with opened(url) as store:
        for op in OPS:
            perform(store, op)
    assert digest(url) == digest(whole)
