"""The figures of a report, counted over whole columns; amounts of different currencies are never added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from features.report.tables import OUTCOMES, Bools, Decided, Ints
from features.report.words import BLOCKERS, NOTHING_PROPOSED, RECOGNISED, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AUTO, REVIEW, UNMATCHED, DISMISSED = range(len(OUTCOMES))
TOP: Final = 10
DUPLICATES: Final = ("duplicate_payment", "duplicate_statement_line")


@dataclass(frozen=True)
class MoneyRow:
    """What came in, or went out, in one currency."""

    currency: str
    direction: str  # "in" or "out"
    payments: int
    minor: tuple[int, ...]  # absolute, by outcome

    @property
    def total(self) -> int:
        """Return the sum over all outcomes."""
        return sum(self.minor)


@dataclass(frozen=True)
class KindRow:
    """How one kind of payment was decided."""

    kind: str
    payments: int
    counts: tuple[int, ...]  # by outcome


@dataclass(frozen=True)
class ReasonRow:
    """One reason why a person must look, and what waits for it."""

    code: str
    sentence: str
    payments: int
    alone: int  # payments for which it is the only obstacle
    minor: Mapping[str, int]  # absolute, by currency


@dataclass(frozen=True)
class UnappliedRow:
    """Cash in one currency that settles no item."""

    currency: str
    minor: tuple[int, int, int, int]  # on account by itself; in review; unmatched, payer known; payer unknown


@dataclass(frozen=True)
class CustomerRow:
    """A customer whose payments wait for a person."""

    customer_id: str
    cases: int
    oldest_day: int
    minor: Mapping[str, int]


def outcome_counts(decided: Decided) -> tuple[int, ...]:
    """Count payments by outcome."""
    return tuple(np.bincount(decided.outcome, minlength=len(OUTCOMES)).tolist())


def money_rows(decided: Decided) -> list[MoneyRow]:
    """Add up absolute amounts by currency, direction and outcome, largest currencies (by payments) first."""
    out = decided.amount_minor < 0
    keys = decided.currency.code * 2 + out
    size = 2 * len(decided.currency.words)
    counts = np.bincount(keys, minlength=size)
    sums = exact_sums(
        keys * len(OUTCOMES) + decided.outcome, np.abs(decided.amount_minor), size * len(OUTCOMES)
    )
    return [
        MoneyRow(
            decided.currency.words[currency],
            direction,
            int(counts[2 * currency + side]),
            tuple(sums[(2 * currency + side) * len(OUTCOMES) :][: len(OUTCOMES)].tolist()),
        )
        for currency in by_use(decided)
        for side, direction in enumerate(("in", "out"))
        if counts[2 * currency + side]
    ]


def kind_rows(decided: Decided) -> list[KindRow]:
    """Count outcomes by the kind that each payment was recognised as."""
    words = decided.kind.words
    counts = np.bincount(
        decided.kind.code * len(OUTCOMES) + decided.outcome, minlength=len(words) * len(OUTCOMES)
    )
    table = counts.reshape(len(words), len(OUTCOMES))
    rows = [
        KindRow(word or "not recognised", int(row.sum()), tuple(row.tolist()))
        for word, row in zip(words, table, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.payments, row.kind))


def reason_rows(decided: Decided) -> list[ReasonRow]:
    """Count what keeps payments in review; a payment with several reasons counts under each."""
    currencies = len(decided.currency.words)
    waiting = decided.outcome == REVIEW
    keys = decided.reasons.code[waiting] * currencies + decided.currency.code[waiting]
    size = len(decided.reasons.words) * currencies
    counts = np.bincount(keys, minlength=size)
    sums = exact_sums(keys, np.abs(decided.amount_minor[waiting]), size)
    payments: dict[str, int] = {}
    alone: dict[str, int] = {}
    minor: dict[str, dict[int, int]] = {}
    for key in np.flatnonzero(counts).tolist():
        joined, currency = divmod(key, currencies)
        codes = _obstacles(decided.reasons.words[joined])
        for code in codes:
            payments[code] = payments.get(code, 0) + int(counts[key])
            alone[code] = alone.get(code, 0) + (int(counts[key]) if len(codes) == 1 else 0)
            held = minor.setdefault(code, {})
            held[currency] = held.get(currency, 0) + int(sums[key])
    rows = [
        ReasonRow(
            code,
            sentence(code) if code else "No reason is stated.",
            number,
            alone[code],
            {decided.currency.words[c]: minor[code][c] for c in by_use(decided) if c in minor[code]},
        )
        for code, number in payments.items()
    ]
    return sorted(rows, key=lambda row: (-row.payments, row.code))


def _obstacles(joined: str) -> list[str]:
    codes = [code for code in joined.split(";") if code]
    for group in (BLOCKERS, NOTHING_PROPOSED, RECOGNISED):
        if found := [code for code in codes if code in group]:
            return found
    return [""]


def unapplied_rows(decided: Decided) -> list[UnappliedRow]:
    """Add up the cash that settles no item, by currency and by who must do something about it."""
    unknown = np.array([not word for word in decided.customer.words], dtype=np.int64)[decided.customer.code]
    place = np.select(
        [decided.outcome == AUTO, decided.outcome == REVIEW, decided.outcome == UNMATCHED],
        [0, 1, 2 + unknown],
        -1,
    )
    keep = place >= 0
    keys = decided.currency.code[keep] * 4 + place[keep]
    sums = exact_sums(keys, decided.unapplied_minor[keep], 4 * len(decided.currency.words)).reshape(-1, 4)
    rows = [UnappliedRow(decided.currency.words[c], tuple(sums[c].tolist())) for c in by_use(decided)]
    return [row for row in rows if any(row.minor)]


def customer_rows(decided: Decided) -> list[CustomerRow]:
    """Rank customers by the number of payments that wait for a person."""
    waiting = np.isin(decided.outcome, (REVIEW, UNMATCHED)) & named(decided)
    counts = np.bincount(decided.customer.code[waiting], minlength=len(decided.customer.words))
    ranked = np.lexsort((np.arange(len(counts)), -counts))[:TOP]
    return [_customer_row(decided, int(c), waiting) for c in ranked.tolist() if counts[c]]


def _customer_row(decided: Decided, customer: int, waiting: Bools) -> CustomerRow:
    rows = np.flatnonzero(waiting & (decided.customer.code == customer))
    sums = exact_sums(
        decided.currency.code[rows], np.abs(decided.amount_minor[rows]), len(decided.currency.words)
    )
    return CustomerRow(
        decided.customer.words[customer],
        len(rows),
        int(decided.booking_day[rows].min()),
        {decided.currency.words[c]: int(sums[c]) for c in by_use(decided) if sums[c]},
    )


def named(decided: Decided) -> Bools:
    """Return which payments have a customer."""
    return np.array([bool(word) for word in decided.customer.words], dtype=np.bool_)[decided.customer.code]


def with_reason(decided: Decided, codes: Iterable[str]) -> Bools:
    """Return which payments carry any of these reason codes."""
    wanted = set(codes)
    hit = [not wanted.isdisjoint(word.split(";")) for word in decided.reasons.words]
    return np.array(hit, dtype=np.bool_)[decided.reasons.code]


def longest_waiting(decided: Decided) -> Ints:
    """Return the rows of the payments that have waited longest for a person."""
    rows = np.flatnonzero(np.isin(decided.outcome, (REVIEW, UNMATCHED)))
    return rows[np.lexsort((rows, decided.booking_day[rows]))][:TOP]


def least_certain(decided: Decided) -> Ints:
    """Return the rows of the payments that closed by themselves with the lowest confidence."""
    rows = np.flatnonzero(decided.outcome == AUTO)
    return rows[np.lexsort((rows, decided.confidence[rows]))][:TOP]


def by_use(decided: Decided) -> list[int]:
    """Return currency codes, those of most payments first."""
    counts = np.bincount(decided.currency.code, minlength=len(decided.currency.words))
    return sorted(range(len(counts)), key=lambda code: (-counts[code], code))


def exact_sums(keys: Ints, values: Ints, size: int) -> Ints:
    """Add up integers by key; bincount would go through floats and lose cents above 2^53."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, keys, values)
    return sums
