"""The promise kept alive: audits and the calendar step down by themselves what the service may close."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import select
from typer.testing import CliRunner

from features.book import read_book
from features.bundle import base_bundle
from receivables.assurance import Why
from receivables.audit_sample import AuditPlan
from receivables.money import to_minor
from receivables.policy import Policy
from serving.catch_up import catch_up
from serving.commands import learning
from serving.ingest import ingest_book
from serving.model_slot import LoadedModel
from serving.promise import _note, keep_promise, policy_kept, promise_of
from serving.review.answers import Said
from serving.review.audits import draw_audits
from serving.review.cards import card
from serving.review.verdicts import Done, Verdict, _line, give_verdict
from serving.store.audit_rows import payloads_of_kind
from serving.store.invariants import violations
from serving.store.review_rows import CLOSED, OPEN, find_case, lines_of_decision
from serving.store.schema import case, decision
from serving.store.store import Store, StoredRow, Transaction
from tests.learnt import bundle, policy
from tests.service import INVOICE, PAYMENT, running
from tests.stores import empty_store
from training.synthetic import make_book, write_book
from training.worlds import split

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
BOOK = "acme"
LAST_DAY = date(2026, 5, 31)
SAFER: dict[str, Any] = {"alpha": 0.0005, "auto_threshold": 0.9999, "segment_thresholds": {}}


def promised(*rungs: dict[str, Any], **knobs: object) -> Policy:
    """A policy under a certificate that ends on a day."""
    guarantee = {
        "alpha": 0.001,
        "statement": "made up",
        "valid_until": LAST_DAY.isoformat(),
        "as_of": "2026-03-02",
        "rungs": list(rungs),
    }
    return replace(policy(**knobs), guarantee=guarantee)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    write_book(make_book(500, 21), tmp_path / "book")
    split(tmp_path / "book", tmp_path, 16)
    with empty_store(f"sqlite:///{tmp_path / 'store.db'}", BOOK) as store:
        ingest_book(store, BOOK, read_book(tmp_path / "match"), NOW)
        catch_up(store, BOOK, bundle(), promised(), lambda: NOW)
        with store.transaction(BOOK) as tx:
            draw_audits(tx, AuditPlan(share=1.0, high_value_share=1.0), b"salt", NOW)
        yield store


def audits(tx: Transaction) -> list[StoredRow]:
    """The audits in the order of the closes."""
    query = (
        select(case.c.id, case.c.decision_id, case.c.state)
        .join(decision, decision.c.id == case.c.decision_id)
        .where(case.c.source == "audit")
        .order_by(decision.c.seq)
    )
    return list(tx.connection.execute(query))


def answer(store: Store, row: StoredRow, who: str, *, wrong: bool = False) -> Done:
    """Say of an audit that the close was right, or that nobody knows what is paid."""
    with store.transaction(BOOK) as tx:
        found = find_case(tx, row.id)
        assert found is not None
        lines = () if wrong else tuple(_line(one) for one in lines_of_decision(tx, row.decision_id))
        given = Verdict(
            id=f"{row.id}-{who}",
            version=found.version,
            said=Said.NONE if wrong else Said.SPLIT,
            lines=lines,
            reason="nobody we know" if wrong else None,
        )
        return give_verdict(tx, row.id, given, by=who, policy=policy(), now=NOW)


def answer_all(store: Store, *, wrong: bool, first: int, until: int | None = None) -> None:
    with store.reading(BOOK) as tx:
        rows = audits(tx)[first:until]
    for row in rows:
        for who in ("ana", "bo"):
            answer(store, row, who, wrong=wrong)


def keep(store: Store, using: Policy, now: datetime = NOW) -> Any:  # noqa: ANN401 - a Promise, or None
    with store.transaction(BOOK) as tx:
        return keep_promise(tx, bundle().name, using, now)


def test_wrong_closes_step_the_promise_down_and_nothing_closes_any_more(filled: Store) -> None:
    using = promised()
    assert keep(filled, using).place == 0
    answer_all(filled, wrong=True, first=0, until=4)
    stepped = keep(filled, using)
    assert (stepped.place, stepped.in_force, stepped.steps[-1].why) == (1, None, "alarm")
    assert keep(filled, using) == stepped, "heard once, whoever asks again"
    with filled.reading(BOOK) as tx:
        kept = policy_kept(tx, using)
        assert (kept.auto_threshold, kept.segment_thresholds, kept.guarantee) == (None, {}, None)
        assert len(payloads_of_kind(tx, "promise.changed", NOW)) == 2
        assert list(violations(tx)) == []


def test_the_safer_rung_of_the_certificate_comes_first(filled: Store) -> None:
    using = promised(SAFER)
    answer_all(filled, wrong=True, first=0, until=4)
    stepped = keep(filled, using)
    assert (stepped.place, stepped.in_force.alpha) == (1, SAFER["alpha"])
    with filled.reading(BOOK) as tx:
        assert policy_kept(tx, using).auto_threshold == SAFER["auto_threshold"]


def test_right_closes_keep_it_and_extend_it_on_its_last_day(filled: Store) -> None:
    using = promised()
    answer_all(filled, wrong=False, first=0, until=6)
    kept = keep(filled, using)
    assert (kept.place, kept.alarm.audits, kept.alarm.wrong) == (0, 6, 0)
    later = datetime(2026, 6, 1, 12, tzinfo=UTC)
    extended = keep(filled, using, later)
    assert (extended.place, extended.steps[-1].why) == (0, "extended")
    assert extended.valid_until == later.date() + timedelta(days=90)
    with filled.reading(BOOK) as tx:
        assert policy_kept(tx, using) == using


def test_without_an_audit_the_last_day_ends_it(filled: Store) -> None:
    using = promised()
    assert keep(filled, using).place == 0
    ended = keep(filled, using, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert (ended.place, ended.in_force, ended.steps[-1].why) == (1, None, "expired")


def test_what_is_not_answered_yet_stops_the_hearing(filled: Store) -> None:
    using = promised()
    answer_all(filled, wrong=True, first=1, until=6)
    assert keep(filled, using).alarm.audits == 0
    answer_all(filled, wrong=False, first=0, until=1)
    assert keep(filled, using).place == 1


def test_two_who_disagree_leave_an_audit_to_a_third(filled: Store) -> None:
    with filled.reading(BOOK) as tx:
        first = audits(tx)[0]
    assert answer(filled, first, "ana").state == OPEN
    assert answer(filled, first, "bo", wrong=True).state == OPEN
    assert answer(filled, first, "cy").state == CLOSED
    assert keep(filled, promised()).alarm.wrong == 0


def test_an_audit_can_be_answered_rightly_from_its_card_and_shows_no_verdict(filled: Store) -> None:
    using = LoadedModel(bundle(), promised(), bundle().name, "test")
    with filled.reading(BOOK) as tx:
        rows = audits(tx)
        for row in rows:
            found = find_case(tx, row.id)
            assert found is not None
            drawn = card(tx, found, using, NOW)
            assert drawn["proposal"] is None
            offered = {one["invoice_id"]: one for one in drawn["candidates"]}
            assert list(offered) == sorted(offered)
            for line in lines_of_decision(tx, row.decision_id):
                one = offered[line.invoice_id]
                assert one["status"] == "open"
                assert abs(to_minor(one["apply"], line.currency)) >= abs(line.amount_minor)
                assert "pair_confidence" not in one
    assert rows


def test_a_policy_that_promises_nothing_is_left_alone(filled: Store) -> None:
    using = replace(policy(), guarantee=None)
    assert keep(filled, using) is None
    with filled.reading(BOOK) as tx:
        assert promise_of(tx, using) is None
        assert policy_kept(tx, using) == using


def test_a_promise_stepped_down_holds_for_what_comes_next_by_every_way_in(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.post("/v1/invoices", {"invoices": [INVOICE]})
        model = service.runtime.slot.current()
        preview = {"payments": [PAYMENT | {"payment_id": "P-0"}]}
        assert service.post("/v1/match", preview).json()["decisions"][0]["outcome"] == "auto"
        with service.runtime.store.transaction(BOOK) as tx:
            begun = keep_promise(tx, model.name, model.policy, NOW)
            assert begun is not None
            assert begun.valid_until == date.max, "the base model has no last day"
            _step_down(tx, model.policy)
        assert service.post("/v1/match", preview).json()["decisions"][0]["outcome"] == "review"
        [said] = service.post("/v1/payments", {"payments": [PAYMENT]}).json()["decisions"]
        assert said["outcome"] == "review"


def _step_down(tx: Transaction, using: Policy) -> None:
    promise = promise_of(tx, using)
    assert promise is not None
    _note(tx, using, promise.stepped_down(Why.ALARM, on=NOW.date()), 0, NOW)


def test_the_command_tells_how_the_promise_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    monkeypatch.delenv("TIEOUT_DATABASE_URL", raising=False)
    monkeypatch.setattr("serving.logs.set_up_logs", lambda _level: None)  # its stream ends with the runner
    app = typer.Typer()
    learning.register(app)
    using = base_bundle()
    with empty_store(f"sqlite:///{tmp_path / 'store.db'}", BOOK) as store:
        assert "Nothing was noted yet" in CliRunner().invoke(app, ["audit", "promise"]).stdout
        base = Policy.from_dict(using.policy)
        with store.transaction(BOOK) as tx:
            keep_promise(tx, using.name, base, NOW)
        said = CliRunner().invoke(app, ["audit", "promise"]).stdout
        assert "Rung 1 of 1: at most 0.10% false.\nAlarm: 0 audits heard" in said
        with store.transaction(BOOK) as tx:
            _step_down(tx, base)
        said = CliRunner().invoke(app, ["audit", "promise"]).stdout
        assert "Nothing closes by itself: the promise was taken back." in said
        assert "2026-03-31 alarm: nothing closes by itself" in said


def test_the_chain_shows_how_the_promise_stands(filled: Store) -> None:
    using = promised()
    keep(filled, using)
    with filled.reading(BOOK) as tx:
        [record] = payloads_of_kind(tx, "promise.changed", NOW)
    state = json.loads(json.loads(record)["body"]["state"])
    assert (state["place"], state["valid_until"]) == (0, LAST_DAY.isoformat())
