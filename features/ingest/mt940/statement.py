"""One statement at a time: its lines become payments, its balances are held against them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, StatementEntry
from features.ingest.mt940.details import (
    IBAN,
    SLASH_WIDTH,
    Details,
    amount_parts,
    clean,
    rejoin,
    told,
)
from features.ingest.mt940.fields import MAX_LINES, Field
from features.ingest.mt940.legacy_lines import read_numbered
from features.ingest.mt940.plain_text import read_own_lines, read_text
from features.ingest.mt940.slash_codes import has_slash_codes, read_slash_codes
from features.ingest.mt940.statement_line import (
    Balance,
    FieldError,
    StatementLine,
    read_amount,
    read_balance,
    read_line,
    read_total,
)
from features.ingest.mt940.subfields import is_structured, read_subfields
from features.ingest.problems import Problem
from features.ingest.source import Source
from receivables.money import EXPONENTS, to_text

_OWN: Final = re.compile(r"(?:([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)/)?(.*?)\s*([A-Z]{3})?")
_FLOOR: Final = re.compile(r"\s*([A-Z]{3})")
_SUPPLEMENT: Final = re.compile(r"/(OCMT|CHGS|EXCH)/([^/\s]+)")


_RAWS: Final = 50
"""Fields of one line whose raw text is kept; a lineage holds 4,000 characters of it."""


@dataclass(slots=True)
class _Open:
    """A line whose details may still follow."""

    line: StatementLine
    position: str
    raws: list[str]
    details: list[str] = field(default_factory=list)
    numbered: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """A statement or report that is being read; give it each field, then `finish` it."""

    source: Source
    kind: str = "940"
    place: Lineage | None = None
    reference: str = ""
    account: str = ""
    currency: str = ""
    number: str = ""
    opening: Balance | None = None
    closing: Balance | None = None
    is_first_page: bool = True
    is_last_page: bool = True
    entries: int = 0
    unread: int = 0
    sums: dict[int, int] = field(default_factory=lambda: {1: 0, -1: 0})
    counts: dict[int, int] = field(default_factory=lambda: {1: 0, -1: 0})
    booked: dict[int, int] = field(default_factory=lambda: {1: 0, -1: 0})
    claims: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    is_closed: bool = False
    problems: int = 0
    _open: _Open | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no field was given yet."""
        return self.place is None

    def take(self, item: Field) -> Iterator[Entry | Problem]:
        """Take one field; gives the payment that it completes, and problems."""
        if self.place is None:
            self.place = self.source.at(f"line {item.number}", f":{item.tag}:{item.lines[0]}")
        if item.tag == "61":
            yield from self._close_line()
            yield from self._open_line(item)
        elif item.tag in ("86", "NS"):
            self._add_details(item)
        else:
            yield from self._close_line()
            yield from self._take_header(item)
        if item.dropped:
            yield self._problem(item, "text_too_long", f"{item.dropped} lines more")

    def finish(self) -> Iterator[Entry | Problem]:
        """Give the last payment, and the statement with what its totals say."""
        yield from self._close_line()
        if self.place is None:
            return
        is_claimed = (self.opening is not None and self.closing is not None) or bool(self.claims)
        for problem in (*self._check_balances(self.place), *self._check_claims(self.place)):
            self.problems += 1
            yield problem
        yield StatementEntry(
            account=self.account,
            currency=self.currency,
            source=f"mt{self.kind}",
            lineage=self.place,
            statement_id=self.reference,
            sequence=self.number,
            from_date=None if self.opening is None else self.opening.day,
            to_date=None if self.closing is None else self.closing.day,
            opening_minor=None if self.opening is None else self.opening.minor,
            closing_minor=None if self.closing is None else self.closing.minor,
            entries=self.entries,
            credit_minor=self.booked[1],
            debit_minor=self.booked[-1],
            claimed_entries=sum(count for count, _ in self.claims.values()) if self.claims else None,
            claimed_credit_minor=self.claims.get(1, (0, None))[1],
            claimed_debit_minor=self.claims.get(-1, (0, None))[1],
            is_reconciled=not self.problems if is_claimed else None,
        )

    def _take_header(self, item: Field) -> Iterator[Problem]:
        text = item.lines[0].strip()
        try:
            match item.tag:
                case "20":
                    self.reference = text
                case "25" | "25P":
                    self.account, named = own_account(text)
                    self.currency = self.currency or named
                case "28" | "28C":
                    self.number = text
                case "34F":
                    found = _FLOOR.match(text)
                    self.currency = self.currency or ("" if found is None else found.group(1))
                case "60F" | "60M":
                    self.opening = read_balance(text, self.currency)
                    self.is_first_page = item.tag == "60F"
                    self.currency = self.opening.currency
                case "62F" | "62M":
                    yield from self._take_closing(item, text)
                case "90C" | "90D":
                    count, named, total = read_total(text, self.currency)
                    self.currency = self.currency or named
                    self.claims[1 if item.tag == "90C" else -1] = (count, total)
                case _:
                    pass
        except FieldError as error:
            self.problems += 1
            yield self._problem(item, error.code, error.raw)

    def _take_closing(self, item: Field, text: str) -> Iterator[Problem]:
        self.is_closed = True
        self.is_last_page = item.tag == "62F"
        self.closing = read_balance(text, self.currency)
        if self.opening is None:
            self.currency = self.currency or self.closing.currency
        elif self.closing.currency != self.currency:
            self.problems += 1
            message = f"The statement opens in {self.currency} and closes in {self.closing.currency}."
            yield self._problem(item, "balance_differs", text, message)
            self.closing = None

    def _open_line(self, item: Field) -> Iterator[Problem]:
        self.entries += 1
        try:
            line = read_line(item.lines)
        except FieldError as error:
            self.unread += 1
            yield self._problem(item, error.code, error.raw)
            return
        self._open = _Open(line, f"line {item.number}", [":61:" + "\n".join(item.lines)])

    def _add_details(self, item: Field) -> None:
        """Keep the details of an open line; those behind a closing balance belong to the statement."""
        if self._open is None:
            return
        if len(self._open.raws) < _RAWS:
            self._open.raws.append(f":{item.tag}:" + "\n".join(item.lines))
        kept = self._open.details if item.tag == "86" else self._open.numbered
        room = max(MAX_LINES - len(kept), 0)
        kept.extend(item.lines[:room])
        item.dropped += len(item.lines[room:])

    def _close_line(self) -> Iterator[Entry | Problem]:
        waiting, self._open = self._open, None
        if waiting is None:
            return
        place = self.source.at(waiting.position, "\n".join(waiting.raws))
        line = waiting.line
        if not self.currency:
            self.unread += 1
            mend = "Give the whole statement: its currency stands in the balance before this line."
            message = "The amount has no currency."
            yield Problem.at(place, "currency", "missing_currency", line.amount, message=message, mend=mend)
            return
        try:
            minor = line.sign * read_amount(line.amount, self.currency)
        except FieldError as error:
            self.unread += 1
            yield Problem.at(place, "amount", error.code, error.raw)
            return
        status = EntryStatus.PENDING if line.is_expected else EntryStatus.BOOKED
        self.sums[line.sign] += abs(minor)
        self.counts[line.sign] += 1
        if status is EntryStatus.BOOKED:
            self.booked[line.sign] += abs(minor)
        else:
            yield Problem.at(place, "61", status.value)
        yield self._payment(waiting, place, minor, status)

    def _payment(self, waiting: _Open, place: Lineage, minor: int, status: EntryStatus) -> PaymentEntry:
        line = waiting.line
        details = self._details(waiting)
        code = f"{line.code}+{details.business_code}" if details.business_code else line.code
        entry = PaymentEntry(
            amount_minor=minor,
            currency=self.currency,
            booking_date=line.booking_date,
            value_date=line.value_date,
            source=f"mt{self.kind}",
            lineage=place,
            payer_name=details.name,
            payer_account=details.account,
            counterparty_ultimate=details.ultimate,
            remittance=details.remittance,
            structured_reference=details.structured_reference,
            end_to_end_id=details.end_to_end_id or self._owner_reference(line, details),
            mandate_id=details.mandate_id,
            transaction_code=code,
            account=self.account,
            kind="return" if details.is_return else "",
            bank_reference=told(line.bank_reference),
            status=status,
            return_reason=details.return_reason,
            is_reversal=line.is_reversal,
        )
        return self._with_amounts(entry, details, line)

    def _details(self, waiting: _Open) -> Details:
        line, lines = waiting.line, waiting.details
        while lines and not lines[0].strip():
            lines = lines[1:]
        if waiting.numbered:
            details = read_numbered(waiting.numbered)
            details.remittance = details.remittance or clean(rejoin(lines) if lines else "")
        elif not lines:
            details = Details()
        elif is_structured(lines):
            details = read_subfields(lines, self.account)
        elif has_slash_codes(lines[0]):
            details = read_slash_codes(rejoin(lines, SLASH_WIDTH))
        else:
            details = read_text(lines, line.reference, line.supplementary)
        read_own_lines(lines or waiting.numbered, line.reference, line.supplementary, details)
        return details

    def _owner_reference(self, line: StatementLine, details: Details) -> str:
        """Give the reference of `:61:` where it is one, and not the account that Dutch banks write there."""
        text = told(line.reference)
        packed, bare = details.account.replace(" ", ""), text.lstrip("0P")
        is_repeated = len(bare) >= 6 and packed.endswith(bare)
        is_account = bool(packed) and (packed in text.replace(" ", "") or is_repeated)
        return "" if is_account or not text.strip("0") else text

    def _with_amounts(self, entry: PaymentEntry, details: Details, line: StatementLine) -> PaymentEntry:
        """Add original amount and charges; they are extra, so what cannot be read is left to the raw text."""
        if not (details.original or details.charges or "/" in line.supplementary):
            return entry
        said = dict(_SUPPLEMENT.findall(line.supplementary))
        original, charges = details.original or said.get("OCMT", ""), details.charges or said.get("CHGS", "")
        currency, amount = amount_parts(original)
        if currency in EXPONENTS and currency != entry.currency:
            with suppress(FieldError):
                minor = read_amount(amount, currency)
                signed = minor if entry.amount_minor >= 0 else -minor
                entry = replace(entry, original_amount_minor=signed, original_currency=currency)
        currency, amount = amount_parts(charges)
        if currency == entry.currency:
            with suppress(FieldError):
                entry = replace(entry, charges_minor=read_amount(amount, currency))
        return entry

    def _check_balances(self, place: Lineage) -> Iterator[Problem]:
        if self.kind in ("941", "942"):
            return
        if self.opening is None or self.closing is None:
            if not self.is_closed or self.opening is None:
                which, tag = ("opening", "60F") if self.opening is None else ("closing", "62F")
                message = f"The statement has no {which} balance, so it may be cut."
                mend = "Export the file again; the lines that were read are in the book."
                yield Problem.at(place, tag, "truncated", message=message, mend=mend)
            return
        moved = self.booked[1] - self.booked[-1]
        if self.opening.minor + moved == self.closing.minor:
            return
        amounts = (self.opening.minor, moved, self.closing.minor)
        before, read, after = (to_text(one, self.currency) for one in amounts)
        message = f"Opening {before} and booked lines of {read} make no closing {after} {self.currency}."
        yield Problem.at(place, "62F", "balance_differs", f"{before} + {read} <> {after}", message=message)

    def _check_claims(self, place: Lineage) -> Iterator[Problem]:
        for sign, (count, total) in sorted(self.claims.items(), reverse=True):
            tag = "90C" if sign > 0 else "90D"
            if count != self.counts[sign]:
                message = f"The report counts {count} lines, {self.counts[sign]} were read."
                yield Problem.at(
                    place, tag, "total_differs", f"{count} <> {self.counts[sign]}", message=message
                )
            if total is not None and total != self.sums[sign]:
                said, read = to_text(total, self.currency), to_text(self.sums[sign], self.currency)
                message = f"The report says {said}, its lines make {read}."
                yield Problem.at(place, tag, "total_differs", f"{said} <> {read}", message=message)

    def _problem(self, item: Field, code: str, raw: str, message: str = "") -> Problem:
        place = self.source.at(f"line {item.number}", f":{item.tag}:" + "\n".join(item.lines))
        if message:
            mend = "Check whether lines are missing from the file; those read are in the book."
            return Problem.at(place, item.tag, code, raw, message=message, mend=mend)
        return Problem.at(place, item.tag, code, raw)


def own_account(text: str) -> tuple[str, str]:
    """Give own account and, where the field names it, its currency."""
    text = clean(text).lstrip("/")
    found = _OWN.fullmatch(text)
    assert found is not None
    account, currency = found.group(2).strip(), found.group(3) or ""
    if currency not in EXPONENTS:
        account, currency = f"{account}{found.group(3) or ''}", ""
    packed = account.replace(" ", "")
    if IBAN.fullmatch(packed):
        return packed, currency
    return (f"{found.group(1)}/{account}" if found.group(1) else account), currency
