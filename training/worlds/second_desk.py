"""The receivables desk: when each payment was decided, by whom, and the desk's own corrected mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from training.worlds.second_types import Part

if TYPE_CHECKING:
    from training.worlds.second_types import Payment, World

CLERKS = ("m.keller", "a.nowak", "j.okafor", "s.lindqvist", "p.aubert")
CHECKERS = ("r.amsel", "t.verhoeven", "c.moreau")
EASY_HOURS = (1, 2, 3, 5, 7, 20, 26)
HARD_HOURS = (4, 20, 26, 30, 50, 75, 120, 200)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ERROR_HORIZON = 0.72


class Desk:
    """Signs the truth: instants that never run backwards on any item."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = world.rng
        self._touched = {part.invoice for payment in world.payments for part in payment.parts}

    def number(self) -> None:
        """Number documents and payments in the order in which they became known."""
        world = self._world
        world.invoices.sort(key=lambda item: item.issued)
        for serial, item in enumerate(world.invoices, start=1):
            item.invoice_id = f"D{serial:08d}"
            if item.status == "charged":
                item.status = "open"
        world.payments.sort(key=lambda payment: (payment.received or EPOCH, payment.day))
        for serial, payment in enumerate(world.payments, start=1):
            payment.payment_id = f"P{serial:08d}"

    def decide(self) -> None:
        """Give each payment its decision instant, after everything it rests on."""
        for payment in sorted(self._world.payments, key=lambda each: each.day):
            hours = EASY_HOURS if payment.reference_state == "clean" else HARD_HOURS
            floor = payment.received or EPOCH
            for part in payment.parts:
                item = part.invoice
                known = item.known_at or self._world.instant(item.issued)
                floor = max(floor, known, item.last_decided or EPOCH)
            if payment.related is not None and payment.related.decided is not None:
                floor = max(floor, payment.related.decided)
            lag = timedelta(hours=self._rng.choice(hours), minutes=self._rng.randrange(60))
            decided = floor + lag
            wrong = self._errs(payment) if payment.parts else None
            if wrong is not None:
                payment.wrong_first = (wrong, decided)
                decided += timedelta(days=self._rng.randrange(1, 20))
            payment.decided = decided
            for part in payment.parts:
                part.invoice.last_decided = decided

    def _errs(self, payment: Payment) -> Part | None:
        """Sometimes apply a payment to an untouched open item first; it is reversed and applied rightly."""
        world = self._world
        if payment.case != "single" or not world.chance(world.mix.desk_error * 2):
            return None
        if payment.day > world.days * ERROR_HORIZON:
            return None
        right = payment.parts[0].invoice
        for item in right.customer.open_items:
            same = (
                item.currency == right.currency and item.issuer is right.issuer and item not in self._touched
            )
            early = item.issued < payment.day and (item.known_at or EPOCH) < (payment.received or EPOCH)
            if same and early and item.status == "open" and item.open >= payment.amount:
                self._touched.add(item)
                return Part(item, payment.amount)
        return None

    def signature(self, payment: Payment) -> tuple[str, str]:
        """Return who decided and, for a share, who checked."""
        serial = int(payment.payment_id[1:])
        rng = self._rng
        by = (
            "autocash"
            if payment.reference_state == "clean" and rng.random() < 0.55
            else CLERKS[serial % len(CLERKS)]
        )
        checked = CHECKERS[serial % len(CHECKERS)] if rng.random() < 0.18 else ""
        return by, checked
