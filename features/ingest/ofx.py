"""OFX 1 (SGML), OFX 2 (XML) and QFX: bank and card statements, and the cash lines of brokerage accounts.

Structure is taken from the tags that matter, so a missing closing tag, a broken header or an unknown tag
costs nothing. Securities are refused by name, line by line: they are no payments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from features.ingest.entry import Entry, EntryStatus, PaymentEntry, StatementEntry
from features.ingest.limits import Limits
from features.ingest.ofx_tags import Tag, tags
from features.ingest.ofx_values import ValueProblemError, amount_of, day_of, instant_of
from features.ingest.problems import LimitError, Problem
from features.ingest.source import Source
from receivables.money import EXPONENTS

_MARK: Final = re.compile(rb"<\s*OFX[\s>]|^\s*OFXHEADER\s*:|<\?OFX\s", re.IGNORECASE)
_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_RESPONSES: Final = frozenset({"STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "SONRS"})
_ROWS: Final = frozenset({"STMTTRN", "STMTTRNP"})
_NESTED: Final = frozenset(
    "PAYEE CURRENCY ORIGCURRENCY BANKACCTTO CCACCTTO BANKACCTFROM CCACCTFROM INVACCTFROM LEDGERBAL AVAILBAL "
    "STATUS BAL BALLIST INVBAL INV401K INV401KBAL CLOSING INVPOSLIST SECLIST IMAGEDATA".split()
)
_WITHIN: Final = {
    "CURRENCY": frozenset({"CURRATE", "CURSYM"}),
    "ORIGCURRENCY": frozenset({"CURRATE", "CURSYM"}),
    "BANKACCTTO": frozenset({"BANKID", "BRANCHID", "ACCTID", "ACCTTYPE", "ACCTKEY"}),
    "CCACCTTO": frozenset({"ACCTID", "ACCTKEY"}),
    "PAYEE": frozenset("NAME ADDR1 ADDR2 ADDR3 CITY STATE POSTALCODE COUNTRY PHONE".split()),
}
"""What belongs inside; anything else shows that a closing tag is missing."""
_LISTS: Final = frozenset({"BANKTRANLIST", "BANKTRANLISTP", "INVTRANLIST", "INVBANKTRAN"})
_SECURITIES: Final = frozenset(
    "BUYDEBT BUYMF BUYOPT BUYOTHER BUYSTOCK CLOSUREOPT INCOME INVEXPENSE JRNLFUND JRNLSEC MARGININTEREST "
    "REINVEST RETOFCAP SELLDEBT SELLMF SELLOPT SELLOTHER SELLSTOCK SPLIT TRANSFER".split()
)
_STRUCTURE: Final = _STATEMENTS | _ROWS | _SECURITIES | _LISTS | _NESTED | _RESPONSES | {"OFX"}
"""Tags that open or close something; all others carry a value."""
_UNSEEN: Final = frozenset({"", "NONE", "0", "00", "000", "0000"})
_COUNTER: Final = re.compile(r"\d{1,6}")
_MAX_VALUES: Final = 200
_MAX_SEEN: Final = 1_000_000
"""FITIDs remembered of a statement, to know repeated ones."""
_MAX_TEXT: Final = 4_000


@dataclass(slots=True)
class _Row:
    """A transaction that is being read: its values by tag, nested ones as `PAYEE.NAME`."""

    position: str
    is_pending: bool
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Statement:
    """A statement that is being read."""

    position: str
    values: dict[str, str] = field(default_factory=dict)
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Day and amount by FITID."""
    entries: int = 0
    credit: int = 0
    debit: int = 0

    @property
    def currency(self) -> str:
        """The default currency of the statement."""
        return self.values.get("CURDEF", "").upper()

    @property
    def account(self) -> str:
        """Own account, as the file writes it."""
        own = self.values.get("BANKACCTFROM.ACCTID") or self.values.get("CCACCTFROM.ACCTID")
        return (own or self.values.get("INVACCTFROM.ACCTID", "")).strip()


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector takes both
    """Say whether a file is OFX, whatever its header."""
    return _MARK.search(head.replace(b"\0", b"")) is not None


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Read payments and statements; what cannot be used is a problem."""
    return _Reading(source, limits).entries()


@dataclass(slots=True)
class _Reading:
    """What is open while a file is read."""

    source: Source
    limits: Limits
    statement: _Statement | None = None
    row: _Row | None = None
    nested: str = ""
    security: Tag | None = None
    security_values: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    has_statement: bool = False
    has_error: bool = False
    found: int = 0

    def entries(self) -> Iterator[Entry | Problem]:
        """Read the file."""
        last = 1
        for tag in tags(self.source, self.limits):
            last = tag.number
            if tag.name not in _STRUCTURE:
                if not tag.is_end:
                    self._value(tag)
                continue
            for one in self._take(tag):
                self.found += 1
                if self.found > self.limits.entries:
                    raise LimitError(f"{self.source.name} has more than {self.limits.entries} entries.")
                yield one
        is_cut = self.statement is not None
        yield from self._close_row()
        yield from self._close_security()
        yield from self._close_statement()
        if is_cut:
            message = "The file ends within a statement, so it may be cut."
            mend = "Export the file again; what came before is in the book."
            yield Problem.at(self.source.at(f"line {last}"), "", "truncated", message=message, mend=mend)
        if not self.has_statement and not self.has_error:
            message = "The file holds no statement, only the sign-on of the bank."
            mend = "Export a statement with transactions."
            yield Problem.at(self.source.at("line 1"), "", "no_statement", message=message, mend=mend)

    def _take(self, tag: Tag) -> Iterator[Entry | Problem]:
        name = tag.name
        if tag.is_end:
            yield from self._end(tag)
            return
        if name in _STATEMENTS:
            yield from self._close_row()
            yield from self._close_statement()
            self.statement, self.nested = _Statement(self._position(tag)), ""
            self.has_statement = True
        elif name in _ROWS:
            yield from self._close_row()
            yield from self._close_security()
            self.row, self.nested = _Row(self._position(tag), name == "STMTTRNP"), ""
        elif name in _SECURITIES and self.statement is not None and not tag.text:
            yield from self._close_row()
            yield from self._close_security()
            self.security, self.security_values = tag, {"position": self._position(tag)}
        elif name in _LISTS:
            yield from self._close_row()
            yield from self._close_security()
        elif name in _NESTED or name in _RESPONSES:
            if name in ("LEDGERBAL", "AVAILBAL", "BALLIST"):
                yield from self._close_row()
            self.nested = name
            if name == "STATUS":
                self.status = {}
        else:
            self._value(tag)

    def _position(self, tag: Tag) -> str:
        """Name a place; many files are one long line, so the line alone is not enough."""
        self.counts[tag.name] = self.counts.get(tag.name, 0) + 1
        return f"line {tag.number} {tag.name}[{self.counts[tag.name]}]"

    def _value(self, tag: Tag) -> None:
        """Keep a value where it belongs; the first of a kind counts."""
        text = tag.text[:_MAX_TEXT]
        if self.nested == "STATUS":
            self.status.setdefault(tag.name, text)
            return
        if tag.name not in _WITHIN.get(self.nested, (tag.name,)):
            self.nested = ""
        key = f"{self.nested}.{tag.name}" if self.nested else tag.name
        target = self.security_values if self.security is not None and self.row is None else None
        if target is None and self.row is not None:
            target = self.row.values
        elif target is None and self.statement is not None:
            target = self.statement.values
        if target is not None and len(target) < _MAX_VALUES and text:
            target.setdefault(key, text)

    def _end(self, tag: Tag) -> Iterator[Entry | Problem]:
        name = tag.name
        if name == "STATUS":
            yield from self._check_status(tag)
        if name == self.nested:
            self.nested = ""
        elif name in _ROWS or name in _LISTS:
            yield from self._close_row()
            if name in _LISTS:
                yield from self._close_security()
        elif self.security is not None and name == self.security.name:
            yield from self._close_security()
        elif name in _STATEMENTS or name == "OFX":
            yield from self._close_row()
            yield from self._close_security()
            yield from self._close_statement()

    def _check_status(self, tag: Tag) -> Iterator[Problem]:
        code, severity = self.status.get("CODE", "0"), self.status.get("SEVERITY", "").upper()
        if severity == "ERROR" or (code.strip("0") and severity not in ("INFO", "WARN")):
            self.has_error = True
            said = self.status.get("MESSAGE", "") or "no message"
            message = f"The bank answered with error {code}: {said}."[:500]
            mend = "Ask the bank for the statement again; this answer holds none."
            place = self.source.at(f"line {tag.number}", f"STATUS {code} {severity} {said}")
            yield Problem.at(place, "STATUS", "bank_error", message=message, mend=mend)

    def _close_security(self) -> Iterator[Problem]:
        security, self.security = self.security, None
        if security is None:
            return
        values, self.security_values = self.security_values, {}
        position = values.pop("position")
        raw = "\n".join(f"<{name}>{text}" for name, text in values.items())
        place = self.source.at(position, f"<{security.name}>\n{raw}")
        message = f"This is a securities transaction ({security.name}), which is known and not read."
        mend = "Nothing to do: securities pay no invoice."
        yield Problem.at(place, security.name, "unsupported_part", message=message, mend=mend)

    def _close_row(self) -> Iterator[Entry | Problem]:
        row, self.row = self.row, None
        if row is None:
            return
        self.nested = ""
        statement = self.statement
        place = self.source.at(
            row.position, "\n".join(f"<{name}>{text}" for name, text in row.values.items())
        )
        if statement is None:
            message = "The transaction stands outside a statement."
            yield Problem.at(place, "STMTTRN", "bad_row", message=message, mend="Export the file again.")
            return
        statement.entries += 1
        try:
            entry = self._payment(row, statement)
        except ValueProblemError as error:
            yield Problem.at(place, error.part, error.code, error.raw)
            return
        try:
            value_date = day_of(row.values.get("DTAVAIL", "").strip("0"), "DTAVAIL")
        except ValueProblemError as error:
            value_date = None
            mend = "Correct the date at this place; the payment was read without it."
            message = "The value date cannot be read."
            yield Problem.at(place, error.part, error.code, error.raw, message=message, mend=mend)
        yield from self._given(replace(entry, lineage=place, value_date=value_date), row, statement)

    def _given(self, entry: PaymentEntry, row: _Row, statement: _Statement) -> Iterator[Entry | Problem]:
        """Give a payment once, and say what a correction or repetition means."""
        fitid, said = (
            row.values.get("FITID", ""),
            (row.values.get("DTPOSTED", ""), row.values.get("TRNAMT", "")),
        )
        known = statement.seen.get(fitid)
        if fitid and known == said:
            message = f"The statement repeats the transaction {fitid}; it was taken once."
            mend = "Nothing to do; if both are real, add the second by hand."
            yield Problem.at(entry.lineage, "FITID", "repeated_line", fitid, message=message, mend=mend)
            return
        if fitid and known is None:
            if len(statement.seen) < _MAX_SEEN:
                statement.seen[fitid] = said
        elif fitid:
            entry = replace(entry, bank_reference="")
        if target := row.values.get("CORRECTFITID", ""):
            action = row.values.get("CORRECTACTION", "").upper()
            verb = "deletes" if action == "DELETE" else "replaces"
            message = f"The line {verb} the earlier transaction {target}."
            mend = "Correct that payment in the book by hand; this line was not booked."
            yield Problem.at(entry.lineage, "CORRECTFITID", "correction", target, message=message, mend=mend)
            entry = replace(entry, status=EntryStatus.INFORMATIONAL, related_reference=target)
        elif entry.status is not EntryStatus.BOOKED:
            yield Problem.at(entry.lineage, "STMTTRNP", entry.status.value)
        if entry.status is EntryStatus.BOOKED and entry.currency == statement.currency:
            statement.credit += max(entry.amount_minor, 0)
            statement.debit += max(-entry.amount_minor, 0)
        yield entry

    def _payment(self, row: _Row, statement: _Statement) -> PaymentEntry:
        values = row.values
        currency = (values.get("CURRENCY.CURSYM") or statement.currency).upper()
        if currency and currency not in EXPONENTS:
            raise ValueProblemError(
                "CURSYM" if "CURRENCY.CURSYM" in values else "CURDEF", "unknown_currency", currency
            )
        minor = amount_of(values.get("TRNAMT", ""), currency, "TRNAMT")
        posted = values.get("DTPOSTED") or (values.get("DTTRAN", "") if row.is_pending else "")
        booked = day_of(posted, "DTPOSTED")
        if booked is None:
            raise ValueProblemError("DTPOSTED", "missing_value", posted)
        name = values.get("NAME") or values.get("EXTDNAME") or values.get("PAYEE.NAME", "")
        memo = values.get("MEMO", "")
        reference = values.get("REFNUM", "")
        original = values.get("ORIGCURRENCY.CURSYM", "").upper()
        return PaymentEntry(
            amount_minor=minor,
            currency=currency,
            booking_date=booked,
            received_at=instant_of(posted),
            source="ofx",
            lineage=self.source.at(row.position),
            payer_name=name,
            payer_account=_other_account(values),
            remittance=memo,
            end_to_end_id="" if reference in _UNSEEN else reference,
            transaction_code=values.get("TRNTYPE", "").upper(),
            account=statement.account,
            original_currency=original if original in EXPONENTS and original != currency else "",
            exchange_rate=values.get("ORIGCURRENCY.CURRATE", ""),
            bank_reference=_identity(values.get("FITID", ""), booked.isoformat(), values.get("TRNAMT", "")),
            status=EntryStatus.PENDING if row.is_pending else EntryStatus.BOOKED,
        )

    def _close_statement(self) -> Iterator[Entry | Problem]:
        statement, self.statement = self.statement, None
        if statement is None:
            return
        values = statement.values
        place = self.source.at(
            statement.position, "\n".join(f"<{name}>{text}" for name, text in values.items())
        )
        closing, start, end = None, None, None
        try:
            if balance := values.get("LEDGERBAL.BALAMT", ""):
                closing = amount_of(balance, statement.currency, "LEDGERBAL")
            start, end = (
                day_of(values.get("DTSTART", ""), "DTSTART"),
                day_of(values.get("DTEND", ""), "DTEND"),
            )
        except ValueProblemError as error:
            yield Problem.at(place, error.part, error.code, error.raw)
        if not statement.currency:
            yield Problem.at(place, "CURDEF", "missing_currency")
        yield StatementEntry(
            account=statement.account,
            currency=statement.currency,
            source="ofx",
            lineage=place,
            from_date=start,
            to_date=end,
            closing_minor=closing,
            entries=statement.entries,
            credit_minor=statement.credit,
            debit_minor=statement.debit,
        )


def _other_account(values: dict[str, str]) -> str:
    account = values.get("BANKACCTTO.ACCTID") or values.get("CCACCTTO.ACCTID") or ""
    bank = values.get("BANKACCTTO.BANKID", "")
    is_plain = account.isdigit() and bank.isdigit()
    return f"{bank}/{account}" if is_plain else account.replace(" ", "")


def _identity(fitid: str, day: str, amount: str) -> str:
    """Make an id of a FITID; a mere counter starts anew in the next file, so day and amount join it."""
    return f"{day}/{amount}/{fitid}" if _COUNTER.fullmatch(fitid) else fitid
