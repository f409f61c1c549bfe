"""Compare: from candidate pairs to the feature matrix, in schema order.

Each family of comparisons is one module of `features.comparisons`; each yields named float32 columns.
`SCHEMA` lists them all with the sign that the field knows: +1, a larger value never lowers the odds; -1,
never raises them; 0, free.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np

from features.comparison import F32, Comparison
from features.comparisons import amounts, dates, history, nearly, party, references

FAMILIES = (references, nearly, amounts, dates, party, history)
SCHEMA: dict[str, int] = {name: sign for family in FAMILIES for name, sign in family.COLUMNS.items()}
SCHEMA_VERSION = 2


def compare(comparison: Comparison) -> F32:
    """Return the feature matrix, shape (pairs, len(SCHEMA)), float32, NaN where nothing can be said."""
    out = np.empty((len(comparison.payment), len(SCHEMA)), np.float32, order="F")
    position = {name: index for index, name in enumerate(SCHEMA)}
    prepare(comparison)

    def fill(family: ModuleType) -> None:
        for name, column in family.columns(comparison).items():
            out[:, position[name]] = column

    if len(out) < THREADED or comparison.index.reading.threads == 1:
        for family in FAMILIES:
            fill(family)
    else:
        with ThreadPoolExecutor(comparison.index.reading.threads) as pool:
            list(pool.map(fill, FAMILIES))
    return out


THREADED = (
    50_000  # pairs from which threads pay; each family writes columns of its own, so the result is the same
)


def prepare(comparison: Comparison) -> None:
    """Compute what several families share, before threads ask for it."""
    for name in ("payment_row", "texts", "habits", "cash", "balance", "customer", "instalment"):
        getattr(comparison, name)
    _ = comparison.index.open_rows, comparison.index.by_customer
    frame = comparison.frame
    _ = comparison.index.reading.number_runs, comparison.index.reading.item_keys
    _ = frame.item_due, frame.item_issue, frame.item_discount, frame.item_discount_date, frame.item_known
    _ = frame.payment_known, frame.payment_value_day, frame.payment_customer
