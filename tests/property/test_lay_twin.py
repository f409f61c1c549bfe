"""The scalar rule of laying cash on items and its columnar twin agree."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.item_sets import lay_in_order
from receivables.allocation import lay

balances = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8)
payments = st.lists(st.tuples(st.integers(-(10**12), 10**12), balances), min_size=1, max_size=5)


@given(payments)
def test_columns_lay_cash_as_the_rule_does(drawn: list[tuple[int, list[int]]]) -> None:
    count = np.array([len(items) for _, items in drawn], np.int64)
    first = np.cumsum(count) - count
    flat = np.array([item for _, items in drawn for item in items], np.int64)
    laid = lay_in_order(np.array([cash for cash, _ in drawn], np.int64), flat, first, count)
    assert laid.tolist() == [part for cash, items in drawn for part in lay(cash, items)]


@given(st.integers(-(10**12), 10**12), balances)
def test_nothing_is_laid_beyond_a_balance_or_against_it(cash: int, items: list[int]) -> None:
    for balance, part in zip(items, lay(cash, items), strict=True):
        assert abs(part) <= abs(balance)
        assert part * balance >= 0


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**12), min_size=1, max_size=8))
def test_a_receipt_is_used_up_before_an_item_stays_open(cash: int, items: list[int]) -> None:
    laid = lay(cash, items)
    assert sum(laid) == min(cash, sum(items))
