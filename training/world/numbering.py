"""Document-number schemes: how an issuer numbers its invoices, one closure a scheme.

A scheme is made once for an issuer (it draws its own prefix, width and start) and then called for each document
in issue order. `SEEN` schemes occur in every profile; `UNSEEN` ones only in the profile `unseen_numbering`, so
that a model can be tested on numbers whose shape it has never met.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import date

from training.world.check_digits import luhn_digit, mod11_digit
from training.world.dice import Dice

Numberer = Callable[[int, str, int], str]
"""(issue day as a proleptic ordinal, customer number, customer index) -> document number."""

_HEX = "0123456789ABCDEF"
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class _Counter:
    """A sequence that may skip numbers (drafts, other departments) and restart by period."""

    __slots__ = ("_dice", "_period", "_skip", "_start", "value")

    def __init__(self, dice: Dice, start: int, skip: float) -> None:
        self._dice, self._start, self._skip = dice, start, skip
        self._period = -1
        self.value = start

    def next(self, period: int = 0) -> int:
        if period != self._period:
            self._period = period
            self.value = self._start
        self.value += 1
        if self._skip and self._dice.chance(self._skip):
            self.value += self._dice.between(1, 3)
        return self.value


def _skip(dice: Dice) -> float:
    return dice.pick((0.0, 0.0, 0.02, 0.3))


def _prefixed_year(dice: Dice) -> Numberer:
    prefix = dice.pick(("INV", "RE", "FA", "R", "FV", "IN", "F", "SI", "RG", "AR"))
    separator = dice.pick(("-", "-", "/", "", "."))
    width = dice.pick((4, 5, 6, 6))
    counter = _Counter(dice, dice.pick((0, 0, 1000, 4000)), _skip(dice))

    def number(day: int, _customer: str, _index: int) -> str:
        year = date.fromordinal(day).year
        return f"{prefix}{separator}{year}{separator}{counter.next(year):0{width}d}"

    return number


def _plain_dense(dice: Dice) -> Numberer:
    counter = _Counter(dice, dice.between(100_000, dice.pick((400_000, 8_000_000, 60_000_000))), _skip(dice))
    return lambda _day, _customer, _index: str(counter.next())


def _sap_ten(dice: Dice) -> Numberer:
    head = dice.pick(("18", "19", "90", "14", "10"))
    counter = _Counter(dice, dice.between(10_000, 40_000_000), _skip(dice))
    return lambda _day, _customer, _index: f"{head}{counter.next():08d}"


def _year_month(dice: Dice) -> Numberer:
    separator = dice.pick(("/", "-", "."))
    width = dice.pick((3, 4, 5))
    counter = _Counter(dice, 0, 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        issued = date.fromordinal(day)
        step = counter.next(issued.year * 12 + issued.month)
        return f"{issued.year}{separator}{issued.month:02d}{separator}{step:0{width}d}"

    return number


def _by_customer(dice: Dice) -> Numberer:
    separator = dice.pick(("-", "/", "."))
    width = dice.pick((2, 3, 4))
    counters: dict[int, int] = {}

    def number(_day: int, customer: str, index: int) -> str:
        counters[index] = counters.get(index, 0) + 1
        return f"{customer}{separator}{counters[index]:0{width}d}"

    return number


def _check_digit(dice: Dice) -> Numberer:
    width = dice.pick((7, 8, 9))
    counter = _Counter(dice, dice.between(10 ** (width - 1), 5 * 10 ** (width - 1)), _skip(dice))

    def number(_day: int, _customer: str, _index: int) -> str:
        digits = str(counter.next())
        return digits + luhn_digit(digits)

    return number


def _letters_sequence(dice: Dice) -> Numberer:
    prefix = dice.letters(dice.pick((2, 3, 3, 4)))
    separator = dice.pick(("", "-", " ", "."))
    width = dice.pick((5, 6, 7))
    counter = _Counter(dice, dice.between(1, 60_000), _skip(dice))
    return lambda _day, _customer, _index: f"{prefix}{separator}{counter.next():0{width}d}"


def _short_year(dice: Dice) -> Numberer:
    head = dice.pick(("", "RE", "F", "FT", "A", "K"))
    separator = dice.pick(("-", "/", ""))
    width = dice.pick((5, 6))
    counter = _Counter(dice, dice.pick((0, 10_000)), _skip(dice))

    def number(day: int, _customer: str, _index: int) -> str:
        year = date.fromordinal(day).year
        return f"{head}{year % 100:02d}{separator}{counter.next(year):0{width}d}"

    return number


def _hash_code(dice: Dice) -> Numberer:
    salt = dice.between(1, 2**31)
    pattern = dice.pick(((4, 4), (8,), (3, 3, 3), (10,)))
    alphabet = dice.pick((_HEX, _BASE32))
    counter = _Counter(dice, salt, 0.0)
    taken: set[str] = set()

    def number(day: int, _customer: str, _index: int) -> str:
        while True:
            value = zlib.crc32(f"{counter.next()}:{day}".encode()) * 2654435761 % 2**61
            groups = []
            for width in pattern:
                group = ""
                for _ in range(width):
                    value, place = divmod(value * 7 + 3, len(alphabet))
                    group += alphabet[place]
                groups.append(group)
            code = "-".join(groups)
            if code not in taken:
                taken.add(code)
                return code

    return number


def _account_hash(dice: Dice) -> Numberer:
    salt = dice.between(1, 2**31)
    counters: dict[int, int] = {}
    heads: dict[int, str] = {}
    used: set[str] = set()

    def number(_day: int, _customer: str, index: int) -> str:
        head = heads.get(index)
        if head is None:
            step = 0
            head = f"{zlib.crc32(f'{salt}:{index}'.encode()):08X}"
            while head in used:
                step += 1
                head = f"{zlib.crc32(f'{salt}:{index}:{step}'.encode()):08X}"
            used.add(head)
            heads[index] = head
        counters[index] = counters.get(index, 0) + 1
        return f"{head}-{counters[index]:04d}"

    return number


def _date_counter(dice: Dice) -> Numberer:
    separator = dice.pick(("-", "/", ""))
    short = dice.chance(0.4)
    width = dice.pick((3, 4))
    counter = _Counter(dice, 0, 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        stamp = date.fromordinal(day).strftime("%y%m%d" if short else "%Y%m%d")
        return f"{stamp}{separator}{counter.next(day):0{width}d}"

    return number


def _sequence_slash_month(dice: Dice) -> Numberer:
    head = dice.pick(("FV ", "FS ", "", "F/"))
    counter = _Counter(dice, 0, 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        issued = date.fromordinal(day)
        return f"{head}{counter.next(issued.year * 12 + issued.month)}/{issued.month:02d}/{issued.year}"

    return number


def _sequence_slash_year(dice: Dice) -> Numberer:
    tail = dice.pick(("", "", "/A", "/V2"))
    counter = _Counter(dice, 0, 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        year = date.fromordinal(day).year
        return f"{counter.next(year)}/{year}{tail}"

    return number


def _prefixed_short(dice: Dice) -> Numberer:
    prefix = dice.pick(("INV-", "R-", "F-", "Inv ", "#"))
    width = dice.pick((5, 6))
    counter = _Counter(dice, dice.between(0, 900), _skip(dice))
    return lambda _day, _customer, _index: f"{prefix}{counter.next():0{width}d}"


def _branch_code(dice: Dice) -> Numberer:
    branches = [f"{dice.letters(3)}-{dice.digits(2)}" for _ in range(dice.between(2, 6))]
    counters = [_Counter(dice, dice.between(1, 30_000), 0.0) for _ in branches]

    def number(_day: int, _customer: str, index: int) -> str:
        place = index % len(branches)
        return f"{branches[place]}-{counters[place].next():05d}"

    return number


# -- the shapes kept back for books with numbering never seen in training


def _letters_inside(dice: Dice) -> Numberer:
    counter = _Counter(dice, dice.between(1000, 80_000), 0.05)
    middle = dice.letters(2)
    return lambda day, _customer, _index: f"{date.fromordinal(day).year % 10}{middle}{counter.next():06d}Z"


def _week_counter(dice: Dice) -> Numberer:
    counter = _Counter(dice, 0, 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        year, week, _ = date.fromordinal(day).isocalendar()
        return f"W{week:02d}{year % 100:02d}.{counter.next(year * 60 + week):04d}"

    return number


def _reversed_parts(dice: Dice) -> Numberer:
    counter = _Counter(dice, dice.between(0, 500), 0.0)

    def number(day: int, _customer: str, _index: int) -> str:
        issued = date.fromordinal(day)
        return f"{counter.next(issued.year):05d}-{issued.month:02d}{issued.year % 100:02d}-{dice.letters(1)}"

    return number


def _mod11_groups(dice: Dice) -> Numberer:
    counter = _Counter(dice, dice.between(10_000_000, 70_000_000), 0.1)

    def number(_day: int, _customer: str, _index: int) -> str:
        digits = str(counter.next())
        check = mod11_digit(digits).replace("-", "X")
        return f"{digits[:2]}.{digits[2:5]}.{digits[5:]}-{check}"

    return number


def _project(dice: Dice) -> Numberer:
    counters: dict[int, int] = {}
    base = dice.between(2000, 7000)

    def number(_day: int, _customer: str, index: int) -> str:
        counters[index] = counters.get(index, 0) + 1
        return f"P{base + index}/{(counters[index] - 1) // 5 + 1}-AR{(counters[index] - 1) % 5 + 1:02d}"

    return number


def _letters_plus(dice: Dice) -> Numberer:
    head = dice.letters(5)
    counter = _Counter(dice, dice.between(1, 20_000), 0.0)
    return lambda day, _customer, _index: f"{head}{date.fromordinal(day).year % 100:02d}+{counter.next():05d}"


SEEN: Mapping[str, Callable[[Dice], Numberer]] = {
    "prefixed_year": _prefixed_year,
    "plain_dense": _plain_dense,
    "sap_ten": _sap_ten,
    "year_month": _year_month,
    "by_customer": _by_customer,
    "check_digit": _check_digit,
    "letters_sequence": _letters_sequence,
    "short_year": _short_year,
    "hash_code": _hash_code,
    "account_hash": _account_hash,
    "date_counter": _date_counter,
    "sequence_slash_month": _sequence_slash_month,
    "sequence_slash_year": _sequence_slash_year,
    "prefixed_short": _prefixed_short,
    "branch_code": _branch_code,
}

UNSEEN: Mapping[str, Callable[[Dice], Numberer]] = {
    "letters_inside": _letters_inside,
    "week_counter": _week_counter,
    "reversed_parts": _reversed_parts,
    "mod11_groups": _mod11_groups,
    "project": _project,
    "letters_plus": _letters_plus,
}


def make_numberer(scheme: str, dice: Dice) -> Numberer:
    """A fresh numberer of the named scheme."""
    return (SEEN.get(scheme) or UNSEEN[scheme])(dice)
