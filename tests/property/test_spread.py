"""Laws of sharing out: a fee over the lines of a payout, cash over items; nothing is lost to rounding."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.item_sets import lay_in_order
from features.settlements import _spread

groups = st.lists(
    st.tuples(
        st.integers(-10_000, 10_000),
        st.lists(st.integers(0, 10**7), min_size=1, max_size=8).filter(any),
    ),
    min_size=1,
    max_size=4,
)


def spread(totals: list[int], weights: list[list[int]]) -> list[list[int]]:
    """Spread each total over its weights."""
    count = np.array([len(some) for some in weights], np.int64)
    starts = np.cumsum(count) - count
    flat = np.array([weight for some in weights for weight in some], np.int64)
    shares = _spread(np.array(totals, np.int64), flat, starts, count, np.repeat(np.arange(len(count)), count))
    edges = [*starts.tolist(), len(flat)]
    return [shares[low:high].tolist() for low, high in pairwise(edges)]


def by_hand(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, ties to the first line, in integers without bound."""
    size, base = abs(total), sum(weights)
    shares = [size * weight // base for weight in weights]
    order = sorted(range(len(weights)), key=lambda line: (-(size * weights[line] % base), line))
    for line in order[: size - sum(shares)]:
        shares[line] += 1
    return [share if total >= 0 else -share for share in shares]


@given(groups)
def test_a_fee_is_spread_by_largest_remainder(drawn: list[tuple[int, list[int]]]) -> None:
    totals, weights = [total for total, _ in drawn], [some for _, some in drawn]
    assert spread(totals, weights) == [by_hand(total, some) for total, some in drawn]


@given(groups)
def test_what_is_spread_is_the_whole_fee(drawn: list[tuple[int, list[int]]]) -> None:
    for (total, weights), shares in zip(
        drawn, spread([t for t, _ in drawn], [w for _, w in drawn]), strict=True
    ):
        assert sum(shares) == total
        assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


def test_equal_lines_share_and_the_first_takes_the_rest() -> None:
    assert spread([100, -7], [[1, 1, 1], [5, 5]]) == [[34, 33, 33], [-4, -3]]


def test_payouts_of_a_currency_with_many_digits_are_spread_too() -> None:
    assert spread([2 * 10**9], [[10**10] * 10]) == [[2 * 10**8] * 10]


cash_and_items = st.tuples(
    st.integers(-10_000, 10_000),
    st.lists(st.integers(-5_000, 5_000).filter(bool), min_size=1, max_size=8),
)


@given(st.lists(cash_and_items, min_size=1, max_size=4))
def test_cash_is_laid_on_items_in_order_and_never_beyond_them(drawn: list[tuple[int, list[int]]]) -> None:
    count = np.array([len(items) for _, items in drawn], np.int64)
    first = np.cumsum(count) - count
    items = np.array([item for _, some in drawn for item in some], np.int64)
    laid = lay_in_order(np.array([cash for cash, _ in drawn], np.int64), items, first, count)
    for (cash, some), low, size in zip(drawn, first.tolist(), count.tolist(), strict=True):
        sign = -1 if cash < 0 else 1
        ours = [part * sign for part in laid[low : low + size].tolist()]
        due = [item * sign for item in some]
        pot = abs(cash) - sum(item for item in due if item < 0)
        for part, item in zip(ours, due, strict=True):
            assert part == (item if item < 0 else min(item, pot))
            pot -= max(part, 0)
        assert sum(ours) <= abs(cash)
        assert sum(ours) == min(abs(cash), sum(due)) or sum(due) < 0
