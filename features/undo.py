"""Money that goes back: find the payment that a return or chargeback undoes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.frame import I32, KINDS, codes, flat
from features.join import expand, group_starts
from features.textfacts import TOPICS

if TYPE_CHECKING:
    from features.compare import Comparison

UNDO_DAYS = 190  # the longest chargeback windows of card schemes and direct debits run to about half a year


@dataclass(frozen=True)
class Undone:
    """For each payment of a batch the payment it undoes (-1: none found), and how well that is supported."""

    original: I32
    support: NDArray[np.int16]


def find_originals(c: Comparison) -> Undone:
    """Match money out with an earlier receipt of the same amount.

    A stated related payment wins. Else the same end-to-end id, payer account, payer name or a text about a return
    must support it; the best supported, then the latest receipt is taken.
    """
    frame, batch = c.frame, c.candidates.batch
    original = np.full(len(batch), -1, np.int32)
    support = np.zeros(len(batch), np.int16)
    amount = frame.payment_amount[batch]
    related = codes(flat(frame.book.payments["related_payment_id"]), frame.payment_ids)[batch]
    stated_kind = frame.payment_kind[batch]
    undoing = np.isin(stated_kind, (KINDS.index("return"), KINDS.index("chargeback")))
    topics = c.texts.topics
    bit = {name: 1 << index for index, name in enumerate(TOPICS)}
    about = (topics & (bit["return"] | bit["chargeback"])) != 0
    maybe = np.flatnonzero((amount < 0) & (undoing | about | (related >= 0) | (stated_kind < 0)))
    if len(maybe) == 0:
        return Undone(original, support)
    receipts = np.flatnonzero((frame.payment_amount > 0) & (frame.payment_known <= c.state.known_until))
    key = frame.payment_amount[receipts] * 512 + frame.payment_currency[receipts]
    order = np.argsort(key, kind="stable")
    receipts, key = receipts[order], key[order]
    probe = -amount[maybe] * 512 + frame.payment_currency[batch[maybe]]
    low, high = np.searchsorted(key, probe), np.searchsorted(key, probe, side="right")
    owner, at = expand(low, high - low)
    mine, other = batch[maybe[owner]], receipts[at]
    gap = frame.payment_booking[mine] - frame.payment_booking[other]
    parties = c.index.reading.parties
    from features.rivals import end_to_end_codes  # noqa: PLC0415

    ids = end_to_end_codes(frame)
    points = (
        8 * ((related[maybe[owner]] == other) & (related[maybe[owner]] >= 0)).astype(np.int16)
        + 4 * ((ids[mine] == ids[other]) & (ids[mine] >= 0))
        + 2 * ((parties.account_of_payment[mine] == parties.account_of_payment[other]) & (parties.account_of_payment[mine] >= 0))
        + 2 * ((parties.payer_of_payment[mine] == parties.payer_of_payment[other]) & (parties.payer_of_payment[mine] >= 0))
        + (undoing | about)[maybe[owner]]
    )
    fits = (gap >= 0) & (gap <= UNDO_DAYS) & (points >= 3)  # noqa: PLR2004
    owner, other, gap, points = owner[fits], other[fits], gap[fits], points[fits]
    order = np.lexsort((other, gap, -points, owner))
    best = order[group_starts(owner[order])]
    original[maybe[owner[best]]] = other[best]
    support[maybe[owner[best]]] = points[best]
    return Undone(original, support)
