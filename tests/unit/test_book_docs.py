"""docs/reference/book.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.book_files import BookError
from features.book_schema import TABLES, TableSpec
from features.quarantine import PROBLEMS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "book.md").read_text(encoding="utf-8")


def test_every_problem_stands_on_the_page_with_its_mend_and_no_other_does() -> None:
    table = PAGE.partition("## Rows that are set aside")[2].partition("## Books")[0]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert {code: (message, mend) for code, message, mend in rows} == dict(PROBLEMS)


def test_every_refusal_stands_on_the_page_with_its_mend() -> None:
    for error in BookError.__subclasses__():
        assert f"| `{error.code}` | {(error.__doc__ or '').splitlines()[0]} | {error.mend} |" in PAGE


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_every_column_stands_on_the_page(spec: TableSpec) -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{spec.name}` |"))
    columns = line.split("|")[2]
    assert re.findall(r"\w+", columns) == [
        column.name for column in spec.columns if column.name != "known_at"
    ]
    assert re.findall(r"\*\*`(\w+)`", columns) == list(spec.required_columns)
