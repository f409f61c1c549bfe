"""camt.052, camt.053 and camt.054, entry by entry in flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from features.ingest.camt.entries import Booked, Frame, own_side, read_booked, read_payments, transactions
from features.ingest.camt.totals import Tally, check_statement
from features.ingest.camt.values import UnreadableValueError, date_of
from features.ingest.entry import RAW_LIMIT, Entry, EntryStatus, Lineage
from features.ingest.limits import Limits
from features.ingest.problems import LimitError, Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.xml_stream import (
    Node,
    TruncatedXmlError,
    XmlElement,
    local_name,
    raw_text,
    to_node,
    units,
    written_node,
)
from features.ingest.xml_text import XmlText

_KINDS: Final = {"Stmt": "camt.053", "Rpt": "camt.052", "Ntfctn": "camt.054"}
_HEADER: Final = frozenset("Id ElctrncSeqNb LglSeqNb CreDtTm FrToDt Acct Bal TxsSummry".split())


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the payments, remittance lines and statements of a file, and a problem for what is left out."""
    text = XmlText(source, limits)
    statement: _Statement | None = None
    counts = dict.fromkeys(_KINDS, 0)
    total = 0
    try:
        for event, element in units(text, limits, (*_KINDS, "Ntry"), tuple(_KINDS)):
            name = local_name(element.tag)
            if event == "start":
                counts[name] += 1
                statement = _Statement(element, source, limits, name, counts[name])
            elif name == "Ntry" and statement is not None:
                total += 1
                if total > limits.entries:
                    raise LimitError(f"{source.name} has more than {limits.entries:,} entries.")
                yield from statement.take(element)
            elif statement is not None and element is statement.element:
                yield from statement.close()
                statement = None
    except TruncatedXmlError as error:
        if not total and statement is None:
            raise
        where = "" if statement is None else f"{statement.position}/Ntry[{statement.entries + 1}]"
        yield Problem.at(source.at(where), "", "truncated", message=error.message)
    if not sum(counts.values()):
        raise UnusableFileError(f"{source.name} holds no statement, report or notification.")
    if text.damaged:
        message = f"{text.damaged} bytes do not fit the encoding and were read as Windows-1252."
        yield Problem.at(source.at(""), "", "bad_text", message=message)


@dataclass(slots=True)
class _Statement:
    """One statement while its entries pass by."""

    element: XmlElement
    source: Source
    limits: Limits
    name: str
    number: int
    entries: int = 0
    tally: Tally = field(default_factory=Tally)
    _header: Node | None = None
    _frame: Frame | None = None

    @property
    def position(self) -> str:
        """Where it stands in the file."""
        return f"{self.name}[{self.number}]"

    def take(self, element: XmlElement) -> Iterator[Entry | Problem]:
        """Read one entry."""
        self.entries += 1
        text = raw_text(element)
        place = self.source.at(f"{self.position}/Ntry[{self.entries}]", text)
        node = written_node(text, element, self.limits)
        frame = self._frame or self._open(element.getparent())
        try:
            booked = read_booked(node, frame)
        except UnreadableValueError as problem:
            self.tally.unread += 1
            yield _problem(place, problem)
            return
        self.tally.add(booked.amount, booked.sign, booked.status)
        if booked.status is not EntryStatus.BOOKED:
            yield Problem.at(place, "Sts", booked.status.value)
        yield from _payments(element, node, booked, frame, place)

    def close(self) -> Iterator[Entry | Problem]:
        """Give the statement itself, with its totals checked."""
        if self._header is None:
            self._open(self.element)
        assert self._header is not None
        yield from check_statement(self._header, _KINDS[self.name], self.source.at(self.position), self.tally)

    def _open(self, parent: XmlElement) -> Frame:
        """Read what stands before the first entry."""
        header = Node()
        header.children = {}
        for child in parent:
            if isinstance(child.tag, str) and (name := local_name(child.tag)) in _HEADER:
                header.children.setdefault(name, []).append(to_node(child, self.limits))
        own = own_side(header)
        currency = header.at("Acct", "Ccy").upper()
        if not currency and (balance := header.first("Bal", "Amt")) is not None:
            currency = balance.attributes.get("Ccy", "").upper()
        try:
            closing = header.first("FrToDt", "ToDtTm") or header.first("FrToDt", "ToDt")
            day = date_of(closing, "FrToDt") or date_of(header.first("CreDtTm"), "CreDtTm")
        except UnreadableValueError:
            day = None
        self._header = header
        self._frame = Frame(_KINDS[self.name], own, currency, day)
        return self._frame


def _payments(
    element: XmlElement, node: Node, booked: Booked, frame: Frame, place: Lineage
) -> Iterator[Entry | Problem]:
    many = len(transactions(node)) > 1
    raws = [raw_text(one)[:RAW_LIMIT] for one in element.iter("{*}TxDtls")] if many else []
    try:
        # All or none: half a batch would be worse than a problem.
        read_ = list(read_payments(node, booked, frame, place, raws))
    except UnreadableValueError as problem:
        yield _problem(place, problem)
        return
    yield from read_


def _problem(place: Lineage, problem: UnreadableValueError) -> Problem:
    if problem.code == "bad_status":
        message = "The status of the entry is none of BOOK, PDNG, FUTR and INFO."
        mend = "Ask the bank what the status means; add the entry by hand if it is booked."
        return Problem.at(place, problem.field, problem.code, problem.raw, message=message, mend=mend)
    return Problem.at(place, problem.field, problem.code, problem.raw)
