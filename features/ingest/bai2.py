"""BAI2 cash management files: records, continuations, control totals.

Amounts carry no decimal point; the exponent of the currency places it. Text has no structure of its own: it
stays whole in the remittance, and a few common labels give name and account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from features.ingest.bai2_records import Cursor, Record, records
from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, StatementEntry
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem
from features.ingest.source import Source
from features.ingest.text_lines import TextLines, head_lines
from receivables.money import EXPONENTS, MAX_MINOR, to_text

_HEADER: Final = re.compile(r"01,[^,]*,[^,]*,\d{6},")
_DEFAULT_CURRENCY: Final = "USD"
_OPENING, _CLOSING = "010", "015"
_GROUP_STATUS: Final = {"2": "a deletion", "4": "a test"}
_NAME: Final = re.compile(
    r"(?:\bBO1|\bORIG CO NAME|\bORIGINATOR NAME|\bSENDER NAME|\bORG NAME|\bORIG NAME|\bBY ORDER OF)\s*[:=]\s*"
    r"(.+?)(?=\s+[A-Z][A-Z0-9 ]{1,14}[:=]|\s{2,}|;|$)"
)
_ACCOUNT: Final = re.compile(r"(?:\bBO|\bORIG ACCT|\bORIGINATOR ACCT)\s*[:=]\s*([A-Z0-9]{5,34})\b")
_BLANK: Final = frozenset({"", "0", "00"})


class RecordError(Exception):
    """A value of a record cannot be read."""

    def __init__(self, part: str, code: str, raw: str) -> None:
        super().__init__(part, code, raw)
        self.part = part
        self.code = code
        self.raw = raw


@dataclass(slots=True)
class _Total:
    """Sum and counts of what lies below a trailer; the sum is unknown once an amount cannot be read."""

    sum: int = 0
    is_known: bool = True
    parts: int = 0
    records: int = 0

    def add(self, other: _Total) -> None:
        """Take in a closed account or group."""
        self.sum += other.sum
        self.is_known = self.is_known and other.is_known
        self.parts += 1
        self.records += other.records


@dataclass(slots=True)
class _Account:
    """An account that is open."""

    number: str
    currency: str
    place: Lineage
    summaries: dict[str, int] = field(default_factory=dict)
    total: _Total = field(default_factory=_Total)
    entries: int = 0
    credit: int = 0
    debit: int = 0
    problems: int = 0


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector takes both
    """Say whether a file starts with a BAI2 file header."""
    lines = head_lines(head, 1)
    return bool(lines) and _HEADER.match(lines[0]) is not None


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Read payments, one statement for each account and group, and a problem for each total that fails."""
    return _Reading(source, limits).entries()


