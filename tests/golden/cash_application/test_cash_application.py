"""The ten cases: which lines find their items, and that nothing closes that a person must see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pytest

from features.book import book_from_rows
from features.bundle import BASE_MODEL, base_bundle
from features.pipeline import match_book
from receivables.policy import Policy
from tests.golden.cash_application.cases import EXPECTED, SAMPLES, read_case

RIGHT_SHARE = Decimal("0.95")

pytestmark = pytest.mark.skipif(not BASE_MODEL.exists(), reason="no base model: run `make base-model`")


@dataclass(frozen=True)
class Found:
    """What became of one bank line."""

    outcome: str
    items: dict[str, Decimal]
    write_off: dict[str, Decimal]

    def agrees(self, expected: dict[str, dict[str, str]]) -> bool:
        """Say whether items and amounts are those expected."""
        return self.items == {item: Decimal(amount) for item, amount in expected["items"].items()}


@cache
def found() -> dict[str, Found]:
    lines: dict[str, Found] = {}
    bundle = base_bundle()
    for name in SAMPLES:
        case = read_case(name)
        policy = Policy.from_dict(bundle.policy).merged_with({"tolerance_amount": {"USD": case.tolerance}})
        book = book_from_rows(case.tables)
        assert not book.quarantined, book.problems.to_pylist()
        result = match_book(book, bundle, policy, threads=1)
        items: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        write_off: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in result.allocations.to_pylist():
            items[row["payment_id"]][row["invoice_id"]] += Decimal(row["amount"])
            if row["write_off"]:
                write_off[row["payment_id"]][row["invoice_id"]] += Decimal(row["write_off"])
        for row in result.decisions.to_pylist():
            line = row["payment_id"]
            lines[line] = Found(row["outcome"], dict(items[line]), dict(write_off[line]))
    return lines


LINES = [line for line in EXPECTED if line != "about"]


@pytest.mark.parametrize("line", [line for line in LINES if EXPECTED[line].get("person")])
def test_what_a_person_must_see_does_not_close(line: str) -> None:
    assert found()[line].outcome in {"review", "unmatched"}


@pytest.mark.parametrize("line", LINES)
def test_what_closes_by_itself_is_right(line: str) -> None:
    got = found()[line]
    if got.outcome == "auto":
        assert got.agrees(EXPECTED[line])
        granted = {item: Decimal(amount) for item, amount in EXPECTED[line].get("write_off", {}).items()}
        assert {item: amount for item, amount in got.write_off.items() if amount} == granted


def test_nearly_every_line_finds_its_items() -> None:
    wrong = {line: found()[line] for line in LINES if not found()[line].agrees(EXPECTED[line])}
    assert 1 - Decimal(len(wrong)) / len(LINES) >= RIGHT_SHARE, "\n".join(
        f"{line}: {got.items} for {EXPECTED[line]['items']}" for line, got in wrong.items()
    )
