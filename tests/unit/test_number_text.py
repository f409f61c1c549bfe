"""Numbers as people write them, one by one."""

from __future__ import annotations

import pytest

from features.number_text import CANONICAL, Style, Unread, evidence, read_number

NOTHING, POINT, COMMA, BOTH = Style(), Style(point_seen=True), Style(comma_seen=True), Style(True, True)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("1234", NOTHING),
        ("1.500", NOTHING),
        ("1,500", NOTHING),
        ("12.5", POINT),
        ("0.500", POINT),
        ("1234.500", POINT),
        ("1.5000", POINT),
        (".5", POINT),
        ("1,234.5", POINT),
        ("1,234,567", POINT),
        ("1 234.50", POINT),
        ("12,5", COMMA),
        ("0,500", COMMA),
        ("1234,500", COMMA),
        ("1.234,5", COMMA),
        ("1.234.567", COMMA),
        ("1'234,50", COMMA),
        ("1 234", NOTHING),
        ("1.2.3", NOTHING),
        ("", NOTHING),
    ],
)
def test_a_number_shows_its_style_by_its_own_shape(text: str, style: Style) -> None:
    assert evidence(text) == style


@pytest.mark.parametrize(
    ("text", "style", "digits", "number"),
    [
        ("1.500", NOTHING, 2, Unread.AMBIGUOUS),
        ("1.500", NOTHING, 0, "1.500"),
        ("1.000", NOTHING, 0, Unread.AMBIGUOUS),
        ("1.505", NOTHING, 2, "1.505"),
        ("1.500", NOTHING, 3, "1.500"),
        ("1.500", NOTHING, None, "1.500"),
        ("1.500", POINT, 2, "1.500"),
        ("1.500", COMMA, 2, "1500"),
        ("1.500", COMMA, 3, "1500"),
        ("1.500", COMMA, None, "1500"),
        ("1.500", BOTH, 2, Unread.AMBIGUOUS),
        ("1.500", BOTH, 3, Unread.AMBIGUOUS),
        ("1.500", CANONICAL, 2, "1.500"),
        ("1.500", CANONICAL, 0, "1.500"),
        ("1,500", NOTHING, 2, Unread.AMBIGUOUS),
        ("1,500", NOTHING, 0, "1500"),
        ("1,500", NOTHING, None, Unread.AMBIGUOUS),
        ("1,500", POINT, 2, "1500"),
        ("1,500", COMMA, 2, "1,500".replace(",", ".")),
        ("1,500", BOTH, 2, Unread.AMBIGUOUS),
        ("1,500", CANONICAL, 2, Unread.AMBIGUOUS),
        ("1,500", CANONICAL, 0, Unread.AMBIGUOUS),
        ("-1.234,50", POINT, 2, "-1234.50"),
        ("+12,5", POINT, 2, "12.5"),
        (",5", NOTHING, 2, "0.5"),
        ("1 234 567,8", NOTHING, 2, "1234567.8"),
        ("1 234'567", NOTHING, 2, Unread.BAD),
        ("12 34", NOTHING, 2, Unread.BAD),
        ("01.234,5", NOTHING, 2, Unread.BAD),
        ("abc", NOTHING, 2, Unread.BAD),
        ("5.", NOTHING, 2, Unread.BAD),
    ],
)
def test_a_number_is_read_when_it_has_one_meaning(
    text: str, style: Style, digits: int | None, number: str | Unread
) -> None:
    assert read_number(text, style, digits) == number
