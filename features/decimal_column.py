"""Columns of decimal text to integers: each amount by its digits, in a few vector steps.

The scalar rules are `receivables.money.scaled` and `features.number_text.read_number`. What is not plain
digits with an optional sign and point goes through them one by one; a property test holds both ways equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.number_text import DECIMALS_LIKE_THOUSANDS, Style, Unread, evidence, read_number
from receivables.money import MAX_MINOR, AmountOutOfRangeError, BadAmountError, TooManyDecimalsError, scaled

I64 = NDArray[np.int64]
I8 = NDArray[np.int8]
B = NDArray[np.bool_]

_PLAIN_LENGTH: Final = 18  # a sign, a point and 16 digits: any such mantissa is exact in an int64
_POWERS: Final = 10 ** np.arange(19, dtype=np.int64)
_ZERO, _NINE, _POINT, _MINUS, _PLUS = (ord(sign) for sign in "09.-+")
_FAULTS: Final = {
    BadAmountError: "bad_amount",
    TooManyDecimalsError: "too_many_decimals",
    AmountOutOfRangeError: "amount_out_of_range",
}


@dataclass(frozen=True, slots=True)
class Decimals:
    """A column of decimal texts taken apart."""

    cells: pa.Array
    mantissa: I64
    """All digits as one signed integer, where plain."""
    decimals: I8
    """Digits after the point, where plain."""
    is_plain: B
    """Whether the cell is digits with an optional sign and point."""
    is_either: B
    """Whether the point of a plain cell may mark thousands."""
    is_given: B
    """Whether there is anything in the cell."""
    seen: Style
    """What the plain cells show about the separators, and those that were brought into the plain form."""

    @property
    def style(self) -> Style:
        """What the column shows about its separators."""
        seen = self.seen
        for text in _distinct(self.cells, self.is_given & ~self.is_plain):
            seen |= evidence(text)
        return seen


# The two usual forms of other lands, with a fraction that cannot be thousands: 1.234,56 and 1,234.56.
_OTHER_FORMS: Final = (
    (r"^[+-]?([0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+),[0-9]{1,2}$", Style(comma_seen=True), "."),
    (r"^[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+\.[0-9]{1,4}$", Style(point_seen=True), ","),
)


def take_apart(cells: pa.Array) -> Decimals:
    """Split every decimal text of a string column into mantissa and number of decimals."""
    parts = _split(cells)
    odd = np.flatnonzero(parts.is_given & ~parts.is_plain)
    if not len(odd):
        return parts
    texts, seen, changed = parts.cells.take(pa.array(odd)), Style(), np.zeros(len(odd), np.bool_)
    for pattern, style, groups in _OTHER_FORMS:
        found = pc.match_substring_regex(texts, pattern)
        if pc.any(found).as_py():
            canonical = pc.replace_substring(pc.replace_substring(texts, groups, ""), ",", ".")
            texts, seen = pc.if_else(found, canonical, texts), seen | style
            changed |= np.asarray(found)
    new = _split(texts)
    changed &= new.is_plain & ~new.is_either
    there = odd[changed]
    parts.mantissa[there], parts.decimals[there] = new.mantissa[changed], new.decimals[changed]
    parts.is_plain[there] = True
    mask = np.zeros(len(cells), np.bool_)
    mask[there] = True
    rewritten = pc.replace_with_mask(cells, pa.array(mask), texts.filter(pa.array(changed)))
    return replace(parts, cells=rewritten, seen=parts.seen | seen)


def _split(cells: pa.Array) -> Decimals:
    """Split the decimal texts in the contract's own form."""
    count = len(cells)
    data, starts, lengths = _bytes(cells)
    is_given = lengths > 0
    plain = is_given & (lengths <= _PLAIN_LENGTH)
    mantissa = np.zeros(count, np.int64)
    decimals = np.full(count, -1, np.int8)  # -1: no point yet
    digits = np.zeros(count, np.int8)
    negative = np.zeros(count, np.bool_)
    for place in range(int(lengths[plain].max(initial=0))):
        here = np.flatnonzero(plain & (lengths > place))
        sign = data[starts[here] + place]
        is_digit = (sign >= _ZERO) & (sign <= _NINE)
        if is_digit.all() and len(here) == count:
            mantissa *= 10
            mantissa += sign - np.uint8(_ZERO)
            digits += np.int8(1)
            decimals += decimals >= 0
            continue
        some = here[is_digit]
        mantissa[some] = mantissa[some] * 10 + (sign[is_digit] - np.uint8(_ZERO))
        digits[some] += 1
        decimals[some] += decimals[some] >= 0
        other, kind = here[~is_digit], sign[~is_digit]
        is_point = (kind == _POINT) & (decimals[other] < 0) & (digits[other] > 0)
        decimals[other[is_point]] = 0
        is_sign = ((kind == _MINUS) | (kind == _PLUS)) & (place == 0)
        negative[other[is_sign]] = kind[is_sign] == _MINUS
        plain[other[~is_point & ~is_sign]] = False
    plain &= (digits > 0) & (decimals != 0)
    whole = digits - np.maximum(decimals, 0)
    is_either = plain & (decimals == DECIMALS_LIKE_THOUSANDS) & (whole <= DECIMALS_LIKE_THOUSANDS)
    is_either &= mantissa >= _POWERS[np.clip(digits - 1, 0, None)]
    np.negative(mantissa, out=mantissa, where=negative)
    seen = Style(point_seen=bool((plain & (decimals > 0) & ~is_either).any()))
    return Decimals(cells, mantissa, np.maximum(decimals, 0), plain, is_either, is_given, seen)


