"""What electronic invoices may say beyond the samples: credit notes, terms, instalments, wrong totals."""

from __future__ import annotations

from datetime import date

import pytest

from features.ingest import cii, ubl
from features.ingest.entry import (
    CustomerAccountEntry,
    CustomerEntry,
    Entry,
    InstalmentEntry,
    InvoiceEntry,
    OwnAccountEntry,
)
from features.ingest.limits import DEFAULT
from features.ingest.payment_terms import Discount, best, due_in_text, in_text
from features.ingest.problems import HostileFileError, Problem, UnsupportedFormatError
from features.ingest.source import Source

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
SPACES = f'xmlns:cac="{UBL}:CommonAggregateComponents-2" xmlns:cbc="{UBL}:CommonBasicComponents-2"'
BUYER = """<cac:AccountingCustomerParty><cac:Party>
  <cac:PartyIdentification><cbc:ID>C-1</cbc:ID></cac:PartyIdentification>
  <cac:PartyLegalEntity><cbc:RegistrationName>Acme GmbH</cbc:RegistrationName></cac:PartyLegalEntity>
</cac:Party></cac:AccountingCustomerParty>"""
SUMS = """<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
  <cbc:TaxInclusiveAmount currencyID="EUR">119.00</cbc:TaxInclusiveAmount>
  <cbc:PayableAmount currencyID="EUR">119.00</cbc:PayableAmount></cac:LegalMonetaryTotal>"""
TAX = '<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">19.00</cbc:TaxAmount></cac:TaxTotal>'


def ubl_document(
    body: str = "", *, root: str = "Invoice", sums: str = SUMS, code: str = "380", buyer: str = BUYER
) -> bytes:
    """Write a small UBL document."""
    return f"""<{root} xmlns="{UBL}:{root}-2" {SPACES}><cbc:CustomizationID>x</cbc:CustomizationID>
    <cbc:ID>INV-1</cbc:ID><cbc:IssueDate>2025-03-01</cbc:IssueDate><cbc:{root}TypeCode>{code}</cbc:{root}TypeCode>
    <cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{buyer}{body}{TAX}{sums}</{root}>""".encode()


def read_ubl(data: bytes) -> list[Entry | Problem]:
    source = Source.of_bytes(data, "invoice.xml")
    assert ubl.detect(source.head(), source)
    return list(ubl.read(source, DEFAULT))


def only(entries: list[Entry | Problem]) -> InvoiceEntry:
    found = [one for one in entries if isinstance(one, InvoiceEntry)]
    assert len(found) == 1
    return found[0]


def codes(entries: list[Entry | Problem]) -> list[str]:
    return [one.code for one in entries if isinstance(one, Problem)]


def sums(payable: str, inclusive: str, prepaid: str = "", rounding: str = "") -> str:
    """Write totals without their tax part."""
    parts = [
        ("TaxInclusiveAmount", inclusive),
        ("PrepaidAmount", prepaid),
        ("PayableRoundingAmount", rounding),
    ]
    told = "".join(f'<cbc:{name} currencyID="EUR">{text}</cbc:{name}>' for name, text in parts if text)
    return (
        f'<cac:LegalMonetaryTotal>{told}<cbc:PayableAmount currencyID="EUR">{payable}</cbc:PayableAmount>'
        "</cac:LegalMonetaryTotal>"
    )


def test_a_credit_note_is_a_credit_memo_of_positive_amount() -> None:
    told = only(read_ubl(ubl_document(root="CreditNote", code="381")))
    assert (told.type, told.amount_minor) == ("credit_memo", 11900)


def test_an_invoice_of_type_381_and_a_negative_invoice_are_credit_memos() -> None:
    assert only(read_ubl(ubl_document(code="381"))).type == "credit_memo"
    told = only(read_ubl(ubl_document(sums=sums("-50.00", "-50.00"))))
    assert (told.type, told.amount_minor, told.open_amount_minor) == ("credit_memo", 5000, None)


def test_a_negative_credit_note_may_mean_either_and_is_set_aside() -> None:
    entries = read_ubl(ubl_document(root="CreditNote", code="381", sums=sums("-50.00", "-50.00")))
    assert codes(entries) == ["bad_sign"]
    assert not any(isinstance(one, InvoiceEntry) for one in entries)


