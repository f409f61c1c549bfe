"""The journal on each database: once an event, in balance, on an open day, held back when posting is off."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from sqlalchemy import Table, delete, update
from sqlalchemy.exc import DBAPIError

from receivables.accounts import Account
from receivables.words import PaymentKind
from serving import posting
from serving.audit.chain import chain_head, records
from serving.posting import (
    Applied,
    Booking,
    CashMoved,
    EventConflictError,
    Item,
    Offset,
    Payment,
    PostedState,
    PutOnAccount,
    post,
    reverse,
)
from serving.store import ledger_rows, schema
from serving.store.store import Store, Transaction
from tests.stores import NOW

MARCH = date(2026, 3, 31)
PAID = Payment("P-1", "EUR", 120_00, customer_id="C-1")
ITEM = Item("I-1", "C-1", "EUR")


def applied(allocation: str = "A-1", amount: int = 100_00, payment: Payment = PAID) -> Applied:
    return Applied(allocation_id=allocation, payment=payment, item=ITEM, amount_minor=amount)


def one_payment() -> list[Booking]:
    return [
        Booking(CashMoved(PAID), MARCH, "D-1"),
        Booking(applied(), MARCH, "D-1"),
        Booking(PutOnAccount("D-1", PAID, "C-1", 20_00), MARCH, "D-1"),
    ]


def post_then_fail(tx: Transaction) -> None:
    post(tx, one_payment(), NOW)
    post(tx, [Booking(applied(amount=99_00), MARCH)], NOW)


def balances(tx: Transaction) -> dict[str, int]:
    return {account: total for (account, _), total in ledger_rows.balances(tx).items() if total}


def test_a_payment_with_an_overpayment(store: Store) -> None:
    with store.transaction("acme") as tx:
        answers = post(tx, one_payment(), NOW)
        assert [answer.state for answer in answers] == [PostedState.POSTED] * 3
        assert balances(tx) == {
            Account.CASH: 120_00,
            Account.RECEIVABLE: -100_00,
            Account.ON_ACCOUNT: -20_00,
        }


def test_saying_it_twice_books_it_once(store: Store) -> None:
    with store.transaction("acme") as tx:
        first = post(tx, one_payment(), NOW)
    with store.transaction("acme") as tx:
        again = post(tx, one_payment() + one_payment(), NOW)
        assert {answer.state for answer in again} == {PostedState.ALREADY}
        assert [answer.entry_id for answer in again[:3]] == [answer.entry_id for answer in first]
        assert len(list(ledger_rows.read_entries(tx))) == 3


def test_the_same_event_with_other_amounts_is_refused(store: Store) -> None:
    with store.transaction("acme") as tx:
        post(tx, one_payment(), NOW)
    with store.transaction("acme") as tx, pytest.raises(EventConflictError):
        post(tx, [Booking(applied(amount=99_00), MARCH)], NOW)


def test_books_do_not_share_events(store: Store) -> None:
    for book in ("acme", "other"):
        with store.transaction(book) as tx:
            assert {answer.state for answer in post(tx, one_payment(), NOW)} == {PostedState.POSTED}


def test_cash_on_account_is_applied_first_and_what_is_left_returns(store: Store) -> None:
    with store.transaction("acme") as tx:
        post(tx, one_payment(), NOW)
        post(tx, [Booking(applied("A-2", 15_00), MARCH)], NOW)
        assert balances(tx)[Account.ON_ACCOUNT] == -5_00
        back = Payment("P-2", "EUR", -5_00, PaymentKind.REFUND)
        given_back = Offset(decision_id="D-3", payment=back, related_payment_id="P-1", amount_minor=5_00)
        post(tx, [Booking(CashMoved(back), MARCH), Booking(given_back, MARCH)], NOW)
        assert balances(tx) == {Account.CASH: 115_00, Account.RECEIVABLE: -115_00}


def test_a_reversal_leaves_nothing_and_happens_once(store: Store) -> None:
    with store.transaction("acme") as tx:
        answers = post(tx, one_payment(), NOW)
        undone = [reverse(tx, answer.entry_id, MARCH, NOW) for answer in reversed(answers)]
        assert balances(tx) == {}
        assert reverse(tx, answers[0].entry_id, MARCH, NOW).state is PostedState.ALREADY
        assert reverse(tx, undone[0].entry_id, MARCH, NOW).state is PostedState.POSTED  # undoing an undoing
        assert len(list(ledger_rows.read_entries(tx))) == 7


def test_cash_of_a_dismissed_payment_comes_back_and_can_go_again(store: Store) -> None:
    with store.transaction("acme") as tx:
        [cash] = post(tx, [Booking(CashMoved(PAID), MARCH)], NOW)
        for _ in range(3):
            assert reverse(tx, cash.entry_id, MARCH, NOW, "dismissed").state is PostedState.POSTED
            assert reverse(tx, cash.entry_id, MARCH, NOW, "dismissed").state is PostedState.ALREADY
            assert balances(tx) == {}
            for _ in range(2):
                [again] = post(tx, [Booking(CashMoved(PAID), MARCH)], NOW)
                assert again.entry_id == cash.entry_id
                assert balances(tx) == {Account.CASH: 120_00, Account.UNAPPLIED: -120_00}


def test_an_entry_that_is_not_there_cannot_be_reversed(store: Store) -> None:
    with store.transaction("acme") as tx, pytest.raises(posting.UnknownEntryError):
        reverse(tx, "je_nothing", MARCH, NOW)


def test_a_locked_month_takes_nothing_and_the_entry_moves_on(store: Store) -> None:
    with store.transaction("acme") as tx:
        posting.lock_period(tx, "2026-03", "ada", NOW)
        posting.lock_period(tx, "2026-04", "ada", NOW)
        [moved] = post(tx, [Booking(CashMoved(PAID), MARCH)], NOW)
        assert (moved.booked_on, moved.backfilled) == (date(2026, 5, 1), True)
    with store.transaction("acme") as tx:
        posting.open_period(tx, "2026-03", "ada", NOW)
        [stayed] = post(tx, [Booking(applied(), MARCH)], NOW)
        assert (stayed.booked_on, stayed.backfilled) == (MARCH, False)


def test_a_year_of_locked_months_is_passed(store: Store) -> None:
    with store.transaction("acme") as tx:
        for month in range(1, 13):
            posting.lock_period(tx, f"2026-{month:02}", "ada", NOW)
        [moved] = post(tx, [Booking(CashMoved(PAID), MARCH)], NOW)
        assert moved.booked_on == date(2027, 1, 1)


@pytest.mark.parametrize("month", ["2026-13", "March", "2026", ""])
def test_what_is_no_month_cannot_be_locked(store: Store, month: str) -> None:
    with store.transaction("acme") as tx, pytest.raises(posting.BadPeriodError):
        posting.lock_period(tx, month, "ada", NOW)


def test_entries_wait_while_posting_is_off_and_are_booked_in_order(store: Store) -> None:
    with store.transaction("acme") as tx:
        posting.switch_off(tx, "ada", NOW)
        answers = post(tx, one_payment(), NOW)
        assert {answer.state for answer in answers} == {PostedState.HELD}
        assert {answer.state for answer in post(tx, one_payment(), NOW)} == {PostedState.ALREADY}
        with pytest.raises(EventConflictError):
            post(tx, [Booking(applied(amount=99_00), MARCH)], NOW)
        post(tx, [Booking(applied("A-2", 15_00), MARCH)], NOW)
        reverse(tx, answers[1].entry_id, MARCH, NOW)
        assert balances(tx) == {}
    with store.transaction("acme") as tx:
        assert not posting.switch_on(tx, "ada", NOW)
        posting.lock_period(tx, "2026-03", "ada", NOW)
    booked: list[int] = []
    while not booked or booked[-1]:
        with store.transaction("acme") as tx:
            booked.append(posting.book_held(tx, NOW, limit=2))
    assert booked == [2, 2, 1, 0]
    with store.transaction("acme") as tx:
        assert posting.switch_on(tx, "ada", NOW)
        assert balances(tx) == {
            Account.CASH: 120_00,
            Account.RECEIVABLE: -15_00,
            Account.UNAPPLIED: -100_00,
            Account.ON_ACCOUNT: -5_00,
        }
        entries = list(ledger_rows.read_entries(tx))
        assert all(entry.backfilled and entry.booked_on == date(2026, 4, 1) for entry in entries)
        assert entries[-1].reverses == answers[1].entry_id
        assert {answer.state for answer in post(tx, one_payment(), NOW)} == {PostedState.ALREADY}


def test_what_is_booked_stands_in_the_audit_chain(store: Store) -> None:
    with store.transaction("acme") as tx:
        post(tx, one_payment(), NOW)
        post(tx, [Booking(applied("A-2", 15_00), MARCH)], NOW)
    with store.reading("acme") as tx:
        chain = list(records(tx))
        assert [record.kind for record in chain] == ["journal.posted"] * 2
        assert chain_head(tx) == (2, chain[-1].hash)


def test_what_was_given_up_is_neither_booked_nor_audited(store: Store) -> None:
    with pytest.raises(EventConflictError), store.transaction("acme") as tx:
        post(tx, [*one_payment(), Booking(applied(amount=99_00), MARCH)], NOW)
    with pytest.raises(EventConflictError), store.transaction("acme") as tx:
        post_then_fail(tx)
    with store.reading("acme") as tx:
        assert chain_head(tx)[0] == 0
        assert list(ledger_rows.read_entries(tx)) == []


@pytest.mark.parametrize("table", [schema.journal_entry, schema.posting, schema.audit], ids=str)
def test_what_is_booked_cannot_be_changed_or_deleted(store: Store, table: Table) -> None:
    with store.transaction("acme") as tx:
        post(tx, one_payment(), NOW)
    for statement in (update(table).values(book_id="x"), delete(table)):
        with pytest.raises(DBAPIError, match="insert-only"), store.transaction("acme") as tx:
            tx.connection.execute(statement)


def test_lines_of_every_item_and_payment_add_up(store: Store) -> None:
    """The balance of an item, and what is left of a payment, is the sum of its lines."""
    with store.transaction("acme") as tx:
        post(tx, one_payment(), NOW)
        by_payment: defaultdict[str | None, int] = defaultdict(int)
        by_item: defaultdict[str | None, int] = defaultdict(int)
        for entry in ledger_rows.read_entries(tx):
            for line in entry.lines:
                if line.account in (Account.UNAPPLIED, Account.ON_ACCOUNT):
                    by_payment[line.payment_id] -= line.amount_minor
                if line.account == Account.RECEIVABLE:
                    by_item[line.invoice_id] += line.amount_minor
        assert by_payment == {"P-1": 20_00}
        assert by_item == {"I-1": -100_00}
