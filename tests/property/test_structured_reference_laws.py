"""Laws of structured references: one wrong digit is seen, and one reference has one canonical form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.be import ogm_vcs
from stdnum.ch import esr
from stdnum.iso7064 import mod_97_10

from features import check_digits
from features.structured_references import ReferenceKind, canonical, find, kinds_of

DIGITS = st.text("0123456789", min_size=4, max_size=24)


# The modulus 11 of models and Dutch references is weaker: two rests share a digit, and one weight is eleven.
EXACT: dict[str, Callable[[str], bool]] = {
    "luhn": check_digits.holds_luhn,
    "kid_11": check_digits.holds_kid_11,
    "731": check_digits.holds_731,
}


@pytest.mark.parametrize("name", sorted(EXACT))
@given(digits=DIGITS, place=st.integers(0, 23), step=st.integers(1, 9))
def test_one_changed_digit_fails_its_check_digit(name: str, digits: str, place: int, step: int) -> None:
    holds = EXACT[name]
    checked = next((digits + last for last in "0123456789" if holds(digits + last)), None)
    assume(checked is not None)
    assert checked is not None
    place %= len(checked)
    other = str((int(checked[place]) + step) % 10)
    assert not holds(checked[:place] + other + checked[place + 1 :])


@given(
    digits=st.text("0123456789", min_size=26, max_size=26), place=st.integers(0, 26), step=st.integers(1, 9)
)
def test_one_changed_digit_of_a_library_checked_reference_is_seen(digits: str, place: int, step: int) -> None:
    payload, short = digits[:21], digits[:10]
    assume(short.strip("0") != "")
    checked = {
        ReferenceKind.RF: "RF" + mod_97_10.calc_check_digits(payload + "RF") + payload,
        ReferenceKind.QR: digits + esr.calc_check_digit(digits),
        ReferenceKind.OGM: short + ogm_vcs.calc_check_digits(short),
    }
    for kind, written in checked.items():
        assert kind in kinds_of(written)
        at = place % len(written)
        if written[at].isdigit():
            other = str((int(written[at]) + step) % 10)
            assert kind not in kinds_of(written[:at] + other + written[at + 1 :])


@given(digits=DIGITS)
def test_every_number_has_exactly_one_check_digit(digits: str) -> None:
    for holds in (check_digits.holds_luhn, check_digits.holds_731):
        assert sum(holds(digits + last) for last in "0123456789") == 1
    assert sum(check_digits.holds_kid_11(digits + last) for last in "0123456789-") == 1


@given(part=st.text("0123456789", min_size=1, max_size=9), place=st.integers(0, 9), step=st.integers(1, 9))
def test_one_changed_digit_of_a_model_is_seen_but_where_two_rests_share_zero(
    part: str, place: int, step: int
) -> None:
    checked = next(
        part + last for last in "0123456789" if check_digits.holds_model("SI", "12", [part + last])
    )
    place %= len(checked)
    other = checked[:place] + str((int(checked[place]) + step) % 10) + checked[place + 1 :]
    if check_digits.holds_model("SI", "12", [other]):
        assert checked[-1] == other[-1] == "0"


@given(text=st.text(max_size=60) | st.text("RFSIHR0123456789 +/*<.-", max_size=60))
def test_canonical_is_idempotent(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@given(text=st.text("RFKIDviteOCRSH0123456789 +/*<.-:", max_size=80))
def test_what_is_found_is_a_stretch_of_the_text_and_canonical(text: str) -> None:
    for one in find(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.canonical
        assert canonical(one.canonical) == one.canonical
        assert canonical(text[one.start : one.end]) == one.canonical


@given(length=st.integers(1, 40))
def test_zeros_only_are_no_reference(length: int) -> None:
    assert find("0" * length) == []
