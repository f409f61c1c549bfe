"""Any other gateway or system, by a mapping in data: which path or column of its JSON or CSV is which field.

A mapping is a small TOML or JSON file:

    name = "acme-pay"
    format = "json"              # or "csv"
    rows = "data.items"          # JSON: where the array of rows is; left out: the file itself
    units = "minor"              # amounts in minor units; left out: "major"
    mark = "."                   # decimal mark of major units; left out: the last separator, if it is clear
    dates = "epoch"              # seconds in UTC; or "iso" (default), "day" or "month" for which comes first

    [fields]                     # a path or column for each field, or "=text" for a constant
    amount = "amount"
    currency = "=EUR"
    booking_date = "created"
    bank_reference = "id"
    remittance = "metadata.order"
    fee = "fee"

    [words.status]               # what their words mean; a word that is not listed is informational
    paid = "booked"
    processing = "pending"

`amount`, `currency` and `booking_date` are needed; the other fields are those of a payment, and `fee`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from features.book_schema import PAYMENT_KINDS
from features.ingest.amount_text import minor_of
from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry
from features.ingest.gateway import Once, gross_and_fee, instant_of, moment
from features.ingest.json_document import Json, load, looks_like_json, shown, text_of
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.table_text import Table, fold, header_of
from features.ingest.written_dates import DayError, DayOrder, read_day
from receivables.errors import TieoutError
from receivables.money import BadAmountError, MoneyError, bounded, exponent

_MOST_BYTES: Final = 1 << 20
_NEEDED: Final = ("amount", "currency", "booking_date")
_TEXTS: Final = (
    "payer_name", "payer_account", "customer_id", "remittance", "structured_reference", "end_to_end_id",
    "transaction_code", "account", "related_reference", "bank_reference", "return_reason",
)  # fmt: skip
FIELDS: Final = frozenset({*_NEEDED, *_TEXTS, "value_date", "received_at", "kind", "status", "fee"})
_DATES: Final = ("iso", "day", "month", "epoch")
_STATUSES: Final = {one.value: one for one in EntryStatus}


class MappingError(TieoutError):
    """The mapping cannot be used."""

    code = "bad_mapping"
    mend = "Write the mapping as docs/guides/convert.md shows."


@dataclass(frozen=True, slots=True)
class FieldMap:
    """A checked mapping."""

    name: str
    format: str
    fields: Mapping[str, str]
    rows: str = ""
    is_minor: bool = False
    mark: str = ""
    dates: str = "iso"
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def matches(self, head: bytes) -> bool:
        """Say whether a file may be of this mapping: JSON, or a table with the mapped columns."""
        if self.format == "json":
            return looks_like_json(head)
        columns = {fold(path) for path in self.fields.values() if not path.startswith("=")}
        return columns <= set(header_of(head))

    def read(self, source: Source, limits: Limits) -> Iterator[Entry | Problem]:
        """Give the payments of a file, each with its gross amount and fee as lines where a fee is told."""
        problems: list[Problem] = []
        yield from Once().pass_on(self._entries(source, limits, problems))
        yield from problems

    def _entries(self, source: Source, limits: Limits, problems: list[Problem]) -> Iterator[Entry | Problem]:
        for place, cells in self._rows(source, limits, problems):
            try:
                yield from self._payment(cells, place)
            except MoneyError as error:
                raw = text_of(cells.get("amount"))
                yield Problem.at(place, "amount", error.code, raw, message=error.message, mend=error.mend)
            except DayError as error:
                yield Problem.at(
                    place, "booking_date", error.code if error.raw else "missing_value", error.raw
                )

    def _rows(
        self, source: Source, limits: Limits, problems: list[Problem]
    ) -> Iterator[tuple[Lineage, dict[str, Json]]]:
        """Give the mapped cells of each row."""
        if self.format == "csv":
            columns = {
                name: path if path.startswith("=") else fold(path) for name, path in self.fields.items()
            }
            for row in Table(source, limits, problems).rows():
                yield row.place, {name: _constant(path) or row[path] for name, path in columns.items()}
            return
        held = _follow(load(source, limits), self.rows)
        if not isinstance(held, list):
            raise UnusableFileError(
                f"{source.name} has no array at {self.rows or 'its top'!r}, where {self.name} looks."
            )
        for number, one in enumerate(held):
            place = source.at(f"{self.rows}[{number}]", shown(one))
            yield place, {name: _constant(path) or _follow(one, path) for name, path in self.fields.items()}

    def _payment(self, cells: Mapping[str, Json], place: Lineage) -> Iterator[Entry]:
        currency = text_of(cells["currency"]).upper()
        exponent(currency)
        booked, instant = self._when(cells["booking_date"])
        value = self._when(cells["value_date"])[0] if text_of(cells.get("value_date")) else None
        told = {name: text_of(cells.get(name)) for name in _TEXTS}
        payment = PaymentEntry(
            amount_minor=self._minor(cells["amount"], currency),
            currency=currency,
            booking_date=booked,
            value_date=value,
            received_at=self._when(cells["received_at"])[1] if text_of(cells.get("received_at")) else instant,
            source=self.name,
            lineage=place,
            kind=self._word("kind", cells.get("kind")),
            status=self._status(cells.get("status")),
            payer_name=told["payer_name"],
            payer_account=told["payer_account"],
            customer_id=told["customer_id"],
            remittance=told["remittance"],
            structured_reference=told["structured_reference"],
            end_to_end_id=told["end_to_end_id"],
            transaction_code=told["transaction_code"],
            account=told["account"],
            related_reference=told["related_reference"],
            bank_reference=told["bank_reference"],
            return_reason=told["return_reason"],
        )
        yield payment
        fee = self._minor(cells["fee"], currency) if text_of(cells.get("fee")) else 0
        if fee and payment.status is EntryStatus.BOOKED:
            yield from gross_and_fee(payment, fee, payment.structured_reference or payment.remittance)

    def _minor(self, value: Json, currency: str) -> int:
        text = text_of(value)
        if not self.is_minor:
            return minor_of(text, currency, self.mark or ("." if not isinstance(value, str) else ""))
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            raise BadAmountError(f"{text[:40]!r} is no whole number of minor units.")
        return bounded(int(text))

    def _when(self, value: Json) -> tuple[date, datetime | None]:
        if self.dates == "epoch":
            seconds = text_of(value)
            instant = instant_of(int(seconds)) if re.fullmatch(r"\d{1,12}", seconds, re.ASCII) else None
            if instant is None:
                raise DayError(seconds)
            return instant.date(), instant
        text = text_of(value)
        if (found := moment(text)) is not None:
            return found
        order = DayOrder(self.dates) if self.dates in {"day", "month"} else DayOrder.UNKNOWN
        return read_day(text, order), None

    def _word(self, name: str, value: Json) -> str:
        text = text_of(value)
        return self.words[name].get(text, "") if name in self.words else text if text in PAYMENT_KINDS else ""

    def _status(self, value: Json) -> EntryStatus:
        if "status" not in self.fields:
            return EntryStatus.BOOKED
        text = text_of(value)
        word = self.words["status"].get(text, "") if "status" in self.words else text
        return _STATUSES.get(word, EntryStatus.INFORMATIONAL)


def load_mapping(path: Path) -> FieldMap:
    """Read and check a mapping; raise `MappingError` naming what is wrong with it."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MappingError(f"{path.name} is larger than any mapping.")
        text = path.read_text("utf-8")
        told = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError:
        raise MappingError(f"{path.name} cannot be opened.") from None
    except (ValueError, RecursionError) as error:
        raise MappingError(f"{path.name} is neither TOML nor JSON: {str(error)[:200]}.") from None
    return checked(told, path.name)


