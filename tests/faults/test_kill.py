"""Kill -9 at every point where the service writes: what was acknowledged stays, and a retry ends the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.faults.script import Op, check, committed, copy_base, digest, make_base, opened, perform, script
from tests.faults.tracing import WRITES, Forge, Ran, forge

PAYMENTS = 6
KILLED = -9
CI_POINTS, ALL_POINTS = 30, 300
CALLS = ",".join(WRITES)


@dataclass
class Rig:
    """A prepared database and the server that forks what is killed."""

    forge: Forge
    folder: Path
    base: Path
    ops: list[Op]
    whole: str

    def run(self, bug: str = "honest", trace: tuple[str, ...] = ()) -> tuple[str, Ran]:
        url = copy_base(self.base, self.folder / f"run-{self.forge.runs}" / "store.db")
        return url, self.forge.run(url, PAYMENTS, bug, trace=trace)

    def points(self, bug: str = "honest") -> list[tuple[str, int]]:
        """Count the calls of a run; each is a point at which it may die."""
        _, ran = self.run(bug, ("-e", f"trace={CALLS}"))
        assert ran.code == 0
        calls = Counter(
            line.split(None, 1)[1].split("(", 1)[0] for line in ran.log.splitlines() if "(" in line
        )
        return [(call, number) for call in WRITES for number in range(1, calls[call] + 1)]

    def kill_at(self, call: str, number: int, bug: str = "honest") -> tuple[list[str], set[str], bool]:
        """Kill at one point; give what is wrong, what was committed unanswered, and whether it died."""
        url, ran = self.run(bug, ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"))
        wrong = check(url, self.ops, ran.acknowledged)
        unanswered = gap(url, self.ops, ran.acknowledged) if ran.code == KILLED else set()
        with opened(url) as store:
            for op in self.ops:  # whoever got no answer asks again
                perform(store, op)
        wrong += check(url, self.ops, {op.id for op in self.ops})
        if digest(url) != self.whole:
            wrong.append("the retries did not end where a run without a fault ends")
        return wrong, unanswered, ran.code == KILLED


def gap(url: str, ops: list[Op], acknowledged: set[str]) -> set[str]:
    """Name the kinds of operation that were committed and never answered."""
    unanswered = committed(url, ops) - acknowledged
    return {op.kind for op in ops if op.id in unanswered}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("kill")
    ops = script(PAYMENTS)
    base = folder / "base.db"
    make_base(f"sqlite:///{base}", ops)
    url = copy_base(base, folder / "whole" / "store.db")
    with opened(url) as store:
        for op in ops:
            perform(store, op)
    with forge(folder) as server:
        yield Rig(server, folder, base, ops, digest(url))


def spread(points: list[tuple[str, int]], count: int, dice: Random) -> list[tuple[str, int]]:
    """Take so many points: every answer, and of the other calls a share each, in no order."""
    chosen = [point for point in points if point[0] == "write"]
    for call in ("unlink", "ftruncate", "fdatasync", "pwrite64"):
        some = [point for point in points if point[0] == call]
        share = count - len(chosen) if call == "pwrite64" else max(1, count // 6)
        chosen += dice.sample(some, min(len(some), share))
    return chosen


def enumerate_kills(rig: Rig, count: int) -> None:
    points = rig.points()
    chosen = spread(points, count, Random(count))
    reached: Counter[str] = Counter()
    died = 0
    for call, number in chosen:
        wrong, unanswered, is_dead = rig.kill_at(call, number)
        assert wrong == [], f"killed at {call} {number}"
        reached.update(unanswered)
        died += is_dead
    assert died >= len(chosen) * 0.9
    missing = {op.kind for op in rig.ops} - {"on"} - set(reached)
    assert not missing, f"void: no kill between commit and answer of {missing}"


def test_without_a_fault_nothing_is_wrong(rig: Rig) -> None:
    for _ in range(3):
        url, ran = rig.run()
        assert ran.code == 0
        assert ran.acknowledged == {op.id for op in rig.ops}
        assert check(url, rig.ops, ran.acknowledged) == []
        assert digest(url) == rig.whole


def test_killed_at_any_write_nothing_acknowledged_is_lost(rig: Rig) -> None:
    enumerate_kills(rig, CI_POINTS)


@pytest.mark.proof
def test_killed_at_every_write(rig: Rig) -> None:
    enumerate_kills(rig, ALL_POINTS)


@pytest.mark.parametrize(
    "bug",
    ["acknowledge_before_commit", "outbox_after_commit", "audit_outside_the_transaction", "new_id_per_retry"],
)
def test_the_rig_catches(rig: Rig, bug: str) -> None:
    caught: list[str] = []
    points = rig.points(bug)
    wanted = "write" if bug == "new_id_per_retry" else "pwrite64"
    points = [point for point in points if point[0] == wanted]
    for call, number in Random(bug).sample(points, min(len(points), 2 * CI_POINTS)):
        url, ran = rig.run(bug, ("-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"))
        caught += check(url, rig.ops, ran.acknowledged)
        again = rig.forge.run(url, PAYMENTS, bug)  # the retries have the bug too
        caught += check(url, rig.ops, ran.acknowledged | again.acknowledged)
        if caught:
            return
    pytest.fail(f"{bug} went unseen")
