"""Factur-X and ZUGFeRD: an invoice as XML inside a PDF/A-3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from features.ingest import cii, pdf_attachments, ubl
from features.ingest.entry import Entry
from features.ingest.limits import Limits
from features.ingest.pdf_attachments import Attachment, PdfError
from features.ingest.problems import (
    EncryptedFileError,
    LimitError,
    Problem,
    UnsupportedFormatError,
    UnusableFileError,
)
from features.ingest.source import Source

_MAGIC: Final = b"%PDF-"
_MAGIC_WITHIN: Final = 1_024
_NAMES: Final = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
"""The names that the standards give to the invoice; any other is found by content."""
_ATTACHED_BYTES: Final = 128 << 20


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the file is a PDF."""
    return _MAGIC in head[:_MAGIC_WITHIN]


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the invoice inside; a PDF without one is refused."""
    if source.size > limits.document_bytes:
        raise LimitError(f"{source.name} has more than {limits.document_bytes:,} bytes.")
    with source.open() as file:
        pdf = file.read()
    try:
        attached = pdf_attachments.take(pdf, _ATTACHED_BYTES)
    except PdfError as error:
        raise _said(source, error) from None
    invoices = [one for one in sorted(attached, key=_order) if _is_invoice(one)]
    if not invoices:
        raise UnsupportedFormatError(f"{source.name} is a PDF with no invoice as XML inside.")
    inner = _inside(source, invoices[0])
    reader = cii.read if cii.detect(inner.head(), inner) else ubl.read
    yield from reader(inner, limits)
    for other in invoices[1:]:
        yield Problem.at(
            source.at(other.name),
            "",
            "informational",
            message="The PDF holds a second invoice as XML; the first was read.",
            mend="Nothing to do if both are the same invoice.",
        )


def _inside(source: Source, attached: Attachment) -> Source:
    return Source.of_bytes(attached.data, f"{source.name}/{attached.name}")


def _order(attached: Attachment) -> tuple[int, str]:
    name = attached.name.lower()
    return (_NAMES.index(name) if name in _NAMES else len(_NAMES)), name


def _is_invoice(attached: Attachment) -> bool:
    """Say whether an embedded file is an invoice, by its content; a hostile one is, so that it is refused."""
    inner = Source.of_bytes(attached.data, attached.name)
    try:
        return cii.detect(inner.head(), inner) or ubl.detect(inner.head(), inner)
    except UnusableFileError:
        return _order(attached)[0] < len(_NAMES)


def _said(source: Source, error: PdfError) -> UnusableFileError:
    match error.reason:
        case pdf_attachments.ENCRYPTED:
            return EncryptedFileError(f"{source.name} is an encrypted PDF.")
        case pdf_attachments.TOO_LARGE:
            return LimitError(f"{source.name} needs more memory or time than any PDF of an invoice.")
        case _:
            return UnusableFileError(f"{source.name} is a broken PDF.")
