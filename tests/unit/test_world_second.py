"""The second synthetic world: same seed same book, books that add up, every kind of case occurs."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from training.worlds.second import main, simulate
from training.worlds.second_check import InconsistentWorldError, check
from training.worlds.second_mix import PROFILES
from training.worlds.second_types import Payment

KINDS = set(
    "single many discount discount_many late_discount deduction partial instalment overpayment rounding "
    "bank_fee withholding credit_netted fx fx_converted processor_payout wallet card_single refund "
    "refund_on_account return chargeback duplicate_payment duplicate_line own_transfer payroll tax "
    "bank_charges interest grant insurance supplier_payment supplier_refund unknown_payer prepayment "
    "lump_sum parent_pays parent_pays_many neighbour twin dunning_fee early_cash factor_pays netting loan "
    "tax_refund".split()
)


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("second")
    assert main(["--invoices", "1500", "--seed", "7", "--out", str(folder)]) == 0
    return folder


def test_same_seed_writes_the_same_bytes(book: Path, tmp_path: Path) -> None:
    main(["--invoices", "1500", "--seed", "7", "--out", str(tmp_path)])
    for file in sorted(book.iterdir()):
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name


def test_another_seed_writes_another_book(book: Path, tmp_path: Path) -> None:
    main(["--invoices", "1500", "--seed", "8", "--out", str(tmp_path)])
    assert (book / "payments.csv").read_bytes() != (tmp_path / "payments.csv").read_bytes()


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_adds_up(profile: str) -> None:
    world, _desk = simulate(1200, 11, profile=profile)
    assert abs(len(world.invoices) - 1200) < 120
    numbers = Counter((item.issuer.code, item.number) for item in world.invoices if item.status != "void")
    assert max(numbers.values()) == 1


def test_check_notices_a_row_too_many() -> None:
    world, _desk = simulate(400, 5)
    payment = next(payment for payment in world.payments if payment.case == "single")
    payment.parts[0].amount += 1
    with pytest.raises(InconsistentWorldError):
        check(world)


def test_written_balances_follow_from_written_allocations(book: Path) -> None:
    left = {}
    for row in read(book, "invoices"):
        sign = -1 if row["type"] == "credit_memo" else 1
        left[row["invoice_id"]] = (sign, sign * Decimal(row["amount"]), Decimal(row["open_amount"]))
    used: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in read(book, "allocations"):
        if not row["reversed_at"]:
            used[row["invoice_id"]] += Decimal(row["amount"]) + Decimal(row["write_off"] or 0)
    for invoice, (sign, amount, stated) in left.items():
        assert sign * (amount - used[invoice]) == stated >= 0


def test_every_payment_is_labelled_once(book: Path) -> None:
    allocated = {row["payment_id"] for row in read(book, "allocations")}
    for row in read(book, "payments"):
        assert (row["payment_id"] in allocated) != bool(row["resolution"])
    assert {row["payment_id"] for row in read(book, "truth_kinds")} == {
        row["payment_id"] for row in read(book, "payments")
    }


def test_all_kinds_occur_over_a_few_seeds() -> None:
    seen: set[str] = set()
    for seed in range(6):
        world, _desk = simulate(3000, seed)
        seen |= {payment.case for payment in world.payments}
    assert seen >= KINDS, KINDS - seen


@pytest.fixture(scope="module")
def payments() -> list[Payment]:
    world, _desk = simulate(5000, 21)
    return world.payments


def rows(payment: Payment) -> Counter[tuple[str, int, int]]:
    return Counter((part.invoice.invoice_id, part.amount, part.write_off) for part in payment.parts)


def test_returns_and_chargebacks_repeat_the_rows_of_what_they_undo(payments: list[Payment]) -> None:
    undone = [payment for payment in payments if payment.case in {"return", "chargeback"}]
    assert undone
    for payment in undone:
        assert payment.related is not None
        assert payment.amount == -payment.related.amount
        turned = Counter({(item, -cash, -off): n for (item, cash, off), n in rows(payment).items()})
        assert turned == rows(payment.related)


def test_settlement_lines_add_up_to_the_payout(payments: list[Payment]) -> None:
    payouts = [payment for payment in payments if payment.case in {"processor_payout", "wallet"}]
    assert payouts
    for payment in payouts:
        assert sum((line.amount or 0) - (line.deduction or 0) for line in payment.lines) == payment.amount
        assert sum(part.amount for part in payment.parts) == payment.amount


def test_discounts_are_written_off_only_in_time(payments: list[Payment]) -> None:
    for payment in payments:
        for part in payment.parts:
            if part.reason == "early_payment_discount" and payment.amount > 0:
                assert payment.day <= part.invoice.discount_day
                assert part.write_off == part.invoice.discount
            if payment.case == "late_discount":
                assert part.write_off == 0


def test_a_doubled_line_is_the_same_line_and_no_other_line_is(payments: list[Payment]) -> None:
    lines: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    for payment in payments:
        texts = (payment.payer_name, payment.remittance, payment.structured, payment.end_to_end)
        lines[payment.account, payment.day, payment.amount, *texts].append(payment.case)
    doubled = [cases for cases in lines.values() if len(cases) > 1]
    assert doubled
    assert all(sorted(cases).count("duplicate_line") == len(cases) - 1 for cases in doubled)


def test_netting_and_refunds_consume_credit_memos_negatively(payments: list[Payment]) -> None:
    for payment in payments:
        for part in payment.parts:
            if part.invoice.kind == "credit_memo":
                assert part.amount < 0
            elif payment.case not in {"return", "chargeback", "processor_payout"}:
                assert part.amount > 0
