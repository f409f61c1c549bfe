"""Synthetic camt files: as many entries as wanted, each as plain or as odd as a test needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

CONTAINERS = {
    "053": ("BkToCstmrStmt", "Stmt"),
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


@dataclass(frozen=True)
class Part:
    """One transaction of a line."""

    amount: str = ""
    name: str = ""
    text: str = ""
    reference: str = ""
    end_to_end_id: str = ""


@dataclass(frozen=True)
class Line:
    """One booked line; without parts nothing but the amount is told."""

    amount: str
    sign: str = "CRDT"
    day: str = "2025-03-03"
    reference: str = ""
    status: str = "BOOK"
    parts: tuple[Part, ...] = ()
    more: str = ""
    """Elements put between booking date and details."""


def plain(amount: str, name: str = "ACME GMBH", text: str = "INV-1", **more: str) -> Line:
    """Give a line with the one transaction that it is made of."""
    end_to_end_id = more.pop("end_to_end_id", "")
    part = Part(name=name, text=text, end_to_end_id=end_to_end_id)
    return Line(amount, parts=(part,), **more)


def camt(
    lines: Iterable[Line], kind: str = "053", account: str = "DE89370400440532013000", balances: str = ""
) -> bytes:
    """Write a file of one statement."""
    return "".join(chunks(lines, kind, account, balances)).encode()


def chunks(
    lines: Iterable[Line], kind: str = "053", account: str = "DE89370400440532013000", balances: str = ""
) -> Iterator[str]:
    """Write a file piece by piece, so that it may be larger than memory."""
    message, unit = CONTAINERS[kind]
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.02">'
        f"<{message}><GrpHdr><MsgId>M</MsgId><CreDtTm>2025-03-04T06:00:00+01:00</CreDtTm></GrpHdr><{unit}>"
        f"<Id>S-1</Id><CreDtTm>2025-03-04T06:00:00+01:00</CreDtTm><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy>"
        f"<Ownr><Nm>Our Company</Nm></Ownr></Acct>{balances}"
    )
    for line in lines:
        yield entry(line)
    yield f"</{unit}></{message}></Document>"


def balance(code: str, amount: str, sign: str = "CRDT") -> str:
    """Write one balance."""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}'
        f"</CdtDbtInd><Dt><Dt>2025-03-03</Dt></Dt></Bal>"
    )


def entry(line: Line) -> str:
    """Write one booked line."""
    reference = f"<AcctSvcrRef>{line.reference}</AcctSvcrRef>" if line.reference else ""
    details = "".join(_part(one, line.sign) for one in line.parts)
    return (
        f'<Ntry><Amt Ccy="EUR">{line.amount}</Amt><CdtDbtInd>{line.sign}</CdtDbtInd><Sts>{line.status}</Sts>'
        f"<BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>{reference}{line.more}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>\n"
    )


def _part(part: Part, sign: str) -> str:
    role = "Dbtr" if sign == "CRDT" else "Cdtr"
    reference = f"<AcctSvcrRef>{part.reference}</AcctSvcrRef>" if part.reference else ""
    end_to_end = f"<EndToEndId>{part.end_to_end_id}</EndToEndId>" if part.end_to_end_id else ""
    amount = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{part.amount}</Amt></TxAmt></AmtDtls>' if part.amount else ""
    party = f"<{role}><Nm>{escape(part.name)}</Nm></{role}>" if part.name else ""
    text = f"<RmtInf><Ustrd>{escape(part.text)}</Ustrd></RmtInf>" if part.text else ""
    return (
        f"<TxDtls><Refs>{reference}{end_to_end}</Refs>{amount}<RltdPties>{party}</RltdPties>{text}</TxDtls>"
    )
