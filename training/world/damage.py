"""What happens to a document number between the invoice and the bank line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from training.world.dice import Wheel

if TYPE_CHECKING:
    from training.world.dice import Dice

_CONFUSED = str.maketrans("0O1I5S8B2Z6G", "O0I1S5B8Z2G6")
_DIGITS = re.compile(r"[0-9]+")
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]+")


def last_digits(number: str) -> tuple[int, int]:
    """Where the last run of digits stands: the part that tells documents apart."""
    spans = [match.span() for match in _DIGITS.finditer(number)]
    return max(spans, key=lambda span: (span[1] - span[0] >= 3, span[1])) if spans else (0, 0)


def spell(number: str, habit: int, dice: Dice) -> str:
    """The number as one customer always spells it (`habit` 0 to 99)."""
    if habit < 62:
        return number
    if habit < 72:
        return _NOT_ALNUM.sub("", number)
    start, end = last_digits(number)
    if habit < 80:
        return number[start:end] if end - start >= 4 else number
    if habit < 86:
        core = number[start:end].lstrip("0")
        return core if len(core) >= 3 else number
    if habit < 91:
        return _NOT_ALNUM.sub(" ", number)
    if habit < 95:
        return number.lower()
    return (
        number.replace("-", "/") if "-" in number else number.replace("/", "-" if dice.chance(0.5) else ".")
    )


def _wrong_digit(number: str, dice: Dice) -> str:
    place = _a_digit(number, dice)
    return (
        number
        if place < 0
        else number[:place] + str((int(number[place]) + dice.between(1, 9)) % 10) + number[place + 1 :]
    )


def _swapped_digits(number: str, dice: Dice) -> str:
    start, end = last_digits(number)
    if end - start < 2:
        return number
    place = dice.between(start, end - 2)
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _dropped_digit(number: str, dice: Dice) -> str:
    place = _a_digit(number, dice)
    return number if place < 0 else number[:place] + number[place + 1 :]


def _doubled_digit(number: str, dice: Dice) -> str:
    place = _a_digit(number, dice)
    return number if place < 0 else number[:place] + number[place] + number[place:]


def _a_digit(number: str, dice: Dice) -> int:
    start, end = last_digits(number)
    return dice.between(start, end - 1) if end > start else -1


def _confused(number: str, dice: Dice) -> str:
    places = [place for place, char in enumerate(number) if char in "0O1I5S8B2Z6G"]
    if not places:
        return number
    place = dice.pick(places)
    return number[:place] + number[place].translate(_CONFUSED) + number[place + 1 :]


def _lost_separators(number: str, _dice: Dice) -> str:
    return _NOT_ALNUM.sub("", number)


def _lost_prefix(number: str, _dice: Dice) -> str:
    start, end = last_digits(number)
    return number[start:end] if end - start >= 3 else number


def _lost_zeros(number: str, _dice: Dice) -> str:
    start, end = last_digits(number)
    return number[:start] + number[start:end].lstrip("0") + number[end:]


def _space_inside(number: str, dice: Dice) -> str:
    if len(number) < 4:
        return number
    place = dice.between(2, len(number) - 2)
    return f"{number[:place]} {number[place:]}"


def _cut_tail(number: str, dice: Dice) -> str:
    keep = max(3, len(number) - dice.between(1, 3))
    return number[:keep]


def _cut_head(number: str, dice: Dice) -> str:
    return number[min(dice.between(1, 4), max(len(number) - 3, 0)) :]


DAMAGES: dict[str, Callable[[str, Dice], str]] = {
    "wrong_digit": _wrong_digit,
    "swapped_digits": _swapped_digits,
    "dropped_digit": _dropped_digit,
    "doubled_digit": _doubled_digit,
    "confused": _confused,
    "lost_separators": _lost_separators,
    "lost_prefix": _lost_prefix,
    "lost_zeros": _lost_zeros,
    "space_inside": _space_inside,
    "cut_tail": _cut_tail,
    "cut_head": _cut_head,
}
_WHEEL = Wheel(
    {
        "wrong_digit": 0.12,
        "swapped_digits": 0.12,
        "dropped_digit": 0.1,
        "doubled_digit": 0.04,
        "confused": 0.09,
        "lost_separators": 0.13,
        "lost_prefix": 0.14,
        "lost_zeros": 0.08,
        "space_inside": 0.09,
        "cut_tail": 0.05,
        "cut_head": 0.04,
    }
)


def damaged(number: str, dice: Dice) -> str:
    """The number with one mishap, sometimes two."""
    number = DAMAGES[_WHEEL.spin(dice)](number, dice)
    return DAMAGES[_WHEEL.spin(dice)](number, dice) if dice.chance(0.12) else number
