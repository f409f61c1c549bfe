"""Document numbers in free text: which mentions are found, by which rule, and what is no mention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from features.block import OpenIndex, Reading, build_candidates
from features.book import book_from_rows
from features.frame import Frame
from features.join import KeyFilter
from features.pipeline import canonical
from features.references import MAX_RANGE, Rule
from features.state import FOREVER, State
from features.text import hash_strings, mix


@dataclass(frozen=True)
class Mention:
    """How a text names an item."""

    rule: Rule
    clean: int  # sides on which it stands free
    written: bool  # as it is, not only after optical confusions are folded
    covered: bool


@dataclass(frozen=True)
class Read:
    """What a text says about the items of a book, by their numbers."""

    mentions: dict[str, Mention]
    near: dict[str, int]  # 2: one character differs, 1: one too many or too few

    @property
    def named(self) -> set[str]:
        return {number for number, mention in self.mentions.items() if not mention.covered}


def read(text: str, *numbers: str, column: str = "invoice_number") -> Read:
    """Read a text against a book in which each number is an item of a customer of its own."""
    invoices = [
        {
            "invoice_id": f"I{place:03d}",
            "customer_id": f"C{place}",
            "currency": "EUR",
            "amount": str(100 + place),
            "issue_date": "2025-01-01",
            column: number,
        }
        for place, number in enumerate(numbers)
    ]
    payment = {
        "payment_id": "P",
        "booking_date": "2025-03-01",
        "currency": "EUR",
        "amount": "7",
        "remittance": text,
    }
    book = book_from_rows({"invoices": invoices, "payments": [payment]})
    assert not book.quarantined, book.problems.to_pylist()
    frame = Frame(canonical(book))
    batch = np.zeros(1, np.int32)
    state = State(frame, FOREVER, FOREVER, replay=False, batch=batch)
    candidates = build_candidates(OpenIndex(Reading(frame, 1), state), batch)
    found = candidates.references
    return Read(
        mentions={
            numbers[item]: Mention(Rule(int(rule)), int(clean), bool(written), bool(covered))
            for item, rule, clean, written, covered in zip(
                found.item, found.rule, found.clean, found.written, found.covered, strict=True
            )
        },
        near={
            numbers[item]: int(kind)
            for item, kind in zip(candidates.item, candidates.neighbour, strict=True)
            if kind
        },
    )


NUMBER = "INV-2025-004217"
LISTED_TOO_MUCH = pytest.mark.xfail(reason="lists: these parts of a date or an amount are read as a list")
ROW = [f"INV-{serial}" for serial in range(4205, 4260)]
"""Numbers without a gap, so that whatever is read by mistake is some item's number."""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("INV-2025-004217", Rule.NUMBER),
        ("inv 2025 004217", Rule.NUMBER),
        ("INV2025004217", Rule.NUMBER),
        ("Zahlung INV/2025.004217, danke", Rule.NUMBER),
        ("INV-20250\n04217", Rule.NUMBER),
        ("INV-2025-00\n4217", Rule.NUMBER),
        ("2025-004217", Rule.NUMBER_WITHOUT_PREFIX),
        ("2025004217", Rule.NUMBER_WITHOUT_PREFIX),
        ("RE 2025 004217", Rule.NUMBER_WITHOUT_PREFIX),
        ("INV-2025-4217", Rule.NUMBER_YEAR_SERIAL),
        ("2025 4217", Rule.NUMBER_YEAR_SERIAL),
        ("20254217", Rule.NUMBER_YEAR_SERIAL),
        ("25/004217", Rule.NUMBER_YEAR_SERIAL),
        ("INV-25-4217", Rule.NUMBER_YEAR_SERIAL),
        ("004217", Rule.NUMBER_SERIAL),
        ("4217", Rule.NUMBER_SERIAL),
        ("4217/2025", Rule.NUMBER_SERIAL),
        ("INV 0004217", Rule.NUMBER_SERIAL),
        ("4217 / 2025", Rule.NUMBER_SERIAL),
        ("INV 4217", Rule.NUMBER_SERIAL),
    ],
)
def test_a_number_is_found_however_it_is_shortened(text: str, rule: Rule) -> None:
    assert read(text, NUMBER).mentions == {NUMBER: Mention(rule, clean=2, written=True, covered=False)}


