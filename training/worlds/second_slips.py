"""Slips of pens, keyboards and scanners, and the short forms in which clerks write document numbers."""

from __future__ import annotations

import re
from random import Random

SEEN_AS = {"0": "O", "O": "0", "1": "I", "I": "1", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "6": "G"}


def slip(rng: Random, number: str) -> str:
    """Damage a document number the way fingers, eyes and scanners do."""
    digits = [place for place, letter in enumerate(number) if letter.isdigit()] or list(range(len(number)))
    draw = rng.random()
    place = rng.choice(digits)
    if draw < 0.18 and len(number) > 1:
        place = min(place, len(number) - 2)
        return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if draw < 0.34:
        return number[:place] + number[place + 1 :]
    if draw < 0.48:
        return number[:place] + rng.choice("0123456789") + number[place + 1 :]
    if draw < 0.58:
        return number[:place] + number[place] + number[place:]
    if draw < 0.72:
        return "".join(SEEN_AS.get(letter, letter) if rng.random() < 0.4 else letter for letter in number)
    if draw < 0.84:
        return f"{number[: max(1, place)]} {number[max(1, place) :]}"
    return core(number)


def core(number: str) -> str:
    """Return what a clerk calls the number itself: the longest run of digits without its zeros."""
    runs = re.findall(r"\d+", number)
    if not runs:
        return number[-5:]
    return max(runs, key=len).lstrip("0") or number


def tail(number: str) -> str:
    """Return the last four letters or digits of a number."""
    plain = re.sub(r"[^0-9A-Za-z]", "", number)
    return plain[-4:]


def abbreviated(numbers: list[str]) -> list[str]:
    """Write the first number in full and of the others only what differs; a lone one without separators."""
    first = numbers[0]
    if len(numbers) == 1:
        return [first.replace("-", "").replace("/", "")]
    out = [first]
    for number in numbers[1:]:
        shared = 0
        while shared < min(len(first), len(number)) - 2 and first[shared] == number[shared]:
            shared += 1
        out.append(number[shared:] if len(number) == len(first) else number)
    return out


def as_range(numbers: list[str]) -> list[str]:
    """Write an unbroken run of numbers as first-last, or nothing when it is none."""
    ends = [re.search(r"\d+$", number) for number in numbers]
    if len(numbers) < 3 or not all(ends):
        return []
    values = [int(end.group()) for end in ends if end is not None]
    if values != list(range(values[0], values[0] + len(values))):
        return []
    return [f"{numbers[0]}-{str(values[-1])[-3:]}"]
