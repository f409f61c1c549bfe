"""The journal under the audit chain: every entry's digest stands in a record, and nothing else is booked."""

from __future__ import annotations

import hashlib
import json

from serving.audit.record import parsed
from serving.audit.verify import FindingKind, Verification
from serving.store.audit_rows import read_records
from serving.store.ledger_rows import EntryRow, read_entries
from serving.store.store import Transaction

__all__ = ["check_journal", "entry_digest"]

POSTED = "journal.posted"


def entry_digest(row: EntryRow) -> str:
    """Hash everything an entry says: SHA-256 of a JSON list of its fields and lines."""
    lines = [
        [line.account, line.currency, line.amount_minor, line.payment_id, line.invoice_id, line.customer_id]
        for line in row.lines
    ]
    said = [
        row.id, row.event_key, row.kind, row.booked_on.isoformat(), row.backfilled, row.description,
        row.reverses, row.decision_id, lines,
    ]  # fmt: skip
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_journal(tx: Transaction, result: Verification) -> None:
    """Hold the journal against the chain: the same entries, each as it was when it was booked."""
    audited: dict[str, tuple[int, str]] = {}
    for record in read_records(tx):
        if record.kind == POSTED:
            for entry in parsed(record.payload)["body"]["entries"]:
                if entry["id"] in audited:
                    message = f"Record {record.seq} says again that {entry['id']} was booked."
                    result.add(FindingKind.STATE_DIFFERS, record.seq, message)
                audited[entry["id"]] = record.seq, entry["sha256"]
    for row in read_entries(tx):
        seq, digest = audited.pop(row.id, (0, ""))
        if not seq:
            result.add(FindingKind.STATE_DIFFERS, 0, f"The entry {row.id} is in no audit record.")
        elif digest != entry_digest(row):
            message = f"The entry {row.id} is not what record {seq} says was booked."
            result.add(FindingKind.STATE_DIFFERS, seq, message)
        for currency, total in _totals(row).items():
            if total:
                result.add(
                    FindingKind.STATE_DIFFERS, seq, f"The entry {row.id} is off by {total} {currency}."
                )
    for entry_id, (seq, _) in audited.items():
        result.add(FindingKind.STATE_DIFFERS, seq, f"The entry {entry_id} of record {seq} is gone.")


def _totals(row: EntryRow) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in row.lines:
        totals[line.currency] = totals.get(line.currency, 0) + line.amount_minor
    return totals
