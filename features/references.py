"""Document numbers in free text: the keys of open items, the spans of a payment, and where they meet.

An open item yields a handful of keys (its number whole, without its prefix, its serial part, year and serial,
its structured reference, its purchase order). A payment's text yields every span of up to `MAX_ATOMS`
neighbouring atoms that could be such a key. Both are hashed in the space where optical confusions are folded,
so exact and OCR-damaged mentions meet in one equality join; which of the two it was is told by the hash of
the span as written.

No numbering scheme is learnt as a string: how telling a key is follows from how many items of this very book
share it, and from whether a longer key covers the same characters of the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.frame import I32, I64, Frame, flat
from features.join import KeyFilter
from features.number_spans import longest_inner_run
from features.sorting import first_of_equal, order_by
from features.text import U64, SpanText, hash_strings, mix, span_text
from features.threads import in_threads

MAX_ATOMS = 8
MIN_LENGTH = 3
MAX_LENGTH = 36
NEIGHBOUR_MIN_DIGITS = 5
NEIGHBOUR_MAX_DIGITS = 14


class Rule(IntEnum):
    """Blocking rules; the value is the bit of the rule in a candidate's rule mask."""

    NUMBER = 0
    NUMBER_WITHOUT_PREFIX = 1
    NUMBER_YEAR_SERIAL = 2
    NUMBER_SERIAL = 3
    STRUCTURED = 4
    PURCHASE_ORDER = 5
    LISTED = 6
    NEIGHBOUR = 7
    LINE = 8
    CUSTOMER = 9
    AMOUNT = 10
    CUSTOMER_AMOUNT = 11
    CUSTOMER_NUMBER = 12
    RELATED = 13
    HOT_SERIAL = 14


REFERENCE_RULES = (
    Rule.NUMBER, Rule.NUMBER_WITHOUT_PREFIX, Rule.NUMBER_YEAR_SERIAL, Rule.NUMBER_SERIAL, Rule.STRUCTURED,
    Rule.PURCHASE_ORDER, Rule.LISTED, Rule.LINE,
)  # fmt: skip


@dataclass(frozen=True)
class ItemKeys:
    """Reference keys of all open items of a book, one row a key."""

    item: I32
    key: U64  # folded hash
    raw: U64  # hash as written
    rule: NDArray[np.int8]
    length: NDArray[np.int16]  # characters
    neighbour_item: I32  # delete-one neighbourhood of the digits, and the digits themselves
    neighbour_key: U64  # sorted
    neighbour_whole: NDArray[np.bool_]


def _digit_spans(text: SpanText) -> tuple[I64, I64, I64]:
    """Return first digit atom, last digit atom and last atom of each row (-1 where none)."""
    first = text.row_first_atom[:-1]
    last = text.row_first_atom[1:] - 1
    digit_atoms = np.flatnonzero(text.atom_is_digit)
    low = np.searchsorted(digit_atoms, first)
    high = np.searchsorted(digit_atoms, last, side="right") - 1
    has = (high >= low) & (last >= first)
    padded = np.append(digit_atoms, -1)
    return np.where(has, padded[np.minimum(low, len(digit_atoms))], -1), np.where(has, padded[high], -1), last


def _spans_of_numbers(text: SpanText) -> list[tuple[Rule, I64, I64, I64]]:
    """Return (rule, rows, start, end) of the key spans of document numbers."""
    first_digit, last_digit, last = _digit_spans(text)
    first = text.row_first_atom[:-1]
    rows = np.flatnonzero(last >= first)
    out = [(Rule.NUMBER, rows, text.atom_start[first[rows]], text.atom_end[last[rows]])]
    with_digits = np.flatnonzero(first_digit >= 0)
    start = text.atom_start[first_digit[with_digits]]
    end = text.atom_end[last[with_digits]]
    inner = first_digit[with_digits] > first[with_digits]
    out.append((Rule.NUMBER_WITHOUT_PREFIX, with_digits[inner], start[inner], end[inner]))
    bare = text.skip_zeros(start, end)
    zeros = bare > start
    out.append((Rule.NUMBER_WITHOUT_PREFIX, with_digits[zeros], bare[zeros], end[zeros]))
    # serial: the last digit atom, as written and without leading zeros, when something stands around it
    s_start, s_end = text.atom_start[last_digit[with_digits]], text.atom_end[last_digit[with_digits]]
    part = (s_start > text.atom_start[first[with_digits]]) | (s_end < end)
    for begin in (s_start, text.skip_zeros(s_start, s_end)):
        fresh = part & ((begin > s_start) if begin is not s_start else True) & (s_end - begin >= MIN_LENGTH)
        out.append((Rule.NUMBER_SERIAL, with_digits[fresh], begin[fresh], s_end[fresh]))
    row, start, end = longest_inner_run(text, last_digit, MIN_LENGTH)
    out.append((Rule.NUMBER_SERIAL, row, start, end))
    return out


