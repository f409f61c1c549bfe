"""What texts say beside numbers: months in many languages, dates, topics, what nobody explains."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from features.block import References
from features.join import KeyFilter
from features.references import payment_spans
from features.text import hash_strings, mix, span_text
from features.textfacts import (
    TOPICS,
    TextFacts,
    amounts_named,
    month_of,
    pack_amount,
    read_texts,
    topic_bit,
)


def facts(*texts: str, covered: tuple[tuple[int, int], ...] = ()) -> TextFacts:
    """Read texts in which mentions cover some positions of the buffer."""
    spans = payment_spans(pa.array(texts), KeyFilter(mix(hash_strings(["NOTHING"]))))
    count = len(covered)
    small, flags = np.zeros(count, np.int8), np.zeros(count, np.bool_)
    mentions = References(
        payment=small.astype(np.int32),
        item=small.astype(np.int32),
        rule=small,
        length=small.astype(np.int16),
        share=small.astype(np.int16),
        written=flags,
        clean=small,
        covered=flags,
        start=np.array([start for start, _ in covered], np.int64),
        end=np.array([end for _, end in covered], np.int64),
    )
    return read_texts(spans, mentions)


def months(text: str) -> set[int]:
    """Give the months a text names, 1 to 12."""
    bits = int(facts(text).months[0])
    return {month for month in range(1, 13) if bits >> (month - 1) & 1}


def dates(text: str) -> set[str]:
    """Give the dates a text names."""
    packed = facts(text).date_payment
    return {str(date(1970, 1, 1) + timedelta(int(day) - (1 << 19))) for day in packed % (1 << 20)}


def topics(text: str) -> set[str]:
    """Give what a text is about."""
    read = facts(text)
    return {topic for topic in TOPICS if read.about(topic)[0]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rent March 2025", {3}),
        ("Miete März", {3}),
        ("MIETE MAERZ", {3}),
        ("loyer de février", {2}),
        ("alquiler de diciembre", {12}),
        ("canone di ottobre", {10}),
        ("huur augustus", {8}),
        ("aluguel de março", {3}),
        ("czynsz październik", {10}),
        ("leje juli", {7}),
        ("vuokra heinäkuu", {7}),
        ("Jan-Mar", {1, 3}),
        ("Abo 03/2025", {3}),
        ("Abo 12.2024", {12}),
        ("Abo 13/2025", set()),
        ("Marchand", set()),
        ("m a i", set()),
        ("", set()),
    ],
)
def test_months_are_read_in_many_languages(text: str, expected: set[int]) -> None:
    assert months(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Miete Jänner", {1}),
        ("husleie desember", {12}),
        ("hyra augusti", {8}),
        pytest.param("nájem březen", {3}, marks=pytest.mark.xfail(reason="months: Czech is missing")),
        ("czynsz za maja", {5}),
    ],
)
def test_months_are_read_in_more_languages(text: str, expected: set[int]) -> None:
    assert months(text) == expected


def test_a_date_is_no_period() -> None:
    assert months("vom 04.03.2025") == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-14", {"2025-03-14"}),
        ("14.03.2025", {"2025-03-14"}),
        ("14/3/25", {"2025-03-14"}),
        ("03/14/2025", {"2025-03-14"}),
        ("20250314", {"2025-03-14"}),
        ("14032025", {"2025-03-14"}),
        ("04.03.2025", {"2025-03-04", "2025-04-03"}),
        ("29.02.2024", {"2024-02-29"}),
        ("14.03.1999", set()),
        ("14.13.2025", set()),
        ("1234567890", set()),
        ("no date", set()),
    ],
)
def test_dates_are_read_in_their_customary_forms(text: str, expected: set[str]) -> None:
    assert dates(text) == expected


def test_dates_belong_to_their_text() -> None:
    read = facts("2025-03-14", "14", "03.2025")
    assert (read.date_payment >> 20).tolist() == [0]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Lohn und Gehalt 03", "salary"),
        ("FINANZAMT USt-VA", "tax"),
        ("Kontoführungsentgelt", "bank_fee"),
        ("Habenzinsen", "interest"),
        ("SWEEP to master account", "transfer"),
        ("Refund order 7", "refund"),
        ("RETURN NSF", "return"),
        ("CHARGEBACK ch_331", "chargeback"),
        ("Versicherung Zuschuss", "income"),
        ("STRIPE PAYOUT", "payout"),
        ("2. Rate", "partial"),
        ("abzügl. 2% Skonto", "discount"),
        ("Vorauszahlung", "advance"),
        ("Gutschrift GS-12", "credit"),
        ("less TDS", "withholding"),
        ("Factures diverses", "several"),
    ],
)
def test_texts_are_known_by_their_words(text: str, topic: str) -> None:
    assert topic in topics(text)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Übertrag Sparkonto", "transfer"),
        ("Eigenübertrag", "transfer"),
        ("Rücklastschrift", "return"),
        ("Rückgabe mangels Deckung", "return"),
        ("Rückläufer", "return"),
        ("Rückerstattung", "refund"),
        ("Löhne 03", "salary"),
        ("Förderung", "income"),
        ("Abschlagszahlung für Löhne", "salary"),
    ],
)
def test_umlauts_are_no_obstacle_to_a_topic(text: str, topic: str) -> None:
    assert topic in topics(text)


def test_both_spellings_of_an_umlaut_are_known_where_the_table_has_them() -> None:
    assert topics("Gebühren") == topics("GEBUEHREN") == {"bank_fee"}


@pytest.mark.parametrize("text", ["", "INV-2025-004217", "Refundable Ltd", "Taxi 42", "Salaryman Inc"])
def test_a_word_inside_another_is_no_topic(text: str) -> None:
    assert topics(text) == set()


def test_every_topic_has_a_bit_of_its_own() -> None:
    bits = [topic_bit(topic) for topic in TOPICS]
    assert len(set(bits)) == len(bits)
    assert max(bits) < 2**31


def test_silence_and_length_are_told() -> None:
    read = facts("", " -- ", "INV-1 thanks")
    assert read.silent.tolist() == [True, True, False]
    assert read.words.tolist() == [0, 0, 3]


def test_long_numbers_outside_all_mentions_are_unexplained() -> None:
    assert facts("INV 4217 ref 778812 and 20250314").unexplained.tolist() == [2]
    assert facts("77881 99321", covered=((0, 5),)).unexplained.tolist() == [1]
    assert facts("77881 99321", covered=((0, 5), (5, 10))).unexplained.tolist() == [0]


def test_the_month_of_a_day() -> None:
    days = np.array([(date(2024, month, 28) - date(1970, 1, 1)).days for month in range(1, 13)], np.int32)
    assert month_of(days).tolist() == list(range(12))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PAID 18 JUN 2024", "2024-06-18"),
        ("vom 3 März 24", "2024-03-03"),
        ("Jun 18, 2024", "2024-06-18"),
        ("1 AVRIL 2025 FACTURE", "2025-04-01"),
    ],
)
def test_a_date_may_spell_out_its_month(text: str, expected: str) -> None:
    assert expected in dates(text)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("BETRAG 932,53 EUR", 93_253),
        ("amount 1,858.11", 185_811),
        ("1.234.567,89", 123_456_789),
        ("EUR 12 345,00", 1_234_500),
        ("329.76 und 203.37", 20_337),
    ],
)
def test_an_amount_with_two_decimals_is_read(text: str, minor: int) -> None:
    found = amounts_named(span_text(pa.array([text])))
    assert pack_amount(np.array([0]), np.array([minor]))[0] in found


@pytest.mark.parametrize("text", ["2024-003298", "INV 12,5", "18.06.2024X", "", "4217, 4218"])
def test_other_numbers_are_no_amounts_of_their_size(text: str) -> None:
    found = amounts_named(span_text(pa.array([text])))
    assert set(found.tolist()) <= {1806, 620}


def test_amounts_belong_to_the_text_they_stand_in() -> None:
    found = amounts_named(span_text(pa.array(["nothing", "12,50"])))
    assert found.tolist() == pack_amount(np.array([1]), np.array([1250])).tolist()
