"""From a verdict to a label: what people say of cases and audits comes back as votes with a chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from features.book import read_book
from features.snapshot import open_snapshot
from receivables.audit_sample import AuditPlan
from serving.by_person import decide
from serving.catch_up import catch_up
from serving.ingest import ingest_book
from serving.review.audits import draw_audits
from serving.review.claims import Queue, claim
from serving.review.export import export_snapshot, label_lines
from serving.review.verdicts import (
    BadVerdictError,
    CaseMovedError,
    Done,
    Said,
    Verdict,
    _line,
    give_verdict,
    undo_verdict,
)
from serving.store.invariants import violations
from serving.store.review_rows import find_case, lines_of_decision, verdicts_of
from serving.store.schema import case, payment
from serving.store.store import Store, Transaction
from serving.two_people import SecondPersonNeededError
from tests.learnt import bundle, policy
from tests.stores import empty_store
from training.labels import labelled_book, resolve
from training.synthetic import make_book, write_book
from training.worlds import split

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
BOOK = "acme"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    write_book(make_book(500, 21), tmp_path / "book")
    split(tmp_path / "book", tmp_path, 16)
    with empty_store(f"sqlite:///{tmp_path / 'store.db'}", BOOK) as store:
        ingest_book(store, BOOK, read_book(tmp_path / "match"), NOW)
        catch_up(store, BOOK, bundle(), policy(), lambda: NOW)
        yield store


def proposed(tx: Transaction, who: str = "ana") -> tuple[str, int, str]:
    """A case with a proposal: its id, version and payment."""
    for row in claim(tx, who, Queue("confidence"), NOW, count=50):
        if lines_of_decision(tx, row.decision_id) and row.source == "ambiguous":
            return row.id, row.version, row.payment_id
    raise AssertionError("nothing is proposed")


def say(
    store: Store,
    name: str,
    version: int,
    said: Said,
    *,
    by: str = "ana",
    verdict: str | None = None,
    **more: object,
) -> Done:
    given = Verdict(id=verdict or f"{said}-{name}-{by}", version=version, said=said, **more)  # type: ignore[arg-type]
    with store.transaction(BOOK) as tx:
        return give_verdict(tx, name, given, by=by, policy=policy(), now=NOW)


def test_a_verdict_counts_once_and_its_retry_answers_the_same(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, version, _ = proposed(tx)
    first = say(filled, name, version, Said.ACCEPT)
    again = say(filled, name, version, Said.ACCEPT)
    assert (again.decision_id, again.again) == (first.decision_id, True)
    with pytest.raises(CaseMovedError):
        say(filled, name, version, Said.ACCEPT, by="bo", verdict="another-id")
    with filled.reading(BOOK) as tx:
        assert len(verdicts_of(tx, name)) == 1
        assert list(violations(tx)) == []


def test_a_case_in_other_hands_or_another_version_is_not_decided(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, version, _ = proposed(tx)
    with pytest.raises(CaseMovedError, match="Another person"):
        say(filled, name, version, Said.ACCEPT, by="bo")
    with pytest.raises(CaseMovedError, match="changed"):
        say(filled, name, version + 1, Said.ACCEPT)
    with pytest.raises(BadVerdictError, match="reason"):
        say(filled, name, version, Said.NONE)


def test_an_undone_verdict_is_no_vote(filled: Store, tmp_path: Path) -> None:
    with filled.transaction(BOOK) as tx:
        name, version, _ = proposed(tx)
    done = say(filled, name, version, Said.ACCEPT)
    with filled.transaction(BOOK) as tx:
        undo_verdict(tx, done.verdict_id, undo_id="undo-it", by="ana", now=NOW)
    with filled.reading(BOOK) as tx:
        assert list(violations(tx)) == []
        snapshot = open_snapshot(export_snapshot(tx, tmp_path / "snapshots"))
    assert snapshot.votes.num_rows == 0
    assert any(snapshot.book.allocations["reversed_at"].is_valid().to_pylist())


def test_two_must_agree_above_the_limit_however_the_day_is_cut(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, version, payment_id = proposed(tx)
        amount = tx.connection.execute(
            select(payment.c.amount_minor).where(payment.c.id == payment_id)
        ).scalar_one()
    tight = policy(four_eyes_amount="0.01")
    assert amount > 1
    with filled.transaction(BOOK) as tx:
        done = give_verdict(
            tx,
            name,
            Verdict(id="first-eye", version=version, said=Said.ACCEPT),
            by="ana",
            policy=tight,
            now=NOW,
        )
    assert (done.state, done.decision_id) == ("approval", None)
    with filled.transaction(BOOK) as tx:
        row = find_case(tx, name)
        assert row is not None
        with pytest.raises(BadVerdictError, match="yourself"):
            give_verdict(
                tx,
                name,
                Verdict(id="same-eye", version=row.version, said=Said.AGREE),
                by="ana",
                policy=tight,
                now=NOW,
            )
        assert name not in [one.id for one in claim(tx, "ana", Queue(), NOW, count=50)]
    with filled.transaction(BOOK) as tx:
        done = give_verdict(
            tx,
            name,
            Verdict(id="second-eye", version=row.version, said=Said.AGREE),
            by="bo",
            policy=tight,
            now=NOW,
        )
    assert done.decision_id is not None
    with filled.reading(BOOK) as tx:
        assert list(violations(tx)) == []


def test_audits_are_drawn_once_answered_blind_by_two_and_certify(filled: Store, tmp_path: Path) -> None:
    plan = AuditPlan(share=0.5, high_value_share=0.5)
    with filled.transaction(BOOK) as tx:
        drawn = draw_audits(tx, plan, b"salt", NOW)
        assert draw_audits(tx, plan, b"salt", NOW) == 0
    assert drawn > 0
    with filled.reading(BOOK) as tx:
        assert list(violations(tx)) == []
        rows = tx.connection.execute(select(case).where(case.c.source == "audit").order_by(case.c.id)).all()
        lines = lines_of_decision(tx, rows[0].decision_id)
    assert len(rows) == drawn
    assert {row.pi for row in rows} == {0.5}
    first = rows[0]
    given = tuple(_line(line) for line in lines)
    for who in ("ana", "bo"):
        with filled.reading(BOOK) as tx:
            row = find_case(tx, first.id)
            assert row is not None
        say(filled, first.id, row.version, Said.SPLIT, by=who, lines=given)
    with filled.reading(BOOK) as tx:
        assert list(violations(tx)) == [], "an audit moves no money"
        snapshot = open_snapshot(export_snapshot(tx, tmp_path / "snapshots"))
        assert len(list(label_lines(tx))) == 2
    labels = resolve(snapshot.votes, snapshot.book)
    label = labels.labels[first.payment_id]
    assert (label.source, label.pi, label.is_checked) == ("audit", 0.5, True)
    learnt = labelled_book(snapshot, labels).allocations.to_pylist()
    mine = [row for row in learnt if row["payment_id"] == first.payment_id]
    assert [row["invoice_id"] for row in mine] == sorted(line.invoice_id for line in given)
    assert all(row["checked_by"] for row in mine)


def test_a_lease_ends_and_the_case_goes_to_somebody_else(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        mine = {row.id for row in claim(tx, "ana", Queue(), NOW, count=5)}
        assert not mine & {row.id for row in claim(tx, "bo", Queue(), NOW, count=50)}
        later = NOW + timedelta(minutes=6)
        assert mine <= {row.id for row in claim(tx, "bo", Queue(), later, count=50)}


def test_undo_after_two_agreed_takes_the_money_back(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, _, payment_id = proposed(tx)
    tight = policy(four_eyes_amount="0.01")
    for number, (by, said) in enumerate((("ana", Said.ACCEPT), ("bo", Said.AGREE))):
        with filled.transaction(BOOK) as tx:
            row = find_case(tx, name)
            assert row is not None
            given = Verdict(id=f"eye-number-{number}", version=row.version, said=said)
            done = give_verdict(tx, name, given, by=by, policy=tight, now=NOW)
    assert done.decision_id is not None
    with filled.transaction(BOOK) as tx:
        undo_verdict(tx, "eye-number-0", undo_id="undo-it-all", by="ana", now=NOW)
    with filled.reading(BOOK) as tx:
        assert list(violations(tx)) == []
        state = select(payment.c.state).where(payment.c.id == payment_id)
        assert tx.connection.execute(state).scalar() == "review"


def test_no_way_in_goes_around_the_second_person(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, _, payment_id = proposed(tx)
        lines = [_line(line) for line in lines_of_decision(tx, find_case(tx, name).decision_id)]  # type: ignore[union-attr]
    with pytest.raises(SecondPersonNeededError), filled.transaction(BOOK) as tx:
        decide(tx, payment_id, lines, by="key:abc", policy=policy(four_eyes_amount="0.01"), now=NOW)


def test_who_has_answered_an_audit_is_not_asked_again(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        draw_audits(tx, AuditPlan(share=1.0, high_value_share=1.0), b"salt", NOW)
        name = tx.connection.execute(select(case.c.id).where(case.c.source == "audit")).scalars().first()
        assert name is not None
        row = find_case(tx, name)
        assert row is not None
        version = row.version
    say(filled, name, version, Said.NONE, reason="nobody we know")
    with filled.transaction(BOOK) as tx:
        assert name not in {row.id for row in claim(tx, "ana", Queue(), NOW, count=50)}


def test_a_role_may_not_write_off_more_than_the_policy_allows_it(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, version, _ = proposed(tx)
        first = _line(lines_of_decision(tx, find_case(tx, name).decision_id)[0])  # type: ignore[union-attr]
    line = replace(first, write_off_minor=500, write_off_reason="other")
    tight = policy(max_write_off_amount={"reviewer": "1.00"})
    given = Verdict(id="too-much-off", version=version, said=Said.SPLIT, lines=(line,))
    with pytest.raises(BadVerdictError, match="write off"), filled.transaction(BOOK) as tx:
        give_verdict(tx, name, given, by="ana", policy=tight, now=NOW, role="reviewer")
