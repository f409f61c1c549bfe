"""Match a book: the bulk sibling of `serving.cash_application`, verb by verb.

block, compare, score, propose, calibrate, settle, decide; batch after batch in booking order, each seeing the
balances that the ones before it left.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.block import Reading
from features.conclude import Conclusion, conclude, lane_facts
from features.decide import OUTCOMES, decide_columns, reason_texts
from features.decided import Decided, LaneDecided, chosen_lines
from features.frame import I32, I64, Frame, flat
from features.lane import Lane, split_batch
from features.match_model import MatchModel, Scored, model_of, score_batch
from features.outcome_tables import (
    allocation_table,
    candidate_table,
    decision_table,
    lane_allocations,
    lane_candidates,
    lane_decisions,
)
from features.rivals import find_twice
from features.settle import settle
from features.state import FOREVER, Applied, Elsewhere, State
from features.threads import Behind
from features.tolerate import tolerate
from features.undo import find_originals
from receivables.policy import Policy

if TYPE_CHECKING:
    from features.book import Book
    from features.bundle import Bundle

BATCH = 60_000  # payments scored together; bounds memory, not results of a book that fits in one
RESERVE = 0.5  # confidence from which an explanation takes its cash off the balance that later batches see


class Progress(Protocol):
    """Told of long work: what, how much is done, of how much (0: unknown)."""

    def __call__(self, stage: str, done: int, total: int) -> object:
        """Take note."""


@dataclass
class MatchResult:
    """What a run decided: tables with the contract's columns, and the summary."""

    decisions: pa.Table
    allocations: pa.Table
    candidates: pa.Table
    summary: dict[str, Any]