@dataclass(slots=True)
class _Reading:
    """What is open while a file is read."""

    source: Source
    limits: Limits
    account: _Account | None = None
    group: _Total | None = None
    file: _Total = field(default_factory=_Total)
    day: date | None = None
    currency: str = _DEFAULT_CURRENCY
    status: str = "1"
    is_ended: bool = False
    found: int = 0

    def entries(self) -> Iterator[Entry | Problem]:
        """Read the file."""
        lines = TextLines(self.source, self.limits)
        for record in records(lines):
            for one in self._take(record):
                self.found += 1
                if self.found > self.limits.entries:
                    raise LimitError(f"{self.source.name} has more than {self.limits.entries} entries.")
                yield one
        yield from self._close_open()
        if not self.is_ended:
            message = "The file ends without its trailer (99), so it may be cut."
            mend = "Export the file again; what came before is in the book."
            yield Problem.at(self.source.at("end"), "99", "truncated", message=message, mend=mend)
        yield from lines.problems()

    def _take(self, record: Record) -> Iterator[Entry | Problem]:
        if record.dropped:
            yield Problem.at(self._place(record), "88", "text_too_long", f"{record.dropped} lines more")
        count = _Total(records=record.lines)
        match record.code:
            case "01":  # one file may hold several
                yield from self._close_open()
                self.file, self.is_ended = count, False
            case "02":
                yield from self._close_open()
                self.group = count
                yield from self._open_group(record)
            case "03":
                if self.account is not None:
                    yield from self._close_account(self.account, None)
                yield from self._open_account(record, count)
            case "16":
                yield from self._transaction(record)
            case "49":
                yield from self._trailer(record)
            case "98":
                yield from self._close_group(record)
            case "99":
                yield from self._close_file(record)
            case _:
                place = self._place(record)
                yield Problem.at(place, record.code, "bad_row")

    def _close_open(self) -> Iterator[Entry | Problem]:
        """Close an account or group that has no trailer."""
        if self.account is not None:
            yield from self._close_account(self.account, None)
        if self.group is not None:
            self.file.add(self.group)
            self.group = None

    def _place(self, record: Record) -> Lineage:
        return self.source.at(f"line {record.number}", record.raw)

    def _open_group(self, record: Record) -> Iterator[Problem]:
        cursor = Cursor(record)
        _, _, self.status, day, _, currency, _ = (cursor.take() for _ in range(7))
        self.currency = currency.upper() or _DEFAULT_CURRENCY
        try:
            self.day = read_day(day)
        except RecordError as error:
            self.day = None
            yield Problem.at(self._place(record), "as-of date", error.code, error.raw)
        if self.status in _GROUP_STATUS:
            message = f"The group is {_GROUP_STATUS[self.status]}, so its lines are no payments."
            mend = "Correct the earlier payments by hand, if the bank withdrew them."
            yield Problem.at(self._place(record), "group status", "informational", message=message, mend=mend)

    def _open_account(self, record: Record, count: _Total) -> Iterator[Problem]:
        cursor = Cursor(record)
        number, currency = cursor.take(), cursor.take().upper() or self.currency
        self.account = _Account(number, currency, self._place(record), total=count)
        if currency not in EXPONENTS:
            yield self._doubt(self.account, self._place(record), "currency", "unknown_currency", currency)
        while cursor.has_more:
            code = cursor.take()
            amount = cursor.take()
            cursor.take()
            cursor.take_funds()
            if not code and not amount:
                continue
            try:
                value = read_amount(amount)
            except RecordError as error:
                self.account.total.is_known = False
                yield self._doubt(
                    self.account, self._place(record), f"amount of {code}", error.code, error.raw
                )
                continue
            if value is not None:
                self.account.summaries[code] = value
                self.account.total.sum += value

    def _transaction(self, record: Record) -> Iterator[Entry | Problem]:
        place = self._place(record)
        account = self.account
        if account is None:
            message = "The transaction stands outside an account (03)."
            yield Problem.at(place, "16", "bad_row", message=message, mend="Export the file again.")
            return
        account.total.records += record.lines
        account.entries += 1
        cursor = Cursor(record)
        code = cursor.take()
        try:
            amount = read_amount(cursor.take())
            account.total.sum += amount or 0
            payment, value_date = self._payment(account, code, amount, cursor, place)
        except RecordError as error:
            account.total.is_known = account.total.is_known and error.part != "amount"
            yield self._doubt(account, place, error.part, error.code, error.raw)
            return
        if payment.status is not EntryStatus.BOOKED:
            yield Problem.at(place, "type code", payment.status.value)
        if value_date:
            try:
                payment = replace(payment, value_date=read_day(value_date))
            except RecordError as error:
                mend = "Correct the date at this place; the payment was read without it."
                message = "The value date cannot be read."
                yield Problem.at(place, "value date", error.code, error.raw, message=message, mend=mend)
        yield payment

    def _payment(
        self, account: _Account, code: str, amount: int | None, cursor: Cursor, place: Lineage
    ) -> tuple[PaymentEntry, str]:
        """Give the payment, and its value date as written."""
        funds_day = cursor.take_funds()
        bank_reference, customer_reference, text = (
            cursor.take_reference(2),
            cursor.take_reference(1),
            cursor.text(),
        )
        if account.currency not in EXPONENTS:
            raise RecordError("currency", "unknown_currency", account.currency)
        if self.day is None:
            raise RecordError("as-of date", "bad_date", "")
        if amount is None and code != "890":
            raise RecordError("amount", "missing_value", "")
        signed = (amount or 0) * sign_of(code)
        is_payment = code != "890" and self.status not in _GROUP_STATUS
        if is_payment:
            account.credit += max(signed, 0)
            account.debit += max(-signed, 0)
        name, own = _NAME.search(text), _ACCOUNT.search(text)
        payment = PaymentEntry(
            amount_minor=signed,
            currency=account.currency,
            booking_date=self.day,
            source="bai2",
            lineage=place,
            payer_name="" if name is None else " ".join(name.group(1).split()),
            payer_account="" if own is None else own.group(1),
            remittance=" ".join(text.split()),
            end_to_end_id="" if customer_reference in _BLANK else customer_reference,
            transaction_code=code,
            account=account.number,
            bank_reference="" if bank_reference in _BLANK else bank_reference,
            status=EntryStatus.BOOKED if is_payment else EntryStatus.INFORMATIONAL,
        )
        return payment, funds_day

    def _trailer(self, record: Record) -> Iterator[Entry | Problem]:
        if self.account is None:
            yield Problem.at(self._place(record), "49", "bad_row")
            return
        yield from self._close_account(self.account, record)

    def _close_account(self, account: _Account, trailer: Record | None) -> Iterator[Entry | Problem]:
        self.account = None
        if trailer is None:
            message = "The account has no trailer (49), so it may be cut."
            mend = "Export the file again; what came before is in the book."
            yield Problem.at(account.place, "49", "truncated", message=message, mend=mend)
        else:
            account.total.records += trailer.lines
            cursor = Cursor(trailer)
            for problem in self._differences(trailer, account.total, (cursor.take(), cursor.take())):
                account.problems += 1
                yield problem
        if self.group is not None:
            self.group.add(account.total)
        opening, closing = account.summaries.get(_OPENING), account.summaries.get(_CLOSING)
        moved = account.credit - account.debit
        if (
            opening is not None
            and closing is not None
            and opening + moved != closing
            and account.currency in EXPONENTS
            and self.status not in _GROUP_STATUS
        ):
            before, read, after = (to_text(one, account.currency) for one in (opening, moved, closing))
            message = (
                f"Opening {before} and transactions of {read} make no closing {after} {account.currency}."
            )
            yield self._doubt(
                account, account.place, "015", "balance_differs", f"{before} + {read} <> {after}", message
            )
        yield StatementEntry(
            account=account.number,
            currency=account.currency,
            source="bai2",
            lineage=account.place,
            from_date=self.day,
            to_date=self.day,
            opening_minor=opening,
            closing_minor=closing,
            entries=account.entries,
            credit_minor=account.credit,
            debit_minor=account.debit,
            is_reconciled=account.problems == 0 and trailer is not None,
        )

    def _close_group(self, record: Record) -> Iterator[Entry | Problem]:
        if self.account is not None:
            yield from self._close_account(self.account, None)
        if self.group is None:
            yield Problem.at(self._place(record), "98", "bad_row")
            return
        group, self.group = self.group, None
        group.records += record.lines
        cursor = Cursor(record)
        yield from self._differences(record, group, (cursor.take(), cursor.take(), cursor.take()))
        self.file.add(group)

    def _close_file(self, record: Record) -> Iterator[Entry | Problem]:
        if self.account is not None:
            yield from self._close_account(self.account, None)
        self.is_ended = True
        self.file.records += record.lines
        cursor = Cursor(record)
        yield from self._differences(record, self.file, (cursor.take(), cursor.take(), cursor.take()))

    def _differences(self, record: Record, total: _Total, claims: tuple[str, ...]) -> Iterator[Problem]:
        """Compare control total, parts and records; a blank claims nothing."""
        counts = [total.records] if len(claims) == 2 else [total.parts, total.records]
        names = (
            ["records"] if len(claims) == 2 else ["accounts" if record.code == "98" else "groups", "records"]
        )
        found: list[tuple[str, str, int]] = []
        if total.is_known:
            found.append(("control total", claims[0], total.sum))
        found += zip(names, claims[1:], counts, strict=True)
        for name, said, read in found:
            if not said:
                continue
            try:
                claimed = read_amount(said)
            except RecordError as error:
                yield Problem.at(self._place(record), name, error.code, error.raw)
                continue
            if claimed != read:
                message = f"The trailer says {said} ({name}), what lies above makes {read}."
                yield Problem.at(
                    self._place(record), name, "total_differs", f"{said} <> {read}", message=message
                )

    @staticmethod
    def _doubt(
        account: _Account, place: Lineage, part: str, code: str, raw: str, message: str = ""
    ) -> Problem:
        account.problems += 1
        mend = "Check whether transactions are missing; those read are in the book." if message else ""
        return Problem.at(place, part, code, raw, message=message, mend=mend)


def sign_of(code: str) -> int:
    """Say 1 for a credit, -1 for a debit, by the ranges of BAI2's type codes."""
    if code.isascii() and code.isdigit() and len(code) == 3:
        number = int(code)
        if 100 <= number < 400 or 920 <= number < 960:
            return 1
        if 400 <= number < 700 or 960 <= number < 1000:
            return -1
        if number == 890:  # information without money
            return 1
    raise RecordError("type code", "bad_sign", code)


def read_amount(text: str) -> int | None:
    """Read an amount without decimal point; blank is none."""
    text = text.strip()
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise RecordError("amount", "bad_amount", text)
    if len(digits) > 30 or int(digits) > MAX_MINOR:
        raise RecordError("amount", "amount_out_of_range", text)
    return -int(digits) if text[0] == "-" else int(digits)


def read_day(text: str) -> date:
    """Read YYMMDD or YYYYMMDD."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) in (6, 8):
        try:
            year = int(text[:-4])
            if len(text) == 6:
                year += 1900 if year >= 80 else 2000
            return date(year, int(text[-4:-2]), int(text[-2:]))
        except ValueError:
            pass
    raise RecordError("date", "bad_date", text)
