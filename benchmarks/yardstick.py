"""A fixed piece of work, to put the processor seconds of a run, an hour or a machine in proportion.

``python -m benchmarks.yardstick`` sorts, gathers, compares and hashes arrays too large for the caches, cuts
and joins strings in Arrow and runs a Python loop: roughly what matching is made of. One thread; prints its
seconds.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROWS = 3_000_000


def work() -> int:
    """Do the work; return a check sum, so that none of it can be left out."""
    random = np.random.default_rng(1)
    keys = random.integers(0, 1 << 40, ROWS)
    order = np.argsort(keys, kind="stable")
    found = np.searchsorted(keys[order], keys[::3])
    mixed = (keys ^ (keys >> 17)) * np.int64(0x5DEECE66D)
    groups = np.flatnonzero(np.diff(keys[order] >> 18))
    total = int(np.maximum.reduceat(mixed[order], groups).max()) + int(found.sum())
    texts = pa.array([f"INV {number % 97} {number}" for number in range(ROWS // 10)])
    bare = pc.replace_substring_regex(texts, "[^0-9A-Z]", "")
    return total + len(pc.unique(bare)) + sum(number % 7 for number in range(ROWS))


def seconds() -> float:
    """Return the processor seconds of the work in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    print(f"{seconds():.2f}")
