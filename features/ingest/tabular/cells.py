"""Dates and amounts in the cells of bank exports, in the manners of many countries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from features.ingest.tabular.layouts import plain
from features.number_text import Style, Unread, evidence, read_number
from receivables.money import MoneyError, exponent, to_minor

_NUMERIC: Final = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[./\- ])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})\.?(?P<rest>[ T,].*)?", re.ASCII
)
_PACKED: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_PACKED_BACKWARDS: Final = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)
_DAY_MONTH: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[ .\-/]*([^\W\d_]{3,12})\.?[ .,\-/]*(\d{4}|\d{2})(?:[ T,].*)?"
)
_MONTH_DAY: Final = re.compile(r"([^\W\d_]{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:[ T,].*)?")
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar januari janvier enero ene gennaio gen janeiro januar tammikuu led sty",
            "feb february februar februari fevrier fev febrero febbraio fevereiro helmikuu uno lut",
            "mar march marz mrz maart mrt mars marzo marco maaliskuu bre mars",
            "apr april avril avr abril abr aprile huhtikuu dub kwi",
            "may mai mei maggio mag mayo maio toukokuu kve maj",
            "jun june juni juin junio giugno giu junho kesakuu cvn cze",
            "jul july juli juillet juil julio luglio lug julho heinakuu cvc lip",
            "aug august augustus aout agosto ago elokuu srp sie",
            "sep sept september septembre septiembre settembre set setembro syyskuu zar wrz",
            "oct october oktober okt octobre octubre ottobre ott outubro out lokakuu rij paz",
            "nov november novembre noviembre novembro marraskuu lis",
            "dec december dezember dez decembre diciembre dic dicembre dezembro joulukuu pro gru",
        ),
        1,
    )
    for word in words.split()
}
_ACCENTS: Final = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüçñøåž", "aaaaaeeeeiiiiooooouuuucnoaz")
_SYMBOLS: Final = {
    "£": "GBP",
    "€": "EUR",
    "¥": "",
    "$": "",
    "₹": "INR",
    "₺": "TRY",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
}
_OUT: Final = re.compile(
    r"debit|debet|deebet|debetas|debets|dr|db|dbit|d|s|soll|af|out|outflow|withdrawal|paid out|money out"
    r"|kiadas|terheles|uitgaven|cargo|addebito|-|ud|ut|expense|sent"
)
_IN: Final = re.compile(
    r"credit|kredit|kreedit|kreditas|kredits|cr|crdt|c|k|h|haben|bij|in|inflow|deposit|paid in|money in"
    r"|bevetel|jovairas|abono|accredito|\+|ind|inn|income|received"
)
_SIGN_WORDS: Final = re.compile(r"\s*\b(?P<word>CR|DR|C|D)\.?$", re.IGNORECASE)
_CODE: Final = re.compile(r"^(?P<before>[A-Z]{3})?\s*(?P<number>.*?)\s*(?P<after>[A-Z]{3})?$")
_LETTERS: Final = re.compile(r"kr\.?|Kr\.?|Fr\.?|R\$|US\$|A\$|C\$|S\$|RM|Rp|,-$|,--$")


@dataclass(frozen=True, slots=True)
class Cell:
    """An amount as written: its number without sign and symbol."""

    number: str
    sign: int
    """-1 or 1 where a sign is written, else 0."""
    currency: str


@dataclass(slots=True)
class DateEvidence:
    """What the dates of a file show about the order of day and month."""

    day_first: bool = False
    month_first: bool = False
    numeric: bool = False
    """Whether any date can be read both ways."""

    def add(self, text: str) -> None:
        """Look at one date."""
        found = _NUMERIC.fullmatch(text.strip())
        if found is None or len(found["a"]) == 4:
            return
        first, second = int(found["a"]), int(found["b"])
        self.day_first |= first > 12 or found["mark"] == "."
        self.month_first |= second > 12
        self.numeric = True

    @property
    def order(self) -> str:
        """Which part comes first, if the dates agree on it."""
        if self.day_first != self.month_first:
            return "day" if self.day_first else "month"
        return ""


class UnclearDateError(Exception):
    """A date may be day before month or month before day."""


def is_date(text: str, *, is_typed: bool = False) -> bool:
    """Say whether a cell looks like a date, in whatever order."""
    for order in ("day", "month"):
        try:
            if read_date(text, order, is_typed=is_typed) is not None:
                return True
        except UnclearDateError:
            return True
    return False


def read_date(text: str, order: str, *, is_typed: bool = False) -> date | None:
    """Read a date; None when it is none. `order` says which part comes first where only that is in doubt."""
    text = text.strip().strip("'\"")
    if len(text) > 60 or not text:
        return None
    try:
        if is_typed and _SERIAL.fullmatch(text) is not None and 20_000 < float(text) < 80_000:
            return date(1899, 12, 30) + timedelta(days=int(float(text)))
        day = _read_date(text, order)
    except ValueError:
        return None
    return None if day is None or day.year < 1900 else day


def _read_date(text: str, order: str) -> date | None:
    found: re.Match[str] | None
    if (found := _NUMERIC.fullmatch(text)) is not None:
        return _numeric(found, order)
    if (found := _PACKED.fullmatch(text)) is not None and 1900 <= int(found[1]) <= 2200:
        return date(int(found[1]), int(found[2]), int(found[3]))
    if (found := _PACKED_BACKWARDS.fullmatch(text)) is not None and order == "day":
        return date(int(found[3]), int(found[2]), int(found[1]))
    if (found := _DAY_MONTH.fullmatch(text)) is not None:
        month = _month(found[2])
        return date(_year(found[3]), month, int(found[1])) if month else None
    if (found := _MONTH_DAY.fullmatch(text)) is not None:
        month = _month(found[1])
        return date(int(found[3]), month, int(found[2])) if month else None
    return None


def read_instant(text: str) -> datetime | None:
    """Read an instant that names its zone."""
    if "T" not in text and " " not in text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant.astimezone(UTC)


def cut_amount(text: str) -> Cell:
    """Take sign, symbol and currency off an amount."""
    text = text.strip().strip("'\"").replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
    currency, sign = "", 0
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1], -1
    if (word := _SIGN_WORDS.search(text)) is not None:
        text, sign = text[: word.start()], -1 if word["word"].upper().startswith("D") else 1
    for symbol, code in _SYMBOLS.items():
        if symbol in text:
            text, currency = text.replace(symbol, ""), code
    text = _LETTERS.sub("", text).strip()
    for mark, value in (("-", -1), ("+", 1)):
        if text.startswith(mark) or text.endswith(mark):
            text, sign = text.strip(mark + " "), value if sign == 0 else sign * value
            break
    named = _CODE.match(text)
    if named is not None and (found := named["before"] or named["after"]):
        text, currency = named["number"], found
        for mark, value in (("-", -1), ("+", 1)):
            if text.startswith(mark):
                text, sign = text.strip(mark + " "), value if sign == 0 else sign * value
    return Cell(text.strip(), sign, currency)


def is_amount(text: str) -> bool:
    """Say whether a cell looks like an amount."""
    number = cut_amount(text).number
    if not number or not any(letter.isdigit() for letter in number) or len(number) > 40:
        return False
    return read_number(number, Style(point_seen=True)) is not Unread.BAD


def direction_of(word: str) -> int:
    """Say 1 for a word or letter that means money in, -1 for one that means money out, else 0."""
    bare = plain(word) or word.strip()
    return -1 if _OUT.fullmatch(bare) else 1 if _IN.fullmatch(bare) else 0


def style_of(text: str) -> Style:
    """Say what an amount shows about the separators of its file."""
    return evidence(cut_amount(text).number)


def to_minor_units(cell: Cell, currency: str, style: Style) -> int | str:
    """Give minor units without sign, or the code of what is wrong."""
    try:
        number = read_number(cell.number, style, exponent(currency))
        if number is Unread.BAD:
            return "bad_amount"
        if number is Unread.AMBIGUOUS:
            return "ambiguous_amount"
        return abs(to_minor(number, currency))
    except MoneyError as error:
        return error.code


def _numeric(found: re.Match[str], order: str) -> date | None:
    a, b, c = found["a"], found["b"], found["c"]
    if len(a) == 4:
        return date(int(a), int(b), int(c))
    if len(a) > 2 or len(c) not in (2, 4):
        return None
    if order == "year":
        return date(_year(a), int(b), int(c))
    first, second = int(a), int(b)
    if not order:
        if found["mark"] == "." or first > 12:
            order = "day"
        elif second > 12:
            order = "month"
        elif first != second:
            raise UnclearDateError
    day, month = (second, first) if order == "month" else (first, second)
    return date(_year(c), month, day)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else 2000 + year if year < 70 else 1900 + year


def _month(word: str) -> int:
    plain = word.casefold().translate(_ACCENTS)
    return _MONTHS.get(plain, 0) or _MONTHS.get(plain[:3], 0)
