"""Statement lines beside the trade: own transfers, wages, taxes, strangers, and lines that banks deliver twice."""

from __future__ import annotations

from copy import copy

from training.worlds import third_bank as bank
from training.worlds.third_kinds import COPY_SHARE, IDLE_SHARE
from training.worlds.third_life import Life
from training.worlds.third_script import company, minor, person
from training.worlds.third_types import DAY_SECONDS, Cash, Item
from training.worlds.third_voice import World, arrive, working_day
from training.worlds.third_words import FORMS, IDLE


def add_idle(world: World, count: int, items: list[Item], lives: list[Life], filed: list[Cash]) -> list[Cash]:
    """Add lines that pay nothing, in proportion to the papers; `filed` is the trade's cash."""
    rng = world.rng
    made: list[Cash] = []
    for sort, share in IDLE_SHARE.items():
        for place in range(max(8 if sort == "idle" else 2, round(share * count))):
            day = working_day(rng.randrange(world.start + 5, world.end - 3))
            match sort:
                case "idle":
                    made.append(_idle(world, day, place))
                case "transfer":
                    made += _transfer(world, day)
                case "unknown":
                    made.append(_stranger(world, day, None))
                case "coincidence":
                    made.append(_stranger(world, day, rng.choice(items)))
                case "deposit":
                    rng.choice(lives).deposit(day)
    fit = [one for one in filed if one.amount > 0 and one.related is None and not one.lines]
    return made + [
        _twice(world, one) for one in rng.sample(fit, min(len(fit), max(2, round(COPY_SHARE * count))))
    ]


def _say(text: str, day: int, world: World) -> str:
    return bank.fill_digits(text, world.rng).format(
        month=bank.month_text(day, "en", world.rng), date=bank.day_text(day, 0)
    )


def _line(world: World, cash: Cash, text: str, payer: str) -> Cash:
    cash.payer, cash.resolution = payer, cash.resolution or "nothing"
    cash.text = bank.print_line(cash.account, text, payer, "", world.rng)
    arrive(cash, world.rng)
    return cash


def _idle(world: World, day: int, place: int) -> Cash:
    rng = world.rng
    case, sign, low, high, who, texts = IDLE[place % len(IDLE)] if rng.random() < 0.8 else rng.choice(IDLE)
    account = rng.choice(rng.choice(world.issuers).accounts[:2])
    amount = minor(low * (high / low) ** rng.random(), account.currency) * sign
    name = person(rng) if who == "person" else rng.choice(who.split("|"))
    cash = Cash(day, account.currency, amount, account, case)
    cash.code = {"bank_fee": "CHRG", "interest": "INTR", "salary": "SALA", "tax": "TAXS"}.get(case, "")
    cash.kind = "other" if rng.random() < 0.15 else ""
    return _line(world, cash, _say(rng.choice(texts), day, world), name)


def _transfer(world: World, day: int) -> list[Cash]:
    """Move cash between two accounts of the group: one line out, one in."""
    rng = world.rng
    issuer = rng.choice(
        [one for one in world.issuers if one.accounts[0].currency == one.accounts[1].currency]
    )
    source, target = issuer.accounts[0], issuer.accounts[1]
    amount = minor(rng.choice((5000, 10_000, 25_000, 1234.56, 80_000)), source.currency)
    text = rng.choice(("Umbuchung", "Cash pooling", "OWN TRANSFER", "Übertrag eigenes Konto", "sweep {d6}"))
    lines = []
    for account, other, signed in ((source, target, -amount), (target, source, amount)):
        cash = Cash(day, account.currency, signed, account, "own_transfer")
        cash.payer_account, cash.kind = other.number, "transfer" if rng.random() < 0.15 else ""
        lines.append(_line(world, cash, _say(text, day, world), issuer.name))
    return lines


def _stranger(world: World, day: int, item: Item | None) -> Cash:
    """Receive cash from somebody unknown; with an item, by chance of just its amount."""
    rng = world.rng
    account = rng.choice(world.issuers).accounts[0]
    if item is not None:
        account = next(
            (one for one in item.issuer.accounts if one.currency == item.currency), item.issuer.accounts[0]
        )
        day = working_day(min(world.end - 3, max(world.start, item.due - rng.randrange(12))))
    amount = (
        item.amount
        if item is not None and account.currency == item.currency
        else minor(rng.lognormvariate(5, 1.2), account.currency)
    )
    cash = Cash(
        day,
        account.currency,
        amount,
        account,
        "unknown_coincidence" if item is not None else "unknown_payer",
        resolution="unidentified",
    )
    name = company(rng, rng.choice(list(FORMS))) if rng.random() < 0.5 else person(rng)
    text = rng.choice(
        (
            "",
            "Zahlung",
            "Order {d6}",
            "Ref {d7}",
            "{d8}",
            "as agreed",
            "Danke!",
            "Rechnung {d5}",
            "invoice {d4}",
        )
    )
    return _line(world, cash, _say(text, day, world), name)


def _twice(world: World, first: Cash) -> Cash:
    """Deliver one statement line a second time, the same to the letter."""
    if first.end_to_end in {"", "NOTPROVIDED"}:
        first.end_to_end = f"X{world.rng.randrange(10**11):011d}"
    again = copy(first)
    again.case, again.resolution, again.rows, again.related, again.hold = (
        "duplicate_line",
        "nothing",
        [],
        first,
        "",
    )
    again.known += world.rng.choice((0, 1)) * DAY_SECONDS
    return again
