"""Histories delivered again, late and in any order: each event counts once, and the end is the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from receivables.errors import TieoutError
from serving.store import ledger_rows, schema
from serving.store.store import Store
from tests.faults.planted import PLANTED
from tests.faults.script import BOOK, Op, check, copy_base, make_base, opened, script

PAYMENTS = 8
CI_HISTORIES, ALL_HISTORIES = 50, 500
OPS = [op for op in script(PAYMENTS) if op.kind == "apply"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("histories") / "base.db"
    make_base(f"sqlite:///{path}", OPS)
    return path


def history(dice: Random) -> list[Op]:
    """Deliver each operation one to five times, in any order; some come back when all else is done."""
    once = [op for op in OPS for _ in range(dice.randint(1, 5))]
    dice.shuffle(once)
    return once + dice.sample(OPS, dice.randint(0, len(OPS)))


def play(base: Path, number: int, bug: str = "honest") -> tuple[list[str], object]:
    """Play one history; give what is wrong, and the state without the order of events."""
    url = copy_base(base, base.parent / f"{bug}-{number}" / "store.db")
    wrong: list[str] = []
    acknowledged: set[str] = set()
    with opened(url) as store:
        for op in history(Random(number)):
            try:
                PLANTED[bug](store, op, lambda name=op.id: acknowledged.add(name))  # type: ignore[misc]
            except (TieoutError, SQLAlchemyError) as error:
                wrong.append(f"{op.id}: {error}")
        return [*wrong, *check(url, OPS, acknowledged)], state(store)


def state(store: Store) -> object:
    """Everything that is not a number in the order of events."""
    with store.reading(BOOK) as tx:
        run = tx.connection.execute
        money = ledger_rows.balances(tx)
        items = run(
            select(schema.invoice.c.id, schema.invoice.c.open_minor).order_by(schema.invoice.c.id)
        ).all()
        columns = schema.payment.c
        payments = run(select(columns.id, columns.state, columns.unapplied_minor).order_by(columns.id)).all()
        entries = sorted(entry.id for entry in ledger_rows.read_entries(tx))
        return money, items, payments, entries


def test_every_order_and_repetition_ends_the_same(base: Path) -> None:
    played = [play(base, number) for number in range(CI_HISTORIES)]
    assert [wrong for wrong, _ in played if wrong] == []
    assert all(end == played[0][1] for _, end in played)


@pytest.mark.proof
def test_five_hundred_histories(base: Path) -> None:
    played = [play(base, number) for number in range(1_000, 1_000 + ALL_HISTORIES)]
    assert [wrong for wrong, _ in played if wrong] == []
    assert all(end == played[0][1] for _, end in played)


@pytest.mark.parametrize("bug", ["time_window_dedup", "new_id_per_retry", "float_money"])
def test_the_rig_catches(base: Path, bug: str) -> None:
    assert any(play(base, number, bug)[0] for number in range(3))
