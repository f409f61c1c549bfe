"""Files to start mutating from: every small file among the golden ones, and synthetic statements."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from features.ingest.detect import find_format
from features.ingest.limits import Limits
from features.ingest.source import Source
from receivables.errors import TieoutError
from tests.camt_files import Line, Part, balance, camt, plain

HERE = Path(__file__).parent / "golden" / "formats"
SMALL = Limits(document_bytes=1 << 20, xml_unit_bytes=1 << 20, entries=100_000)
_TOLD_APART = {"NOTICE.md", "expected.json"}


@cache
def seeds() -> tuple[bytes, ...]:
    """Give the seeds, always in the same order."""
    files = sorted(path for path in HERE.rglob("*") if path.is_file() and path.name not in _TOLD_APART)
    golden = [path.read_bytes() for path in files if path.stat().st_size < 60_000]
    batch = Line("30.00", parts=(Part("10.00", "A", "INV-1"), Part("20.00", "B", "INV-2")))
    bounds = balance("OPBD", "1.00") + balance("CLBD", "32.00")
    return (*golden, camt([plain("1.00"), batch], balances=bounds), camt([plain("2.00")], "052"))


def survive(data: bytes) -> int:
    """Read bytes as whatever they look like; only typed errors may come out. Gives the number of entries."""
    source = Source.of_bytes(data, "fuzzed")
    try:
        return sum(1 for _ in find_format(source, SMALL).open(source, SMALL))
    except TieoutError as error:
        assert error.code  # noqa: PT017 - that it is typed is the claim
        return 0
