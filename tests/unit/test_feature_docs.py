"""docs/reference/features.md names every feature of both models, with the sign that the code gives it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from features.compare import SCHEMA
from features.weigh import SET_SCHEMA

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "features.md").read_text(encoding="utf-8")
PAIRS, _, SETS = PAGE.partition("\n## Sets\n")
SIGNS = {"+": 1, "-": -1, "": 0}
ROW = re.compile(r"^\| `(\w+)` \| ([+-]?) ?\| (\S.*) \|$", re.MULTILINE)


@pytest.mark.parametrize(("part", "schema"), [(PAIRS, SCHEMA), (SETS, SET_SCHEMA)], ids=["pairs", "sets"])
def test_every_feature_stands_on_the_page_once_with_its_sign(part: str, schema: Mapping[str, int]) -> None:
    rows = ROW.findall(part)
    assert [(name, SIGNS[sign]) for name, sign, _ in rows] == list(schema.items())
