"""A model to test the matching with: the base model, or one learnt on the spot where none is shipped yet."""

from __future__ import annotations

import json
import math
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from features.book import Book, read_book
from features.bundle import BASE_MODEL, Bundle, base_bundle, load_bundle, write_bundle
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


def variant(folder: Path, name: str = "challenger", **knobs: object) -> Bundle:
    """Write the model of the session again, under another name and policy."""
    source = bundle()
    parts: dict[str, object] = {}
    for file in source.manifest["files"]:
        text = (source.path / file).read_text(encoding="utf-8")
        if file.endswith(".jsonl"):
            parts[file] = [json.loads(line) for line in text.splitlines() if line]
        else:
            parts[file] = text if file.endswith((".txt", ".md")) else json.loads(text)
    policy = parts["policy.json"]
    assert isinstance(policy, dict)
    parts["policy.json"] = policy | knobs
    return write_bundle(folder, parts, name=name)


class NoNumbers:
    """A booster that answers NaN to everything."""

    def __init__(self, real: object) -> None:
        self._real = real

    def predict(self, data: np.ndarray[Any, Any], **_options: object) -> np.ndarray[Any, Any]:
        return np.full(len(data), math.nan)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)