def item_keys(frame: Frame, threads: int = 1) -> ItemKeys:
    """Build the reference keys of all open items."""
    del threads
    invoices = frame.book.invoices
    rows: list[I64] = []
    keys: list[U64] = []
    raws: list[U64] = []
    rules: list[NDArray[np.int8]] = []
    lengths: list[NDArray[np.int16]] = []

    def add(rule: Rule, row: I64, key: U64, raw: U64, length: I64) -> None:
        fits = (length >= MIN_LENGTH) & (length <= MAX_LENGTH)
        rows.append(row[fits])
        keys.append(key[fits])
        raws.append(raw[fits])
        rules.append(np.full(int(fits.sum()), int(rule), np.int8))
        lengths.append(length[fits].astype(np.int16))

    number = span_text(flat(invoices["invoice_number"]))
    for rule, row, start, end in _spans_of_numbers(number):
        add(rule, row, number.folded_hash(start, end), number.raw_hash(start, end), end - start)
    _add_year_serial(number, add)
    id_text = flat(invoices["invoice_id"])
    differs = np.flatnonzero(
        np.asarray(pc.fill_null(pc.not_equal(id_text, flat(invoices["invoice_number"])), False))
    )
    for column, rule, subset in (
        ("invoice_id", Rule.NUMBER, differs),
        ("payment_reference", Rule.STRUCTURED, None),
        ("purchase_order", Rule.PURCHASE_ORDER, None),
    ):
        values = flat(invoices[column])
        where = np.flatnonzero(np.asarray(pc.is_valid(values))) if subset is None else subset
        if len(where) == 0:
            continue
        text = span_text(values.take(pa.array(where)))
        first, last = text.row_first_atom[:-1], text.row_first_atom[1:] - 1
        local = np.flatnonzero(last >= first)
        start, end = text.atom_start[first[local]], text.atom_end[last[local]]
        add(rule, where[local], text.folded_hash(start, end), text.raw_hash(start, end), end - start)
        bare = text.skip_zeros(start, end)
        z = bare > start
        add(
            rule,
            where[local[z]],
            text.folded_hash(bare[z], end[z]),
            text.raw_hash(bare[z], end[z]),
            (end - bare)[z],
        )
        first_digit, last_digit, _ = _digit_spans(text)
        inner = np.flatnonzero((first_digit > first) & (first_digit >= 0))
        start, end = text.atom_start[first_digit[inner]], text.atom_end[last_digit[inner]]
        start = text.skip_zeros(start, end)
        add(rule, where[inner], text.folded_hash(start, end), text.raw_hash(start, end), end - start)
    n_item, n_key, n_whole = _neighbours_of_numbers(number)
    by_key = order_by(n_key)
    item = np.concatenate(rows).astype(np.int32)
    key = mix(np.concatenate(keys))
    rule_all = np.concatenate(rules)
    # one row for each (item, key): the strongest rule is the first one added
    order = order_by(item, rule_all)
    pick = order[first_of_equal(mix(key[order] + mix(item[order].astype(np.uint64), 47)))]
    return ItemKeys(
        item=item[pick],
        key=key[pick],
        raw=mix(np.concatenate(raws))[pick],
        rule=rule_all[pick],
        length=np.concatenate(lengths)[pick],
        neighbour_item=n_item[by_key],
        neighbour_key=n_key[by_key],
        neighbour_whole=n_whole[by_key],
    )


def _add_year_serial(number: SpanText, add: Callable[[Rule, I64, U64, U64, I64], None]) -> None:
    """Add year + serial without zeros, and the two-digit year, of numbers like 2025-004217."""
    _, last_digit, _ = _digit_spans(number)
    row = np.flatnonzero(last_digit >= 1)
    here = last_digit[row]
    before = here - 1
    same = (number.atom_row[before] == number.atom_row[here]) & number.atom_is_digit[before]
    row, here, before = row[same], here[same], before[same]
    year_start, year_end = number.atom_start[before], number.atom_end[before]
    start, end = number.atom_start[here], number.atom_end[here]
    bare = number.skip_zeros(start, end)
    four = (year_end - year_start) == 4
    for low, mask in ((year_start, np.ones(len(row), np.bool_)), (year_end - 2, four)):
        for high in (start, bare):
            if mask is not four and high is start:
                continue  # that is the number itself
            at = np.flatnonzero(mask)
            key = number.joined(low[at], year_end[at], high[at], end[at])
            add(Rule.NUMBER_YEAR_SERIAL, row[at], key, key, (year_end - low + end - high)[at])


