"""Laws of knowing a payment again: overlaps never double it, and equal payments are never lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from features.ingest.entry import Lineage, PaymentEntry
from features.ingest.identity import Fate, Identities

START = date(2025, 3, 3)


@st.composite
def statements(draw: st.DrawFn) -> list[PaymentEntry]:
    """Draw the lines of a few days; few amounts and names, so that many are equal."""
    found = []
    for number, (day, amount, name) in enumerate(
        draw(
            st.lists(
                st.tuples(st.integers(0, 4), st.sampled_from([100, 250, -100]), st.sampled_from("AB")),
                max_size=20,
            )
        )
    ):
        found.append(
            PaymentEntry(
                amount_minor=amount,
                currency="EUR",
                booking_date=START + timedelta(days=day),
                source="camt.053",
                lineage=Lineage("f", "s", f"Stmt[1]/Ntry[{number}]"),
                payer_name=name,
                account="DE1",
            )
        )
    return sorted(found, key=lambda one: one.booking_date)


def enter(identities: Identities, file: list[PaymentEntry], number: int) -> list[PaymentEntry]:
    identities.begin(f"file {number}")
    return [one for one in file if identities.take(one).fate is Fate.NEW]


def what(payments: list[PaymentEntry]) -> Counter[tuple[date, int, str]]:
    return Counter((one.booking_date, one.amount_minor, one.payer_name) for one in payments)


@given(statements(), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=5), st.randoms())
def test_files_of_whole_days_in_any_order_make_the_statement(
    lines: list[PaymentEntry], spans: list[tuple[int, int]], shuffle: Random
) -> None:
    files = [
        [one for one in lines if min(span) <= (one.booking_date - START).days <= max(span)]
        for span in [*spans, (0, 2), (2, 4)]
    ]
    shuffle.shuffle(files)
    identities, found = Identities(), list[PaymentEntry]()
    for number, file in enumerate(files):
        found += enter(identities, file, number)
    assert what(found) == what(lines)


@given(statements(), st.data())
def test_of_equal_payments_in_torn_files_the_larger_count_stays(
    lines: list[PaymentEntry], data: st.DataObject
) -> None:
    one = [line for line in lines if data.draw(st.booleans())]
    other = [line for line in lines if data.draw(st.booleans())]
    identities = Identities()
    found = enter(identities, one, 1) + enter(identities, other, 2)
    assert what(found) == what(one) | what(other)


@given(statements())
def test_another_format_of_the_same_lines_adds_nothing(lines: list[PaymentEntry]) -> None:
    identities = Identities()
    assert what(enter(identities, lines, 1)) == what(lines)
    told = [
        replace(one, source="camt.054", remittance="more is told", bank_reference=f"R{n}")
        for n, one in enumerate(lines)
    ]
    assert enter(identities, told, 2) == []
    assert enter(identities, list(reversed(told)), 3) == []


@given(statements())
def test_what_stood_in_the_book_is_known_again(lines: list[PaymentEntry]) -> None:
    first, again = Identities(), Identities()
    first.begin("one")
    for one in lines:
        again.remember(first.take(one).payment_id, one)
    assert enter(again, lines, 2) == []