def test_a_number_inside_a_longer_run_is_told_from_one_that_stands_free() -> None:
    assert read("INV4217", NUMBER).mentions[NUMBER].clean == 1
    assert read("INV4217X", NUMBER).mentions[NUMBER].clean == 0


@pytest.mark.parametrize("text", ["INV-2025-OO4217", "INV-2025-0042l7", "INV-2O25-004217", "1NV-2025-004217"])
def test_a_number_that_a_scanner_misread_is_found_and_marked(text: str) -> None:
    mention = read(text, NUMBER).mentions[NUMBER]
    assert mention == Mention(Rule.NUMBER, clean=2, written=False, covered=False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("INV-2025-004218", 2),
        ("INV-2025-004127", 2),
        ("INV-2025-00417", 1),
        ("INV-2025-0042177", 1),
        ("2025004317", 2),
    ],
)
def test_one_digit_wrong_swapped_dropped_or_added_makes_a_neighbour(text: str, kind: int) -> None:
    assert read(text, NUMBER) == Read({}, {NUMBER: kind})


@pytest.mark.parametrize("text", ["INV-2025-009218", "2025", "INV", "999", "INV-2026-001111"])
def test_two_wrong_digits_or_the_common_parts_alone_name_nothing(text: str) -> None:
    assert read(text, NUMBER) == Read({}, {})


def test_neighbours_are_not_looked_for_where_the_text_names_an_item() -> None:
    seen = read("INV-2025-004217", NUMBER, "INV-2025-004218", "INV-2025-004127")
    assert seen == Read({NUMBER: Mention(Rule.NUMBER, clean=2, written=True, covered=False)}, {})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("INV 4217, 4218, 19", {4217, 4218, 4219}),
        ("INV 4217, 18 und 19", {4217, 4218, 4219}),
        ("INV 4217/18/19", {4217, 4218, 4219}),
        ("INV 4217 + 4230", {4217, 4230}),
        ("INV 4217 & 8", {4217, 4218}),
        ("INV 4217-4220", {4217, 4218, 4219, 4220}),
        ("INV 4217 bis 4220", {4217, 4218, 4219, 4220}),
        ("INV-4217 to 4220", {4217, 4218, 4219, 4220}),
        ("INV-4217 and INV-4220", {4217, 4220}),
        ("INV 4220-4217", {4217, 4220}),
    ],
)
def test_abbreviated_lists_and_ranges_name_every_item(text: str, named: set[int]) -> None:
    assert read(text, *ROW).named == {f"INV-{serial}" for serial in named}


def test_a_range_keeps_leading_zeros_and_other_numbers_keep_their_year() -> None:
    numbers = [f"RE-2025-{serial:06d}" for serial in range(4210, 4225)]
    assert read("RE-2025-004217 bis 004220", *numbers).named == set(numbers[7:11])
    assert read("RE-2025-4217 bis 4220", *numbers).named == set(numbers[7:11])


def test_a_range_that_is_no_list_of_items_names_its_ends_only() -> None:
    last = 4205 + MAX_RANGE + 1
    assert read(f"INV 4205-{last}", *ROW).named == {"INV-4205", f"INV-{last}"}


def test_what_lies_inside_a_range_is_marked_as_listed() -> None:
    rules = {number: mention.rule for number, mention in read("INV-4217 bis 4219", *ROW).mentions.items()}
    assert rules == {
        "INV-4217": Rule.NUMBER,
        "INV-4218": Rule.LISTED,
        "INV-4219": Rule.NUMBER_WITHOUT_PREFIX,
    }


@pytest.mark.parametrize(
    "text",
    [
        "INV 4217 through 4220",
        "INV 4217 - 4220",
        "INV-4217 - INV-4220",
        "INV-4217 bis INV-4220",
    ],
)
@pytest.mark.xfail(reason="ranges: a blank around the dash, a repeated prefix and longer words are not read")
def test_ranges_are_read_in_every_customary_spelling(text: str) -> None:
    assert read(text, *ROW).named == {f"INV-{serial}" for serial in range(4217, 4221)}


