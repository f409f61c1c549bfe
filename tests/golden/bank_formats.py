"""What the bank files in `formats` hold, as their readers give it and as `expected.json` says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from features.ingest import bai2, ofx, qif
from features.ingest.entry import Entry, EntryStatus, PaymentEntry, RemittanceEntry, StatementEntry
from features.ingest.limits import DEFAULT
from features.ingest.mt940 import reading as mt940
from features.ingest.problems import Problem
from features.ingest.source import Source
from features.ingest.tabular.hints import Hints
from receivables.money import to_text

ROOT: Final = Path(__file__).parent / "formats"
Read = Callable[..., Iterator[Entry | Problem]]
READERS: Final[dict[str, Read]] = {
    "mt940": mt940.read,
    "mt103": mt940.read,
    "bai2": bai2.read,
    "ofx": ofx.read,
    "qif": partial(qif.read, hints=Hints(currency="EUR")),
}
DETECTORS: Final = {"mt940": mt940, "mt103": mt940, "bai2": bai2, "ofx": ofx, "qif": qif}
_SKIPPED: Final = frozenset({"expected.json", "NOTICE.md", "LICENSE"})
_PLAIN: Final = (
    "payer_name payer_account counterparty_ultimate remittance structured_reference end_to_end_id mandate_id "
    "transaction_code account kind related_reference bank_reference uetr exchange_rate original_currency "
    "return_reason"
).split()


def files() -> list[tuple[str, Path]]:
    """List every file by its format."""
    return [
        (name, path)
        for name in READERS
        for path in sorted((ROOT / name).iterdir())
        if path.name not in _SKIPPED
    ]


def expected(name: str) -> dict[str, list[list[Any]]]:
    """Load what the files of a format hold."""
    path = ROOT / name / "expected.json"
    loaded: dict[str, list[list[Any]]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def entries(name: str, path: Path) -> list[Entry | Problem]:
    """Read one file."""
    return list(READERS[name](Source.of_path(path), DEFAULT))


def told(one: Entry | Problem) -> list[Any]:
    """Say what an entry tells, short: kind, place, amounts, and the fields that are not empty."""
    if isinstance(one, Problem):
        return ["problem", one.position, one.code, one.field]
    place = one.lineage.position
    match one:
        case PaymentEntry():
            return ["payment", place, to_text(one.amount_minor, one.currency), one.currency, _payment(one)]
        case RemittanceEntry():
            amount = None if one.amount_minor is None else to_text(one.amount_minor, one.currency)
            return ["line", place, amount, one.currency, one.payment_position, one.reference, one.reason]
        case StatementEntry():
            return ["statement", place, one.account, one.currency, _statement(one)]
        case _:
            raise AssertionError(one)


def _payment(one: PaymentEntry) -> dict[str, Any]:
    out: dict[str, Any] = {"booked": one.booking_date.isoformat()}
    if one.value_date is not None and one.value_date != one.booking_date:
        out["value"] = one.value_date.isoformat()
    if one.received_at is not None:
        out["received"] = one.received_at.isoformat()
    out |= {name: value for name in _PLAIN if (value := getattr(one, name))}
    if one.status is not EntryStatus.BOOKED:
        out["status"] = one.status.value
    if one.is_reversal:
        out["reversal"] = True
    for name, currency in (("original_amount_minor", one.original_currency), ("charges_minor", one.currency)):
        if (minor := getattr(one, name)) is not None:
            out[name.removesuffix("_minor")] = to_text(minor, currency)
    return out


def _statement(one: StatementEntry) -> dict[str, Any]:
    out: dict[str, Any] = {"entries": one.entries}
    for name in ("statement_id", "sequence"):
        if value := getattr(one, name):
            out[name] = value
    for name in ("from_date", "to_date"):
        if (day := getattr(one, name)) is not None:
            out[name] = day.isoformat()
    for name in ("opening", "closing", "claimed_credit", "claimed_debit"):
        if (minor := getattr(one, f"{name}_minor")) is not None:
            out[name] = to_text(minor, one.currency)
    if one.is_reconciled is not None:
        out["reconciled"] = one.is_reconciled
    return out
