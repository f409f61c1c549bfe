"""A replay knows what was known, and a history's last word is its truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from features.book import Book, book_from_rows
from features.frame import Frame
from features.pipeline import canonical
from training.backing import support
from training.blocks import LEAST_CERTIFIED, as_it_ended, blocks_of, to_main_currency
from training.replay import DAY, read_truth, windows

Rows = dict[str, list[dict[str, object]]]

INVOICES = 400
FIRST = np.datetime64("2024-01-01")


def day(number: int) -> str:
    return str(FIRST + number)


def rows(payments: int = INVOICES) -> Rows:
    """One invoice a day, paid thirty days later, allocated the day after that."""
    return {
        "invoices": [
            {
                "invoice_id": f"I{n:04}",
                "customer_id": f"C{n % 7}",
                "currency": "EUR",
                "amount": f"{100 + n}.00",
                "issue_date": day(n),
            }
            for n in range(payments)
        ],
        "payments": [
            {
                "payment_id": f"P{n:04}",
                "booking_date": day(n + 30),
                "currency": "EUR",
                "amount": f"{100 + n}.00",
            }
            for n in range(payments)
        ],
        "allocations": [
            {
                "payment_id": f"P{n:04}",
                "invoice_id": f"I{n:04}",
                "amount": f"{100 + n}.00",
                "decided_at": f"{day(n + 31)}T09:00:00Z",
                "decided_by": "a.clerk",
            }
            for n in range(payments)
        ],
    }


def framed(tables: Mapping[str, list[dict[str, object]]]) -> Frame:
    book = book_from_rows(tables)
    assert book.quarantined == 0, book.problems.to_pylist()[:3]
    return Frame(canonical(book))


def index(frame: Frame, payment_id: str) -> int:
    return int(frame.payment_ids.to_pylist().index(payment_id))


# ------------------------------------------------------------------------------------------------ truth


def test_a_reversed_allocation_is_not_the_truth() -> None:
    tables = rows(40)
    tables["allocations"][3] |= {"invoice_id": "I0004", "reversed_at": f"{day(50)}T00:00:00Z"}
    tables["allocations"].append({"payment_id": "P0003", "invoice_id": "I0003", "amount": "103.00"})
    frame = framed(tables)
    truth = read_truth(frame)
    at = truth.pair_payment == index(frame, "P0003")
    assert [frame.item_ids[i].as_py() for i in truth.pair_item[at]] == ["I0003"]
    assert truth.fingerprint[index(frame, "P0003")] == read_truth(framed(rows(40))).fingerprint[3]


def test_what_was_reversed_and_not_replaced_has_no_known_answer() -> None:
    tables = rows(200)
    tables["allocations"][3]["reversed_at"] = f"{day(40)}T00:00:00Z"
    tables["allocations"][4]["reversed_at"] = f"{day(40)}T00:00:00Z"
    tables["payments"][4]["resolution"] = "on_account"
    frame = framed(tables)
    truth = read_truth(frame)
    assert not truth.labelled[index(frame, "P0003")]
    assert truth.labelled[index(frame, "P0004")]
    assert truth.lines[index(frame, "P0004")] == 0


def test_silence_means_nothing_only_when_it_has_lasted() -> None:
    tables = rows(200)
    del tables["allocations"][199], tables["allocations"][50]
    frame = framed(tables)
    truth = read_truth(frame)
    assert truth.labelled[index(frame, "P0050")]
    assert truth.lines[index(frame, "P0050")] == 0
    assert not truth.labelled[index(frame, "P0199")]


def test_a_pending_payment_is_no_label() -> None:
    tables = rows(200)
    del tables["allocations"][50]
    tables["payments"][50]["resolution"] = "pending"
    frame = framed(tables)
    assert not read_truth(frame).labelled[index(frame, "P0050")]


# ------------------------------------------------------------------------------------ windows and blocks


def test_each_payment_is_in_one_window_that_ends_after_it_was_known() -> None:
    tables = rows(120)
    tables["payments"][10]["received_at"] = f"{day(95)}T12:00:00Z"  # booked on day 40, told weeks later
    frame = framed(tables)
    start = int(frame.payment_booking.min())
    some = windows(frame, start, start + 130, 25)
    everyone = np.concatenate([one.batch for one in some])
    assert sorted(everyone.tolist()) == list(range(120))
    for one in some:
        assert (frame.payment_known[one.batch] <= one.decided_at).all()
        assert (frame.payment_booking[one.batch].astype(np.int64) * DAY <= one.decided_at).all()


def test_blocks_follow_each_other_and_share_no_payment() -> None:
    frame = framed(rows(400))
    blocks = blocks_of(frame, read_truth(frame))
    assert blocks.fit < blocks.calibrate < blocks.end
    assert blocks.end - blocks.calibrate >= 60


@pytest.mark.parametrize("payments", [1, 2, 5, 30, LEAST_CERTIFIED])
def test_a_thin_history_gives_up_certifying_first(payments: int) -> None:
    frame = framed(rows(payments))
    blocks = blocks_of(frame, read_truth(frame))
    assert blocks.fit <= blocks.certify == blocks.calibrate < blocks.end
    last = windows(frame, blocks.calibrate, blocks.end, 75)
    assert sum(len(one.batch) for one in last) > 0


# --------------------------------------------------------------------------- rows that cannot be meant


def test_rows_dated_far_beyond_the_history_never_existed() -> None:
    tables = rows(300)
    sound = as_it_ended(book_from_rows(tables))
    tables["invoices"].append(tables["invoices"][0] | {"invoice_id": "LATE", "known_at": "2099-01-01"})
    tables["payments"].append(tables["payments"][0] | {"payment_id": "LATE", "booking_date": "2099-01-01"})
    tables["allocations"].append(
        {"payment_id": "P0000", "invoice_id": "I0005", "amount": "1.00", "decided_at": "2099-02-01"}
    )
    tables["allocations"][7]["reversed_at"] = "2099-03-01"
    planted = as_it_ended(book_from_rows(tables))
    for name in ("invoices", "payments", "allocations"):
        assert planted.table(name).equals(sound.table(name)), name


def test_a_quiet_season_is_no_end_of_history() -> None:
    tables = rows(300)
    for payment, allocation in zip(tables["payments"][150:], tables["allocations"][150:], strict=True):
        payment["booking_date"] = str(np.datetime64(str(payment["booking_date"])) + 120)
        allocation["decided_at"] = payment["booking_date"]
    assert as_it_ended(book_from_rows(tables)).payments.num_rows == 300


# -------------------------------------------------------------------------------- what backs a claim


def backed(tables: Rows, payment_id: str) -> tuple[bool, bool]:
    frame = framed(tables)
    rows_backed, checked = support(frame)
    return bool(rows_backed[index(frame, payment_id)]), bool(checked[index(frame, payment_id)])


def test_what_stood_for_sixty_days_backs_a_certificate() -> None:
    assert backed(rows(200), "P0010") == (True, False)
    assert backed(rows(200), "P0199") == (False, False)


def test_a_check_backs_it_at_once() -> None:
    tables = rows(200)
    tables["allocations"][199]["checked_by"] = "a.second"
    assert backed(tables, "P0199") == (True, True)


def test_a_check_of_one_row_of_two_is_none() -> None:
    tables = rows(200)
    tables["allocations"][199] |= {"checked_by": "a.second", "amount": "99.00"}
    tables["allocations"].append(
        tables["allocations"][199] | {"invoice_id": "I0150", "amount": "1.00", "checked_by": None}
    )
    assert backed(tables, "P0199") == (False, False)


@pytest.mark.parametrize("column", ["decided_by", "source"])
def test_what_the_machine_decided_and_nobody_checked_backs_nothing(column: str) -> None:
    tables = rows(200)
    tables["allocations"][10][column] = "Tieout"
    assert backed(tables, "P0010") == (False, False)
    tables["allocations"][10]["checked_by"] = "a.second"
    assert backed(tables, "P0010") == (True, True)


def test_a_reversal_starts_the_sixty_days_again() -> None:
    tables = rows(200)
    tables["allocations"].append(
        tables["allocations"][10] | {"invoice_id": "I0011", "reversed_at": f"{day(220)}T00:00:00Z"}
    )
    assert backed(tables, "P0010") == (False, False)


def test_a_reversed_check_counts_for_nothing() -> None:
    tables = rows(200)
    tables["allocations"][10] |= {"checked_by": "a.second", "reversed_at": f"{day(60)}T00:00:00Z"}
    assert backed(tables, "P0010") == (False, False)


def test_money_is_shown_in_one_currency_or_not_at_all() -> None:
    tables = rows(50)
    tables["invoices"][0]["currency"] = tables["payments"][0]["currency"] = "JPY"
    tables["invoices"][0]["amount"] = tables["payments"][0]["amount"] = "16000"
    tables["allocations"][0]["amount"] = "16000"
    frame = framed(tables)
    everyone = np.arange(50, dtype=np.int32)
    assert to_main_currency(frame, everyone) is None
    tables["fx_rates"] = [{"date": day(0), "base": "EUR", "quote": "JPY", "rate": "160"}]
    amounts = to_main_currency(framed(tables), everyone)
    assert amounts is not None
    assert amounts[0] == 100_00
    assert amounts[1] == 101_00


def test_an_empty_book_has_no_end_to_speak_of() -> None:
    book: Book = book_from_rows({"invoices": [], "payments": []})
    assert as_it_ended(replace(book)).payments.num_rows == 0
    assert isinstance(book.allocations, pa.Table)
