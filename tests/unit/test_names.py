"""Names as banks mangle them: what counts as the same party, and what tells parties apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from features.names import Name, key_hashes, name_keys, normalise_column, similarity


def normal(text: str) -> Name:
    """Normalise one name as written on paper."""
    return normalise_column(pa.array([text]))[0]


def alike(left: str, right: str) -> float:
    """Compare two names as written on paper."""
    return float(similarity([normal(left).text], [normal(right).text])[0])


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "Müller & Söhne GmbH & Co. KG",
            "MUELLER UND SOEHNE GMBH CO KG",
            "Muller+Sohne",
            "mueller  soehne gmbh",
        ),
        ("Åkerström AB", "AKERSTROEM AB", "Akerstrom"),
        ("Société Générale S.A.", "SOCIETE GENERALE SA"),
        ("Acme S.p.A.", "ACME SPA", "Acme s.r.l.", "ACME"),
        ("Acme G.m.b.H. ", "ACME GMBH", "Acme Gesellschaft mbH"),
        ("A.B.C. Trading Ltd.", "ABC TRADING LIMITED", "The A.B.C. Trading Company"),
        ("Dr. Erika Mustermann", "Frau Erika Mustermann", "ERIKA MUSTERMANN"),
        ("ООО Ромашка", "ROMASHKA"),
        ("Philips van den Nederland N.V.", "PHILIPS NEDERLAND NV"),
    ],
)
def test_spellings_of_one_name_have_one_normal_form(spellings: tuple[str, ...]) -> None:
    assert len({normal(text).text for text in spellings}) == 1


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Acme GmbH & Co. KG", ("GMBH", "CO", "KG")),
        ("Acme S.p.A.", ("SPA",)),
        ("Acme Pty Ltd", ("PTY", "LTD")),
        ("Acme", ()),
    ],
)
def test_legal_forms_are_kept_apart_from_the_words(name: str, forms: tuple[str, ...]) -> None:
    found = normal(name)
    assert found.words[0] == "ACME"
    assert found.forms == forms


@pytest.mark.parametrize("name", ["GmbH", "SA", "& Co", "Dr.", "The"])
def test_a_name_of_nothing_but_forms_keeps_them(name: str) -> None:
    assert normal(name).words


@pytest.mark.parametrize("name", ["", "  ", "...", "&"])
def test_a_name_without_letters_is_empty(name: str) -> None:
    assert normal(name).text == ""
    assert name_keys(normal(name)) == []


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Acme G.m.b.H", "Acme GmbH"),
        ("Acme S.p.A", "Acme SpA"),
        ("Acme B.V", "Acme BV"),
        ("Acme A/S", "Acme AS"),
        ("Acme S/A", "Acme SA"),
        ("E.ON SE", "EON SE"),
        ("A. B. C. Trading", "ABC Trading"),
        ("Acme Sp. z o.o.", "ACME SP Z OO"),
    ],
)
@pytest.mark.xfail(reason="initials: joined only where the last one has its dot, and never over a slash")
def test_dotted_and_slashed_initials_are_one_word(left: str, right: str) -> None:
    assert normal(left).text == normal(right).text


@pytest.mark.parametrize("name", ["BP plc", "3M Deutschland", "EY", "HP Inc."])
def test_numbers_and_short_words_stay_in_the_name(name: str) -> None:
    assert normal(name).words[0] == name.partition(" ")[0]


@pytest.mark.parametrize("name", ["BP plc", "EY", "HP Inc.", "E.ON SE"])
def test_every_name_has_a_key(name: str) -> None:
    assert name_keys(normal(name))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Meier Logistik GmbH", "LOGISTIK MEIER"),
        ("Mustermann, Erika", "Erika Mustermann"),
        ("Internationale Handelsgesellschaft Nord", "INTERNATIONALE HANDELSGES"),
        ("Nordwind Energie Vertrieb", "Nordwind Energie"),
        ("Müller Transporte", "MULLER TRANSPORT"),
    ],
)
def test_order_truncation_and_small_slips_keep_a_key_in_common(left: str, right: str) -> None:
    assert set(name_keys(normal(left))) & set(name_keys(normal(right)))


def test_keys_of_different_sorts_never_meet() -> None:
    keys = ["ACME", "^ACME", "=ACME", "&ACME", "+ACME"]
    assert len(set(key_hashes(keys).tolist())) == len(keys)


def test_similarity_falls_from_the_same_words_to_nothing_alike() -> None:
    ladder = [
        alike("Meier Logistik Nord", "Nord Logistik Meier GmbH"),
        alike("Meier Logistik Nord", "Meier Logistik No"),
        alike("Meier Logistik Nord", "Meyer Logistik"),
        alike("Meier Logistik Nord", "Schmidt Logistik"),
        alike("Meier Logistik Nord", "Quartz"),
    ]
    assert ladder[0] == 1
    assert all(better > worse for better, worse in pairwise(ladder))


def test_a_beginning_cut_by_the_bank_counts_unless_it_is_very_short() -> None:
    full = "Internationale Handelsgesellschaft Nordost"
    assert alike(full, "Internationale Handelsgesell") >= 0.93
    assert alike("Acme Handel", "Acme") < 0.86


def test_a_trade_word_in_common_is_no_likeness() -> None:
    assert alike("Lambda Trading Ltd", "Omega Trading Ltd") < 0.8


def test_similarity_is_symmetric_bounded_and_independent_of_threads() -> None:
    words = ["Meier Logistik", "LOGISTIK MEIER", "Acme", "Acme Trading", "Nordwind", ""]
    left = [a for a in words for _ in words]
    right = words * len(words)
    score = similarity(left, right)
    assert ((score >= 0) & (score <= 1)).all()
    assert np.array_equal(score, similarity(right, left))
    assert np.array_equal(score, similarity(left, right, threads=2))


def test_nothing_compares_to_nothing() -> None:
    assert len(similarity([], [])) == 0
