"""How often a key may ask, and an address may be refused."""

from __future__ import annotations

import math
import time
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from receivables.errors import TieoutError
from serving import metrics
from serving.problems import TooManyRequestsError

__all__ = ["BadRateError", "Rates"]


class BadRateError(TieoutError, ValueError):
    """A rate cannot be read."""

    code = "bad_rate"
    mend = "Write it as 1200/minute."


class Rates:
    """Counts requests by key and refusals by address."""

    def __init__(self, of_key: str, of_refusals: str, storage: str) -> None:
        self._limiter: Final = MovingWindowRateLimiter(storage_from_string(storage))
        self._of_key = _rate(of_key)
        self._of_refusals = _rate(of_refusals)

    def count_request(self, key_id: str) -> None:
        """Count a request; raises `TooManyRequestsError` once the key is over its rate."""
        if not self._limiter.hit(self._of_key, "key", key_id):
            self._refuse(self._of_key, "key", key_id)

    def count_refusal(self, address: str) -> None:
        """Count a key that was refused."""
        self._limiter.hit(self._of_refusals, "refused", address)

    def check_address(self, address: str) -> None:
        """Raise `TooManyRequestsError` for an address that tried too many keys."""
        if not self._limiter.test(self._of_refusals, "refused", address):
            self._refuse(self._of_refusals, "refused", address)

    def _refuse(self, rate: RateLimitItem, kind: str, who: str) -> None:
        metrics.LIMITED.inc()
        reset = self._limiter.get_window_stats(rate, kind, who).reset_time
        wait = max(1, math.ceil(reset - time.time()))  # noqa: TID251 - the library's window is on the wall clock
        raise TooManyRequestsError(headers={"retry-after": str(wait)})


def _rate(text: str) -> RateLimitItem:
    try:
        return parse(text)
    except ValueError:
        raise BadRateError(f"{text[:40]!r} is not a rate.") from None
