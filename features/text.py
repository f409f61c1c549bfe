"""Exact span hashing of free text, whole columns at a time.

A column of remittance texts becomes one buffer of folded letters and digits. Every span of that buffer has a
64-bit polynomial hash that is read off two prefix sums, so that "is this document number anywhere in that
text, with or without its separators" is an equality of integers for millions of spans, without a Python loop.

Hash: ``H(c_0..c_n) = sum((c_k + 1) * BASE**k) mod 2**64`` (Rabin-Karp with the lowest power first, so that
``H(xy) = H(x) + H(y) * BASE**len(x)``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)

SEPARATOR, DIGIT, LETTER = 0, 1, 2

_CLASS = np.zeros(256, np.uint8)
_CLASS[ord("0") : ord("9") + 1] = DIGIT
_CLASS[ord("A") : ord("Z") + 1] = LETTER
_CLASS[ord("a") : ord("z") + 1] = LETTER

_UPPER = np.arange(256, dtype=np.uint8)
_UPPER[ord("a") : ord("z") + 1] -= 32

# Confusions of optical character recognition: letters that a scanner writes for digits.
_FOLD = _UPPER.copy()
for _letter, _digit in zip("OQDILSBZG", "000115826", strict=True):
    _FOLD[ord(_letter)] = ord(_digit)


_POWERS: dict[int, U64] = {}


def _powers(base: int, count: int) -> U64:
    """Return at least so many powers; computed once for the longest text of a run."""
    kept = _POWERS.get(base)
    if kept is None or len(kept) < count:
        out = np.full(max(count, 1 << 16), base, np.uint64)
        out[0] = 1
        kept = _POWERS[base] = np.multiply.accumulate(out)
    return kept


def mix(values: U64, salt: int = 0) -> U64:
    """Finalise hashes so that every bit depends on every input bit (splitmix64, Steele et al. 2014)."""
    z = values + np.uint64((salt * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & 0xFFFFFFFFFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def ascii_upper(texts: pa.Array) -> pa.Array:
    """Transliterate to upper-case ASCII; nulls become empty strings."""
    filled = pc.fill_null(texts, "")
    if isinstance(filled, pa.ChunkedArray):
        filled = filled.combine_chunks()
    filled = filled.cast(pa.large_string())
    plain = pc.string_is_ascii(filled)
    if not pc.all(plain, min_count=0).as_py():
        odd = pc.filter(filled, pc.invert(plain))
        mended = pa.array([anyascii(text) for text in odd.to_pylist()], pa.large_string())
        filled = pc.replace_with_mask(filled, pc.invert(plain), mended)
    return pc.ascii_upper(filled)


@dataclass(frozen=True)
class SpanText:
    """A column of texts as one compact buffer of letters and digits, cut into atoms.

    An *atom* is a longest run of only digits or only letters. ``start`` and ``end`` are positions in the
    compact buffer, which holds no separators; consecutive atoms of one row are therefore adjacent.
    """

    rows: int
    raw: NDArray[np.uint8]  # compact buffer, upper case
    atom_row: I32
    atom_start: I64
    atom_end: I64
    atom_is_digit: NDArray[np.bool_]
    atom_glued: NDArray[np.bool_]  # no separator between this atom and the one before it in the row
    atom_separator: NDArray[np.uint8]  # the byte right before the atom (0: start of the row)
    row_first_atom: I64  # shape (rows + 1,)

    @property
    def _inverse(self) -> U64:
        return _powers(_BASE_INVERSE, len(self.raw) + 1)

    @property
    def _power(self) -> U64:
        return _powers(_BASE, len(self.raw) + 1)

    def _prefix(self, codes: NDArray[np.uint8]) -> U64:
        out = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * self._power[: len(codes)], out=out[1:])
        return out

    @cached_property
    def _raw_prefix(self) -> U64:
        return self._prefix(self.raw)

    @cached_property
    def _folded_prefix(self) -> U64:
        return self._prefix(_FOLD[self.raw])

    def prepare(self) -> None:
        """Compute what hashing needs, before threads ask for it."""
        _ = self._raw_prefix, self._folded_prefix, self._next_nonzero

    def within(self, rows: I64, position: I32) -> SpanText:
        """Return some rows of the column, in this order; positions in the buffer stay what they were.

        ``position``: the new place of every row, -1 for those left out.
        """
        row = position[self.atom_row]
        kept = np.flatnonzero(row >= 0)
        atoms = np.diff(self.row_first_atom)[rows]
        part = SpanText(
            rows=len(rows),
            raw=self.raw,
            atom_row=row[kept],
            atom_start=self.atom_start[kept],
            atom_end=self.atom_end[kept],
            atom_is_digit=self.atom_is_digit[kept],
            atom_glued=self.atom_glued[kept],
            atom_separator=self.atom_separator[kept],
            row_first_atom=np.concatenate([[0], np.cumsum(atoms)]),
        )
        for name in ("_folded_prefix", "_next_nonzero"):
            if name in self.__dict__:
                part.__dict__[name] = self.__dict__[name]
        return part

    def raw_hash(self, start: I64, end: I64) -> U64:
        """Hash spans as written (upper case, no separators)."""
        span = self._raw_prefix[end] - self._raw_prefix[start]
        return np.asarray(span * self._inverse[start], np.uint64)

    def folded_hash(self, start: I64, end: I64) -> U64:
        """Hash spans after optical confusions are folded to digits."""
        span = self._folded_prefix[end] - self._folded_prefix[start]
        return np.asarray(span * self._inverse[start], np.uint64)

    def without(self, start: I64, end: I64, position: I64) -> U64:
        """Hash folded spans with the character at ``position`` left out."""
        left = self.folded_hash(start, position)
        right = self.folded_hash(position + 1, end)
        return np.asarray(left + right * self._power[position - start], np.uint64)

    def joined(self, start: I64, end: I64, start2: I64, end2: I64) -> U64:
        """Hash the folded concatenation of two spans."""
        first, second = self.folded_hash(start, end), self.folded_hash(start2, end2)
        return np.asarray(first + second * self._power[end - start], np.uint64)

    def skip_zeros(self, start: I64, end: I64) -> I64:
        """Return the first position of each span that is no leading zero (the last one when all are)."""
        nonzero = self._next_nonzero
        return np.minimum(nonzero[start], np.maximum(end - 1, start))

    @cached_property
    def _next_nonzero(self) -> I64:
        size = len(self.raw)
        where = np.where(self.raw != ord("0"), np.arange(size, dtype=np.int64), size)
        out = np.full(size + 1, size, np.int64)
        out[:size] = np.minimum.accumulate(where[::-1])[::-1]
        return out


def span_text(texts: pa.Array) -> SpanText:
    """Cut a string column into hashed atoms."""
    folded = ascii_upper(texts)
    rows = len(folded)
    _, offset_buffer, data_buffer = folded.buffers()
    offsets = (
        np.frombuffer(offset_buffer, np.int64, rows + 1, folded.offset * 8) if rows else np.zeros(1, np.int64)
    )
    if data_buffer is None or rows == 0 or offsets[-1] == offsets[0]:
        data = np.zeros(0, np.uint8)
        offsets = offsets - offsets[0]
    else:
        data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
        offsets = offsets - offsets[0]
    kind = _CLASS[data]
    keep = np.flatnonzero(kind)
    raw = data[keep]
    if len(keep) == 0:
        none64, none32 = np.zeros(0, np.int64), np.zeros(0, np.int32)
        nothing = np.zeros(0, np.bool_)
        return SpanText(
            rows,
            raw,
            none32,
            none64,
            none64,
            nothing,
            nothing,
            np.zeros(0, np.uint8),
            np.zeros(rows + 1, np.int64),
        )
    row_start_compact = np.searchsorted(keep, offsets)  # first compact position of each row
    is_row_start = np.zeros(len(keep) + 1, np.bool_)
    is_row_start[row_start_compact] = True
    compact_kind = kind[keep]
    gap = np.empty(len(keep), np.bool_)
    gap[0] = True
    gap[1:] = np.diff(keep) > 1
    row_break = is_row_start[:-1]
    new_atom = gap | row_break
    new_atom[1:] |= compact_kind[1:] != compact_kind[:-1]
    start = np.flatnonzero(new_atom)
    end = np.append(start[1:], len(keep))
    row = (np.searchsorted(row_start_compact, start, side="right") - 1).astype(np.int32)
    separator = np.zeros(len(start), np.uint8)
    before = keep[start] - 1
    inside = (before >= 0) & gap[start] & ~row_break[start]
    separator[inside] = data[before[inside]]
    first_atom = np.searchsorted(start, row_start_compact)
    return SpanText(
        rows=rows,
        raw=raw,
        atom_row=row,
        atom_start=start.astype(np.int64),
        atom_end=end.astype(np.int64),
        atom_is_digit=compact_kind[start] == DIGIT,
        atom_glued=~(gap[start] | row_break[start]),
        atom_separator=separator,
        row_first_atom=first_atom.astype(np.int64),
    )


def hash_strings(texts: list[str]) -> U64:
    """Hash a few folded strings one by one (the scalar twin of `SpanText.folded_hash`)."""
    out = np.zeros(len(texts), np.uint64)
    for index, text in enumerate(texts):
        value, power = 0, 1
        for byte in text.encode("ascii"):
            value += (int(_FOLD[byte]) + 1) * power
            power = power * _BASE & 0xFFFFFFFFFFFFFFFF
        out[index] = value & 0xFFFFFFFFFFFFFFFF
    return out
