"""Every story of this folder, told by the whole of `match` with the base model."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from features.bundle import BASE_MODEL, Bundle, base_bundle
from tests.stories.check import disagreements, report, run
from tests.stories.language import Story, read_stories

STORIES = read_stories(Path(__file__).parent)

pytestmark = pytest.mark.skipif(not BASE_MODEL.exists(), reason="no base model: run `make base-model`")


@cache
def bundle() -> Bundle:
    return base_bundle()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_books_agree_with_the_story(story: Story) -> None:
    outcome = run(story, bundle())
    found = disagreements(story, outcome)
    if story.gap:
        assert found, f"{story.name} is told as a gap but holds: take the gap line out"
        pytest.xfail(f"{story.gap}\n{report(story, outcome, found)}")
    assert not found, report(story, outcome, found)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_order_of_the_rows_does_not_matter(story: Story) -> None:
    assert run(story, bundle(), reverse=True).plain() == run(story, bundle()).plain()
