"""Names of companies and people, and the many ways a bank line spells them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from anyascii import anyascii

from training.world.dice import Dice
from training.world.lexicon import FANTASY_HEADS, FANTASY_TAILS, WORDS, NameWords

_UMLAUTS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "å": "aa",
        "ø": "oe",
        "æ": "ae",
    }
)
_ABBREVIATIONS = {
    "Gebäudereinigung": "Geb.reinigung",
    "Immobilien": "Immob.",
    "Maschinenbau": "Masch.bau",
    "Elektrotechnik": "Elektro",
    "Hausverwaltung": "HV",
    "Ingenieurbüro": "Ing.-Büro",
    "Engineering": "Eng.",
    "Construction": "Constr.",
    "Consulting": "Cons.",
    "Systems": "Sys",
    "Solutions": "Sol.",
    "International": "Intl",
    "Holdings": "Hldgs",
    "Management": "Mgmt",
    "Services": "Svcs",
    "Associates": "Assoc.",
    "Industries": "Ind.",
    "Brothers": "Bros",
    "Bâtiment": "Bât.",
    "Transports": "Transp.",
    "Construcciones": "Constr.",
    "Costruzioni": "Costr.",
    "Immobilier": "Immo",
}


@dataclass(frozen=True, slots=True)
class Name:
    """A company's core name and legal form, or a person's given name and family."""

    core: str
    legal: str = ""
    legal_long: str = ""
    given: str = ""
    family: str = ""

    @property
    def full(self) -> str:
        """The name as the customer master spells it."""
        return f"{self.core} {self.legal}" if self.legal else self.core

    @property
    def is_person(self) -> bool:
        """True for a private person."""
        return bool(self.family)


def person(tongue: str, dice: Dice, family: str = "") -> Name:
    """A private person; with `family` a relative of somebody else."""
    words = WORDS[tongue]
    given = dice.pick(words.givens)
    family = family or dice.pick(words.families)
    return Name(core=f"{given} {family}", given=given, family=family)


def company(tongue: str, dice: Dice) -> Name:
    """A company: family, fantasy, initials or place, then mostly a trade and a legal form."""
    words = WORDS[tongue]
    short, long = dice.pick(words.legal_forms)
    return Name(core=_company_core(tongue, dice), legal=short, legal_long=long)


def _company_core(tongue: str, dice: Dice) -> str:
    words = WORDS[tongue]
    trade = dice.pick(words.trades)
    roll = dice.roll()
    if roll < 0.42:
        return _named_after_people(words, trade, dice)
    if roll < 0.55:
        return f"{dice.pick(words.places)} {trade}"
    if roll < 0.64:
        return f"{trade} {dice.pick(words.places)}"
    fantasy = dice.pick(FANTASY_HEADS) + dice.pick(FANTASY_TAILS)
    if roll < 0.76:
        return f"{fantasy} {trade}"
    if roll < 0.86:
        return f"{fantasy} {dice.pick(words.places)}"
    if roll < 0.92:
        return f"{dice.letters(dice.pick((2, 3, 3)))} {trade}"
    return fantasy


def _named_after_people(words: NameWords, trade: str, dice: Dice) -> str:
    roll = dice.roll()
    if roll < 0.64:
        return f"{dice.pick(words.families)} {trade}"
    if roll < 0.85:
        joiner = dice.pick(("&", "&", words.joiner, "+"))
        return f"{dice.pick(words.families)} {joiner} {dice.pick(words.families)}"
    return f"{dice.pick(words.givens)} {dice.pick(words.families)} {trade}"


def sibling(name: Name, tongue: str, dice: Dice) -> Name:
    """Another customer whose name is easily mistaken for this one."""
    words = WORDS[tongue]
    if name.is_person:
        if dice.chance(0.5):
            return person(tongue, dice, name.family)
        return Name(core=name.core, given=name.given, family=name.family)
    short, long = dice.pick(words.legal_forms)
    roll = dice.roll()
    if roll < 0.35:
        return Name(f"{name.core} {dice.pick(words.places)}", name.legal, name.legal_long)
    if roll < 0.6:
        head = name.core.split(" ")[0]
        return Name(f"{head} {dice.pick(words.trades)}", short, long)
    if roll < 0.8:
        return Name(f"{name.core} {dice.pick(('II', '2', 'Nord', 'International', 'Service'))}", short, long)
    return Name(name.core, short if short != name.legal else "", long)


def aliases(name: Name, tongue: str, dice: Dice) -> list[str]:
    """Other names the customer master knows: the written-out form, initials, a trading name."""
    if name.is_person:
        return [f"{name.family} {name.given}"]
    known = [f"{name.core} {name.legal_long}"]
    parts = name.core.split(" ")
    if len(parts) > 1:
        known.append("".join(part[0] for part in parts).upper())
    known.append(trading_name(tongue, dice))
    return known


def trading_name(tongue: str, dice: Dice) -> str:
    """A shop sign that has nothing in common with the company behind it."""
    words = WORDS[tongue]
    if dice.chance(0.5):
        return f"{dice.pick(FANTASY_HEADS)}{dice.pick(FANTASY_TAILS)} {dice.pick(words.places)}"
    return f"{dice.pick(words.trades)} {dice.pick(words.families)}"


@cache
def transcribe(text: str) -> str:
    """Umlauts written out (ü as ue), then plain ASCII."""
    return anyascii(text.translate(_UMLAUTS))


@cache
def fold(text: str) -> str:
    """Plain ASCII with the marks dropped (ü as u)."""
    return anyascii(text)


def as_account_holder(name: Name, dice: Dice) -> str:
    """The name a payer's bank holds on its account: stable for one account, often not the master's spelling."""
    if name.is_person:
        return _person_holder(name, dice)
    roll = dice.roll()
    core, legal = name.core, name.legal
    if roll < 0.52:
        text = f"{core} {legal}".strip()
    elif roll < 0.66:
        text = core
    elif roll < 0.76:
        text = f"{core} {name.legal_long}".strip()
    elif roll < 0.84:
        text = f"{_abbreviate(core)} {legal.replace('.', '').replace(' ', '')}".strip()
    elif roll < 0.89:
        text = f"{core} {legal}".strip().replace("&", "und" if dice.chance(0.5) else "+")
    elif roll < 0.93:
        parts = core.split(" ")
        text = " ".join(reversed(parts)) if len(parts) == 2 else core
    elif roll < 0.97:
        text = f"{core} {legal} {dice.pick(('Buchhaltung', 'Zentrale', 'AP', 'Treasury', 'Finance', 'HQ', 'c/o'))}"
    else:
        text = misspell(f"{core} {legal}".strip(), dice)
    return text


def _person_holder(name: Name, dice: Dice) -> str:
    roll = dice.roll()
    if roll < 0.5:
        return name.core
    if roll < 0.7:
        return f"{name.family}, {name.given}"
    if roll < 0.8:
        return f"{name.family} {name.given}"
    if roll < 0.9:
        return f"{name.given[0]}. {name.family}"
    return f"{dice.pick(('Herr', 'Frau', 'Mr', 'Mrs', 'Dr.', 'M.'))} {name.core}"


def _abbreviate(core: str) -> str:
    return " ".join(_ABBREVIATIONS.get(word, word) for word in core.split(" "))


def misspell(text: str, dice: Dice) -> str:
    """One letter lost, doubled or swapped with its neighbour."""
    if len(text) < 4:
        return text
    place = dice.between(1, len(text) - 3)
    roll = dice.roll()
    if roll < 0.35:
        return text[:place] + text[place + 1 :]
    if roll < 0.6:
        return text[:place] + text[place] + text[place:]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def vary(text: str, dice: Dice) -> str:
    """A one-off change of an account holder's name: cut, misspelt, or initials only."""
    roll = dice.roll()
    if roll < 0.4:
        return text[: dice.between(10, 20)].rstrip()
    if roll < 0.75:
        return misspell(text, dice)
    parts = text.split(" ")
    return (
        " ".join(parts[:1] + [part[:1] + "." for part in parts[1:2]] + parts[2:]) if len(parts) > 1 else text
    )
