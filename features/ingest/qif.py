"""QIF: bank, cash and credit card accounts of Quicken and many others, splits included.

QIF names no currency, so the caller does; without one, each payment is a problem and none is guessed. The
order of day and month, and the decimal mark, are found from the whole file first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from features.ingest.amount_text import minor_of
from features.ingest.entry import Entry, Lineage, PaymentEntry, RemittanceEntry, StatementEntry
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem
from features.ingest.qif_values import Customs, customs_of, read_date
from features.ingest.source import Source
from features.ingest.tabular.hints import NO_HINTS, Hints
from features.ingest.text_lines import TextLines, head_lines
from receivables.money import MoneyError, to_text

_HEADER: Final = re.compile(r"!\s*(?:Type\s*:|Account\b|Option\s*:|Clear\s*:)", re.IGNORECASE)
_TYPE: Final = re.compile(r"!\s*Type\s*:\s*(\w+)", re.IGNORECASE)
_READ: Final = frozenset({"BANK", "CASH", "CCARD", "OTH"})
_REFUSED: Final = frozenset({"INVST", "INVOICE", "PRICES", "BUDGET", "BILL", "TAX"})
_MAX_VALUES: Final = 2_000
_MAX_CHARS: Final = 1 << 20
_OPENING: Final = "OPENING BALANCE"


@dataclass(slots=True)
class _Record:
    """The lines of one record, up to its `^`."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    splits: list[dict[str, str]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    size: int = 0
    chars: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether the record is larger than any real one, so that its rest is left out."""
        return self.size > _MAX_VALUES or self.chars > _MAX_CHARS

    def add(self, line: str) -> None:
        """Take one line; the first of a kind counts, splits repeat."""
        self.size += 1
        self.chars += len(line)
        if self.is_cut:
            return
        self.raw.append(line)
        tag, text = line[:1], line[1:].strip()
        if tag == "S":
            self.splits.append({"S": text})
        elif tag in ("E", "$", "%") and self.splits:
            self.splits[-1].setdefault(tag, text)
        else:
            self.values.setdefault(tag, text)


@dataclass(slots=True)
class _Account:
    """The account whose records are read."""

    position: str
    name: str = ""
    entries: int = 0
    credit: int = 0
    debit: int = 0
    opening: int | None = None


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector takes both
    """Say whether a file starts as QIF does."""
    lines = head_lines(head, 3)
    return any(_HEADER.match(line.strip()) for line in lines)


def read(source: Source, limits: Limits, hints: Hints = NO_HINTS) -> Iterator[Entry | Problem]:
    """Read payments and their splits; `hints` name the currency, and the account where the file does not."""
    customs = customs_of(line for _, line in TextLines(source, limits))
    return _Reading(source, limits, hints.currency, customs, hints.account).entries()


@dataclass(slots=True)
class _Reading:
    """What is open while a file is read."""

    source: Source
    limits: Limits
    currency: str
    customs: Customs
    own_account: str
    kind: str = ""
    is_account_list: bool = False
    account: _Account | None = None
    account_name: str = ""
    found: int = 0

    def entries(self) -> Iterator[Entry | Problem]:
        """Read the file."""
        lines = TextLines(self.source, self.limits)
        for one in self._records(lines):
            self.found += 1
            if self.found > self.limits.entries:
                raise LimitError(f"{self.source.name} has more than {self.limits.entries} entries.")
            yield one
        yield from lines.problems()
        if self.found == 0:
            message = "The file holds no transactions of a bank, cash or card account."
            mend = "Export the account with its transactions."
            yield Problem.at(self.source.at("line 1"), "", "no_statement", message=message, mend=mend)

    def _records(self, lines: TextLines) -> Iterator[Entry | Problem]:
        record: _Record | None = None
        for number, line in lines:
            text = line.strip("\x00\x1a \t")
            if text.startswith("!"):
                yield from self._take(record)
                record = None
                yield from self._header(text, number)
            elif text.startswith("^"):
                yield from self._take(record)
                record = None
            elif text:
                record = record or _Record(number)
                record.add(text)
        if record is not None and self.kind in _READ:
            place = self.source.at(f"line {record.number}", "\n".join(record.raw))
            message = "The last record has no end mark, so the file may be cut."
            mend = "Export the file again; what was read is in the book."
            yield Problem.at(place, "^", "truncated", message=message, mend=mend)
        yield from self._take(record)
        yield from self._close()

    def _header(self, text: str, number: int) -> Iterator[Entry | Problem]:
        if (found := _TYPE.match(text)) is not None:
            yield from self._close()
            self.kind, self.is_account_list = found.group(1).upper(), False
            if self.kind in _READ:
                self.account = _Account(f"line {number}", self.account_name or self.own_account)
        elif text.upper().startswith("!ACCOUNT"):
            yield from self._close()
            self.kind, self.is_account_list = "", True

    def _take(self, record: _Record | None) -> Iterator[Entry | Problem]:
        if record is None:
            return
        if self.is_account_list:
            self.account_name = record.values.get("N", "")
            return
        place = self.source.at(f"line {record.number}", "\n".join(record.raw))
        if self.kind in _REFUSED:
            message = f"This is a record of type {self.kind.title()}, which is known and not read."
            yield Problem.at(
                place, "", "unsupported_part", message=message, mend="Add it by hand, if it is a payment."
            )
        elif self.account is not None:
            yield from self._transaction(record, self.account, place)

    def _transaction(self, record: _Record, account: _Account, place: Lineage) -> Iterator[Entry | Problem]:
        account.entries += 1
        if record.is_cut:
            yield Problem.at(place, "", "text_too_long", f"{record.size} lines")
        values = record.values
        written = values.get("T") or values.get("U", "")
        if not self.currency:
            mend = "Convert this file with --currency: QIF names none."
            message = "The amount has no currency."
            yield Problem.at(place, "T", "missing_currency", written, message=message, mend=mend)
            return
        try:
            minor = minor_of(written, self.currency, self.customs.mark)
        except MoneyError as error:
            yield Problem.at(place, "T", "missing_value" if not written else error.code, written)
            return
        try:
            day = read_date(values.get("D", ""), self.customs.order)
        except ValueError:
            yield Problem.at(place, "D", "bad_date", values.get("D", ""))
            return
        if day is None:
            yield Problem.at(place, "D", "ambiguous_date", values.get("D", ""))
            return
        if values.get("P", "").upper() == _OPENING and account.entries == 1:
            account.opening = minor
            account.name = account.name or values.get("L", "").strip("[]")
            return
        account.credit += max(minor, 0)
        account.debit += max(-minor, 0)
        number = values.get("N", "")
        yield PaymentEntry(
            amount_minor=minor,
            currency=self.currency,
            booking_date=day,
            source="qif",
            lineage=place,
            payer_name=values.get("P", ""),
            remittance=values.get("M", ""),
            end_to_end_id=number if any(letter.isdigit() for letter in number) else "",
            transaction_code="" if any(letter.isdigit() for letter in number) else number,
            account=account.name,
        )
        yield from self._splits(record, minor, place)

    def _splits(self, record: _Record, minor: int, place: Lineage) -> Iterator[Entry | Problem]:
        total, is_known = 0, bool(record.splits)
        for number, split in enumerate(record.splits, 1):
            at = self.source.at(
                f"{place.position} split {number}", "\n".join(f"{k}{v}" for k, v in split.items())
            )
            amount = None
            if "$" in split:
                try:
                    amount = minor_of(split["$"], self.currency, self.customs.mark)
                    total += amount
                except MoneyError as error:
                    yield Problem.at(at, "$", error.code, split["$"])
            is_known = is_known and amount is not None
            yield RemittanceEntry(
                lineage=at,
                currency=self.currency,
                payment_position=place.position,
                reference=split.get("E", ""),
                amount_minor=amount,
                reason=split["S"],
            )
        if is_known and total != minor:
            said, read = to_text(minor, self.currency), to_text(total, self.currency)
            message = f"The transaction is {said}, its splits make {read}."
            mend = "Check the splits; the transaction was read as a whole."
            yield Problem.at(place, "$", "details_differ", f"{said} <> {read}", message=message, mend=mend)

    def _close(self) -> Iterator[Entry]:
        account, self.account = self.account, None
        if account is None or account.entries == 0:
            return
        yield StatementEntry(
            account=account.name,
            currency=self.currency,
            source="qif",
            lineage=self.source.at(account.position),
            opening_minor=account.opening,
            entries=account.entries,
            credit_minor=account.credit,
            debit_minor=account.debit,
        )
