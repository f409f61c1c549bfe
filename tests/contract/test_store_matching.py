"""A book in the store is matched as a book of files is, in bulk and one payment at a time."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.compute as pc
import pytest
from sqlalchemy import update

from features.book import Book
from features.state import FOREVER, State
from receivables.policy import Policy
from serving import catch_up as catching_up
from serving.block_keys import NAME_MARK, name_keys_of
from serving.by_person import decide
from serving.cash_application import apply_items, apply_payments, proposals_around
from serving.effects import record
from serving.ingest import RowState, ingest_book, ingest_rows
from serving.neighbourhood import neighbourhood
from serving.proposals import proposals_of
from serving.store.book_reading import read_book
from serving.store.effect_rows import OverAppliedError, move_items
from serving.store.intake_rows import mark_for_recheck, rows_of
from serving.store.invariants import violations
from serving.store.neighbour_rows import customers_by
from serving.store.schema import invoice
from serving.store.store import Store
from tests.learnt import WIDE_OPEN
from tests.served import decided, facts, fill, final_state, model, ready_model, rows_of_book, run, split_book
from tests.stores import NOW

SINGLES = 12
"""Payments matched one by one on each database; the proof takes some hundred."""


def undecided(store: Store) -> list[str]:
    with store.reading("acme") as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT id FROM payment WHERE state = 'new' ORDER BY booking_date, id"
        )
        return [row[0] for row in rows]


def test_taking_a_book_twice_changes_nothing(store: Store) -> None:
    book = split_book()
    first = ingest_book(store, "acme", book, NOW)
    assert {state for states in first.states.values() for state in states.values()} == {RowState.ACCEPTED}
    before = final_state(store)
    again = ingest_book(store, "acme", book, NOW)
    assert {state for states in again.states.values() for state in states.values()} == {RowState.UNCHANGED}
    assert again.items == again.payments == []
    assert final_state(store) == before


def test_balances_are_those_that_files_give(store: Store) -> None:
    from features.frame import Frame
    from features.pipeline import canonical

    book = split_book()
    fill(store, book)
    frame = Frame(canonical(book))
    state = State(frame, FOREVER, FOREVER, replay=False, batch=frame.payment_customer[:0])
    wanted = dict(zip(frame.item_ids.to_pylist(), abs(state.open_amount).tolist(), strict=True))
    with store.reading("acme") as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT id, CASE WHEN status IN ('draft', 'void') THEN 0 ELSE open_minor END FROM invoice"
        )
        assert dict(tuple(row) for row in rows) == wanted


def test_a_bulk_run_decides_what_files_decide(store: Store) -> None:
    book, using = split_book(), ready_model()
    fill(store, book)
    done = run(store)
    wanted = decided(book, using)
    assert done.decided == len(wanted) > 30
    assert done.outcomes["auto"] > 10
    state = final_state(store)
    for one, proposed in wanted.items():
        _, _, outcome, confidence, reasons, customer, lines = state["payments"][one]
        assert (outcome, confidence, reasons, customer) == (
            proposed.outcome, proposed.confidence, proposed.reasons, proposed.customer_id,
        )  # fmt: skip
        assert [line[1:4] for line in lines] == [
            (line.invoice_id, line.amount_minor, line.write_off_minor) for line in proposed.lines
        ]


def test_a_second_run_finds_nothing_to_do(store: Store) -> None:
    fill(store, split_book())
    run(store)
    before = final_state(store)
    again = run(store)
    assert (again.decided, again.unchanged, again.deferred) == (0, 0, 0)
    assert final_state(store) == before


def test_one_payment_online_gets_the_confidence_and_decision_of_the_whole_book(store: Store) -> None:
    fill(store, split_book())
    compare_singles(store, undecided(store)[:SINGLES])


@pytest.mark.proof
def test_some_hundred_payments_online_get_the_confidence_and_decision_of_the_whole_book(store: Store) -> None:
    fill(store, split_book(4_000, 23))
    compare_singles(store, undecided(store)[:400])


def compare_singles(store: Store, payments: list[str]) -> None:
    assert len(payments) >= SINGLES
    using = ready_model()
    with store.reading("acme") as tx:
        whole = read_book(tx)
        for one in payments:
            around = neighbourhood(tx, [one])
            assert around.book.invoices.num_rows < whole.invoices.num_rows
            [mine] = proposals_around(around, using)
            wanted = decided(whole, using, [one])[one]
            assert mine.confidence == pytest.approx(wanted.confidence, abs=1e-9)
            assert facts(replace(mine, confidence=0)) == facts(replace(wanted, confidence=0))
            for line, other in zip(mine.lines, wanted.lines, strict=True):
                assert line.pair_confidence == pytest.approx(other.pair_confidence, abs=1e-9)


def test_payments_applied_one_by_one_keep_every_invariant_and_say_the_same_again(store: Store) -> None:
    fill(store, split_book())
    payments = undecided(store)[:20]
    for one in payments:
        with store.transaction("acme") as tx:
            assert any(record.is_new for record in apply_payments(tx, [one], ready_model(), NOW))
    before = final_state(store)
    for one in payments:
        with store.transaction("acme") as tx:
            assert not any(record.is_new for record in apply_payments(tx, [one], ready_model(), NOW))
    assert final_state(store) == before


def test_the_loosest_policy_keeps_every_invariant(store: Store) -> None:
    fill(store, split_book())
    done = run(store, using=model(**WIDE_OPEN))
    assert done.outcomes["auto"] > 30
    with store.reading("acme") as tx:
        assert violations(tx) == []


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for book_id in ("acme", "other"):
        fill(store, split_book(), book_id)
    monkeypatch.setattr(catching_up, "AT_ONCE", 7)
    run(store, "other")
    whole = record
    calls = 0

    def dying(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(catching_up, "record", dying)
    with pytest.raises(KeyboardInterrupt):
        run(store)
    with store.reading("acme") as tx:
        half = tx.connection.exec_driver_sql("SELECT count(*) FROM decision WHERE book_id = 'acme'").scalar()
    assert half == 21
    run(store)
    assert final_state(store) == final_state(store, "other")


def test_a_balance_that_moved_meanwhile_defers_only_what_it_touches(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, split_book())
    calls = []
    whole = proposals_of

    def moving(*arguments: object) -> object:
        proposals = whole(*arguments)  # type: ignore[arg-type]
        auto = next(one for one in proposals if one.outcome == "auto")
        calls.append(auto.payment_id)
        with store.transaction("acme") as tx:
            closed = invoice.c.id == auto.lines[0].invoice_id
            tx.connection.execute(update(invoice).where(closed).values(open_minor=0, opening_minor=0))
        return proposals

    monkeypatch.setattr(catching_up, "proposals_of", moving)
    done = run(store)
    assert done.deferred == 1
    monkeypatch.setattr(catching_up, "proposals_of", whole)
    with store.reading("acme") as tx:
        assert violations(tx) == []
    assert run(store).deferred == 0
    assert final_state(store)["payments"][calls[0]][0] != "new"


def test_nothing_is_written_when_more_would_be_applied_than_is_open(store: Store) -> None:
    book, using = split_book(), ready_model()
    fill(store, book)
    auto = next(one for one in decided(book, using).values() if one.outcome == "auto")
    before = final_state(store)
    with pytest.raises(OverAppliedError), store.transaction("acme") as tx:  # noqa: PT012 - leaving it raises
        move_items(tx, {auto.lines[0].invoice_id: -1}, 0)
        record(tx, [auto], NOW)
    assert final_state(store) == before


def without_item(book: Book, late: str) -> Book:
    others = set(book.invoices["invoice_id"].to_pylist()) - {late}
    kept = rows_of_book(book, "invoices", others).invoices
    return replace(book, invoices=kept, instalments=book.instalments.slice(0, 0))


def test_an_item_that_comes_late_is_found_by_the_payment_that_waited(store: Store) -> None:
    book, using = split_book(), ready_model()
    for waits in decided(book, using).values():
        if waits.outcome == "auto" and len(waits.lines) == 1:
            late = waits.lines[0].invoice_id
            without = without_item(book, late)
            if decided(without, using, [waits.payment_id])[waits.payment_id].outcome != "auto":
                break
    fill(store, without)
    with store.transaction("acme") as tx:
        first = {
            one.proposed.payment_id: one.proposed
            for one in apply_payments(tx, [waits.payment_id], using, NOW)
        }
    assert late not in {line.invoice_id for line in first[waits.payment_id].lines}
    assert first[waits.payment_id].outcome != "auto"
    with store.transaction("acme") as tx:
        intake = ingest_rows(tx, rows_of_book(book, "invoices", [late]), NOW)
        assert intake.items == [late]
        second = {one.proposed.payment_id: one.proposed for one in apply_items(tx, [late], using, NOW)}
    assert second[waits.payment_id].outcome == "auto"
    assert [line.invoice_id for line in second[waits.payment_id].lines] == [late]
    state = final_state(store)
    assert state["payments"][waits.payment_id][0] == "applied"


def test_a_rejected_row_leaves_its_neighbours_and_says_the_mend(store: Store) -> None:
    book = split_book()
    fill(store, book)
    payments = book.payments.slice(0, 2)
    changed = payments.set_column(
        payments.column_names.index("amount_minor"), payments.schema.field("amount_minor"),
        [[payments["amount_minor"][0].as_py() + 1, payments["amount_minor"][1].as_py()]],
    )  # fmt: skip
    again = ingest_book(store, "acme", replace(rows_of_book(book, "payments", []), payments=changed), NOW)
    [refusal] = again.refusals
    assert refusal.code == "payment_changed"
    assert refusal.id == payments["payment_id"][0].as_py()
    assert again.states["payments"][payments["payment_id"][1].as_py()] is RowState.UNCHANGED


def test_a_bulk_run_looks_back_for_an_item_that_came_late(store: Store) -> None:
    book = split_book()
    fill(store, book)
    run(store)
    settled = final_state(store)
    payment_id, late = next(
        (one, lines[0][1])
        for one, (_, _, outcome, *_, lines) in settled["payments"].items()
        if outcome == "auto"
    )
    fill(store, without_item(book, late), "other")
    run(store, "other")
    fill(store, rows_of_book(book, "invoices", [late]), "other")
    run(store, "other")
    assert final_state(store, "other")["payments"][payment_id][2] == "auto"
    again = run(store, "other")
    assert (again.decided, again.unchanged) == (0, 0)


def test_a_persons_decision_is_never_changed_by_a_rerun(store: Store) -> None:
    book = split_book()
    fill(store, book)
    run(store)
    before = final_state(store)
    waits = next(one for one, (state, *_) in before["payments"].items() if state == "review")
    with store.transaction("acme") as tx:
        decide(tx, waits, (), by="anna", policy=Policy(), now=NOW, outcome="unmatched", reason="none of ours")
    said = final_state(store)["payments"][waits]
    with store.transaction("acme") as tx:
        mark_for_recheck(tx, [one for one, (state, *_) in before["payments"].items() if state != "history"])
        assert apply_payments(tx, [waits], ready_model(), NOW) == []
    run(store)
    assert final_state(store)["payments"][waits] == said


def test_what_billing_says_of_a_balance_is_an_entry_a_case_or_nothing(store: Store) -> None:
    book = split_book()
    fill(store, book)
    with store.reading("acme") as tx:
        rows = tx.connection.exec_driver_sql(
            "SELECT id, open_minor FROM invoice WHERE open_minor > 100 AND open_minor < amount_minor - 100"
            " OR open_minor = amount_minor AND amount_minor > 1000 ORDER BY id LIMIT 1"
        )
        item, balance = rows.one()

    def say(minor: int) -> RowState:
        one = rows_of_book(book, "invoices", [item])
        place = one.invoices.column_names.index("open_amount_minor")
        stated = one.invoices.set_column(place, one.invoices.schema.field(place), [[minor]])
        with store.transaction("acme") as tx:
            return ingest_rows(tx, replace(one, invoices=stated), NOW).states["invoices"][item]

    def ours() -> int:
        with store.reading("acme") as tx:
            assert violations(tx) == []
            return int(rows_of(tx, invoice, [item])[item].open_minor)

    assert say(balance) is RowState.ACCEPTED if balance != stated_of(store, item) else RowState.UNCHANGED
    assert ours() == balance
    assert say(balance - 60) is RowState.ACCEPTED
    assert ours() == balance - 60
    assert say(balance - 60) is RowState.UNCHANGED
    say(balance - 10)
    assert ours() == balance - 60
    with store.reading("acme") as tx:
        conflicts = tx.connection.exec_driver_sql(
            "SELECT count(*) FROM review_case WHERE reason = 'balance_conflict'"
        )
        assert conflicts.scalar() == 1


def stated_of(store: Store, item: str) -> int | None:
    with store.reading("acme") as tx:
        stated: int | None = rows_of(tx, invoice, [item])[item].stated_open_minor
        return stated


def test_a_customer_renamed_is_no_longer_found_by_the_name_it_had(store: Store) -> None:
    book = split_book()
    fill(store, book)
    customers = book.customers.filter(pc.is_valid(book.customers["name"])).slice(0, 1)
    one = customers["customer_id"][0].as_py()

    def say(name: str) -> RowState:
        place = customers.column_names.index("name")
        renamed = customers.set_column(place, customers.schema.field(place), [[name]])
        with store.transaction("acme") as tx:
            rows = replace(rows_of_book(book, "customers", []), customers=renamed)
            return ingest_rows(tx, rows, NOW).states["customers"][one]

    def named() -> set[str]:
        with store.reading("acme") as tx:
            found = customers_by(tx, "name", name_keys_of(["Quixotic Zephyr Works"]), 100)
            return {name.partition(NAME_MARK)[0] for name in found}

    assert say("Quixotic Zephyr Works Ltd") is RowState.ACCEPTED
    assert one in named()
    assert say("Something Else") is RowState.ACCEPTED
    assert one not in named()