def to_minor(parts: Decimals, digits: I8, style: Style) -> tuple[I64, dict[str, B]]:
    """Scale a column to minor units, `digits` decimals a row (below 0: the currency is not known).

    Gives the integers (0 where there is none) and, by problem code, the rows that have none.
    """
    count = len(parts.mantissa)
    wanted = parts.is_given & (digits >= 0)
    plain = wanted & parts.is_plain
    # A lone point before three digits is plain decimals only where the file writes points.
    vector = plain if style.is_point else plain & ~parts.is_either
    size = np.abs(parts.mantissa)
    shift = np.where(vector, digits - parts.decimals, 0).astype(np.int64)
    up, down = _POWERS[np.clip(shift, 0, 18)], _POWERS[np.clip(-shift, 0, 18)]
    whole = size // down
    too_fine = vector & (whole * down != size)
    too_large = vector & ~too_fine & (whole > MAX_MINOR // up)
    minor = np.where(vector & ~too_fine & ~too_large, np.sign(parts.mantissa) * whole * up, 0)
    faults = {"too_many_decimals": too_fine, "amount_out_of_range": too_large}
    rest = np.flatnonzero(wanted & ~vector)
    if len(rest):
        known: dict[tuple[str, int], int | str] = {}
        texts = parts.cells.take(pa.array(rest)).to_pylist()
        for row, text, places in zip(rest.tolist(), texts, digits[rest].tolist(), strict=True):
            if (text, places) not in known:
                known[text, places] = _scalar(text, places, style)
            value = known[text, places]
            if isinstance(value, int):
                minor[row] = value
            else:
                faults.setdefault(value, np.zeros(count, np.bool_))[row] = True
    return minor, {code: rows for code, rows in faults.items() if rows.any()}


def to_float(parts: Decimals, style: Style) -> tuple[NDArray[np.float64], pa.Array, B]:
    """Read percentages or rates: the nearest floats, the exact text, and the rows that have none.

    A mantissa below 2^53 over a power of ten up to 10^22 is one correctly rounded division.
    """
    vector = parts.is_plain & (np.abs(parts.mantissa) < 2**53)
    if style.is_comma:
        vector &= ~parts.is_either
    values = np.where(vector, parts.mantissa / _POWERS[parts.decimals], np.nan)
    bad = np.zeros(len(values), np.bool_)
    rest = np.flatnonzero(parts.is_given & ~vector)
    signed = pc.starts_with(parts.cells, "+").to_numpy(zero_copy_only=False).astype(np.bool_)
    rest = np.union1d(rest, np.flatnonzero(signed & parts.is_given))
    if not len(rest):
        return values, parts.cells, bad
    texts = parts.cells.to_pylist()
    for row in rest.tolist():
        text = read_number(texts[row], style)
        bad[row] = isinstance(text, Unread)
        texts[row] = None if isinstance(text, Unread) else text
        values[row] = np.nan if texts[row] is None else float(texts[row])
    return values, pa.array(texts, pa.string()), bad


def _scalar(text: str, digits: int, style: Style) -> int | str:
    """Read one amount by the scalar rules: its minor units, or the code of what is wrong."""
    number = read_number(text, style, digits)
    if isinstance(number, Unread):
        return "ambiguous_amount" if number is Unread.AMBIGUOUS else "bad_amount"
    try:
        return scaled(number, digits)
    except (BadAmountError, TooManyDecimalsError, AmountOutOfRangeError) as error:
        return _FAULTS[type(error)]


def _distinct(cells: pa.Array, rows: B) -> Iterable[str]:
    if not rows.any():
        return ()
    texts: list[str] = pc.unique(cells.filter(pa.array(rows))).to_pylist()
    return texts


def _bytes(cells: pa.Array) -> tuple[NDArray[np.uint8], I64, I64]:
    """Look into a string column: its bytes, and where each cell starts and how long it is (0 for null)."""
    count = len(cells)
    if count == 0:
        nothing = np.zeros(0, np.int64)
        return np.zeros(0, np.uint8), nothing, nothing
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + count + 1].astype(np.int64)
    lengths = np.diff(ends)
    if cells.null_count:
        lengths = np.where(cells.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    return np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8), ends[:-1], lengths
