"""Settle conflicts: choose one explanation a payment so that no open item is paid twice.

Deferred acceptance: every payment claims its best explanation; an item that is claimed beyond its balance
keeps the surest claims; whoever loses claims its next best. The result does not depend on the order of rows:
claims are ordered by log-odds, then by payment id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.frame import F64, I64, B
from features.hypotheses import Hypotheses
from features.join import expand, group_starts
from features.sorting import order_by


@dataclass(frozen=True)
class Settlement:
    """The chosen hypothesis of each payment (-1: none of them), and who had to give way."""

    chosen: I64
    lost: B  # the best explanation was taken by somebody surer
    contested: B  # somebody else's best explanation wanted the same cash of an item


def settle(h: Hypotheses, log_odds: F64, pays: B, balance: I64) -> Settlement:
    """Choose a consistent set of explanations.

    ``log_odds``: of the hypotheses; ``pays``: whether all explanations together beat "none of them", shape
    (payments,): five alike are worth showing, where none would be wrong; ``balance``: open amounts by item.
    Payments must be in the order of their ids (ties go to the first).
    """
    payments = len(pays)
    ordered = _preferences(h, log_odds, pays)
    starts = np.searchsorted(h.payment[ordered], np.arange(payments + 1))
    cursor = starts[:-1].copy()
    first_choice = (
        np.where(cursor < starts[1:], ordered[np.minimum(cursor, max(len(ordered) - 1, 0))], -1)
        if len(ordered)
        else np.full(payments, -1)
    )
    current = first_choice.copy()
    contested = np.zeros(payments, np.bool_)
    banned = np.zeros(len(h.payment), np.bool_)
    limit = np.abs(balance)
    demand_of_line = np.abs(h.amount + h.write_off)
    moved = np.ones(
        len(limit), np.bool_
    )  # items whose claims changed in the last round; the others still fit
    while True:  # ends: each round bans at least one hypothesis
        held = current[current >= 0]
        losers, crowd = _overdrawn(h, held, log_odds, demand_of_line, limit, moved)
        contested[h.payment[crowd]] = True
        if len(losers) == 0:
            break
        banned[losers] = True
        moved[:] = False
        moved[h.item[_lines(h, losers)[1]]] = True
        for payment in h.payment[losers].tolist():
            at = cursor[payment]
            while at < starts[payment + 1] and banned[ordered[at]]:
                at += 1
            cursor[payment] = at
            current[payment] = ordered[at] if at < starts[payment + 1] else -1
        claims = current[h.payment[losers]]
        moved[h.item[_lines(h, claims[claims >= 0])[1]]] = True
    return Settlement(current, (first_choice >= 0) & (current != first_choice), contested)


def _preferences(h: Hypotheses, log_odds: F64, pays: B) -> I64:
    """Return the hypotheses of payments that pay something, ordered by payment, best first."""
    real = np.flatnonzero(pays[h.payment]) if len(h.payment) else np.zeros(0, np.int64)
    return real[order_by(h.payment[real], -log_odds[real])]


def _lines(h: Hypotheses, some: I64) -> tuple[I64, I64]:
    """Return (position in ``some``, line) of the lines of some hypotheses."""
    return expand(h.first_line[some], h.first_line[some + 1] - h.first_line[some])


def _overdrawn(h: Hypotheses, held: I64, log_odds: F64, demand: I64, limit: I64, moved: B) -> tuple[I64, I64]:
    """Return the held hypotheses that one of the moved items, overdrawn, turns away, and all of its crowd."""
    owner, line = _lines(h, held)
    there = moved[h.item[line]]
    owner, line = owner[there], line[there]
    if len(line) == 0:
        return line, line
    item, need = h.item[line], demand[line]
    order = order_by(item, -log_odds[held[owner]], h.payment[held[owner]])
    item, need, who = item[order], need[order], held[owner[order]]
    starts = group_starts(item)
    total = np.cumsum(need)
    before = total - need
    size = np.diff(np.append(starts, len(item)))
    taken = total - np.repeat(before[starts], size)
    over = taken > limit[item]
    crowded = np.repeat(np.logical_or.reduceat(over, starts), size)
    # what the surest claims leave; whoever wants more than that gives way, smaller ones behind may still fit
    rows = np.flatnonzero(over)
    if len(rows) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    group = np.repeat(np.arange(len(starts)), size)
    left = np.zeros(len(starts), np.int64)
    first = rows[group_starts(item[rows])]
    left[group[first]] = limit[item[first]] - (taken[first] - need[first])
    after = np.zeros(len(starts), np.int64) + len(item)
    after[group[first]] = first
    out = (np.arange(len(item)) >= after[group]) & (need > left[group])
    return np.unique(who[out]), np.unique(who[crowded])
