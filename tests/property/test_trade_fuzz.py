"""Damaged invoices, gateway files and advices: only typed errors, only typed entries, and never a hang."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from features.ingest import (
    adyen_settlement,
    cii,
    edi820,
    gateway_json,
    paypal,
    pdf_attachments,
    remt,
    stripe_report,
    titled_csv,
    ubl,
)
from features.ingest.entry import RAW_LIMIT, Entry, InvoiceEntry, PaymentEntry, RemittanceEntry
from features.ingest.limits import DEFAULT, Limits
from features.ingest.problems import Problem, UnusableFileError
from features.ingest.source import Source
from receivables.money import MAX_MINOR, exponent

FORMATS = Path(__file__).parents[1] / "golden" / "formats"
Detect = Callable[[bytes, Source], bool]
Read = Callable[[Source, Limits], Iterator[Entry | Problem]]

FILES: dict[str, tuple[Detect, Read]] = {
    "cii/factur-x-minimum.xml": (cii.detect, cii.read),
    "ubl/ubl-21-en16931.xml": (ubl.detect, ubl.read),
    "remt/advice.xml": (remt.detect, remt.read),
    "stripe/events.json": (gateway_json.detect, gateway_json.read),
    "stripe/payout_with_transactions.json": (gateway_json.detect, gateway_json.read),
    "stripe/payout_reconciliation.csv": (stripe_report.detect, stripe_report.read),
    "stripe/balance_history.csv": (stripe_report.detect, stripe_report.read),
    "adyen/notifications.json": (gateway_json.detect, gateway_json.read),
    "adyen/settlement_detail.csv": (adyen_settlement.detect, adyen_settlement.read),
    "paypal/activity.csv": (paypal.detect, paypal.read),
    "paypal/transaction_detail.csv": (paypal.detect, paypal.read),
    "edi820/advice.edi": (edi820.detect, edi820.read),
    "remittance_csv/advice.csv": (titled_csv.detect_remittance, titled_csv.read_remittance),
    "invoice_csv/invoices.csv": (titled_csv.detect_invoices, titled_csv.read_invoices),
}
SCRAPS = st.sampled_from(
    [
        *b"|\0|\xff\xfe|\xef\xbb\xbf|\"|''|<|<!--|]]>|&x;|<!DOCTYPE a>|~|*|-|--|.|,|\n|\r".split(b"|"),
        *b"1e9|-0|NaN|null|[]|{}|{|true|\xe2\x80\xae|\xd9\xa3|EUR|2025-13-45|00000000|=".split(b"|"),
        b"\xed\xa0\x80",
        b"99999999999999999999",
    ]
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Cut, repeat and overwrite a file in a few places."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        end = start + draw(st.integers(0, 40))
        match draw(st.integers(0, 3)):
            case 0:
                data[start:end] = draw(SCRAPS)
            case 1:
                data[start:end] = draw(st.binary(max_size=8))
            case 2:
                data[start:start] = data[start : start + 200]
            case _:
                del data[end:]
    return bytes(data)


def check(entry: Entry | Problem) -> None:
    """Hold an entry to what every reader promises."""
    if isinstance(entry, Problem):
        assert entry.code
        assert entry.message
        assert entry.mend
        return
    assert len(entry.lineage.raw) <= RAW_LIMIT
    assert entry.lineage.file
    if isinstance(entry, PaymentEntry | InvoiceEntry):
        assert exponent(entry.currency) >= 0
        assert isinstance(entry.amount_minor, int)
        assert abs(entry.amount_minor) <= 2 * MAX_MINOR
    if isinstance(entry, InvoiceEntry):
        assert entry.amount_minor > 0
        assert entry.invoice_id
        assert entry.customer_id
    if isinstance(entry, RemittanceEntry):
        assert bool(entry.payment_position) != bool(entry.payment_reference) or not entry.payment_position


@pytest.mark.parametrize("name", sorted(FILES))
@given(data=st.data())
def test_a_damaged_file_gives_typed_entries_or_one_typed_error(name: str, data: st.DataObject) -> None:
    detect, read = FILES[name]
    source = Source.of_bytes(data.draw(damaged((FORMATS / name).read_bytes())), "damaged")
    try:
        detect(source.head(), source)
        for entry in read(source, DEFAULT):
            check(entry)
    except UnusableFileError as error:
        refused = error
    else:
        return
    assert refused.code
    assert refused.message


def small_pdf() -> bytes:
    """Write a PDF of one blank page with the smallest invoice inside."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("factur-x.xml", (FORMATS / "cii" / "factur-x-minimum.xml").read_bytes())
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


PDF = small_pdf()


@given(data=damaged(PDF))
def test_a_damaged_pdf_gives_files_or_a_known_reason(data: bytes) -> None:
    # In this process, for speed; tests/unit/test_pdf_attachments.py holds the bounds of the other one.
    out = BytesIO()
    reason = pdf_attachments._write(data, 1 << 20, out)
    assert reason in {0, pdf_attachments.ENCRYPTED, pdf_attachments.BROKEN, pdf_attachments.TOO_LARGE}


@given(data=st.binary(max_size=400))
def test_detection_never_fails_on_anything(data: bytes) -> None:
    source = Source.of_bytes(data, "anything")
    for detect, _ in FILES.values():
        with contextlib.suppress(UnusableFileError):
            assert detect(source.head(), source) in {True, False}
