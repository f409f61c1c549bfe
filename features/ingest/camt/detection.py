"""Whether a file is a camt statement, and the other messages of ISO 20022 by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from features.ingest.entry import Entry
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.source import Source
from features.ingest.xml_text import head_text, looks_like_xml

_CONTAINER: Final = re.compile(r"<(?:[\w.-]+:)?BkToCstmr(Stmt|AcctRpt|DbtCdtNtfctn)(?:V\d+)?[\s>/]")
_NAMESPACE: Final = re.compile(r"[:.]camt\.(05[234])\.001\.")
_KINDS: Final = {"Stmt": "053", "AcctRpt": "052", "DbtCdtNtfctn": "054"}
_ISO_20022: Final = re.compile(r"(?:iso:20022:tech:xsd:|urn:swift:xsd:\$?)(?P<name>[a-z]{4}\.\d{3})\.")
_NAMES: Final = {
    "pain.001": "credit transfer orders (pain.001)",
    "pain.002": "a status report on orders (pain.002)",
    "pain.007": "a reversal of direct debits (pain.007)",
    "pain.008": "direct debit orders (pain.008)",
    "pacs.002": "a payment status report between banks (pacs.002)",
    "pacs.003": "direct debits between banks (pacs.003)",
    "pacs.004": "returns between banks (pacs.004)",
    "pacs.007": "reversals between banks (pacs.007)",
    "pacs.008": "credit transfers between banks (pacs.008)",
    "pacs.009": "transfers between banks (pacs.009)",
    "camt.029": "an answer to an investigation (camt.029)",
    "camt.055": "a request to cancel orders (camt.055)",
    "camt.056": "a request to cancel transfers (camt.056)",
    "camt.057": "a notice of money to come (camt.057)",
    "camt.060": "a request for statements (camt.060)",
    "camt.086": "a bank services bill (camt.086)",
}


def detect_statement(head: bytes, source: Source) -> bool:
    """Say whether a file is camt.053."""
    return _kind(head, source) == "053"


def detect_report(head: bytes, source: Source) -> bool:
    """Say whether a file is camt.052."""
    return _kind(head, source) == "052"


def detect_notification(head: bytes, source: Source) -> bool:
    """Say whether a file is camt.054."""
    return _kind(head, source) == "054"


def _kind(head: bytes, source: Source) -> str:
    """Find the message by its container, which says more than a namespace that may be missing or wrong."""
    if not looks_like_xml(head):
        return ""
    text = head_text(source)
    if (container := _CONTAINER.search(text)) is not None:
        return _KINDS[container.group(1)]
    namespace = _NAMESPACE.search(text)
    return "" if namespace is None else namespace.group(1)


def detect_other(head: bytes, source: Source) -> bool:
    """Say whether a file is another message of ISO 20022."""
    return looks_like_xml(head) and _ISO_20022.search(head_text(source)) is not None


def refuse(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Refuse another message of ISO 20022 by its name."""
    del limits
    found = _ISO_20022.search(head_text(source))
    name = found.group("name") if found else "?"
    said = _NAMES.get(name, f"the message {name} of ISO 20022")
    raise UnsupportedFormatError(f"{source.name} holds {said}, which tells of no booked payment.")
    yield  # a reader gives an iterator
