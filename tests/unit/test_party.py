"""Who may stand behind a payment, and that nobody is known by what was decided later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest

from features.block import OpenIndex, Reading, build_candidates
from features.book import book_from_rows
from features.frame import Frame
from features.party import NAME_KEY_CAP
from features.pipeline import canonical
from features.state import FOREVER, State

Row = dict[str, str]
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Seen:
    """Why a customer is on a payment's list."""

    given: bool
    account: float
    alias: float
    name: float
    number: bool
    family: bool


def instant(day: str) -> int:
    """Give the microseconds of a day's midnight."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1_000_000)


def parties(tables: Mapping[str, Sequence[Row]], payment: str, day: str | None = None) -> dict[str, Seen]:
    """List the customers that may stand behind a payment, as known on a day."""
    book = book_from_rows(tables)
    assert not book.quarantined, book.problems.to_pylist()
    frame = Frame(canonical(book))
    batch = np.array([frame.payment_ids.to_pylist().index(payment)], np.int32)
    until = FOREVER if day is None else instant(day)
    state = State(frame, until, until, replay=True, batch=batch)
    table = build_candidates(OpenIndex(Reading(frame, 1), state), batch).parties
    ids = frame.customers.to_pylist()
    return {
        ids[table.customer[row]]: Seen(
            given=bool(table.given[row]),
            account=float(table.account[row]),
            alias=float(table.alias[row]),
            name=float(np.nan_to_num(table.name[row])),
            number=bool(table.number[row]),
            family=bool(table.family[row]),
        )
        for row in range(len(table.customer))
    }


def book(**payment: str) -> Tables:
    """Give a book of three customers with an open item each, and a payment to look behind."""
    customers = (("C1", "Acme Industrie GmbH"), ("C2", "Beta Handels AG"), ("C3", "Quartz Holding NV"))
    return {
        "invoices": [invoice(f"I-{who}", who) for who, _ in customers],
        "payments": [paid("P", **payment)],
        "customers": [{"customer_id": who, "name": name} for who, name in customers],
    }


def invoice(number: str, customer: str, day: str = "2025-01-01", **more: str) -> Row:
    return {
        "invoice_id": number,
        "customer_id": customer,
        "currency": "EUR",
        "amount": "100",
        "issue_date": day,
        **more,
    }


def paid(number: str, day: str = "2025-03-01", **more: str) -> Row:
    return {"payment_id": number, "booking_date": day, "currency": "EUR", "amount": "77", **more}


def allocated(payment: str, item: str, **more: str) -> Row:
    return {"payment_id": payment, "invoice_id": item, "amount": "1", **more}


@pytest.mark.parametrize(
    "name",
    [
        "ACME INDUSTRIE",
        "Industrie Acme",
        "acme industrie gmbh + co. kg",
        "ACME INDUSTR",
        "Acme Industri GmbH",
    ],
)
def test_a_name_on_file_is_recognised_through_order_form_and_truncation(name: str) -> None:
    found = parties(book(payer_name=name), "P")
    assert list(found) == ["C1"]
    assert found["C1"].name >= 0.86


def test_a_stranger_is_nobody() -> None:
    assert parties(book(payer_name="Zenith Optik"), "P") == {}
    assert parties(book(), "P") == {}


def test_an_alias_on_file_counts_like_the_name() -> None:
    tables = book(payer_name="ZENITH OPTIK")
    tables["customers"][1]["aliases"] = "Omega; Zenith Optik"
    assert parties(tables, "P")["C2"].name == 1


def test_the_name_on_an_invoice_counts_like_the_name() -> None:
    tables = book(payer_name="ZENITH OPTIK")
    tables["invoices"][2]["customer_name"] = "Zenith Optik NV"
    assert parties(tables, "P")["C3"].name == 1


def test_what_the_source_says_is_taken_over() -> None:
    assert parties(book(customer_id="C2"), "P")["C2"].given


@pytest.mark.parametrize(
    "written", ["DE89 3704 0044 0532 0130 00", "de89370400440532013000", "DE89-37040044-0532013000"]
)
def test_an_account_on_file_is_recognised_however_it_is_written(written: str) -> None:
    tables = book(payer_account=written)
    tables["customer_accounts"] = [{"customer_id": "C3", "account": "DE89370400440532013000"}]
    assert parties(tables, "P")["C3"].account == 1


def test_an_empty_account_or_name_is_no_account_or_name() -> None:
    tables = book(payer_account=" - ", payer_name="...")
    tables["payments"].append(paid("Q", "2025-02-01", payer_account="--", payer_name="&"))
    tables["allocations"] = [allocated("Q", "I-C1", decided_at="2025-02-02")]
    assert parties(tables, "P") == {}


def test_a_customer_number_in_the_text_points_to_its_customer() -> None:
    tables = book(remittance="Kd.-Nr. 10551")
    tables["customers"][1]["customer_number"] = "K-10551"
    tables["customers"][2]["customer_number"] = "10551"
    found = parties(tables, "P")
    assert [who for who, seen in found.items() if seen.number] == ["C3"]


def test_accounts_and_aliases_are_learned_from_what_was_decided_with_their_shares() -> None:
    tables = book(payer_account="A-9", payer_name="Zenith Optik")
    tables["payments"] += [
        paid(f"Q{number}", "2025-02-01", payer_account="A-9", payer_name="ZENITH OPTIK")
        for number in range(4)
    ]
    tables["allocations"] = [
        allocated(f"Q{number}", f"I-C{1 if number else 2}", decided_at="2025-02-02") for number in range(4)
    ]
    found = parties(tables, "P")
    assert {who: (seen.account, seen.alias) for who, seen in found.items()} == {
        "C1": (0.75, 0.75),
        "C2": (0.25, 0.25),
    }


def test_a_payment_on_many_items_of_a_customer_is_one_vote() -> None:
    tables = book(payer_account="A-9")
    tables["invoices"] += [invoice(f"J{number}", "C1") for number in range(9)]
    tables["payments"] += [
        paid("Q", "2025-02-01", payer_account="A-9"),
        paid("R", "2025-02-01", payer_account="A-9"),
    ]
    tables["allocations"] = [
        *(allocated("Q", f"J{number}", decided_at="2025-02-02") for number in range(9)),
        allocated("R", "I-C2", decided_at="2025-02-02"),
    ]
    assert {who: seen.account for who, seen in parties(tables, "P").items()} == {"C1": 0.5, "C2": 0.5}


def test_nothing_is_learned_from_the_future() -> None:
    tables = book(payer_account="A-9", payer_name="Zenith Optik")
    tables["payments"].append(paid("Q", "2025-02-01", payer_account="A-9", payer_name="Zenith Optik"))
    tables["allocations"] = [allocated("Q", "I-C1", decided_at="2025-03-05")]
    assert parties(tables, "P", "2025-03-04") == {}
    assert parties(tables, "P", "2025-03-05")["C1"].account == 1


def test_nothing_is_learned_from_what_was_reversed() -> None:
    tables = book(payer_account="A-9")
    tables["payments"].append(paid("Q", "2025-02-01", payer_account="A-9"))
    tables["allocations"] = [allocated("Q", "I-C1", decided_at="2025-02-02", reversed_at="2025-02-20")]
    assert parties(tables, "P", "2025-02-10")["C1"].account == 1
    assert parties(tables, "P", "2025-03-01") == {}


def test_a_payment_teaches_nothing_about_itself_in_a_replay() -> None:
    tables = book(payer_account="A-9", payer_name="Zenith Optik")
    tables["allocations"] = [allocated("P", "I-C1", decided_at="2025-03-01")]
    assert parties(tables, "P", "2025-04-01") == {}


@pytest.mark.parametrize(
    "later",
    [
        {"customers": [{"customer_id": "C9", "name": "Zenith Optik", "known_at": "2025-06-01"}]},
        {"customer_accounts": [{"customer_id": "C3", "account": "A-9", "known_at": "2025-06-01"}]},
        {"invoices": [invoice("I-9", "C9", "2025-06-01", customer_name="Zenith Optik")]},
        {"customers": [{"customer_id": "C8", "parent_id": "C1", "known_at": "2025-06-01"}]},
        {"customers": [{"customer_id": "C9", "customer_number": "10551", "known_at": "2025-06-01"}]},
    ],
    ids=["customer", "account", "name on an invoice", "parent", "customer number"],
)
def test_master_data_that_becomes_known_later_changes_nothing(later: Tables) -> None:
    tables = book(payer_account="A-9", payer_name="Zenith Optik", remittance="Kd 10551", customer_id="C1")
    planted = {name: [*tables.get(name, []), *later.get(name, [])] for name in {*tables, *later}}
    assert parties(planted, "P", "2025-03-02") == parties(tables, "P", "2025-03-02")


def test_children_and_parents_of_a_found_customer_are_on_the_list_and_marked() -> None:
    tables = book(payer_name="Acme Industrie")
    tables["customers"][1]["parent_id"] = "C1"
    tables["customers"].append({"customer_id": "C0", "name": "Top"})
    tables["customers"][0]["parent_id"] = "C0"
    found = parties(tables, "P")
    assert {who: seen.family for who, seen in found.items()} == {"C0": True, "C1": False, "C2": True}


def test_a_name_word_that_too_many_customers_share_tells_nothing() -> None:
    tables = book(payer_name="Logistik")
    tables["customers"] += [
        {"customer_id": f"L{number}", "name": f"Logistik {number:03d}"} for number in range(NAME_KEY_CAP + 1)
    ]
    tables["invoices"] += [invoice(f"L{number}", f"L{number}") for number in range(NAME_KEY_CAP + 1)]
    assert parties(tables, "P") == {}
