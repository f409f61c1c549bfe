"""Texts as one buffer of letters and digits: what an atom is, what hashes equal, what scanners confuse."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.text import SpanText, ascii_upper, hash_strings, mix, span_text


def atoms(*texts: str | None) -> list[list[str]]:
    """Give the atoms of each text as strings."""
    read = span_text(pa.array(texts, pa.string()))
    out: list[list[str]] = [[] for _ in texts]
    for row, start, end in zip(read.atom_row, read.atom_start, read.atom_end, strict=True):
        out[row].append(bytes(read.raw[start:end]).decode("ascii"))
    return out


def whole(text: str, *, folded: bool = True) -> int:
    """Hash a text from its first to its last character."""
    read = span_text(pa.array([text]))
    start, end = read.atom_start[:1], read.atom_end[-1:]
    return int((read.folded_hash if folded else read.raw_hash)(start, end)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INV-2025/004217", ["INV", "2025", "004217"]),
        ("inv2025", ["INV", "2025"]),
        ("  --  ", []),
        ("", []),
        (None, []),
        ("RG.4217\nvom\t3.", ["RG", "4217", "VOM", "3"]),
        ("Müller & Søn", ["MULLER", "SON"]),
        ("№42", ["NO", "42"]),
        ("٤٢", ["42"]),
    ],
)
def test_an_atom_is_a_longest_run_of_letters_or_of_digits(text: str | None, expected: list[str]) -> None:
    assert atoms(text) == [expected]


def test_texts_do_not_run_into_each_other() -> None:
    assert atoms("42", "17", None, "", "A", "B") == [["42"], ["17"], [], [], ["A"], ["B"]]


def test_what_stands_before_an_atom_and_whether_it_is_glued_is_kept() -> None:
    read = span_text(pa.array(["RE42-7 8", "/9"]))
    assert [bytes([mark]).decode("ascii") for mark in read.atom_separator] == ["\0", "\0", "-", " ", "\0"]
    assert read.atom_glued.tolist() == [False, True, False, False, False]
    assert read.atom_is_digit.tolist() == [False, True, True, True, True]
    assert read.row_first_atom.tolist() == [0, 4, 5]


@pytest.mark.parametrize("column", [[], [None], ["", None, "."], ["...", "7"], ["7", ""]])
def test_columns_without_letters_and_digits_are_no_special_case(column: list[str | None]) -> None:
    read = span_text(pa.array(column, pa.string()))
    assert read.rows == len(column)
    assert len(read.row_first_atom) == len(column) + 1
    assert read.row_first_atom[-1] == len(read.atom_start)


def test_a_slice_and_a_chunked_column_read_like_the_whole() -> None:
    texts = pa.array(["zero", "RE-1", "Straße 2", None, "3"])
    sliced = texts.slice(1, 3)
    for part in (sliced, pa.array(sliced.to_pylist())):
        assert bytes(span_text(part).raw) == b"RE1STRASSE2"
    chunked = pa.chunked_array([texts.slice(0, 2), texts.slice(2)])
    assert bytes(span_text(chunked).raw) == bytes(span_text(texts).raw)


@pytest.mark.parametrize(("written", "meant"), list(zip("OQDILSBZG", "000115826", strict=True)), ids=str)
def test_a_letter_that_scanners_write_for_a_digit_hashes_like_the_digit(written: str, meant: str) -> None:
    assert whole(f"4{written}7") == whole(f"4{meant}7")
    assert whole(f"4{written.lower()}7") == whole(f"4{meant}7")
    assert whole(f"4{written}7", folded=False) != whole(f"4{meant}7", folded=False)


def test_letters_that_no_scanner_confuses_stay_apart() -> None:
    plain = [letter for letter in "ACEFHJKMNPRTUVWXY"]  # noqa: C416 - one a letter
    assert len({whole(f"4{letter}7") for letter in [*plain, *"0123456789"]}) == len(plain) + 10


def test_separators_case_and_accents_do_not_change_a_hash() -> None:
    assert whole("RÉ-2025/004217") == whole("re 2025 004217") == whole("RE2025004217")


def test_zeros_in_front_are_skipped_but_never_the_last_character() -> None:
    read = span_text(pa.array(["004217", "000", "70", "0A"]))
    ends = np.array([6, 9, 11, 13])
    starts = np.array([0, 6, 9, 11])
    assert read.skip_zeros(starts, ends).tolist() == [2, 8, 9, 12]


def test_the_scalar_twin_agrees_on_a_known_string() -> None:
    # H(c_0 c_1) = (c_0 + 1) + (c_1 + 1) * base: one letter is its folded byte plus one
    assert hash_strings(["A", "O", ""]).tolist() == [ord("A") + 1, ord("0") + 1, 0]


def test_a_longer_span_of_zero_bytes_worth_is_no_shorter_one() -> None:
    assert len(set(hash_strings(["0", "00", "000", "0000"]).tolist())) == 4


def test_mixing_is_a_bijection_that_depends_on_the_salt() -> None:
    values = np.arange(50_000, dtype=np.uint64)
    assert len(np.unique(mix(values))) == len(values)
    assert len(np.intersect1d(mix(values), mix(values, salt=5))) == 0


def test_upper_case_ascii_keeps_one_row_a_text() -> None:
    assert ascii_upper(pa.array(["Ærø", None, "ß", "中文"])).to_pylist() == ["AERO", "", "SS", "ZHONGWEN"]


def test_a_text_of_ten_million_characters_is_read() -> None:
    read = span_text(pa.array(["7" * 10_000_000]))
    assert isinstance(read, SpanText)
    assert (len(read.atom_start), int(read.atom_end[0])) == (1, 10_000_000)
