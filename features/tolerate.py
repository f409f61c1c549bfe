"""Apply the policy's tolerance to chosen explanations: a small rest is written off under a name, not left open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from features.hypotheses import ROUNDING_MINOR, Shape, WriteOff
from receivables.policy import Overpayment

if TYPE_CHECKING:
    from features.match_model import Scored
    from features.settle import Settlement
    from receivables.policy import Policy

UNEXPLAINED = (Shape.PARTIAL, Shape.NAMED_PARTIAL, Shape.LATE_DISCOUNT)


def tolerate(scored: Scored, settled: Settlement, policy: Policy) -> Scored:
    """Write off the unexplained rest of each chosen explanation where the policy's tolerance allows it.

    An amount short of the balance is written off as rounding (a few minor units) or bank fee; one above it only under
    `overpayment: write_off_within_tolerance`. Explained rests (instalments, withholding) are left alone.
    """
    codes = scored.proposed.compared.comparison.frame.currencies.to_pylist()
    if not any(policy.tolerance_minor(code, 10**12) for code in codes):
        return scored
    c = scored.proposed.compared.comparison
    h = scored.proposed.hypotheses
    amount, write_off = h.amount.copy(), h.write_off.copy()
    reason = h.write_off_reason.copy()
    deduction, deduction_reason = h.deduction.copy(), h.deduction_reason.copy()
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
                write_off[line] += rest
                reason[line] = WriteOff.ROUNDING if abs(rest) <= ROUNDING_MINOR else WriteOff.BANK_FEE
                deduction[line], deduction_reason[line] = 0, 0
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
    return replace(scored, proposed=replace(scored.proposed, hypotheses=changed))
