"""Each bank file gives the very values that stand in it, and is known by its content alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import bankfile
import mt940 as oracle
import pytest

from features.ingest.entry import PaymentEntry, StatementEntry
from features.ingest.problems import ADVICE, Problem
from features.ingest.source import Source
from receivables.money import to_text
from tests.golden.bank_formats import DETECTORS, ROOT, entries, expected, files, told

FILES = files()
NO_MESSAGE = frozenset({"self-provided_invalid_statement.sta"})
"""Ten lines with a number each: no format at all."""
READABLE_BY_ORACLE = [path for name, path in FILES if name == "mt940" and not path.name.startswith("ASNB")]


@pytest.mark.parametrize(("name", "path"), FILES, ids=[path.name for _, path in FILES])
def test_values(name: str, path: Path) -> None:
    if path.name in NO_MESSAGE:
        return
    assert [told(one) for one in entries(name, path)] == expected(name)[path.name]


@pytest.mark.parametrize(("name", "path"), FILES, ids=[path.name for _, path in FILES])
def test_known_by_content(name: str, path: Path) -> None:
    source = Source.of_bytes(path.read_bytes(), "statement.txt")
    found = {one for one, module in DETECTORS.items() if module.detect(source.head(), source)}
    wanted = {"mt940", "mt103"} if name in ("mt940", "mt103") else {name}
    assert found == (set() if path.name in NO_MESSAGE else wanted)


@pytest.mark.parametrize(("name", "path"), FILES, ids=[path.name for _, path in FILES])
def test_nothing_is_lost(name: str, path: Path) -> None:
    """Every line that holds a transaction is a payment or a problem at that place."""
    if path.name in NO_MESSAGE:
        return
    given = entries(name, path)
    assert given
    places = [one.lineage.position for one in given if isinstance(one, PaymentEntry)]
    assert len(places) == len(set(places))
    places += [one.position for one in given if isinstance(one, Problem) and one.position not in places]
    text = path.read_text(encoding="latin-1")
    marks = {"mt940": "\n:61:", "mt103": "\n:32A:", "bai2": "\n16,", "ofx": "<STMTTRN>", "qif": "\nD"}
    assert len(places) >= text.count(marks[name]) - (1 if name == "qif" else 0)  # an opening balance


@pytest.mark.parametrize("path", READABLE_BY_ORACLE, ids=[path.name for path in READABLE_BY_ORACLE])
def test_agrees_with_mt_940(path: Path) -> None:
    """Dates and amounts are those of the library, where it reads the file at all."""
    if path.name in NO_MESSAGE or path.name.startswith("synthetic"):
        return
    ours = [one for one in entries("mt940", path) if isinstance(one, PaymentEntry)]
    theirs = [one.data for one in oracle.parse(path.read_bytes())]
    if not ours:  # a line without a statement has no currency: the library gives none either
        assert all(one["amount"].currency in (None, "", "R") for one in theirs)
        return
    amounts = [Decimal(to_text(abs(one.amount_minor), one.currency)) for one in ours]
    assert amounts == [abs(one["amount"].amount) for one in theirs]
    assert [one.value_date for one in ours] == [one["date"] for one in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        if other.get("entry_date") is not None:
            assert mine.booking_date == other["entry_date"]


@pytest.mark.parametrize("name", ["bank_medium.ofx", "suncorp.ofx", "fail_nice_empty_balance.ofx"])
def test_agrees_with_bankfile(name: str) -> None:
    """Dates, amounts and ids are those of the library, where a file holds one bank statement only."""
    path = ROOT / "ofx" / name
    ours = [one for one in entries("ofx", path) if isinstance(one, PaymentEntry)]
    theirs = bankfile.parse(str(path)).transactions
    assert [Decimal(to_text(one.amount_minor, one.currency)) for one in ours] == [
        one.amount for one in theirs
    ]
    assert [one.booking_date.isoformat() for one in ours] == [str(one.date)[:10] for one in theirs]


def test_totals_of_the_files_hold_or_are_told() -> None:
    for name, path in FILES:
        if path.name in NO_MESSAGE:
            continue
        given = entries(name, path)
        is_open = any(one.is_reconciled is False for one in given if isinstance(one, StatementEntry))
        has_problem = any(isinstance(one, Problem) for one in given)
        assert has_problem or not is_open, path.name


def test_every_problem_says_its_mend() -> None:
    for name, path in FILES:
        for one in entries(name, path) if path.name not in NO_MESSAGE else ():
            if isinstance(one, Problem):
                assert one.message.endswith((".", ")."))
                assert one.mend.endswith(".")
                assert one.code in ADVICE or one.code.isidentifier()


def test_licences_are_named() -> None:
    assert all((ROOT / name / "NOTICE.md").exists() for name in DETECTORS)
