"""The decisions under the audit chain: each is in a record, was told as it was made, and says the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from serving.audit.record import parsed
from serving.audit.verify import FindingKind, Verification
from serving.store.audit_rows import all_decisions, read_records, told_decisions
from serving.store.store import Transaction

__all__ = ["check_decisions"]

TOLD: Final = (
    "seq", "payment_id", "kind", "outcome", "confidence", "customer_id", "currency", "allocated_minor",
    "unapplied_minor", "related_payment_id", "reasons", "model", "policy",
)  # fmt: skip
"""What an event says of a decision that its row says as well."""


def check_decisions(tx: Transaction, result: Verification) -> None:
    """Hold decisions and the events about them against the chain.

    An event that retention removed is not missed; the grounds are held against their hash either way.
    """
    audited = _audited(tx)
    told: dict[str, Mapping[str, Any]] = {}
    for body in told_decisions(tx):
        said = _read(body)
        name = str(said.get("decision_id"))
        seq, digest, _ = audited.get(name, (0, "", None))
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            message = f"The event about decision {name[:80]} is not what record {seq} says was told."
            result.add(FindingKind.STATE_DIFFERS, seq, message)
        told[name] = said
    for row in all_decisions(tx):
        seq, _, grounds = audited.pop(row["id"], (0, "", None))
        if not seq:
            result.add(FindingKind.STATE_DIFFERS, 0, f"The decision {row['id']} is in no audit record.")
        elif _digest(row["evidence"]) != grounds:
            message = f"The grounds of decision {row['id']} are not those of record {seq}."
            result.add(FindingKind.STATE_DIFFERS, seq, message)
        said = told.get(row["id"], {})
        wrong = [name for name in TOLD if said and said.get(name) != row[name]]
        if wrong:
            message = f"The decision {row['id']} no longer says what was told: {', '.join(wrong)}."
            result.add(FindingKind.STATE_DIFFERS, seq, message)
    for decision_id, (seq, _, _) in audited.items():
        result.add(FindingKind.STATE_DIFFERS, seq, f"The decision {decision_id} of record {seq} is gone.")


def _audited(tx: Transaction) -> dict[str, tuple[int, str, str | None]]:
    """Read from the chain, by decision: the record, the hash of what was told, the hash of the grounds."""
    found: dict[str, tuple[int, str, str | None]] = {}
    for record in read_records(tx):
        if record.kind in ("decisions.made", "decisions.taken_back"):
            for one in parsed(record.payload)["body"]["decisions"]:
                found[one["id"]] = record.seq, one["sha256"], one["grounds"]
    return found


def _read(body: str) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _digest(grounds: str | None) -> str | None:
    return None if grounds is None else hashlib.sha256(grounds.encode()).hexdigest()
