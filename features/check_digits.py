"""The check digits of structured payment references that python-stdnum does not know.

Each function takes digits only, the check digit among them, and says whether it holds. Sources stand with the
published test vectors in `tests/unit/test_structured_references.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

_KID_WEIGHTS: Final = (2, 3, 4, 5, 6, 7)
_NORDIC_WEIGHTS: Final = (7, 3, 1)
_DUTCH_WEIGHTS: Final = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
_MODEL_WEIGHTS: Final = range(2, 25)

# Which parts of a Slovenian or Croatian reference end with a check digit: each entry lists the parts that
# one digit, at the end of the last of them, guards. Models 00 to 10 are the same in both countries; the
# later Slovenian ones are those of the national instruction on references (ZBS), the later Croatian ones
# are not checked.
_SHARED_MODELS: Final[Mapping[str, tuple[tuple[int, ...], ...]]] = {
    "00": (),
    "01": ((0, 1, 2),),
    "02": ((1,), (2,)),
    "03": ((0,), (1,), (2,)),
    "04": ((0,), (2,)),
    "05": ((0,),),
    "06": ((1, 2),),
    "07": ((1,),),
    "08": ((0, 1), (2,)),
    "09": ((0, 1),),
    "10": ((0,), (1, 2)),
}
_TWO_CHECKED: Final = "11 18 19 21 28 31 38 40 41 48 49 51 58"
_MODELS: Final[Mapping[str, Mapping[str, tuple[tuple[int, ...], ...]]]] = {
    "SI": {
        **_SHARED_MODELS,
        **dict.fromkeys(_TWO_CHECKED.split(), ((0,), (1,))),
        "12": ((0,),),
        "55": ((0,),),
    },
    "HR": _SHARED_MODELS,
}
PART_DIGITS: Final = 12
"""Digits of one part of a model; the single part of SI12 has one more for its check digit."""


def holds_luhn(digits: str) -> bool:
    """Modulus 10, weights 1 and 2 from the right: Norwegian KID, Swedish OCR, Danish FIK."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) << (position % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def holds_kid_11(digits: str) -> bool:
    """Modulus 11, weights 2 to 7 from the right; the check of a Norwegian KID may be a hyphen, for ten."""
    check = 10 if digits[-1] == "-" else int(digits[-1])
    return (_weigh(digits[:-1], _KID_WEIGHTS) + check) % 11 == 0


def holds_swedish_length(digits: str) -> bool:
    """Luhn, and the last digit but one is the length of the whole, modulus 10: Bankgirot's level 3."""
    return len(digits) > 2 and int(digits[-2]) == len(digits) % 10 and holds_luhn(digits)


def holds_731(digits: str) -> bool:
    """Modulus 10, weights 7, 3, 1 from the right: Finnish and Estonian viitenumero."""
    return (_weigh(digits[:-1], _NORDIC_WEIGHTS) + int(digits[-1])) % 10 == 0


def holds_dutch(digits: str) -> bool:
    """Weighted modulus 11 with the check digit first; all lengths but 16 have a length digit second."""
    if len(digits) != 16 and not (9 <= len(digits) <= 14 and int(digits[1]) == (len(digits) - 2) % 10):
        return False
    check = 11 - _weigh(digits[1:], _DUTCH_WEIGHTS) % 11
    return int(digits[0]) == {10: 1, 11: 0}.get(check, check)


def holds_model(country: str, model: str, parts: Sequence[str]) -> bool:
    """Slovenian and Croatian models: modulus 11, weights 2, 3, 4 ... from the right, ten and eleven are zero.

    A model that is not checked here holds whenever it is well formed.
    """
    longest = PART_DIGITS + (model == "12")
    if not 1 <= len(parts) <= 4 or any(len(part) > longest for part in parts):
        return False
    for guarded in _MODELS[country].get(model, ()):
        present = [parts[index] for index in guarded if index < len(parts)]
        if not present:
            continue
        digits = "".join(present)
        if len(digits) < 2:
            return False
        check = 11 - _weigh(digits[:-1], _MODEL_WEIGHTS) % 11
        if int(digits[-1]) != (0 if check > 9 else check):
            return False
    return True


def _weigh(digits: str, weights: Sequence[int]) -> int:
    """Sum the digits, weighted from the right."""
    return sum(int(digit) * weight for digit, weight in zip(reversed(digits), cycle(weights), strict=False))
