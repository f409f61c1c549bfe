"""The reference pages name every knob and every code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from receivables.policy import Policy
from receivables.reasons import Reason, WhyNot, sentence

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_knob_of_the_policy_is_a_heading_and_every_heading_a_knob() -> None:
    headings = re.findall(r"^### (\w+)$", (REFERENCE / "policy.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(field.name for field in fields(Policy))


def test_every_reason_code_stands_beside_its_sentence() -> None:
    text = (REFERENCE / "reasons.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert rows == [(str(code), sentence(code)) for code in (*Reason, *WhyNot)]
