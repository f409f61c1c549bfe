"""The main synthetic world: a labelled book of invoices and payments, the same bytes for the same seed.

    python -m training.synthetic --invoices 100000 --seed 1 --months 18 --out DIR [--profile NAME] [--parquet]

Everything in it is invented. Shares and kinds: docs/reference/synthetic-world.md.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.csv
import pyarrow.parquet

from training.world import history, tables
from training.world.desk import Desk
from training.world.dice import Dice
from training.world.invoices import add_months, make_items
from training.world.issuers import make_issuers
from training.world.mentions import Writer
from training.world.mix import PROFILES, drawn_mix
from training.world.noise import add_noise
from training.world.places import EUR_RATES
from training.world.rates import Rates
from training.world.settle import settle_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from training.world.records import Item, Line


def make_book(invoices: int, seed: int, months: int = 18, profile: str = "default") -> dict[str, pa.Table]:
    """A labelled synthetic book: the contract's tables and `truth_kinds`, all columns text."""
    mix = drawn_mix(profile, Dice(seed, f"mix {profile}"))
    setting = Dice(seed, "setting")
    start = date(2021 + setting.below(4), 1 + setting.below(12), 1).toordinal()
    end = add_months(start, months, 1)
    issuers = make_issuers(mix, Dice(seed, "issuers"))
    items, people = make_items(
        invoices, months, start, end, mix, issuers, Dice(seed, "items"), Dice(seed, "customers")
    )
    currencies = sorted({i.currency for i in items} | {a.currency for issuer in issuers for a in issuer.accounts})
    rates = Rates(start, end, issuers[0].home.currency, currencies, Dice(seed, "rates"))
    paying = Dice(seed, "payments")
    desk = Desk(mix, paying, Writer(mix, Dice(seed, "texts")), rates, issuers, start, end)
    settle_all(desk, items, people)
    add_noise(desk, items)
    lines = _identified(desk.lines, setting)
    marks = Dice(seed, "history")
    history.mark_times(lines, mix, marks)
    ids = _invoice_ids(items, setting)
    return {
        "invoices": tables.invoices(items, ids, setting.chance(0.8)),
        "payments": tables.payments(lines),
        "customers": tables.customers(people),
        "customer_accounts": tables.customer_accounts(people),
        "own_accounts": tables.own_accounts(issuers),
        "instalments": tables.instalments(items, ids),
        "remittance_lines": tables.remittance_lines(lines),
        "fx_rates": tables.fx_rates(rates.published(start, end)),
        "allocations": history.allocations(lines, ids, mix, marks),
        "truth_kinds": tables.truth_kinds(lines),
    }


def _identified(lines: list[Line], setting: Dice) -> list[Line]:
    """The lines in booking order with their ids."""
    shuffled = setting.shuffled(lines)
    shuffled.sort(key=lambda line: line.booked)
    form = setting.pick(("P{:07d}", "{:010d}", "pmt-{:06x}"))
    for place, line in enumerate(shuffled):
        line.ident = form.format(place + 1 if form != "pmt-{:06x}" else 0x100000 + place)
    return shuffled


def _invoice_ids(items: Sequence[Item], setting: Dice) -> list[str]:
    """The internal ids: the number where it is unique in the book, or an own sequence."""
    numbers = [item.number for item in items]
    if setting.chance(0.4) and len(set(numbers)) == len(numbers):
        return numbers
    form = setting.pick(("I{:07d}", "{:09d}", "inv_{:06x}"))
    return [form.format(item.place + 1) for item in items]


def write_book(book: Mapping[str, pa.Table], out: Path, *, parquet: bool = False) -> None:
    """Write every table as `.csv` or `.parquet`."""
    out.mkdir(parents=True, exist_ok=True)
    for name, rows in book.items():
        if parquet:
            pyarrow.parquet.write_table(rows, out / f"{name}.parquet")
        else:
            pyarrow.csv.write_csv(rows, out / f"{name}.csv")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of the synthetic world."""
    parser = argparse.ArgumentParser(prog="training.synthetic", description="Write a labelled, synthetic book.")
    parser.add_argument("--invoices", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--parquet", action="store_true")
    given = parser.parse_args(arguments)
    book = make_book(given.invoices, given.seed, given.months, given.profile)
    write_book(book, given.out, parquet=given.parquet)
    counts = ", ".join(f"{rows.num_rows} {name}" for name, rows in book.items() if name in {"invoices", "payments"})
    sys.stdout.write(f"synthetic book ({given.profile}, seed {given.seed}): {counts}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
