"""Run a command in a process of its own and weigh it: processor seconds, wall clock, peak memory."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.2
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Weight:
    """What a command cost; ``problem`` is empty when it ended well."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a command is stopped, so that one size too many does not take the machine with it."""

    seconds: float = 3600.0
    mib: float = 16_384.0


def weigh(
    command: Sequence[str], log: Path, limits: Limits, environment: Mapping[str, str] | None = None
) -> Weight:
    """Run a command, its output into ``log``; children are counted with it (memory: the largest process)."""
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        problem = ""
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            problem = problem or _overdue(process.pid, time.perf_counter() - started, limits)
            if problem:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if not problem and process.returncode not in {0, 3}:  # 3: finished, some input quarantined
        problem = f"ended with {process.returncode}: {_last_line(log)}"
    return Weight(
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 2),
        wall_seconds=round(wall, 2),
        peak_mib=round(usage.ru_maxrss / 1024, 1),
        problem=problem,
    )


def _overdue(pid: int, seconds: float, limits: Limits) -> str:
    if seconds > limits.seconds:
        return f"stopped after {limits.seconds:,.0f} s"
    resident = _resident_mib(pid)
    if resident > limits.mib:
        return f"stopped at {resident:,.0f} MiB"
    return ""


def _resident_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0  # gone, or a system without /proc: only the time limit holds
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.strip() for line in lines if any(c.isalpha() for c in line)]
    return said[-1][:200] if said else "no output"


def pin(cores: int) -> int:
    """Keep this process and its children on so many cores; return how many there are now."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))[:cores]
        os.sched_setaffinity(0, allowed)
        return len(allowed)
    return os.cpu_count() or 1
