"""What banks make of it: channels, limits of length, tags, folding, dates, doubled lines and late statements."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from training.worlds.second_people import STREETS, fold
from training.worlds.second_slips import SEEN_AS
from training.worlds.second_types import exponent

if TYPE_CHECKING:
    from training.worlds.second_text import Writing
    from training.worlds.second_types import Issuer, Payer, Payment, World

CODES = {
    "sepa": "PMNT-RCDT-ESCT",
    "tagged": "NTRF166",
    "ach": "ACH CREDIT 142",
    "check": "LOCKBOX 115",
    "wire": "PMNT-RCDT-XBCT",
    "faster": "BGC",
    "debit": "PMNT-RDDT-ESDD",
    "card": "CARD",
    "wallet": "WALLET",
}
UPPER = {"ach", "check", "wire", "faster"}
LIMITS = {"sepa": 140, "tagged": 140, "ach": 80, "check": 48, "wire": 140, "faster": 18, "debit": 140}
NAME_LIMITS = {"sepa": 70, "tagged": 54, "ach": 22, "check": 30, "wire": 35, "faster": 18, "debit": 70}
_SQUEEZE = re.compile(r"[^0-9A-Z]")


def squeeze(text: str) -> str:
    """Return upper-case letters and digits only, for comparing references."""
    return _SQUEEZE.sub("", fold(text).upper())


@dataclass(slots=True)
class Booking:
    """What goes into the bank's machine: whose payment, by which channel, with which words."""

    payment: Payment
    issuer: Issuer
    payer: Payer
    writing: Writing
    channel: str