@pytest.mark.parametrize(
    "text",
    [
        "INV 4217 vom 12.03.2025",
        "INV 4217 12.03.25",
        pytest.param("INV 4217 2025-03-12", marks=LISTED_TOO_MUCH),
        pytest.param("INV 4217 18,50 EUR", marks=LISTED_TOO_MUCH),
        "INV 4217 EUR 18,50",
        "INV 4217 Tel. 030 18 24",
    ],
)
def test_what_stands_behind_a_number_is_no_list_when_it_is_a_date_an_amount_or_a_phone_number(
    text: str,
) -> None:
    assert read(text, *ROW).named == {"INV-4217"}


@pytest.mark.parametrize(
    "text",
    [
        "paid on 2025-03-04",
        "Zahlung vom 04.03.2025",
        "Tel. +49 30 88123417",
        "EUR 1.250,00",
        "18,50",
        "FR76 3000 6000",
    ],
)
def test_dates_phone_numbers_and_amounts_alone_name_nothing(text: str) -> None:
    assert read(text, NUMBER, *ROW) == Read({}, {})


@pytest.mark.parametrize("text", ["SOLD 1 GOLD BILL", "ZOLL", "zzgl. Porto", "von 1 bis 2"])
def test_a_word_is_no_misread_number(text: str) -> None:
    assert read(text, *(f"INV-{serial}" for serial in (5010, 6010, 8111, 2011, 2261, 815))).named == set()


def test_a_number_is_found_with_several_characters_misread() -> None:
    assert read("INV-2O25-OO42l7", NUMBER).mentions[NUMBER].rule is Rule.NUMBER


def test_the_longest_mention_covers_shorter_ones_inside_it() -> None:
    seen = read("INV-2025-004217", NUMBER, "004217", "4217-X", "2025")
    assert seen.named == {NUMBER}
    assert seen.mentions["004217"].covered
    assert seen.mentions["2025"].covered


def test_a_number_named_twice_once_alone_is_not_covered() -> None:
    seen = read("INV-2025-004217 and 004217", NUMBER, "004217")
    assert seen.named == {NUMBER, "004217"}


def test_numbers_that_begin_alike_do_not_answer_for_each_other() -> None:
    numbers = ("INV-10", "INV-100", "INV-1000", "INV-10000")
    assert read("INV-100", *numbers).named == {"INV-100"}
    assert read("INV-10 INV-1000", *numbers).named == {"INV-10", "INV-1000"}


@pytest.mark.parametrize(
    ("column", "value", "text", "rule"),
    [
        ("payment_reference", "RF18 5390 0754 7034", "RF18539007547034", Rule.STRUCTURED),
        ("payment_reference", "+++090/9337/55493+++", "090933755493", Rule.STRUCTURED),
        ("payment_reference", "00000000000000000000004217", "4217", Rule.STRUCTURED),
        ("purchase_order", "PO 4500012345", "Bestellung 4500012345", Rule.PURCHASE_ORDER),
        ("purchase_order", "PO-77812", "PO77812", Rule.PURCHASE_ORDER),
    ],
)
def test_structured_references_and_purchase_orders_are_keys_too(
    column: str, value: str, text: str, rule: Rule
) -> None:
    assert read(text, value, column=column).mentions[value].rule is rule


def test_the_id_is_a_key_where_the_number_is_another() -> None:
    assert read("please book I000", "INV-77812").mentions["INV-77812"].rule is Rule.NUMBER


def test_a_key_that_too_many_items_share_names_none_of_them() -> None:
    numbers = [f"{letter}{letter}-2025-0042" for letter in "ACEFHJKMNPRTU"]
    assert read("0042", *numbers).named == set()
    assert read("KK-2025-0042", *numbers).named == {"KK-2025-0042"}


def test_the_sieve_lets_every_known_key_through() -> None:
    keys = mix(hash_strings([f"INV{serial}" for serial in range(5_000)]))
    others = mix(hash_strings([f"RG{serial}" for serial in range(5_000)]))
    known = KeyFilter(keys)
    assert known(keys).all()
    assert known(others).mean() < 0.01
