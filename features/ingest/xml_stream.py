"""Hardened XML parsing: no network, no entities, bounded depth, text and size.

Large documents are given unit by unit in flat memory (`units`), small ones as a whole (`document`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from lxml import etree

from features.ingest.limits import Limits
from features.ingest.problems import HostileFileError, LimitError, UnusableFileError
from features.ingest.xml_text import XmlText

XmlElement: TypeAlias = Any
"""An element of lxml, which ships no types."""


class TruncatedXmlError(UnusableFileError):
    """The XML ends or breaks before its last element closes."""

    code = "truncated"


class Node:
    """One element without its namespace: text, attributes and children by name."""

    __slots__ = ("attributes", "children", "text")

    def __init__(self, text: str, attributes: dict[str, str]) -> None:
        self.text = text
        self.attributes = attributes
        self.children: dict[str, list[Node]] = {}

    def all(self, name: str) -> Sequence[Node]:
        """Give every child of this name."""
        return self.children.get(name, ())

    def first(self, *path: str) -> Node | None:
        """Follow the first child of each name."""
        node = self
        for name in path:
            found = node.children.get(name)
            if found is None:
                return None
            node = found[0]
        return node

    def at(self, *path: str) -> str:
        """Give the text at a path, or nothing."""
        node = self.first(*path)
        return "" if node is None else node.text


_LOCAL: Final[dict[str, str]] = {}


def local_name(tag: str) -> str:
    """Drop the namespace of a tag."""
    name = _LOCAL.get(tag)
    if name is None:
        name = tag.rpartition("}")[2]
        if len(_LOCAL) < 10_000:  # a file of made-up names must not grow this without end
            _LOCAL[tag] = name
    return name


def to_node(element: XmlElement, limits: Limits, depth: int = 1) -> Node:
    """Turn an element and all below it into nodes; comments and instructions go."""
    if depth > limits.xml_depth:
        raise HostileFileError(f"An element is nested more than {limits.xml_depth} deep.")
    text = element.text or ""
    attributes = dict(element.attrib) if element.attrib else {}
    node = Node(text, attributes)
    children = node.children
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):
            # A comment may split a text in two: what follows it belongs to the parent.
            node.text += child.tail or ""
            continue
        children.setdefault(local_name(tag), []).append(to_node(child, limits, depth + 1))
    if len(node.text) > limits.xml_text or any(len(value) > limits.xml_text for value in attributes.values()):
        raise LimitError(f"A text has more than {limits.xml_text:,} characters.")
    node.text = node.text.strip()
    return node


def units(
    text: XmlText, limits: Limits, ends: Sequence[str], starts: Sequence[str] = ()
) -> Iterator[tuple[str, XmlElement]]:
    """Give `("end", element)` for each closed element of `ends`, `("start", element)` for each of `starts`.

    An element is freed once the consumer asks for the next one; its parents keep what is not a unit. Raises
    `TruncatedXmlError` where the XML breaks, after all units before that place.
    """
    wanted = [f"{{*}}{name}" for name in (*ends, *starts)]
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=wanted,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        encoding="utf-8",
    )
    closing, opening = frozenset(ends), frozenset(starts)
    since_unit = 0
    done: XmlElement | None = None
    for chunk in text.chunks():
        broken = _feed(parser, chunk)
        since_unit += len(chunk)
        for event, element in parser.read_events():
            name = local_name(element.tag)
            if event == "end" and name in closing:
                since_unit = 0
                yield event, element
                element.clear(keep_tail=True)
                if done is not None and (parent := done.getparent()) is not None:
                    parent.remove(done)
                done = element
            elif event == "start" and name in opening:
                yield event, element
        if broken is not None:
            raise TruncatedXmlError(f"{text.source.name} breaks off: {broken}")
        if since_unit > limits.xml_unit_bytes:
            raise LimitError(
                f"{text.source.name} holds one entry of more than {limits.xml_unit_bytes:,} bytes."
            )
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        raise TruncatedXmlError(f"{text.source.name} breaks off: {_said(error)}") from None


def document(text: XmlText, limits: Limits) -> XmlElement:
    """Parse a whole document of bounded size; raise `UnusableFileError` when it is not well-formed."""
    if text.source.size > limits.document_bytes:
        raise LimitError(f"{text.source.name} has more than {limits.document_bytes:,} bytes.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    broken = None
    for chunk in text.chunks():
        broken = broken or _feed(parser, chunk)
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise TruncatedXmlError(f"{text.source.name} breaks off: {_said(error)}") from None
    if broken is not None:
        raise TruncatedXmlError(f"{text.source.name} breaks off: {broken}")
    return root


def _feed(parser: XmlElement, chunk: bytes) -> str | None:
    """Feed a chunk; give what the parser complains about, if it does."""
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        return _said(error)
    return None


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] + "."