def checked(told: Any, name: str) -> FieldMap:  # noqa: ANN401 - whatever a file says
    """Check what a mapping says."""
    if not isinstance(told, dict):
        raise MappingError(f"{name} is no table of keys.")
    unknown = sorted(set(told) - {"name", "format", "rows", "units", "mark", "dates", "fields", "words"})
    if unknown:
        raise MappingError(f"{name} has the key {unknown[0]!r}, which means nothing.")
    fields: Any = told.get("fields")
    words: Any = told.get("words", {})
    if not isinstance(words, dict) or not all(map(_is_texts, (fields, *words.values()))):
        raise MappingError(f"{name} needs [fields] and [words.*] as tables of texts.")
    if missing := [one for one in _NEEDED if one not in fields]:
        raise MappingError(f"{name} does not say which field is the {missing[0]}.")
    if strange := sorted(set(fields) - FIELDS):
        raise MappingError(f"{name} maps {strange[0]!r}, which is no field of a payment.")
    chosen = (
        ("format", ("json", "csv"), ""),
        ("units", ("major", "minor"), "major"),
        ("dates", _DATES, "iso"),
    )
    for key, allowed, default in (*chosen, ("mark", ("", ".", ","), "")):
        value: object = told.get(key, default)
        if value not in allowed:
            raise MappingError(
                f"{name} says {key} = {told.get(key)!r}; it is one of {', '.join(filter(None, allowed))}."
            )
    if strange := sorted(set(words.get("status", {}).values()) - set(_STATUSES)):
        raise MappingError(f"{name} calls a status {strange[0]!r}; it is one of {', '.join(_STATUSES)}.")
    if strange := sorted(set(words.get("kind", {}).values()) - set(PAYMENT_KINDS)):
        raise MappingError(f"{name} calls a kind {strange[0]!r}; it is one of {', '.join(PAYMENT_KINDS)}.")
    return FieldMap(
        name=str(told.get("name", "mapping")),
        format=told["format"],
        fields=fields,
        rows=str(told.get("rows", "")),
        is_minor=told.get("units") == "minor",
        mark=told.get("mark", ""),
        dates=told.get("dates", "iso"),
        words=words,
    )


def _is_texts(value: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _constant(path: str) -> str:
    return path[1:] if path.startswith("=") else ""


def _follow(value: Json, path: str) -> Json:
    """Follow a path of keys joined by points; a number is a place in an array."""
    for key in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
