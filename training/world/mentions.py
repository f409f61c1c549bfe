"""What the payer writes: which items the money is for, in the payer's language and habits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from training.world.damage import damaged, last_digits, spell
from training.world.dice import Dice, Wheel
from training.world.phrases import PHRASES

if TYPE_CHECKING:
    from training.world.mix import Mix
    from training.world.phrases import Phrases
    from training.world.records import Customer, Item


@dataclass(frozen=True, slots=True)
class Mention:
    """The payer's words, the structured reference, and what state the references are in."""

    text: str
    structured: str = ""
    state: str = "none"


class Writer:
    """Composes remittance texts; one per book."""

    def __init__(self, mix: Mix, dice: Dice) -> None:
        self._mix, self._dice = mix, dice
        self._styles = Wheel(mix.styles)

    def write(
        self, customer: Customer, items: list[Item], day: int, *, note: str = "", stale: Item | None = None
    ) -> Mention:
        """The text for a payment of these items; `note` is added words, `stale` an older item to name instead."""
        dice, mix = self._dice, self._mix
        tongue = customer.country.tongue if dice.chance(0.93) else "en"
        words = PHRASES[tongue]
        style = customer.style if dice.chance(mix.habit_strength) else self._styles.spin(dice)
        if stale is not None:
            return Mention(self._named(customer, [stale], words), state="stale")
        if len(items) == 1 and items[0].reference and customer.structured and dice.chance(0.9):
            return self._structured(items[0])
        match style:
            case "number":
                return self._numbers(customer, items, words, note)
            case "order":
                return self._orders(customer, items, words, note)
            case "customer":
                return Mention(
                    _with_note(dice.pick(words.customer).format(customer.number), note), state="customer"
                )
            case "month":
                return Mention(_with_note(self._month(items, words), note), state="month")
            case "chatter":
                return Mention(_with_note(self._chatter(customer, day, words), note), state="chatter")
            case _:
                return Mention(note)

    def advice(self, customer: Customer, day: int) -> Mention:
        """The text of a payment whose items stand in a remittance advice."""
        dice = self._dice
        stamp = date.fromordinal(day).strftime("%Y%m%d")
        text = dice.pick(
            ("siehe Avis {}", "see remittance advice {}", "AVIS {}", "Zahlungsavis {}", "REMIT {}")
        )
        return Mention(text.format(f"{customer.phrase % 90 + 10}{stamp}"), state="advice")

    def freely(self, customer: Customer, kind: str, day: int, reference: str = "") -> Mention:
        """A note of the given kind (`prepaid`, `partial` ...), with an order or customer number or nothing."""
        words = PHRASES[customer.country.tongue]
        text = self._dice.pick(getattr(words, kind))
        if reference:
            return Mention(f"{text} {self._dice.pick(words.order).format(reference)}", state="order")
        if self._dice.chance(0.5):
            return Mention(
                f"{text} {self._dice.pick(words.customer).format(customer.number)}", state="customer"
            )
        return Mention(f"{text} {self._chatter(customer, day, words)}", state="chatter")

    def _structured(self, item: Item) -> Mention:
        dice = self._dice
        reference = item.reference
        if dice.chance(0.02):
            reference = damaged(reference, dice)
        if dice.chance(0.8):
            return Mention("", structured=reference, state="structured")
        if reference.startswith("RF") and dice.chance(0.5):
            reference = " ".join(reference[place : place + 4] for place in range(0, len(reference), 4))
        return Mention(reference, state="structured")

    def _numbers(self, customer: Customer, items: list[Item], words: Phrases, note: str) -> Mention:
        dice = self._dice
        hurt = dice.chance(min(0.9, self._mix.damage * customer.careless))
        text = self._named(customer, items, words, hurt=hurt)
        roll = dice.roll()
        if roll < 0.07:
            text = f"{text} {self._dated(items[0].issued, words)}"
        elif roll < 0.14:
            text = f"{text} {dice.pick(words.customer).format(customer.number)}"
        elif roll < 0.19:
            text = f"{dice.pick(words.chatter)} {text}"
        elif roll < 0.22:
            text = f"{customer.name.core} {text}"
        elif roll < 0.25:
            text = f"{text} {self._noise(items[0].issued)}"
        elif roll < 0.29 and items[0].order:
            text = f"{text} {dice.pick(words.order).format(items[0].order)}"
        return Mention(_with_note(text, note), state="damaged" if hurt else "clean")

    def _orders(self, customer: Customer, items: list[Item], words: Phrases, note: str) -> Mention:
        orders = [item.order for item in items if item.order]
        if not orders:
            return self._numbers(customer, items, words, note)
        text = self._dice.pick(words.order).format(", ".join(orders[:4]))
        return Mention(_with_note(text, note), state="order")

    def _named(self, customer: Customer, items: list[Item], words: Phrases, *, hurt: bool = False) -> str:
        dice = self._dice
        phrases = words.invoice if len(items) == 1 else words.invoices
        phrase = phrases[customer.phrase % len(phrases)] if dice.chance(0.8) else dice.pick(phrases)
        spelled = [spell(item.number, customer.phrase % 100, dice) for item in items]
        if hurt:
            place = dice.below(len(spelled))
            spelled[place] = damaged(spelled[place], dice)
            if len(spelled) > 2 and dice.chance(0.15):
                spelled.pop(dice.below(len(spelled)))
        return phrase.format(self._listed(customer, spelled))

    def _listed(self, customer: Customer, spelled: list[str]) -> str:
        dice = self._dice
        if len(spelled) == 1:
            return spelled[0]
        habit = (customer.phrase // 7) % 20
        if habit < 4 and (span := _range(spelled)):
            return span
        if habit < 8:
            spelled = _abbreviated(spelled, 3 if habit < 6 else 2)
        joiner = (", ", ", ", " ", "/", " + ", "; ", ",", " u. ")[(customer.phrase // 3) % 8]
        if dice.chance(0.03):
            return f"{spelled[0]} {dice.pick(('u.a.', 'etc.', '+ more', 'ff.', 'e altri'))}"
        return joiner.join(spelled)

    def _month(self, items: list[Item], words: Phrases) -> str:
        dice = self._dice
        named = sorted(
            {(date.fromordinal(item.issued).year, date.fromordinal(item.issued).month) for item in items}
        )
        form = dice.below(3)
        parts = []
        for year, month in named[:3]:
            name = words.months[month - 1]
            parts.append((name, f"{name} {year}", f"{month:02d}/{year}")[form])
        head = dice.pick((*words.chatter, words.invoice[0].replace("{}", "").strip()))
        return f"{head} {' + '.join(parts)}"

    def _chatter(self, customer: Customer, day: int, words: Phrases) -> str:
        """Standing orders carry one text for ever; others write anything."""
        dice = self._dice
        if customer.monthly and customer.phrase % 3:
            return f"{words.chatter[customer.phrase % len(words.chatter)]} {customer.phrase * 7919 % 900_000 + 100_000}"
        text = dice.pick(words.chatter)
        roll = dice.roll()
        if roll < 0.25:
            return f"{text} {self._noise(day)}"
        return f"{text} {customer.name.core}" if roll < 0.4 else text

    def _noise(self, day: int) -> str:
        """Dates, telephone and contract numbers that are no reference at all."""
        dice = self._dice
        match dice.below(5):
            case 0:
                return date.fromordinal(day - dice.below(20)).strftime(
                    dice.pick(("%d.%m.%Y", "%d/%m/%y", "%Y-%m-%d"))
                )
            case 1:
                return f"Tel. 0{dice.digits(3)}/{dice.digits(6)}"
            case 2:
                return f"V-{dice.digits(7)}"
            case 3:
                return f"{dice.between(1, 900)},{dice.digits(2)} EUR"
            case _:
                return dice.digits(dice.between(5, 9))

    def _dated(self, day: int, words: Phrases) -> str:
        stamp = date.fromordinal(day).strftime(
            self._dice.pick(("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%d-%m-%Y"))
        )
        return self._dice.pick(words.dated).format(stamp)


def _with_note(text: str, note: str) -> str:
    return f"{text} {note}" if note and text else text or note


def _shared_head(texts: list[str]) -> int:
    """How many first characters all the texts share."""
    first, last = min(texts), max(texts)
    for place, char in enumerate(first):
        if char != last[place]:
            return place
    return len(first)


def _range(spelled: list[str]) -> str:
    """`4217-4220` when the numbers run without a gap, else nothing."""
    if len(spelled) < 3:
        return ""
    shared = _shared_head(spelled)
    spans = [last_digits(number) for number in spelled]
    cores = [number[start:end] for number, (start, end) in zip(spelled, spans, strict=True)]
    if (
        not all(cores)
        or len({(number[:start], number[end:]) for number, (start, end) in zip(spelled, spans, strict=True)})
        > 1
    ):
        return ""
    values = sorted(int(core) for core in cores)
    if values[-1] - values[0] != len(values) - 1 or len(set(values)) != len(values):
        return ""
    first, last = min(spelled), max(spelled)
    return f"{first}-{last[shared:] if len(last) - shared >= 2 else last}"


def _abbreviated(spelled: list[str], least: int) -> list[str]:
    """The first number in full, of the others only the end that differs: `INV-004217, 4218, 19`."""
    shared = _shared_head(spelled)
    if shared < 2:
        return spelled
    return [spelled[0]] + [number[min(shared, max(0, len(number) - least)) :] for number in spelled[1:]]
