"""Measure us, rules in Odoo's manner and Splink 5 on the same books in one run.

``python -m benchmarks.run --sizes 10k,100k --out DIR`` prints ratios and writes ``benchmark.json``,
``benchmark.md`` and a picture. Every matcher is a process of its own, from files to files; Splink's own
training is inside, ours is weighed beside it. Everything is synthetic.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.books import BookSpec, GeneratorError, count_undecided, make_book, size
from benchmarks.weigh import Limits, Weight, pin, weigh
from training.scoring import figures
from training.verdicts import judge

OURS, ODOO, SPLINK = "tieout", "odoo-like rules", "splink 5"
COLORS = {OURS: "#2a9d8f", ODOO: "#e9a23b", SPLINK: "#7a6ff0"}


@dataclass(frozen=True, slots=True)
class Result:
    """One matcher on one book."""

    book: str
    invoices: int
    payments: int
    matcher: str
    weight: Weight
    f1: float = 0.0
    exact: float = 0.0
    auto: float = 0.0
    false: float = 0.0
    false_upper: float = 1.0
    harmful: float = 0.0
    oracle_auto: float = 0.0
    oracle_auto_twins: float = 0.0

    @property
    def speed(self) -> float:
        """Return payments a second, start-up included."""
        return self.payments / self.weight.wall_seconds if self.weight.wall_seconds else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison."""
    options = _options().parse_args(arguments)
    cores = pin(options.cores)
    limits = Limits(options.minutes * 60, options.gib * 1024)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    training: list[dict[str, Any]] = []
    for spec in _specs(options):
        try:
            folder = make_book(spec, out / "books")
        except GeneratorError as problem:
            print(f"{spec.name}: skipped, {problem}", flush=True)
            continue
        print(f"{spec.name}: {count_undecided(folder / 'match'):,} payments to match", flush=True)
        for matcher in options.matchers:
            result = _measure(spec, folder, matcher, options.model, limits, training)
            results.append(result)
            print(f"  {_line(result)}", flush=True)
    ratios = list(_ratios(results))
    document = {
        "synthetic": True,
        "cores": cores,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "versions": {p: version(p) for p in ("splink", "duckdb", "lightgbm")},
        "results": [{**asdict(r), "payments_per_second": round(r.speed, 1)} for r in results],
        "training": training,
        "ratios": ratios,
    }
    (out / "benchmark.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (out / "benchmark.md").write_text(_markdown(results, training, cores), encoding="utf-8")
    for ratio in ratios:
        print(ratio["text"])
    from benchmarks.picture import draw

    draw(results, out, COLORS)
    print(f"written: {out / 'benchmark.md'}, benchmark.json, benchmark.svg, benchmark.png")
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="10k,100k", help="invoices, such as 10k,100k,1M")
    parser.add_argument("--worlds", default="synthetic,second", help="generators of the books")
    parser.add_argument("--profile", default="", help="profile of the generators")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out"))
    parser.add_argument("--model", default="train", help="train (on the history), base, or a model folder")
    parser.add_argument(
        "--matchers",
        default=[OURS, ODOO, SPLINK],
        type=_matchers,
        help="of tieout, odoo and splink, by comma",
    )
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=60.0, help="a matcher that takes longer is stopped")
    parser.add_argument("--gib", type=float, default=16.0, help="a matcher that needs more memory is stopped")
    return parser


def _matchers(text: str) -> list[str]:
    return [{"tieout": OURS, "odoo": ODOO, "splink": SPLINK}[t] for t in text.split(",")]


def _specs(options: argparse.Namespace) -> Iterator[BookSpec]:
    for count in map(size, options.sizes.split(",")):
        for world in options.worlds.split(","):
            yield BookSpec(world, count, options.seed, options.profile)


def _measure(
    spec: BookSpec, folder: Path, matcher: str, model: str, limits: Limits, training: list[dict[str, Any]]
) -> Result:
    out = folder / f"out-{matcher.replace(' ', '-')}"
    out.mkdir(parents=True, exist_ok=True)
    match = folder / "match"
    if matcher == OURS:
        chosen, problem = _our_model(spec, folder, model, limits, training)
        command = our_command(match, out, chosen)
    else:
        module = "benchmarks.odoo_like" if matcher == ODOO else "benchmarks.splink_matcher"
        command, problem = [sys.executable, "-m", module, str(match), str(out)], ""
    weight = Weight(0, 0, 0, problem) if problem else weigh(command, folder / f"{out.name}.log", limits)
    result = Result(spec.name, spec.invoices, count_undecided(match), matcher, weight)
    if weight.problem:
        return result
    score = figures(judge(out, folder / "truth", match))
    return Result(
        *(spec.name, spec.invoices, result.payments, matcher, weight),
        f1=score.f1,
        exact=score.exact.rate,
        auto=score.auto.rate,
        false=score.false.rate,
        false_upper=score.false.upper,
        harmful=score.harmful.rate,
        oracle_auto=score.oracle_auto["all"],
        oracle_auto_twins=score.oracle_auto["twins_oldest"],
    )