def _neighbours(text: SpanText, row: I64, start: I64, end: I64) -> tuple[I64, U64, NDArray[np.bool_]]:
    """Return (row, key, is_whole): each span itself and with one character left out."""
    length = end - start
    total = int(length.sum())
    owner = np.repeat(np.arange(len(row)), length)
    offset = np.arange(total) - np.repeat(np.cumsum(length) - length, length)
    removed = text.without(start[owner], end[owner], start[owner] + offset)
    whole = text.folded_hash(start, end)
    keys = mix(np.concatenate([whole, removed]), salt=5)
    rows = np.concatenate([row, row[owner]])
    flag = np.zeros(len(rows), np.bool_)
    flag[: len(row)] = True
    return rows, keys, flag


def _neighbours_of_numbers(number: SpanText) -> tuple[I32, U64, NDArray[np.bool_]]:
    first_digit, last_digit, _ = _digit_spans(number)
    row = np.flatnonzero(first_digit >= 0)
    start, end = number.atom_start[first_digit[row]], number.atom_end[last_digit[row]]
    fits = (end - start >= NEIGHBOUR_MIN_DIGITS) & (end - start <= NEIGHBOUR_MAX_DIGITS)
    rows, keys, whole = _neighbours(number, row[fits], start[fits], end[fits])
    serial_start, serial_end = number.atom_start[last_digit[row]], number.atom_end[last_digit[row]]
    fits = (serial_start > start) & (serial_end - serial_start >= NEIGHBOUR_MIN_DIGITS)
    fits &= serial_end - serial_start <= NEIGHBOUR_MAX_DIGITS
    rows2, keys2, whole2 = _neighbours(number, row[fits], serial_start[fits], serial_end[fits])
    return (
        np.concatenate([rows, rows2]).astype(np.int32),
        np.concatenate([keys, keys2]),
        np.concatenate([whole, whole2]),
    )


@dataclass(frozen=True)
class PaymentSpans:
    """Spans of payment texts that may be reference keys, one row a span (already sifted by a `KeyFilter`)."""

    payment: I32  # row in the column given
    key: U64
    raw: U64
    start: I64
    end: I64
    clean: NDArray[np.int8]  # 2: stands free on both sides, 1: on one, 0: inside a longer run
    digit: NDArray[np.bool_]  # holds a digit as written
    listed: NDArray[np.bool_]  # put together from an abbreviated list or a range
    text: SpanText

    def within(self, rows: I64, position: I32) -> PaymentSpans:
        """Return the spans of some rows; ``position``: the new place of every row, -1 for those left out."""
        payment = position[self.payment]
        kept = payment >= 0
        columns = {
            name: getattr(self, name)[kept]
            for name in ("key", "raw", "start", "end", "clean", "digit", "listed")
        }
        return PaymentSpans(payment=payment[kept], **columns, text=self.text.within(rows, position))


def payment_spans(texts: pa.Array, known: KeyFilter, threads: int = 1) -> PaymentSpans:
    """Cut payment texts into the spans that pass the filter."""
    text = span_text(texts)
    text.prepare()
    digits = np.cumsum(np.append(0, text.atom_is_digit))
    widths = range(1, min(MAX_ATOMS, len(text.atom_start)) + 1)
    found = in_threads(lambda width: _spans_of_width(text, known, digits, width), widths, threads)
    parts = [part for pair in found for part in pair]
    none, no_key = np.zeros(0, np.int64), np.zeros(0, np.uint64)
    first = np.concatenate([none, *(p[0] for p in parts)])
    last = np.concatenate([none, *(p[1] for p in parts)])
    start = np.concatenate([none, *(p[2] for p in parts)])
    end = np.concatenate([none, *(p[3] for p in parts)])
    key = np.concatenate([no_key, *(p[4] for p in parts)])
    glued_next = np.append(text.atom_glued, False)
    clean = (~text.atom_glued[first]).astype(np.int8) + (~glued_next[last + 1]).astype(np.int8)
    raw = mix(text.raw_hash(start, end))
    e_row, e_key, e_start, e_end = _listed(text, known)
    return PaymentSpans(
        payment=np.concatenate([text.atom_row[first], e_row]).astype(np.int32),
        key=np.concatenate([key, e_key]),
        raw=np.concatenate([raw, e_key]),
        start=np.concatenate([start, e_start]),
        end=np.concatenate([end, e_end]),
        clean=np.concatenate([clean, np.full(len(e_row), 2, np.int8)]),
        digit=np.concatenate([digits[last + 1] > digits[first], np.ones(len(e_row), np.bool_)]),
        listed=np.concatenate([np.zeros(len(first), np.bool_), np.ones(len(e_row), np.bool_)]),
        text=text,
    )