class Bank:
    """Books payments as statement lines, in each account's own style."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rng = world.rng
        self._seen: set[tuple[object, ...]] = set()
        self._late: dict[tuple[str, int], int] = {}

    def book(self, booking: Booking) -> Payment:
        """Render a payment as its bank would and put it on the statement."""
        payment, payer, channel, world = booking.payment, booking.payer, booking.channel, self._world
        payment.channel = channel
        payment.code = CODES.get(channel, "")
        payment.source = payment.source or "bank"
        payment.payer_name = self._name(payer, channel, booking.issuer)
        payment.payer_account = self._account(payer, channel)
        text = self._frame(booking, booking.writing.text)
        payment.remittance = text
        payment.structured = booking.writing.structured
        payment.end_to_end = booking.writing.end_to_end
        payment.lines = booking.writing.lines
        payment.equal_items = booking.writing.equal_items
        payment.reference_state = self._state(payment, attempted=booking.writing.attempted)
        self.post(payment)
        if world.chance(world.mix.duplicate_line):
            self._double(payment)
        return payment

    def post(self, payment: Payment) -> None:
        """Give a payment its dates and a place on the statement."""
        world, rng = self._world, self._rng
        payment.value_day = max(0, payment.day + rng.choice((0, 0, 0, 0, 0, -1, 1)))
        arrival = world.business(payment.day + 1)
        week = payment.day // 7
        delay = self._late.get((payment.account, week))
        if delay is None:
            delay = rng.randrange(6, 26) if world.chance(world.mix.late_statement) else 0
            self._late[payment.account, week] = delay
        payment.received = world.instant(arrival + delay, 300 + rng.randrange(90))
        if world.chance(world.mix.hold):
            payment.hold = rng.choice(("compliance", "payer asked", "legal"))
        key = self._key(payment)
        if key in self._seen:
            payment.end_to_end = f"BK{world.serial():010d}"
            key = self._key(payment)
        self._seen.add(key)
        world.payments.append(payment)

    def _key(self, payment: Payment) -> tuple[object, ...]:
        return (
            payment.account,
            payment.day,
            payment.amount,
            payment.payer_name,
            payment.remittance,
            payment.structured,
            payment.end_to_end,
        )

    def _double(self, payment: Payment) -> None:
        """Deliver the same bank line once more, as an overlapping statement does."""
        again = replace(payment, parts=[], lines=list(payment.lines), related=payment)
        again.case, again.resolution = "duplicate_line", "nothing"
        if payment.received is not None:
            again.received = payment.received + timedelta(days=self._rng.choice((0, 1, 1, 3)))
        if not again.end_to_end and not again.structured:
            again.end_to_end = payment.end_to_end = f"BK{self._world.serial():010d}"
        self._world.payments.append(again)

    def _name(self, payer: Payer, channel: str, issuer: Issuer) -> str:
        rng, world = self._rng, self._world
        draw = rng.random()
        name = payer.name
        if channel == "check" and draw < 0.35:
            return ""
        if draw < 0.24:
            name = rng.choice(payer.names)
        elif draw < 0.28:
            name = f"{name} {rng.choice(STREETS)} {rng.randrange(1, 99)} {payer.town}"
        if channel == "check" and world.chance(0.2):
            name = "".join(
                SEEN_AS.get(letter, letter) if world.chance(0.15) else letter for letter in name.upper()
            )
        if channel in UPPER or issuer.bank_style in {"upper", "tagged86"}:
            name = fold(name).upper()
        elif issuer.bank_style != "plain":
            name = fold(name)
        return name[: NAME_LIMITS.get(channel, 70)].strip()

    def _account(self, payer: Payer, channel: str) -> str:
        world = self._world
        if channel == "card" or (channel == "check" and world.chance(0.4)):
            return ""
        if channel == "wallet":
            return f"{fold(payer.name).lower().replace(' ', '.')[:24]}@mail.example"
        return "" if channel == "wire" and world.chance(0.35) else payer.account

    def _frame(self, booking: Booking, text: str) -> str:
        channel, payment, payer = booking.channel, booking.payment, booking.payer
        rng = self._rng
        limit = LIMITS.get(channel, 140)
        if channel in UPPER:
            text = fold(text).upper()
        if booking.issuer.dropped:
            text = text.translate(booking.issuer.dropped)
        text = text[:limit]
        match channel:
            case "ach":
                return f"RMR*IV*{text}\\"[:80] if payer.habits.template % 2 else text
            case "check":
                return f"CHK {rng.randrange(1000, 99999):06d} {text}".strip()
            case "wire":
                chunks = [text[place : place + 35] for place in range(0, len(text), 35)]
                body = "//".join(chunks) if payer.habits.template % 3 == 0 else " ".join(chunks)
                if booking.issuer.bank_style == "tagged86":
                    body = f"/ORDP//NAME/{fold(payer.name).upper()[:30]}/REMI//{body}/"
                fees = ""
                if payment.charges:
                    decimals = exponent(payment.currency)
                    fees = f" /CHGS/{payment.currency}{payment.charges / 10**decimals:.{decimals}f}".replace(
                        ".", ","
                    )
                return f"{'/RFB/' if payer.habits.template % 4 == 0 else ''}{body}{fees}".strip()
            case _:
                return self._styled(booking, text)

    def _styled(self, booking: Booking, text: str) -> str:
        style = booking.issuer.bank_style
        if booking.channel == "tagged" or style == "tagged86":
            marks = f"EREF+{booking.writing.end_to_end}" if booking.writing.end_to_end else ""
            text = f"{marks}SVWZ+{fold(text)}"
            if self._world.chance(0.5):
                text += f"ABWA+{fold(booking.payer.names[0])}"
        if style == "upper":
            return fold(text).upper()
        if style == "glued27":
            chunks = [text[place : place + 27] for place in range(0, len(text), 27)]
            return " ".join(fold(chunk) for chunk in chunks) if self._world.chance(0.25) else "".join(chunks)
        if style == "wrapped35":
            return "\n".join(text[place : place + 35] for place in range(0, len(text), 35))
        return text

    def _state(self, payment: Payment, *, attempted: bool) -> str:
        """Say whether all documents paid are named cleanly, in a damaged way, or not at all."""
        texts = [payment.remittance, payment.structured, payment.end_to_end]
        texts += [line.reference for line in payment.lines]
        haystack = squeeze("|".join(texts)) if len(texts) <= 3 else "|".join(squeeze(text) for text in texts)
        found = 0
        for part in payment.parts:
            item = part.invoice
            names = (squeeze(item.number), squeeze(item.reference), squeeze(item.order))
            found += any(name and name in haystack for name in names)
        if payment.parts and found == len(payment.parts):
            return "clean"
        return "damaged" if found or attempted else "none"
