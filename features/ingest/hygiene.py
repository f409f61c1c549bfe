"""Characters that do not show: dropped where texts are compared, made visible where people read them.

The writer of the book passes every name, reference and remittance through `for_matching` once; the lineage
keeps what the file said, and whoever shows it to a person uses `for_people`. Readers need not call either.

Measured: NFKC folds full-width letters only; directional marks, zero-width characters, soft hyphens and
letters of look-alike scripts survive it, so they are named here one by one.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from itertools import pairwise
from typing import Final


class Oddity(StrEnum):
    """What is odd about a text."""

    DIRECTION = "direction"
    """A mark that turns the direction of writing, so that what shows is not what is there."""
    HIDDEN = "hidden"
    """A character that does not show at all."""
    CONTROL = "control"
    """A control character other than a tab or line break, or a code point that is no character."""
    MIXED_SCRIPTS = "mixed_scripts"
    """One word of look-alike scripts, such as a Cyrillic letter in a Latin name."""


_DIRECTION: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_LINE: Final = "\t\n\r\x85\u2028\u2029"

_UNSHOWN: Final = re.compile(f"[{_DIRECTION}{_HIDDEN}]")
_TO_BLANK: Final = re.compile(f"[{_CONTROL}{_LINE}]")
_BLANKS: Final = re.compile(r"\s{2,}")
_MARKED: Final = re.compile(f"[{_DIRECTION}{_HIDDEN}{_CONTROL}]")
_ODD: Final = {
    Oddity.DIRECTION: re.compile(f"[{_DIRECTION}]"),
    Oddity.HIDDEN: re.compile(f"[{_HIDDEN}]"),
    Oddity.CONTROL: re.compile(f"[{_CONTROL}]"),
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_LOOK_ALIKE: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Scripts whose letters are drawn alike; a Japanese word of three scripts is no oddity."""


def for_matching(text: str) -> str:
    """Give the text without what does not show; control characters and line breaks become one blank.

    Letters and their case stay as they are: folding scripts and accents is the matching's own step.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    shown = _UNSHOWN.sub("", text)
    return _BLANKS.sub(" ", _TO_BLANK.sub(" ", shown)).strip()


def for_people(text: str) -> str:
    """Give the text with everything that does not show written out, such as `⟦U+202E⟧`."""
    if text.isascii() and text.isprintable():
        return text
    return _MARKED.sub(lambda found: f"⟦U+{ord(found.group()):04X}⟧", text)


def oddities(text: str) -> frozenset[Oddity]:
    """Say what is odd about the text, so that a person can be warned beside it."""
    if text.isascii() and text.isprintable():
        return frozenset()
    found = {oddity for oddity, pattern in _ODD.items() if pattern.search(text)}
    if any(_is_mixed(word) for word in _WORD.findall(_UNSHOWN.sub("", text))):
        found.add(Oddity.MIXED_SCRIPTS)
    return frozenset(found)


def _is_mixed(word: str) -> bool:
    """Say whether a word is written in more than one of the scripts that look alike."""
    if word.isascii():
        return False
    scripts = [unicodedata.name(letter, "").partition(" ")[0] for letter in word]
    known = [script for script in scripts if script in _LOOK_ALIKE]
    return any(one != other for one, other in pairwise(known))
