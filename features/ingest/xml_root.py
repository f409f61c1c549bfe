"""The root element of an XML file, read from its first characters, for detection."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from features.ingest.source import Source
from features.ingest.xml_text import head_text, looks_like_xml

_PASSED: Final = re.compile(r"\ufeff|\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TAG: Final = re.compile(r"<(?:[\w.-]{1,64}:)?([\w.-]{1,128})((?:\s[^<>]{0,20000})?)/?>", re.DOTALL)


class Root(NamedTuple):
    """What the start tag of a document says."""

    name: str
    attributes: str
    """As written, namespaces among them."""
    text: str
    """The first characters of the file."""


def root_of(head: bytes, source: Source) -> Root | None:
    """Give the root element, or None when the file is no XML."""
    if not looks_like_xml(head):
        return None
    text = head_text(source)
    place = 0
    while found := _PASSED.match(text, place):
        place = found.end()
    tag = _TAG.match(text, place)
    return None if tag is None else Root(tag.group(1), tag.group(2), text)
