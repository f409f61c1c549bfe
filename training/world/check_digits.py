"""Check digits and structured creditor references, as the issuers of each country print them."""

from __future__ import annotations

_MOD10_RECURSIVE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_LETTER_VALUES = {chr(65 + place): str(10 + place) for place in range(26)}


def luhn_digit(digits: str) -> str:
    """The mod-10 (Luhn) check digit of Norwegian KID, Swedish OCR and many invoice numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def mod11_digit(digits: str) -> str:
    """The weighted mod-11 check digit (weights 2 to 7); `-` where the result is 10, as KID allows."""
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(digits)))
    check = (11 - total % 11) % 11
    return "-" if check == 10 else str(check)


def weighted_731_digit(digits: str) -> str:
    """The 7-3-1 check digit of Finnish and Estonian reference numbers."""
    weights = (7, 3, 1)
    total = sum(int(digit) * weights[place % 3] for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def recursive_mod10_digit(digits: str) -> str:
    """The recursive mod-10 check digit of the Swiss QR and ESR reference."""
    carry = 0
    for digit in digits:
        carry = _MOD10_RECURSIVE[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def _mod97(text: str) -> int:
    return int("".join(_LETTER_VALUES.get(char, char) for char in text)) % 97


def rf_reference(core: str) -> str:
    """ISO 11649: RF, two check digits and up to 21 letters or digits."""
    core = core[-21:]
    return f"RF{98 - _mod97(core + 'RF00'):02d}{core}"


def ogm_reference(digits: str) -> str:
    """The Belgian structured communication +++ddd/dddd/ddddd+++."""
    body = digits[-10:].rjust(10, "0")
    check = int(body) % 97 or 97
    full = f"{body}{check:02d}"
    return f"+++{full[:3]}/{full[3:7]}/{full[7:]}+++"


def qr_reference(digits: str) -> str:
    """The 27-digit Swiss QR reference."""
    body = digits[-26:].rjust(26, "0")
    return body + recursive_mod10_digit(body)


def kid_reference(digits: str) -> str:
    """A Norwegian KID with a mod-10 check digit."""
    return digits + luhn_digit(digits)


def ocr_reference(digits: str) -> str:
    """A Swedish OCR number with its length digit and a mod-10 check digit."""
    with_length = digits + str((len(digits) + 2) % 10)
    return with_length + luhn_digit(with_length)


def viite_reference(digits: str) -> str:
    """A Finnish viitenumero."""
    body = digits.lstrip("0") or "100"
    return body + weighted_731_digit(body)


def betalingskenmerk(digits: str) -> str:
    """A 16-digit Dutch betalingskenmerk: check digit first, weights 2 4 8 5 10 9 7 3 6 1."""
    body = digits[-15:].rjust(15, "0")
    weights = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
    total = sum(int(digit) * weights[place % 10] for place, digit in enumerate(reversed(body)))
    check = 11 - total % 11
    return {10: "1", 11: "0"}.get(check, str(check)) + body


def iban(country: str, bban: str) -> str:
    """An IBAN with its two check digits."""
    return f"{country}{98 - _mod97(bban + country + '00'):02d}{bban}"
