"""What camt says and means: who paid, what was instructed, what is owed, and how banks write it."""

from __future__ import annotations

import pytest

from features.ingest.detect import find_format
from features.ingest.entry import Entry, PaymentEntry, RemittanceEntry
from features.ingest.limits import DEFAULT
from features.ingest.problems import Problem
from features.ingest.source import Source
from tests.camt_files import Line, camt, plain

OWN = "DE89370400440532013000"
OTHER = "NL86INGB0006666666"


def read(data: bytes) -> list[Entry | Problem]:
    source = Source.of_bytes(data, "f")
    return list(find_format(source, DEFAULT).open(source, DEFAULT))


def payments(data: bytes) -> list[PaymentEntry]:
    return [one for one in read(data) if isinstance(one, PaymentEntry)]


def with_details(details: str, sign: str = "CRDT", more: str = "", kind: str = "053") -> bytes:
    data = camt([Line("100.00", sign, more=more)], kind).decode()
    return data.replace("<NtryDtls></NtryDtls>", f"<NtryDtls><TxDtls>{details}</TxDtls></NtryDtls>").encode()


def parties(debtor: str, creditor: str, debtor_account: str = "", creditor_account: str = "") -> str:
    def account(role: str, number: str) -> str:
        return f"<{role}Acct><Id><IBAN>{number}</IBAN></Id></{role}Acct>" if number else ""

    def party(role: str, name: str) -> str:
        return f"<{role}><Nm>{name}</Nm></{role}>" if name else ""

    return (
        f"<RltdPties>{party('Dbtr', debtor)}{account('Dbtr', debtor_account)}"
        f"{party('Cdtr', creditor)}{account('Cdtr', creditor_account)}</RltdPties>"
    )


RETURNED = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


@pytest.mark.parametrize(
    ("sign", "details", "name", "account"),
    [
        ("CRDT", parties("PAYER", "Our Company", OTHER, OWN), "PAYER", OTHER),
        ("DBIT", parties("Our Company", "SUPPLIER", OWN, OTHER), "SUPPLIER", OTHER),
        # A return of money that came in keeps the roles: the debtor is still the one who paid.
        ("DBIT", parties("PAYER", "Our Company", OTHER, OWN) + RETURNED, "PAYER", OTHER),
        ("DBIT", parties("PAYER", "Our Company") + RETURNED, "PAYER", ""),
        # Some banks turn the roles round; the own account gives it away.
        ("DBIT", parties("Our Company", "PAYER", OWN, OTHER) + RETURNED, "PAYER", OTHER),
        ("CRDT", parties("Our Company", "SUPPLIER", OWN, OTHER) + RETURNED, "SUPPLIER", OTHER),
        ("CRDT", parties("", "Our Company", "", OWN), "", ""),
        ("CRDT", parties("", "", OTHER), "", OTHER),
    ],
)
def test_the_counterparty_is_never_ourselves(sign: str, details: str, name: str, account: str) -> None:
    (payment,) = payments(with_details(details, sign))
    assert (payment.payer_name, payment.payer_account) == (name, account)


def test_a_return_says_why_and_what_it_refers_to() -> None:
    details = f"<Refs><EndToEndId>E-1</EndToEndId></Refs>{parties('PAYER', '')}"
    reason = "<RtrInf><Rsn><Cd>MD06</Cd></Rsn><AddtlInf>refused</AddtlInf></RtrInf>"
    (payment,) = payments(with_details(details + reason, "DBIT", "<RvslInd>true</RvslInd>"))
    assert (payment.kind, payment.is_reversal, payment.return_reason) == ("return", True, "MD06 refused")
    assert (payment.amount_minor, payment.related_reference) == (-10_000, "E-1")
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd>"
    (payment,) = payments(with_details(code, "DBIT"))
    assert (payment.kind, payment.transaction_code) == ("return", "PMNT-IDDT-UPDD")


def test_instructed_amount_rate_and_charges_stand_beside_the_booked_amount() -> None:
    details = (
        '<AmtDtls><InstdAmt><Amt Ccy="USD">110.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">105.00</Amt><CcyXchg>'
        "<SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy><XchgRate>1.047619</XchgRate></CcyXchg></TxAmt></AmtDtls>"
        '<Chrgs><Rcrd><Amt Ccy="EUR">6.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        "<ChrgInclInd>true</ChrgInclInd></Rcrd>"
        '<Rcrd><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd>'
        '<Rcrd><Amt Ccy="EUR">9.00</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>'
    )
    (payment,) = payments(with_details(details))
    assert (payment.amount_minor, payment.currency) == (10_000, "EUR")
    assert (payment.original_amount_minor, payment.original_currency) == (11_000, "USD")
    assert (payment.exchange_rate, payment.charges_minor) == ("1.047619", 500)


def test_an_optional_value_that_cannot_be_read_does_not_cost_the_payment() -> None:
    found = read(with_details('<AmtDtls><InstdAmt><Amt Ccy="USD">1x</Amt></InstdAmt></AmtDtls>'))
    assert [one.amount_minor for one in found if isinstance(one, PaymentEntry)] == [10_000]
    assert [(one.code, one.position) for one in found if isinstance(one, Problem)] == [
        ("bad_amount", "Stmt[1]/Ntry[1]")
    ]


