"""Which format a file is of: by its content, never by its name.

Formats are asked in order, the surest first. A format names its functions by dotted path, so that asking one
does not load the libraries of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol, cast

from features.ingest.entry import Entry
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnknownFormatError
from features.ingest.source import Source
from features.ingest.tabular.hints import NO_HINTS, Hints
from features.ingest.xml_text import looks_like_xml, refuse_document_type


class Detector(Protocol):
    """Says whether a file is of a format."""

    def __call__(self, head: bytes, source: Source) -> bool:
        """Look at the head first; open the source only when the head is not enough."""


class HintedReader(Protocol):
    """A reader of files that may not say everything: their columns, their account, their currency."""

    def __call__(self, source: Source, limits: Limits, hints: Hints) -> Iterator[Entry | Problem]:
        """Read the file from its start."""


class Reader(Protocol):
    """Gives what a file holds, entry by entry, in flat memory."""

    def __call__(self, source: Source, limits: Limits) -> Iterator[Entry | Problem]:
        """Read the file from its start; raise an `UnusableFileError` when nothing can be made of it."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, and its functions as `module:function`."""

    name: str
    detect: str
    read: str

    def matches(self, head: bytes, source: Source) -> bool:
        """Say whether the file is of this format."""
        return cast("Detector", _function(self.detect))(head, source)

    def open(self, source: Source, limits: Limits, hints: Hints = NO_HINTS) -> Iterator[Entry | Problem]:
        """Read a file of this format; only some need what the user says of them."""
        if hints.mapping is not None and self.name in _MAPPED:
            return hints.mapping.read(source, limits)
        read = _function(self.read)
        if self.name in _HINTED:
            return cast("HintedReader", read)(source, limits, hints)
        return cast("Reader", read)(source, limits)


def _format(name: str, module: str) -> Format:
    """Take `detect` and `read` of one module under `features.ingest`."""
    return Format(name, f"features.ingest.{module}:detect", f"features.ingest.{module}:read")


TABLE: Final = "table"
QIF: Final = "qif"
JSON: Final = "gateway-json"
REMITTANCE: Final = "remittance"
INVOICES: Final = "invoices"
_HINTED: Final = (TABLE, QIF, REMITTANCE, INVOICES)
_MAPPED: Final = (TABLE, JSON)
"""What a mapping of the user's own is for, where one is given."""
_TITLED: Final = "features.ingest.titled_csv"
_CAMT: Final = "features.ingest.camt.reading:read"

FORMATS: Final[tuple[Format, ...]] = (
    Format("camt.053", "features.ingest.camt.detection:detect_statement", _CAMT),
    Format("camt.054", "features.ingest.camt.detection:detect_notification", _CAMT),
    Format("camt.052", "features.ingest.camt.detection:detect_report", _CAMT),
    _format("remt.001", "remt"),
    # Whatever reads a message of ISO 20022 stands before this line, which refuses the others by name.
    Format(
        "iso20022", "features.ingest.camt.detection:detect_other", "features.ingest.camt.detection:refuse"
    ),
    _format("ubl", "ubl"),
    _format("cii", "cii"),
    _format("factur-x", "facturx"),
    Format("mt942", "features.ingest.mt940.reading:detect_report", "features.ingest.mt940.reading:read"),
    _format("mt940", "mt940.reading"),
    _format("bai2", "bai2"),
    _format("ofx", "ofx"),
    _format(QIF, "qif"),
    _format("edi-820", "edi820"),
    _format("stripe", "stripe_report"),
    _format("adyen", "adyen_settlement"),
    _format("paypal", "paypal"),
    _format(JSON, "gateway_json"),
    Format(REMITTANCE, f"{_TITLED}:detect_remittance", f"{_TITLED}:read_remittance"),
    Format(INVOICES, f"{_TITLED}:detect_invoices", f"{_TITLED}:read_invoices"),
    # Last, for rows and cells fit much.
    Format(TABLE, "features.ingest.tabular.reading:detect", "features.ingest.tabular.reading:read"),
)
"""Every format, in the order in which they are asked."""


def find_format(source: Source, limits: Limits) -> Format:
    """Find the format of a file; raise `UnknownFormatError` when none knows it.

    XML with a document type is refused here, whatever its format and encoding.
    """
    head = source.head()
    if looks_like_xml(head):
        refuse_document_type(source, limits)
    for one in FORMATS:
        if one.matches(head, source):
            return one
    raise UnknownFormatError(f"{source.name} is of no format that is known.")


def _function(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
