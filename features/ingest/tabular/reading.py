"""A table of transactions as payments, each row checked on its own."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, StatementEntry
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.balances import RunningBalance
from features.ingest.tabular.cells import (
    UnclearDateError,
    cut_amount,
    direction_of,
    read_date,
    read_instant,
    to_minor_units,
)
from features.ingest.tabular.grid import Grid, Row, is_workbook, open_grid
from features.ingest.tabular.hints import NO_HINTS, Hints
from features.ingest.tabular.layouts import Role, plain
from features.ingest.tabular.plan import Plan, is_iban, make_plan, may_be_table
from receivables.money import ACTIVE

SOURCE: Final = "table"
_PENDING: Final = re.compile(
    r"pending|pend\b|vorgemerkt|reserv|nicht gebucht|not booked|unbooked|autoris|authori[sz]ed|odottaa|w toku"
    r"|geplant"
)
_VOID: Final = re.compile(r"revert|declin|fail|cancel|reject|void|storniert|expired")
_TOTAL: Final = re.compile(
    r"(?:opening|closing|start|starting|ending) balance|balance (?:brought|carried) forward|anfangssaldo"
    r"|endsaldo|saldo (?:inicial|final|iniziale|finale)|sakuma atlikums|beigu atlikums|apgrozijums|algsaldo"
    r"|loppsaldo|kaive|begin(?:saldo|stand)|eind(?:saldo|stand)|solde (?:initial|final)|ingaende saldo"
    r"|utgaende saldo|pradzios likutis|pabaigos likutis|likutis pradziai|likutis pabaigai|apyvarta"
)
"""Rows that state a balance or a turnover as if they were transactions."""
_BLANKS: Final = re.compile(r"\s+")


class MissingCurrencyError(UnusableFileError):
    """The table does not say in which currency its amounts are."""

    code = "missing_currency"
    mend = "Name it with --currency, such as EUR, or name a layout with --layout."


def detect(head: bytes, source: Source) -> bool:
    """Say whether a file is a workbook or a text of rows and cells."""
    if is_workbook(head):
        return True
    if b"\0" in head[:512] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    if head.lstrip()[:1] in (b"<", b"{", b"["):
        return False
    try:
        return may_be_table(open_grid(source, _LOOK))
    except UnusableFileError:
        return False


_LOOK: Final = Limits()


def read(source: Source, limits: Limits, hints: Hints = NO_HINTS) -> Iterator[Entry | Problem]:
    """Give a payment for each row, and a problem for each row that is none."""
    layout = hints.layout
    grid = open_grid(source, limits, layout.encoding if layout else "", layout.delimiter if layout else "")
    plan = make_plan(grid, hints)
    table = _Table(grid, plan, limits)
    currencies = (Role.CURRENCY in plan.columns, bool(plan.currency), table.symbol())
    if not any(currencies):
        raise MissingCurrencyError(f"{source.name} names no currency.")
    if plan.is_guess:
        note = plan.explanation(grid)
        mend = "Nothing to do if that is right; else name a layout with --layout."
        yield Problem.at(
            source.at(f"line {max(plan.after_line, 1)}"), "", "guessed_layout", message=note, mend=mend
        )
    if table.is_sign_in_doubt():
        message = "No amount of this table is negative and nothing else tells money in from money out."
        mend = "All rows were read as money in; name a layout with --layout if that is wrong."
        yield Problem.at(source.at(""), "amount", "doubtful_sign", message=message, mend=mend)
    if Role.ACCOUNT not in plan.columns and not plan.account:
        message = "The table does not name the own account; equal rows of two accounts cannot be told apart."
        mend = "Name the account with --account."
        yield Problem.at(source.at(""), "account", "missing_account", message=message, mend=mend)
    yield from table.entries()
    if grid.damaged:
        message = f"{grid.damaged} bytes do not fit {grid.encoding} and were read as Windows-1252."
        yield Problem.at(source.at(""), "", "bad_text", message=message)


@dataclass(slots=True)
class _Table:
    grid: Grid
    plan: Plan
    limits: Limits
    balance: RunningBalance = field(default_factory=RunningBalance)

    def symbol(self) -> bool:
        """Say whether amounts carry their currency."""
        return any(
            self._amount_currency(cells)
            for number, cells in self.grid.rows()
            if number > self.plan.after_line
        )

    def is_sign_in_doubt(self) -> bool:
        """Say whether a single column of amounts shows no sign at all, in a layout nobody named."""
        plan = self.plan
        return (
            plan.is_guess
            and Role.AMOUNT in plan.columns
            and not (plan.has_sign or plan.is_unsigned_out)
            and Role.INDICATOR not in plan.columns
        )

    def entries(self) -> Iterator[Entry | Problem]:
        """Give the rows, then the statement that a running balance makes of them."""
        count = 0
        accounts: set[tuple[str, str]] = set()
        for number, cells in _without_last(self.grid.rows(), self.plan.footer_rows):
            if number <= self.plan.after_line or self._is_beside(cells):
                continue
            count += 1
            if count > self.limits.entries:
                raise LimitError(f"{self.grid.source.name} has more than {self.limits.entries:,} rows.")
            place = self.grid.source.at(f"line {number}", self._raw(cells))
            found = self._row(cells, place)
            yield found
            if isinstance(found, PaymentEntry):
                if found.status is EntryStatus.BOOKED:
                    accounts.add((found.account, found.currency))
                    self._balance(cells, found)
                else:
                    yield Problem.at(place, "status", found.status.value)
            else:
                self.balance.skip()
        yield from self._statement(accounts, count)

    def _row(self, cells: list[str], place: Lineage) -> PaymentEntry | Problem:
        plan = self.plan
        status = self._status(cells)
        try:
            booked, raw = self._date(cells, Role.BOOKING_DATE), self._cell(cells, Role.BOOKING_DATE)
            valued = self._date(cells, Role.VALUE_DATE)
        except UnclearDateError:
            mend = "Name the layout day-first or month-first, or the currency with --currency."
            raw = self._cell(cells, Role.BOOKING_DATE)
            return Problem.at(place, "booking_date", "ambiguous_date", raw, mend=mend)
        if booked is None and status is not EntryStatus.BOOKED:
            return Problem.at(place, "booking_date", status.value)
        if booked is None and not raw.strip():
            booked = valued
        if booked is None:
            return Problem.at(place, "booking_date", "bad_date" if raw.strip() else "missing_value", raw)
        currency = (
            (self._cell(cells, Role.CURRENCY) or self._amount_currency(cells) or plan.currency)
            .strip()
            .upper()
        )
        if not currency:
            return Problem.at(place, "currency", "missing_currency")
        if currency not in ACTIVE:
            return Problem.at(place, "currency", "unknown_currency", currency)
        if _TOTAL.fullmatch(
            plain(self._joined(cells, Role.REMITTANCE) or self._cell(cells, Role.PAYER_NAME))
        ):
            return Problem.at(place, "remittance", EntryStatus.INFORMATIONAL.value)
        amount = self._amount(cells, currency)
        if isinstance(amount, str):
            return Problem.at(place, "amount", amount, self._shown_amount(cells))
        return self._payment(cells, place, amount, currency, booked, valued, status)

    def _payment(
        self,
        cells: list[str],
        place: Lineage,
        amount: int,
        currency: str,
        booked: date,
        valued: date | None,
        status: EntryStatus,
    ) -> PaymentEntry:
        account = self._cell(cells, Role.ACCOUNT) or self.plan.account
        counterparty = self._cell(cells, Role.PAYER_ACCOUNT) or self._cell(cells, Role.IBAN)
        side = Role.DEBTOR_NAME if amount >= 0 else Role.CREDITOR_NAME
        charges, original, original_currency = self._sides(cells, currency)
        return PaymentEntry(
            amount_minor=amount,
            currency=currency,
            booking_date=booked,
            value_date=valued,
            received_at=read_instant(self._cell(cells, Role.BOOKING_DATE)),
            payer_name=self._cell(cells, side) or self._cell(cells, Role.PAYER_NAME),
            payer_account=_account(counterparty),
            remittance=self._joined(cells, Role.REMITTANCE),
            structured_reference=self._joined(cells, Role.STRUCTURED_REFERENCE),
            end_to_end_id=_told(self._cell(cells, Role.END_TO_END_ID)),
            mandate_id=_told(self._cell(cells, Role.MANDATE_ID)),
            bank_reference=_told(self._cell(cells, Role.BANK_REFERENCE)),
            transaction_code=self._cell(cells, Role.TRANSACTION_CODE),
            account=_account(account),
            original_amount_minor=None if original is None else original if amount >= 0 else -original,
            original_currency=original_currency,
            charges_minor=charges,
            exchange_rate=self._cell(cells, Role.EXCHANGE_RATE),
            source=SOURCE,
            status=status,
            lineage=place,
        )

    def _amount(self, cells: list[str], currency: str) -> int | str:
        """Give signed minor units, or the code of what is wrong."""
        columns, total, is_filled = self.plan.columns, 0, False
        for role, direction in (
            (Role.AMOUNT, 0),
            (Role.PART_AMOUNT, 0),
            (Role.OUTFLOW, -1),
            (Role.DEBIT, -1),
            (Role.CREDIT, 1),
        ):
            for place in columns.get(role, ()):
                text = cells[place] if place < len(cells) else ""
                if not text.strip() or text.strip() in "-+":
                    continue
                cell = cut_amount(text)
                minor = to_minor_units(cell, currency, self.plan.style)
                if isinstance(minor, str):
                    return minor
                is_filled = True
                if role in (Role.DEBIT, Role.CREDIT):
                    total += direction * minor
                elif role is Role.OUTFLOW:
                    total -= minor * (cell.sign or 1)
                else:
                    total += minor * (cell.sign or (-1 if self.plan.is_unsigned_out else 1))
        if not is_filled:
            return "missing_value"
        return self._directed(cells, total)

    def _directed(self, cells: list[str], total: int) -> int | str:
        """Let the column that says debit or credit decide the sign."""
        if Role.INDICATOR not in self.plan.columns:
            return total
        direction = direction_of(self._cell(cells, Role.INDICATOR))
        if direction:
            return direction * abs(total)
        return "bad_sign" if total >= 0 else total

    def _sides(self, cells: list[str], currency: str) -> tuple[int | None, int | None, str]:
        """Give charges and the original amount where they can be read; a payment stands without them."""
        charges = to_minor_units(cut_amount(self._cell(cells, Role.CHARGES)), currency, self.plan.style)
        shown = cut_amount(self._cell(cells, Role.ORIGINAL_AMOUNT))
        named = self._cell(cells, Role.ORIGINAL_CURRENCY).upper() or shown.currency
        original = to_minor_units(shown, named, self.plan.style) if named in ACTIVE else "missing_currency"
        if isinstance(original, str) or named == currency:
            return charges if isinstance(charges, int) else None, None, ""
        return charges if isinstance(charges, int) else None, original, named

    def _status(self, cells: list[str]) -> EntryStatus:
        said = plain(self._cell(cells, Role.STATUS)) or plain(self._cell(cells, Role.BOOKING_DATE))
        if _PENDING.search(said):
            return EntryStatus.PENDING
        return EntryStatus.INFORMATIONAL if _VOID.search(said) else EntryStatus.BOOKED

    def _date(self, cells: list[str], role: Role) -> date | None:
        return read_date(self._cell(cells, role), self.plan.order, is_typed=self.grid.is_typed)

    def _amount_currency(self, cells: list[str]) -> str:
        for role in (Role.AMOUNT, Role.PART_AMOUNT, Role.OUTFLOW, Role.DEBIT, Role.CREDIT):
            if found := cut_amount(self._cell(cells, role)).currency:
                return found
        return ""

    def _is_beside(self, cells: Sequence[str]) -> bool:
        """Say whether a row is no transaction: neither date nor amount, or the headings once more."""
        has_date = bool(self._cell(cells, Role.BOOKING_DATE).strip())
        has_amount = bool(self._shown_amount(cells))
        if list(cells) == list(self.plan.headings):
            return True
        has_digits = any(letter.isdigit() for letter in self._shown_amount(cells))
        return (not has_date and not has_amount) or (
            not has_digits and not _may_be_date(self._cell(cells, Role.BOOKING_DATE))
        )

    def _balance(self, cells: list[str], payment: PaymentEntry) -> None:
        cell = cut_amount(self._cell(cells, Role.BALANCE))
        minor = to_minor_units(cell, payment.currency, self.plan.style)
        if isinstance(minor, int):
            self.balance.add(payment.amount_minor, minor * (cell.sign or 1), payment)
        else:
            self.balance.skip(payment)

    def _statement(self, accounts: set[tuple[str, str]], count: int) -> Iterator[Entry | Problem]:
        if len(accounts) != 1:
            return
        account, currency = accounts.pop()
        opening, closing, breaks = self.balance.settle()
        for payment in breaks:
            yield Problem.at(
                payment.lineage,
                "balance",
                "balance_differs",
                message="The balance after this row is not the balance before it and its amount.",
            )
        days = self.balance.days
        yield StatementEntry(
            account=account,
            currency=currency,
            source=SOURCE,
            lineage=self.grid.source.at(""),
            from_date=min(days, default=None),
            to_date=max(days, default=None),
            opening_minor=opening,
            closing_minor=closing,
            entries=count,
            credit_minor=self.balance.credit,
            debit_minor=self.balance.debit,
            is_reconciled=None if opening is None else not breaks,
        )

    def _cell(self, cells: Sequence[str], role: Role) -> str:
        place = self.plan.place(role)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _joined(self, cells: list[str], role: Role) -> str:
        found = dict.fromkeys(
            _told(cells[place]) for place in self.plan.columns.get(role, ()) if place < len(cells)
        )
        return " ".join(text for text in found if text)

    def _shown_amount(self, cells: Sequence[str]) -> str:
        roles = (Role.AMOUNT, Role.PART_AMOUNT, Role.OUTFLOW, Role.DEBIT, Role.CREDIT)
        places = [place for role in roles for place in self.plan.columns.get(role, ())]
        return " ".join(cells[place].strip() for place in places if place < len(cells)).strip()

    def _raw(self, cells: list[str]) -> str:
        return (self.grid.delimiter or "\t").join(cells)


def _without_last(rows: Iterator[Row], count: int) -> Iterator[Row]:
    """Give all rows but the last `count`."""
    waiting: deque[Row] = deque()
    for row in rows:
        waiting.append(row)
        if len(waiting) > count:
            yield waiting.popleft()


def _account(text: str) -> str:
    return "".join(text.split()).upper() if is_iban(text) else _BLANKS.sub(" ", text).strip()


def _told(text: str) -> str:
    clean = _BLANKS.sub(" ", text).strip()
    return "" if clean.upper() in ("NOTPROVIDED", "NONREF", "-", "N/A") else clean


def _may_be_date(text: str) -> bool:
    return any(letter.isdigit() for letter in text) or bool(_PENDING.search(plain(text)))
