"""Runs of digits as words: what two share at their ends, as a plain loop counts it."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.digit_runs import WORD, DigitRuns, digit_runs, likeness, numbers_as_runs, shared
from features.text import span_text

runs = st.text("0123456789", min_size=1, max_size=WORD)


def read(*texts: str) -> DigitRuns:
    """Read one run a text."""
    text = span_text(pa.array(texts))
    return digit_runs(text, text.atom_start, text.atom_end)


def common(a: str, b: str) -> int:
    """Count the characters that two strings begin with alike."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))))


@given(runs, runs)
def test_what_runs_share_is_what_a_loop_counts(a: str, b: str) -> None:
    start, end = shared(read(a), read(b))
    assert start[0] == common(a, b)
    assert end[0] == common(a[::-1], b[::-1])


@given(runs)
def test_a_run_is_fully_like_itself(a: str) -> None:
    assert likeness(read(a), read(a))[0] == 1


@given(st.text("0123456789", min_size=4, max_size=WORD), st.data())
def test_one_digit_lost_costs_one_digits_share(a: str, data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(a) - 1))
    assert likeness(read(a), read(a[:gone] + a[gone + 1 :]))[0] == pytest.approx(1 - 1 / len(a))


@given(runs, runs)
def test_likeness_has_no_direction(a: str, b: str) -> None:
    assert likeness(read(a), read(b))[0] == likeness(read(b), read(a))[0]


def test_a_run_longer_than_a_word_agrees_with_nothing() -> None:
    long = "1" * (WORD + 1)
    assert likeness(read(long), read(long))[0] == 0


@pytest.mark.parametrize(
    ("number", "written", "serial"),
    [
        ("INV-2024-003298", "2024003298", "3298"),
        ("19521-4", "195214", "4"),
        ("4596206", "4596206", "4596206"),
    ],
)
def test_a_number_is_read_whole_and_by_its_serial(number: str, written: str, serial: str) -> None:
    whole, last = numbers_as_runs(pa.array([number]))
    assert whole.ending[0] == read(written).ending[0]
    assert last.ending[0] == read(serial).ending[0]


def test_a_number_without_digits_is_like_nothing() -> None:
    whole, last = numbers_as_runs(pa.array(["DEPOSIT", None]))
    assert not whole.length.any()
    assert not last.length.any()
    assert np.array_equal(likeness(whole, whole), np.zeros(2, np.float32))
