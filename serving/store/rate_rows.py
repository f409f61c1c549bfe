"""The rates at which the books of a day convert."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from sqlalchemy import select

from serving.store.schema import fx_rate
from serving.store.store import Transaction

__all__ = ["rate_of_day"]

MOST_DAYS: Final = 7
"""How old a rate may be, as in matching."""


def rate_of_day(tx: Transaction, base: str, quote: str, day: date) -> Fraction | None:
    """Give the newest rate of the days up to `day`: 1 `base` in `quote`, exactly; None when there is none."""
    for one, other, is_inverse in ((base, quote, False), (quote, base, True)):
        query = (
            select(fx_rate.c.rate_text)
            .where(
                fx_rate.c.book_id == tx.book_id,
                fx_rate.c.base == one,
                fx_rate.c.quote == other,
                fx_rate.c.date <= day,
                fx_rate.c.date >= day - timedelta(days=MOST_DAYS),
            )
            .order_by(fx_rate.c.date.desc(), fx_rate.c.id)
        )
        text = tx.connection.execute(query.limit(1)).scalar()
        if text is not None:
            return 1 / Fraction(text) if is_inverse else Fraction(text)
    return None
