"""The promise kept alive in a book: answered audits go to the alarm, and the policy steps down by itself.

The state is the last record of the audit chain about the promise, so that it is shared by every worker,
outlives each of them, and shows an outsider on which audits it stands. Audits are heard in the order of the
closes they are about; the first that is not answered yet stops the hearing, since answers that come quickly
are not like those that come late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import structlog

from receivables.assurance import Promise, Rung, Why
from receivables.audit_sample import Audited
from receivables.policy import Policy
from receivables.words import Outcome
from serving import metrics
from serving.audit.chain import append
from serving.audit.record import parsed
from serving.review.answers import agreed_answer
from serving.store import review_rows
from serving.store.audit_rows import last_of_subject
from serving.store.store import StoredRow, Transaction

__all__ = ["keep_promise", "policy_kept", "promise_of"]

LEAST_PI: Final = 0.05
"""The least chance of being drawn that `tieout audit draw` gives unless told otherwise."""

_log: Final = structlog.get_logger("tieout.promise")


def policy_kept(tx: Transaction, policy: Policy) -> Policy:
    """Give what the promise of a policy still allows in this book; the policy itself while nothing spoke."""
    promise = promise_of(tx, policy)
    return policy if promise is None else _under(policy, promise)


def promise_of(tx: Transaction, policy: Policy) -> Promise | None:
    """Read how the promise of a policy stands in this book; None before it was ever looked at."""
    found = _state(tx, policy)
    return None if found is None else found[0]


def keep_promise(tx: Transaction, model: str, policy: Policy, now: datetime) -> Promise | None:
    """Hear the audits answered since and let the calendar act; what changes goes into the chain.

    None for a policy that promises nothing. A promise with a last day (a certificate) ends there, unless its
    alarm heard audits and is quiet; one without (the base model) is only watched.
    """
    rungs = _ladder(policy)
    if not rungs:
        return None
    today = now.date()
    state = _state(tx, policy)
    if state is None:
        until = str((policy.guarantee or {}).get("valid_until") or date.max.isoformat())
        least = review_rows.least_audit_chance(tx) or LEAST_PI
        fresh = Promise.published(rungs, on=today, valid_until=date.fromisoformat(until), least_pi=least)
        state = (fresh, 0)
        _note(tx, policy, fresh, 0, now)
    before, heard_until = state
    in_force = _under(policy, before)
    rows = list(_answered(review_rows.audits_after(tx, model, in_force.fingerprint(), heard_until)))
    after = before.heard([_audited(tx, row) for row in rows], on=today).on_day(today)
    if after != before:
        _note(tx, policy, after, rows[-1].seq if rows else heard_until, now)
    for step in after.steps[len(before.steps) :]:
        metrics.PROMISE_STEPS.labels(step.why.value).inc()
        tell = _log.info if step.why is Why.EXTENDED else _log.error
        tell("promise changed", book=tx.book_id, why=step.why.value, place=step.place, of=len(after.rungs))
    return after


def _under(policy: Policy, promise: Promise) -> Policy:
    """Hold a policy to the rung in force; below the first one its own guarantee holds no more."""
    if promise.place == 0:
        return policy
    rung = promise.in_force or Rung(0.0, None)
    return replace(policy.merged_with(rung.knobs()), guarantee=None)


def _ladder(policy: Policy) -> list[Rung]:
    """Order what the policy closes and, behind it, the safer rungs that its certificate reached."""
    guarantee: dict[str, Any] = dict(policy.guarantee or {})
    alpha = guarantee.get("alpha")
    if not alpha or (policy.auto_threshold is None and not policy.segment_thresholds):
        return []
    own = Rung(float(alpha), policy.auto_threshold, dict(policy.segment_thresholds))
    safer = [
        Rung(float(one["alpha"]), one["auto_threshold"], dict(one["segment_thresholds"]))
        for one in guarantee.get("rungs", ())
        if float(one["alpha"]) < own.alpha
    ]
    return [own, *sorted(safer, key=lambda rung: -rung.alpha)]


def _subject(policy: Policy) -> str:
    """Name the promise: a new certificate of the same knobs is a new promise."""
    guarantee = dict(policy.guarantee or {})
    return f"promise:{policy.fingerprint()}:{guarantee.get('as_of')}:{guarantee.get('plan_fingerprint')}"


def _state(tx: Transaction, policy: Policy) -> tuple[Promise, int] | None:
    if policy.guarantee is None:
        return None
    payload = last_of_subject(tx, _subject(policy))
    if payload is None:
        return None
    body = parsed(payload)["body"]
    return Promise.from_dict(json.loads(body["state"])), int(body["heard_until"])


def _note(tx: Transaction, policy: Policy, promise: Promise, heard_until: int, now: datetime) -> None:
    state = json.dumps(promise.to_dict(), sort_keys=True, separators=(",", ":"))
    body = {"heard_until": heard_until, "place": promise.place, "state": state}
    append(tx, "promise.changed", body, now, subject=_subject(policy))


def _answered(rows: Iterable[StoredRow]) -> Iterator[StoredRow]:
    for row in rows:
        if row.state != review_rows.CLOSED:
            return
        yield row


def _audited(tx: Transaction, row: StoredRow) -> Audited:
    answer = json.loads(agreed_answer(tx, row.case_id) or "{}")
    theirs = {(one[0], one[1], abs(one[2])) for one in answer.get("lines", [])}
    lines = review_rows.lines_of_decision(tx, row.decision_id)
    ours = {(one.invoice_id, int(one.amount_minor), abs(int(one.write_off_minor))) for one in lines}
    if row.outcome == Outcome.AUTO:
        is_wrong = theirs != ours or answer.get("resolution") is not None
    else:
        is_wrong = bool(theirs) or answer.get("resolution") != "nothing"
    return Audited(float(row.pi), is_wrong, int(row.allocated_minor or 0))
