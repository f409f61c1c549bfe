"""Catch up in bulk: match everything undecided at once, then carry it out part by part.

What the run decided is written down before the first effect, so a run that is killed goes on where it stood
and ends as if it had not been: nothing is matched twice against a book that is half changed. The decisions
depend on what is in the store, not on the order in which it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
import pyarrow as pa

from features.grounds import Witness
from features.pipeline import match_book
from receivables.reasons import Reason
from receivables.words import Outcome
from serving.audit.replay import note_policy
from serving.effects import made_id, record
from serving.promise import policy_kept
from serving.proposals import Line, Proposed, proposals_of
from serving.store.book_reading import read_book
from serving.store.effect_rows import OverAppliedError
from serving.store.intake_rows import mark_for_recheck
from serving.store.run_rows import (
    begin_run,
    end_run,
    finish_part,
    items_version,
    next_part,
    run_number,
    undecided_payments,
    unfinished_run,
)

if TYPE_CHECKING:
    from features.book import Book
    from features.bundle import Bundle
    from features.pipeline import Progress
    from receivables.policy import Policy
    from serving.clock import Clock
    from serving.store.store import Store, Transaction

AT_ONCE: Final = 500
"""Payments whose effects share a transaction."""
KIND: Final = "match"


@dataclass(slots=True)
class CaughtUp:
    """What a run did."""

    decided: int = 0
    unchanged: int = 0
    deferred: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)


def catch_up(
    store: Store,
    book_id: str,
    bundle: Bundle,
    policy: Policy,
    clock: Clock,
    *,
    progress: Progress | None = None,
    threads: int = 2,
) -> CaughtUp:
    """Match what is undecided and carry it out; first finish a run that was interrupted."""
    done = CaughtUp()
    with store.reading(book_id) as tx:
        begun = unfinished_run(tx, KIND)
    if begun is not None:
        _carry_out(store, book_id, begun.id, clock, done, progress)
    run_id = _decide(store, book_id, bundle, policy, clock, progress, threads)
    if run_id is not None:
        _carry_out(store, book_id, run_id, clock, done, progress)
    return done


def _decide(
    store: Store,
    book_id: str,
    bundle: Bundle,
    policy: Policy,
    clock: Clock,
    progress: Progress | None,
    threads: int,
) -> str | None:
    """Match all that is undecided if anything of it is new, and write down the run."""
    with store.reading(book_id) as tx:
        waiting, asked = undecided_payments(tx)
        version, seen = items_version(tx)
        if not waiting or (not asked and version == seen):
            return None
        book = read_book(tx)
        policy = policy_kept(tx, policy)
    witness = Witness(bundle.calibration)
    result = match_book(
        book, bundle, policy, only=pa.array(waiting, pa.string()), threads=threads, progress=progress,
        sink=lambda _: None, witness=witness,
    )  # fmt: skip
    proposals = proposals_of(result.decisions, result.allocations, items_of(book), witness.grounds)
    bodies = [dumped(proposals[start : start + AT_ONCE]) for start in range(0, len(proposals), AT_ONCE)]
    with store.transaction(book_id) as tx:
        run_id = made_id("ru", book_id, KIND, run_number(tx))
        note_policy(tx, policy, clock())
        begin_run(tx, run_id, KIND, bodies, len(proposals), clock(), seen=version)
    return run_id


def items_of(book: Book) -> dict[str, tuple[str, int]]:
    """Give the currency and the side of every item."""
    columns = [book.invoices[name].to_pylist() for name in ("invoice_id", "currency", "type")]
    return {
        one: (currency, -1 if kind == "credit_memo" else 1)
        for one, currency, kind in zip(*columns, strict=True)
    }


def _carry_out(
    store: Store, book_id: str, run_id: str, clock: Clock, done: CaughtUp, progress: Progress | None
) -> None:
    while True:
        with store.transaction(book_id) as tx:
            part = next_part(tx, run_id)
            if part is None:
                end_run(tx, run_id, clock())
                return
            number, body = part
            proposals = loaded(body)
            _record(tx, proposals, clock(), done)
            finish_part(tx, run_id, number, len(proposals), clock())
        if progress is not None:
            progress("posting", done.decided + done.unchanged + done.deferred, 0)


def _record(tx: Transaction, proposals: Sequence[Proposed], now: datetime, done: CaughtUp) -> None:
    """Carry out some decisions; one whose balances moved meanwhile waits for a person or the next run."""
    try:
        with tx.savepoint():
            records = record(tx, proposals, now)
    except OverAppliedError:
        if len(proposals) > 1:
            middle = len(proposals) // 2
            _record(tx, proposals[:middle], now, done)
            _record(tx, proposals[middle:], now, done)
        else:
            record(tx, [_for_a_person(proposals[0])], now)
            mark_for_recheck(tx, [proposals[0].payment_id])
            done.deferred += 1
        return
    for one in records:
        done.outcomes[one.proposed.outcome] += 1
        done.decided += one.is_new
        done.unchanged += not one.is_new


def _for_a_person(proposed: Proposed) -> Proposed:
    """Leave to a person what can no longer be carried out."""
    paid = proposed.allocated_minor + proposed.unapplied_minor
    reasons = ";".join(filter(None, (proposed.reasons, Reason.CONFLICT_LOST)))
    return replace(
        proposed, outcome=Outcome.REVIEW, allocated_minor=0, unapplied_minor=paid, reasons=reasons, lines=()
    )


def dumped(proposals: Sequence[Proposed]) -> str:
    """Write proposals down."""
    return orjson.dumps(list(proposals)).decode()


def loaded(body: str) -> list[Proposed]:
    """Read proposals back."""
    return [_proposed(raw) for raw in orjson.loads(body)]


def _proposed(raw: dict[str, Any]) -> Proposed:
    for line in raw["lines"]:
        if line["rate_date"]:
            line["rate_date"] = date.fromisoformat(line["rate_date"])
    raw["lines"] = tuple(Line(**line) for line in raw["lines"])
    return Proposed(**raw)


__all__ = ["AT_ONCE", "CaughtUp", "catch_up", "items_of"]
