"""Apply the policy's tolerance to chosen explanations: a small rest is written off by name, not left open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from features.calibration import confidence_of, log_odds_of
from features.hypotheses import ROUNDING_MINOR, Shape, WriteOff, fingerprints
from receivables.policy import Overpayment

if TYPE_CHECKING:
    from features.frame import F64
    from features.hypotheses import Hypotheses
    from features.match_model import Scored
    from features.settle import Settlement
    from features.text import U64
    from receivables.policy import Policy

UNEXPLAINED = (Shape.PARTIAL, Shape.NAMED_PARTIAL, Shape.LATE_DISCOUNT)
WRITTEN_OFF = (Shape.FEE, Shape.ROUNDING, Shape.NAMED_FEE)
MERGING = (*UNEXPLAINED, *WRITTEN_OFF)


def tolerate(scored: Scored, settled: Settlement, policy: Policy) -> Scored:
    """Write off the unexplained rest of each chosen explanation where the policy's tolerance allows it.

    An amount short of the balance is written off as rounding (a few minor units) or bank fee; one above it
    only under `overpayment: write_off_within_tolerance`. Explained rests (instalments, withholding) are left
    alone.
    """
    codes = scored.proposed.compared.comparison.frame.currencies.to_pylist()
    if not any(policy.tolerance_minor(code, 10**12) for code in codes):
        return scored
    c = scored.proposed.compared.comparison
    h = scored.proposed.hypotheses
    amount, write_off = h.amount.copy(), h.write_off.copy()
    reason = h.write_off_reason.copy()
    deduction, deduction_reason = h.deduction.copy(), h.deduction_reason.copy()
    log_odds = scored.log_odds.copy()
    alike = _item_sets(h)
    about_partial = c.texts.about("partial")
    over_too = policy.overpayment is Overpayment.WRITE_OFF_WITHIN_TOLERANCE
    for payment in np.flatnonzero(settled.chosen >= 0).tolist():
        chosen = int(settled.chosen[payment])
        low, high = int(h.first_line[chosen]), int(h.first_line[chosen + 1])
        line = high - 1
        code = codes[c.frame.item_currency[h.item[line]]]
        balance = int(c.balance[h.pair[line]])
        if h.shape[chosen] in UNEXPLAINED and not about_partial[payment]:
            rest = balance - int(amount[line]) - int(write_off[line])
            if rest and rest * balance > 0 and abs(rest) <= policy.tolerance_minor(code, abs(balance)):
                _gather(h, chosen, alike, log_odds)
                write_off[line] += rest
                reason[line] = WriteOff.ROUNDING if abs(rest) <= ROUNDING_MINOR else WriteOff.BANK_FEE
                deduction[line], deduction_reason[line] = 0, 0
        elif h.shape[chosen] in WRITTEN_OFF:
            if abs(int(write_off[line])) <= policy.tolerance_minor(code, abs(balance)):
                _gather(h, chosen, alike, log_odds)
        elif over_too and h.shape[chosen] in (Shape.OVER, Shape.NAMED_OVER):
            paid = int(c.cash.amount[h.pair[line]])
            excess = paid - int(amount[low:high].sum())
            if excess * paid > 0 and abs(excess) <= policy.tolerance_minor(code, abs(balance)):
                amount[line] += excess
                write_off[line] -= excess
                reason[line] = WriteOff.ROUNDING if abs(excess) <= ROUNDING_MINOR else WriteOff.OTHER
    changed = replace(
        h, amount=amount, write_off=write_off, write_off_reason=reason, deduction=deduction,
        deduction_reason=deduction_reason,
    )  # fmt: skip
    return replace(scored, proposed=replace(scored.proposed, hypotheses=changed), log_odds=log_odds)


def _item_sets(h: Hypotheses) -> U64:
    """Hash the items of each hypothesis, whatever the amounts."""
    nothing = np.zeros(len(h.item), np.int64)
    return fingerprints(h.owner, len(h.payment), h.item, nothing, nothing)


def _gather(h: Hypotheses, chosen: int, alike: U64, log_odds: F64) -> None:
    """Give the chosen reading the probability of those that a tolerance makes the same: open, written off."""
    low = int(np.searchsorted(h.payment, h.payment[chosen]))
    high = int(np.searchsorted(h.payment, h.payment[chosen], side="right"))
    same = np.flatnonzero((alike[low:high] == alike[chosen]) & np.isin(h.shape[low:high], MERGING)) + low
    together = min(float(confidence_of(log_odds[same]).sum()), 1 - 1e-9)
    log_odds[same] = -30.0
    log_odds[chosen] = float(log_odds_of(together))
