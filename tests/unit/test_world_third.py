"""The third world keeps the laws of a labelled book, repeats by seed and shows every kind of case."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from features.book import read_book
from training.worlds import split
from training.worlds.third import PROFILES, Tables, make_book, mix, write_book
from training.worlds.third_after import BACK
from training.worlds.third_life import split_fee
from training.worlds.third_numbers import luhn, mod97, recursive, reference
from training.worlds.third_words import IDLE

KINDS = {
    *("single", "single_damaged", "single_unreferenced", "stale_reference", "wrong_customer_reference"),
    *("order_only", "old_order", "standing_order", "standing_order_short", "third_party_payer", "reissued"),
    *("batch_named", "batch_damaged", "batch_advice", "credit_netted", "zero_netting", "processor_payout"),
    *("discount", "discount_late", "short_bank_fee", "rounding", "partial", "rest", "instalment", "catch_up"),
    *(
        "overpayment",
        "withholding",
        "deduction",
        "foreign_currency",
        "late_invoice",
        "prepayment",
        "on_account",
    ),
    *("repaid", "representment", "duplicate_payment", "duplicate_line", "refund_on_account", "own_transfer"),
    *("unknown_payer", "unknown_coincidence"),
    *BACK,
    *(idle[0] for idle in IDLE),
}
"""Every kind of case of this world."""


def rows(book: Tables, name: str) -> list[dict[str, str | None]]:
    listed: list[dict[str, str | None]] = book[name].to_pylist()
    return listed


@pytest.fixture(scope="module")
def book() -> Tables:
    return make_book(8000, 11)


def test_the_same_seed_makes_the_same_book() -> None:
    one, same, other = make_book(400, 3), make_book(400, 3), make_book(400, 4)
    assert all(one[name].equals(same[name]) for name in one)
    assert not one["payments"].equals(other["payments"])


@pytest.mark.parametrize("profile", PROFILES)
def test_a_book_has_as_many_papers_as_asked_for(profile: str) -> None:
    assert make_book(700, 5, profile=profile)["invoices"].num_rows == 700


def test_all_kinds_of_case_occur(book: Tables) -> None:
    assert set(book["truth_kinds"]["kind_of_case"].to_pylist()) == KINDS


def test_every_payment_has_allocations_or_a_resolution_but_not_both(book: Tables) -> None:
    paying = {row["payment_id"] for row in rows(book, "allocations") if not row["reversed_at"]}
    for row in rows(book, "payments"):
        assert (row["payment_id"] in paying) != bool(row["resolution"])


def test_cash_is_conserved(book: Tables) -> None:
    currency = {row["invoice_id"]: row["currency"] for row in rows(book, "invoices")}
    kinds = {row["payment_id"]: row["kind_of_case"] for row in rows(book, "truth_kinds")}
    applied: dict[str | None, Decimal] = defaultdict(Decimal)
    foreign = set()
    paid = {row["payment_id"]: row for row in rows(book, "payments")}
    for row in rows(book, "allocations"):
        if not row["reversed_at"]:
            applied[row["payment_id"]] += Decimal(row["amount"] or 0)
            if currency[row["invoice_id"]] != paid[row["payment_id"]]["currency"]:
                foreign.add(row["payment_id"])
    for key, total in applied.items():
        cash = Decimal(paid[key]["amount"] or 0)
        if kinds[key] == "overpayment":
            assert 0 < total <= cash
        elif key not in foreign:
            assert total == cash


def test_balances_stay_in_range_and_end_as_exported(book: Tables) -> None:
    changes: dict[str | None, list[tuple[str | None, Decimal]]] = defaultdict(list)
    for row in rows(book, "allocations"):
        if not row["reversed_at"]:
            change = Decimal(row["amount"] or 0) + Decimal(row["write_off"] or 0)
            changes[row["invoice_id"]].append((row["decided_at"], change))
    for row in rows(book, "invoices"):
        left = amount = Decimal(row["amount"] or 0)
        for _, change in sorted(changes[row["invoice_id"]], key=lambda one: one[0] or ""):
            left += change if row["type"] == "credit_memo" else -change
            assert 0 <= left <= amount
        if row["status"] != "void":
            assert left == Decimal(row["open_amount"] or 0)


def test_nothing_is_decided_before_it_is_known(book: Tables) -> None:
    known = {row["invoice_id"]: row["known_at"] for row in rows(book, "invoices")}
    seen = {row["payment_id"]: row["known_at"] for row in rows(book, "payments")}
    for row in rows(book, "allocations"):
        decided = row["decided_at"] or ""
        assert decided >= (seen[row["payment_id"]] or "")
        assert row["reversed_at"] or decided >= (known[row["invoice_id"]] or "")
        assert row["checked_by"] != row["decided_by"]


def test_a_duplicated_line_repeats_its_original_and_stands_behind_it(book: Tables) -> None:
    paid = {row["payment_id"]: row for row in rows(book, "payments")}
    copies = [row for row in rows(book, "truth_kinds") if row["kind_of_case"] == "duplicate_line"]
    assert copies
    for row in copies:
        one, other = paid[row["payment_id"]], paid[row["related_payment_id"]]
        assert (row["related_payment_id"] or "") < (row["payment_id"] or "")
        for name in ("booking_date", "amount", "currency", "remittance", "end_to_end_id", "account"):
            assert one[name] == other[name]
        assert one["end_to_end_id"]
        assert one["resolution"] == "nothing"


def test_a_return_repeats_its_original_negatively(book: Tables) -> None:
    settled: dict[str | None, Counter[tuple[str | None, Decimal]]] = defaultdict(Counter)
    for row in rows(book, "allocations"):
        if not row["reversed_at"]:
            total = Decimal(row["amount"] or 0) + Decimal(row["write_off"] or 0)
            settled[row["payment_id"]][row["invoice_id"], total] += 1
    for row in rows(book, "truth_kinds"):
        if row["kind_of_case"] in {"return", "chargeback"}:
            mirrored = Counter({(item, -total): 1 for item, total in settled[row["payment_id"]]})
            assert mirrored == settled[row["related_payment_id"]]


def test_the_mix_is_as_designed(book: Tables) -> None:
    shares = mix(book)
    assert 74 < shares["payments per 100 papers"] < 92
    assert 56 < shares["reference clean %"] < 72
    assert 9 < shares["reference damaged %"] < 17
    assert 18 < shares["reference none %"] < 28


def test_the_hard_profile_names_less() -> None:
    shares = mix(make_book(3000, 11, profile="hard"))
    assert shares["reference clean %"] < 52


def test_a_book_reads_without_a_problem_and_can_be_cut(tmp_path: Path, book: Tables) -> None:
    write_book(book, tmp_path / "csv")
    write_book(book, tmp_path / "parquet", parquet=True)
    read = read_book(tmp_path / "csv")
    assert read.problems.num_rows == 0
    assert read.payments.equals(read_book(tmp_path / "parquet").payments)
    split(tmp_path / "csv", tmp_path / "cut")
    assert read_book(tmp_path / "cut" / "history").problems.num_rows == 0
    assert read_book(tmp_path / "cut" / "match").payments.num_rows == book["payments"].num_rows
    assert all(isinstance(rows, pa.Table) for rows in book.values())


def test_check_digits_agree_with_published_examples() -> None:
    assert recursive("21000000000313947143000901") == "7"
    assert luhn("7992739871") == "3"
    assert mod97("539007547034RF00") == "18"
    assert reference("rf", 1, 1).startswith("RF")


def test_a_fee_is_spread_by_largest_remainder_with_ties_to_the_first() -> None:
    assert split_fee(100, [1, 1, 1]) == [34, 33, 33]
    assert split_fee(7, [100, 200, 400]) == [1, 2, 4]
    assert sum(split_fee(1234, [17, 3, 911, 64])) == 1234


def test_a_clerk_takes_back_some_errors_within_days(book: Tables) -> None:
    taken_back = [row for row in rows(book, "allocations") if row["reversed_at"]]
    assert taken_back
    assert all((row["decided_at"] or "") < (row["reversed_at"] or "") for row in taken_back)
