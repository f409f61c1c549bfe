"""Numbers as people write them: decimal points, decimal commas and thousands separators.

The contract's own form has a decimal point and nothing else. Files from elsewhere also write `1.234,56` or
`1 234,56`. Such a number is read only when it has one meaning: by its own shape, or because the rest of the
file settles it. `1,500` alone says nothing, and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

DECIMALS_LIKE_THOUSANDS: Final = 3
"""A separator before this many digits may mark thousands."""

_SPACES: Final = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " ") | {"\u2019": "'", "\u2212": "-"})

_SIGN = r"(?P<sign>[+-]?)"
_CANONICAL: Final = re.compile(_SIGN + r"(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?", re.ASCII)
_BARE: Final = re.compile(_SIGN + r"(?P<whole>)(?P<mark>[.,])(?P<fraction>[0-9]+)", re.ASCII)
_COMMA: Final = re.compile(_SIGN + r"(?P<whole>[0-9]+)(?P<mark>,)(?P<fraction>[0-9]+)", re.ASCII)
_GROUPED: Final = (
    # 1.234,56 and 1.234.567
    re.compile(_SIGN + r"(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?P<mark>,)(?P<fraction>[0-9]+)", re.ASCII),
    re.compile(_SIGN + r"(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,})(?P<mark>)(?P<fraction>)", re.ASCII),
    # 1,234.56 and 1,234,567, in India also 12,34,567.89
    re.compile(
        _SIGN + r"(?P<whole>[1-9][0-9]{0,2}(?:,[0-9]{2,3})*,[0-9]{3})(?P<mark>\.)(?P<fraction>[0-9]+)",
        re.ASCII,
    ),
    re.compile(
        _SIGN + r"(?P<whole>[1-9][0-9]{0,2}(?:,[0-9]{2,3})+,[0-9]{3})(?P<mark>)(?P<fraction>)", re.ASCII
    ),
    # 1 234,56 and 1'234.50
    re.compile(
        _SIGN + r"(?P<whole>[1-9][0-9]{0,2}(?:(?P<gap>[ '])[0-9]{3})(?:(?P=gap)[0-9]{3})*)"
        r"(?:(?P<mark>[.,])(?P<fraction>[0-9]+))?",
        re.ASCII,
    ),
)
_EITHER: Final = re.compile(
    _SIGN + r"(?P<whole>[1-9][0-9]{0,2})(?P<mark>[.,])(?P<fraction>[0-9]{3})", re.ASCII
)


class Unread(Enum):
    """Why a text gives no number."""

    BAD = "bad"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Style:
    """What a file shows about its separators; `declared` when the source's own type settles the point."""

    point_seen: bool = False
    comma_seen: bool = False
    declared: bool = False

    def __or__(self, other: Style) -> Style:
        """Join what two parts of a file show."""
        return Style(
            self.point_seen or other.point_seen,
            self.comma_seen or other.comma_seen,
            self.declared or other.declared,
        )

    @property
    def is_comma(self) -> bool:
        """Whether the file writes a decimal comma and never a decimal point."""
        return self.comma_seen and not self.point_seen and not self.declared

    @property
    def is_point(self) -> bool:
        """Whether the file writes a decimal point and never a decimal comma."""
        return self.declared or (self.point_seen and not self.comma_seen)


CANONICAL: Final = Style(declared=True)
"""The contract's own form: a point marks decimals, and a lone comma before three digits stays unread."""


def evidence(text: str) -> Style:
    """Say what one number shows by its own shape about the separators of its file."""
    text = text.translate(_SPACES).strip()
    if _EITHER.fullmatch(text):
        return Style()
    if (found := _CANONICAL.fullmatch(text)) is not None:
        return Style(point_seen=found["fraction"] is not None)
    for pattern in (_BARE, _COMMA, *_GROUPED):
        if (found := pattern.fullmatch(text)) is not None:
            comma_groups, point_groups = "," in found["whole"], "." in found["whole"]
            return Style(found["mark"] == "." or comma_groups, found["mark"] == "," or point_groups)
    return Style()


def read_number(text: str, style: Style, digits: int | None = None) -> str | Unread:
    """Rewrite a number in the contract's form, or say why it has no single meaning.

    `digits` is the number of decimals of the amount's currency; without it a lone point marks decimals.
    """
    text = text.translate(_SPACES).strip()
    if (found := _EITHER.fullmatch(text)) is not None:
        return _either(found, style, digits)
    if _CANONICAL.fullmatch(text) is not None:
        return text.removeprefix("+")
    for pattern in (_BARE, _COMMA, *_GROUPED):
        if (found := pattern.fullmatch(text)) is not None:
            return _joined(found, found["fraction"])
    return Unread.BAD


def _either(found: re.Match[str], style: Style, digits: int | None) -> str | Unread:
    """Read one to three digits, a separator and three digits, whose meaning hangs on the rest of the file."""
    is_point = found["mark"] == "."
    decimal = _joined(found, found["fraction"])
    thousands = _joined(found, "", found["whole"] + found["fraction"])
    mixed = style.point_seen and style.comma_seen and not style.declared
    if is_point and (style.is_point or (digits is None and not style.is_comma)):
        return decimal
    if style.is_comma:
        return thousands if is_point else decimal
    if style.is_point and not style.declared:
        return thousands
    if mixed or digits is None:
        return Unread.AMBIGUOUS
    if is_point:
        # The contract's own reading; refused only where a thousand times more is as likely.
        fits = digits >= DECIMALS_LIKE_THOUSANDS
        return decimal if fits or found["fraction"][digits:].strip("0") else Unread.AMBIGUOUS
    return thousands if digits == 0 and not style.declared else Unread.AMBIGUOUS


def _joined(found: re.Match[str], fraction: str | None, whole: str | None = None) -> str:
    digits = re.sub(r"[^0-9]", "", whole or found["whole"]) or "0"
    return f"{found['sign'].removeprefix('+')}{digits}" + (f".{fraction}" if fraction else "")
