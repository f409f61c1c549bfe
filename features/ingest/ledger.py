"""What a conversion has gathered so far: new rows, and how it knows an entry that the book has already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from features.ingest.book_out import BookOut
from features.ingest.entry import (
    CustomerAccountEntry,
    CustomerEntry,
    FxRateEntry,
    InstalmentEntry,
    InvoiceEntry,
    OwnAccountEntry,
    PaymentEntry,
    RemittanceEntry,
    StatementEntry,
)
from features.ingest.identity import Fate, Identities, Known
from features.ingest.problems import Problem
from features.ingest.rows import (
    LINEAGE,
    Row,
    invoice_row,
    part_row,
    payment_from_row,
    payment_row,
    remittance_row,
    small_row,
    statement_row,
    too_long,
)
from features.ingest.source import Source
from receivables.money import EXPONENTS

_KEYS: Final = {
    "instalments": ("invoice_id", "due_date", "amount"),
    "customers": ("customer_id",),
    "customer_accounts": ("customer_id", "account"),
    "own_accounts": ("account",),
    "fx_rates": ("date", "base", "quote"),
    "statements": (
        *("account", "currency", "source", "statement_id", "sequence", "from_date", "to_date"),
        *("opening", "closing", "entries", "credit", "debit"),
    ),
}
_LINE_KEY: Final = ("payment_id", "reference", "customer_reference", "amount", "deduction", "reason", "kind")
_FILLED: Final = (
    *("value_date", "received_at", "payer_name", "payer_account", "customer_id", "remittance"),
    *("structured_reference", "end_to_end_id", "transaction_code", "original_amount", "original_currency"),
    *("charges", "kind", "uetr", "mandate_id", "counterparty_ultimate", "return_reason", "exchange_rate"),
)
"""Columns that a copy may fill where the version kept is empty."""
_Small = InstalmentEntry | CustomerEntry | CustomerAccountEntry | OwnAccountEntry | FxRateEntry


class Ledger:
    """The new rows of a conversion, and the keys of all rows, old and new."""

    def __init__(self, book: BookOut) -> None:
        self._book = book
        self._identities = Identities()
        self._invoices: dict[str, Row] = {}
        self._new_invoices: set[str] = set()
        self._keys: dict[str, set[tuple[str, ...]]] = {name: set() for name in _KEYS}
        self._lines: Counter[tuple[str, ...]] = Counter()
        self._file_lines: Counter[tuple[str, ...]] = Counter()
        """The same by file: of equal lines the larger count of any file stays."""
        self._dropped: set[str] = set()
        self._fillings: dict[str, Row] = {}
        """What a copy of a new payment tells beyond the version that is kept."""
        self._undoing: dict[str, tuple[str, int]] = {}
        """Returns by payment id: what they refer to, and their amount."""
        self._advices: list[RemittanceEntry] = []
        self._positions: dict[str, tuple[Fate | None, str]] = {}
        self._waiting: list[RemittanceEntry] = []
        self._cuts: list[Problem] = []
        self._read_book()

    def begin(self, source: Source) -> None:
        """Start a file."""
        self._identities.begin(source.sha256)
        self._positions.clear()
        self._waiting.clear()

    def end_report(self) -> None:
        """End a report whose lines the next report of the file may repeat."""
        self._identities.begin_report()

    def take_payment(self, payment: PaymentEntry) -> Fate:
        """Enter a booked payment, unless the book knows it."""
        verdict = self._identities.take(payment)
        self._positions[payment.lineage.position] = (verdict.fate, verdict.payment_id)
        if verdict.replaces:
            self._dropped.add(verdict.replaces)
        if verdict.may_fill:
            self._positions[payment.lineage.position] = (Fate.NEW, verdict.payment_id)
            self._fillings.setdefault(verdict.payment_id, _filling(payment))
        if verdict.fate is Fate.NEW:
            self._add("payments", payment_row(payment, verdict.payment_id))
            if payment.related_reference:
                self._undoing[verdict.payment_id] = (payment.related_reference, payment.amount_minor)
        elif verdict.fate is Fate.PART:
            self._add_line(part_row(payment, verdict.payment_id))
        return verdict.fate

    def pass_over(self, payment: PaymentEntry) -> None:
        """Note a line that is no payment, so that its remittance lines go with it."""
        self._positions[payment.lineage.position] = (None, "")

    def take_remittance(self, line: RemittanceEntry) -> None:
        """Enter a remittance line of a payment of this file, or keep an advice until all files are read."""
        if not line.payment_position:
            self._advices.append(line)
        elif line.payment_position in self._positions:
            self._settle(line)
        else:
            self._waiting.append(line)

    def end(self, file: str) -> Iterator[Problem]:
        """End a file: lines whose payment came after them, or never."""
        for line in self._waiting:
            if line.payment_position in self._positions:
                self._settle(line)
            else:
                message = (
                    f"Nothing was read at {line.payment_position} of {file}, which this line belongs to."
                )
                yield Problem.at(line.lineage, "payment_id", "unlinked_remittance", message=message)
        self._waiting.clear()
        yield from self.cuts()

    def take_invoice(self, invoice: InvoiceEntry) -> tuple[bool, Problem | None]:
        """Enter an invoice; a second version of one is a problem, a copy is not."""
        row = invoice_row(invoice)
        known = self._invoices.get(invoice.invoice_id)
        if known is None:
            self._invoices[invoice.invoice_id] = _without_lineage(row)
            self._new_invoices.add(invoice.invoice_id)
            self._add("invoices", row)
            return True, None
        differing = [name for name, text in _without_lineage(row).items() if known.get(name, "") != text]
        if not differing:
            return False, None
        shown = f"{differing[0]}: {known.get(differing[0], '')} <> {row[differing[0]]}"
        return False, Problem.at(invoice.lineage, differing[0], "conflicting_copy", shown)

    def take_statement(self, statement: StatementEntry) -> None:
        """Enter a statement, and the account it is of."""
        self._add_once("statements", statement_row(statement))
        if statement.account:
            lineage = statement.lineage
            currency = statement.currency if statement.currency in EXPONENTS else ""
            own = OwnAccountEntry(account=statement.account, lineage=lineage, currency=currency)
            self.take_small(own)

    def take_small(self, entry: _Small) -> None:
        """Enter a row of a small table, unless it is there."""
        if isinstance(entry, InstalmentEntry) and entry.invoice_id not in self._new_invoices:
            return
        table, row = small_row(entry)
        self._add_once(table, row)

    def cuts(self) -> Iterator[Problem]:
        """Give the problems of cells that had to be cut since last asked."""
        yield from self._cuts
        self._cuts.clear()

    def commit(self) -> tuple[dict[str, int], list[Problem]]:
        """Join advices and returns to their payments, and write the tables."""
        wanted = {line.payment_reference for line in self._advices}
        wanted |= {reference for reference, _ in self._undoing.values()}
        named = self._identities.named(wanted - {""}) if wanted else {}
        problems = [one for line in self._advices if (one := self._join(line, named)) is not None]
        related = {
            payment_id: found
            for payment_id, (reference, minor) in self._undoing.items()
            if (found := self._undone(payment_id, minor, named.get(reference, [])))
        }

        def payment(row: Row) -> Row | None:
            if row["payment_id"] in self._dropped:
                return None
            filling = self._fillings.get(row["payment_id"], {})
            more = {name: text for name, text in filling.items() if not row[name]}
            return row | more | {"related_payment_id": related.get(row["payment_id"], "")}

        def line(row: Row) -> Row | None:
            return None if row["payment_id"] in self._dropped else row

        added = self._book.commit({"payments": payment, "remittance_lines": line})
        return added, [*problems, *self.cuts()]

    def _read_book(self) -> None:
        """Take in what the book holds."""
        for row in self._book.rows("payments"):
            payment = payment_from_row(row)
            if payment is not None and row["payment_id"]:
                self._identities.remember(row["payment_id"], payment)
        for row in self._book.rows("invoices"):
            self._invoices[row.get("invoice_id", "")] = _without_lineage(row)
        for row in self._book.rows("remittance_lines"):
            self._lines[_key(row, _LINE_KEY)] += 1
        for table, key in _KEYS.items():
            self._keys[table].update(_key(row, key) for row in self._book.rows(table))

    def _settle(self, line: RemittanceEntry) -> None:
        """Enter a line whose payment is new; the book has the lines of the others."""
        fate, payment_id = self._positions[line.payment_position]
        if fate is Fate.NEW:
            self._add_line(remittance_row(line, payment_id))

    def _undone(self, payment_id: str, minor: int, candidates: list[Known]) -> str:
        """Give the one payment that a return undoes: it has the same reference and the opposite sign."""
        found = {one.payment_id for one in candidates if one.amount_minor * minor < 0}
        found -= {payment_id, *self._dropped}
        return found.pop() if len(found) == 1 else ""

    def _join(self, line: RemittanceEntry, named: dict[str, list[Known]]) -> Problem | None:
        found = {one.payment_id for one in named.get(line.payment_reference, []) if one.payment_id}
        found -= self._dropped
        if len(found) == 1:
            self._add_line(remittance_row(line, found.pop()))
            return None
        if not found:
            return Problem.at(line.lineage, "payment_id", "unlinked_remittance", line.payment_reference)
        message = f"{len(found)} payments of this book have the reference that the advice names."
        mend = "Add the remittance line by hand to the payment that it belongs to."
        reference = line.payment_reference
        return Problem.at(
            line.lineage, "payment_id", "ambiguous_remittance", reference, message=message, mend=mend
        )

    def _add(self, table: str, row: Row) -> None:
        cut = too_long(table, row)
        self._cuts += [
            Problem(row[LINEAGE[0]], row[LINEAGE[2]], name, "text_too_long", *_CUT, row[name][:80])
            for name in cut
        ]
        self._book.add(table, row)

    def _add_line(self, row: Row) -> None:
        key = _key(row, _LINE_KEY)
        in_file = (row["lineage_sha256"], *key)
        self._file_lines[in_file] += 1
        if self._file_lines[in_file] > self._lines[key]:
            self._lines[key] += 1
            self._add("remittance_lines", row)

    def _add_once(self, table: str, row: Row) -> None:
        key = _key(row, _KEYS[table])
        if key not in self._keys[table]:
            self._keys[table].add(key)
            self._add(table, row)


_CUT: Final = ("The text is longer than a book can hold and was cut.", "Nothing to do if the rest is noise.")


def _filling(payment: PaymentEntry) -> Row:
    row = payment_row(payment, "")
    return {name: row[name] for name in _FILLED if row[name]}


def _without_lineage(row: Row) -> Row:
    return {name: text for name, text in row.items() if name not in LINEAGE}


def _key(row: Row, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(row.get(name, "") for name in names)
