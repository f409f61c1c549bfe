"""Published examples of structured references; the source stands beside each."""

from __future__ import annotations

import pytest

from features.structured_references import ReferenceKind, canonical, find, kinds_of

PUBLISHED = [
    # python-stdnum, iso11649: the example of ISO 11649 in Wikipedia, "Creditor Reference"
    (ReferenceKind.RF, "RF18 5390 0754 7034", "RF18539007547034"),
    (ReferenceKind.RF, "RF33 2348 236", "RF332348236"),
    # Odoo, invoice reference models: `fi_rf`, `fi`, `ch`, `se_ocr3`, `se_ocr2`, `no`
    (ReferenceKind.RF, "RF952024000071", "RF952024000071"),
    (ReferenceKind.VIITE, "2024000068", "2024000068"),
    (ReferenceKind.OCR_LENGTH, "12658", "12658"),
    (ReferenceKind.OCR, "1255", "1255"),
    (ReferenceKind.KID, "000001024000083", "1024000083"),
    # Swiss implementation guidelines QR-bill
    (ReferenceKind.QR, "21 00000 00003 13947 14300 09017", "210000000003139471430009017"),
    # Febelfin, structured communication; python-stdnum, be.ogm_vcs
    (ReferenceKind.OGM, "+++090/9337/55493+++", "90933755493"),
    (ReferenceKind.OGM, "***010/8068/17183***", "10806817183"),
    # Norwegian Wikipedia "KID-nummer"; tests of navikt/mulighetsrommet; norwegian-numbers README (modulus 11)
    (ReferenceKind.KID, "2345676", "2345676"),
    (ReferenceKind.KID, "0044555258", "44555258"),
    (ReferenceKind.KID, "12343", "12343"),
    # Bank of Finland's worked example of the national reference number
    (ReferenceKind.VIITE, "1234561", "1234561"),
    # Numbers on published Estonian bills
    (ReferenceKind.VIITE, "71998532127", "71998532127"),
    (ReferenceKind.VIITE, "10058", "10058"),
    # CPAN Business::DK::FI
    (ReferenceKind.FIK, "+71<026840149965328+85799665<", "26840149965328"),
    (ReferenceKind.FIK, "+71< 000000067097535+85799665<", "67097535"),
    # Betaalvereniging, "De specificaties van het Nederlandse betalingskenmerk"
    (ReferenceKind.BETALINGSKENMERK, "5000 0567 8901 2345", "5000056789012345"),
    (ReferenceKind.BETALINGSKENMERK, "12 2345 3462 2567", "12234534622567"),
    # ZBS, national instruction on references, model 12
    (ReferenceKind.SI, "SI12 1234567890120", "SI121234567890120"),
    (ReferenceKind.SI, "SI00 2025-117", "SI002025-117"),
    # the parts of the sample slip of HUB-3, whose first and last hold their check digits
    (ReferenceKind.HR, "HR04 7269-68949637676-00019", "HR047269-68949637676-00019"),
    (ReferenceKind.HR, "HR99 7269", "HR997269"),
]


@pytest.mark.parametrize(("kind", "written", "one_way"), PUBLISHED)
def test_published_examples_hold_and_are_written_in_one_way(
    kind: ReferenceKind, written: str, one_way: str
) -> None:
    assert kind in kinds_of(written)
    assert canonical(written) == one_way
    assert {found.canonical for found in find(written)} == {one_way}


WRONG = [
    "RF17 5390 0754 7034",
    "+++090/9337/55494+++",
    "21 00000 00003 13947 14300 09016",
    "+71<026840149965327+85799665<",
    "SI12 1234567890121",
    "SI01 25-1235-8403",  # Odoo's label of the model; its check digit would be 2
    "HR04 7269-68949637676-00018",
    "5000 0567 8901 2344 x",
]


@pytest.mark.parametrize("written", WRONG)
def test_a_wrong_check_digit_is_not_found(written: str) -> None:
    assert find(written) == []


def test_a_reference_is_found_between_words() -> None:
    text = "Zahlung RF18 5390 0754 7034 Rechnung 12, KID: 2345676 og +++090/9337/55493+++"
    found = [(one.kind, text[one.start : one.end]) for one in find(text)]
    assert found == [
        (ReferenceKind.RF, "RF18 5390 0754 7034"),
        (ReferenceKind.KID, "2345676"),
        (ReferenceKind.OGM, "+++090/9337/55493+++"),
    ]


def test_bare_digits_in_a_text_need_a_label() -> None:
    assert find("INV 2345676") == []
    assert [one.kind for one in find("viitenumero 2024000068 kiitos")] == [ReferenceKind.VIITE]


def test_leading_zeros_do_not_part_two_spellings() -> None:
    assert canonical("+++090/9337/55493+++") == canonical("090933755493") == canonical("90933755493")
    assert canonical("RF18 000539007547034") == canonical("RF18539007547034")


def test_a_hyphen_is_a_check_digit_of_modulus_11() -> None:
    # 1*4 + 4*3 + 4*2 = 24, and 24 + 10 leaves 1; 1*4 + 2*3 + 1*2 = 12, and 12 + 10 is a multiple of 11
    assert kinds_of("144-") == []
    assert kinds_of("121-") == [ReferenceKind.KID]
    assert canonical("121-") == "121-"
    assert canonical("144-") == "144"
    assert canonical("1234567890-x") == "1234567890-X"
