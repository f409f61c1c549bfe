"""A challenger decides beside the model in use: noted for the gate, and nothing else comes of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from features.bundle import Bundle, base_bundle
from features.publication import publish, shadow_note, unwatch, watch
from serving.model_slot import ModelSlot
from serving.neighbourhood import Neighbourhood
from serving.proposals import Proposed
from serving.shadow import MOST_WAITING
from tests.learnt import NoNumbers, variant
from tests.service import INVOICE, PAYMENT, Service, running
from training.gate import LEAST_SHADOW_DAYS
from training.promote import ShadowNoteError, read_shadow

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def timid(tmp_path: Path) -> Bundle:
    """A challenger that closes nothing by itself."""
    return variant(tmp_path / "timid", auto_threshold=None, segment_thresholds={})


def pay(service: Service, number: int, **said: str) -> dict[str, Any]:
    """Send an item and its payment; gives the decision."""
    invoice = INVOICE | {"invoice_id": f"INV-2026-00{number}"}
    payment = PAYMENT | {"payment_id": f"P-{number}", "remittance": f"RECHNUNG INV-2026-00{number}"} | said
    assert service.post("/v1/invoices", {"invoices": [invoice]}).status_code == 200
    taken = service.post("/v1/payments", {"payments": [payment]}).json()
    [decision] = [one for one in taken["decisions"] if one["payment_id"] == f"P-{number}"]
    assert isinstance(decision, dict)
    return decision


def noted(home: Path, model: str, **wanted: int) -> dict[str, Any]:
    """Wait until the note says so."""
    path = shadow_note(home, model)
    note: dict[str, Any] = {}
    for _ in range(200):
        note = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if all(note.get(name) == value for name, value in wanted.items()):
            return note
        time.sleep(0.1)
    raise AssertionError(note)


def test_a_challenger_decides_beside_and_the_gate_reads_how_it_compares(
    tmp_path: Path, timid: Bundle
) -> None:
    watch(timid, tmp_path, by="ana", at=AT)
    with running(tmp_path) as service:
        for day in range(LEAST_SHADOW_DAYS):
            decision = pay(service, 4200 + day)
            assert (decision["outcome"], decision["model"]) == ("auto", base_bundle().name)
            note = noted(tmp_path, timid.name, payments=day + 1, only_champion=day + 1)
            assert (note["days"], note["errors"], note["champion"]) == (day + 1, 0, base_bundle().name)
            service.clock.pass_by(days=1)
        shadow = read_shadow(tmp_path, timid.name)
        assert shadow is not None
        assert (shadow.days, shadow.payments, shadow.errors) == (LEAST_SHADOW_DAYS, LEAST_SHADOW_DAYS, 0)
        assert shadow.compared["only_champion"] == LEAST_SHADOW_DAYS
        assert 'tieout_shadow_decisions_total{compared="only_champion"}' in service.get("/metrics").text
        unwatch(tmp_path)
        service.runtime.slot.refresh()
        assert service.runtime.slot.shadow.challenger is None
        assert pay(service, 4300)["outcome"] == "auto"


def test_a_model_under_a_policy_that_differs_nowhere_here_closes_the_same(tmp_path: Path) -> None:
    twin = variant(tmp_path / "twin", early_days=400)
    watch(twin, tmp_path, by="ana", at=AT)
    with running(tmp_path) as service:
        pay(service, 4200)
        noted(tmp_path, twin.name, payments=1, same=1)


def test_a_challenger_that_fails_is_counted_and_harms_nothing(tmp_path: Path) -> None:
    twin = variant(tmp_path / "twin", early_days=400)
    watch(twin, tmp_path, by="ana", at=AT)
    with running(tmp_path) as service:
        slot = service.runtime.slot
        challenger = slot.shadow.challenger
        assert challenger is not None
        sick: dict[str, Any] = {name: NoNumbers(one) for name, one in twin.boosters.items()}
        slot.shadow.take(replace(challenger, bundle=replace(twin, boosters=sick)))
        decision = pay(service, 4200, remittance="thanks")  # no lane takes it, so the model is asked
        assert decision["confidence"] is not None
        noted(tmp_path, twin.name, errors=1, payments=0, days=0)


def test_a_damaged_challenger_is_refused_and_the_model_in_use_goes_on(tmp_path: Path, timid: Bundle) -> None:
    current = watch(timid, tmp_path, by="ana", at=AT)
    assert current.challenger is not None
    (tmp_path / "models" / current.challenger.folder / "policy.json").write_text("{}", encoding="utf-8")
    slot = ModelSlot(tmp_path)
    assert slot.refresh()
    assert slot.shadow.challenger is None
    assert slot.current().name == base_bundle().name


def test_what_piles_up_is_passed_over_and_counted(tmp_path: Path, timid: Bundle) -> None:
    watch(timid, tmp_path, by="ana", at=AT)
    slot = ModelSlot(tmp_path)
    slot.refresh()
    around: Any = object()
    payment: Any = type("Decided", (), {"payment_id": "P", "model": "m", "outcome": "review", "lines": ()})()
    for _ in range(MOST_WAITING + 3):
        slot.shadow.offer(around, [payment])

    def decide(_around: Neighbourhood, _model: object) -> list[Proposed]:
        return [payment]

    assert slot.shadow.work(decide, lambda: AT) == MOST_WAITING
    noted(tmp_path, timid.name, payments=MOST_WAITING, same=MOST_WAITING, missed=3)
    assert slot.shadow.work(decide, lambda: AT) == 0


def test_promoting_the_challenger_ends_its_shadow(tmp_path: Path, timid: Bundle) -> None:
    watch(timid, tmp_path, by="ana", at=AT)
    slot = ModelSlot(tmp_path)
    slot.refresh()
    before = slot.shadow.challenger
    publish(timid, tmp_path, by="ana", at=AT)
    assert slot.refresh()
    assert before is not None
    assert before.name == slot.current().name == timid.name
    assert slot.shadow.challenger is None


def test_a_note_nobody_can_read_is_named(tmp_path: Path) -> None:
    shadow_note(tmp_path, "a@b").parent.mkdir(parents=True)
    shadow_note(tmp_path, "a@b").write_text("[]", encoding="utf-8")
    with pytest.raises(ShadowNoteError):
        read_shadow(tmp_path, "a@b")
