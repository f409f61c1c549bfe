"""Run the script under strace: kill it at a chosen system call, fail one, or write down what it wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]
WRITES = ("pwrite64", "fdatasync", "fsync", "ftruncate", "write", "unlink")


def need_strace() -> str:
    """Find strace; without it the rig cannot run, which CI must say aloud."""
    found = shutil.which("strace")
    if found is None:
        said = "strace is not installed: apt-get install strace"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    return found


@dataclass(frozen=True)
class Ran:
    """How a run ended, what it acknowledged, and what strace wrote."""

    code: int
    acknowledged: set[str]
    log: str


@dataclass
class Forge:
    """The server that forks children."""

    into: IO[str]
    out: IO[str]
    folder: Path
    strace: str
    runs: int = 0

    def run(
        self, url: str, payments: int, bug: str = "honest", sync: str = "FULL", trace: tuple[str, ...] = ()
    ) -> Ran:
        """Run the script in a child, traced from its first operation on."""
        self.runs += 1
        acks, gate, log = (self.folder / f"{name}-{self.runs}" for name in ("acks", "gate", "log"))
        acks.touch()
        os.mkfifo(gate)
        order = {
            "url": url,
            "acks": str(acks),
            "gate": str(gate),
            "payments": payments,
            "bug": bug,
            "sync": sync,
        }
        self.into.write(f"{dumps(order)}\n")
        self.into.flush()
        child = int(self.out.readline())
        tracer = self._attach(child, log, trace) if trace else None
        gate.open("wb").close()
        code = int(self.out.readline())
        if tracer is not None:
            tracer.wait(timeout=60)
        written = log.read_text("latin-1") if log.exists() else ""
        acknowledged = set(acks.read_text().split())
        for file in (acks, gate, log):
            file.unlink(missing_ok=True)
        return Ran(code, acknowledged, written)

    def _attach(self, child: int, log: Path, trace: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = [self.strace, "-f", "-y", "-p", str(child), "-o", str(log), *trace]
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        status = Path(f"/proc/{child}/status")
        until = time.monotonic() + 30
        while "TracerPid:\t0\n" in status.read_text():
            if tracer.poll() is not None or time.monotonic() > until:
                pytest.fail("strace cannot attach here: the rig needs ptrace (CAP_SYS_PTRACE)")
            time.sleep(0.001)
        return tracer


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """Start the server, and stop it in the end."""
    strace = need_strace()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin
    assert server.stdout
    try:
        yield Forge(server.stdin, server.stdout, folder, strace)
    finally:
        server.stdin.close()
        server.wait(timeout=60)
        server.stdout.close()
