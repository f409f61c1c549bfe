"""Where a history ends, and how its days are divided between fitting, certifying and calibrating."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.book import Book
from features.frame import I32, I64, Frame, days, flat, integers
from training.bounds import least_labels
from training.ladder import DELTA, LADDER
from training.replay import DAY, Truth, day_of

WARM_UP: Final = 0.10
"""Share of the days that only teach habits and aliases."""

CERTIFY_SHARE: Final = 0.30
"""Share of the days whose labels certify; more of them leave too little to fit on (measured)."""

STANDING_DAYS: Final = 60
"""An allocation supports a certificate when nobody reversed it for so long."""

CALIBRATE_SHARE: Final = 0.2
LEAST_CALIBRATED: Final = 150
"""Labelled payments that the last block reaches back for, when so many days hold fewer."""

LEAST_CERTIFIED: Final = least_labels(0, max(LADDER), DELTA)
"""Labelled payments below which not even the loosest rung could be certified: they are better learnt from."""

STRAGGLING_DAYS: Final = 60
STRAGGLERS: Final = 0.01
"""Rows after a silence of so many days, if they are no more than this share: dates that cannot be meant."""

STAMPED: Final = ("invoices", "payments", "allocations")


@dataclass(frozen=True)
class Blocks:
    """Days at which the blocks of a history begin: fit, certify, calibrate, end."""

    fit: int
    certify: int
    calibrate: int
    end: int

    def to_dict(self) -> dict[str, str]:
        """Dates in ISO format."""
        return {one.name: str(np.datetime64(getattr(self, one.name), "D")) for one in fields(self)}


def blocks_of(frame: Frame, truth: Truth) -> Blocks:
    """Cut the days of a history into its blocks.

    The latest days calibrate, being nearest to what comes; the certificate rests on the days before, whose
    allocations have stood long enough. No payment is in two blocks. A short or thin history keeps a block to
    calibrate on, and gives up certifying before it gives up fitting.
    """
    day = np.sort(day_of(frame)[truth.labelled].astype(np.int64))
    first, end = int(day[0]), int(day[-1]) + 1
    length = end - first
    calibrate = end - max(min(STANDING_DAYS, int(length * CALIBRATE_SHARE)), 1)
    calibrate = min(calibrate, int(day[-min(LEAST_CALIBRATED, len(day))]))
    certify = calibrate - int(length * CERTIFY_SHARE)
    fit = first + int(length * WARM_UP)
    if certify <= fit or int(((day >= certify) & (day < calibrate)).sum()) < LEAST_CERTIFIED:
        certify = calibrate
    return Blocks(min(fit, certify), certify, calibrate, end)


def as_it_ended(book: Book) -> Book:
    """Return the book as known when its history ended: rows dated far beyond it never existed.

    A row of the year 2099 says nothing that could be true today; with it everything that hangs on the last
    day of the history would move.
    """
    end = _end(book)
    parts: dict[str, pa.Table] = {}
    for one in fields(book):
        table = getattr(book, one.name)
        if isinstance(table, pa.Table) and "known_at" in table.column_names and table.num_rows:
            keep = _instants(one.name, table) <= end
            parts[one.name] = table if keep.all() else table.filter(pa.array(keep))
    undone = integers(parts.get("allocations", book.allocations)["reversed_at"], 0)
    if (undone > end).any():
        table = parts["allocations"]
        told = pc.if_else(
            pa.array(undone > end), pa.scalar(None, table["reversed_at"].type), table["reversed_at"]
        )
        at = table.schema.get_field_index("reversed_at")
        parts["allocations"] = table.set_column(at, "reversed_at", told)
    return replace(book, **parts)


def _end(book: Book) -> int:
    """Return the last instant of a history: before a long silence with only stragglers behind it."""
    instants = np.sort(np.concatenate([_instants(name, book.table(name)) for name in STAMPED]))
    if not len(instants):
        return int(np.iinfo(np.int64).max)
    behind = int(len(instants) * STRAGGLERS) + 1
    tail = instants[max(len(instants) - behind - 1, 0) :]
    silent = np.flatnonzero(np.diff(tail) > STRAGGLING_DAYS * DAY)
    return int(tail[silent[0]] if len(silent) else tail[-1])


def _instants(name: str, table: pa.Table) -> I64:
    """Return when each row of a table can have been there at the earliest, microseconds."""
    known = integers(table["known_at"], 0)
    if name == "payments":
        return np.asarray(np.maximum(known, days(table["booking_date"]).astype(np.int64) * DAY))
    if name == "allocations":
        return np.asarray(np.maximum(known, integers(table["decided_at"], 0)))
    return known


def to_main_currency(frame: Frame, payment: I32) -> NDArray[np.int64] | None:
    """Return the absolute amounts of payments in the book's main currency, None where a rate is missing.

    Rates are those of the booking day, or the nearest before it; the main currency is that of most payments.
    """
    from receivables.money import exponent

    currency = frame.payment_currency[payment]
    amount = np.abs(frame.payment_amount[payment]).astype(np.float64)
    main = int(np.bincount(frame.payment_currency).argmax())
    words = frame.currencies.to_pylist()
    table = frame.book.fx_rates
    base, quote = (
        np.asarray(pc.fill_null(flat(table[name]), ""), dtype=np.str_) for name in ("base", "quote")
    )
    value = np.asarray(flat(table["rate"]), dtype=np.float64)
    for code in np.unique(currency[currency != main]).tolist():
        direct = (base == words[code]) & (quote == words[main])
        inverse = (base == words[main]) & (quote == words[code])
        at = np.flatnonzero(direct if direct.any() else inverse)
        if not len(at):
            return None
        day = days(table["date"])[at]
        order = np.argsort(day, kind="stable")
        own = np.flatnonzero(currency == code)
        found = np.searchsorted(day[order], frame.payment_booking[payment[own]], side="right") - 1
        rate = value[at[order]][np.maximum(found, 0)]
        scale = 10.0 ** (exponent(words[main]) - exponent(words[code]))
        amount[own] *= scale * (rate if direct.any() else 1.0 / rate)
    return np.rint(amount).astype(np.int64)
