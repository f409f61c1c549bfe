"""How fast files are read, and in how much memory, beside a bare scan of the same bytes in the same run.

``python -m benchmarks.ingest`` prints one JSON document. Files are synthetic, made on the fly and never on
disk: ``--gib 1`` streams a camt.053 of one GiB. A ratio of 4 means four times as long as the bare scan.
Seconds are those of the processor, ``wall_seconds`` those of the clock; ``python_mops`` says how fast the
machine was.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lxml import etree

from features.ingest.camt.reading import read as read_camt
from features.ingest.convert import convert_files
from features.ingest.entry import PaymentEntry
from features.ingest.limits import DEFAULT
from features.ingest.mt940.reading import read as read_mt940
from features.ingest.source import Source
from tests.camt_files import chunks, entry, plain

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 2_000
"""Entries that are written once and repeated."""
_UNIT = 1 << 16


class Repeated(RawIOBase):
    """A head, one block many times over, and a tail, as a file that is nowhere stored."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer from the next part."""
        view = memoryview(buffer).cast("B")
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@dataclass(frozen=True)
class Made:
    """A made-up file: what is in it, and how to open it."""

    source: Source
    units: int


def camt_file(blocks: int) -> Made:
    """Make a camt.053 of `blocks` times `BLOCK` entries."""
    head, tail = "".join(chunks([])).split("</Stmt>")
    lines = [
        entry(
            plain(
                f"{100 + number}.{number % 100:02}",
                name=f"Customer {number} GmbH & Co. KG",
                text=f"INV-2025-{number:06} and a few words more, as payers write them",
                reference=f"2025030300{number:08}",
                end_to_end_id=f"E2E-{number:010}",
            )
        )
        for number in range(BLOCK)
    ]
    return _made("made.xml", head, "".join(lines), f"</Stmt>{tail}", blocks, BLOCK)


def mt940_file(blocks: int) -> Made:
    """Make an MT940 of `blocks` times `BLOCK` lines."""
    head = ":20:STARTUMS\r\n:25:37040044/0532013000\r\n:28C:1/1\r\n:60F:C250303EUR0,00\r\n"
    lines = [
        f":61:2503030303CR{100 + number},{number % 100:02}NTRFNONREF//B{number:09}\r\n"
        f":86:166?00SEPA-GUTSCHRIFT?20EREF+E2E-{number:010}?21SVWZ+INV-2025-{number:06}?22and more words"
        f"?30COBADEFFXXX?31DE89370400440532013000?32Customer {number} GmbH\r\n"
        for number in range(BLOCK // 2)
    ]
    return _made("made.sta", head, "".join(lines), ":62F:C250303EUR0,00\r\n-\r\n", blocks, BLOCK)


def _made(name: str, head: str, block: str, tail: str, blocks: int, units: int) -> Made:
    first, middle, last = head.encode(), block.encode(), tail.encode()

    def parts() -> Iterator[bytes]:
        yield first
        for _ in range(blocks):
            yield middle
        yield last

    def opened() -> BinaryIO:
        return BufferedReader(Repeated(parts()), _UNIT)

    size = len(first) + blocks * len(middle) + len(last)
    return Made(Source(name, "0" * 64, size, opened), blocks * units)


def measure(made: Made, work: Callable[[Source], int]) -> dict[str, float]:
    """Time one pass over a file."""
    before = _peak_mib()
    started, began = time.process_time(), time.perf_counter()
    count = work(made.source)
    seconds, wall = time.process_time() - started, time.perf_counter() - began
    return {
        "units": made.units,
        "payments": count,
        "seconds": round(seconds, 2),
        "wall_seconds": round(wall, 2),
        "units_per_second": round(made.units / seconds),
        "mib_per_second": round(made.source.size / seconds / (1 << 20), 1),
        "peak_mib": _peak_mib(),
        "grown_mib": round(_peak_mib() - before, 1),
    }


def _peak_mib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def _python_mops() -> float:
    """Count millions of turns of an empty loop in a second: about 25 on a core of its own in 2025."""
    started = time.perf_counter()
    for _ in range(3_000_000):
        pass
    return round(3 / (time.perf_counter() - started), 1)


def _read_camt(source: Source) -> int:
    return sum(isinstance(one, PaymentEntry) for one in read_camt(source, DEFAULT))


def _read_mt940(source: Source) -> int:
    return sum(isinstance(one, PaymentEntry) for one in read_mt940(source, DEFAULT))


def _bare_camt(source: Source) -> int:
    """Parse and forget: what no reader of XML can be faster than."""
    count = 0
    with source.open() as file:
        for _, element in etree.iterparse(file, tag="{*}Ntry"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


def _bare_lines(source: Source) -> int:
    with source.open() as file:
        return sum(line.decode("cp1252").startswith(":61:") for line in file)


def _convert(blocks: int) -> dict[str, float]:
    """Write a file, convert it into a book, and time the whole."""
    made = camt_file(blocks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.xml"
        with made.source.open() as read, path.open("wb") as write:
            while block := read.read(_UNIT):
                write.write(block)
        made = Made(Source.of_path(path), made.units)
        return measure(made, lambda _: convert_files([path], Path(folder) / "book").added["payments"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 when a required speed is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest")
    parser.add_argument(
        "--blocks", type=int, default=50, help=f"size of the files, in {BLOCK:,} entries or lines"
    )
    parser.add_argument("--gib", type=float, default=0, help="size of the camt.053 that is streamed as well")
    options = parser.parse_args(arguments)
    camt, mt940 = camt_file(options.blocks), mt940_file(options.blocks * 4)
    rows: dict[str, dict[str, float]] = {
        "camt, bare iterparse": measure(camt, _bare_camt),
        "camt": measure(camt, _read_camt),
        "mt940, bare lines": measure(mt940, _bare_lines),
        "mt940": measure(mt940, _read_mt940),
    }
    for name, bare in (("camt", "camt, bare iterparse"), ("mt940", "mt940, bare lines")):
        rows[name]["ratio_to_bare"] = round(rows[name]["seconds"] / max(rows[bare]["seconds"], 0.01), 1)
    if options.gib:
        one = camt_file(1)
        blocks = max(1, int(options.gib * (1 << 30) / one.source.size))
        rows["camt, streamed"] = measure(camt_file(blocks), _read_camt)
    rows["convert"] = _convert(max(1, options.blocks // 5))
    print(json.dumps({"python_mops": _python_mops(), **rows}, indent=2))
    is_fast = rows["camt"]["units_per_second"] >= 10_000 and rows["mt940"]["units_per_second"] >= 20_000
    return 0 if is_fast else 1


if __name__ == "__main__":
    sys.exit(main())
