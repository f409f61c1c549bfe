"""Single rules of the bank formats, each with the text that taught it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingest import bai2, ofx, qif
from features.ingest.amount_text import AmbiguousAmountError, mark_of, minor_of
from features.ingest.entry import Entry, EntryStatus, PaymentEntry, StatementEntry
from features.ingest.limits import DEFAULT, Limits
from features.ingest.mt940 import reading as mt940
from features.ingest.mt940.details import rejoin
from features.ingest.mt940.fields import split_fields
from features.ingest.mt940.statement_line import read_line
from features.ingest.problems import HostileFileError, LimitError, Problem
from features.ingest.qif_values import DateOrder, customs_of, read_date
from features.ingest.source import Source
from features.ingest.tabular.hints import Hints
from receivables.money import BadAmountError, to_text

HEADER = ":20:X\n:25:DE89370400440532013000\n:28C:1/1\n:60F:C250101EUR0,\n"


def mt(text: str | bytes, limits: Limits = DEFAULT) -> list[Entry | Problem]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(mt940.read(Source.of_bytes(data, "a.sta"), limits))


def payments(found: list[Entry | Problem] | Iterator[Entry | Problem]) -> list[PaymentEntry]:
    return [one for one in found if isinstance(one, PaymentEntry)]


def codes(found: list[Entry | Problem] | Iterator[Entry | Problem]) -> list[str]:
    return [one.code for one in found if isinstance(one, Problem)]


def one_line(line: str, details: str = "") -> PaymentEntry:
    text = HEADER + f":61:{line}\n" + (f":86:{details}\n" if details else "")
    return payments(mt(text))[0]


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "minor"),
        [
            ("1234,5", 123450), ("1234,", 123400), (",5", 50), ("1.234,50", 123450), ("1,234.50", 123450),
            ("-6,60", -660), ("6.60-", -660), ("+0012", 1200), ("1'234'567.89", 123456789),
            ("0.125000", None), ("1 234,50", 123450), ("1.234.567", 123456700),
        ],
    )  # fmt: skip
    def test_forms(self, text: str, minor: int | None) -> None:
        if minor is None:
            with pytest.raises(ValueError, match="decimals"):
                minor_of(text, "EUR")
        else:
            assert minor_of(text, "EUR") == minor

    def test_three_digits_behind_one_separator_are_ambiguous(self) -> None:
        with pytest.raises(AmbiguousAmountError):
            minor_of("1,234", "EUR")
        assert minor_of("1,234", "BHD") == 1234
        assert minor_of("1,234", "EUR", ".") == 123400
        assert mark_of("1,234") == ""
        assert mark_of("1.234,5") == ","

    @pytest.mark.parametrize("text", ["", "$120", "1,2,3", "12.34.5", "--1", "1e5", "٣", "1_000", "NaN"])
    def test_what_is_no_amount(self, text: str) -> None:
        with pytest.raises(BadAmountError):
            minor_of(text, "EUR")

    @given(st.integers(-(10**14), 10**14), st.sampled_from((",", ".")))
    def test_what_is_written_is_read(self, minor: int, mark: str) -> None:
        plain = to_text(minor, "EUR")
        whole, fraction = plain.lstrip("-").split(".")
        grouped = f"{int(whole):,}".replace(",", "." if mark == "," else ",")
        sign = "-" if minor < 0 else ""
        assert minor_of(f"{sign}{whole}{mark}{fraction}", "EUR") == minor
        assert minor_of(f"{sign}{grouped}{mark}{fraction}", "EUR", mark) == minor


class TestStatementLine:
    @pytest.mark.parametrize(
        ("line", "sign", "is_reversal"),
        [("250102C1,", 1, False), ("250102D1,", -1, False), ("250102RC1,", -1, True), ("250102RD1,", 1, True),
         ("250102CR1,", 1, False), ("250102RDR1,", 1, True), ("250102ED1,", -1, False)],
    )  # fmt: skip
    def test_signs(self, line: str, sign: int, is_reversal: bool) -> None:  # noqa: FBT001 - a table of cases
        found = read_line([line + "NTRFNONREF"])
        assert (found.sign, found.is_reversal) == (sign, is_reversal)

    @pytest.mark.parametrize(
        ("dates", "value", "booked"),
        [
            ("2501021231", date(2025, 1, 2), date(2024, 12, 31)),
            ("2412310102", date(2024, 12, 31), date(2025, 1, 2)),
            ("1602300301", date(2016, 2, 29), date(2016, 3, 1)),
            ("2402290229", date(2024, 2, 29), date(2024, 2, 29)),
            ("250102    ", date(2025, 1, 2), date(2025, 1, 2)),
            ("20250102", date(2025, 1, 2), date(2025, 1, 2)),
            ("991231", date(1999, 12, 31), date(1999, 12, 31)),
        ],
    )
    def test_dates(self, dates: str, value: date, booked: date) -> None:
        found = read_line([dates + "C1,NTRF"])
        assert (found.value_date, found.booking_date) == (value, booked)

    def test_expected_lines_are_pending(self) -> None:
        found = mt(HEADER + ":61:250102EC5,NTRF\n:62F:C250102EUR0,\n")
        assert payments(found)[0].status is EntryStatus.PENDING
        assert codes(found) == ["pending"]

    def test_a_bad_line_costs_itself_only(self) -> None:
        found = mt(HEADER + ":61:garbage\n:86:x\n:61:250102C1,NTRF\n:62F:C250102EUR1,\n")
        assert [one.amount_minor for one in payments(found)] == [100]
        assert codes(found) == ["bad_row"]

    def test_amount_cut_onto_the_next_line(self) -> None:
        assert one_line("2501020102CR\n30,00N062NONREF").amount_minor == 3000

    def test_amount_with_too_many_decimals_is_told(self) -> None:
        assert "too_many_decimals" in codes(mt(HEADER + ":61:250102C1,234NTRF\n:62F:C250102EUR0,\n"))


class TestDetails:
    def test_a_time_that_looks_like_a_tag_stays_text(self) -> None:
        first = "106?20SVWZ+Kartenzahlung ueber lange Strecke 12-09-2014T16".ljust(61, "x")
        text = first[:-3] + "T16"
        assert "T16:20:37" in one_line("250102D6,NMSC", f"{text}\n:20:37 Folgenr. 7").remittance.replace(
            " ", ""
        )

    def test_a_full_subfield_goes_on_and_a_short_one_ends(self) -> None:
        text = "166?20SVWZ+" + "A" * 22 + "?21B1?22C2?32" + "N" * 27 + "?33M"
        found = one_line("250102C6,NTRF", text)
        assert found.remittance == "A" * 22 + "B1 C2"
        assert found.payer_name == "N" * 27 + "M"

    def test_a_tag_broken_over_subfields(self) -> None:
        text = "835?20MREF+ 12AB234CD6E7F CRED+ A?21B12CDE0000000000000000034 S?22VWZ+ Rechnung 4711"
        found = one_line("250102D6,NMSC", text)
        assert (found.mandate_id, found.remittance) == ("12AB234CD6E7F", "Rechnung 4711")

    def test_an_account_number_alone_carries_its_bank_code(self) -> None:
        assert (
            one_line("250102C6,NTRF", "051?20RE 1?3010050000?311234567?32A B").payer_account
            == "10050000/1234567"
        )

    def test_slashes_in_a_reference_open_no_code(self) -> None:
        text = "/TRTP/SEPA/IBAN/NL46ABNA0499998748/NAME/A/B BV/REMI/INV/2025/01/EREF/NOTPROVIDED"
        found = one_line("250102C6,NTRF", text)
        assert (found.payer_name, found.remittance, found.end_to_end_id) == ("A/B BV", "INV/2025/01", "")

    def test_returns_are_named(self) -> None:
        found = one_line("250102D6,NRTI", "109?20EREF+E1?21SVWZ+RE 1?34905")
        assert (found.kind, found.return_reason, found.transaction_code) == ("return", "905", "NRTI+109")

    def test_details_behind_the_closing_balance_belong_to_the_statement(self) -> None:
        text = HEADER + ":61:250102C1,NTRF\n:86:ours\n:62F:C250102EUR1,\n:86:not ours\n"
        assert payments(mt(text))[0].remittance == "ours"

    def test_full_lines_are_joined_without_a_blank(self) -> None:
        assert rejoin(["x" * 65, "y"]) == "x" * 65 + "y"
        assert rejoin(["x" * 64, "y"]) == "x" * 64 + " y"

    def test_polish_letters_by_the_country_of_the_account(self) -> None:
        text = ":20:X\n:25:PL29114010810000267002001002\n:60F:C250101PLN0,\n:61:250102C1,NTRF\n:86:Łódź\n"
        assert payments(mt(text.encode("cp1250")))[0].remittance == "Łódź"

    @pytest.mark.parametrize("encoding", ["cp850", "cp1252", "utf-8"])
    def test_german_letters_in_every_code_page(self, encoding: str) -> None:
        text = HEADER + ":61:250102C1,NTRF\n:86:166?20Jäger, Müller und Söhne?32Äpfel GmbH\n"
        found = payments(mt(text.encode(encoding)))[0]
        assert (found.remittance, found.payer_name) == ("Jäger, Müller und Söhne", "Äpfel GmbH")


class TestMessages:
    CHAIN: ClassVar = (
        ":20:A\n:25:1\n:28C:5/1\n:60F:C250101EUR1,\n:61:250102C1,NTRF\n:62M:C250102EUR2,\n-\n"
        ":20:A\n:25:1\n:28C:5/2\n:60M:C250102EUR{},\n:61:250102C1,NTRF\n:62F:C250102EUR3,\n-\n"
    )

    def test_pages_are_chained(self) -> None:
        assert codes(mt(self.CHAIN.format(2))) == []
        assert set(codes(mt(self.CHAIN.format(5)))) == {"balance_differs", "statement_gap"}

    def test_a_statement_that_comes_twice_counts_once(self) -> None:
        text = HEADER + ":61:250102C1,NTRF\n:61:250102C1,NTRF\n:62F:C250102EUR2,\n-\n"
        found = mt(text + text)
        assert [one.amount_minor for one in payments(found)] == [100, 100]
        assert codes(found) == ["repeated_statement"]

    def test_a_statement_that_does_not_add_up_is_told(self) -> None:
        found = mt(HEADER + ":61:250102C1,NTRF\n:62F:C250102EUR2,\n")
        assert codes(found) == ["balance_differs"]
        assert [one.is_reconciled for one in found if isinstance(one, StatementEntry)] == [False]

    def test_a_cut_file_is_told(self) -> None:
        assert codes(mt(HEADER + ":61:250102C1,NTRF\n")) == ["truncated"]

    def test_totals_of_a_report_are_checked(self) -> None:
        text = ":20:A\n:25:1\n:34F:EUR0,\n:61:250102C1,NTRF\n:90D:0EUR0,\n:90C:{}EUR{},\n-\n"
        assert codes(mt(text.format(1, 1))) == []
        assert codes(mt(text.format(2, 1))) == ["total_differs"]
        assert payments(mt(text.format(1, 1)))[0].source == "mt942"

    @pytest.mark.parametrize("kind", ["199", "202", "101", "910"])
    def test_other_messages_are_named(self, kind: str) -> None:
        found = mt(f"{{1:F01X}}{{2:O{kind}X}}{{4:\n:20:A\n:21:B\n:25:1\n:32A:250102EUR5,\n:52A:BANKDEFF\n-}}")
        assert codes(found)[0] == ("payment_notice" if kind == "910" else "unsupported_part")
        assert all(one.status is EntryStatus.INFORMATIONAL for one in payments(found))

    def test_a_sent_transfer_is_money_out(self) -> None:
        text = "{1:F01X}{2:I103X}{4:\n:20:A\n:32A:250102EUR5,\n:50K:/1\nOWN\n:59:/2\nOTHER\n:70:RE 1\n-}"
        found = payments(mt(text))[0]
        assert (found.amount_minor, found.payer_name, found.payer_account, found.account) == (
            -500,
            "OTHER",
            "2",
            "1",
        )

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_line_ends_and_encodings(self, end: str, encoding: str) -> None:
        text = (HEADER + ":61:250102C1,NTRF\n:86:Jäger\n:62F:C250102EUR1,\n-\n").replace("\n", end)
        found = mt(text.encode(encoding))
        assert payments(found)[0].remittance == "Jäger"
        assert codes(found) == []

    def test_a_line_without_end_is_refused(self) -> None:
        with pytest.raises(LimitError):
            mt(":20:" + "x" * 200_000, Limits(line_chars=100_000))

    def test_fields_are_bounded(self) -> None:
        found = mt(HEADER + ":61:250102C1,NTRF\n:86:" + "x\n" * 5_000 + ":62F:C250102EUR1,\n")
        assert codes(found) == ["text_too_long"]
        many = mt(HEADER + ":61:250102C1,NTRF\n" + ":86:x\n" * 1_000 + ":62F:C250102EUR1,\n")
        assert set(codes(many)) == {"text_too_long"}
        assert len(payments(many)[0].remittance) < 1_000

    def test_fields_keep_their_lines(self) -> None:
        found = list(split_fields(enumerate([":20:A", ":86:b", "c", "-"], 1)))
        assert [(one.tag, one.lines, one.number) for one in found] == [
            ("20", ["A"], 1), ("86", ["b", "c"], 2), ("-", ["-"], 4),
        ]  # fmt: skip


class TestOfx:
    ROW: ClassVar = (
        "<OFX><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>{}</BANKTRANLIST>"
        "</STMTRS></OFX>"
    )

    def read(self, rows: str) -> list[Entry | Problem]:
        return list(ofx.read(Source.of_bytes(self.ROW.format(rows).encode(), "a.ofx"), DEFAULT))

    def test_entities_of_the_file_are_refused(self) -> None:
        with pytest.raises(HostileFileError):
            self.read("<!DOCTYPE x [<!ENTITY a 'b'>]>")

    def test_a_cdata_section_is_text(self) -> None:
        row = "<STMTTRN><DTPOSTED>20250102<TRNAMT>1<NAME><![CDATA[A <b> & C]]></NAME></STMTTRN>"
        assert payments(self.read(row))[0].payer_name == "A <b> & C"

    def test_rows_without_closing_tags(self) -> None:
        row = "<STMTTRN><DTPOSTED>20250102<TRNAMT>{}<FITID>F{}<BANKACCTTO><ACCTID>2<MEMO>m{}"
        found = payments(self.read("".join(row.format(n, n, n) for n in (1, 2, 3))))
        assert [(one.amount_minor, one.remittance, one.payer_account) for one in found] == [
            (100, "m1", "2"), (200, "m2", "2"), (300, "m3", "2"),
        ]  # fmt: skip

    def test_one_fitid_for_two_payments_identifies_neither_twice(self) -> None:
        row = "<STMTTRN><DTPOSTED>20250102<TRNAMT>{}<FITID>LONGENOUGH</STMTTRN>"
        found = self.read(row.format(1) + row.format(2))
        assert [one.bank_reference for one in payments(found)] == ["LONGENOUGH", ""]

    def test_a_bad_value_date_costs_only_itself(self) -> None:
        found = self.read("<STMTTRN><DTPOSTED>20250102<DTAVAIL>soon<TRNAMT>1</STMTTRN>")
        assert (len(payments(found)), codes(found)) == (1, ["bad_date"])

    def test_pending_rows_are_no_payments(self) -> None:
        found = self.read("<STMTTRNP><DTTRAN>20250102<TRNAMT>1</STMTTRNP>")
        assert payments(found)[0].status is EntryStatus.PENDING


class TestBai2:
    @pytest.mark.parametrize(
        ("code", "sign"), [("100", 1), ("399", 1), ("400", -1), ("699", -1), ("920", 1), ("960", -1)]
    )
    def test_signs(self, code: str, sign: int) -> None:
        assert bai2.sign_of(code) == sign

    @pytest.mark.parametrize("code", ["", "099", "700", "915", "1000", "abc", "١٢٣"])
    def test_codes_without_a_sign(self, code: str) -> None:
        with pytest.raises(bai2.RecordError):
            bai2.sign_of(code)

    def test_a_withdrawn_group_books_nothing(self) -> None:
        text = (
            "01,A,B,250101,0000,1,,,2/\n02,A,B,4,250101,,USD,2/\n03,1,,/\n16,195,100,Z,,,x\n"
            "49,100,3/\n98,100,1,5/\n99,100,1,7/"
        )
        found = list(bai2.read(Source.of_bytes(text.encode(), "a"), DEFAULT))
        assert [one.status for one in payments(found)] == [EntryStatus.INFORMATIONAL]
        assert set(codes(found)) == {"informational"}


class TestQif:
    def test_the_order_of_dates_is_found_or_told(self) -> None:
        assert customs_of(["D13/02/2025"]).order is DateOrder.DAY
        assert customs_of(["D02/13/2025"]).order is DateOrder.MONTH
        assert customs_of(["D01/02/2025", "D02/02/2025", "D03/02/2025", "D01/03/2025"]).order is DateOrder.DAY
        assert customs_of(["D01/02/2025"]).order is DateOrder.UNKNOWN
        assert read_date("05/05/2025", DateOrder.UNKNOWN) == date(2025, 5, 5)
        assert read_date("01/02/2025", DateOrder.UNKNOWN) is None

    def test_without_a_currency_each_payment_is_a_problem(self) -> None:
        source = Source.of_bytes(b"!Type:Bank\nD31/12/2024\nT5,00\n^\n", "a.qif")
        assert codes(qif.read(source, DEFAULT)) == ["missing_currency"]
        assert [one.amount_minor for one in payments(qif.read(source, DEFAULT, Hints(currency="EUR")))] == [
            500
        ]


class TestReports:
    def test_a_report_is_told_from_a_statement(self) -> None:
        report = ":20:A\n:25:1\n:34F:EUR0,\n:61:250102C1,NTRF\n"
        enveloped = "{1:F01X}{2:O942X}{4:\n:20:A\n"
        for text, is_report in ((report, True), (enveloped, True), (HEADER, False), ("!Type:Bank\n", False)):
            source = Source.of_bytes(text.encode(), "a")
            assert mt940.detect_report(source.head(), source) is is_report
