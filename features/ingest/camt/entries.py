"""One booked line (`Ntry`) as payments: exploded into its transactions where the file gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeAlias

from features.ingest.camt.amounts import amount_in, charges_of, original_of, split
from features.ingest.camt.parties import OwnSide, Party, account_number, counterparty, party_name
from features.ingest.camt.remittance import document_lines, free_text, structured_references
from features.ingest.camt.values import (
    Amount,
    UnreadableValueError,
    amount_of,
    date_of,
    instant_of,
    is_true,
    reference,
    sign_of,
    told,
)
from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, RemittanceEntry
from features.ingest.problems import Problem
from features.ingest.xml_stream import Node
from receivables.money import to_text

_STATUSES: Final = {
    "BOOK": EntryStatus.BOOKED,
    "PDNG": EntryStatus.PENDING,
    "FUTR": EntryStatus.PENDING,
    "INFO": EntryStatus.INFORMATIONAL,
    "": EntryStatus.BOOKED,
}
_OPTIONAL: Final = "Correct the value at this place; the payment was read without it."
_RETURN_FAMILIES: Final = frozenset("RRTN UPDD UPCT UPCQ UPTC ARET PRDD RPCR".split())
"""Sub-families of bank transaction codes that undo an earlier payment (ISO 20022 external code set)."""
_RETURN_GVC: Final = re.compile(r"[A-Z]{4}\+(?:108|109|159)\b")
"""German business transaction codes of returned direct debits and credit transfers."""


Fields: TypeAlias = dict[str, Any]
"""The fields of a `PaymentEntry` so far; one entry is made of them at the end, for making two takes time."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What an entry takes from its statement."""

    source: str
    own: OwnSide
    currency: str
    day: date | None
    """Of the statement: stands in for a booking date that is missing."""


@dataclass(frozen=True, slots=True)
class Booked:
    """The booked line itself."""

    amount: Amount
    sign: int
    status: EntryStatus

    @property
    def signed(self) -> int:
        """Minor units, money in positive."""
        return self.amount.minor * self.sign


def read_booked(entry: Node, frame: Frame) -> Booked:
    """Read amount, sign and status of a line; raise `UnreadableValueError` when one cannot be told."""
    amount = amount_of(entry.first("Amt"), "Amt", frame.currency)
    sign = sign_of(entry)
    mark = (entry.at("Sts") or entry.at("Sts", "Cd") or entry.at("Sts", "Prtry")).upper()
    if mark not in _STATUSES:
        raise UnreadableValueError("Sts", "bad_status", mark)
    return Booked(amount, sign, _STATUSES[mark])


def read_payments(
    entry: Node, booked: Booked, frame: Frame, place: Lineage, raws: list[str]
) -> Iterator[Entry | Problem]:
    """Give the payments of one line and their remittance lines.

    `raws` holds the raw text of each transaction. Transactions that do not add up to their line are not
    trusted: the line stays one payment, and they become its remittance lines.
    """
    details = transactions(entry)
    whole, doubts = _whole(entry, booked, frame, place)
    yield from doubts
    count = sum(_batch_count(one) for one in entry.all("NtryDtls"))
    if not details:
        text = free_text(None, entry, is_alone=True)
        yield PaymentEntry(**{**whole, "remittance": text, "batch_count": count if count > 1 else None})
        return
    if count > 1 and count != len(details):
        message = f"The batch says {count} transactions and has {len(details)}."
        yield Problem.at(place, "NtryDtls/Btch/NbOfTxs", "total_differs", message=message)
    if len(details) == 1:
        is_all = count <= 1 or _amount_or_none(details[0], booked.amount.currency) == booked.amount.minor
        alone = _payment(details[0], whole, entry, frame, is_alone=True)
        yield from alone if is_all else _undivided(details, whole, entry, frame)
        return
    parts = split(details, entry, booked.amount, booked.sign)
    if parts is None:
        yield from _undivided(details, whole, entry, frame)
        return
    for number, (details_, signed, raw) in enumerate(zip(details, parts, raws, strict=True), 1):
        at = replace(place, position=f"{place.position}/TxDtls[{number}]", raw=raw)
        part = _part(whole, signed, at)
        yield from _payment(details_, part, entry, frame, is_alone=False)
    if rest := booked.signed - sum(parts):
        at = replace(place, position=f"{place.position}/Chrgs")
        text = free_text(None, entry, is_alone=True)
        yield PaymentEntry(**{**_part(whole, rest, at), "kind": "other", "remittance": text})


def _part(whole: Fields, minor: int, place: Lineage) -> Fields:
    """Take what a part of a line has from its line: not its reference, charges and exchange."""
    return {
        **whole,
        "amount_minor": minor,
        "lineage": place,
        "bank_reference": "",
        "batch_reference": whole["bank_reference"],
        "batch_minor": whole["amount_minor"],
        "charges_minor": None,
        "original_amount_minor": None,
        "original_currency": "",
    }