def test_referred_documents_become_remittance_lines_with_their_amounts() -> None:
    def document(number: str, amounts: str, kind: str = "CINV") -> str:
        return (
            f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Nb>{number}</Nb></RfrdDocInf>"
            f"<RfrdDocAmt>{amounts}</RfrdDocAmt></Strd>"
        )

    details = (
        "<RmtInf>"
        + document("INV-1", '<DscntApldAmt Ccy="EUR">2.00</DscntApldAmt><RmtdAmt Ccy="EUR">98.00</RmtdAmt>')
        + document("CN-9", '<CdtNoteAmt Ccy="EUR">8.00</CdtNoteAmt>', "CREN")
        + document("INV-2", '<DuePyblAmt Ccy="EUR">10.00</DuePyblAmt>')
        + "</RmtInf>"
    )
    lines = [one for one in read(with_details(details)) if isinstance(one, RemittanceEntry)]
    assert [(one.reference, one.amount_minor, one.deduction_minor) for one in lines] == [
        ("INV-1", 9_800, 200),
        ("CN-9", -800, None),
        ("INV-2", 1_000, None),
    ]
    assert {one.payment_position for one in lines} == {"Stmt[1]/Ntry[1]"}


def test_references_of_swiss_slips_are_kept_and_their_machine_words_dropped() -> None:
    details = (
        "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Prtry>QRR</Prtry></CdOrPrtry></Tp>"
        "<Ref>210000000003139471430009017</Ref></CdtrRefInf><AddtlRmtInf>?REJECT?0</AddtlRmtInf>"
        "<AddtlRmtInf>?ERROR?000</AddtlRmtInf><AddtlRmtInf>Rechnung 7</AddtlRmtInf></Strd></RmtInf>"
    )
    (payment,) = payments(with_details(details, kind="054"))
    assert (payment.structured_reference, payment.remittance) == ("210000000003139471430009017", "Rechnung 7")


def test_words_that_stand_for_nothing_are_nothing() -> None:
    details = (
        "<Refs><AcctSvcrRef>0000000</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        "<RmtInf><Ustrd>NOTPROVIDED</Ustrd></RmtInf>"
    )
    (payment,) = payments(with_details(details))
    assert (payment.bank_reference, payment.end_to_end_id, payment.remittance) == ("", "", "")


def test_prefixes_envelopes_and_missing_namespaces_make_no_difference() -> None:
    text = camt([plain("1.00")]).decode()
    declaration, _, document = text.partition("\n")
    bare = document.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"', "")
    prefixed = (
        bare.replace("<", "<n:")
        .replace("<n:/", "</n:")
        .replace("<n:Document", '<n:Document xmlns:n="urn:x"', 1)
    )
    envelope = f'<e:DataPDU xmlns:e="urn:swift:saa"><e:Body><AppHdr/>{document}</e:Body></e:DataPDU>'
    for other in (bare, prefixed, envelope, f"\n  {text}"):
        (payment,) = payments(
            (other if other.lstrip().startswith("<?") else f"{declaration}\n{other}").encode()
        )
        assert (payment.payer_name, payment.amount_minor, payment.account) == ("ACME GMBH", 100, OWN)


def test_comments_inside_an_entry_do_not_tear_its_texts() -> None:
    data = camt([plain("1.00", text="INV-1 part")]).replace(
        b"INV-1 part", b"INV-<!-- x -->1 &amp; <![CDATA[<2>]]>"
    )
    (payment,) = payments(data)
    assert payment.remittance == "INV-1 & <2>"
    data = camt([plain("1.00", text="A & B < C")])
    assert payments(data)[0].remittance == "A & B < C"


def test_dates_are_those_of_the_bank_and_instants_are_utc() -> None:
    data = camt([plain("1.00")]).replace(
        b"<BookgDt><Dt>2025-03-03</Dt>", b"<BookgDt><DtTm>2025-03-03T00:30:00+02:00</DtTm>"
    )
    (payment,) = payments(data)
    assert str(payment.booking_date) == "2025-03-03"
    assert str(payment.received_at) == "2025-03-02 22:30:00+00:00"
    for wrong in (b"2025-02-30", b"03.03.2025", b"0001-01-01"):
        found = read(camt([plain("1.00")]).replace(b"<BookgDt><Dt>2025-03-03", b"<BookgDt><Dt>" + wrong))
        assert [one.code for one in found if isinstance(one, Problem)] == ["bad_date"]


def test_what_cannot_be_a_payment_is_named_with_its_place() -> None:
    lines = [
        plain("1,00"),
        plain("1.001"),
        plain("9" * 20),
        Line("1.00", "CREDIT"),
        plain("1.00", status="HUH"),
    ]
    found = read(camt(lines))
    assert [(one.code, one.field) for one in found if isinstance(one, Problem)] == [
        ("bad_amount", "Amt"),
        ("too_many_decimals", "Amt"),
        ("amount_out_of_range", "Amt"),
        ("bad_sign", "CdtDbtInd"),
        ("bad_status", "Sts"),
    ]
