"""Hardened XML parsing: no network, no entities, bounded depth, text and size.

Large documents are given unit by unit in flat memory (`units`), small ones as a whole (`document`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
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


_NO_ATTRIBUTES: Final[Mapping[str, str]] = {}


class Node:
    """One element without its namespace: text, attributes and children by name."""

    __slots__ = ("attributes", "children", "text")

    def __init__(self, text: str = "", attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> None:
        self.text = text
        self.attributes = attributes
        self.children = _NO_CHILDREN

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
        node = self
        for name in path:
            found = node.children.get(name)
            if found is None:
                return ""
            node = found[0]
        return node.text


_NO_CHILDREN: Final[dict[str, list[Node]]] = {}
"""Shared by all leaves, and never filled."""
_TAG: Final = re.compile(r"<(/?)(?:[^\s<>/:]+:)?([^\s<>/:]+)([^<>]*?)(/?)>([^<]*)")
_ATTRIBUTE: Final = re.compile(r'(?<![\w:.-])(?!xmlns)(?:[\w.-]+:)?([\w.-]+)="([^"]*)"')
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
    text = element.text
    items = element.items()
    node = Node(text.strip() if text else "", dict(items) if items else _NO_ATTRIBUTES)
    if len(node.text) > limits.xml_text or any(len(value) > limits.xml_text for _, value in items):
        raise LimitError(f"A text has more than {limits.xml_text:,} characters.")
    if not len(element):
        return node
    children = node.children = {}
    for child in element:
        tag = child.tag
        name = _LOCAL.get(tag)
        if name is None:
            if not isinstance(tag, str):
                # A comment may split a text in two: what follows it belongs to the parent.
                node.text = f"{node.text}{child.tail or ''}".strip()
                continue
            name = local_name(tag)
        found = to_node(child, limits, depth + 1)
        if name in children:
            children[name].append(found)
        else:
            children[name] = [found]
    return node


def raw_text(element: XmlElement) -> str:
    """Write an element out as text."""
    text: str = etree.tostring(element, encoding="unicode", with_tail=False)
    return text


def written_node(text: str, element: XmlElement, limits: Limits) -> Node:
    """Do what `to_node` does from an element's own `raw_text`, in less time: no child becomes an object.

    What the parser has written out is well-formed and has neither `<` nor `>` inside texts and attributes.
    """
    if "<!--" in text or "<?" in text:
        return to_node(element, limits)
    top = Node()
    stack = [top]
    for closing, name, attributes, empty, content in _TAG.findall(text):
        if closing:
            stack.pop()
            continue
        node = Node(content.strip())
        if "&" in content:
            node.text = unescape(node.text)
        if len(content) > limits.xml_text or len(attributes) > limits.xml_text:
            raise LimitError(f"A text has more than {limits.xml_text:,} characters.")
        if attributes:
            node.attributes = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        parent = stack[-1]
        children = parent.children
        if children is _NO_CHILDREN:
            parent.children = {name: [node]}
        elif name in children:
            children[name].append(node)
        else:
            children[name] = [node]
        if not empty:
            stack.append(node)
            if len(stack) > limits.xml_depth + 1:
                raise HostileFileError(f"An element is nested more than {limits.xml_depth} deep.")
    return next(iter(top.children.values()))[0]


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
