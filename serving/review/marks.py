"""Which stretches of two texts agree and which nearly do: what a reviewer's eye looks for, marked for it.

Characters that do not show, or that only look like Latin letters, are named, so that nobody is led by them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

__all__ = ["Mark", "marks", "shown"]

WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
LEAST: Final = 3
DIGITS: Final = re.compile(r"\d{3,}")
MOST_TEXT: Final = 2_000
_HIDDEN: Final = frozenset({"Cf", "Cc", "Co", "Cn", "Cs"})
_KEPT: Final = frozenset("\n\t")


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a text: `same` stands in the other text too, `near` differs by one slip."""

    start: int
    end: int
    kind: str


def marks(text: str, others: Iterable[str]) -> list[Mark]:
    """Mark the words of a text that stand, or nearly stand, in the other texts."""
    known = {_plain(word) for other in others for word in _words(other)}
    known |= {digits for other in others for digits in _runs(other)}
    found = []
    for match in WORD.finditer(text[:MOST_TEXT]):
        word = _plain(match.group())
        if len(word) < LEAST:
            continue
        if word in known or word.lstrip("0") in known:
            found.append(Mark(match.start(), match.end(), "same"))
            continue
        runs = [run for run in DIGITS.finditer(match.group()) if run.group().lstrip("0") in known]
        if runs:  # the digits of a number, without the letters around them
            found += [Mark(match.start() + run.start(), match.start() + run.end(), "same") for run in runs]
        elif len(word) > LEAST and any(_is_near(word, other) for other in known):
            found.append(Mark(match.start(), match.end(), "near"))
    return found


def _is_near(word: str, other: str) -> bool:
    if abs(len(word) - len(other)) > 1 or len(other) <= LEAST:
        return False
    return DamerauLevenshtein.distance(word, other, score_cutoff=1) == 1


def _words(text: str) -> Sequence[str]:
    return WORD.findall(text[:MOST_TEXT])


def _runs(text: str) -> set[str]:
    """Digits of a number without what stands between them, and without leading zeros."""
    runs = re.findall(r"\d+", text[:MOST_TEXT])
    return {run.lstrip("0") for run in runs if len(run.lstrip("0")) >= LEAST}


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def shown(text: str) -> tuple[str, list[str]]:
    """Return a text with the names of hidden characters in their place, and what to know of it."""
    out, notes = [], []
    for letter in text:
        if letter not in _KEPT and unicodedata.category(letter) in _HIDDEN:
            name = unicodedata.name(letter, f"U+{ord(letter):04X}")
            out.append(f"⟨{name.lower()}⟩")
            notes.append(f"hidden character: {name.lower()}")
        else:
            out.append(letter)
    for word in _words(text):
        scripts = {script for letter in word if (script := _script(letter))}
        if len(scripts) > 1:
            notes.append(f"mixed scripts in one word: {', '.join(sorted(scripts))}")
    return "".join(out), sorted(set(notes))


def _script(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    return unicodedata.name(letter, "UNKNOWN").split(" ")[0].lower()
