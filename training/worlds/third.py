"""A third labelled world, written as an auditor would: a script for each customer, then what the bank made of it.

Run it as `python -m training.worlds.third --invoices N --seed S --months 18 --out DIR`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from training.worlds.third_check import check
from training.worlds.third_idle import add_idle
from training.worlds.third_life import Life
from training.worlds.third_script import make_issuers, make_units
from training.worlds.third_tables import tables
from training.worlds.third_types import Cash
from training.worlds.third_voice import World, make_rates

PROFILES: Final = ("default", "hard", "unseen_numbering")
START: Final = date(2023, 3, 1).toordinal()

Tables = dict[str, pa.Table]


def make_book(invoices: int, seed: int, months: int = 18, profile: str = "default") -> Tables:
    """Make a labelled book of so many papers; every column is text, empty cells are null."""
    rng = Random(f"{seed}/{profile}")
    end = START + round(months * 30.44)
    issuers = make_issuers(rng, profile, START, months)
    units = make_units(invoices, seed, issuers, START, months)
    world = World(rng, issuers, START, end, 1.6 if profile == "hard" else 1.0, make_rates(rng, START, end))
    lives = [Life(world, unit) for unit in units if unit.items]
    for life in lives:
        life.schedule()
        life.live()
    items = [item for unit in units for item in unit.items]
    cash = _in_order(world, lives, len(items))
    for place, one in enumerate(cash):
        one.id = f"P{place + 1:07d}"
    items.sort(key=lambda item: item.id)
    mistakes = [pair for unit in units for pair in unit.mistakes]
    check(world, items, cash, mistakes)
    return tables(world, units, items, cash, mistakes)


def _in_order(world: World, lives: list[Life], count: int) -> list[Cash]:
    """Put all statement lines in the order of days; a copy stands behind its original."""
    filed = [one for life in lives for one in life.unit.cash]
    idle = add_idle(world, count, [item for life in lives for item in life.unit.items], lives, filed)
    everything = [one for life in lives for one in life.unit.cash] + idle
    for one in everything:
        original = one.related if one.case == "duplicate_line" else None
        one.tie = original.tie + 1e-9 if original else world.rng.random()
    return sorted(everything, key=lambda one: (one.day, one.tie))


def write_book(book: Tables, out: Path, *, parquet: bool = False) -> None:
    """Write each table as one file."""
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in book.items():
        if parquet:
            pyarrow.parquet.write_table(rows, out / f"{name}.parquet")
        else:
            pyarrow.csv.write_csv(rows, out / f"{name}.csv")


def mix(book: Tables) -> dict[str, float]:
    """Return the shares that describe a book: payments per 100 papers, references, kinds of case."""
    kinds = book["truth_kinds"]
    cases = Counter(kinds["kind_of_case"].to_pylist())
    quality = Counter(kinds["reference_quality"].to_pylist())
    total = max(1, kinds.num_rows)
    named = max(1, sum(quality[word] for word in ("clean", "damaged", "none")))
    shares = {"payments per 100 papers": 100 * total / max(1, book["invoices"].num_rows)}
    shares |= {f"reference {word} %": 100 * quality[word] / named for word in ("clean", "damaged", "none")}
    return shares | {f"{case} %": 100 * count / total for case, count in cases.most_common()}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of the third world."""
    parser = argparse.ArgumentParser(prog="training.worlds.third", description="Make a labelled book.")
    parser.add_argument("--invoices", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", choices=PROFILES, default="default")
    parser.add_argument("--parquet", action="store_true")
    given = parser.parse_args(arguments)
    book = make_book(given.invoices, given.seed, given.months, given.profile)
    write_book(book, given.out, parquet=given.parquet)
    for name, share in mix(book).items():
        print(f"{share:8.2f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
