"""Power cuts, played over what a real run wrote.

strace writes down every write, sync and truncation of the database and its log, with the bytes. A cut at any
of them leaves what was synced before, and of what came later a random part: whole writes are lost, and some
are torn at sectors of 512 bytes. The files are put together anew and opened by the real store. Creating and
deleting a file counts as immediate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

SECTOR = 512
LOST, TORN = 0.5, 0.15
TRACE = ("-xx", "-s", "70000", "-e", "trace=pwrite64,fdatasync,fsync,ftruncate,unlink,write")
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
_FILE = re.compile(r"\d+<((?:\\x[0-9a-f]{2})*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Step:
    """One thing a run did: a write at an offset, a sync, a new length, a deletion, or an acknowledgement."""

    call: str
    file: str
    content: bytes = b""
    offset: int = 0


def steps_of(log: str) -> list[Step]:
    """Read the log of strace."""
    return [step for line in log.splitlines() for step in _step(line)]


def _step(line: str) -> Iterator[Step]:
    found = _CALL.match(line)
    if found is None or found[3].startswith("-"):
        return
    call, inside = found[1], found[2]
    name = _FILE.match(inside)
    text = _TEXT.search(inside)
    file = Path(_bytes(name[1]).decode()).name if name else ""
    match call:
        case "pwrite64":
            assert text
            yield Step(call, file, _bytes(text[1]), int(inside.rsplit(", ", 1)[1]))
        case "write" if file.startswith("acks"):
            assert text
            yield Step("acknowledge", file, _bytes(text[1]))
        case "fdatasync" | "fsync" if file.startswith("store.db"):  # their folder counts as immediate
            yield Step("sync", file)
        case "ftruncate":
            yield Step(call, file, offset=int(inside.rsplit(", ", 1)[1]))
        case "unlink":
            assert text
            yield Step(call, Path(_bytes(text[1]).decode()).name)
        case _:
            return


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


@dataclass
class _Disk:
    """One file: what is on the disk for sure, and what was written since."""

    durable: bytearray
    pending: list[Step]

    def sync(self) -> None:
        for step in self.pending:
            _put(self.durable, step)
        self.pending.clear()

    def cut(self, dice: Random) -> bytearray:
        left = bytearray(self.durable)
        for step in self.pending:
            if step.call == "ftruncate" or dice.random() >= LOST:
                _put(left, _torn(step, dice) if dice.random() < TORN else step)
        return left


def _put(content: bytearray, step: Step) -> None:
    if step.call == "ftruncate":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    end = step.offset + len(step.content)
    content.extend(bytes(max(0, end - len(content))))
    content[step.offset : end] = step.content


def _torn(step: Step, dice: Random) -> Step:
    """Let a write reach the disk up to some sector only."""
    if len(step.content) <= SECTOR:
        return step
    sectors = dice.randrange(1, -(-len(step.content) // SECTOR))
    return Step(step.call, step.file, step.content[: sectors * SECTOR], step.offset)


def cut_at(steps: list[Step], place: int, base: bytes, folder: Path, dice: Random) -> set[str]:
    """Cut the power before step `place`: write what is left into `folder`; give what was acknowledged."""
    disks = {"store.db": _Disk(bytearray(base), [])}
    acknowledged: set[str] = set()
    for step in steps[:place]:
        if step.call == "acknowledge":
            acknowledged.update(step.content.decode().split())
        elif step.call == "unlink":
            disks.pop(step.file, None)
        else:
            disk = disks.setdefault(step.file, _Disk(bytearray(), []))
            disk.sync() if step.call == "sync" else disk.pending.append(step)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, disk in disks.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(disk.cut(dice))
    return acknowledged
