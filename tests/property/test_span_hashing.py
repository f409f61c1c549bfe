"""Laws of span hashing: what is read off prefix sums equals hashing the characters one by one."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pyarrow as pa
from anyascii import anyascii
from hypothesis import given
from hypothesis import strategies as st

from features.text import I64, SpanText, hash_strings, span_text

FOLDS: Final = str.maketrans("OQDILSBZG", "000115826")

reference = st.text("0123456789OILSBZQDGAEX-/. ", max_size=24)
any_text = st.text(max_size=24) | reference
columns = st.lists(any_text | st.none(), max_size=6)


def letters_and_digits(text: str | None) -> str:
    return re.sub("[^0-9A-Z]", "", anyascii(text or "").upper())


def spans(data: st.DataObject, read: SpanText) -> tuple[I64, I64, str, str]:
    """Draw a span that is not empty; give it with its characters, as written and folded."""
    size = len(read.raw)
    start = data.draw(st.integers(0, size - 1), "start")
    end = data.draw(st.integers(start + 1, size), "end")
    written = bytes(read.raw[start:end]).decode("ascii")
    return np.array([start]), np.array([end]), written, written.translate(FOLDS)


def value_of(text: str) -> int:
    """Hash text, already folded, by the formula in the docstring of the module."""
    base, total = 0x9E3779B97F4A7C15, 0
    for place, character in enumerate(text):
        total += (ord(character) + 1) * pow(base, place, 1 << 64)
    return total % (1 << 64)


@given(columns)
def test_the_buffer_is_the_letters_and_digits_of_the_rows_in_order(column: list[str | None]) -> None:
    read = span_text(pa.array(column, pa.string()))
    assert bytes(read.raw).decode("ascii") == "".join(letters_and_digits(text) for text in column)
    of_rows = [
        "".join(
            bytes(read.raw[read.atom_start[atom] : read.atom_end[atom]]).decode("ascii")
            for atom in range(read.row_first_atom[row], read.row_first_atom[row + 1])
        )
        for row in range(len(column))
    ]
    assert of_rows == [letters_and_digits(text) for text in column]


@given(columns)
def test_atoms_cover_the_buffer_without_gap_or_overlap(column: list[str | None]) -> None:
    read = span_text(pa.array(column, pa.string()))
    assert np.concatenate([read.atom_start, [len(read.raw)]]).tolist() == [0, *read.atom_end.tolist()]
    for start, end, is_digit in zip(read.atom_start, read.atom_end, read.atom_is_digit, strict=True):
        characters = bytes(read.raw[start:end]).decode("ascii")
        assert characters.isdigit() if is_digit else characters.isalpha()
    same_row = read.atom_row[1:] == read.atom_row[:-1]
    alike = read.atom_is_digit[1:] == read.atom_is_digit[:-1]
    assert not (same_row & alike & read.atom_glued[1:]).any()


@given(columns.filter(lambda column: any(letters_and_digits(text) for text in column)), st.data())
def test_a_span_hashes_like_its_characters(column: list[str | None], data: st.DataObject) -> None:
    read = span_text(pa.array(column, pa.string()))
    start, end, written, folded = spans(data, read)
    assert int(read.raw_hash(start, end)[0]) == value_of(written)
    assert int(read.folded_hash(start, end)[0]) == value_of(folded) == int(hash_strings([written])[0])


@given(columns.filter(lambda column: any(letters_and_digits(text) for text in column)), st.data())
def test_leaving_out_a_character_hashes_like_the_shorter_text(
    column: list[str | None], data: st.DataObject
) -> None:
    read = span_text(pa.array(column, pa.string()))
    start, end, _, folded = spans(data, read)
    place = data.draw(st.integers(0, len(folded) - 1), "place")
    shorter = folded[:place] + folded[place + 1 :]
    assert int(read.without(start, end, start + place)[0]) == value_of(shorter)


@given(columns.filter(lambda column: any(letters_and_digits(text) for text in column)), st.data())
def test_two_spans_joined_hash_like_their_concatenation(
    column: list[str | None], data: st.DataObject
) -> None:
    read = span_text(pa.array(column, pa.string()))
    start, end, _, folded = spans(data, read)
    start2, end2, _, folded2 = spans(data, read)
    assert int(read.joined(start, end, start2, end2)[0]) == value_of(folded + folded2)


@given(columns.filter(lambda column: any(letters_and_digits(text) for text in column)), st.data())
def test_skipping_zeros_is_stripping_them_up_to_the_last_character(
    column: list[str | None], data: st.DataObject
) -> None:
    read = span_text(pa.array(column, pa.string()))
    start, end, written, _ = spans(data, read)
    bare = int(read.skip_zeros(start, end)[0])
    assert written[bare - int(start[0]) :] == (written[:-1].lstrip("0") + written[-1])


@given(reference, reference)
def test_equal_hashes_mean_equal_folded_characters(left: str, right: str) -> None:
    folded = [letters_and_digits(text).translate(FOLDS) for text in (left, right)]
    first, second = hash_strings(folded).tolist()
    assert (first == second) == (folded[0] == folded[1])
