"""What a transaction says it pays: free text, structured references and referred documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from features.ingest.camt.values import Amount, UnreadableValueError, given_amount, told
from features.ingest.xml_stream import Node

_SLIP: Final = re.compile(r"\?(?:REJECT|ERROR)\?\d*")
"""How Swiss banks say that a payment slip was read without trouble."""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document that a payment says it pays."""

    reference: str
    customer_reference: str = ""
    amount: Amount | None = None
    deduction: Amount | None = None
    reason: str = ""
    is_credit: bool = False


def free_text(details: Node | None, entry: Node, *, is_alone: bool) -> str:
    """Give the remittance text of a transaction, in the order of the file.

    Only where a transaction has none does the bank's own text stand in: that of the transaction, then, for a
    transaction that is the whole booked line, that of the line.
    """
    parts: list[str] = []
    if details is not None:
        for info in details.all("RmtInf"):
            parts += [told(text.text) for text in info.all("Ustrd")]
            more = [told(text.text) for part in info.all("Strd") for text in part.all("AddtlRmtInf")]
            parts += [text for text in more if not _SLIP.fullmatch(text)]
        if not any(parts):
            parts = [told(text.text) for text in details.all("AddtlTxInf")]
    if is_alone and not any(parts):
        parts = [told(text.text) for text in entry.all("AddtlNtryInf")]
    return " ".join(part for part in parts if part)


def structured_references(details: Node) -> list[str]:
    """Give the creditor references of a transaction, each once."""
    found: dict[str, None] = {}
    for info in details.all("RmtInf"):
        for part in info.all("Strd"):
            for reference in part.all("CdtrRefInf"):
                text = told(reference.at("Ref") or reference.at("CdtrRef"))
                if text:
                    found[text] = None
    return list(found)


def document_lines(details: Node, currency: str) -> Iterator[DocumentLine | UnreadableValueError]:
    """Give the referred documents of a transaction, with their amounts where told."""
    parts = [part for info in details.all("RmtInf") for part in info.all("Strd")]
    for place, part in enumerate(parts, 1):
        documents = part.all("RfrdDocInf")
        references = [told(one.at("Nb") or one.at("RfrdDocNb")) for one in documents]
        creditor = told(part.at("CdtrRefInf", "Ref") or part.at("CdtrRefInf", "CdtrRef"))
        amounts = part.first("RfrdDocAmt")
        if not any(references) and not (creditor and (amounts is not None or len(parts) > 1)):
            continue
        reason = told(part.at("AddtlRmtInf"))
        types = [one.at("Tp", "CdOrPrtry", "Cd").upper() for one in documents]
        try:
            line = _amounts(amounts, f"Strd[{place}]/RfrdDocAmt", currency)
        except UnreadableValueError as problem:
            yield problem
            continue
        many = sum(bool(one) for one in references) > 1
        for reference, kind in zip(references or [""], types or [""], strict=True):
            if reference or creditor:
                # Amounts of several documents together belong to none of them alone.
                amount, deduction = (None, None) if many else line
                yield DocumentLine(reference or creditor, "", amount, deduction, reason, kind == "CREN")


def _amounts(node: Node | None, field: str, currency: str) -> tuple[Amount | None, Amount | None]:
    """Give what is paid on a document, and what is taken off."""
    if node is None:
        return None, None

    def one(*path: str) -> Amount | None:
        return given_amount(node.first(*path), f"{field}/{'/'.join(path)}", currency)

    paid = one("RmtdAmt") or one("CdtNoteAmt") or one("DuePyblAmt")
    taken = one("DscntApldAmt") or one("DscntApldAmt", "Amt") or one("AdjstmntAmtAndRsn", "Amt")
    return paid, taken