def our_command(book: Path, out: Path, model: list[str]) -> list[str]:
    """Return the command that matches a book as a user would."""
    return [sys.executable, "-m", "tieout", "match", str(book), "--out", str(out), *model, "--json"]


def _our_model(
    spec: BookSpec, folder: Path, model: str, limits: Limits, training: list[dict[str, Any]]
) -> tuple[list[str], str]:
    """Return the flags that choose our model, trained first when asked for, or what went wrong."""
    if model == "base":
        return [], ""
    if model != "train":
        return ["--model", model], ""
    target = folder / "model"
    command = [
        sys.executable,
        "-m",
        "tieout",
        "train",
        str(folder / "history"),
        "--out",
        str(target),
        "--json",
    ]
    weight = weigh(command, folder / "train.log", limits)
    training.append({"book": spec.name, **asdict(weight)})
    return ["--model", str(target)], f"training {weight.problem}" if weight.problem else ""


def _line(r: Result) -> str:
    if r.weight.problem:
        return f"{r.matcher:16} skipped: {r.weight.problem}"
    return (
        f"{r.matcher:16} F1 {r.f1:.4f}  exact {r.exact:.2%}  auto {r.auto:.2%} with {r.false:.3%} false"
        f"  oracle {r.oracle_auto:.2%}  {r.speed:,.0f}/s  {r.weight.cpu_seconds:.1f} CPU s"
        f"  {r.weight.peak_mib:,.0f} MiB"
    )


def _ratios(results: list[Result]) -> Iterator[dict[str, Any]]:
    """Compare us with each peer on each book: cost as ratios, quality side by side."""
    done = [r for r in results if not r.weight.problem]
    for ours in (r for r in done if r.matcher == OURS):
        for peer in (r for r in done if r.book == ours.book and r.matcher != OURS):
            ratio = {
                "cpu": peer.weight.cpu_seconds / max(ours.weight.cpu_seconds, 0.01),
                "memory": peer.weight.peak_mib / max(ours.weight.peak_mib, 0.01),
                "speed": ours.speed / max(peer.speed, 0.01),
            }
            words = (
                f"{ours.book} against {peer.matcher}: {ratio['speed']:.2f}x the speed, "
                f"1/{ratio['cpu']:.2f} of the CPU, 1/{ratio['memory']:.2f} of the memory; "
                f"pair F1 {ours.f1:.4f} to {peer.f1:.4f}; auto at 0.1 % false "
                f"{ours.oracle_auto:.1%} to {peer.oracle_auto:.1%} (oracle); frozen {ours.auto:.1%}"
                f" with {ours.false:.3%} false to {peer.auto:.1%} with {peer.false:.3%}"
            )
            yield {"book": ours.book, "peer": peer.matcher, **ratio, "text": words}


_HEAD = (
    "| book | payments | matcher | pair F1 | exact | auto, frozen | false, frozen | 95 % bound | harmful "
    "| auto at 0.1 % false, oracle | but for twins | payments/s | CPU s | peak MiB |"
)


def _markdown(results: list[Result], training: list[dict[str, Any]], cores: int) -> str:
    lines = [
        "# Benchmark",
        "",
        f"All data is synthetic. {cores} cores; file to file, start-up included; one process a matcher.",
        "*Frozen*: the threshold each brings along (ours certified on the history; Splink's probability",
        "of 0.999; the rules' own). *Oracle*: the best threshold picked with the truth in hand, an upper",
        "limit for any. Splink's time includes its own training; ours is listed below the table.",
        "",
        _HEAD,
        "|" + "---|" * (_HEAD.count("|") - 1),
    ]
    for r in results:
        if r.weight.problem:
            lines.append(
                f"| {r.book} | {r.payments:,} | {r.matcher} | skipped: {r.weight.problem} |" + " |" * 10
            )
            continue
        lines.append(
            f"| {r.book} | {r.payments:,} | {r.matcher} | {r.f1:.4f} | {r.exact:.2%} | {r.auto:.2%} "
            f"| {r.false:.3%} | {r.false_upper:.3%} | {r.harmful:.3%} "
            f"| {r.oracle_auto:.2%} | {r.oracle_auto_twins:.2%} "
            f"| {r.speed:,.0f} | {r.weight.cpu_seconds:,.1f} | {r.weight.peak_mib:,.0f} |"
        )
    lines += ["", *(f"- {ratio['text']}" for ratio in _ratios(results))]
    for row in training:
        outcome = row["problem"] or f"{row['cpu_seconds']:,.1f} CPU s, {row['peak_mib']:,.0f} MiB"
        lines.append(f"- learning from the history of {row['book']}: {outcome}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
