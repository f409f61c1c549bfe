"""The main synthetic world: a labelled book of invoices and payments, the same bytes for the same seed.

    python -m training.synthetic --invoices 100000 --seed 1 --months 18 --out DIR [--profile NAME] [--parquet]

Everything in it is invented. Kinds, shares and profiles: docs/reference/synthetic-world.md.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from training.world import tables
from training.world.aftermath import deliver_twice
from training.world.desk import Desk
from training.world.dice import Dice
from training.world.history import Clerk, mark_times
from training.world.invoices import add_months, make_items
from training.world.issuers import make_issuers
from training.world.mentions import Writer
from training.world.mix import PROFILES, drawn_mix
from training.world.noise import add_noise, strangers
from training.world.rates import Rates
from training.world.records import Item, Line
from training.world.settle import settle_all
from training.world.twins import mark_twins

FIRST_YEAR = 2021


class TooSmallBookError(ValueError):
    """A synthetic book needs at least one invoice and one month; raise `--invoices` or `--months`."""

    code = "synthetic_book_too_small"


def make_book(
    invoices: int,
    seed: int,
    months: int = 18,
    profile: str = "default",
    *,
    wrong_labels: float = 0.0,
    corrected_labels: float = 0.0,
) -> dict[str, pa.Table]:
    """A labelled synthetic book: the contract's tables and `truth_kinds`, all columns text.

    With `wrong_labels`, a share of payments whose label names another item, there is also `true_allocations`;
    `corrected_labels` is the share with a mistake that somebody reversed. Both are 0 by default: pure truth.
    """
    if invoices < 1 or months < 1:
        raise TooSmallBookError(TooSmallBookError.__doc__)
    mix = drawn_mix(profile, Dice(seed, f"mix {profile}"))
    setting = Dice(seed, "setting")
    start = date(FIRST_YEAR + setting.below(4), 1 + setting.below(12), 1).toordinal()
    end = add_months(start, months, 1)
    issuers = make_issuers(mix, Dice(seed, "issuers"))
    items, people = make_items(
        invoices, months, (start, end), mix, issuers, Dice(seed, "items"), Dice(seed, "customers")
    )
    accounts = [account for issuer in issuers for account in issuer.accounts]
    currencies = sorted({item.currency for item in items} | {account.currency for account in accounts})
    rates = Rates(start, end, issuers[0].home.currency, currencies, Dice(seed, "rates"))
    desk = Desk(mix, Dice(seed, "payments"), Writer(mix, Dice(seed, "texts")), rates, issuers, start, end)
    desk.third_parties = strangers(desk, 60, "third_party")
    settle_all(desk, items, people)
    add_noise(desk, items)
    deliver_twice(desk)
    mark_twins(desk.lines, items)
    lines = _identified(desk.lines, setting)
    marks = Dice(seed, "history")
    mark_times(lines, mix, marks)
    ids = _invoice_ids(items, setting)
    clerk = Clerk(ids, items, lines, mix, marks)
    book = {
        "invoices": tables.invoices(items, ids, with_names=setting.chance(0.8)),
        "payments": tables.payments(lines),
        "customers": tables.customers(people),
        "customer_accounts": tables.customer_accounts(people),
        "own_accounts": tables.own_accounts(issuers),
        "instalments": tables.instalments(items, ids),
        "remittance_lines": tables.remittance_lines(lines),
        "fx_rates": tables.fx_rates(rates.published(start, end)),
        "allocations": clerk.allocations(wrong_labels, corrected_labels),
        "truth_kinds": tables.truth_kinds(lines),
    }
    if wrong_labels:
        book["true_allocations"] = clerk.allocations()
    return book


def _identified(lines: list[Line], setting: Dice) -> list[Line]:
    """The lines in booking order with their ids; within a day only a copy or a return has to come later."""
    shuffled = setting.shuffled(lines)
    shuffled.sort(key=lambda line: (line.booked, _steps_behind(line)))
    form, first = setting.pick((("P{:07d}", 1), ("{:010d}", 1), ("pmt-{:06x}", 0x100000)))
    for place, line in enumerate(shuffled):
        line.ident = form.format(first + place)
    return shuffled


def _steps_behind(line: Line) -> int:
    return 0 if line.follows is None else 1 + _steps_behind(line.follows)


def _invoice_ids(items: Sequence[Item], setting: Dice) -> list[str]:
    """The internal ids: the numbers where they are unique in the book, or an own sequence."""
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


def shares(book: Mapping[str, pa.Table], column: str) -> list[tuple[str, float]]:
    """How often each value of a `truth_kinds` column occurs, most frequent first."""
    values = book["truth_kinds"][column].to_pylist()
    counts = Counter(value or "none" for value in values)
    return [(name, count / len(values)) for name, count in counts.most_common()]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line of the synthetic world."""
    parser = argparse.ArgumentParser("training.synthetic", description="Write a labelled, synthetic book.")
    parser.add_argument("--invoices", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--wrong-labels", type=float, default=0.0)
    parser.add_argument("--parquet", action="store_true")
    parser.add_argument("--shares", action="store_true", help="print the share of every kind of case")
    given = parser.parse_args(arguments)
    gc.disable()  # a fifth of the time went into looking for cycles among millions of live records
    try:
        book = make_book(
            given.invoices, given.seed, given.months, given.profile, wrong_labels=given.wrong_labels
        )
    finally:
        gc.enable()
    write_book(book, given.out, parquet=given.parquet)
    sizes = f"{book['invoices'].num_rows} invoices, {book['payments'].num_rows} payments"
    sys.stdout.write(f"synthetic book ({given.profile}, seed {given.seed}): {sizes}\n")
    if given.shares:
        for column in ("kind_of_case", "reference_state", "payer_relation"):
            for name, share in shares(book, column):
                sys.stdout.write(f"synthetic share of {column} {name}: {share:.2%}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