Spans = tuple[I64, I64, I64, I64, U64]
"""First atom, last atom, start, end and key of some spans."""


def _spans_of_width(text: SpanText, known: KeyFilter, digits: I64, width: int) -> tuple[Spans, Spans]:
    """Return the known spans of so many atoms: as they are, and without leading zeros."""
    first = np.arange(len(text.atom_start) - width + 1)
    start, end = text.atom_start[: len(first)], text.atom_end[width - 1 :]
    length = end - start
    fits = text.atom_row[: len(first)] == text.atom_row[width - 1 :]
    if width > 1:
        fits &= digits[width:] > digits[: len(first)]
    fits &= (length >= MIN_LENGTH) & (length <= MAX_LENGTH)
    first, start, end = first[fits], start[fits], end[fits]
    key = mix(text.folded_hash(start, end))
    hit = known(key)
    whole = first[hit], first[hit] + (width - 1), start[hit], end[hit], key[hit]
    zero = text.atom_is_digit[first] & (text.raw[start] == ord("0"))
    first, start, end = first[zero], text.skip_zeros(start[zero], end[zero]), end[zero]
    long = end - start >= MIN_LENGTH
    first, start, end = first[long], start[long], end[long]
    key = mix(text.folded_hash(start, end))
    hit = known(key)
    return whole, (first[hit], first[hit] + (width - 1), start[hit], end[hit], key[hit])


_LIST_MARKS = np.zeros(256, np.bool_)
_LIST_MARKS[[ord(c) for c in ",;/&+ -"]] = True
_BRIDGES = ("AND", "UND", "ET", "Y", "E", "U", "I", "OG", "OCH", "EN", "SOWIE", "PLUS")
_RANGE_MARKS = np.zeros(256, np.bool_)
_RANGE_MARKS[[ord(c) for c in "- "]] = True
MAX_RANGE = 40


def _listed(text: SpanText, known: KeyFilter) -> tuple[I64, U64, I64, I64]:
    """Expand "4217, 18, 19" to 4218 and 4219, and "4217-4220" to what lies between."""
    digit = np.flatnonzero(text.atom_is_digit)
    rows: list[I64] = []
    keys: list[U64] = []
    starts: list[I64] = []
    ends: list[I64] = []
    if len(digit) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    length = text.atom_end[digit] - text.atom_start[digit]
    row = text.atom_row[digit]
    walls = np.cumsum(np.append(0, _breaks_list(text)))
    pointed = np.append(text.atom_separator, 0)[digit + 1] == ord(".")
    pointed &= np.append(text.atom_row, -1)[digit + 1] == row
    for back in range(1, 9):
        tail, head = digit[back:], digit[:-back]
        cut = length[:-back] - length[back:]
        fits = (row[back:] == row[:-back]) & (cut > 0) & (length[:-back] <= 12) & (length[:-back] >= 3)
        fits &= _LIST_MARKS[text.atom_separator[tail]] & ~text.atom_glued[tail]
        fits &= (length[back:] <= 4) & ~pointed[back:]
        fits &= walls[tail] == walls[head + 1]  # nothing but numbers and words like "and" in between
        tail, head, cut = tail[fits], head[fits], cut[fits]
        start = text.skip_zeros(text.atom_start[head], text.atom_end[head])
        for begin in (text.atom_start[head], start):
            upto = text.atom_start[head] + cut
            ok = begin < upto
            key = mix(text.joined(begin[ok], upto[ok], text.atom_start[tail[ok]], text.atom_end[tail[ok]]))
            hit = known(key)
            rows.append(text.atom_row[tail[ok][hit]].astype(np.int64))
            keys.append(key[hit])
            starts.append(text.atom_start[tail[ok][hit]])
            ends.append(text.atom_end[tail[ok][hit]])
    _ranges(text, digit, known, rows, keys, starts, ends)
    return np.concatenate(rows), np.concatenate(keys), np.concatenate(starts), np.concatenate(ends)