@pytest.mark.parametrize(
    ("payable", "inclusive", "prepaid", "rounding", "amount", "still_open"),
    [
        ("119.00", "119.00", "", "", 11900, None),
        ("69.00", "119.00", "50.00", "", 11900, 6900),
        ("0.00", "119.00", "119.00", "", 11900, 0),
        ("119.05", "119.00", "", "0.05", 11905, None),
        ("169.00", "119.00", "-50.00", "", 16900, None),
    ],
)
def test_what_is_owed_and_what_is_open(
    payable: str, inclusive: str, prepaid: str, rounding: str, amount: int, still_open: int | None
) -> None:
    entries = read_ubl(ubl_document(sums=sums(payable, inclusive, prepaid, rounding)))
    told = only(entries)
    assert (told.amount_minor, told.open_amount_minor) == (amount, still_open)
    assert codes(entries) == []


def test_a_total_that_differs_is_a_problem_and_the_invoice_is_kept() -> None:
    entries = read_ubl(ubl_document(sums=SUMS.replace("119.00</cbc:Payable", "118.00</cbc:Payable")))
    assert codes(entries) == ["total_differs"]
    assert only(entries).amount_minor == 11800


def test_an_invoice_for_nothing_a_pro_forma_and_a_test_are_told_only() -> None:
    assert codes(read_ubl(ubl_document(sums=sums("0.00", "0.00")))) == ["informational"]
    assert codes(read_ubl(ubl_document(code="325"))) == ["informational"]


def test_what_is_missing_is_named() -> None:
    assert codes(read_ubl(ubl_document(buyer=""))) == ["missing_value"]
    assert codes(read_ubl(ubl_document().replace(b"2025-03-01", b"2025-02-30"))) == ["bad_date"]
    assert codes(read_ubl(ubl_document().replace(b">EUR<", b">EUX<"))) == ["unknown_currency"]
    assert codes(read_ubl(ubl_document(code="999"))) == ["unknown_type"]
    assert codes(read_ubl(ubl_document(sums=sums("1.234", "1.234")))) == ["too_many_decimals"]
    assert codes(
        read_ubl(ubl_document(sums=SUMS.replace('"EUR">119.00</cbc:Pay', '"USD">119.00</cbc:Pay')))
    ) == ["currency_differs"]


def test_the_discounts_of_xrechnung() -> None:
    body = "<cac:PaymentTerms><cbc:Note>#SKONTO#TAGE=14#PROZENT=2.25#BASISBETRAG=100.00#\n"
    body += "#SKONTO#TAGE=7#PROZENT=3.00#\n#VERZUG#TAGE=30#PROZENT=9.00#\n</cbc:Note></cac:PaymentTerms>"
    entries = read_ubl(ubl_document(body))
    told = only(entries)
    assert (told.discount_percent, told.discount_date, told.discount_base_minor) == (
        "3",
        date(2025, 3, 8),
        None,
    )
    assert codes(entries) == ["informational"]  # the smaller one


def test_a_structured_discount_of_ubl() -> None:
    body = """<cac:PaymentTerms><cbc:SettlementDiscountPercent>2.00</cbc:SettlementDiscountPercent>
      <cac:SettlementPeriod><cbc:EndDate>2025-03-11</cbc:EndDate></cac:SettlementPeriod></cac:PaymentTerms>"""
    told = only(read_ubl(ubl_document(body)))
    assert (told.discount_percent, told.discount_date) == ("2", date(2025, 3, 11))


def test_instalments_that_add_up() -> None:
    day = "<cbc:InstallmentDueDate>{}</cbc:InstallmentDueDate>"
    part = "<cac:PaymentTerms><cbc:Amount>{}</cbc:Amount>" + day + "</cac:PaymentTerms>"
    body = part.format("60.00", "2025-04-01") + part.format("59.00", "2025-05-01")
    entries = read_ubl(ubl_document(body))
    parts = [(one.due_date, one.amount_minor) for one in entries if isinstance(one, InstalmentEntry)]
    assert parts == [(date(2025, 4, 1), 6000), (date(2025, 5, 1), 5900)]
    assert only(entries).due_date == date(2025, 5, 1)
    wrong = read_ubl(ubl_document(body.replace("59.00", "58.00")))
    assert codes(wrong) == ["total_differs"]


