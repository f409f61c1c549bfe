"""What the store knows, handed to learning: an immutable snapshot, and verdicts as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from features.snapshot import write_snapshot
from serving.review.votes import votes_of
from serving.store.book_reading import read_book, read_undone
from serving.store.store import Transaction

__all__ = ["export_snapshot", "label_lines"]


def export_snapshot(tx: Transaction, root: Path) -> Path:
    """Write the book with all its verdicts as a snapshot; the same state again is the same folder."""
    book = read_book(tx)
    undone = read_undone(tx).select(book.allocations.column_names).cast(book.allocations.schema)
    whole = replace(book, allocations=pa.concat_tables([book.allocations, undone]).combine_chunks())
    return write_snapshot(whole, votes_of(tx), root, facts={"book": tx.book_id})


def label_lines(tx: Transaction) -> Iterator[str]:
    """Write every vote as a JSON document a line with the payment's texts, as Label Studio reads it."""
    payments = {row["payment_id"]: row for row in read_book(tx).payments.to_pylist()}
    for vote in votes_of(tx).to_pylist():
        money = payments.get(vote["payment_id"], {})
        task = {
            "data": {
                "payment_id": vote["payment_id"],
                "payer_name": money.get("payer_name"),
                "remittance": money.get("remittance"),
                "currency": money.get("currency"),
            },
            "annotations": [
                {
                    "id": vote["vote_id"],
                    "completed_by": vote["reviewer"],
                    "created_at": vote["known_at"].isoformat(),
                    "lead_time": vote["seconds"],
                    "result": json.loads(vote["answer"]),
                }
            ],
            "meta": {name: vote[name] for name in ("source", "pi", "model", "policy", "is_blind", "is_bulk")},
        }
        yield json.dumps(task, ensure_ascii=False, sort_keys=True) + "\n"
