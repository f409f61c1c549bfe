"""Statements of real banks and of other projects' tests: every value as a person reads it in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from features.ingest.camt.reading import read as read_camt
from features.ingest.entry import Entry, PaymentEntry, RemittanceEntry, StatementEntry
from features.ingest.limits import DEFAULT
from features.ingest.problems import Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.hints import Hints
from features.ingest.tabular.reading import read as read_table
from receivables.money import to_text

HERE = Path(__file__).parent / "formats"
CAMT: dict[str, Any] = json.loads((HERE / "camt" / "expected.json").read_text("utf-8"))
TABLE: dict[str, Any] = json.loads((HERE / "table" / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", CAMT)
def test_camt_files_give_the_values_that_a_person_reads(name: str) -> None:
    entries = list(read_camt(Source.of_path(HERE / "camt" / name), DEFAULT))
    wanted = CAMT[name]
    assert payments(entries, wanted["payments"]) == wanted["payments"]
    assert [statement(one) for one in entries if isinstance(one, StatementEntry)] == wanted["statements"]
    assert sorted(one.code for one in entries if isinstance(one, Problem)) == sorted(wanted["problems"])
    lines = [one for one in entries if isinstance(one, RemittanceEntry)]
    assert [[one.reference, one.customer_reference, one.amount_minor] for one in lines] == wanted.get(
        "lines", []
    )


@pytest.mark.parametrize("name", TABLE)
def test_tables_give_the_values_that_a_person_reads(name: str) -> None:
    wanted = TABLE[name]
    hints = Hints.checked(None, None, wanted.get("hints", {}).get("currency"))
    source = Source.of_path(HERE / "table" / name)
    if code := wanted.get("refused"):
        with pytest.raises(UnusableFileError) as refused:
            list(read_table(source, DEFAULT, hints))
        assert refused.value.code == code
        return
    entries = list(read_table(source, DEFAULT, hints))
    assert payments(entries, wanted["payments"]) == wanted["payments"]
    assert sorted(one.code for one in entries if isinstance(one, Problem)) == sorted(wanted["problems"])


def test_a_day_book_of_debits_and_credits_adds_up() -> None:
    source = Source.of_path(HERE / "table" / "bank2ynab_ie_boi.csv")
    found = [
        one for one in read_table(source, DEFAULT, Hints(currency="EUR")) if isinstance(one, PaymentEntry)
    ]
    assert len(found) == 27
    # Summed with awk from the two columns of the file.
    assert sum(one.amount_minor for one in found if one.amount_minor > 0) == 3841_22
    assert sum(one.amount_minor for one in found if one.amount_minor < 0) == -4260_83
    assert found[1].remittance == "Éáú üüüümlaut! GP"
    assert {one.booking_date.month for one in found} == {9}


def payments(entries: list[Entry | Problem], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay out each payment with the fields that the file's own expectation names."""
    found = [one for one in entries if isinstance(one, PaymentEntry)]
    assert len(found) == len(wanted)
    return [{name: shown(one, name) for name in keys} for one, keys in zip(found, wanted, strict=True)]


def shown(one: PaymentEntry, name: str) -> object:
    match name:
        case "position":
            return one.lineage.position
        case "amount":
            return to_text(one.amount_minor, one.currency)
        case "original":
            assert one.original_amount_minor is not None
            return f"{to_text(one.original_amount_minor, one.original_currency)} {one.original_currency}"
        case "booking_date" | "value_date" | "received_at":
            day = getattr(one, name)
            return None if day is None else day.isoformat()
        case _:
            return getattr(one, name)


def statement(one: StatementEntry) -> list[object]:
    def money(minor: int | None) -> str | None:
        return None if minor is None else to_text(minor, one.currency)

    return [one.account, one.currency, money(one.opening_minor), money(one.closing_minor), one.is_reconciled]
