"""ISO 20022 remt.001: a remittance advice that comes apart from its payment, in all versions.

Each referred document becomes a remittance line for the payment whose end-to-end id (or other reference) the
advice names; the payment itself is only told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from features.ingest.camt.remittance import document_lines
from features.ingest.camt.values import Amount, UnreadableValueError, date_of, given_amount, told
from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, RemittanceEntry
from features.ingest.limits import Limits
from features.ingest.problems import Problem
from features.ingest.source import Source
from features.ingest.xml_root import root_of
from features.ingest.xml_stream import Node, XmlElement, to_node, units
from features.ingest.xml_text import XmlText

SOURCE: Final = "remt.001"
_REFERENCES: Final = ("EndToEndId", "UETR", "TxId", "AcctSvcrRef", "InstrId", "ChqNb", "ClrSysRef")


def detect(head: bytes, source: Source) -> bool:
    """Say whether the file is a remittance advice."""
    root = root_of(head, source)
    return (
        root is not None
        and root.name in {"Document", "RmtAdvc"}
        and ("remt.001" in root.attributes or "RmtAdvc" in root.text[:2_000])
    )


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the lines of each remittance information, and the payment that it belongs to as told only."""
    text = XmlText(source, limits)
    for number, (_, element) in enumerate(units(text, limits, ends=("RmtInf",)), 1):
        yield from _information(element, source.at(f"RmtInf[{number}]"), limits)
    if text.damaged:
        yield Problem.at(source.at("Document"), "", "bad_text", f"{text.damaged} bytes")


def _information(element: XmlElement, place: Lineage, limits: Limits) -> Iterator[Entry | Problem]:
    node = to_node(element, limits)
    payment = node.first("OrgnlPmtInf") or Node("", {})
    references = payment.first("Refs") or payment
    reference = next((text for name in _REFERENCES if (text := told(references.at(name)))), "")
    reference = reference or told(node.at("RmtId"))
    try:
        amount = _amount(payment)
        day = date_of(payment.first("IntrBkSttlmDt"), "IntrBkSttlmDt") or date_of(
            payment.first("ReqdExctnDt"), "ReqdExctnDt"
        )
    except UnreadableValueError as error:
        yield Problem.at(place, error.field, error.code, error.raw)
        amount, day = None, None
    if not reference:
        yield Problem.at(place, "OrgnlPmtInf/Refs/EndToEndId", "missing_value")
    payer = told(payment.at("Dbtr", "Nm") or payment.at("Dbtr", "Pty", "Nm"))
    if amount is not None and day is not None:
        yield _announced(amount, day, payer, reference, place)
    yield from _lines(node, amount, payer, reference, place)


def _lines(
    node: Node, amount: Amount | None, payer: str, reference: str, place: Lineage
) -> Iterator[Entry | Problem]:
    holder = Node("", {})
    holder.children["RmtInf"] = [node]
    total, is_complete, count = 0, True, 0
    for number, line in enumerate(document_lines(holder, "" if amount is None else amount.currency), 1):
        at = Lineage(place.file, place.sha256, f"{place.position}/Strd[{number}]")
        if isinstance(line, UnreadableValueError):
            is_complete = False
            yield Problem.at(at, line.field, line.code, line.raw)
            continue
        paid = line.amount
        sign = -1 if line.is_credit else 1
        count += 1
        if paid is None or amount is None or paid.currency != amount.currency:
            is_complete = False
        else:
            total += sign * paid.minor
        currency = paid.currency if paid is not None else (amount.currency if amount is not None else "")
        yield RemittanceEntry(
            lineage=at,
            currency=currency,
            payment_reference=reference,
            reference=line.reference,
            customer_reference=line.customer_reference or payer,
            amount_minor=None if paid is None else sign * paid.minor,
            deduction_minor=None if line.deduction is None else line.deduction.minor,
            reason=line.reason,
        )
    free = " ".join(told(one.text) for one in node.all("Ustrd") if told(one.text))
    if free and count == 0:
        yield RemittanceEntry(
            lineage=Lineage(place.file, place.sha256, f"{place.position}/Ustrd"),
            currency="" if amount is None else amount.currency,
            payment_reference=reference,
            reference=free,
            customer_reference=payer,
        )
    if is_complete and count and amount is not None and total != amount.minor:
        raw = f"payment {amount.minor}, documents {total} (minor units)"
        yield Problem.at(place, "OrgnlPmtInf/Amt", "total_differs", raw)


def _amount(payment: Node) -> Amount | None:
    """Give the amount of the payment that the advice belongs to."""
    for path in (("Amt", "InstdAmt"), ("Amt", "EqvtAmt", "Amt"), ("IntrBkSttlmAmt",), ("Amt",)):
        node = payment.first(*path)
        if node is not None and node.text:
            return given_amount(node, "/".join(path))
    return None


def _announced(amount: Amount, day: date, payer: str, reference: str, place: Lineage) -> PaymentEntry:
    return PaymentEntry(
        amount_minor=amount.minor,
        currency=amount.currency,
        booking_date=day,
        source=SOURCE,
        lineage=place,
        payer_name=payer,
        end_to_end_id=reference,
        status=EntryStatus.INFORMATIONAL,
    )