def test_means_of_payment_and_the_account_of_a_factor() -> None:
    means = """<cac:PaymentMeans><cbc:PaymentMeansCode>59</cbc:PaymentMeansCode>
      <cbc:PaymentID>RF18 5390 0754 7034</cbc:PaymentID>
      <cac:PayeeFinancialAccount><cbc:ID>de02 1203 0000 0000 2020 51</cbc:ID></cac:PayeeFinancialAccount>
      <cac:PaymentMandate><cac:PayerFinancialAccount><cbc:ID>FR76 1</cbc:ID></cac:PayerFinancialAccount>
      </cac:PaymentMandate>
      </cac:PaymentMeans>"""
    entries = read_ubl(ubl_document(means))
    assert only(entries).payment_reference == "RF18 5390 0754 7034"
    assert [one.account for one in entries if isinstance(one, OwnAccountEntry)] == ["DE02120300000000202051"]
    assert [one.account for one in entries if isinstance(one, CustomerAccountEntry)] == ["FR761"]
    factor = "<cac:PayeeParty><cac:PartyName><cbc:Name>Factor Ltd</cbc:Name></cac:PartyName></cac:PayeeParty>"
    assert not any(isinstance(one, OwnAccountEntry) for one in read_ubl(ubl_document(factor + means)))


def test_the_id_of_a_customer_by_precedence() -> None:
    party = "<cac:AccountingCustomerParty><cac:Party>{}</cac:Party></cac:AccountingCustomerParty>"
    number = '<cac:PartyIdentification><cbc:ID schemeID="0088">730</cbc:ID></cac:PartyIdentification>'
    scheme = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
    vat = f"<cac:PartyTaxScheme><cbc:CompanyID>DE1</cbc:CompanyID>{scheme}</cac:PartyTaxScheme>"
    name = "<cbc:RegistrationName>Acme  GmbH</cbc:RegistrationName>"
    company = "<cac:PartyLegalEntity>" + name + "{}</cac:PartyLegalEntity>"
    register = company.format("<cbc:CompanyID>HRB 1</cbc:CompanyID>")
    for held, expected in (
        (number + vat + register, "730"),
        (vat + register, "DE1"),
        (register, "HRB 1"),
        (company.format(""), "Acme GmbH"),
    ):
        entries = read_ubl(ubl_document(buyer=party.format(held)))
        assert only(entries).customer_id == expected
        assert [one.customer_id for one in entries if isinstance(one, CustomerEntry)] == [expected]


def test_an_envelope_and_other_documents_of_ubl() -> None:
    header = b'<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
    entries = read_ubl(header + ubl_document() + b"</StandardBusinessDocument>")
    assert only(entries).invoice_id == "INV-1"
    with pytest.raises(UnsupportedFormatError, match="Order"):
        read_ubl(ubl_document(root="Order"))


def test_a_large_attachment_does_not_cost_the_invoice() -> None:
    data = "QUJD" * 400_000
    body = f"""<cac:AdditionalDocumentReference><cbc:ID>A</cbc:ID><cac:Attachment>
      <cbc:EmbeddedDocumentBinaryObject>{data}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>
      </cac:AdditionalDocumentReference>"""
    assert only(read_ubl(ubl_document(body))).amount_minor == 11900


def test_a_document_type_is_refused() -> None:
    source = Source.of_bytes(b'<!DOCTYPE x [<!ENTITY a "b">]>' + ubl_document(), "invoice.xml")
    with pytest.raises(HostileFileError):
        list(ubl.read(source, DEFAULT))


