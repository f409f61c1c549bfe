"""UN/CEFACT Cross Industry Invoice: Factur-X and ZUGFeRD of every profile, XRechnung, and ZUGFeRD 1.0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from features.ingest.einvoice import Draft, Party, Totals, day, entries
from features.ingest.einvoice_xml import amount_in, node_of, told, tree
from features.ingest.entry import Entry
from features.ingest.limits import Limits
from features.ingest.payment_terms import Discount, Instalment, days_of, due_in_text, in_text, percent_text
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.source import Source
from features.ingest.xml_root import root_of
from features.ingest.xml_stream import Node, local_name

_FIRST_VERSION: Final = "CrossIndustryDocument"
_INVOICES: Final = frozenset({"CrossIndustryInvoice", _FIRST_VERSION})
_OTHERS: Final = {
    "SCRDMCCBDACIOMessageStructure": "an order (Order-X)",
    "CrossDomainAcknowledgementAndResponse": "an answer to an invoice",
    "CrossIndustryDespatchAdvice": "a despatch advice",
    "FatturaElettronica": "an Italian FatturaPA",
    "Finvoice": "a Finnish Finvoice",
    "Facturae": "a Spanish Facturae",
    "OIOUBL": "a Danish OIOXML",
}


def detect(head: bytes, source: Source) -> bool:
    """Say whether the file is a CII document, or a kin of it that is refused by name."""
    root = root_of(head, source)
    return root is not None and (root.name in _INVOICES or root.name in _OTHERS)


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the invoice, its customer and accounts."""
    root = tree(source, limits)
    name = local_name(root.tag)
    if name not in _INVOICES:
        raise UnsupportedFormatError(f"{source.name} is {_OTHERS.get(name, name)}, which is not read.")
    draft = Draft(source.at(name, told(root)))
    node = node_of(root, limits)
    _fill(draft, node) if name != _FIRST_VERSION else _fill_first_version(draft, node)
    yield from entries(draft)


def _fill(draft: Draft, node: Node) -> None:
    trade = node.first("SupplyChainTradeTransaction") or Node("", {})
    settlement = trade.first("ApplicableHeaderTradeSettlement") or Node("", {})
    header = node.first("ExchangedDocument") or Node("", {})
    draft.is_test = node.at("ExchangedDocumentContext", "TestIndicator", "Indicator").lower() == "true"
    _take_header(draft, header, trade.first("ApplicableHeaderTradeAgreement") or Node("", {}), settlement)
    sums = settlement.first("SpecifiedTradeSettlementHeaderMonetarySummation") or Node("", {})
    lines = [
        line.at(
            "SpecifiedLineTradeSettlement", "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount"
        )
        for line in trade.all("IncludedSupplyChainTradeLineItem")
        if _counts(line)
    ]
    _take_totals(draft, settlement, sums, lines)


def _fill_first_version(draft: Draft, node: Node) -> None:
    trade = node.first("SpecifiedSupplyChainTradeTransaction") or Node("", {})
    settlement = trade.first("ApplicableSupplyChainTradeSettlement") or Node("", {})
    header = node.first("HeaderExchangedDocument") or Node("", {})
    draft.is_test = (
        node.at("SpecifiedExchangedDocumentContext", "TestIndicator", "Indicator").lower() == "true"
    )
    _take_header(
        draft, header, trade.first("ApplicableSupplyChainTradeAgreement") or Node("", {}), settlement
    )
    sums = settlement.first("SpecifiedTradeSettlementMonetarySummation") or Node("", {})
    # Lines of the first version are for people (profile BASIC leaves their amounts out): not summed.
    _take_totals(draft, settlement, sums, [])


def _counts(line: Node) -> bool:
    """Say whether a line is part of the total: a group and a note are not."""
    reason = line.at("AssociatedDocumentLineDocument", "LineStatusReasonCode").upper()
    return reason not in {"GROUP", "INFORMATION"}


