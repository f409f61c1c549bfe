"""Amounts inside a booked line: of its transactions, as instructed, and what the bank kept."""

from __future__ import annotations

from typing import Final

from features.ingest.camt.values import Amount, UnreadableValueError, given_amount, sign_of
from features.ingest.xml_stream import Node

_NOTHING: Final = Node()


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
    """Give the amount before exchange or charges where it differs from the booked one, and the rate."""
    amounts = details.first("AmtDtls")
    if amounts is None:
        # Most have none; the amount of the transaction itself may still be in another currency.
        other = given_amount(details.first("Amt"), "TxDtls/Amt", booked.currency)
        return (other if other and other.minor and other.currency != booked.currency else None), ""
    parts = [amounts.first(kind) or _NOTHING for kind in ("InstdAmt", "TxAmt", "CntrValAmt", "AnncdPstngAmt")]
    rate = next((text for part in parts if (text := part.at("CcyXchg", "XchgRate"))), "")
    instructed = given_amount(parts[0].first("Amt"), "AmtDtls/InstdAmt", booked.currency)
    if instructed is not None and instructed.minor:
        return (None if instructed == booked else instructed), rate
    others = [(part.first("Amt"), "AmtDtls") for part in parts[1:3]]
    for node, field in (*others, (details.first("Amt"), "TxDtls/Amt")):
        other = given_amount(node, field, booked.currency)
        if other is not None and other.minor and other.currency != booked.currency:
            return other, rate
    return None, rate


def charges_of(node: Node, currency: str) -> int | None:
    """Sum what the bank took out of the amount, in the currency of the line.

    A charge given back counts against it; one that is not included in the amount is a line of its own.
    """
    total, is_told = 0, False
    for charges in node.all("Chrgs"):
        records = charges.all("Rcrd") or ([charges] if charges.first("Amt") else [])
        if not records and (sum_ := given_amount(charges.first("TtlChrgsAndTaxAmt"), "Chrgs", currency)):
            is_told = True
            total += sum_.minor if sum_.currency == currency else 0
        for record in records:
            amount = given_amount(record.first("Amt"), "Chrgs/Amt", currency)
            is_apart = record.at("ChrgInclInd").lower() in ("false", "0")
            if amount is not None and amount.currency == currency and not is_apart:
                is_told = True
                total += -amount.minor if record.at("CdtDbtInd").upper() == "CRDT" else amount.minor
    return total if is_told else None
