"""A model to test the matching with: the base model, or one learnt on the spot where none is shipped yet."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from features.book import Book, read_book
from features.bundle import BASE_MODEL, Bundle, base_bundle, load_bundle
from receivables.policy import Policy
from training.synthetic import make_book, write_book
from training.train import train_book

INVOICES: Final = 1_200
SEED: Final = 20_250_301

WIDE_OPEN: Final[dict[str, object]] = {
    "auto_threshold": 0.02,
    "review_threshold": 0.01,
    "require_evidence_beyond_amount": False,
    "twins": "oldest",
    "cross_currency": "allow",
    "overpayment": "write_off_within_tolerance",
    "dismiss": "auto",
}
"""Knobs as loose as they get: what a law holds back, the model and the rules must hold back by themselves."""


def synthetic_book(invoices: int = INVOICES, seed: int = SEED) -> Book:
    """Make a labelled synthetic book and read it as any other."""
    with tempfile.TemporaryDirectory() as folder:
        write_book(make_book(invoices, seed), Path(folder), parquet=True)
        return read_book(Path(folder))


@cache
def bundle() -> Bundle:
    """Give the model of this test session."""
    if BASE_MODEL.exists():
        return base_bundle()
    with tempfile.TemporaryDirectory() as folder:
        train_book(synthetic_book(), Path(folder) / "model", threads=1)
        return load_bundle(Path(folder) / "model")


def policy(**knobs: object) -> Policy:
    """Give the model's policy with some knobs turned."""
    return Policy.from_dict(bundle().policy).merged_with(knobs)
