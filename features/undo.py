"""Money that goes back: find the payment that a return or chargeback undoes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.frame import I32, I64, KINDS, flat
from features.join import KeyFilter, KeyTable, expand, group_starts
from features.references import payment_spans, reference_texts
from features.sorting import order_by
from features.text import U64, mix, span_text

if TYPE_CHECKING:
    from features.comparison import Comparison
    from features.reading import Reading

UNDO_DAYS = 190  # the longest chargeback windows of card schemes and direct debits run to about half a year


@dataclass(frozen=True)
class Undone:
    """For each payment of a batch the payment it undoes (-1: none found), and how well that is supported."""

    original: I32
    support: NDArray[np.int16]

    @property
    def confidence(self) -> NDArray[np.float64]:
        """How sure the original is; support is counted, not calibrated, so it never reaches a threshold."""
        return np.asarray(np.minimum(0.5 + 0.05 * self.support, 0.9), np.float64)


def find_originals(c: Comparison) -> Undone:
    """Match money out with an earlier receipt of the same amount.

    A stated related payment wins. Else the same end-to-end id, payer account, payer name or a text about a
    return must support it; the best supported, then the latest receipt is taken.
    """
    frame, batch = c.frame, c.candidates.batch
    original = np.full(len(batch), -1, np.int32)
    support = np.zeros(len(batch), np.int16)
    amount = frame.payment_amount[batch]
    related = frame.payment_related[batch]
    stated_kind = frame.payment_kind[batch]
    undoing = np.isin(stated_kind, (KINDS.index("return"), KINDS.index("chargeback")))
    about = c.texts.about("return", "chargeback")
    maybe = np.flatnonzero((amount < 0) & (undoing | about | (related >= 0) | (stated_kind < 0)))
    if len(maybe) == 0:
        return Undone(original, support)
    book = _receipts(c.index.reading, c.state.known_until)
    receipts, key = book.row, book.money
    probe = -amount[maybe] * 512 + frame.payment_currency[batch[maybe]]
    low, high = np.searchsorted(key, probe), np.searchsorted(key, probe, side="right")
    owner, at = expand(low, high - low)
    other = receipts[at]
    told = np.flatnonzero(related[maybe] >= 0)
    q_owner, q_other = _quoted(c, maybe, book)
    owner = np.concatenate([owner, told, q_owner])
    other = np.concatenate([other, related[maybe[told]], q_other])
    quoted = np.arange(len(owner)) >= len(owner) - len(q_owner)
    mine = batch[maybe[owner]]
    gap = frame.payment_booking[mine] - frame.payment_booking[other]
    parties = c.index.reading.parties
    ids = frame.payment_end_to_end
    points = (
        8 * ((related[maybe[owner]] == other) & (related[maybe[owner]] >= 0)).astype(np.int16)
        + 4 * ((ids[mine] == ids[other]) & (ids[mine] >= 0))
        + 2
        * (
            (parties.account_of_payment[mine] == parties.account_of_payment[other])
            & (parties.account_of_payment[mine] >= 0)
        )
        + 2
        * (
            (parties.payer_of_payment[mine] == parties.payer_of_payment[other])
            & (parties.payer_of_payment[mine] >= 0)
        )
        + 6 * quoted
        + (undoing | about)[maybe[owner]]
    )
    fits = (gap >= 0) & (gap <= UNDO_DAYS) & (points >= 3)
    owner, other, gap, points = owner[fits], other[fits], gap[fits], points[fits]
    order = np.lexsort((other, gap, -points, owner))
    best = order[group_starts(owner[order])]
    original[maybe[owner[best]]] = other[best]
    support[maybe[owner[best]]] = points[best]
    return Undone(original, support)


@dataclass(frozen=True)
class _Receipts:
    """The money that came in by an instant, arranged for look-up by amount and by quoted id."""

    row: I64  # payment rows, ordered by money
    money: I64
    quote: KeyTable  # of ids that few share; rows of ``quoted``
    quoted: I64  # payment rows
    known: KeyFilter


def _receipts(reading: Reading, known_until: int) -> _Receipts:
    kept = reading.recall("receipts", known_until)
    if isinstance(kept, _Receipts):
        return kept
    frame = reading.frame
    came = (frame.payment_amount > 0) & (frame.payment_known <= known_until)
    row = np.flatnonzero(came)
    money = frame.payment_amount[row] * 512 + frame.payment_currency[row]
    order = np.argsort(money, kind="stable")
    payment, key = _quotes(reading)
    payment, key = payment[came[payment]], key[came[payment]]
    by_key = order_by(key)
    size = np.diff(np.append(group_starts(key[by_key]), len(key)))
    rare = by_key[np.repeat(size <= MANY_QUOTED, size)]
    receipts = _Receipts(
        row[order], money[order], KeyTable.of(key[rare]), payment[rare], KeyFilter(key[rare])
    )
    reading.remember("receipts", known_until, receipts)
    return receipts


def _quotes(reading: Reading) -> tuple[I64, U64]:
    """Return (payment, key) of the ids by which a text may quote a payment in full."""
    keys: list[U64] = []
    rows: list[I64] = []
    for column in ("end_to_end_id", "structured_reference", "payment_id"):
        text = span_text(flat(reading.frame.book.payments[column]))
        first, last = text.row_first_atom[:-1], text.row_first_atom[1:] - 1
        has = np.flatnonzero(last >= first)
        start, end = text.atom_start[first[has]], text.atom_end[last[has]]
        long = end - start >= QUOTE_LENGTH
        keys.append(mix(text.folded_hash(start[long], end[long])))
        rows.append(has[long])
    return np.concatenate(rows), np.concatenate(keys)


def _quoted(c: Comparison, maybe: I64, receipts: _Receipts) -> tuple[I64, I64]:
    """Return (position in ``maybe``, receipt) where a text quotes the id of an earlier payment in full."""
    spans = payment_spans(reference_texts(c.frame, c.candidates.batch[maybe]), receipts.known)
    left, right = receipts.quote.join(spans.key)
    count = c.frame.payment_count
    packed = np.unique(spans.payment[left].astype(np.int64) * count + receipts.quoted[right])
    owner, other = packed // count, packed % count
    few = np.bincount(owner, minlength=len(maybe))[owner] <= MANY_QUOTED
    return owner[few], other[few]


MANY_QUOTED = 3  # payments that may share an id before it tells nothing
QUOTE_LENGTH = 5
