"""Packed sorting gives the orders that numpy gives, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import join, sorting
from features.join import KeyTable, equijoin, sorted_join
from features.sorting import counted, distinct, first_of_equal, order_by


@pytest.fixture(autouse=True, scope="module")
def _pack_small_tables() -> object:
    """Let the packed way run on the small tables of these tests."""
    whole = pytest.MonkeyPatch()
    whole.setattr(sorting, "SMALL", 1)
    yield
    whole.undo()


KEY = st.sampled_from([
    (np.int8, -128, 127), (np.int32, -(2**31), 2**31 - 1), (np.int64, -5, 5), (np.int64, -(2**62), 2**62),
    (np.bool_, 0, 1), (np.uint64, 0, 2**64 - 1), (np.uint64, 2**64 - 5, 2**64 - 1),
])  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[np.ndarray]:
    rows = draw(st.integers(1, 40))
    keys: list[np.ndarray] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            values = draw(
                st.lists(st.sampled_from([-np.inf, -2.5, -0.0, 0.0, 1e-9, 3.0]), min_size=rows, max_size=rows)
            )
            keys.append(np.array(values, draw(st.sampled_from([np.float32, np.float64]))))
        else:
            kind, low, high = draw(KEY)
            values = draw(st.lists(st.integers(low, high), min_size=rows, max_size=rows))
            keys.append(np.array(values, kind))
    return keys


@given(tables())
def test_the_order_is_that_of_lexsort(keys: list[np.ndarray]) -> None:
    assert order_by(*keys).tolist() == np.lexsort(keys[::-1]).tolist()


@given(st.lists(st.integers(-4, 4)))
def test_distinct_values_and_their_counts(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert distinct(array).tolist() == np.unique(array).tolist()
    got, count = counted(array)
    theirs, their_count = np.unique(array, return_counts=True)
    assert got.tolist() == theirs.tolist()
    assert count.tolist() == their_count.tolist()


@given(st.lists(st.integers(0, 5)))
def test_the_first_of_equal_rows(values: list[int]) -> None:
    expected = [at for at, value in enumerate(values) if value not in values[:at]]
    assert first_of_equal(np.array(values, np.uint64)).tolist() == expected


def test_large_tables_take_several_passes() -> None:
    random = np.random.default_rng(1)
    keys = [
        random.integers(0, 3, 5000),
        random.normal(size=5000).round(2),
        random.integers(0, 2**63, 5000, np.uint64) % 7,
    ]
    assert order_by(*keys).tolist() == np.lexsort(keys[::-1]).tolist()


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_all_joins_find_the_same_pairs_in_the_same_order(left: list[int], right: list[int]) -> None:
    ours, theirs = np.array(left, np.uint64), np.array(right, np.uint64)
    pairs = [(a, b) for a, key in enumerate(left) for b, other in enumerate(right) if key == other]
    for found in (KeyTable.of(theirs).join(ours), sorted_join(ours, theirs), equijoin(ours, theirs)):
        assert list(zip(*(rows.tolist() for rows in found), strict=True)) == pairs


def test_the_engine_joins_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    left, right = (random.integers(0, 300, count).astype(np.uint64) for count in (900, 700))
    expected = [rows.tolist() for rows in sorted_join(left, right)]
    monkeypatch.setattr(join, "_SMALL", 0)
    assert [rows.tolist() for rows in equijoin(left, right)] == expected
    assert [rows.tolist() for rows in KeyTable.of(right).join(left)] == expected
