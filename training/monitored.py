"""What drift is watched on: one row a payment, an invoice or a decision, with columns a person can name.

Every column is a function of one row and of what was known before it, so two periods of any length compare.
Raw texts, names and accounts never enter: only their shapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.book import Book
from features.frame import NO_DATE, days, integers
from features.names import normalise_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CATEGORIES", "Period", "decisions_view", "invoices_view", "payments_view", "volumes"]

MOST_SHAPES: Final = 25
"""Shapes of document numbers told apart; rarer ones are one category."""

OPTIONAL: Final = ("payer_name", "payer_account", "remittance", "structured_reference", "end_to_end_id")
EVIDENCE: Final = ("reference", "customer", "amount", "date", "period", "payer")
CATEGORIES: Final = frozenset(
    {
        "currency", "is_out", "text_layout", "payer", "number_shape", "customer", "outcome", "same_customer",
        *(f"has_{name}" for name in OPTIONAL),
        *(f"says_{name}" for name in EVIDENCE),
    }
)  # fmt: skip

_TAGS = re.compile(r"(?:EREF|KREF|MREF|SVWZ|ABWA|REMI|RTRN)[+/]")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start` until before `end`."""

    start: date
    end: date

    def rows(self, column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the rows whose date lies inside."""
        inside = pc.and_(
            pc.greater_equal(column, pa.scalar(self.start)), pc.less(column, pa.scalar(self.end))
        )
        return np.flatnonzero(np.asarray(pc.fill_null(inside, False)))

    @property
    def length(self) -> int:
        """Days in all."""
        return (self.end - self.start).days


def payments_view(book: Book, period: Period) -> pd.DataFrame:
    """Describe the payments booked in a period."""
    import pandas as pd

    at = period.rows(book.payments["booking_date"])
    rows = book.payments.take(pa.array(at))
    text = [_words(row) for row in rows.select(["remittance", "structured_reference"]).to_pylist()]
    names = rows["payer_name"].to_pylist()
    amount = integers(rows["amount_minor"], 0)
    booked = days(rows["booking_date"]).astype(np.int64)
    value = days(rows["value_date"]).astype(np.int64)
    known = integers(rows["known_at"], 0) // 86_400_000_000
    frame = {
        "log_amount": np.log10(np.maximum(np.abs(amount), 1)),
        "is_out": np.where(amount < 0, "out", "in"),
        "currency": rows["currency"].to_pylist(),
        "text_length": [float(len(one)) for one in text],
        "text_digits": [_share(one, str.isdigit) for one in text],
        "text_capitals": [_share(one, str.isupper) for one in text],
        "text_numbers": [float(len(re.findall(r"\d+", one))) for one in text],
        "text_layout": [_layout(one) for one in text],
        "name_length": [float(len(one or "")) for one in names],
        "payer": _seen_before(book, rows, period.start),
        "days_to_known": np.clip(known - booked, -10, 30).astype(float),
        "days_to_value": np.clip(np.where(value == NO_DATE, 0, value - booked), -30, 30).astype(float),
        **{f"has_{name}": _is_given(rows, name) for name in OPTIONAL},
    }
    return pd.DataFrame(frame)


def invoices_view(book: Book, period: Period) -> pd.DataFrame:
    """Describe the invoices issued in a period, each beside its customer's one before."""
    import pandas as pd

    order = pc.sort_indices(
        book.invoices, sort_keys=[("issue_date", "ascending"), ("invoice_id", "ascending")]
    )
    invoices = book.invoices.take(order)
    customer = np.unique(
        np.asarray(invoices["customer_id"].to_pylist(), dtype=object).astype(str), return_inverse=True
    )[1]
    amount = integers(invoices["amount_minor"], 1).astype(float)
    ratio, is_new = _step(customer, amount)
    at = period.rows(invoices["issue_date"])
    rows = invoices.take(pa.array(at))
    numbers = [str(one or "") for one in rows["invoice_number"].to_pylist()]
    frame = {
        "log_amount": np.log10(np.maximum(amount[at], 1)),
        "currency": rows["currency"].to_pylist(),
        "number_length": [float(len(one)) for one in numbers],
        "number_shape": [number_shape(one) for one in numbers],
        "terms_days": np.clip(days(rows["due_date"]).astype(float) - days(rows["issue_date"]), -1, 120),
        "price_step": np.where(np.isnan(ratio[at]), 0.0, np.clip(ratio[at], -1.0, 1.0)),
        "customer": np.where(is_new[at], "new", "known"),
    }
    return pd.DataFrame(frame)


def decisions_view(book: Book, decisions: pa.Table, period: Period) -> pd.DataFrame:
    """Describe decisions: how sure, what came of them, on which evidence, and if payers stay in place."""
    import pandas as pd

    place = pc.index_in(decisions["payment_id"], value_set=book.payments["payment_id"].combine_chunks())
    rows = book.payments.take(place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place)
    confidence = np.asarray(decisions["confidence"].cast(pa.float64()))
    reasons = [set(str(one or "").split(";")) for one in decisions["reasons"].to_pylist()]
    frame = {
        "sureness": np.clip(np.log10(np.maximum(1.0 - confidence, 1e-6)), -6.0, 0.0),
        "outcome": decisions["outcome"].to_pylist(),
        "same_customer": _same_customer(book, rows, decisions, period.start),
        **{f"says_{name}": _says(reasons, name) for name in EVIDENCE},
    }
    return pd.DataFrame(frame)


def volumes(book: Book, period: Period) -> dict[str, float]:
    """Count rows a day: payments, invoices, and payments of payers never seen before."""
    payments = period.rows(book.payments["booking_date"])
    invoices = period.rows(book.invoices["issue_date"])
    rows = book.payments.take(pa.array(payments))
    strangers = sum(one == "stranger" for one in _seen_before(book, rows, period.start))
    length = max(period.length, 1)
    return {
        "payments": len(payments) / length,
        "invoices": len(invoices) / length,
        "strangers": strangers / length,
    }


def number_shape(number: str) -> str:
    """Return the shape of a document number: letters A, digits 9, long runs by their length class."""
    shape = re.sub(r"[A-Za-z]+", "A", number)
    return re.sub(r"\d+", lambda run: f"9{min(len(run.group()), 12)}", shape)[:40]


def _words(row: dict[str, Any]) -> str:
    return " ".join(str(one) for one in row.values() if one)


def _share(text: str, is_one: Any) -> float:  # noqa: ANN401 - a predicate of one character
    return sum(map(is_one, text)) / len(text) if text else 0.0


def _layout(text: str) -> str:
    if not text:
        return "empty"
    if _TAGS.search(text):
        return "tagged"
    if "\n" in text or "\\n" in text:
        return "lines"
    return "one line" if len(text) > 35 else "short"


def _is_given(rows: pa.Table, name: str) -> list[str]:
    return ["given" if one else "missing" for one in rows[name].to_pylist()]


def _payers(rows: pa.Table) -> list[str]:
    """Payers by normal name, since banks spell and cut the same one in many ways."""
    names = pa.array([str(one or "") for one in rows["payer_name"].to_pylist()], pa.string())
    return [name.text for name in normalise_column(names)]


def _seen_before(book: Book, rows: pa.Table, start: date) -> list[str]:
    """Tell payers of earlier payments from strangers; a payer of the same period is no stranger twice."""
    earlier = book.payments.filter(pc.less(book.payments["booking_date"], pa.scalar(start)))
    known = set(_payers(earlier))
    return ["none" if not one else "known" if one in known else "stranger" for one in _payers(rows)]


def _step(
    customer: np.ndarray[Any, np.dtype[np.int64]], amount: np.ndarray[Any, np.dtype[np.float64]]
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return each invoice's log ratio to the customer's one before, and whether there was none."""
    order = np.argsort(customer, kind="stable")
    who, what = customer[order], np.maximum(amount[order], 1.0)
    fresh = np.ones(len(who), np.bool_)
    fresh[1:] = who[1:] != who[:-1]
    ratio = np.full(len(who), np.nan)
    ratio[1:] = np.where(fresh[1:], np.nan, np.log(what[1:] / what[:-1]))
    out, new = np.empty(len(who)), np.empty(len(who), np.bool_)
    out[order], new[order] = ratio, fresh
    return out, new


def _same_customer(book: Book, rows: pa.Table, decisions: pa.Table, start: date) -> list[str]:
    """Tell whether a payment goes to the customer that its payer's earlier ones went to."""
    owner = dict(
        zip(book.invoices["invoice_id"].to_pylist(), book.invoices["customer_id"].to_pylist(), strict=True)
    )
    paid: dict[str, str] = {}
    for payment, item in zip(
        book.allocations["payment_id"].to_pylist(), book.allocations["invoice_id"].to_pylist(), strict=True
    ):
        paid[payment] = owner.get(item, "")
    earlier = book.payments.filter(pc.less(book.payments["booking_date"], pa.scalar(start)))
    usual: dict[str, set[str]] = {}
    for payer, payment in zip(_payers(earlier), earlier["payment_id"].to_pylist(), strict=True):
        if payer and payment in paid:
            usual.setdefault(payer, set()).add(paid[payment])
    told = []
    for payer, customer in zip(_payers(rows), decisions["customer_id"].to_pylist(), strict=True):
        known = usual.get(payer)
        told.append("untold" if not known or not customer else "same" if customer in known else "moved")
    return told


def _says(reasons: list[set[str]], family: str) -> list[str]:
    return ["yes" if any(one.startswith(family) for one in said) else "no" for said in reasons]
