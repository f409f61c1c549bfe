"""Structured payment references: found in a text, checked by their digits, written in one way.

`RF18 5390 0754 7034`, `+++090/9337/55493+++`, `21 00000 00003 13947 14300 09017`, `SI12 1234567890120` and
`+71<026840149965328+85799665<` say what they are by their shape. Others (Norwegian KID, Finnish and
Estonian viitenumero, Swedish OCR, Dutch betalingskenmerk) are bare digits, and one bare number in ten has a
right check digit by chance: they count only where a label says so, or where the text is just the number.

python-stdnum checks RF, QR/ISR and OGM; `features.check_digits` checks the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from stdnum import iso11649
from stdnum.be import ogm_vcs
from stdnum.ch import esr

from features import check_digits

TEXT_LIMIT: Final = 65_536
"""Characters of a text that are searched: the longest text a book holds."""


class ReferenceKind(StrEnum):
    """Which standard a reference follows."""

    RF = "rf"
    """ISO 11649 creditor reference."""
    QR = "qr"
    """Swiss QR reference and ISR, modulus 10 recursive."""
    OGM = "ogm"
    """Belgian structured communication."""
    KID = "kid"
    """Norwegian customer identification, modulus 10 or 11."""
    VIITE = "viite"
    """Finnish viitenumero and Estonian viitenumber."""
    OCR = "ocr"
    """Swedish Bankgirot OCR, modulus 10."""
    OCR_LENGTH = "ocr_length"
    """Swedish Bankgirot OCR with a length digit."""
    FIK = "fik"
    """Danish payment slip, card types 04, 15, 71 and 75."""
    BETALINGSKENMERK = "betalingskenmerk"
    """Dutch payment reference."""
    SI = "si"
    """Slovenian models."""
    HR = "hr"
    """Croatian models."""


class Found(NamedTuple):
    """A reference in a text: `text[start:end]` is how it was written."""

    kind: ReferenceKind
    canonical: str
    start: int
    end: int


def _is_kid(digits: str) -> bool:
    bare = digits.removesuffix("-")
    if not (2 <= len(digits) <= 25 and bare.isdecimal()):
        return False
    return check_digits.holds_kid_11(digits) or (bare == digits and check_digits.holds_luhn(digits))


def _is_digits(low: int, high: int, holds: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda text: low <= len(text) <= high and text.isdecimal() and holds(text)


_DIGIT_KINDS: Final[dict[ReferenceKind, Callable[[str], bool]]] = {
    # an ISR of 16 digits is the older, short form
    ReferenceKind.QR: _is_digits(16, 27, lambda text: len(text) in {16, 27} and esr.is_valid(text)),
    ReferenceKind.OGM: _is_digits(12, 12, ogm_vcs.is_valid),
    ReferenceKind.FIK: _is_digits(15, 16, check_digits.holds_luhn),
    ReferenceKind.BETALINGSKENMERK: _is_digits(9, 16, check_digits.holds_dutch),
    ReferenceKind.VIITE: _is_digits(4, 20, check_digits.holds_731),
    ReferenceKind.OCR_LENGTH: _is_digits(5, 25, check_digits.holds_swedish_length),
    ReferenceKind.OCR: _is_digits(4, 25, check_digits.holds_luhn),
    ReferenceKind.KID: _is_kid,
}
_LABELS: Final[dict[str, tuple[ReferenceKind, ...]]] = {
    "kid": (ReferenceKind.KID,),
    "viite": (ReferenceKind.VIITE,),
    "ocr": (ReferenceKind.OCR_LENGTH, ReferenceKind.OCR),
    "betalingskenmerk": (ReferenceKind.BETALINGSKENMERK,),
    "betalings-id": (ReferenceKind.FIK,),
}

_RF: Final = re.compile(r"(?<![A-Z0-9])RF[0-9]{2}(?:[ ]?[A-Z0-9]){1,21}", re.IGNORECASE | re.ASCII)
_OGM: Final = re.compile(r"(?:(?<![0-9/])|(?<=[+*]{3}))[0-9]{3}/[0-9]{4}/[0-9]{5}(?![0-9/])", re.ASCII)
_LONG: Final = re.compile(r"(?<![0-9])(?:[0-9][ ]?){26}[0-9](?![0-9])", re.ASCII)
_FIK: Final = re.compile(
    r"\+?(?<![0-9])(?:04|15|71|75)[ ]?<[ ]?([0-9]{15,16})(?:[ ]?\+[ ]?[0-9]{7,8})?[ ]?<?", re.ASCII
)
_MODEL: Final = re.compile(
    r"(?<![A-Z0-9])(SI|HR)[ ]?([0-9]{2})[ ]?([0-9]{1,13}(?:-[0-9]{1,12}){0,3})(?![0-9A-Z-])",
    re.IGNORECASE | re.ASCII,
)
_LABELLED: Final = re.compile(
    r"(?<![A-Za-z])(KID|OCR|viite|betalingskenmerk|betalings-id)[a-z]{0,8}\.?[ ]?(?:nr|no|num)?[.:]?[ ]?"
    r"([0-9](?:[ .]?[0-9]){2,24}-?)(?![0-9])",
    re.IGNORECASE | re.ASCII,
)
_WHOLE: Final = re.compile(r"[ ]*([0-9](?:[ ]?[0-9]){2,26}-?)[ ]*", re.ASCII)
_NOT_DIGITS: Final = re.compile(r"[^0-9-]|-(?!$)", re.ASCII)
_FRAME: Final = " \t\r\n+*/.<>"


def find(text: str) -> list[Found]:
    """Find the references in a text whose check digits hold, in order; equal spans may be of several kinds.

    Digits that lie inside a longer reference are not told apart again.
    """
    text = text[:TEXT_LIMIT]
    kept: list[Found] = []
    for found in sorted(set(_candidates(text)), key=lambda one: (one.start, -one.end, one.kind)):
        if all(found.start >= other.end or found[2:] == other[2:] for other in kept):
            kept.append(found)
    return kept


def canonical(reference: str) -> str:
    """Write a reference in the one way that all its spellings share, whether its check digits hold or not.

    Letters are upper case, blanks and frames are gone. Of bare digits, leading zeros are gone too: no check
    digit sees them, and banks drop them. A Danish slip becomes its payment id, without the creditor's number.
    """
    text = reference.strip().upper()
    if (fik := _FIK.fullmatch(text)) is not None:
        return _unpadded(fik.group(1))
    compact = re.sub(r"\s", "", text, flags=re.ASCII)
    if (model := _MODEL.fullmatch(compact)) is not None:
        return "".join(model.groups())
    if re.fullmatch(r"RF[0-9]{2}[0-9A-Z./:,-]+", compact) is not None:
        return compact[:4] + _payload(re.sub(r"[^0-9A-Z]", "", compact[4:]))
    bare = compact.strip(_FRAME)
    digits = _NOT_DIGITS.sub("", bare)
    if re.fullmatch(r"[0-9./-]+", bare) is None or not digits.strip("-"):
        return bare
    if digits.endswith("-") and not _is_kid(digits):
        digits = digits.removesuffix("-")
    return _unpadded(digits)


def kinds_of(reference: str) -> list[ReferenceKind]:
    """Say which standards the whole of a reference satisfies; empty when no check digit holds."""
    text = reference.strip()
    return [one.kind for one in find(text) if one.start == 0 and one.end == len(text)]


def _candidates(text: str) -> Iterator[Found]:
    yield from _creditor_references(text)
    for match in _OGM.finditer(text):
        if ogm_vcs.is_valid(match.group()):
            start, end = _widen(text, *match.span())
            yield Found(ReferenceKind.OGM, _unpadded(match.group().replace("/", "")), start, end)
    for match in _LONG.finditer(text):
        digits = match.group().replace(" ", "")
        if esr.is_valid(digits) and digits.strip("0"):
            yield Found(ReferenceKind.QR, _unpadded(digits), *match.span())
    for match in _FIK.finditer(text):
        if check_digits.holds_luhn(match.group(1)):
            yield Found(ReferenceKind.FIK, _unpadded(match.group(1)), *match.span())
    for match in _MODEL.finditer(text):
        country, model, parts = match.groups()
        if check_digits.holds_model(country.upper(), model, parts.split("-")):
            kind = ReferenceKind(country.lower())
            yield Found(kind, f"{country.upper()}{model}{parts}", *match.span())
    for match in _LABELLED.finditer(text):
        yield from _digits(match.group(2), match.span(2), _LABELS[match.group(1).lower()])
    if (whole := _WHOLE.fullmatch(text)) is not None:
        yield from _digits(whole.group(1), whole.span(1), tuple(_DIGIT_KINDS))


def _creditor_references(text: str) -> Iterator[Found]:
    """Find RF references: where words follow, the longest stretch whose check digits hold."""
    for match in _RF.finditer(text):
        written = match.group()
        for end in range(len(written), 4, -1):
            part = written[:end]
            boundary = end == len(written) or written[end] == " "
            if boundary and part[-1] != " " and iso11649.is_valid(part):
                compact = part.replace(" ", "").upper()
                yield Found(
                    ReferenceKind.RF,
                    compact[:4] + _payload(compact[4:]),
                    match.start(),
                    match.start() + end,
                )
                break


def _digits(written: str, span: tuple[int, int], kinds: tuple[ReferenceKind, ...]) -> Iterator[Found]:
    compact = re.sub(r"[ .]", "", written)
    for text, end in ((compact, span[1]), (compact.removesuffix("-"), span[1] - compact.endswith("-"))):
        held = [kind for kind in kinds if text.strip("0-") and _DIGIT_KINDS[kind](text)]
        for kind in held:
            yield Found(kind, _unpadded(text), span[0], end)
        if held:
            return


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """Take the frame of a Belgian reference along."""
    for frame in ("+++", "***"):
        if text[max(start - 3, 0) : start] == frame and text[end : end + 3] == frame:
            return start - 3, end + 3
    return start, end


def _payload(text: str) -> str:
    """Drop leading zeros of a creditor reference's own part if it is digits: no check digit sees them."""
    return _unpadded(text) if text.isdecimal() else text


def _unpadded(digits: str) -> str:
    return digits.lstrip("0") or "0"
