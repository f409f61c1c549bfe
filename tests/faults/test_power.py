"""Power cuts with torn sectors: nothing acknowledged is lost, and nothing half-written is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.exc import SQLAlchemyError

from receivables.errors import TieoutError
from tests.faults.power import TRACE, Step, cut_at, steps_of
from tests.faults.script import SMALL_CACHE, Op, check, copy_base, make_base, script
from tests.faults.tracing import Forge, forge

PAYMENTS = 10
CI_CUTS, ALL_CUTS = 200, 2_000


@dataclass
class Rig:
    forge: Forge
    folder: Path
    base: Path
    ops: list[Op]

    def written(self, bug: str = "honest", sync: str = "FULL") -> list[Step]:
        """Run the script and read what it wrote."""
        url = copy_base(self.base, self.folder / f"run-{self.forge.runs}" / "store.db")
        ran = self.forge.run(url, PAYMENTS, bug, sync, TRACE)
        assert ran.code == 0
        return steps_of(ran.log)

    def cut(self, steps: list[Step], place: int, dice: Random) -> list[str]:
        """Cut at one place; give what is wrong afterwards."""
        folder = self.folder / "cut"
        acknowledged = cut_at(steps, place, self.base.read_bytes(), folder, dice)
        try:
            with closing(sqlite3.connect(folder / "store.db")) as raw:
                sound = raw.execute("PRAGMA integrity_check").fetchall()
            if sound != [("ok",)]:
                return [f"the database is damaged: {sound[0][0][:80]}"]
            return check(f"sqlite:///{folder / 'store.db'}", self.ops, acknowledged)
        except (sqlite3.Error, SQLAlchemyError, TieoutError) as error:
            return [f"the database cannot be used: {str(error)[:80]}"]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("power")
    ops = script(PAYMENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SMALL_CACHE, "60")
        base = folder / "base.db"
        make_base(f"sqlite:///{base}", ops)
        with forge(folder) as server:
            yield Rig(server, folder, base, ops)


def cut_many(rig: Rig, count: int) -> None:
    steps = rig.written()
    acknowledged = [place for place, step in enumerate(steps, 1) if step.call == "acknowledge"]
    assert len(acknowledged) == len(rig.ops)
    assert {step.file for step in steps if step.call == "sync"} == {"store.db", "store.db-wal"}
    dice = Random(count)
    places = acknowledged + [dice.randrange(len(steps)) for _ in range(count - len(acknowledged))]
    for place in places:
        assert rig.cut(steps, place, dice) == [], f"cut at {place} of {len(steps)}"


def test_without_a_cut_nothing_is_wrong(rig: Rig) -> None:
    """The whole log, played to its end with every write, gives the store that the run left."""
    steps = rig.written()
    whole = [*steps, Step("sync", "store.db"), Step("sync", "store.db-wal")]
    for seed in range(20):
        assert rig.cut(whole, len(whole), Random(seed)) == []


def test_after_a_power_cut_nothing_acknowledged_is_lost(rig: Rig) -> None:
    cut_many(rig, CI_CUTS)


@pytest.mark.proof
def test_after_two_thousand_power_cuts(rig: Rig) -> None:
    cut_many(rig, ALL_CUTS)


@pytest.mark.parametrize(
    ("bug", "sync"), [("honest", "NORMAL"), ("honest", "OFF"), ("acknowledge_before_commit", "FULL")]
)
def test_the_rig_catches(rig: Rig, bug: str, sync: str) -> None:
    """Careless syncing loses what was acknowledged, or damages the database; the rig sees both."""
    steps = rig.written(bug, sync)
    dice = Random(sync)
    places = [place for place, step in enumerate(steps, 1) if step.call == "acknowledge"]
    assert any(rig.cut(steps, place, dice) for place in places * 5)