@dataclass
class _Clock:
    """Seconds by stage."""

    started: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(default_factory=dict)

    def note(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - since
        return now


def canonical(book: Book) -> Book:
    """Sort a book's items and payments by id, so that the order of the input's rows means nothing."""
    invoices, payments = _by_id(book.invoices, "invoice_id"), _by_id(book.payments, "payment_id")
    return replace(book, invoices=invoices, payments=payments)


def _by_id(table: pa.Table, name: str) -> pa.Table:
    """Sort a table; one that is sorted is returned itself, not a copy of half a gigabyte."""
    ids = table[name]
    if len(ids) < 2 or pc.all(pc.less_equal(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py():
        return table
    return table.take(pc.sort_indices(ids))


def undecided(frame: Frame, known_until: int) -> I32:
    """Return the payments with neither an allocation in force nor a known outcome."""
    decided = np.zeros(frame.payment_count + 1, np.bool_)
    standing = (frame.allocation_reversed > known_until) | (frame.allocation_reversed == FOREVER)
    decided[frame.allocation_payment[standing & (frame.allocation_decided <= known_until)]] = True
    waiting = ~decided[:-1] & (frame.payment_resolution < 0) & (frame.payment_known <= known_until)
    return np.flatnonzero(waiting).astype(np.int32)


def rows_named(frame: Frame, ids: pa.Array) -> I32:
    """Return the rows of the payments named."""
    wanted = pc.is_in(frame.payment_ids, value_set=ids.cast(pa.string()))
    return np.flatnonzero(np.asarray(wanted)).astype(np.int32)


def instant_of(frame: Frame, as_of: datetime | None) -> int:
    """Return the instant of a run in microseconds: as asked, else when the book's last row became known."""
    if as_of is not None:
        return int(as_of.astimezone(UTC).timestamp() * 1_000_000)
    latest = [int(known.max()) for known in (frame.item_known, frame.payment_known) if len(known)]
    return max(latest, default=0)


def batches(frame: Frame, payments: I32) -> list[I32]:
    """Cut payments into batches in booking order; each batch lists its payments in the order of their ids."""
    order = np.lexsort((payments, frame.payment_booking[payments]))
    parts = max(1, -(-len(payments) // BATCH))
    return [np.sort(part) for part in np.array_split(payments[order], parts)]


def decide_batch(reading: Reading, state: State, batch: I32, model: MatchModel, policy: Policy) -> Decided:
    """Run one batch from blocking to decision."""
    scored = score_batch(reading, state, batch, model)
    return conclude_batch(scored, state, policy)


def conclude_batch(scored: Scored, state: State, policy: Policy, *, second_look: bool = False) -> Decided:
    """Settle and decide a scored batch; a second look is for payments that lost to others."""
    comparison = scored.proposed.compared.comparison
    settled = settle(scored.proposed.hypotheses, scored.log_odds, scored.pays, state.open_amount)
    if second_look:
        settled = replace(settled, lost=np.ones(len(settled.lost), np.bool_))
    undone = find_originals(comparison)
    scored = tolerate(scored, settled, policy)
    currencies = tuple(comparison.frame.currencies.to_pylist())
    conclusion = conclude(scored, settled, undone, currencies)
    outcome, reasons = decide_columns(conclusion.facts, policy)
    told = np.ones(len(outcome), np.bool_) if second_look else ~settled.lost
    return Decided(scored, settled, undone, conclusion, outcome, reasons, told)


def decide_lane(state: State, lane: Lane, model: MatchModel, policy: Policy) -> LaneDecided:
    """Decide the payments of the deterministic lane."""
    confidence = lane.confidence(model.calibration)
    facts, evidence = lane_facts(state, lane, confidence, tuple(state.frame.currencies.to_pylist()))
    outcome, reasons = decide_columns(facts, policy)
    return LaneDecided(lane, confidence, outcome, reasons, evidence, facts)


def claims_of(decided: Decided, item_count: int, least: float = RESERVE) -> I64:
    """Return what the likely explanations of a batch take off the balances, by item, signed."""
    h = decided.scored.proposed.hypotheses
    out = np.zeros(item_count, np.int64)
    likely = (decided.settled.chosen >= 0) & decided.told & (decided.conclusion.confidence >= least)
    sure = decided.settled.chosen[likely]
    inside = np.zeros(len(h.payment), np.bool_)
    inside[sure] = True
    rows = np.flatnonzero(inside[h.owner])
    np.add.at(out, h.item[rows], h.amount[rows] + h.write_off[rows])
    return out


def match_book(  # noqa: PLR0913 - each is a way of running it, named by the caller
    book: Book,
    bundle: Bundle,
    policy: Policy | None = None,
    *,
    as_of: datetime | None = None,
    threads: int = 2,
    progress: Progress | None = None,
    sink: Callable[[pa.Table], object] | None = None,
    only: pa.Array | None = None,
    elsewhere: Elsewhere | None = None,
    witness: Callable[[Decided | LaneDecided, Frame], object] | None = None,
) -> MatchResult:
    """Decide the payments of a book that have neither allocation nor known outcome, or ``only`` those named.

    ``elsewhere`` tells what a part of a book does not show of the whole. ``sink`` takes the candidate tables
    batch by batch, so that a large book needs no memory for them; without it they are returned. ``witness``
    is shown every batch as it was decided. Raises `BundleError` when the model does not fit this version.
    """
    clock = _Clock()
    rules = policy if policy is not None else Policy.from_dict(bundle.policy)
    model = model_of(bundle)
    since = clock.started
    frame = Frame(canonical(book))
    reading = Reading(frame, threads)
    now = instant_of(frame, as_of)
    known_until = FOREVER if as_of is None else now
    payments = undecided(frame, known_until) if only is None else rows_named(frame, only)
    since = clock.note("prepare", since)
    told = _Told(sink)
    claimed = np.zeros(frame.item_count, np.int64)
    applied = Applied.empty()
    done = 0
    parts = batches(frame, payments)
    with Behind(threads) as behind:
        for number, batch in enumerate(parts):
            if progress is not None:
                progress("matching", done, len(payments))
            state = State(
                frame, known_until, known_until, replay=False, batch=batch, claimed=claimed, applied=applied,
                elsewhere=elsewhere,
            )  # fmt: skip
            if number == 0:
                behind.add(partial(warm, reading, known_until))
            split = split_batch(reading, state, batch)
            lane = decide_lane(state, split.lane, model, rules)
            if witness is not None:
                witness(lane, frame)
            behind.add(partial(told.lane, frame, lane, bundle.name, policy_name(rules)))
            claimed = claimed + split.lane.claimed(state)
            applied = applied.joined(split.lane.applied(state))
            state = replace(state, batch=split.rest, claimed=claimed, applied=applied)
            since = clock.note("lane", since)
            behind.wait()  # one batch of pairs in memory at a time
            since = clock.note("tables", since)
            scored = score_batch(reading, state, split.rest, model)
            since = clock.note("score", since)
            first = conclude_batch(scored, state, rules)
            looks = [first]
            if not first.told.all():
                taken = claimed + claims_of(first, frame.item_count, least=0.0)
                so_far = applied.joined(chosen_lines(first))
                again = replace(state, batch=split.rest[~first.told], claimed=taken, applied=so_far)
                looks.append(
                    conclude_batch(
                        score_batch(reading, again, again.batch, model), again, rules, second_look=True
                    )
                )
            since = clock.note("decide", since)
            for decided in looks:
                if witness is not None:
                    witness(decided, frame)
                claimed = claimed + claims_of(decided, frame.item_count)
                applied = applied.joined(chosen_lines(decided))
                behind.add(partial(told.look, decided, reading, bundle.name, policy_name(rules)))
            del scored, first, looks, decided
            done += len(batch)
        behind.wait()
    since = clock.note("tables", since)
    if progress is not None:
        progress("matching", done, len(payments))
    result = told.result()
    result.summary = _summary(result, bundle, rules, now, book, clock)
    return result


def warm(reading: Reading, known_until: int) -> None:
    """Compute what the first batch asks of the whole book after its lane."""
    _ = reading.neighbour_table, reading.items_by_customer, reading.parties.payer_keys
    _ = reading.parties.customer_keys
    find_twice(reading, np.zeros(0, np.int32), known_until)


@dataclass
class _Told:
    """What a run says, batch by batch, in the order in which it was decided."""

    sink: Callable[[pa.Table], object] | None
    decisions: list[pa.Table] = field(default_factory=list)
    allocations: list[pa.Table] = field(default_factory=list)
    candidates: list[pa.Table] = field(default_factory=list)

    def lane(self, frame: Frame, decided: LaneDecided, model: str, policy: str) -> None:
        """Lay out the tables of the deterministic lane."""
        self.decisions.append(lane_decisions(frame, decided, model, policy))
        self.allocations.append(lane_allocations(frame, decided))
        self._emit(lane_candidates(frame, decided))

    def look(self, decided: Decided, reading: Reading, model: str, policy: str) -> None:
        """Lay out the tables of a batch."""
        self.decisions.append(decision_table(decided, reading, model, policy))
        self.allocations.append(allocation_table(decided))
        self._emit(candidate_table(decided))

    def _emit(self, table: pa.Table) -> None:
        (self.candidates.append if self.sink is None else self.sink)(table)

    def result(self) -> MatchResult:
        """Put the tables together."""
        return MatchResult(
            _joined(self.decisions, "payment_id"),
            _joined(self.allocations, "payment_id"),
            _joined(self.candidates, None),
            {},
        )


def policy_name(policy: Policy) -> str:
    """Return the name under which decisions quote a policy."""
    return policy.fingerprint()


def _joined(tables: list[pa.Table], order: str | None) -> pa.Table:
    if not tables:
        return pa.table({})
    table = pa.concat_tables(tables)
    if order is None or len(tables) == 1:
        return table
    keys = [(name, "ascending") for name in (order, "invoice_id") if name in table.column_names]
    return table.take(pc.sort_indices(table, sort_keys=keys))


def _summary(
    result: MatchResult, bundle: Bundle, policy: Policy, now: int, book: Book, clock: _Clock
) -> dict[str, Any]:
    """Count what was decided, by outcome and money, and say which promise holds."""
    outcome = flat(result.decisions["outcome"]) if result.decisions.num_rows else pa.array([], pa.string())
    counts = {str(e["values"]): int(e["counts"]) for e in pc.value_counts(outcome).to_pylist()}
    total = max(result.decisions.num_rows, 1)
    guarantee = policy.guarantee or {"statement": "none"}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "as_of": datetime.fromtimestamp(now / 1_000_000, UTC).isoformat().replace("+00:00", "Z"),
        "counts": {
            "payments": result.decisions.num_rows,
            **{word.value: counts.get(word.value, 0) for word in OUTCOMES},
            "allocations": result.allocations.num_rows,
            "invoices": book.invoices.num_rows,
            "quarantined": book.problems.num_rows,
        },
        "rates": {word.value: round(counts.get(word.value, 0) / total, 6) for word in OUTCOMES},
        "money": _money(result.decisions),
        "model": bundle.name,
        "policy": policy_name(policy),
        "auto_threshold": policy.auto_threshold,
        "review_threshold": policy.review_threshold,
        "segment_thresholds": dict(policy.segment_thresholds),
        "guarantee": dict(guarantee),
        "versions": _versions(),
        "timings": {
            "total": round(time.perf_counter() - clock.started, 3),
            **{stage: round(seconds, 3) for stage, seconds in clock.stages.items()},
        },
        "peak_memory_mib": round(peak / (1024 if sys.platform != "darwin" else 1024 * 1024), 1),
    }


def _money(decisions: pa.Table) -> dict[str, dict[str, str]]:
    """Add up allocated and unapplied cash by currency and outcome, exactly."""
    from receivables.money import exponent, to_text

    if decisions.num_rows == 0:
        return {}
    out: dict[str, dict[str, str]] = {}
    micro = pa.decimal128(38, 4)
    table = pa.table({
        "currency": decisions["currency"], "outcome": decisions["outcome"],
        "allocated": decisions["allocated"].cast(micro), "unapplied": decisions["unapplied"].cast(micro),
    })  # fmt: skip
    sums = table.group_by(["currency", "outcome"], use_threads=False).aggregate(
        [("allocated", "sum"), ("unapplied", "sum")]
    )
    for row in sorted(sums.to_pylist(), key=lambda r: (r["currency"], r["outcome"])):
        currency = out.setdefault(row["currency"], {})
        scale = 10 ** exponent(row["currency"])
        currency[f"{row['outcome']}_allocated"] = to_text(int(row["allocated_sum"] * scale), row["currency"])
        currency[f"{row['outcome']}_unapplied"] = to_text(int(row["unapplied_sum"] * scale), row["currency"])
    return out


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("duckdb", "lightgbm", "numpy", "pyarrow")}


__all__ = ["Conclusion", "Decided", "MatchResult", "decide_batch", "match_book", "reason_texts"]
