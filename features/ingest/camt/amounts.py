"""Amounts inside a booked line: of its transactions, as instructed, and what the bank kept."""

from __future__ import annotations

from features.ingest.camt.values import Amount, UnreadableValueError, given_amount, sign_of
from features.ingest.xml_stream import Node


def split(details: list[Node], entry: Node, booked: Amount, sign: int) -> list[int] | None:
    """Give the signed amount of each transaction if they make the line: as they are, or less the charges.

    Charges are taken from each transaction, or once from the line: then the caller finds a rest.
    """
    currency, total = booked.currency, booked.minor * sign
    gross, net = [], []
    try:
        for one in details:
            amount = amount_in(one, currency)
            if amount is None:
                return None
            signed = amount * (sign_of(one) if one.at("CdtDbtInd") else sign)
            gross.append(signed)
            net.append(signed - (charges_of(one, currency) or 0))
        kept = charges_of(entry, currency) or 0
    except UnreadableValueError:
        return None
    if sum(gross) == total:
        return gross
    if sum(net) == total:
        return net
    return gross if sum(gross) - kept == total else None


def amount_in(details: Node, currency: str) -> int | None:
    """Give the amount of a transaction in the currency of its line, as booked rather than as instructed."""
    amounts = details.first("AmtDtls")
    for node, field in (
        (details.first("Amt"), "TxDtls/Amt"),
        (amounts and amounts.first("TxAmt", "Amt"), "AmtDtls/TxAmt"),
        (amounts and amounts.first("CntrValAmt", "Amt"), "AmtDtls/CntrValAmt"),
        (amounts and amounts.first("InstdAmt", "Amt"), "AmtDtls/InstdAmt"),
    ):
        amount = given_amount(node, field, currency)
        if amount is not None and amount.currency == currency and amount.minor:
            return amount.minor
    return None


def original_of(details: Node, booked: Amount) -> tuple[Amount | None, str]:
    """Give the instructed amount where it differs from the booked one, and the rate between them."""
    amounts = details.first("AmtDtls")
    if amounts is None:
        return None, ""
    instructed = given_amount(amounts.first("InstdAmt", "Amt"), "AmtDtls/InstdAmt", booked.currency)
    rate = next(
        (
            text
            for kind in ("InstdAmt", "TxAmt", "CntrValAmt", "AnncdPstngAmt")
            if (text := amounts.at(kind, "CcyXchg", "XchgRate"))
        ),
        "",
    )
    if instructed is None or not instructed.minor:
        instructed = given_amount(amounts.first("TxAmt", "Amt"), "AmtDtls/TxAmt", booked.currency)
        if instructed is None or instructed.currency == booked.currency:
            return None, rate
    if instructed == booked:
        return None, rate
    return instructed, rate


def charges_of(node: Node, currency: str) -> int | None:
    """Sum what the bank took, in the currency of the line; a charge given back counts against it."""
    total, is_told = 0, False
    for charges in node.all("Chrgs"):
        records = charges.all("Rcrd") or ([charges] if charges.first("Amt") else [])
        if not records and (sum_ := given_amount(charges.first("TtlChrgsAndTaxAmt"), "Chrgs", currency)):
            is_told = True
            total += sum_.minor if sum_.currency == currency else 0
        for record in records:
            amount = given_amount(record.first("Amt"), "Chrgs/Amt", currency)
            if amount is not None and amount.currency == currency:
                is_told = True
                total += -amount.minor if record.at("CdtDbtInd").upper() == "CRDT" else amount.minor
    return total if is_told else None
