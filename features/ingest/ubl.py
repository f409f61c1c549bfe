"""UBL 2.x invoices and credit notes: EN 16931, Peppol BIS Billing 3, XRechnung and other profiles."""

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
from features.ingest.xml_stream import Node, XmlElement, local_name

_NAMESPACE: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_DOCUMENTS: Final = frozenset({"Invoice", "CreditNote"})
_CARD_TYPES: Final = frozenset({"01", "04", "15", "71", "73", "75"})
_ENVELOPE: Final = "StandardBusinessDocument"


def detect(head: bytes, source: Source) -> bool:
    """Say whether the file is a document of UBL, in an envelope or not; `read` refuses any but an invoice."""
    root = root_of(head, source)
    if root is None:
        return False
    if root.name == _ENVELOPE:
        return _NAMESPACE in root.text
    return _NAMESPACE in root.attributes or (root.name in _DOCUMENTS and "CustomizationID" in root.text)


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the invoice, its customer and accounts."""
    root = tree(source, limits)
    documents = _documents(root)
    if not documents:
        raise UnsupportedFormatError(
            f"{source.name} is a {local_name(root.tag)} of UBL, not an invoice or a credit note."
        )
    for number, element in enumerate(documents, 1):
        name = local_name(element.tag)
        position = name if len(documents) == 1 else f"{name}[{number}]"
        draft = Draft(source.at(position, told(element)))
        _fill(draft, node_of(element, limits), is_credit_note=name == "CreditNote")
        yield from entries(draft)


def _documents(root: XmlElement) -> list[XmlElement]:
    if local_name(root.tag) in _DOCUMENTS:
        return [root]
    if local_name(root.tag) != _ENVELOPE:
        return []
    return [one for one in root if isinstance(one.tag, str) and local_name(one.tag) in _DOCUMENTS]


def _fill(draft: Draft, node: Node, *, is_credit_note: bool) -> None:
    draft.number = node.at("ID")
    draft.is_credit_note = is_credit_note
    draft.type_code = node.at("CreditNoteTypeCode" if is_credit_note else "InvoiceTypeCode")
    draft.currency = node.at("DocumentCurrencyCode")
    draft.issue_date = node.at("IssueDate")
    draft.purchase_order = node.at("OrderReference", "ID")
    if draft.purchase_order.upper() in {
        "NA",
        "N/A",
    }:  # Peppol demands the element where only a sales order exists
        draft.purchase_order = ""
    draft.buyer_reference = node.at("BuyerReference")
    billed = [one.at("InvoiceDocumentReference", "ID") for one in node.all("BillingReference")]
    draft.preceding = [number for number in billed if number]
    draft.seller = _party(node.first("AccountingSupplierParty", "Party"))
    draft.buyer = _party(node.first("AccountingCustomerParty", "Party"))
    if not draft.buyer.ids and (given := node.at("AccountingCustomerParty", "SupplierAssignedAccountID")):
        draft.buyer.ids.append(given)
    if (payee := node.first("PayeeParty")) is not None:
        draft.payee = _party(payee)
    _take_means(draft, node)
    _take_terms(draft, node)
    _take_totals(draft, node)


def _party(node: Node | None) -> Party:
    party = Party()
    if node is None:
        return party
    for one in node.all("PartyIdentification"):
        number = one.first("ID")
        if number is None or not number.text:
            continue
        issuer = number.attributes.get("schemeID", "")
        if issuer != "SEPA":  # that is the creditor identifier of direct debits
            (party.global_ids if issuer else party.ids).append(number.text)
    for scheme in node.all("PartyTaxScheme"):
        if scheme.at("TaxScheme", "ID").upper() in {"VAT", "GST", ""}:
            party.vat = party.vat or scheme.at("CompanyID")
        else:
            party.tax_number = party.tax_number or scheme.at("CompanyID")
    party.company_id = node.at("PartyLegalEntity", "CompanyID")
    party.trading_name = node.at("PartyName", "Name")
    party.name = node.at("PartyLegalEntity", "RegistrationName") or party.trading_name or _person(node)
    party.country = node.at("PostalAddress", "Country", "IdentificationCode")
    return party


def _person(node: Node) -> str:
    """Give the name of a private customer."""
    parts = (node.at("Person", "FirstName"), node.at("Person", "FamilyName"))
    return " ".join(part for part in parts if part)


def _take_means(draft: Draft, node: Node) -> None:
    draft.due_date = node.at("DueDate")
    for means in node.all("PaymentMeans"):
        draft.due_date = draft.due_date or means.at("PaymentDueDate")
        draft.payment_references.extend(_references(means))
        if account := means.at("PayeeFinancialAccount", "ID"):
            draft.own_accounts.append(account)
        for payer in (("PaymentMandate", "PayerFinancialAccount", "ID"), ("PayerFinancialAccount", "ID")):
            if account := means.at(*payer):
                draft.buyer_accounts.append(account)


def _references(means: Node) -> list[str]:
    """Give the references of a means of payment; Danish slips part card type and payment id."""
    told = [one.text for one in means.all("PaymentID") if one.text]
    instruction = means.at("InstructionID")
    if instruction and told and told[0] in _CARD_TYPES:
        return [f"+{told[0]}<{instruction}"]
    return [*told, instruction] if instruction else told


def _take_terms(draft: Draft, node: Node) -> None:
    for terms in node.all("PaymentTerms"):
        notes = "\n".join(note.text for note in terms.all("Note"))
        if (structured := _discount(terms)) is not None:
            draft.discounts.append(structured)
        else:
            draft.discounts.extend(in_text(notes))
        due = day(terms.at("InstallmentDueDate") or terms.at("PaymentDueDate"))
        amount = terms.at("Amount")
        if due is not None and amount and structured is None:
            draft.instalments.append(Instalment(due, amount))
        elif due is not None:
            draft.due_date = draft.due_date or due.isoformat()
        draft.due_date = draft.due_date or due_in_text(notes)


def _discount(terms: Node) -> Discount | None:
    percent = percent_text(terms.at("SettlementDiscountPercent"))
    if not percent:
        return None
    period = terms.first("SettlementPeriod")
    if period is None:
        return Discount(percent, base=terms.at("Amount"))
    measure = period.first("DurationMeasure")
    days = None if measure is None else days_of(measure.text, measure.attributes.get("unitCode", ""))
    return Discount(
        percent,
        until=day(period.at("EndDate")),
        days=days,
        since=day(period.at("StartDate")),
        base=terms.at("Amount"),
    )


def _take_totals(draft: Draft, node: Node) -> None:
    totals = draft.totals = Totals()
    sums = node.first("LegalMonetaryTotal")
    if sums is not None:
        if (payable := sums.first("PayableAmount")) is not None:
            draft.payable_currency = payable.attributes.get("currencyID", "")
        totals.line_total = sums.at("LineExtensionAmount")
        totals.allowances = sums.at("AllowanceTotalAmount")
        totals.charges = sums.at("ChargeTotalAmount")
        totals.tax_exclusive = sums.at("TaxExclusiveAmount")
        totals.tax_inclusive = sums.at("TaxInclusiveAmount")
        totals.prepaid = sums.at("PrepaidAmount")
        totals.rounding = sums.at("PayableRoundingAmount")
        totals.payable = sums.at("PayableAmount")
    for tax in node.all("TaxTotal"):
        if (amount := amount_in(tax, "TaxAmount", draft.currency)) and not totals.tax_total:
            totals.tax_total = amount
            totals.taxes = [amount_in(one, "TaxAmount", draft.currency) for one in tax.all("TaxSubtotal")]
    for name in ("InvoiceLine", "CreditNoteLine"):
        totals.lines.extend(line.at("LineExtensionAmount") for line in node.all(name))
