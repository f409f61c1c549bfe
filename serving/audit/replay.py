"""Deciding a decision again from what the store kept: the same model, the same policy, the same bits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.bundle import Bundle
from features.grounds import decide_again
from features.match_model import model_of
from receivables.errors import TieoutError
from receivables.policy import Policy
from serving.audit.chain import append
from serving.audit.record import parsed
from serving.store.audit_rows import DecisionRow, find_decision, payloads_of_kind, payloads_of_subject
from serving.store.store import Transaction

__all__ = ["Replay", "ReplayError", "note_policy", "replay"]


class ReplayError(TieoutError):
    """This decision cannot be decided again."""

    code = "replay"
    mend = "Give the id of a decision of the machine, and with --model the folder of the model that made it."


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision then and now; `differences` is empty when it is the same to the bit."""

    decision_id: str
    payment_id: str
    model: str
    policy: str
    confidence: float
    outcome: str
    differences: tuple[str, ...]


def note_policy(tx: Transaction, policy: Policy, now: datetime) -> None:
    """Put a policy into the chain when the book decides under it for the first time."""
    name = f"policy:{policy.fingerprint()}"
    known: set[str] = tx.memory.setdefault("policies", set())
    if name in known:
        return
    known.add(name)
    if not payloads_of_subject(tx, name):
        append(tx, "policy.used", {"policy": policy.to_dict()}, now, subject=name)


def replay(tx: Transaction, decision_id: str, load: Callable[[str], Bundle]) -> Replay:
    """Decide a decision again; `load` finds the model by the name that the decision quotes.

    The grounds must be those whose hash stands in the chain. Raises `ReplayError` when the decision was a
    person's, or when its model is not the one that is loaded.
    """
    row = find_decision(tx, decision_id)
    if row is None or row.grounds is None:
        raise ReplayError(f"{decision_id[:80]!r} is no decision of the machine in this book.")
    bundle = load(row.model)
    if bundle.name != row.model:
        raise ReplayError(f"The decision was made by {row.model}, not by {bundle.name}.")
    again = decide_again(row.grounds, model_of(bundle), _policy(tx, row.policy))
    differences = [*_against_chain(tx, row)]
    if not again.is_same_number:
        differences.append("the confidence has other bits")
    for name, then, now in (
        ("confidence", row.confidence, round(again.confidence, 9)),
        ("outcome", row.outcome, again.outcome),
        ("reasons", row.reasons, again.reasons),
    ):
        if then != now:
            differences.append(f"{name} was {then!r} and is {now!r}")
    return Replay(
        row.id, row.payment_id, row.model, row.policy, again.confidence, again.outcome, tuple(differences)
    )


def _policy(tx: Transaction, fingerprint: str) -> Policy:
    for payload in payloads_of_subject(tx, f"policy:{fingerprint}"):
        policy = Policy.from_dict(parsed(payload)["body"]["policy"])
        if policy.fingerprint() == fingerprint:
            return policy
    raise ReplayError(f"The policy {fingerprint} is not in the chain.")


def _against_chain(tx: Transaction, row: DecisionRow) -> list[str]:
    """Hold the grounds against the hash that the chain has of them."""
    assert row.grounds is not None
    digest = hashlib.sha256(row.grounds.encode()).hexdigest()
    told = [_told(json.loads(payload), row.id) for payload in payloads_of_kind(tx, "decisions.made", row.at)]
    return [] if digest in told else ["the grounds are not those of the audit chain"]


def _told(payload: dict[str, Any], decision_id: str) -> str | None:
    for one in payload["body"]["decisions"]:
        if one["id"] == decision_id:
            return str(one.get("grounds"))
    return None
