"""How payers write, and what their and our banks make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Final

from training.worlds.third_types import EXPONENT, Account, Item, Unit
from training.worlds.third_words import DECOYS, MONTHS, TEXTS

_WIDE: Final = str.maketrans(
    {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "Å": "A", "Ø": "O", "Æ": "AE", "É": "E", "È": "E", "Ê": "E", "Ó": "O", "Í": "I", "Á": "A", "Ñ": "N", "Ž": "Z",
     "Č": "C", "Š": "S", "Ý": "Y", "Ł": "L", "Ń": "N", "Ż": "Z", "Ş": "S", "À": "A", "Ô": "O", "Ç": "C", "°": "O", "№": "NO", "·": "."}
)  # fmt: skip
_NARROW: Final = re.compile(r"[^A-Z0-9 /?:().,'+-]")
_DIGITS: Final = re.compile(r"\{d(\d+)\}")
_COMPACT: Final = re.compile(r"[\W_]+")
_SCAN: Final = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B"})


def compact(text: str) -> str:
    """Drop everything but letters and digits."""
    return _COMPACT.sub("", text).upper()


def money(amount: int, currency: str, shape: int) -> str:
    """Write an amount as a payer would: 1.234,50 or 1,234.50 or 1234.5."""
    places = EXPONENT.get(currency, 2)
    text = f"{abs(amount) / 10**places:,.{places}f}"
    match shape % 4:
        case 0:
            return text.translate(str.maketrans(",.", ".,"))
        case 1:
            return text
        case 2:
            return text.replace(",", "").replace(".", ",")
        case _:
            return text.replace(",", "")


def day_text(day: int, shape: int) -> str:
    """Write a date in one of the usual ways."""
    return date.fromordinal(day).strftime(
        ("%d.%m.%Y", "%d/%m/%y", "%Y-%m-%d", "%d%m%y", "%d.%m.%y", "%d %b %Y")[shape % 6]
    )


def month_text(day: int, language: str, rng: Random) -> str:
    """Name a month."""
    when = date.fromordinal(day)
    if rng.random() < 0.5:
        return f"{MONTHS.get(language, MONTHS['en']).split()[when.month - 1]} {when.year}"
    return rng.choice((f"{when:%m/%Y}", f"{when:%m.%y}", f"{when:%Y%m}"))


def fill_digits(text: str, rng: Random) -> str:
    """Replace {d7} by seven digits."""
    return _DIGITS.sub(lambda found: str(rng.randrange(10 ** (int(found[1]) - 1), 10 ** int(found[1]))), text)


# ---------------------------------------------------------------- damage to one number


def _swap(text: str, rng: Random) -> str:
    at = [i for i in range(len(text) - 1) if text[i : i + 2].isdigit() and text[i] != text[i + 1]]
    if not at:
        return text[:-1]
    i = rng.choice(at[-5:])
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _drop(text: str, rng: Random) -> str:
    i = rng.randrange(len(text))
    return text[:i] + text[i + 1 :]


def _double(text: str, rng: Random) -> str:
    i = rng.randrange(len(text))
    return text[:i] + text[i] + text[i:]


def _other_digit(text: str, rng: Random) -> str:
    at = [i for i, c in enumerate(text) if c.isdigit()] or [0]
    i = rng.choice(at)
    return text[:i] + str(rng.randrange(10)) + text[i + 1 :]


def _tail(text: str, rng: Random) -> str:
    digits = re.sub(r"\D", "", text)
    return digits[-rng.choice((3, 4, 5)) :]


def _no_prefix(text: str, _rng: Random) -> str:
    return re.split(r"[-/.]", text)[-1].lstrip("0") if re.search(r"[-/.]", text) else text[2:]


def _letters(text: str, _rng: Random) -> str:
    return text.translate(_SCAN)


def _cut(text: str, rng: Random) -> str:
    return text[: max(3, len(text) - rng.choice((1, 2, 3)))]


_DAMAGES: Final[tuple[tuple[Callable[[str, Random], str], float], ...]] = (
    (_swap, 3), (_drop, 2), (_double, 1), (_other_digit, 2), (_tail, 3), (_no_prefix, 3), (_letters, 0.6), (_cut, 2),
)  # fmt: skip


def damage(text: str, rng: Random) -> str:
    """Write a number wrong in one of the ways people do."""
    (how,) = rng.choices([one for one, _ in _DAMAGES], [weight for _, weight in _DAMAGES])
    return how(text, rng)


# ---------------------------------------------------------------- the payer's words


def join(numbers: list[str], unit: Unit, amounts: list[str]) -> str:
    """List several numbers as this payer does."""
    habit = unit.style["join"] % 10
    first = numbers[0]
    if habit == 0 and all(len(n) == len(first) and n[:3] == first[:3] for n in numbers) and len(first) > 5:
        return ",".join([first, *(n[-4:] for n in numbers[1:])])
    if habit == 1:
        return "; ".join(f"{n} {a}" for n, a in zip(numbers, amounts, strict=False))
    return (" ", ", ", "/", "+", " u. ", ";", ", ", " ")[habit - 2].join(numbers)


def words(payer: Unit, sort: str, **given: str) -> str:
    """Fill this payer's own template of a sort, seldom another one."""
    table = TEXTS[payer.language]
    choice = table[sort]
    pick = payer.style.get(sort, 0) if payer.rng.random() < 0.8 else payer.rng.randrange(1000)
    text = choice[pick % len(choice)]
    blank = dict.fromkeys(("no", "nos", "date", "cust", "amt", "po", "month", "unit", "cn"), "")
    return text.format(**(blank | given)).strip()


