"""What UBL and CII have in common as XML: a bounded tree without attachments, and text for the lineage."""

from __future__ import annotations

from typing import Final

from features.ingest.entry import RAW_LIMIT
from features.ingest.limits import Limits
from features.ingest.source import Source
from features.ingest.xml_stream import Node, XmlElement, document, local_name, to_node
from features.ingest.xml_text import XmlText

_ATTACHMENTS: Final = frozenset({"EmbeddedDocumentBinaryObject", "AttachmentBinaryObject", "BinaryObject"})
_UNTOLD: Final = frozenset(
    {"InvoiceLine", "CreditNoteLine", "IncludedSupplyChainTradeLineItem", "UBLExtensions"}
)


def tree(source: Source, limits: Limits) -> XmlElement:
    """Parse the document and empty its attachments, which may be larger than any text of an invoice."""
    root = document(XmlText(source, limits), limits)
    for element in root.iter():
        if isinstance(element.tag, str) and local_name(element.tag) in _ATTACHMENTS:
            element.text = None
    return root


def node_of(element: XmlElement, limits: Limits) -> Node:
    """Turn an element into a node."""
    return to_node(element, limits)


def told(element: XmlElement) -> str:
    """Write the texts of a document but for its lines, one a line with its name, for the lineage."""
    lines: list[str] = []
    length = 0
    waiting = [element]
    while waiting and length < RAW_LIMIT:
        one = waiting.pop()
        if not isinstance(one.tag, str) or local_name(one.tag) in _UNTOLD:
            continue
        children = list(one)
        text = "" if children else (one.text or "").strip()
        if text:
            lines.append(f"{local_name(one.tag)}: {' '.join(text.split())}")
            length += len(lines[-1]) + 1
        waiting.extend(reversed(children))
    return "\n".join(lines)[:RAW_LIMIT]


def amount_in(node: Node, name: str, currency: str) -> str:
    """Give the amount of this name in this currency; the tax may be repeated in that of accounting."""
    same = [one for one in node.all(name) if one.attributes.get("currencyID", currency) in {currency, ""}]
    return same[0].text if same else ""
