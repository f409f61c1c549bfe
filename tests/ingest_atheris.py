"""Fuzz the readers guided by coverage: `python -m tests.ingest_atheris -max_total_time=60`.

A process of its own, for the fuzzer ends the process that it runs in.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["features.ingest"]):
    from tests.ingest_seeds import seeds, survive


def main() -> None:
    """Start from the seeds; any exception but ours ends the process with a code that is not 0."""
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], survive)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
