"""How a payment differs from what was billed: credits, discounts, deductions, partials, fees, wrong sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.worlds.second_types import Part, exponent, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.worlds.second_types import Invoice, Issuer, Payer, World

ROUND_STEPS = (100, 500, 1000, 5000, 10000)
FEES = (500, 750, 1000, 1200, 1500, 2000, 2500, 1234, 1875)
DUNNING_FEES = (500, 750, 1000, 1500, 4000)
DUNNING_DAYS = 25


@dataclass(slots=True)
class Intent:
    """One payment a clerk is about to make."""

    payer: Payer
    issuer: Issuer
    currency: str
    parts: list[Part]
    case: str
    extra: int = 0

    @property
    def cash(self) -> int:
        """What will be paid, in the invoices' currency."""
        return sum(part.amount for part in self.parts) + self.extra


class Bends:
    """Lets reality into an intent; at most one bend a payment, so that the truth has one name."""

    def __init__(self, world: World, pile: Callable[[Payer, Invoice, int], None]) -> None:
        self._world = world
        self._rng = world.rng
        self._pile = pile

    def bend(self, intent: Intent, day: int) -> None:
        """Apply the first deviation that this payer, these items and chance bring about."""
        world, mix, payer, parts = self._world, self._world.mix, intent.payer, intent.parts
        if len(parts) > 1 and world.chance(mix.lump_sum * 4):
            self._lump(intent, day)
            return
        if payer.habits.pays_in and payer.habits.pays_in != intent.currency:
            intent.case = "fx"
            return
        if self._net(intent, day) or self._discount(intent, day):
            return
        abroad = payer.land.code != intent.issuer.land.code
        only = parts[0].invoice if len(parts) == 1 else None
        if payer.land.withholding_percent and abroad and intent.issuer.trade != "wholesale":
            self._withhold(intent)
        elif world.chance(payer.habits.deducts):
            self._deduct(intent, day)
        elif only is not None and only.open > 5000 and world.chance(mix.partial * 1.6):
            self._partial(intent, day)
        elif payer.habits.fee_mode != "OUR" and abroad:
            self._fee(intent)
        elif world.chance(mix.rounds) and exponent(intent.currency) > 0:
            self._round(intent)
        elif only is not None and day - only.due > DUNNING_DAYS and world.chance(mix.dunning_fee):
            intent.extra = self._rng.choice(DUNNING_FEES) * 10 ** exponent(intent.currency) // 100
            intent.case = "dunning_fee"
        elif world.chance(mix.overpays):
            self._overpay(intent)

    def _net(self, intent: Intent, day: int) -> bool:
        """Deduct open credit memos the clerk knows, as long as something remains to be paid."""
        items = [part.invoice for part in intent.parts]
        room = sum(item.open for item in items) * 9 // 10
        if not intent.payer.habits.nets_credits or items[0].discount_percent:
            return False
        taken: list[Invoice] = []
        for customer in dict.fromkeys(item.customer for item in items):
            customer.credits = [memo for memo in customer.credits if memo.open > 0]
            for memo in customer.credits:
                fits = memo.issuer is intent.issuer and memo.currency == intent.currency
                if fits and memo.issued < day and memo.open < room:
                    taken.append(memo)
                    room -= memo.open
        if taken:
            intent.parts += [Part(memo, -memo.open) for memo in taken]
            intent.case = "credit_netted"
        return bool(taken)

    def _discount(self, intent: Intent, day: int) -> bool:
        habits = intent.payer.habits
        if habits.discount == "never":
            return False
        case = ""
        for part in intent.parts:
            item = part.invoice
            if not item.discount_percent or item.open != item.amount:
                continue
            if day <= item.discount_day:
                part.amount = item.open - item.discount
                part.write_off, part.reason = item.discount, "early_payment_discount"
                case = case or "discount"
            elif habits.discount == "late" and self._world.chance(self._world.mix.late_discount):
                part.amount = item.open - item.discount
                case = "late_discount"
                self._chase(intent.payer, item, day)
        if case:
            intent.case = case if len(intent.parts) == 1 else f"{case}_many"
        return bool(case)

    def _chase(self, payer: Payer, item: Invoice, day: int) -> None:
        """Claim back what was deducted without right; a third of it comes in later."""
        if self._world.chance(0.33):
            self._pile(payer, item, self._world.business(day + self._rng.randrange(20, 60)))

    def _withhold(self, intent: Intent) -> None:
        for part in intent.parts:
            item = part.invoice
            base = min(item.open, item.amount - item.tax)
            part.amount -= share(base, intent.payer.land.withholding_percent)
        intent.case = "withholding"

    def _deduct(self, intent: Intent, day: int) -> None:
        part = self._rng.choice(intent.parts)
        deduction = max(1, share(part.amount, self._rng.uniform(1, 12)))
        if deduction < part.amount:
            part.amount -= deduction
            intent.case = "deduction"
            self._chase(intent.payer, part.invoice, day)

    def _partial(self, intent: Intent, day: int) -> None:
        rng, part = self._rng, intent.parts[0]
        step = rng.choice(ROUND_STEPS)
        amount = int(part.amount * rng.uniform(0.25, 0.8)) // step * step
        if amount <= 0:
            return
        part.amount = amount
        intent.case = "partial"
        if self._world.chance(0.8):
            later = self._world.business(day + rng.randrange(8, 45))
            self._pile(intent.payer, part.invoice, later)

    def _fee(self, intent: Intent) -> None:
        part = max(intent.parts, key=lambda each: each.amount)
        fee = self._rng.choice(FEES) * 10 ** exponent(intent.currency) // 100
        if part.amount > 4 * fee > 0:
            part.amount, part.write_off, part.reason = part.amount - fee, fee, "bank_fee"
            intent.case = "bank_fee"

    def _round(self, intent: Intent) -> None:
        part = max(intent.parts, key=lambda each: each.amount)
        cents = min(self._rng.randrange(1, 6), part.amount - 1)
        if cents > 0:
            part.amount, part.write_off, part.reason = part.amount - cents, cents, "rounding"
            intent.case = "rounding"

    def _overpay(self, intent: Intent) -> None:
        rng = self._rng
        total = sum(part.amount for part in intent.parts)
        draw = rng.random()
        if draw < 0.35:  # rounded up to a rounder sum
            intent.extra = -total % rng.choice((100, 1000, 5000))
        elif draw < 0.75:  # two digits swapped, to either side
            digits = list(str(total))
            place = rng.randrange(len(digits) - 1) if len(digits) > 1 else 0
            digits[place : place + 2] = reversed(digits[place : place + 2])
            typed = int("".join(digits))
            if typed < total and len(intent.parts) == 1 and typed > total // 2:
                intent.parts[0].amount = typed
                intent.case = "typed_short"
                return
            intent.extra = max(0, typed - total)
        else:
            intent.extra = rng.choice((500, 1000, 2500, 4000))
        if intent.extra:
            intent.case = "overpayment"

    def _lump(self, intent: Intent, day: int) -> None:
        """Pay a round sum on account of several items: the desk applies it to the oldest first."""
        intent.parts.sort(key=lambda part: (part.invoice.due, part.invoice.issued, part.invoice.serial))
        total = sum(part.amount for part in intent.parts)
        step = 10 ** max(2, len(str(total)) - 2)
        cash = int(total * self._rng.uniform(0.4, 0.9)) // step * step
        if cash <= 0:
            return
        left, kept = cash, []
        for part in intent.parts:
            part.amount = min(part.amount, left)
            left -= part.amount
            if part.amount:
                kept.append(part)
            else:
                self._pile(intent.payer, part.invoice, day + self._rng.randrange(15, 60))
        intent.parts = kept
        intent.case = "lump_sum"
