"""The journal for other systems: as CSV, one row a line, and as Beancount text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final

from receivables.accounts import MEANINGS, Account
from receivables.money import to_text
from serving.store.ledger_rows import EntryRow, LineRow, accounts_in_use, read_entries
from serving.store.store import Transaction

__all__ = ["JOURNAL_COLUMNS", "JournalFormat", "export_journal"]

JOURNAL_COLUMNS: Final = (
    "entry_id", "line", "booked_on", "period", "backfilled", "kind", "event_key", "reverses", "decision_id",
    "account", "currency", "amount", "debit", "credit", "payment_id", "invoice_id", "customer_id",
    "description",
)  # fmt: skip
"""`amount` is positive on the debit side; `debit` and `credit` hold the same amount without a sign."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class JournalFormat(StrEnum):
    """How the journal is written."""

    CSV = "csv"
    BEANCOUNT = "beancount"


def export_journal(tx: Transaction, written_as: JournalFormat) -> Iterator[str]:
    """Write the whole journal of a book, in the order of booking, piece by piece."""
    match written_as:
        case JournalFormat.CSV:
            return _csv(tx)
        case JournalFormat.BEANCOUNT:
            return _beancount(tx)


def _csv(tx: Transaction) -> Iterator[str]:
    yield _row(JOURNAL_COLUMNS)
    for entry in read_entries(tx):
        for number, line in enumerate(entry.lines, 1):
            yield _row(_cells(entry, number, line))


def _cells(entry: EntryRow, number: int, line: LineRow) -> tuple[str, ...]:
    amount = to_text(line.amount_minor, line.currency)
    size = to_text(abs(line.amount_minor), line.currency)
    return (
        entry.id,
        str(number),
        entry.booked_on.isoformat(),
        f"{entry.booked_on:%Y-%m}",
        "true" if entry.backfilled else "false",
        entry.kind,
        _text(entry.event_key),
        entry.reverses or "",
        _text(entry.decision_id),
        line.account,
        line.currency,
        amount,
        size if line.amount_minor > 0 else "",
        size if line.amount_minor < 0 else "",
        _text(line.payment_id),
        _text(line.invoice_id),
        _text(line.customer_id),
        _text(entry.description),
    )


def _text(value: str | None) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _beancount(tx: Transaction) -> Iterator[str]:
    """Write directives; Beancount sorts by day itself, and its checker sees each entry balanced."""
    accounts, first = accounts_in_use(tx)
    yield f"; The receivables journal of {_quoted(tx.book_id)}, as Tieout booked it.\n"
    yield "; Debit positive. Invoices themselves are booked by the billing system.\n"
    for name in sorted(accounts):
        yield f"\n; {MEANINGS[Account(name)]}\n{(first or date.min).isoformat()} open {name}\n"
    for entry in read_entries(tx):
        yield "".join(_directive(entry))


def _directive(entry: EntryRow) -> Iterator[str]:
    yield f"\n{entry.booked_on.isoformat()} * {_quoted(entry.description)}\n"
    facts = {
        "entry": entry.id,
        "event": entry.event_key,
        "kind": entry.kind,
        "reverses": entry.reverses,
        "decision": entry.decision_id,
        "backfilled": "yes" if entry.backfilled else None,
    }
    yield from (f"  {name}: {_quoted(value)}\n" for name, value in facts.items() if value)
    for line in entry.lines:
        yield f"  {line.account}  {to_text(line.amount_minor, line.currency)} {line.currency}\n"
        about = {"payment": line.payment_id, "invoice": line.invoice_id, "customer": line.customer_id}
        yield from (f"    {name}: {_quoted(value)}\n" for name, value in about.items() if value)


def _quoted(text: str) -> str:
    """Write a Beancount string; what would break a line becomes a space."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
