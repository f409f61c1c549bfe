"""What the texts of a batch name, before balances come in: read once, used by the lane and all that follows.

Nothing here depends on what is open. A batch that lost the payments of the lane, or that is looked at a
second time, takes its rows out of what was read before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import references as ref
from features.frame import I32, I64, B
from features.join import group_starts
from features.reading import Reading
from features.references import PaymentSpans, Rule
from features.sorting import distinct, order_by
from features.state import State

REFERENCE_CAP = 12  # items that may share a reference key before it is hot


@dataclass(frozen=True)
class Shares:
    """How many visible items have each reference key of the book, by key row."""

    share: I32  # 0: the item is not visible
    hot: B  # too many to join
    hot_keys: int  # distinct ones
    hot_first: I64  # by item: where its rows begin in `hot_rows`, shape (items + 1,)
    hot_rows: I64


@dataclass(frozen=True)
class TextMentions:
    """Every place where the texts of a batch name an item, the sifted spans, and the hot keys they hold."""

    batch: I32
    columns: dict[str, NDArray[Any]]
    spans: PaymentSpans
    hot_payment: I64  # batch position, ordered by it, then by key
    hot_key: I64  # place of the key among the distinct keys of the book
    shares: Shares

    def within(self, batch: I32) -> TextMentions:
        """Return the same for some payments of the batch, in their order."""
        at = np.searchsorted(self.batch, batch)
        position = np.full(len(self.batch) + 1, -1, np.int32)
        position[at] = np.arange(len(batch), dtype=np.int32)
        owner = position[self.columns["payment"]]
        columns = {name: values[owner >= 0] for name, values in self.columns.items()}
        columns["payment"] = owner[owner >= 0]
        hot = position[self.hot_payment]
        return replace(
            self,
            batch=batch,
            columns=columns,
            spans=self.spans.within(at, position),
            hot_payment=hot[hot >= 0].astype(np.int64),
            hot_key=self.hot_key[hot >= 0],
        )


def text_mentions(reading: Reading, state: State, batch: I32) -> TextMentions:
    """Read the texts of a batch, or take it out of the batch read last."""
    instant = (state.known_until, state.replay)
    kept = reading.recall("texts", instant)
    if isinstance(kept, TextMentions) and _holds(kept.batch, batch):
        return kept if len(kept.batch) == len(batch) else kept.within(batch)
    read = _read(reading, state, batch)
    reading.remember("texts", instant, read)
    return read


def _holds(whole: I32, part: I32) -> bool:
    """Tell whether a sorted batch holds all payments of another sorted one."""
    if len(whole) == 0 or len(part) > len(whole):
        return len(part) == 0 and len(whole) == 0
    if (np.diff(whole) <= 0).any() or (np.diff(part) <= 0).any():
        return False
    at = np.minimum(np.searchsorted(whole, part), len(whole) - 1)
    return bool((whole[at] == part).all())


def _read(reading: Reading, state: State, batch: I32) -> TextMentions:
    keys = reading.item_keys
    shares = _shares(reading, state)
    texts = ref.reference_texts(reading.frame, batch)
    spans = ref.payment_spans(texts, reading.key_filter, reading.threads)
    left, right = reading.key_table.join(spans.key)
    is_hot = shares.hot[right]
    size = np.int64(len(keys.key) + 1)
    hot = distinct(spans.payment[left[is_hot]] * size + reading.key_place[right[is_hot]])
    fine = (shares.share[right] > 0) & ~is_hot
    # a word of letters that scanners confuse with digits is a number only if it is written so
    fine &= spans.digit[left] | (spans.raw[left] == keys.raw[right])
    left, right = left[fine], right[fine]
    length = (spans.end - spans.start)[left]
    columns: dict[str, NDArray[Any]] = {
        "payment": spans.payment[left],
        "item": keys.item[right],
        "rule": np.where(spans.listed[left], np.int8(Rule.LISTED), keys.rule[right]).astype(np.int8),
        "length": np.where(spans.listed[left], keys.length[right], length).astype(np.int16),
        "share": shares.share[right].astype(np.int16),
        "written": spans.raw[left] == keys.raw[right],
        "clean": spans.clean[left],
        "covered": _covered(spans.start[left], spans.end[left]),
        "start": spans.start[left],
        "end": spans.end[left],
    }
    return TextMentions(batch, columns, spans, hot // size, hot % size, shares)


def _shares(reading: Reading, state: State) -> Shares:
    """Count the items of each key, once for all batches of an instant."""
    instant = (state.known_until, state.replay)
    kept = reading.recall("shares", instant)
    if isinstance(kept, Shares):
        return kept
    keys = reading.item_keys
    order = reading.key_order
    order = order[state.visible[keys.item[order]]]
    starts = group_starts(keys.key[order])
    size = np.diff(np.append(starts, len(order)))
    share = np.zeros(len(keys.key), np.int32)
    share[order] = np.repeat(size, size)
    hot = share > REFERENCE_CAP
    hot_rows = np.flatnonzero(hot)
    counts = np.bincount(keys.item[hot_rows], minlength=reading.frame.item_count)
    shares = Shares(
        share=share,
        hot=hot,
        hot_keys=int((size > REFERENCE_CAP).sum()),
        hot_first=np.concatenate([[0], np.cumsum(counts)]),
        hot_rows=hot_rows,
    )
    reading.remember("shares", instant, shares)
    return shares


def _covered(start: I64, end: I64) -> B:
    """Tell which spans lie strictly inside another span of the same list."""
    order = order_by(start, -end)
    s, e = start[order], end[order]
    reach = np.maximum.accumulate(e)
    inside = np.zeros(len(s), np.bool_)
    if len(s) > 1:
        begin_of_reach = np.zeros(len(s), np.int64)
        fresh = np.ones(len(s), np.bool_)
        fresh[1:] = e[1:] > reach[:-1]
        begin_of_reach = np.maximum.accumulate(np.where(fresh, np.arange(len(s)), 0))
        holder_start, holder_end = s[begin_of_reach], e[begin_of_reach]
        inside = (holder_start <= s) & (holder_end >= e) & (holder_end - holder_start > e - s)
    out = np.zeros(len(s), np.bool_)
    out[order] = inside
    return out


__all__ = ["REFERENCE_CAP", "Shares", "TextMentions", "text_mentions"]
