"""A small sound book, and the files that hold it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, str]
Tables = dict[str, list[Row]]

_SOUND: Final[Tables] = {
    "invoices": [
        {
            "invoice_id": f"I{number}",
            "customer_id": "C1",
            "currency": currency,
            "amount": amount,
            "issue_date": f"2025-01-0{number}",
            "type": "invoice",
            "open_amount": "1",
            "due_date": "2025-02-01",
            "discount_percent": "2.5",
            "discount_base": "",
            "tax_amount": "",
            "status": "open",
            "known_at": "",
        }
        for number, (currency, amount) in enumerate([("EUR", "100.00"), ("JPY", "1250"), ("BHD", "9.875")], 1)
    ],
    "payments": [
        {
            "payment_id": f"P{number}",
            "booking_date": f"2025-03-0{number}",
            "currency": currency,
            "amount": amount,
            "received_at": "",
            "remittance": "thanks",
            "original_amount": "",
            "original_currency": "",
            "charges": "",
            "kind": "receipt",
            "resolution": "",
        }
        for number, (currency, amount) in enumerate([("EUR", "100.00"), ("JPY", "1250"), ("EUR", "-3.50")], 1)
    ],
    "customers": [
        {"customer_id": "C1", "name": "Acme", "parent_id": ""},
        {"customer_id": "C2", "name": "Bolt", "parent_id": "C1"},
    ],
    "customer_accounts": [{"customer_id": "C1", "account": "A1"}, {"customer_id": "C2", "account": "A2"}],
    "own_accounts": [{"account": "O1", "currency": "EUR"}, {"account": "O2", "currency": ""}],
    "instalments": [
        {"invoice_id": "I1", "due_date": "2025-02-01", "amount": "50.00"},
        {"invoice_id": "I3", "due_date": "2025-03-01", "amount": "4.875"},
    ],
    "remittance_lines": [
        {"payment_id": "P1", "reference": "I1", "amount": "60.00", "deduction": "", "kind": "sale"},
        {"payment_id": "P1", "reference": "I1", "amount": "-2.00", "deduction": "", "kind": "fee"},
    ],
    "fx_rates": [
        {"date": "2025-03-01", "base": "EUR", "quote": "JPY", "rate": "161.25"},
        {"date": "2025-03-02", "base": "EUR", "quote": "JPY", "rate": "161.5"},
    ],
    "allocations": [
        {
            "payment_id": "P1",
            "invoice_id": "I1",
            "amount": "100.00",
            "write_off": "",
            "decided_at": "2025-03-02T08:00:00Z",
            "reversed_at": "",
            "pi": "0.5",
        },
        {
            "payment_id": "P2",
            "invoice_id": "I2",
            "amount": "1250",
            "write_off": "",
            "decided_at": "",
            "reversed_at": "",
            "pi": "",
        },
    ],
}


def sound() -> Tables:
    """Give a book without a mistake, to change at will."""
    return deepcopy(_SOUND)


def written(folder: Path, tables: Mapping[str, Sequence[Mapping[str, str]]], kind: str = "csv") -> Path:
    """Write `tables` as files of text and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        titles = list(rows[0])
        if kind == "parquet":
            columns = {title: pa.array([row[title] or None for row in rows], pa.string()) for title in titles}
            pq.write_table(pa.table(columns), folder / f"{name}.parquet")
        else:
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, titles)
                writer.writeheader()
                writer.writerows(rows)
    return folder
