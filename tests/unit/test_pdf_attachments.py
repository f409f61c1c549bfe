"""Hostile PDFs: bombs, passwords, garbage and files without an invoice, each refused in bounded time."""

from __future__ import annotations

import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter

from features.ingest import facturx, pdf_attachments
from features.ingest.entry import InvoiceEntry
from features.ingest.limits import DEFAULT, Limits
from features.ingest.problems import (
    EncryptedFileError,
    LimitError,
    Problem,
    UnsupportedFormatError,
    UnusableFileError,
)
from features.ingest.source import Source

INVOICE = (Path(__file__).parents[1] / "golden" / "formats" / "cii" / "factur-x-minimum.xml").read_bytes()
WORD = "made up"


def pdf(*attached: tuple[str, bytes], password: str = "", owner: str | None = None) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for name, data in attached:
        writer.add_attachment(name, data)
    if password or owner:
        writer.encrypt(password, owner, algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def read(data: bytes, limits: Limits = DEFAULT) -> list[object]:
    source = Source.of_bytes(data, "invoice.pdf")
    assert facturx.detect(source.head(), source)
    return list(facturx.read(source, limits))


def test_an_invoice_under_any_name_is_found_by_its_content() -> None:
    entries = read(pdf(("picture.png", b"\x89PNG"), ("rechnung.bin", INVOICE)))
    assert isinstance(entries[0], InvoiceEntry)
    assert entries[0].lineage.file == "invoice.pdf/rechnung.bin"


def test_a_second_invoice_inside_is_told() -> None:
    other = INVOICE.replace(b"F20260023", b"F20260024")
    entries = read(pdf(("other.xml", other), ("factur-x.xml", INVOICE)))
    assert isinstance(entries[0], InvoiceEntry)
    assert entries[0].invoice_id == "F20260023"
    assert [one.code for one in entries if isinstance(one, Problem)] == ["informational"]


def test_the_name_of_an_embedded_file_is_no_path() -> None:
    entries = read(pdf(("../../etc/factur-x.xml", INVOICE)))
    assert isinstance(entries[0], InvoiceEntry)
    assert entries[0].lineage.file == "invoice.pdf/factur-x.xml"


def test_a_pdf_without_an_invoice_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError):
        read(pdf())
    with pytest.raises(UnsupportedFormatError):
        read(pdf(("note.xml", b"<note/>")))


def test_a_password_is_refused_and_an_owner_password_alone_is_not() -> None:
    with pytest.raises(EncryptedFileError):
        read(pdf(("factur-x.xml", INVOICE), password=WORD))
    assert isinstance(read(pdf(("factur-x.xml", INVOICE), owner=WORD))[0], InvoiceEntry)


def test_an_invoice_with_a_document_type_is_refused() -> None:
    hostile = b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + INVOICE.lstrip(b"\xef\xbb\xbf").split(b"?>", 1)[1]
    with pytest.raises(UnusableFileError):
        read(pdf(("factur-x.xml", hostile)))


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\0" * 5_000, b"%PDF-1.7\ntrailer<</Root 1 0 R>>%%EOF"]
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(UnusableFileError):
        read(data)


def test_a_bomb_is_refused_in_bounded_time() -> None:
    packed = zlib.compress(b"\0" * (100 << 20), 9)
    stream = b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (
        len(packed),
        packed,
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(factur-x.xml)3 0 R]>>>>>>",
        b"<</Type/Pages/Kids[]/Count 0>>",
        b"<</Type/Filespec/F(factur-x.xml)/EF<</F 4 0 R>>>>",
        stream,
    ]
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    body += b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        start,
    )
    began = time.perf_counter()
    with pytest.raises(UnusableFileError):
        read(body)
    assert time.perf_counter() - began < pdf_attachments.SECONDS


def test_a_process_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_attachments, "SECONDS", 0)
    with pytest.raises(LimitError):
        read(pdf(("factur-x.xml", INVOICE)))


def test_a_file_larger_than_the_limit_is_not_opened() -> None:
    with pytest.raises(LimitError):
        read(pdf(), Limits(document_bytes=10))
