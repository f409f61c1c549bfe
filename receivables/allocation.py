"""How cash is laid on open items: the readable rule behind every set of items that a payment settles.

`features.item_sets.lay_in_order` is the columnar twin; a property test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["lay"]


def lay(cash_minor: int, open_minor: Sequence[int]) -> tuple[int, ...]:
    """Lay signed cash on signed balances, in the order given; return what each item receives.

    Items that run against the cash (credit memos, for a receipt) are consumed whole and add to what there is
    to lay; then each item gets what is left, up to its balance. Nothing is ever laid beyond a balance, and
    the sum never exceeds the cash. What remains is unapplied; what an item lacks stays open. Amounts are
    minor units of one currency; cash of zero nets credits against items.
    """
    sign = -1 if cash_minor < 0 else 1
    due = [balance * sign for balance in open_minor]
    left = abs(cash_minor) - sum(balance for balance in due if balance < 0)
    laid = []
    for balance in due:
        part = balance if balance < 0 else min(balance, left)
        left -= max(part, 0)
        laid.append(part * sign)
    return tuple(laid)
