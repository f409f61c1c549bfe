"""What a payment says: the words, the structured reference, the payer, and when it became known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from training.worlds import third_bank as bank
from training.worlds.third_script import PER_EURO, clock
from training.worlds.third_types import DAY_SECONDS, EXPONENT, Account, Cash, Issuer, Item, Line, Unit

Rates = dict[int, dict[str, float]]
NAMED_AT_MOST: Final = 14


@dataclass(slots=True)
class World:
    """What every unit shares."""

    rng: Random
    issuers: list[Issuer]
    start: int
    end: int
    hardness: float = 1.0
    rates: Rates = field(default_factory=dict)

    def rate(self, day: int, base: str, quote: str) -> float:
        """Return what one unit of base is in quote on a day."""
        table = self.rates[day]
        return table[quote] / table[base]


def make_rates(rng: Random, start: int, end: int) -> Rates:
    """Walk the rates of each currency to the euro over all working days."""
    table: Rates = {}
    now = dict(PER_EURO)
    for day in range(start - 40, end + 1):
        if date.fromordinal(day).weekday() < 5:
            for code in now:
                if code not in {"EUR", "DKK"}:
                    now[code] *= 1 + rng.gauss(0, 0.004)
            table[day] = {code: float(f"{rate:.6g}") for code, rate in now.items()}
    return table


def working_day(day: int) -> int:
    """Move a weekend to Monday."""
    return (
        day + max(0, 7 - date.fromordinal(day).weekday()) % 7 if date.fromordinal(day).weekday() > 4 else day
    )


def choose_account(unit: Unit, currency: str) -> Account | None:
    """Return the account that takes this currency: nearly always the same one."""
    fitting = [one for one in unit.issuer.accounts if one.currency == currency]
    return fitting[0 if len(fitting) == 1 or unit.rng.random() < 0.9 else 1] if fitting else None


def arrive(cash: Cash, rng: Random) -> None:
    """Fill in when the statement line became known: next morning, at once, or with a late statement."""
    when = date.fromordinal(cash.day)
    if cash.source == "gateway":
        cash.received = cash.known = clock(cash.day, rng, 0, 24)
    elif when.year * 12 + when.month - 1 in cash.account.late_months:
        cash.known = (cash.day - when.day + 32 + 18) * DAY_SECONDS
    else:
        cash.known = (cash.day + 1) * DAY_SECONDS + 5 * 3600
    cash.value_day = cash.day - (rng.random() < 0.1) * rng.choice((1, 2, -1))


def speak(world: World, unit: Unit, cash: Cash, items: list[Item], hint: str = "") -> None:
    """Write the payment's words: about these items, more or less well; `hint` forces po, rent, none or less."""
    rng = unit.rng
    clean, damaged, _ = unit.ref
    wish = (
        rng.choices(("clean", "damaged", "none"), unit.ref)[0]
        if clean + damaged < 1 or world.hardness == 1
        else "clean"
    )
    if world.hardness > 1:
        wish = rng.choices(
            ("clean", "damaged", "none"), (clean * 0.72, damaged * 1.9, 1 - clean * 0.72 - damaged * 1.9)
        )[0]
    if hint in {"po", "none", "rent"}:
        wish = "none"
    positive = [item for item in items if item.type != "credit_memo"]
    memos = [item for item in items if item.type == "credit_memo"]
    text = _content(unit, cash, positive or items, wish, hint)
    if memos and positive and wish != "none" and rng.random() < 0.75:
        text += " " + bank.words(unit, "cn", cn=" ".join(memo.number for memo in memos[:3]))
    if hint == "less" and rng.random() < 0.7:
        text += " " + bank.words(unit, "less")
    amount = bank.money(cash.amount, cash.currency, unit.style["amount"])
    if rng.random() < 0.16 * world.hardness:
        text = bank.decoy(unit, text, cash.day, amount)
    if rng.random() < 0.02:
        text = f"{text} {unit.issuer.name}"
    cash.end_to_end = _end_to_end(unit, positive)
    cash.payer = bank.payer_name(cash.payer or unit.payer.name, unit, rng)
    cash.text = bank.print_line(cash.account, text.strip(), cash.payer, cash.end_to_end, rng)
    if cash.account.style == "nordic" and cash.structured and rng.random() < 0.85:
        cash.text = ""
    said = " ".join((cash.text, cash.structured, cash.end_to_end, *(line.reference for line in cash.lines)))
    if not said.strip():
        wish, cash.mark = "none", ""
    found = bank.judge(positive or items, said)
    cash.quality = found or ("damaged" if wish == "damaged" else "none")