def transactions(entry: Node) -> list[Node]:
    """Give the transactions of a line."""
    nested = [one for group in entry.all("NtryDtls") for one in group.all("TxDtls")]
    return [*nested, *entry.all("TxDtls")]


def _batch_count(group: Node) -> int:
    text = group.at("Btch", "NbOfTxs")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _whole(entry: Node, booked: Booked, frame: Frame, place: Lineage) -> tuple[Fields, list[Problem]]:
    """Read what a line says apart from its transactions; a value it can do without is a doubt."""
    doubts = []
    value_date, charges, original, rate = None, None, None, ""
    try:
        value_date = date_of(entry.first("ValDt"), "ValDt")
        original, rate = original_of(entry, booked.amount)
        charges = charges_of(entry, booked.amount.currency)
    except UnreadableValueError as problem:
        doubts.append(Problem.at(place, problem.field, problem.code, problem.raw, mend=_OPTIONAL))
    booking_date = date_of(entry.first("BookgDt"), "BookgDt") or value_date or frame.day
    if booking_date is None:
        raise UnreadableValueError("BookgDt", "missing_value")
    is_reversal = is_true(entry.at("RvslInd"))
    codes = _codes(entry)
    fields: Fields = {
        "amount_minor": booked.signed,
        "currency": booked.amount.currency,
        "booking_date": booking_date,
        "value_date": value_date,
        "received_at": instant_of(entry.at("BookgDt", "DtTm")),
        "source": frame.source,
        "lineage": place,
        "transaction_code": codes,
        "account": frame.own.account,
        "bank_reference": reference(entry.at("AcctSvcrRef")),
        "charges_minor": charges,
        "original_amount_minor": None if original is None else original.minor * booked.sign,
        "original_currency": "" if original is None else original.currency,
        "exchange_rate": rate,
        "status": booked.status,
        "is_reversal": is_reversal,
        "kind": "return" if is_reversal or _is_return(codes) else "",
    }
    return fields, doubts


def _payment(
    details: Node, whole: Fields, entry: Node, frame: Frame, *, is_alone: bool
) -> Iterator[Entry | Problem]:
    """Lay the details of one transaction over what its line says."""
    reason = _return_reason(details)
    codes = _codes(details) or whole["transaction_code"]
    sign = 1 if whole["amount_minor"] >= 0 else -1
    is_undoing = whole["is_reversal"] or bool(reason) or _is_return(codes)
    party = counterparty(details.first("RltdPties"), sign, frame.own, is_undoing=is_undoing)
    refs = details.first("Refs") or details
    own_reference = reference(refs.at("AcctSvcrRef"))
    if not is_alone and own_reference == whole["batch_reference"]:
        own_reference = ""
    end_to_end_id, uetr = reference(refs.at("EndToEndId")), reference(refs.at("UETR"))
    bank_reference = (whole["bank_reference"] or own_reference) if is_alone else own_reference
    booked = Amount(abs(whole["amount_minor"]), whole["currency"])
    charges: int | None = None
    original, rate = None, ""
    try:
        original, rate = original_of(details, booked)
        charges = charges_of(details, whole["currency"])
    except UnreadableValueError as problem:
        yield Problem.at(whole["lineage"], problem.field, problem.code, problem.raw, mend=_OPTIONAL)
    yield PaymentEntry(
        **{
            **whole,
            **_party_fields(party),
            "remittance": free_text(details, entry, is_alone=is_alone),
            "structured_reference": " ".join(structured_references(details)),
            "end_to_end_id": end_to_end_id,
            "uetr": uetr,
            "mandate_id": told(refs.at("MndtId")),
            "bank_reference": bank_reference
            or reference(refs.at("TxId"))
            or uetr
            or reference(refs.at("ClrSysRef")),
            "transaction_code": codes,
            "charges_minor": whole["charges_minor"] if charges is None else charges,
            "original_amount_minor": whole["original_amount_minor"]
            if original is None
            else original.minor * sign,
            "original_currency": whole["original_currency"] if original is None else original.currency,
            "exchange_rate": rate or whole["exchange_rate"],
            "received_at": whole["received_at"] or instant_of(details.at("RltdDts", "AccptncDtTm")),
            "return_reason": reason,
            "kind": "return" if is_undoing else whole["kind"],
            "related_reference": end_to_end_id if is_undoing else "",
        }
    )
    yield from _document_entries(details, whole["lineage"], whole["currency"], sign)


def _party_fields(party: Party) -> Fields:
    return {
        "payer_name": party.name,
        "payer_account": party.account,
        "counterparty_ultimate": party.ultimate,
    }