def _take_header(draft: Draft, header: Node, agreement: Node, settlement: Node) -> None:
    draft.number = header.at("ID")
    draft.type_code = header.at("TypeCode")
    draft.issue_date = _date(header.first("IssueDateTime"))
    draft.currency = settlement.at("InvoiceCurrencyCode")
    draft.purchase_order = agreement.at("BuyerOrderReferencedDocument", "IssuerAssignedID") or agreement.at(
        "BuyerOrderReferencedDocument", "ID"
    )
    draft.buyer_reference = agreement.at("BuyerReference")
    preceding = [one.at("IssuerAssignedID") for one in settlement.all("InvoiceReferencedDocument")]
    draft.preceding = [number for number in preceding if number]
    draft.seller = _party(agreement.first("SellerTradeParty"))
    draft.buyer = _party(agreement.first("BuyerTradeParty"))
    if (payee := settlement.first("PayeeTradeParty")) is not None:
        draft.payee = _party(payee)
    draft.payment_references = [one.text for one in settlement.all("PaymentReference") if one.text]
    for means in settlement.all("SpecifiedTradeSettlementPaymentMeans"):
        creditor = means.first("PayeePartyCreditorFinancialAccount")
        if creditor is not None and (account := creditor.at("IBANID") or creditor.at("ProprietaryID")):
            draft.own_accounts.append(account)
        debtor = means.first("PayerPartyDebtorFinancialAccount")
        if debtor is not None and (account := debtor.at("IBANID") or debtor.at("ProprietaryID")):
            draft.buyer_accounts.append(account)
    for terms in settlement.all("SpecifiedTradePaymentTerms"):
        _take_terms(draft, terms)


def _party(node: Node | None) -> Party:
    party = Party()
    if node is None:
        return party
    party.ids = [one.text for one in node.all("ID") if one.text]
    party.global_ids = [one.text for one in node.all("GlobalID") if one.text]
    for registration in node.all("SpecifiedTaxRegistration"):
        number = registration.first("ID")
        if number is not None and number.attributes.get("schemeID", "") in {"VA", "VAT", ""}:
            party.vat = party.vat or number.text
        elif number is not None:
            party.tax_number = party.tax_number or number.text
    party.company_id = node.at("SpecifiedLegalOrganization", "ID")
    party.name = node.at("Name") or node.at("DefinedTradeContact", "PersonName")
    party.trading_name = node.at("SpecifiedLegalOrganization", "TradingBusinessName")
    party.country = node.at("PostalTradeAddress", "CountryID")
    return party


def _take_terms(draft: Draft, terms: Node) -> None:
    text = "\n".join(one.text for one in terms.all("Description"))
    due = day(_date(terms.first("DueDateDateTime")))
    partial = terms.at("PartialPaymentAmount")
    structured = _discount(terms)
    if structured is not None:
        draft.discounts.append(structured)
    else:
        draft.discounts.extend(in_text(text))
    if due is not None and partial and structured is None:
        draft.instalments.append(Instalment(due, partial))
    elif due is not None and structured is None:
        draft.due_date = draft.due_date or due.isoformat()
    elif due is not None:
        # Beside a discount, the date may be that of the discount: the latest of all is the due date.
        draft.due_date = max(draft.due_date, due.isoformat())
    draft.due_date = draft.due_date or due_in_text(text)


def _discount(terms: Node) -> Discount | None:
    discount = terms.first("ApplicableTradePaymentDiscountTerms")
    if discount is None:
        return None
    percent = percent_text(discount.at("CalculationPercent"))
    measure = discount.first("BasisPeriodMeasure")
    days = None if measure is None else days_of(measure.text, measure.attributes.get("unitCode", ""))
    since = day(_date(discount.first("BasisDateTime")))
    if not percent or (days is None and since is None):
        return None
    # A base date without a period is the last day itself.
    return Discount(
        percent,
        until=since if days is None else None,
        days=days,
        since=since,
        base=discount.at("BasisAmount"),
    )


def _take_totals(draft: Draft, settlement: Node, sums: Node, lines: list[str]) -> None:
    currency = draft.currency
    if (payable := sums.first("DuePayableAmount")) is not None:
        draft.payable_currency = payable.attributes.get("currencyID", "")
    taxes = [one for one in settlement.all("ApplicableTradeTax") if one.at("TypeCode") in {"VAT", ""}]
    draft.totals = Totals(
        lines=lines,
        line_total=amount_in(sums, "LineTotalAmount", currency),
        allowances=amount_in(sums, "AllowanceTotalAmount", currency),
        charges=amount_in(sums, "ChargeTotalAmount", currency),
        tax_exclusive=amount_in(sums, "TaxBasisTotalAmount", currency),
        taxes=[amount_in(one, "CalculatedAmount", currency) for one in taxes],
        tax_total=amount_in(sums, "TaxTotalAmount", currency),
        tax_inclusive=amount_in(sums, "GrandTotalAmount", currency),
        prepaid=amount_in(sums, "TotalPrepaidAmount", currency),
        rounding=amount_in(sums, "RoundingAmount", currency),
        payable=sums.at("DuePayableAmount"),
    )


def _date(node: Node | None) -> str:
    """Give the text of a date, whatever it is wrapped in."""
    if node is None:
        return ""
    return node.at("DateTimeString") or node.at("DateTime") or node.at("Date") or node.text
