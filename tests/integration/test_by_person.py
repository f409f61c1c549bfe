"""A person's decision and its undoing on a synthetic book; every invariant holds after each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from receivables.errors import TieoutError
from receivables.policy import Policy
from serving.audit.chain import records
from serving.audit.decisions import check_decisions
from serving.audit.entries import check_journal
from serving.audit.verify import FindingKind, verify_chain
from serving.by_person import decide, take_back
from serving.catch_up import catch_up
from serving.ingest import ingest_book
from serving.proposals import Line
from serving.store.invariants import violations
from serving.store.schema import allocation, case, invoice, payment, proposal
from serving.store.store import Store, Transaction
from tests.learnt import bundle, policy, synthetic_book
from tests.stores import empty_store

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
BOOK = "acme"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with a book of which nothing is decided yet."""
    from dataclasses import replace

    import pyarrow.compute as pc

    whole = synthetic_book(300, 11)
    last = pc.max(whole.payments["booking_date"]).as_py().replace(day=1)
    late = pc.greater_equal(whole.payments["booking_date"], last)
    ids = whole.payments["payment_id"].filter(late).combine_chunks()
    shown = whole.allocations.filter(pc.invert(pc.is_in(whole.allocations["payment_id"], value_set=ids)))
    with empty_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}", BOOK) as store:
        ingest_book(store, BOOK, replace(whole, allocations=shown), NOW)
        catch_up(store, BOOK, bundle(), policy(), lambda: NOW)
        yield store


def proposed(tx: Transaction) -> tuple[str, list[Line]]:
    """A payment that waits for a person, with what the model would do."""
    query = (
        select(proposal)
        .join(
            payment,
            (payment.c.book_id == proposal.c.book_id) & (payment.c.decision_id == proposal.c.decision_id),
        )
        .where(payment.c.state == "review", payment.c.amount_minor > 0)
        .order_by(payment.c.id, proposal.c.line)
    )
    rows = tx.connection.execute(query).all()
    first = rows[0].payment_id
    return first, [line_of(row) for row in rows if row.payment_id == first]


def line_of(row: object) -> Line:
    return Line(**{name: getattr(row, name) for name in Line.__dataclass_fields__})


def sound(store: Store) -> None:
    with store.reading(BOOK) as tx:
        assert list(violations(tx)) == []
        audited = verify_chain(BOOK, records(tx), [], None)
        check_journal(tx, audited)
        check_decisions(tx, audited)
        assert {finding.kind for finding in audited.findings} == {FindingKind.NO_CHECKPOINT}


def test_a_person_applies_what_the_model_proposed_and_takes_it_back(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, lines = proposed(tx)
        before = dict(tx.connection.execute(select(invoice.c.id, invoice.c.open_minor)).all())
        done = decide(tx, name, lines, by="ana", policy=Policy(), now=NOW)
    assert done.proposed.outcome == "person"
    sound(filled)
    with filled.reading(BOOK) as tx:
        assert (
            tx.connection.execute(select(payment.c.state).where(payment.c.id == name)).scalar() == "applied"
        )
        waits = select(case.c.id).where(case.c.payment_id == name, case.c.state == "open")
        assert tx.connection.execute(waits).first() is None
        rows = tx.connection.execute(select(allocation).where(allocation.c.payment_id == name)).all()
        assert {row.decided_by for row in rows} == {"ana"}
        assert {row.source for row in rows} == {"person"}
    with filled.transaction(BOOK) as tx, pytest.raises(TieoutError, match="applied"):
        decide(tx, name, lines, by="bo", policy=Policy(), now=NOW)
    with filled.transaction(BOOK) as tx:
        undone = take_back(tx, name, by="bo", reason="wrong invoice", now=NOW)
        assert len(undone) == len(lines)
    sound(filled)
    with filled.reading(BOOK) as tx:
        assert dict(tx.connection.execute(select(invoice.c.id, invoice.c.open_minor)).all()) == before
        assert tx.connection.execute(select(payment.c.state).where(payment.c.id == name)).scalar() == "review"
    with filled.transaction(BOOK) as tx:
        decide(tx, name, lines, by="ana", policy=Policy(), now=NOW)
    sound(filled)


def test_a_rerun_never_changes_what_a_person_decided(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, lines = proposed(tx)
        decide(tx, name, lines[:1], by="ana", policy=Policy(), now=NOW)
    catch_up(filled, BOOK, bundle(), policy(), lambda: NOW)
    sound(filled)
    with filled.reading(BOOK) as tx:
        rows = tx.connection.execute(select(allocation).where(allocation.c.payment_id == name)).all()
        assert [row.decided_by for row in rows] == ["ana"]


def test_nothing_that_does_not_add_up_is_written(filled: Store) -> None:
    from dataclasses import replace

    with filled.reading(BOOK) as tx:
        name, lines = proposed(tx)
    first = lines[0]
    huge = replace(
        first, amount_minor=first.amount_minor * 1000, payment_amount_minor=first.payment_amount_minor * 1000
    )
    for bad in (
        [first, first],
        [huge],
        [replace(first, invoice_id="nowhere")],
        [replace(first, currency="XXX")],
    ):
        with pytest.raises(TieoutError), filled.transaction(BOOK) as tx:
            decide(tx, name, bad, by="ana", policy=Policy(), now=NOW)
    sound(filled)


def test_none_of_these_closes_the_case_and_leaves_the_cash_unapplied(filled: Store) -> None:
    with filled.transaction(BOOK) as tx:
        name, _ = proposed(tx)
        decide(tx, name, [], by="ana", policy=Policy(), outcome="unmatched", reason="unknown payer", now=NOW)
    sound(filled)
    with filled.reading(BOOK) as tx:
        waits = select(case.c.id).where(case.c.payment_id == name, case.c.state == "open")
        assert tx.connection.execute(waits).first() is None
