from __future__ import annotations

from pathlib import Path

import pytest

from receivables.policy import Policy
from receivables.reasons import Reason, WhyNot
from tests.stories.language import Story, StoryError, parse, read_stories

STORIES = read_stories(Path(__file__).parent)

ONE = """
story: a plain payment
why: it is the plainest of all
  policy   auto_threshold=0.5 max_auto_amount=EUR:10000.00,USD:9000
  open     INV-7  ACME  12500.00 EUR  po "PO 9"
  payment  P-3    12500.00 EUR  ref "INV-7"   # named
  allocate INV-7  12500
  decide   auto|review
"""


def test_a_story_becomes_a_book_a_policy_and_expectations() -> None:
    (story,) = parse(ONE)
    assert story.tables["invoices"][0]["purchase_order"] == "PO 9"
    assert story.tables["payments"][0]["booking_date"] == "2025-03-28"
    assert story.policy["max_auto_amount"] == {"EUR": "10000.00", "USD": "9000"}
    assert [str(e) for e in story.expectations] == ["allocate INV-7 12500", "decide auto|review"]
    assert {e.payment for e in story.expectations} == {"P-3"}


def test_earlier_payments_teach_without_being_decided() -> None:
    (story,) = parse(ONE + '\n  earlier 3 ACME 90.00 EUR from "Payco AG" ref "bill {number}"\n')
    assert len(story.tables["allocations"]) == 3
    assert story.tables["payments"][-1]["remittance"] == "bill 24111"
    assert {e.payment for e in story.expectations} == {"P-3"}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("  allocte INV-7 1", "unknown verb"),
        ("  open INV-8 ACME 1.00", "expected invoice_id"),
        ("  payment P-4 1.00 EUR colour red", "unknown option colour"),
        ("  payment P-4 1.00 EUR\n  payment P-5 1.00 EUR", "say with `then`"),
        ("  policy review", "knob=value"),
        ("story: silent", "says why"),
    ],
)
def test_a_slip_is_named_with_its_line(broken: str, says: str) -> None:
    text = ONE.replace("  allocate", f"{broken}\n  allocate") if "silent" not in broken else ONE + broken
    with pytest.raises(StoryError, match=says):
        parse(text)


def test_stories_are_many_and_told_once() -> None:
    names = [story.name for story in STORIES]
    assert len(names) == len(set(names))
    assert len(names) >= 100


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_speaks_of_knobs_codes_and_items_that_exist(story: Story) -> None:
    Policy().merged_with(story.policy)
    items = {row["invoice_id"] for row in story.tables.get("invoices", [])}
    payments = {row["payment_id"] for row in story.tables["payments"]}
    for expectation in story.expectations:
        assert expectation.payment in payments
        if expectation.verb in {"reason", "without"}:
            assert set(expectation.arguments[0].split("|")) <= set(Reason)
        if expectation.verb == "why_not":
            assert set(expectation.arguments[1].split("|")) <= set(WhyNot)
        if expectation.verb in {"allocate", "write_off", "deduction", "spared", "why_not"}:
            assert set(expectation.arguments[0].split("|")) <= items
