"""A second, differently built synthetic world: an event simulation of issuers, clerks, banks and a desk.

It shares no code and no idea with `training.synthetic`: it exists to test generalisation, never to train.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from training.worlds.second_bank import Bank
from training.worlds.second_cards import Gateway
from training.worlds.second_check import check
from training.worlds.second_clerk import Office
from training.worlds.second_desk import Desk
from training.worlds.second_files import Tables, write_csv, write_parquet
from training.worlds.second_issuers import make_issuers
from training.worlds.second_mix import PROFILES
from training.worlds.second_noise import Corrections, Traffic
from training.worlds.second_people import Register
from training.worlds.second_trade import Billing
from training.worlds.second_types import Payment, World

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS_PER_MONTH = 30.4375
DOCUMENT_SHARE = 0.965
"""Planned invoices per document: the rest are credit memos, debit notes and re-issued invoices."""


def _drop_empty_rows(payment: Payment) -> None:
    """Take out rows for items that another payment had settled first; cash for nothing else waits on account."""
    if any(part.amount == 0 for part in payment.parts):
        payment.parts = [part for part in payment.parts if part.amount]
        payment.resolution = payment.resolution if payment.parts else "on_account"


def simulate(invoices: int, seed: int, months: int = 18, profile: str = "default") -> tuple[World, Desk]:
    """Live through the months and return the finished, checked world and its desk."""
    rng = Random(f"second world {seed} {profile}")
    start = date(2022 + seed % 3, 1 + seed % 12, 1)
    world = World(PROFILES[profile], rng, start=start, days=max(60, round(months * DAYS_PER_MONTH)))
    bank = Bank(world)
    gateway = Gateway(world, bank)
    office = Office(world, bank, gateway)
    register = Register(world, office.receive)
    billing = Billing(world, register, office.receive)
    billing.on_credit = Corrections(world, bank, gateway).credited
    for issuer, quota in make_issuers(world, round(invoices * DOCUMENT_SHARE)):
        billing.plan(issuer, quota)
    Traffic(world, bank, register).plan(invoices)
    world.run()
    desk = Desk(world)
    desk.number()
    desk.decide()
    for payment in world.payments:
        _drop_empty_rows(payment)
    check(world)
    return world, desk


def mix_table(world: World) -> str:
    """Say in a few lines what the world holds."""
    payments = world.payments
    receipts = [payment for payment in payments if payment.amount > 0]
    paying = [payment for payment in receipts if payment.parts]
    states = Counter(payment.reference_state for payment in paying)
    cases = Counter(payment.case for payment in payments)
    per_hundred = 100 * len(payments) / max(1, len(world.invoices))
    useful = 100 * len(paying) / max(1, len(receipts))
    named = ", ".join(f"{state} {100 * n / max(1, len(paying)):.1f} %" for state, n in sorted(states.items()))
    lines = [
        f"synthetic documents {len(world.invoices)}, payments {len(payments)} ({per_hundred:.1f} per 100)",
        f"synthetic receipts that pay something {useful:.1f} %; references: {named}",
    ]
    lines += [
        f"  {case:22} {count:8} {100 * count / len(payments):6.2f} %" for case, count in cases.most_common()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a labelled synthetic book of the second world."""
    parser = argparse.ArgumentParser(prog="python -m training.worlds.second", description=main.__doc__)
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default")
    parser.add_argument("--parquet", action="store_true")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    world, desk = simulate(options.invoices, options.seed, options.months, options.profile)
    writer = write_parquet if options.parquet else write_csv
    writer(Tables(world, desk), options.out)
    took = time.perf_counter() - began
    sys.stdout.write(f"{mix_table(world)}\nsynthetic book written to {options.out} in {took:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
