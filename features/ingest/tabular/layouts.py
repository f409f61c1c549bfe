"""Layouts of bank exports and the words that banks use for their columns: data, read from two files."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from receivables.errors import TieoutError
from receivables.money import ACTIVE


class Role(StrEnum):
    """What a column holds."""

    BOOKING_DATE = "booking_date"
    VALUE_DATE = "value_date"
    AMOUNT = "amount"
    PART_AMOUNT = "part_amount"
    """One of several signed columns of which a row fills one."""
    OUTFLOW = "outflow"
    """Money out as a positive number."""
    DEBIT = "debit"
    CREDIT = "credit"
    INDICATOR = "indicator"
    CURRENCY = "currency"
    BALANCE = "balance"
    PAYER_NAME = "payer_name"
    DEBTOR_NAME = "debtor_name"
    CREDITOR_NAME = "creditor_name"
    PAYER_ACCOUNT = "payer_account"
    ACCOUNT = "account"
    IBAN = "iban"
    """Of the own account if every row has the same, else of the counterparty."""
    REMITTANCE = "remittance"
    STRUCTURED_REFERENCE = "structured_reference"
    END_TO_END_ID = "end_to_end_id"
    MANDATE_ID = "mandate_id"
    BANK_REFERENCE = "bank_reference"
    TRANSACTION_CODE = "transaction_code"
    STATUS = "status"
    CHARGES = "charges"
    ORIGINAL_AMOUNT = "original_amount"
    ORIGINAL_CURRENCY = "original_currency"
    EXCHANGE_RATE = "exchange_rate"
    NOTHING = "-"


class UnknownLayoutError(TieoutError):
    """There is no layout of this name."""

    code = "unknown_layout"
    mend = "See features/ingest/tabular/layouts.toml for the names, or leave the layout out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one bank lays out its export."""

    name: str
    title: str = ""
    delimiter: str = ""
    header_rows: int = 1
    footer_rows: int = 0
    encoding: str = ""
    date: str = ""
    """Such as `DD.MM.YYYY`."""
    date_order: str = ""
    """`day`, `month` or `year`: which part of a date comes first."""
    decimal: str = ""
    currency: str = ""
    account: str = ""
    columns: tuple[Role, ...] = ()
    """From left to right; empty: by their headings."""

    @property
    def order(self) -> str:
        """Which part of a date comes first, where the layout says so."""
        if self.date_order or not self.date:
            return self.date_order
        return {"Y": "year", "M": "month"}.get(self.date[0], "day")


class BadLayoutError(TieoutError):
    """The layout in a file cannot be used."""

    code = "bad_layout"
    mend = "Write it as docs/reference/formats.md shows."


_WORD: Final = re.compile(r"[^\w]+")
_CURRENCY_END: Final = re.compile(r"^(?P<word>.+?) (?:in )?(?P<currency>[a-z]{3})$")


@cache
def layouts() -> dict[str, Layout]:
    """Read all layouts, by name."""
    return {name: _layout(name, table) for name, table in tomllib.loads(_data("layouts.toml")).items()}


@cache
def column_words() -> dict[str, dict[Role, int]]:
    """Give the meanings of each heading, and how early among the words of that meaning it stands."""
    words: dict[str, dict[Role, int]] = {}
    for name, text in tomllib.loads(_data("words.toml")).items():
        listed = [plain(word) for line in text.splitlines() for word in line.split("|") if word.strip()]
        for place, word in enumerate(listed):
            words.setdefault(word, {}).setdefault(Role(name), place)
    return words


def find_layout(name: str) -> Layout:
    """Find a layout by name; raise `UnknownLayoutError` with the likeliest names."""
    found = layouts().get(name.strip().lower())
    if found is not None:
        return found
    near = difflib.get_close_matches(name.lower(), list(layouts()), n=5, cutoff=0.4)
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    raise UnknownLayoutError(f"There is no layout {name}.{hint}")


def layout_of(text: str, name: str) -> Layout:
    """Read a layout from the text of a file of the user; raise `BadLayoutError` when it is none."""
    try:
        return _layout(name, tomllib.loads(text))
    except (ValueError, TypeError) as error:
        raise BadLayoutError(f"{name} is no layout: {str(error)[:200]}.") from None


def _layout(name: str, table: dict[str, Any]) -> Layout:
    columns = table.get("columns", ())
    if not isinstance(columns, list | tuple):
        raise ValueError("columns is no list")  # noqa: TRY004 - one error for whatever is wrong
    given = {key: value for key, value in table.items() if key != "columns"}
    strange = sorted(set(given) - {one.name for one in fields(Layout)} | {"name"} & set(given))
    if strange:
        raise ValueError(f"{strange[0]} means nothing")
    for key, value in given.items():
        if not isinstance(value, int if key.endswith("_rows") else str):
            raise ValueError(f"{key} is of the wrong kind")  # noqa: TRY004 - as above
    return Layout(name=name, columns=tuple(Role(one) for one in columns), **given)


def plain(heading: str) -> str:
    """Write a heading in small letters without accents and punctuation."""
    text = unicodedata.normalize("NFKD", heading.strip("\ufeff \t").casefold())
    bare = "".join(letter for letter in text if not unicodedata.combining(letter))
    bare = bare.replace("ø", "o").replace("æ", "ae").replace("ł", "l").replace("đ", "d").replace("ı", "i")
    return _WORD.sub(" ", bare.replace("_", " ")).strip()


def meanings(heading: str) -> tuple[dict[Role, int], str]:
    """Give what a heading may mean, and the currency it names."""
    words = column_words()
    whole = plain(heading)
    if not whole or len(whole) > 80:
        return {}, ""
    found = _CURRENCY_END.match(whole)
    if found is not None and found["word"] in words and found["currency"].upper() in ACTIVE:
        return words[found["word"]], found["currency"].upper()
    if whole in words:
        return words[whole], whole.upper() if whole.upper() in ACTIVE else ""
    outside = plain(re.sub(r"[(\[].*?[)\]]", " ", heading))
    inside = re.search(r"[(\[]\s*([A-Za-z]{3})\s*[)\]]", heading)
    if outside in words:
        return words[outside], inside.group(1).upper() if inside else ""
    return {}, ""


def _data(name: str) -> str:
    return (files("features.ingest.tabular") / name).read_text(encoding="utf-8")