CII = """<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>R-9</ram:ID><ram:TypeCode>{code}</ram:TypeCode>
 <ram:IssueDateTime><udt:DateTimeString format="102">20250301</udt:DateTimeString></ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
 <ram:SellerTradeParty><ram:Name>Seller</ram:Name></ram:SellerTradeParty>
 <ram:BuyerTradeParty><ram:ID>K1</ram:ID><ram:Name>Acme GmbH</ram:Name></ram:BuyerTradeParty>
</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>
 <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>{terms}
 <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  <ram:TaxTotalAmount currencyID="CHF">17.80</ram:TaxTotalAmount>
  <ram:TaxTotalAmount currencyID="EUR">19.00</ram:TaxTotalAmount>
  <ram:GrandTotalAmount>119.00</ram:GrandTotalAmount><ram:DuePayableAmount>119.00</ram:DuePayableAmount>
 </ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""


def read_cii(terms: str = "", code: str = "380") -> list[Entry | Problem]:
    source = Source.of_bytes(CII.format(terms=terms, code=code).encode(), "cii.xml")
    assert cii.detect(source.head(), source)
    return list(cii.read(source, DEFAULT))


def test_the_tax_of_cii_is_that_in_the_currency_of_the_invoice() -> None:
    assert only(read_cii()).tax_amount_minor == 1900
    assert only(read_cii(code="381")).type == "credit_memo"
    assert only(read_cii(code="383")).type == "debit_note"


def test_a_structured_discount_of_cii() -> None:
    terms = """<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>
      <udt:DateTimeString format="102">20250331</udt:DateTimeString>
      </ram:DueDateDateTime><ram:ApplicableTradePaymentDiscountTerms>
      <ram:BasisDateTime><udt:DateTimeString format="102">20250305</udt:DateTimeString></ram:BasisDateTime>
      <ram:BasisPeriodMeasure unitCode="DAY">10</ram:BasisPeriodMeasure>
      <ram:BasisAmount>119.00</ram:BasisAmount>
      <ram:CalculationPercent>2.500</ram:CalculationPercent></ram:ApplicableTradePaymentDiscountTerms>
      </ram:SpecifiedTradePaymentTerms>"""
    told = only(read_cii(terms))
    assert (told.discount_percent, told.discount_date, told.discount_base_minor) == (
        "2.5",
        date(2025, 3, 15),
        11900,
    )
    assert told.due_date == date(2025, 3, 31)


def test_the_first_version_of_zugferd() -> None:
    data = """<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0" xmlns:ram="r"
     xmlns:udt="u">
    <rsm:HeaderExchangedDocument><ram:ID>471102</ram:ID><ram:TypeCode>380</ram:TypeCode>
     <ram:IssueDateTime><udt:DateTimeString format="102">20130305</udt:DateTimeString></ram:IssueDateTime>
    </rsm:HeaderExchangedDocument><rsm:SpecifiedSupplyChainTradeTransaction>
    <ram:ApplicableSupplyChainTradeAgreement>
     <ram:BuyerTradeParty><ram:Name>Kunden AG</ram:Name></ram:BuyerTradeParty>
    </ram:ApplicableSupplyChainTradeAgreement><ram:ApplicableSupplyChainTradeSettlement>
    <ram:PaymentReference>2013-471102</ram:PaymentReference><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
    <ram:SpecifiedTradeSettlementPaymentMeans><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>DE02</ram:IBANID>
    </ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>
    <ram:SpecifiedTradeSettlementMonetarySummation>
     <ram:GrandTotalAmount currencyID="EUR">529.87</ram:GrandTotalAmount>
    </ram:SpecifiedTradeSettlementMonetarySummation></ram:ApplicableSupplyChainTradeSettlement>
    </rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>"""
    source = Source.of_bytes(data.encode(), "ZUGFeRD-invoice.xml")
    assert cii.detect(source.head(), source)
    told = only(list(cii.read(source, DEFAULT)))
    assert (told.invoice_id, told.amount_minor, told.payment_reference) == ("471102", 52987, "2013-471102")


@pytest.mark.parametrize("root", ["SCRDMCCBDACIOMessageStructure", "FatturaElettronica", "Finvoice"])
def test_kin_of_cii_are_refused_by_name(root: str) -> None:
    source = Source.of_bytes(f"<x:{root} xmlns:x='urn:x'><a/></x:{root}>".encode(), "x.xml")
    assert cii.detect(source.head(), source)
    with pytest.raises(UnsupportedFormatError):
        list(cii.read(source, DEFAULT))


def test_sentences_of_terms() -> None:
    text = "Zahlbar innerhalb 30 Tagen netto bis 04.04.2018, 3% Skonto innerhalb 10 Tagen bis 15.03.2018"
    assert list(in_text(text)) == [Discount("3", until=date(2018, 3, 15))]
    assert due_in_text(text) == "2018-04-04"
    assert list(in_text("2,5 % Skonto innerhalb von 8 Tagen, 30 Tage netto")) == [Discount("2.5", days=8)]
    assert list(in_text("Payment within 10 days, 2% discount")) == [Discount("2", days=10)]
    assert list(in_text("Bei Zahlung innerhalb 14 Tagen gewähren wir 2,0% Skonto.")) == [
        Discount("2", days=14)
    ]
    assert list(in_text("innerhalb 30 Tagen netto, 3% Skonto")) == []
    assert list(in_text("Kein Skonto. 19% USt innerhalb 10 Tagen")) == []
    assert best([], date(2018, 1, 1)) == (None, [])
