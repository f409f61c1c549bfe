"""Make the labelled books that everything is measured on; what lies there already is used again."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

MODULES = {
    "synthetic": "training.synthetic",
    "second": "training.worlds.second",
    "third": "training.worlds.third",
}
MONTHS, MONTHS_HISTORY = 18, 15


class GeneratorError(Exception):
    """A book could not be made."""


@dataclass(frozen=True, slots=True)
class BookSpec:
    """A book by its recipe: which generator, how large, which seed and profile."""

    world: str
    invoices: int
    seed: int
    profile: str = ""

    @property
    def name(self) -> str:
        """Return the folder name."""
        return "-".join(p for p in (self.world, short(self.invoices), f"seed{self.seed}", self.profile) if p)


def parse_spec(text: str, invoices: int) -> BookSpec:
    """Read ``world:seed[:profile]``."""
    world, _, rest = text.partition(":")
    seed, _, profile = rest.partition(":")
    if world not in MODULES:
        raise ValueError(f"unknown world {world!r}; there are {', '.join(sorted(MODULES))}")
    return BookSpec(world, invoices, int(seed or 1), profile)


def size(text: str) -> int:
    """Read a size such as 10k or 1M."""
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower())
    return round(float(text[:-1]) * scale) if scale else int(text)


def short(count: int) -> str:
    """Write a size as it is typed."""
    for scale, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= scale and count % scale == 0:
            return f"{count // scale}{letter}"
    return str(count)


def step(folder: Path, name: str, work: Callable[[], object]) -> bool:
    """Do a piece of work once: it is done when its mark stands. Remove ``.done-NAME`` to do it again."""
    mark = folder / f".done-{name}"
    if mark.exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    outcome = work()
    mark.write_text(json.dumps(outcome, default=str) + "\n", encoding="utf-8")
    return True


def make_book(spec: BookSpec, root: Path) -> Path:
    """Generate a labelled book and cut it in time; return the folder of book, history, match and truth."""
    folder = root / spec.name
    step(folder, "book", lambda: _generate(spec, folder / "book"))
    step(folder, "split", lambda: _split(folder))
    return folder


def make_unlabelled(spec: BookSpec, root: Path) -> Path:
    """Generate a book and take every answer out: all of its payments are to be decided."""
    folder = root / spec.name
    step(folder, "book", lambda: _generate(spec, folder / "book"))
    step(folder, "unlabelled", lambda: _strip(folder / "book", folder / "unlabelled"))
    return folder / "unlabelled"


def _generate(spec: BookSpec, out: Path) -> None:
    profile = ["--profile", spec.profile] if spec.profile else []
    flags = [
        "--invoices",
        str(spec.invoices),
        "--seed",
        str(spec.seed),
        "--months",
        str(MONTHS),
        "--out",
        str(out),
    ]
    out.mkdir(parents=True, exist_ok=True)
    with (out.parent / "generator.log").open("wb") as log:
        command = [sys.executable, "-m", MODULES[spec.world], *flags, *profile]
        done = subprocess.run(command, check=False, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        raise GeneratorError(f"the generator of {spec.name} failed; see {out.parent / 'generator.log'}")


def _split(folder: Path) -> None:
    from training.worlds import split

    split(folder / "book", folder, months_history=MONTHS_HISTORY)


def _strip(book: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(book.iterdir()):
        if path.stem in {"allocations", "truth_kinds"}:
            continue
        if path.stem in _ANSWERS:
            _blank(path, out / path.name, _ANSWERS[path.stem])
        else:
            shutil.copyfile(path, out / path.name)


_ANSWERS = {"payments": ("resolution", "kind"), "invoices": ("open_amount", "status")}


def _blank(source: Path, target: Path, columns: tuple[str, ...]) -> None:
    """Copy a table without these columns."""
    if source.suffix == ".parquet":
        table = pq.read_table(source)
        pq.write_table(table.drop_columns([c for c in columns if c in table.column_names]), target)
        return
    with (
        source.open(encoding="utf-8-sig", newline="") as lines,
        target.open("w", encoding="utf-8", newline="") as copy,
    ):
        rows, writer = csv.reader(lines), csv.writer(copy)
        header = next(rows)
        kept = [n for n, column in enumerate(header) if column not in columns]
        writer.writerow([header[n] for n in kept])
        writer.writerows([row[n] for n in kept] for row in rows)


def count_undecided(book: Path) -> int:
    """Return how many payments of a book folder have no known outcome."""
    from training.score_tables import positions, read_table, text

    payments = read_table(book, "payments", ("payment_id", "resolution"))
    history = read_table(book, "allocations", ("payment_id",))
    decided = positions(text(payments, "payment_id"), text(history, "payment_id")) >= 0
    return int((~decided & (text(payments, "resolution").to_numpy(zero_copy_only=False) == "")).sum())
