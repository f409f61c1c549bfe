"""Laws of double entry, for any event in currencies of 0, 2, 3 and 4 decimals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.accounts import CASH_NOT_ON_ITEMS, MEANINGS, RECEIVABLES, Account, account_of_write_off
from receivables.journal import (
    Applied,
    CashMoved,
    EmptyEntryError,
    EntryKind,
    Event,
    Fee,
    Foreign,
    Item,
    JournalEntry,
    JournalError,
    Line,
    Offset,
    Payment,
    PutOnAccount,
    Reversed,
    SettledElsewhere,
    UnbalancedEntryError,
    WithholdingProven,
    entry_of,
    reversal_of,
)
from receivables.money import convert, spread
from receivables.words import PaymentKind, WriteOffReason

CURRENCIES = ("JPY", "EUR", "USD", "BHD", "CLF")
ids = st.text("ABC-123", min_size=1, max_size=6)
amounts = st.integers(-(10**12), 10**12)
positive = st.integers(1, 10**12)
modest = st.integers(-(10**6), 10**6)
rates = st.decimals("0.0001", "9999", places=6).map(str)


@st.composite
def payments(draw: st.DrawFn, currency: str | None = None) -> Payment:
    return Payment(
        draw(ids),
        currency or draw(st.sampled_from(CURRENCIES)),
        draw(amounts.filter(bool)),
        draw(st.sampled_from(PaymentKind)),
        draw(st.none() | ids),
    )


@st.composite
def items(draw: st.DrawFn) -> Item:
    return Item(draw(ids), draw(ids), draw(st.sampled_from(CURRENCIES)), draw(st.booleans()))


@st.composite
def allocations(draw: st.DrawFn) -> Applied:
    item = draw(items())
    payment = draw(payments(draw(st.sampled_from([item.currency, *CURRENCIES]))))
    amount = draw(amounts.filter(bool))
    foreign = None
    if payment.currency != item.currency:
        # small enough that no rate between any two of the currencies leaves the range of amounts
        foreign = Foreign(draw(modest.filter(bool)), draw(rates), draw(modest))
    cash = foreign.payment_minor if foreign else amount
    share = draw(st.integers(0, abs(cash))) * (1 if cash > 0 else -1)
    return Applied(
        allocation_id=draw(ids),
        payment=payment,
        item=item,
        amount_minor=amount,
        write_off_minor=draw(amounts),
        write_off_reason=draw(st.sampled_from(WriteOffReason)),
        withheld_minor=draw(st.integers(0, 10**12)),
        foreign=foreign,
        on_account_minor=share,
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    payment, item = draw(payments()), draw(items())
    event: Event = draw(
        st.one_of(
            allocations(),
            st.just(CashMoved(payment)),
            st.builds(PutOnAccount, ids, st.just(payment), ids, positive),
            positive.flatmap(
                lambda most: st.builds(
                    Offset,
                    decision_id=ids,
                    payment=st.just(payment),
                    related_payment_id=ids,
                    amount_minor=st.just(most),
                    on_account_minor=st.integers(0, most),
                )
            ),
            st.builds(Fee, ids, st.just(payment), positive, st.booleans()),
            st.builds(SettledElsewhere, ids, st.just(item), amounts.filter(bool)),
            st.builds(WithholdingProven, ids, st.just(item), positive),
        )
    )
    return event


def totals(lines: Iterable[Line]) -> dict[str, int]:
    summed: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        summed[line.currency] += line.amount_minor
    return {currency: total for currency, total in summed.items() if total}


def moved(entry: JournalEntry, *accounts: Account, invoice_id: str | None = None) -> int:
    return sum(
        line.amount_minor
        for line in entry.lines
        if line.account in accounts and (invoice_id is None or line.invoice_id == invoice_id)
    )


@given(events())
def test_every_entry_sums_to_zero_in_each_currency(event: Event) -> None:
    assert totals(entry_of(event).lines) == {}


@given(events(), ids)
def test_an_entry_and_its_reversal_are_nothing(event: Event, entry_id: str) -> None:
    entry = entry_of(event)
    mirror = entry_of(Reversed(entry_id, entry))
    left: defaultdict[Line, int] = defaultdict(int)
    for line in (*entry.lines, *mirror.lines):
        left[replace(line, amount_minor=1)] += line.amount_minor
    assert not any(left.values())
    assert mirror.reverses == entry_id
    assert mirror.kind is EntryKind.REVERSAL


@given(events(), ids)
def test_undoing_an_undoing_is_the_entry_again(event: Event, entry_id: str) -> None:
    entry = entry_of(event)
    assert reversal_of(reversal_of(entry, entry_id), "again").lines == entry.lines


@given(allocations())
def test_an_allocation_ties_to_the_lines_of_its_item(event: Applied) -> None:
    """The item falls by cash and write-off; a withheld part moves, and stays open on the item."""
    entry = entry_of(event)
    given_up = event.write_off_minor * event.item.side
    assert moved(entry, *RECEIVABLES, invoice_id=event.item.invoice_id) == -event.amount_minor - given_up
    assert moved(entry, Account.WITHHOLDING) == event.withheld_minor * event.item.side


@given(allocations())
def test_an_allocation_takes_from_its_payment_what_it_says(event: Applied) -> None:
    cash = event.foreign.payment_minor if event.foreign else event.amount_minor
    entry = entry_of(event)
    assert moved(entry, *CASH_NOT_ON_ITEMS) == cash
    assert moved(entry, Account.ON_ACCOUNT) == event.on_account_minor
    assert moved(entry, Account.CASH) == 0


@given(allocations())
def test_what_is_given_up_stands_under_its_reason(event: Applied) -> None:
    account = account_of_write_off(event.write_off_reason)
    assert moved(entry_of(event), account) == event.write_off_minor * event.item.side


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), rates, st.integers(1, 10**12))
def test_converted_parts_add_up_to_the_whole_converted(parts: list[int], rate: str, owed: int) -> None:
    payment = Payment("P", "USD", sum(parts))
    entries = []
    before = 0
    for place, (part, amount) in enumerate(zip(parts, spread(owed, parts), strict=True)):
        item = Item(f"I{place}", "C", "EUR")
        event = Applied(
            allocation_id=str(place),
            payment=payment,
            item=item,
            amount_minor=amount or 1,
            foreign=Foreign(part, rate, before),
        )
        entries.append(entry_of(event))
        before += part
    bridged = sum(
        line.amount_minor
        for entry in entries
        for line in entry.lines
        if line.account is Account.CONVERSION and line.currency == "EUR"
    )
    assert bridged == convert(sum(parts), "USD", "EUR", rate)
    assert all(abs(moved(entry, Account.FX_ROUNDING)) <= 1 for entry in entries)


@given(positive, rates, st.integers(-500, 500))
def test_realised_gain_is_what_the_money_is_worth_above_the_item(cash: int, rate: str, less: int) -> None:
    worth = convert(cash, "USD", "EUR", rate)
    amount = max(worth - less, 1)
    entry = entry_of(
        Applied(
            allocation_id="A",
            payment=Payment("P", "USD", cash),
            item=Item("I", "C", "EUR"),
            amount_minor=amount,
            foreign=Foreign(cash, Decimal(rate)),
        )
    )
    gain = worth - amount
    assert moved(entry, Account.FX_GAIN) == -max(gain, 0)
    assert moved(entry, Account.FX_LOSS) == max(-gain, 0)
    assert moved(entry, Account.FX_ROUNDING) == 0


@given(payments(), positive)
def test_cash_in_and_back_out_leaves_nothing(payment: Payment, amount: int) -> None:
    came = replace(payment, amount_minor=amount, kind=PaymentKind.RECEIPT)
    went = replace(payment, payment_id="back", amount_minor=-amount, kind=PaymentKind.REFUND)
    booked: list[Event] = [
        CashMoved(came),
        PutOnAccount("D1", came, "C", amount),
        CashMoved(went),
        Offset(
            decision_id="D2",
            payment=went,
            related_payment_id=came.payment_id,
            amount_minor=amount,
            on_account_minor=amount,
        ),
    ]
    left: defaultdict[Account, int] = defaultdict(int)
    for event in booked:
        for line in entry_of(event).lines:
            left[line.account] += line.amount_minor
    assert not any(left.values())


@given(st.lists(amounts, min_size=1, max_size=4))
def test_an_entry_out_of_balance_cannot_be_made(sides: list[int]) -> None:
    lines = tuple(Line(Account.CASH, "EUR", side) for side in sides)
    if all(sides) and not sum(sides):
        assert JournalEntry("k", EntryKind.CASH, "", lines).lines == lines
        return
    with pytest.raises((UnbalancedEntryError, EmptyEntryError)):
        JournalEntry("k", EntryKind.CASH, "", lines)


def test_two_currencies_do_not_cancel() -> None:
    with pytest.raises(UnbalancedEntryError):
        JournalEntry(
            "k", EntryKind.CASH, "", (Line(Account.CASH, "EUR", 5), Line(Account.UNAPPLIED, "USD", -5))
        )


def test_an_allocation_across_currencies_needs_a_rate() -> None:
    with pytest.raises(JournalError, match="without a rate"):
        entry_of(
            Applied(
                allocation_id="A",
                payment=Payment("P", "USD", 5),
                item=Item("I", "C", "EUR"),
                amount_minor=5,
            )
        )


@given(st.integers(1, 100), st.integers(1, 100))
def test_no_more_is_taken_from_on_account_than_is_applied(cash: int, more: int) -> None:
    with pytest.raises(JournalError, match="on account"):
        entry_of(
            Applied(
                allocation_id="A",
                payment=Payment("P", "EUR", cash),
                item=Item("I", "C", "EUR"),
                amount_minor=cash,
                on_account_minor=cash + more,
            )
        )


def test_every_account_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Account)
