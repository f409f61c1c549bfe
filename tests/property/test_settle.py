"""Laws of settling conflicts: no item beyond its balance, nobody gains by standing elsewhere in a file."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.hypotheses import Hypotheses
from features.settle import Settlement, settle

Lines = tuple[tuple[int, int, int], ...]
"""(item, cash, write-off) of each line."""


@dataclass(frozen=True)
class Case:
    """Explanations of some payments: (payment, log-odds, lines), and what is open."""

    explanations: tuple[tuple[int, float, Lines], ...]
    pays: tuple[bool, ...]
    balance: tuple[int, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw up to eight payments that want the same few items; all log-odds differ."""
    items = draw(st.integers(1, 4))
    balance = draw(st.lists(st.integers(-6, 6).filter(bool), min_size=items, max_size=items))
    payments = draw(st.integers(1, 8))
    explanations: list[tuple[int, float, Lines]] = []
    for payment in range(payments):
        for _ in range(draw(st.integers(0, 4))):
            chosen = draw(st.lists(st.integers(0, items - 1), min_size=1, max_size=items, unique=True))
            lines = tuple(
                (
                    item,
                    cash := draw(st.integers(1, abs(balance[item]))),
                    draw(st.integers(0, abs(balance[item]) - cash)),
                )
                for item in chosen
            )
            explanations.append((payment, 0.0, lines))
    ranks = draw(st.permutations(range(len(explanations))))
    scored = tuple((p, rank / 2 - 3, lines) for (p, _, lines), rank in zip(explanations, ranks, strict=True))
    pays = draw(st.lists(st.sampled_from((True, True, True, False)), min_size=payments, max_size=payments))
    return Case(scored, tuple(pays), tuple(balance))


def settled(case: Case) -> Settlement:
    """Settle a case whose explanations are ordered by payment."""
    count = [len(lines) for _, _, lines in case.explanations]
    flat = [line for _, _, lines in case.explanations for line in lines]
    item, cash, off = (np.array([line[place] for line in flat], np.int64) for place in range(3))
    sign = np.sign(np.array(case.balance, np.int64))[item] if flat else cash
    zero = np.zeros(len(flat), np.int8)
    hypotheses = Hypotheses(
        payment=np.array([payment for payment, _, _ in case.explanations], np.int32),
        shape=np.zeros(len(count), np.int8),
        solutions=np.ones(len(count), np.int16),
        first_line=np.concatenate([[0], np.cumsum(np.array(count, np.int64))]).astype(np.int64),
        pair=np.arange(len(flat)),
        item=item.astype(np.int32),
        amount=cash * sign,
        write_off=off * sign,
        write_off_reason=zero,
        deduction=zero.astype(np.int64),
        deduction_reason=zero,
    )
    odds = np.array([odds for _, odds, _ in case.explanations], np.float64)
    return settle(hypotheses, odds, np.array(case.pays, np.bool_), np.array(case.balance, np.int64))


def choices(case: Case) -> list[Lines]:
    """Give what each payment gets, lines in the order of their items."""
    chosen = settled(case).chosen
    return [tuple(sorted(case.explanations[at][2])) if at >= 0 else () for at in chosen]


@given(cases())
def test_no_item_is_paid_beyond_its_balance(case: Case) -> None:
    used = [0] * len(case.balance)
    for lines in choices(case):
        for item, cash, off in lines:
            used[item] += cash + off
    assert all(spent <= abs(balance) for spent, balance in zip(used, case.balance, strict=True))


@given(cases())
def test_each_payment_gets_an_explanation_of_its_own_or_none(case: Case) -> None:
    found = settled(case)
    assert len(found.chosen) == len(found.lost) == len(found.contested) == len(case.pays)
    for payment, at in enumerate(found.chosen):
        assert at == -1 or (case.explanations[at][0] == payment and case.pays[payment])


@given(cases())
def test_who_has_no_rival_gets_the_best_explanation(case: Case) -> None:
    found = settled(case)
    for payment in range(len(case.pays)):
        own = [(odds, at) for at, (who, odds, _) in enumerate(case.explanations) if who == payment]
        mine = {item for who, _, lines in case.explanations if who == payment for item, _, _ in lines}
        others = {item for who, _, lines in case.explanations if who != payment for item, _, _ in lines}
        if not mine & others and own and case.pays[payment]:
            assert found.chosen[payment] == max(own)[1]
            assert not found.lost[payment]


@given(cases())
def test_who_wanted_something_and_got_another_has_lost_it(case: Case) -> None:
    found = settled(case)
    for payment in np.flatnonzero(found.chosen >= 0):
        own = [(odds, at) for at, (who, odds, _) in enumerate(case.explanations) if who == payment]
        assert found.lost[payment] == (found.chosen[payment] != max(own)[1])
    assert not (found.lost & ~found.contested).any()


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_explanations_and_of_their_lines_changes_nothing(case: Case, random: Random) -> None:
    shuffled = [
        (who, odds, tuple(random.sample(lines, len(lines)))) for who, odds, lines in case.explanations
    ]
    shuffled = sorted(random.sample(shuffled, len(shuffled)), key=lambda row: row[0])
    assert choices(Case(tuple(shuffled), case.pays, case.balance)) == choices(case)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_payments_changes_nothing_but_ties(case: Case, random: Random) -> None:
    place = random.sample(range(len(case.pays)), len(case.pays))
    moved = sorted(
        ((place[who], odds, lines) for who, odds, lines in case.explanations), key=lambda row: row[:2]
    )
    pays = [False] * len(place)
    for who, does in enumerate(case.pays):
        pays[place[who]] = does
    got = choices(Case(tuple(moved), tuple(pays), case.balance))
    assert [got[place[who]] for who in range(len(place))] == choices(case)


def test_among_equals_the_first_payment_is_served() -> None:
    case = Case(tuple((who, 2.0, ((0, 5, 0),)) for who in range(4)), (True,) * 4, (5,))
    assert choices(case) == [((0, 5, 0),), (), (), ()]


def test_parts_of_an_item_are_shared_out_while_it_lasts() -> None:
    case = Case(tuple((who, float(who), ((0, 2, 0),)) for who in range(5)), (True,) * 5, (5,))
    assert choices(case) == [(), (), (), ((0, 2, 0),), ((0, 2, 0),)]


@pytest.mark.parametrize("crowd", [10, 60, 100, 1_000])
def test_a_crowd_that_wants_one_item_gets_it_once(crowd: int) -> None:
    case = Case(tuple((who, who / crowd, ((0, 5, 0),)) for who in range(crowd)), (True,) * crowd, (5,))
    assert sum(bool(lines) for lines in choices(case)) == 1


def test_nothing_to_settle_is_nothing_settled() -> None:
    assert choices(Case((), (True, False), (5,))) == [(), ()]
