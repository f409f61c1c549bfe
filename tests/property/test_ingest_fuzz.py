"""Whatever bytes come, a reader gives entries and problems or raises one of our errors, and ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingest.container import expand_source
from features.ingest.problems import Problem
from features.ingest.source import Source
from tests.ingest_seeds import SMALL, seeds, survive

TOKENS = [
    b"\0",
    b"\xff\xfe",
    b"<",
    b">",
    b"&#0;",
    b"<!DOCTYPE x>",
    b'"',
    b";",
    b"\r\n",
    b"-",
    b":61:",
    b":86:",
    b"NaN",
]
TOKENS += [
    b"9" * 40,
    b"1e999",
    b"0000-00-00",
    b"31/02/2025",
    "\u202e".encode(),
    b"\x1b",
    b"<Ntry>",
    b"</Ntry>",
    b"EUR",
]
ROOT = Path(__file__).parents[2]
SECONDS = 20.0
"""Far above any of these small files on a busy machine; a hang is longer."""


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Take a file and cut, double, overwrite or spoil parts of it."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        start = draw(st.integers(0, len(data) - 1))
        stop = min(len(data), start + draw(st.integers(0, 400)))
        match draw(st.sampled_from(["cut", "double", "token", "flip", "end", "swap"])):
            case "cut":
                del data[start:stop]
            case "double":
                data[start:start] = data[start:stop] * draw(st.integers(1, 3))
            case "token":
                data[start:start] = draw(st.sampled_from(TOKENS))
            case "flip":
                data[start] ^= 1 << draw(st.integers(0, 7))
            case "end":
                del data[start:]
            case _:
                other = draw(st.sampled_from(seeds()))
                data[start:stop] = other[start:stop]
    return bytes(data)


@given(mutated())
def test_mutated_files_give_entries_problems_or_typed_errors(data: bytes) -> None:
    started = time.perf_counter()
    survive(data)
    assert time.perf_counter() - started < SECONDS


@given(
    st.binary(max_size=2_000)
    | st.text(max_size=2_000).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_any_bytes_give_entries_problems_or_typed_errors(data: bytes) -> None:
    survive(data)


@given(
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c"]),
    st.binary(max_size=400),
)
def test_any_archive_gives_sources_or_problems(magic: bytes, rest: bytes) -> None:
    for found in expand_source(Source.of_bytes(magic + rest, "f"), SMALL):
        assert isinstance(found, Problem | Source)


def test_every_seed_is_read() -> None:
    # The rest are answers of gateways that move no money, broken files, and tables without a currency.
    assert sum(survive(seed) > 0 for seed in seeds()) * 3 > len(seeds()) * 2


@pytest.mark.proof
def test_fuzzing_guided_by_coverage_finds_no_way_out(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.ingest_atheris",
        "-max_total_time=60",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