def _content(unit: Unit, cash: Cash, items: list[Item], wish: str, hint: str) -> str:
    rng, first = unit.rng, items[0]
    amount = bank.money(cash.amount, cash.currency, unit.style["amount"])
    given = {
        "date": bank.day_text(first.day, unit.style["amount"]),
        "cust": first.customer.number,
        "amt": amount,
        "unit": str(first.customer.serial),
    }
    given["month"] = bank.month_text(
        first.day - (rng.random() < 0.3) * rng.choice((31, 60, 365)), unit.language, rng
    )
    if wish == "none" or len(items) > NAMED_AT_MOST:
        return _silent(unit, cash, first, given, hint)
    if first.reference and len(items) == 1 and rng.random() < 0.75:
        return _structured(unit, cash, first, wish)
    numbers = [(item.replaces or item).number if rng.random() < 0.5 else item.number for item in items]
    if wish == "damaged":
        numbers = _damaged(unit, cash, items, numbers)
    if cash.account.style == "fps" and rng.random() < 0.7:
        return " ".join(numbers)
    if len(numbers) == 1:
        return bank.words(unit, "one", no=numbers[0], **given)
    listed = bank.join(
        numbers, unit, [bank.money(item.open, item.currency, unit.style["amount"]) for item in items]
    )
    return bank.words(unit, "many", nos=listed, **given)


def _silent(unit: Unit, cash: Cash, item: Item, given: dict[str, str], hint: str) -> str:
    """Say nothing that names an item; sometimes the words of a payment long ago."""
    rng = unit.rng
    if hint == "po" or (item.po and rng.random() < 0.15):
        orders = (
            [one.po for one in unit.items if one.po and one.day < item.day] if rng.random() < 0.12 else []
        )
        cash.mark = "old_order" if orders else "order_only"
        return bank.words(unit, "po", **given, po=orders[-1] if orders else item.po)
    if hint == "rent" or unit.kind.pays == "standing":
        cash.mark = "standing_order"
        return bank.words(unit, "rent", **given)
    if rng.random() < 0.12:
        return unit.customers[0].name
    return "" if rng.random() < 0.25 else bank.words(unit, "none", **given)


def _structured(unit: Unit, cash: Cash, item: Item, wish: str) -> str:
    rng, reference = unit.rng, item.reference
    if wish == "damaged":
        older = [
            one.reference for one in unit.items if one.day < item.day and one.reference and one.open == 0
        ]
        is_stale = bool(older) and rng.random() < 0.35
        reference, cash.mark = (
            (older[-1], "stale_reference") if is_stale else (bank.damage(reference, rng), "")
        )
    elif not item.issuer.scheme.startswith(("rf", "qr", "ogm")) or rng.random() < 0.6:
        cash.structured = reference
        return "" if rng.random() < 0.7 else bank.words(unit, "none", cust=item.customer.number)
    if item.issuer.scheme == "ogm" and wish == "clean":
        return f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"
    if rng.random() < 0.5:
        cash.structured = reference if rng.random() < 0.5 else ""
        return " ".join(reference[at : at + 5] for at in range(0, len(reference), 5))
    return bank.words(unit, "one", no=reference, cust=item.customer.number)


def _damaged(unit: Unit, cash: Cash, items: list[Item], numbers: list[str]) -> list[str]:
    """Spoil the references: typos, stale ones, somebody else's, or some left out."""
    rng = unit.rng
    how = rng.random()
    if len(numbers) > 2 and how < 0.4:
        return numbers[: rng.randrange(1, len(numbers))]
    if how < 0.17:
        stale = [one.number for one in unit.items if one.day < items[0].day and one.open == 0]
        if stale:
            cash.mark = "stale_reference"
            return stale[-len(numbers) :]
    if how < 0.24:
        near = [
            one.number
            for one in rng.sample(items[0].issuer.by_day, min(6, len(items[0].issuer.by_day)))
            if one.day < cash.day and one.customer is not items[0].customer
        ]
        cash.mark = "wrong_customer_reference" if near else ""
        return near[: len(numbers)] or numbers
    spoilt = rng.randrange(len(numbers))
    return [bank.damage(n, rng) if at == spoilt or rng.random() < 0.3 else n for at, n in enumerate(numbers)]


def _end_to_end(unit: Unit, items: list[Item]) -> str:
    rng = unit.rng
    match unit.style["end"] % 5:
        case 0:
            return ""
        case 1:
            return "NOTPROVIDED"
        case 2:
            return f"{unit.payer.short}{rng.randrange(10**9):09d}"
        case 3:
            return (
                items[0].number[:35] if items and rng.random() < 0.15 else f"E2E{rng.randrange(10**12):012d}"
            )
        case _:
            return f"{rng.randrange(10**15):015X}"


def advise(unit: Unit, cash: Cash, parts: list[tuple[Item, int, int, str]]) -> None:
    """Attach remittance lines: item, gross (signed), deduction and its reason; some leave out the prefix."""
    for item, gross, deduction, reason in parts:
        reference = item.number
        if unit.rng.random() < 0.04:
            reference = bank.damage(reference, unit.rng)
        kind = "refund" if gross < 0 else "sale"
        who = item.customer.number if unit.rng.random() < 0.4 else ""
        cash.lines.append(Line(reference, gross, deduction, reason, kind, who))


def whole(currency: str) -> int:
    """Return how many minor units one major unit has."""
    return int(10 ** EXPONENT.get(currency, 2))
