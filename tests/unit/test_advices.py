"""Remittance advices beyond the samples: controls and totals of X12, titles of CSV, dates as written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.ingest import edi820, remt, titled_csv
from features.ingest.entry import CustomerEntry, Entry, InvoiceEntry, PaymentEntry, RemittanceEntry
from features.ingest.limits import DEFAULT
from features.ingest.problems import Problem, UnsupportedFormatError, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.hints import Hints
from features.ingest.written_dates import DayError, DayOrder, order_of, read_day

FORMATS = Path(__file__).parents[1] / "golden" / "formats"
ADVICE = (FORMATS / "edi820" / "advice.edi").read_bytes()
REMT = (FORMATS / "remt" / "advice.xml").read_bytes()


def read_edi(data: bytes) -> list[Entry | Problem]:
    source = Source.of_bytes(data, "advice.edi")
    assert edi820.detect(source.head(), source)
    return list(edi820.read(source, DEFAULT))


def codes(entries: list[Entry | Problem]) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in entries if isinstance(one, Problem)]


def lines(entries: list[Entry | Problem]) -> list[tuple[str, int | None, int | None]]:
    return [
        (one.reference, one.amount_minor, one.deduction_minor)
        for one in entries
        if isinstance(one, RemittanceEntry)
    ]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"SE*15*0001", b"SE*14*0001", ("SE01", "total_differs")),
        (b"SE*15*0001", b"SE*15*0002", ("SE02", "control_differs")),
        (b"GE*1*905", b"GE*2*905", ("GE01", "total_differs")),
        (b"GE*1*905", b"GE*1*906", ("GE02", "control_differs")),
        (b"IEA*1*000000905", b"IEA*x*000000905", ("IEA01", "total_differs")),
        (b"IEA*1*000000905", b"IEA*1*000000906", ("IEA02", "control_differs")),
        (b"IEA*1*000000905~\n", b"", ("IEA", "truncated")),
        (b"BPR*C*1939.00", b"BPR*C*1940.00", ("BPR02", "total_differs")),
        (b"**980.00*", b"**9S0.00*", ("RMR04", "bad_amount")),
        (b"TRN*1*TRACE77", b"TRN*1*", ("TRN02", "missing_value")),
        (b"CUR*PR*USD", b"CUR*PR*UXD", ("BPR02", "unknown_currency")),
    ],
)
def test_control_numbers_counts_and_totals_of_x12(old: bytes, new: bytes, found: tuple[str, str]) -> None:
    assert found in codes(read_edi(ADVICE.replace(old, new)))


def test_other_separators_and_no_line_ends() -> None:
    odd = ADVICE.replace(b"~\n", b"\n").replace(b"*", b"|").replace(b"P|>", b"P|^")
    assert lines(read_edi(odd)) == lines(read_edi(ADVICE))
    assert lines(read_edi(ADVICE.replace(b"~\n", b"~"))) == lines(read_edi(ADVICE))
    assert lines(read_edi(ADVICE.replace(b"~\n", b"~\r\n"))) == lines(read_edi(ADVICE))


def test_adjustments_before_or_after_the_amount_paid() -> None:
    # 1019 less 50 is 969: some senders state the 969 as paid, others the 1019
    before = ADVICE.replace(b"**969.00*1019.00", b"**1019.00*1019.00")
    assert ("INV-1002", 101900, 5000) in lines(read_edi(before))
    assert ("INV-1002", 101900, 5000) in lines(read_edi(ADVICE))
    assert codes(read_edi(before)) == []


def test_a_debit_is_money_out_and_other_x12_is_refused_by_name() -> None:
    told = [
        one for one in read_edi(ADVICE.replace(b"1939.00*C*", b"1939.00*D*")) if isinstance(one, PaymentEntry)
    ]
    assert [one.amount_minor for one in told] == [-193900]
    with pytest.raises(UnsupportedFormatError, match="810"):
        read_edi(ADVICE.replace(b"ST*820", b"ST*810"))
    with pytest.raises(UnusableFileError):
        read_edi(b"ISA*00*short~")


def test_an_advice_of_iso_20022_that_does_not_add_up() -> None:
    def read(data: bytes) -> list[Entry | Problem]:
        source = Source.of_bytes(data, "remt.xml")
        assert remt.detect(source.head(), source)
        return list(remt.read(source, DEFAULT))

    assert codes(read(REMT.replace(b">90.00<", b">91.00<"))) == [("OrgnlPmtInf/Amt", "total_differs")]
    assert codes(read(REMT.replace(b">98.00<", b">9x.00<"))) == [("Strd[1]/RfrdDocAmt/RmtdAmt", "bad_amount")]
    free = REMT.replace(
        REMT[REMT.index(b"<Strd>") : REMT.index(b"<OrgnlPmtInf>")], b"<Ustrd>INV-1 INV-2</Ustrd>"
    )
    assert lines(read(free)) == [("INV-1 INV-2", None, None)]


def read_csv(text: str, kind: str) -> list[Entry | Problem]:
    source = Source.of_bytes(text.encode(), "list.csv")
    detect = titled_csv.detect_remittance if kind == "remittance" else titled_csv.detect_invoices
    assert detect(source.head(), source)
    read = titled_csv.read_remittance if kind == "remittance" else titled_csv.read_invoices
    return list(read(source, DEFAULT))


def test_a_german_list_of_invoices() -> None:
    text = "Rechnungsnummer;Kundennummer;Kunde;Rechnungsdatum;Fälligkeit;Bruttobetrag;Währung;Belegart\n"
    text += "R-1;K1;Müller GmbH;03.02.2025;05.03.2025;1.234,50;EUR;Rechnung\n"
    text += "R-2;K1;Müller GmbH;04.02.2025;;-100,00;EUR;\n"
    entries = read_csv(text, "invoice")
    told = [one for one in entries if isinstance(one, InvoiceEntry)]
    assert [(one.invoice_id, one.type, one.amount_minor) for one in told] == [
        ("R-1", "invoice", 123450),
        ("R-2", "credit_memo", 10000),
    ]
    assert told[0].due_date == date(2025, 3, 5)
    assert {one.name for one in entries if isinstance(one, CustomerEntry)} == {"Müller GmbH"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("INV-1,Acme,2025-01-31,abc,EUR", "bad_amount"),
        ("INV-1,Acme,2025-01-31,1.00,", "missing_currency"),
        ("INV-1,Acme,2025-01-31,1.00,EUX", "unknown_currency"),
        ("INV-1,,2025-01-31,1.00,EUR", "missing_value"),
        ("INV-1,Acme,31.31.2025,1.00,EUR", "bad_date"),
        ("INV-1,Acme,03/04/2025,1.00,EUR", "ambiguous_date"),
        ("INV-1,Acme,2025-01-31,0.00,EUR", "informational"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_next_is_read(row: str, code: str) -> None:
    text = f"Invoice Number,Customer,Date,Total,Currency\n{row}\nINV-2,Acme,2025-01-31,2.00,EUR\n"
    entries = read_csv(text, "invoice")
    assert [one.code for one in entries if isinstance(one, Problem)] == [code]
    assert [one.invoice_id for one in entries if isinstance(one, InvoiceEntry)] == ["INV-2"]


def test_an_advice_whose_row_does_not_add_up_is_told() -> None:
    text = "Check Number,Invoice,Gross,Discount,Paid,Currency\n"
    text += "77,A,100.00,2.00,98.00,USD\n77,B,100.00,2.00,90.00,USD\n"
    entries = read_csv(text, "remittance")
    assert lines(entries) == [("A", 10000, 200), ("B", 10000, 200)]
    assert [one.position for one in entries if isinstance(one, Problem)] == ["line 3"]


def test_a_currency_that_the_file_does_not_name_may_be_named() -> None:
    source = Source.of_bytes(b"Check Number,Invoice,Paid\n77,A,1.00\n", "advice.csv")
    assert codes(list(titled_csv.read_remittance(source, DEFAULT))) == [("currency", "missing_currency")]
    named = list(titled_csv.read_remittance(source, DEFAULT, Hints(currency="USD")))
    assert lines(named) == [("A", 100, None)]


def test_the_order_of_dates_is_what_all_agree_on() -> None:
    assert order_of(["03/04/2025", "25/04/2025"]) is DayOrder.DAY
    assert order_of(["03/04/2025", "04/25/2025"]) is DayOrder.MONTH
    assert order_of(["03/04/2025"]) is DayOrder.UNKNOWN
    assert order_of(["25/04/2025", "04/25/2025"]) is DayOrder.UNKNOWN
    assert read_day("25/04/2025", DayOrder.UNKNOWN) == date(2025, 4, 25)
    assert (
        read_day("20250131", DayOrder.UNKNOWN) == read_day("2025/1/31", DayOrder.MONTH) == date(2025, 1, 31)
    )
    assert read_day("31.01.25", DayOrder.UNKNOWN) == date(2025, 1, 31)
    assert read_day("2025-01-31 10:11:12", DayOrder.UNKNOWN) == date(2025, 1, 31)
    for text in ("", "31", "2025-13-01", "1.1.1", "0001-01-01", "31.02.2025"):
        with pytest.raises(DayError):
            read_day(text, DayOrder.DAY)
