"""The ten cases as books."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
SAMPLES: Final = tuple(sorted(path.name for path in (HERE / "samples").iterdir()))
EXPECTED: Final[dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))

STATUS: Final = {
    "OPEN": "open",
    "PARTIAL": "open",
    "CLOSED": "open",  # closed by an allocation of the history, which a return may undo
    "DISPUTED": "disputed",
    "ON_HOLD": "on_hold",
    "LEGAL_HOLD": "on_hold",
}
STALE_DAYS: Final = 180

Row = dict[str, str]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Case:
    """A book and what it tolerates."""

    name: str
    tables: Tables
    tolerance: str


def read_case(name: str) -> Case:
    """Turn one sample into a book."""
    statement = _json(name, "bank_statement.json")
    ledger = _json(name, "open_ar.json")
    invoices = [_invoice(item) for item in ledger["invoices"]]
    invoices += [_credit_memo(memo) for memo in ledger["credit_memos"]]
    tables: Tables = {
        "invoices": invoices,
        "customers": _customers(ledger),
        "payments": [],
        "allocations": [],
    }
    for line in statement["transactions"]:
        tables["payments"].append(_payment(line, statement["statement_date"]))
        returned = re.search(r"\bACH(\d{8})\d{3}\b", line["remittance_text"])
        if line["payment_type"] == "ACH_RETURN" and returned:
            _add_returned(tables, line, returned)
    return Case(name, tables, str(ledger["auto_writeoff_config"]["threshold"]))


def _json(name: str, file: str) -> dict[str, Any]:
    text = (HERE / "samples" / name / file).read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return read


def _invoice(item: dict[str, Any]) -> Row:
    open_amount = "" if item["status"] == "CLOSED" else str(item["open_amount"])
    return {
        "invoice_id": item["invoice_id"],
        "customer_id": item["customer_id"],
        "customer_name": item["customer_name"],
        "currency": item["currency"],
        "amount": str(item["original_amount"]),
        "open_amount": open_amount,
        "issue_date": item["invoice_date"],
        "due_date": item["due_date"],
        "purchase_order": item["po_reference"] or "",
        "discount_percent": str(item["discount_pct"] or ""),
        "discount_date": item["discount_deadline"] or "",
        "status": STATUS[item["status"]],
    }


def _credit_memo(memo: dict[str, Any]) -> Row:
    return {
        "invoice_id": memo["cm_id"],
        "customer_id": memo["customer_id"],
        "currency": "USD",
        "amount": str(memo["amount"]),
        "issue_date": memo["date"],
        "type": "credit_memo",
    }


def _customers(ledger: dict[str, Any]) -> list[Row]:
    names = {item["customer_id"]: item["customer_name"] for item in ledger["invoices"]}
    aliases: dict[str, list[str]] = {}
    for alias in ledger["payer_alias_registry"]:
        aliases.setdefault(alias["canonical_customer_id"], []).append(alias["payer_alias"])
    parents: dict[str, str] = {}
    for group in ledger["parent_child_hierarchy"]:
        names[group["parent_customer_id"]] = group["parent_name"]
        parents |= dict.fromkeys(group["children"], group["parent_customer_id"])
    return [
        {
            "customer_id": customer,
            "name": name,
            "aliases": ";".join(aliases.get(customer, [])),
            "parent_id": parents.get(customer, ""),
        }
        for customer, name in names.items()
    ]


def _payment(line: dict[str, Any], statement_date: str) -> Row:
    booked, stated = date.fromisoformat(line["date"]), date.fromisoformat(statement_date)
    is_return = line["payment_type"] == "ACH_RETURN"
    is_odd_check = booked > stated or (stated - booked).days > STALE_DAYS
    return {
        "payment_id": line["txn_id"],
        "booking_date": line["date"],
        "currency": line["currency"],
        "amount": f"-{line['amount']}" if is_return else str(line["amount"]),
        "payer_name": line["payer_raw"],
        "remittance": line["remittance_text"],
        "end_to_end_id": line["bank_reference"],
        "transaction_code": line["payment_type"],
        "kind": "return" if is_return else "",
        "hold": "check_date" if is_odd_check else "",
    }


def _add_returned(tables: Tables, line: dict[str, Any], returned: re.Match[str]) -> None:
    """Add the earlier payment that the statement says was returned, applied to the invoice of that amount."""
    payment, digits = returned.group(), returned.group(1)
    booked = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    invoice = next(row for row in tables["invoices"] if Decimal(row["amount"]) == line["amount"])
    tables["payments"].append(
        {
            "payment_id": payment,
            "booking_date": booked,
            "currency": line["currency"],
            "amount": str(line["amount"]),
            "payer_name": line["payer_raw"].removeprefix("NSF RETURN - "),
            "end_to_end_id": payment,
        },
    )
    tables["allocations"].append(
        {"payment_id": payment, "invoice_id": invoice["invoice_id"], "amount": str(line["amount"])},
    )
