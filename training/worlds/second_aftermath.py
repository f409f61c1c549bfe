"""What follows a payment: bank returns, a clerk who pays twice, and giving such money back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from training.worlds.second_bank import Booking
from training.worlds.second_text import Writing
from training.worlds.second_types import Part, Payment

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.worlds.second_bank import Bank
    from training.worlds.second_types import Invoice, Payer, World

BOUNCES = {"debit": 3.0, "check": 1.2, "ach": 1.0}
PLAIN = {"single", "many", "discount", "parent_pays", "factor_pays", "twin"}
GIVEN_BACK = ("Erstattung Doppelzahlung", "refund of double payment", "remboursement trop percu", "Refund")
RETURNED = ("RETURN", "RUECKLASTSCHRIFT", "REJET", "RETURNED ITEM", "STORNO", "INSOLUTO")


class Aftermath:
    """Decides, payment by payment, whether it bounces or comes twice."""

    def __init__(self, world: World, bank: Bank, pile: Callable[[Payer, Invoice, int], None]) -> None:
        self._world = world
        self._rng = world.rng
        self._bank = bank
        self._pile = pile

    def follow(self, booking: Booking, day: int) -> None:
        """Plan what follows this booking, if anything."""
        world, rng, mix = self._world, self._rng, self._world.mix
        if booking.payment.case not in PLAIN:
            return
        if world.chance(mix.returned * BOUNCES.get(booking.channel, 0.12)):
            world.at(world.business(day + rng.randrange(2, 6)), partial(self._return, booking))
        elif booking.channel != "debit" and world.chance(mix.duplicate_payment * 1.3):
            world.at(world.business(day + rng.randrange(1, 26)), partial(self._twice, booking))

    def _return(self, booking: Booking, day: int) -> None:
        """Take a payment back; the same rows come once more with the other sign."""
        payment, rng = booking.payment, self._rng
        undo = [Part(p.invoice, -p.amount, -p.write_off, p.reason) for p in payment.parts]
        for part in undo:
            if part.invoice.open - part.amount - part.write_off > part.invoice.amount:
                return
        for part in undo:
            part.invoice.open -= part.amount + part.write_off
            if part.invoice not in part.invoice.customer.open_items:
                part.invoice.customer.open_items.append(part.invoice)
        code = {"ach": "R01", "debit": "AC04", "check": "NSF"}.get(booking.channel, "RETURN")
        code = rng.choice((code, "MD06", "AM04")) if booking.channel == "debit" else code
        back = Payment("return", day, payment.currency, -payment.amount, payment.account, parts=undo)
        back.related = payment
        text = f"{rng.choice(RETURNED)} {code} {booking.writing.text[:70]}"
        echo = Writing(
            text, booking.writing.structured, payment.end_to_end, [], attempted=booking.writing.attempted
        )
        self._bank.book(Booking(back, booking.issuer, booking.payer, echo, booking.channel))
        back.code = code
        back.kind = "return" if self._world.chance(0.5) else ""
        if self._world.chance(0.6):
            when = self._world.business(day + rng.randrange(3, 15))
            for part in payment.parts:
                self._pile(part.invoice.customer.payer, part.invoice, when)

    def _twice(self, booking: Booking, day: int) -> None:
        """Pay the same documents again: real cash that pays nothing."""
        payment = booking.payment
        again = Payment("duplicate_payment", day, payment.currency, payment.amount, payment.account)
        again.resolution, again.related = "duplicate_payment", payment
        writing = booking.writing
        end_to_end = writing.end_to_end
        if end_to_end.startswith(("E2E", "ZR", "PMT")):
            end_to_end = f"{end_to_end[:3]}{self._world.serial():09d}"
        copy = replace(writing, end_to_end=end_to_end, lines=list(writing.lines))
        self._bank.book(Booking(again, booking.issuer, booking.payer, copy, booking.channel))
        if self._world.chance(0.35):
            when = self._world.business(day + self._rng.randrange(4, 30))
            self._world.at(when, partial(self._give_back, again, booking))

    def _give_back(self, payment: Payment, booking: Booking, day: int) -> None:
        """Send a duplicate payment back: money out of the payer's account with us, no open item."""
        back = Payment("refund_on_account", day, payment.currency, -payment.amount, payment.account)
        back.resolution, back.related = "nothing", payment
        writing = Writing(self._rng.choice(GIVEN_BACK))
        self._bank.book(Booking(back, booking.issuer, booking.payer, writing, booking.channel))