def decoy(unit: Unit, text: str, day: int, amount: str) -> str:
    """Put something beside the text that only looks like a reference."""
    rng = unit.rng
    extra = fill_digits(rng.choice(DECOYS), rng).format(
        date=day_text(day - rng.randrange(40), rng.randrange(6)), amt=amount
    )
    return f"{extra} {text}" if rng.random() < 0.5 else f"{text} {extra}"


def payer_name(name: str, unit: Unit, rng: Random) -> str:
    """Write a payer's name as it arrives on a statement."""
    parts = name.split()
    habit = unit.style["name"] % 11 if rng.random() < 0.85 else rng.randrange(11)
    match habit:
        case 0 | 1 | 2:
            return name
        case 3 | 4:
            return name.upper()
        case 5:
            return name.upper().translate(_WIDE)[:27]
        case 6:
            return " ".join(parts[:-1]) if len(parts) > 2 else name
        case 7:
            return (
                f"{parts[-1]}, {' '.join(parts[:-1])}"
                if len(parts) == 2
                else f"{parts[0]} {parts[1][:4]}."
                if len(parts) > 2
                else name
            )
        case 8:
            return (
                damage(name, rng)
                if len(name) > 8 and rng.random() < 0.5
                else name.replace("&", "und").replace(" ", "")[:35]
            )
        case 9:
            return (
                ""
                if rng.random() < 0.5
                else f"{rng.choice(('Fa.', 'c/o', 'Buchhaltung', 'Messrs'))} {name}"[:35]
            )
        case _:
            return name.lower()


# ---------------------------------------------------------------- the banks


def _chunked(text: str, width: int, glue: str) -> str:
    return glue.join(text[at : at + width] for at in range(0, len(text), width))


def ascii_upper(text: str) -> str:
    """Write in the letters that old bank formats know."""
    return _NARROW.sub("", text.upper().translate(_WIDE))


def _mt940(text: str, payer: str, end: str, rng: Random) -> str:
    body = _chunked(ascii_upper(text)[:140], 27, " " if len(payer) % 2 else "")
    return (
        f"EREF+{end or 'NOTPROVIDED'} SVWZ+{body}"
        if rng.random() < 0.6
        else f"?20{body}"
        if rng.random() < 0.15
        else body
    )


def _umsatz(text: str, payer: str, _end: str, rng: Random) -> str:
    text = text.replace(",", " ").replace(";", " ").replace("-", " " if len(payer) % 3 == 0 else "-")
    return (f"{payer} {text}" if rng.random() < 0.3 else text)[:105]


def _fps(text: str, _payer: str, _end: str, _rng: Random) -> str:
    return ascii_upper(text).strip()[:18]


def _ach(text: str, payer: str, _end: str, rng: Random) -> str:
    body = re.sub(r"[^A-Z0-9 ]", " " if len(payer) % 2 else "", text.upper().translate(_WIDE))[:80]
    return f"ORIG CO NAME:{payer.upper()[:16]} DESCR:PAYMENT ADDENDA:{body}" if rng.random() < 0.6 else body


def _lockbox(text: str, _payer: str, _end: str, rng: Random) -> str:
    text = text.upper()[:60]
    at = rng.randrange(len(text)) if text and rng.random() < 0.15 else -1
    seen = text if at < 0 else text[:at] + text[at].translate(_SCAN) + text[at + 1 :]
    return f"CHK {rng.randrange(1000, 99999)} {seen}"


def _french(text: str, payer: str, end: str, _rng: Random) -> str:
    return f"VIR SEPA RECU /DE {ascii_upper(payer)[:30]} /MOTIF {ascii_upper(text)[:70]} /REF {end or 'NOTPROVIDED'}"


def _swift(text: str, payer: str, _end: str, rng: Random) -> str:
    body = ascii_upper(text)[:130]
    return ("/RFB/" if rng.random() < 0.4 else "") + _chunked(body, 35, "\n" if len(payer) % 2 else "//")


def _zengin(text: str, payer: str, _end: str, rng: Random) -> str:
    return f"{ascii_upper(payer)[:20]} {ascii_upper(text)[:20]}".strip() if rng.random() < 0.75 else ""


def _plain(text: str, _payer: str, _end: str, _rng: Random) -> str:
    return text[:140]


_BANKS: Final[dict[str, Callable[[str, str, str, Random], str]]] = {
    "mt940": _mt940, "umsatz": _umsatz, "fps": _fps, "ach": _ach, "lockbox": _lockbox, "french": _french, "swift": _swift, "zengin": _zengin,
}  # fmt: skip


def print_line(account: Account, text: str, payer: str, end: str, rng: Random) -> str:
    """Return the remittance text of a statement of this account's bank."""
    return _BANKS.get(account.style, _plain)(text, payer, end, rng)


def judge(items: list[Item], said: str) -> str:
    """Say whether a text names all of the items in full, only some or part of them, or none."""
    text = compact(said)
    named = [
        compact(i.number) in text
        or (i.reference != "" and not i.issuer.per_customer and compact(i.reference) in text)
        for i in items
    ]
    if all(named):
        return "clean"
    begun = any(compact(item.number)[:6] in text for item in items if len(item.number) > 7)
    return "damaged" if any(named) or begun else ""
