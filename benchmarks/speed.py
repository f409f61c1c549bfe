"""Speed alone: files in, files out, start-up included, and what a payment costs as the book grows.

``python -m benchmarks.speed --out DIR`` matches whole books without any answer in them: 10k, 100k (80k
payments) and 1M invoices (0.8M payments). Prints payments a second, peak memory, seconds by stage, and the
ratio of processor seconds a payment between the largest and the smallest. Everything is synthetic.

Before and after each run a fixed piece of work is weighed (`benchmarks.yardstick`). On a machine that others
use processor seconds grow too; their ratio to the yardstick's hardly does, so compare that one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.books import BookSpec, count_undecided, make_unlabelled, short, size
from benchmarks.run import our_command
from benchmarks.weigh import Limits, Weight, pin, weigh


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="10k,100k,1M")
    parser.add_argument("--world", default="synthetic")
    parser.add_argument("--profile", default="")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out"))
    parser.add_argument("--model", default="base", help="base, or a model folder")
    parser.add_argument(
        "--repeat", type=int, default=1, help="runs of each size; the median by wall clock counts"
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--gib", type=float, default=16.0)
    options = parser.parse_args(arguments)
    cores = pin(options.cores)
    limits = Limits(options.minutes * 60, options.gib * 1024)
    rows = []
    for count in sorted(map(size, options.sizes.split(","))):
        spec = BookSpec(options.world, count, options.seed, options.profile)
        rows.append(_measure(spec, options, limits))
        print(_line(rows[-1]), flush=True)
    document = {"synthetic": True, "cores": cores, "rows": rows, "cost_ratio": _cost_ratio(rows)}
    (options.out / "speed.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if document["cost_ratio"]:
        first, last = rows[0]["invoices"], rows[-1]["invoices"]
        print(f"cost a payment at {short(last)} against {short(first)}: {document['cost_ratio']:.2f}x")
    return 0


def _measure(spec: BookSpec, options: argparse.Namespace, limits: Limits) -> dict[str, Any]:
    book = make_unlabelled(spec, options.out / "books")
    out = book.parent / "out-speed"
    command = our_command(book, out, [] if options.model == "base" else ["--model", options.model])
    yardsticks = [_yardstick(book.parent, limits)]
    weights: list[Weight] = []
    for _ in range(options.repeat):
        weights.append(weigh(command, book.parent / "speed.log", limits))
        yardsticks.append(_yardstick(book.parent, limits))
    weight = sorted(weights, key=lambda w: w.wall_seconds)[len(weights) // 2]
    yardstick = sum(yardsticks) / len(yardsticks)
    payments = count_undecided(book)
    summary = out / "summary.json"
    stages = json.loads(summary.read_text(encoding="utf-8")).get("timings", {}) if summary.exists() else {}
    return {
        "book": spec.name,
        "invoices": spec.invoices,
        "payments": payments,
        **asdict(weight),
        "payments_per_second": payments / weight.wall_seconds,
        "cpu_ms_per_payment": 1000 * weight.cpu_seconds / max(payments, 1),
        "yardstick_seconds": round(yardstick, 2),
        "yardsticks": round(weight.cpu_seconds / yardstick, 2),
        "yardsticks_per_million": round(1_000_000 * weight.cpu_seconds / yardstick / max(payments, 1), 2),
        "stages": stages,
    }


def _yardstick(folder: Path, limits: Limits) -> float:
    """Weigh the fixed piece of work in a process of its own; return its processor seconds."""
    command = [sys.executable, "-m", "benchmarks.yardstick"]
    return weigh(command, folder / "yardstick.log", limits).cpu_seconds


def _line(row: dict[str, Any]) -> str:
    head = f"{row['book']}: {row['payments']:,} payments x {row['invoices']:,} invoices"
    if row["problem"]:
        return f"{head}: skipped, {row['problem']}"
    return (
        f"{head}: {row['payments_per_second']:,.0f} payments/s ({row['wall_seconds']:,.1f} s, "
        f"{row['cpu_seconds']:,.1f} CPU s, {row['cpu_ms_per_payment']:.3f} CPU ms each, "
        f"{row['yardsticks']:.1f} yardsticks of {row['yardstick_seconds']} CPU s), "
        f"{row['peak_mib']:,.0f} MiB  {row['stages']}"
    )


def _cost_ratio(rows: list[dict[str, Any]]) -> float:
    done = [r for r in rows if not r["problem"]]
    if len(done) < 2:
        return 0.0
    return float(done[-1]["yardsticks_per_million"] / done[0]["yardsticks_per_million"])


if __name__ == "__main__":
    raise SystemExit(main())