def _breaks_list(text: SpanText) -> NDArray[np.bool_]:
    """Tell which atoms end a list of numbers: words other than the bridges of several languages."""
    bridges = np.sort(hash_strings(list(_BRIDGES)))
    keys = text.folded_hash(text.atom_start, text.atom_end)
    at = np.minimum(np.searchsorted(bridges, keys), len(bridges) - 1)
    return np.asarray(~text.atom_is_digit & (bridges[at] != keys), np.bool_)


def _ranges(
    text: SpanText,
    digit: I64,
    known: KeyFilter,
    rows: list[I64],
    keys: list[U64],
    starts: list[I64],
    ends: list[I64],
) -> None:
    left, right = digit[:-1], digit[1:]
    width = text.atom_end[left] - text.atom_start[left]
    near = (right - left == 1) & (text.atom_separator[right] == ord("-"))
    word = (right - left == 2) & (
        text.atom_end[left + 1 if len(left) else left] - text.atom_start[right - 1] <= 5
    )
    fits = (text.atom_row[left] == text.atom_row[right]) & (near | word)
    fits &= (width == text.atom_end[right] - text.atom_start[right]) & (width >= 4) & (width <= 12)
    bridges = {"TO", "BIS", "A", "TILL", "TOT", "AL", "AU", "THRU", "THROUGH", "DO"}
    for a, b in zip(left[fits].tolist(), right[fits].tolist(), strict=True):
        if b - a == 2:
            between = bytes(text.raw[text.atom_start[a + 1] : text.atom_end[a + 1]]).decode("ascii")
            if between not in bridges:
                continue
        digits = int(text.atom_end[a] - text.atom_start[a])
        low = int(bytes(text.raw[text.atom_start[a] : text.atom_end[a]]))
        high = int(bytes(text.raw[text.atom_start[b] : text.atom_end[b]]))
        if not 1 < high - low <= MAX_RANGE:
            continue
        inner = [str(n).zfill(digits) for n in range(low + 1, high)]
        key = mix(hash_strings([*inner, *(s.lstrip("0") for s in inner if s[0] == "0")]))
        key = key[known(key)]
        rows.append(np.full(len(key), text.atom_row[a], np.int64))
        keys.append(key)
        starts.append(np.full(len(key), text.atom_start[b], np.int64))
        ends.append(np.full(len(key), text.atom_end[b], np.int64))


def payment_neighbours(
    spans: PaymentSpans, explained: NDArray[np.bool_]
) -> tuple[I32, U64, NDArray[np.bool_]]:
    """Return (payment, key, is_whole) of the digit runs of payments that no exact key explains.

    ``explained``: shape (payments,), payments to leave out.
    """
    text = spans.text
    digit = np.flatnonzero(text.atom_is_digit & ~explained[text.atom_row])
    start, end = text.atom_start[digit], text.atom_end[digit]
    row = text.atom_row[digit].astype(np.int64)
    # two neighbouring digit atoms as one (a blank inside the number)
    left = digit[:-1]
    pair = (np.diff(digit) == 1) & (text.atom_row[left] == text.atom_row[digit[1:]])
    start = np.concatenate([start, start[:-1][pair]])
    end = np.concatenate([end, end[1:][pair]])
    row = np.concatenate([row, row[:-1][pair]])
    fits = (end - start >= NEIGHBOUR_MIN_DIGITS - 1) & (end - start <= NEIGHBOUR_MAX_DIGITS + 1)
    rows, keys, whole = _neighbours(text, row[fits], start[fits], end[fits])
    return rows.astype(np.int32), keys, whole


def reference_texts(frame: Frame, rows: I32) -> pa.Array:
    """Return what a payment says in words: remittance, structured reference and end-to-end id in one text."""
    payments = frame.book.payments
    take = pa.array(rows)
    parts = [
        pc.fill_null(flat(payments[name]).take(take).cast(pa.string()), "")
        for name in ("remittance", "structured_reference", "end_to_end_id")
    ]
    joined = pc.binary_join_element_wise(*parts, "\n")
    # the tags of SEPA texts stand glued to the words before them
    return pc.replace_substring_regex(joined, TAGS, "\n")


TAGS = r"(?i)(?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|PURP|BREF|RREF|RTRN|IBAN|BIC)\+"
