"""Lay out `to_check.csv`: what history and model say of each payment worth a person's look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.frame import F64, I64, NO_CODE, RESOLUTIONS, Frame
from receivables.money import to_text
from training.outcomes import Checked, Stated
from training.replay import Truth
from training.to_check import choose_rows, write_to_check

FILE = "to_check.csv"
TEXTS = ("remittance", "structured_reference", "end_to_end_id")
BEHIND = 1e6
NOTHING = "nothing"
MOST_ITEMS = 12
"""Items written out; a settlement of hundreds would hide what to look at."""


def write_checklist(
    path: Path,
    frame: Frame,
    truth: Truth,
    check: Checked,
    stated: Sequence[Stated],
    sureness: tuple[F64, float | None],
) -> int:
    """Write the rows whose check would teach or certify most; returns how many there are.

    `sureness` orders the payments, and says from where on they would close by themselves. What cannot close
    at any threshold comes last: its check teaches, but cannot certify.
    """
    ids = frame.payment_ids.to_pylist()
    payment_id = [ids[row] for row in check.payment.tolist()]
    sure = np.where(check.closes, sureness[0], np.minimum(sureness[0], BEHIND) - 2 * BEHIND)
    chosen = choose_rows(payment_id, ~check.wrong, sure, threshold=sureness[1])
    rows = [one.row for one in chosen]
    payment = check.payment[rows]
    said = _model_says(frame, stated, payment)
    known = _history_says(frame, truth, payment)
    book = frame.book.payments
    picked = book.take(payment)
    texts = [picked[name].to_pylist() for name in TEXTS]
    currency = picked["currency"].to_pylist()
    amount = [
        to_text(minor, code) for minor, code in zip(picked["amount_minor"].to_pylist(), currency, strict=True)
    ]
    shown: dict[str, Sequence[object]] = {
        "payment_id": picked["payment_id"].to_pylist(),
        "booking_date": picked["booking_date"].to_pylist(),
        "amount": amount,
        "currency": currency,
        "payer_name": picked["payer_name"].to_pylist(),
        "text": [" | ".join(part for part in parts if part) for parts in zip(*texts, strict=True)],
        "history_says": known,
        "model_says": said,
        "confidence": [f"{value:.6f}" for value in check.confidence[rows]],
        "why": _reasons(stated, payment),
    }
    columns = {name: _spread(column, rows, len(payment_id)) for name, column in shown.items()}
    write_to_check(path, columns, chosen)
    return len(chosen)


def _spread(column: Sequence[object], rows: Sequence[int], size: int) -> list[object]:
    """Put the cells of chosen rows where the whole table has them."""
    out: list[object] = [None] * size
    for row, cell in zip(rows, column, strict=True):
        out[row] = cell
    return out


def _history_says(frame: Frame, truth: Truth, payment: NDArray[np.int32]) -> list[str]:
    resolution = frame.payment_resolution[payment]
    words = [_without_items(code) for code in resolution.tolist()]
    asked = np.zeros(frame.payment_count, np.bool_)
    asked[payment] = True
    at = np.flatnonzero(asked[truth.pair_payment])
    item = truth.pair_item[at].astype(np.int64)
    lines = _written(frame, truth.pair_payment[at], item, truth.amount[at], truth.write_off[at])
    return [lines.get(row, word) for row, word in zip(payment.tolist(), words, strict=True)]


def _without_items(resolution: int) -> str:
    """Say that a payment paid no item, and what became of it where the history knows."""
    known = resolution not in {NO_CODE, RESOLUTIONS.index("nothing")}
    return f"{NOTHING} ({RESOLUTIONS[resolution].replace('_', ' ')})" if known else NOTHING


def _model_says(frame: Frame, stated: Sequence[Stated], payment: NDArray[np.int32]) -> list[str]:
    wanted = np.zeros(frame.payment_count, np.bool_)
    wanted[payment] = True
    lines: dict[int, str] = {}
    for one in stated:
        keep = wanted[one.line_payment]
        lines |= _written(
            frame, one.line_payment[keep], one.item[keep], one.amount[keep], one.write_off[keep]
        )
    return [lines.get(row, NOTHING) for row in payment.tolist()]


def _reasons(stated: Sequence[Stated], payment: NDArray[np.int32]) -> list[str]:
    wanted = set(payment.tolist())
    found: dict[int, str] = {}
    for one in stated:
        at = [(place, row) for place, row in enumerate(one.payment.tolist()) if row in wanted]
        texts = one.reasons.take([place for place, _ in at]).to_pylist() if at else []
        found.update({row: text or "" for (_, row), text in zip(at, texts, strict=True)})
    return [found.get(row, "") for row in payment.tolist()]


def _written(
    frame: Frame, payment: NDArray[np.int32], item: I64, amount: I64, write_off: I64
) -> dict[int, str]:
    """Write out the lines of each payment: number, cash, and what is written off beside it."""
    if not len(payment):
        return {}
    picked = frame.book.invoices.take(item)
    numbers, currency = picked["invoice_number"].to_pylist(), picked["currency"].to_pylist()
    parts: dict[int, list[str]] = {}
    for row, number, code, cash, off in zip(
        payment.tolist(), numbers, currency, amount.tolist(), write_off.tolist(), strict=True
    ):
        extra = f" (written off {to_text(off, code)})" if off else ""
        parts.setdefault(row, []).append(f"{number}: {to_text(cash, code)}{extra}")
    return {
        row: "; ".join(lines[:MOST_ITEMS])
        + (f"; and {len(lines) - MOST_ITEMS} more" if len(lines) > MOST_ITEMS else "")
        for row, lines in parts.items()
    }
