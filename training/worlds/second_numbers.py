"""Document numbers, structured references and account numbers of the second synthetic world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CONSONANTS = "BDFGHJKLMNPRSTVZ"
VOWELS = "AIOU"
MONTH_MARKS = ("JAN", "FEB", "MRZ", "APR", "MAI", "JUN", "JUL", "AUG", "SEP", "OKT", "NOV", "DEZ")

Make = Callable[[int, date, str, Random], str]


def luhn_digit(digits: str) -> str:
    """Return the mod-10 check digit of a string of digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def weighted_digit(digits: str) -> str:
    """Return the Finnish 7-3-1 check digit."""
    weights = (7, 3, 1)
    return str(-sum(int(digit) * weights[i % 3] for i, digit in enumerate(reversed(digits))) % 10)


def recursive_digit(digits: str) -> str:
    """Return the Swiss recursive mod-10 check digit."""
    table = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
    carry = 0
    for digit in digits:
        carry = table[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def _as_digits(text: str) -> str:
    return "".join(str(BASE36.index(letter)) for letter in text)


def iban(country: str, body: str) -> str:
    """Return an IBAN-like number: country, mod-97 check digits, body."""
    check = 98 - int(_as_digits(body + country + "00")) % 97
    return f"{country}{check:02d}{body}"


def creditor_reference(body: str) -> str:
    """Return an ISO 11649 reference over the body."""
    return f"RF{98 - int(_as_digits(body + 'RF00')) % 97:02d}{body}"


def structured_reference(scheme: str, customer_serial: int, serial: int) -> str:
    """Return a reference with check digits in the national scheme named."""
    body = f"{customer_serial % 1_000_000:06d}{serial % 10_000_000:07d}"
    match scheme:
        case "kid" | "ocr":
            return body + luhn_digit(body)
        case "viite":
            trimmed = body.lstrip("0")
            return trimmed + weighted_digit(trimmed)
        case "qrr":
            long = body.rjust(26, "0")
            return long + recursive_digit(long)
        case "ogm":
            ten = f"{serial % 10_000_000_000:010d}"
            return ten + f"{int(ten) % 97 or 97:02d}"
        case _:
            return creditor_reference(body.lstrip("0"))


def base36(value: int, width: int) -> str:
    """Write a number in base 36, padded."""
    out = ""
    while value:
        value, rest = divmod(value, 36)
        out = BASE36[rest] + out
    return out.rjust(width, "0")


def _proquint(value: int) -> str:
    out = ""
    for shift in (0, 4, 6, 10, 12):
        table = VOWELS if shift in {4, 10} else CONSONANTS
        out += table[(value >> shift) % len(table)]
    return out


def _roman(year: int) -> str:
    return (
        "MM"
        + "X" * (year // 10 % 10)
        + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[year % 10]
    )


def _scramble(serial: int, modulus: int) -> int:
    # 48271 is prime and divides no power of ten: a bijection on 0..modulus-1.
    return serial * 48271 % modulus


USUAL: dict[str, Make] = {
    "telecom": lambda n, d, _c, _r: f"{d:%y%m}{n % 100_000_000:08d}",
    "slash_year": lambda n, d, _c, _r: f"F-{d:%y}/{n:05d}",
    "sales": lambda n, _d, _c, _r: f"SI-{100_000 + n}",
    "year_word": lambda n, d, _c, _r: f"{d:%Y}-AGY-{n:04d}",
    "sap": lambda n, _d, _c, _r: f"{1_900_000_000 + n}",
    "polish": lambda n, d, _c, _r: f"FV {n}/{d:%m}/{d:%Y}",
    "hospital": lambda n, _d, _c, r: f"INV{n:07d}-{r.choice(('01', '01', '01', '02'))}",
    "order": lambda n, _d, _c, r: f"{r.choice((112, 113, 114))}-{r.randrange(10**6, 10**7)}-{n:07d}",
    "prefix_counter": lambda n, _d, c, _r: f"{c}-{n:04d}",
    "italian": lambda n, d, _c, _r: f"{n}/{'AB'[d.year % 2]}",
    "glued": lambda n, d, _c, _r: f"R{d:%y}K{n:05d}",
    "padded": lambda n, _d, _c, _r: f"{n:08d}",
    "spanish": lambda n, d, _c, _r: f"A{d:%y}-{n:04d}",
    "country_word": lambda n, d, _c, _r: f"DE-{d:%m%y}-RG-{n:04d}",
    "hash": lambda n, _d, _c, _r: f"#{20_000 + n}",
    "period": lambda n, d, _c, _r: f"M/{n:04d}/{d:%Y-%m}",
    "dotted": lambda n, d, _c, _r: f"{d:%Y}.{n // 1000:03d}.{n % 1000:03d}",
}

UNSEEN: dict[str, Make] = {
    "base36": lambda n, _d, _c, _r: base36(_scramble(n, 10**8), 6),
    "letters": lambda n, _d, _c, _r: f"{_proquint(n * 7919)}-{_proquint(n * 104_729 + 17)}",
    "branch_code": lambda n, d, c, r: f"C{c}B{r.randrange(1, 24):02d}N{n % 97:02d}{d:%j}",
    "date_only": lambda n, d, c, _r: f"{d:%d%m%Y}{c[-3:]}{LETTERS[n % 24]}",
    "month_suffix": lambda n, d, _c, _r: f"{n}-{MONTH_MARKS[d.month - 1]}",
    "month_prefix": lambda n, d, _c, _r: f"{MONTH_MARKS[d.month - 1]}{d:%y}.{n:04d}",
    "check_digits": lambda n, _d, _c, _r: _checked(n),
    "ordinal": lambda n, d, c, _r: f"{c}#{(d.year - 2020) * 12 + d.month}~{n % 100}",
    "roman": lambda n, d, _c, _r: f"{_roman(d.year)}/{n}",
    "hexes": lambda n, _d, _c, r: f"{_scramble(n, 16**4):04x}-{r.randrange(16**4):04x}",
    "week": lambda n, d, _c, _r: f"W{d:%V}.{d.isoweekday()}.{n:04d}",
    "groups": lambda n, _d, _c, _r: _grouped(f"{_scramble(n, 10**9):09d}"),
}


def _checked(serial: int) -> str:
    body = f"{_scramble(serial, 10**11):011d}"
    return f"7{body}{int('7' + body) % 97:02d}"


def _grouped(digits: str) -> str:
    return f"{digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}"


POOLS = {"usual": USUAL, "unseen": UNSEEN}


class Numbering:
    """One issuer's counter: unique numbers in its custom, with a change of custom on a given day."""

    def __init__(self, schemes: tuple[Make, ...], rng: Random, *, first: int, leap: int) -> None:
        self._schemes = schemes
        self._rng = rng
        self._serial = first
        self._leap = leap
        self._taken: set[str] = set()

    @property
    def serial(self) -> int:
        """The last serial drawn."""
        return self._serial

    def draw(self, day: date, customer_code: str, *, migrated: bool = False) -> str:
        """Return the next number; leaps leave gaps as other branches share the counter."""
        scheme = self._schemes[-1] if migrated else self._schemes[0]
        while True:
            self._serial += 1 if self._leap <= 1 else self._rng.randrange(1, self._leap + 1)
            number = scheme(self._serial, day, customer_code, self._rng)
            if number not in self._taken:
                self._taken.add(number)
                return number