def _original_fields(original: Amount, sign: int) -> Fields:
    return {"original_amount_minor": original.minor * sign, "original_currency": original.currency}


def _document_entries(
    details: Node, place: Lineage, currency: str, sign: int
) -> Iterator[RemittanceEntry | Problem]:
    for number, line in enumerate(document_lines(details, currency), 1):
        if isinstance(line, UnreadableValueError):
            yield Problem.at(place, line.field, line.code, line.raw)
            continue
        amounts = (line.amount, line.deduction)
        if any(one is not None and one.currency != currency for one in amounts):
            amounts = (None, None)  # in the currency of the document, which a remittance line cannot say
        paid, taken = amounts
        direction = -sign if line.is_credit else sign
        yield RemittanceEntry(
            lineage=replace(place, position=f"{place.position}/Strd[{number}]", raw=""),
            currency=currency,
            payment_position=place.position,
            reference=line.reference,
            customer_reference=line.customer_reference,
            amount_minor=None if paid is None else direction * paid.minor,
            deduction_minor=None if taken is None else taken.minor,
            reason=line.reason,
        )


def _codes(node: Node) -> str:
    """Write a bank transaction code as `PMNT-RCDT-ESCT`, else as the bank's own."""
    code = node.first("BkTxCd")
    if code is None:
        return ""
    domain = [
        code.at("Domn", "Cd"),
        code.at("Domn", "Fmly", "Cd"),
        code.at("Domn", "Fmly", "SubFmlyCd"),
    ]
    iso = "-".join(domain) if all(domain) and "*" not in domain else ""
    return iso or told(code.at("Prtry", "Cd"))


def _is_return(codes: str) -> bool:
    return codes.rpartition("-")[2] in _RETURN_FAMILIES or bool(_RETURN_GVC.match(codes))


def _return_reason(details: Node) -> str:
    info = details.first("RtrInf")
    if info is None:
        return ""
    code = told(info.at("Rsn", "Cd") or info.at("Rsn", "Prtry") or info.at("RtrRsn", "Cd"))
    more = [told(text.text) for text in (*info.all("AddtlInf"), *info.all("AddtlRtrRsnInf"))]
    return " ".join(part for part in (code, *more) if part)


def _amount_or_none(details: Node, currency: str) -> int | None:
    try:
        return amount_in(details, currency)
    except UnreadableValueError:
        return None


def _undivided(details: list[Node], whole: Fields, entry: Node, frame: Frame) -> Iterator[Entry | Problem]:
    """Keep a line whose transactions do not make it as one payment, and list them as what it says it pays."""
    place: Lineage = whole["lineage"]
    amounts = [_amount_or_none(one, whole["currency"]) for one in details]
    sign = 1 if whole["amount_minor"] >= 0 else -1
    known = [one for one in amounts if one is not None]
    if len(known) < len(details):
        missing = len(details) - len(known)
        said = f"{missing} of {len(details)} transactions have no amount in {whole['currency']}."
    else:
        parts, line = (to_text(one, whole["currency"]) for one in (sum(known), abs(whole["amount_minor"])))
        said = f"The transactions add up to {parts}, the entry has {line}."
    yield Problem.at(place, "NtryDtls", "details_differ", message=f"{said} It was read as one payment.")
    texts, references, met = [], dict[str, None](), dict[Party, None]()
    lines = []
    for number, (one, amount) in enumerate(zip(details, amounts, strict=True), 1):
        party = counterparty(one.first("RltdPties"), sign, frame.own, is_undoing=whole["kind"] == "return")
        text, structured = free_text(one, entry, is_alone=False), structured_references(one)
        end_to_end_id = told((one.first("Refs") or one).at("EndToEndId"))
        texts.append(text)
        references.update(dict.fromkeys(structured))
        met[party] = None
        lines.append(
            RemittanceEntry(
                lineage=replace(place, position=f"{place.position}/TxDtls[{number}]", raw=""),
                currency=whole["currency"],
                payment_position=place.position,
                reference=" ".join(structured) or text or end_to_end_id,
                customer_reference=party.name,
                amount_minor=None if amount is None else sign * amount,
                reason=text if structured else "",
            )
        )
    yield PaymentEntry(
        **{
            **whole,
            **(_party_fields(next(iter(met))) if len(met) == 1 else {}),
            "remittance": " ".join(text for text in texts if text) or free_text(None, entry, is_alone=True),
            "structured_reference": " ".join(references),
            "batch_count": len(details),
        }
    )
    yield from lines


def own_side(header: Node) -> OwnSide:
    """Read whose account a statement is of."""
    account = header.first("Acct")
    owner = None if account is None else account.first("Ownr")
    return OwnSide(account_number(account), party_name(owner))
