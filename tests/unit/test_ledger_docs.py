"""The pages on ledger, audit and guarantees name what exists."""

from __future__ import annotations

import re
from pathlib import Path

from receivables.accounts import MEANINGS
from receivables.journal import EntryKind
from serving.erasure import RETENTION
from serving.journal_export import JOURNAL_COLUMNS

ROOT = Path(__file__).parents[2]
LEDGER = (ROOT / "docs" / "reference" / "ledger.md").read_text("utf-8")
AUDIT = (ROOT / "docs" / "reference" / "audit.md").read_text("utf-8")
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text("utf-8")


def test_every_account_stands_beside_its_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z][\w:]+)` \| (.+) \|$", LEDGER, re.MULTILINE)
    assert rows == [(str(account), meaning) for account, meaning in MEANINGS.items()]


def test_every_kind_of_entry_is_a_heading() -> None:
    headings = re.findall(r"^### (.+)$", LEDGER, re.MULTILINE)
    named = [kind for heading in headings for kind in re.findall(r"`(\w+)`", heading)]
    assert sorted(named) == sorted(EntryKind)


def test_every_column_of_the_export_is_named() -> None:
    assert ", ".join(JOURNAL_COLUMNS) in " ".join(LEDGER.split())


def test_every_kind_of_record_that_is_written_is_named() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "serving").rglob("*.py"))
    written = set(re.findall(r'append\(\s*tx,\s*"([\w.]+)"', sources))
    assert written
    assert {kind for kind in written if f"`{kind}`" not in AUDIT} == set()


def test_the_retention_plan_is_the_one_on_the_page() -> None:
    days = {int(text.replace(",", "")) for text in re.findall(r"\| ([\d,]+) days \|", AUDIT)}
    assert days == {step.days for step in RETENTION}


def test_every_test_that_a_guarantee_names_exists() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", GUARANTEES))
    assert len(named) > 10
    assert {name for name in named if f"def {name}(" not in tests} == set()
