"""X12 820, the payment order and remittance advice of American customers.

An advice is no money: each RMR becomes a remittance line for the payment whose reference is the trace number
(TRN02), and the payment it announces is only told. Without a CUR segment the currency is taken to be USD.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final

from features.ingest.edi_segments import Segment, Segments, looks_like_x12
from features.ingest.entry import Entry, EntryStatus, Lineage, PaymentEntry, RemittanceEntry
from features.ingest.limits import Limits
from features.ingest.problems import Problem, UnsupportedFormatError
from features.ingest.source import Source
from receivables.money import MoneyError, exponent, to_minor

SOURCE: Final = "edi820"
_ADVICE: Final = "820"
_NAMES: Final = {
    "810": "an invoice",
    "823": "a lockbox",
    "824": "an answer",
    "835": "a claim payment",
    "997": "a receipt",
}
_NUMBERS: Final = frozenset({"IV", "OI", "PO", "CM", "CD", "R7", "VV", "IK"})
"""Qualifiers of REF that name a document."""


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector is asked alike
    """Say whether the file is an interchange of X12; `read` refuses any but an 820."""
    return looks_like_x12(head)


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Give the lines of each advice, and a problem for each control number or total that does not hold."""
    segments = Segments(source, limits)
    kinds: set[str] = set()
    advice: _Advice | None = None
    for segment in segments:
        if segment.name == "ST":
            kinds.add(segment[1])
            advice = _Advice(source.at(f"ST[{segments.transactions}]")) if segment[1] == _ADVICE else None
        elif segment.name == "SE":
            if advice is not None:
                yield from advice.entries()
            advice = None
        elif advice is not None:
            advice.take(segment)
    if advice is not None:
        yield from advice.entries()
    if _ADVICE not in kinds:
        told = ", ".join(f"{kind[:6]} ({_NAMES.get(kind, 'unknown')})" for kind in sorted(kinds)) or "nothing"
        raise UnsupportedFormatError(f"{source.name} is X12 of {told}, and only the 820 is read.")
    yield from segments.problems


@dataclass(slots=True)
class _Item:
    """One RMR, or an ADX that stands for itself, as texts."""

    place: Lineage
    paid: str = ""
    discount: str = ""
    references: list[str] = field(default_factory=list)
    adjustments: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Advice:
    """One transaction set while its segments are read."""

    place: Lineage
    currency: str = "USD"
    amount: str = ""
    is_debit: bool = False
    day: str = ""
    trace: str = ""
    payer: str = ""
    payer_id: str = ""
    payer_account: str = ""
    items: list[_Item] = field(default_factory=list)
    loose: list[_Item] = field(default_factory=list)
    """Adjustments outside any RMR."""
    told: list[str] = field(default_factory=list)
    _is_inside: bool = False

    def take(self, segment: Segment) -> None:
        """Take in a segment between ST and SE."""
        match segment.name:
            case "BPR":
                self.told.append(segment.raw)
                self.amount, self.is_debit, self.day = segment[2], segment[3] == "D", segment[16]
                self.payer_account = segment[9]
            case "TRN":
                self.trace = self.trace or segment[2]
            case "CUR":
                self.currency = segment[2].upper() or self.currency
            case "N1" if segment[1] == "PR":
                self.payer, self.payer_id = segment[2], segment[4]
            case "ENT":
                self._is_inside = False
            case "RMR":
                self._is_inside = True
                item = _Item(segment.place, segment[4], segment[6])
                item.references.append(segment[2])
                self.items.append(item)
            case "REF" if self._is_inside and segment[1] in _NUMBERS:
                self.items[-1].references.append(segment[2])
            case "ADX":
                self._take_adjustment(segment)
            case _:
                return

    def _take_adjustment(self, segment: Segment) -> None:
        if self._is_inside:
            self.items[-1].adjustments.append(segment[1])
            self.items[-1].reasons.append(segment[2])
        else:
            self.loose.append(_Item(segment.place, segment[1], "", [segment[4]], [], [segment[2]]))

    def entries(self) -> Iterator[Entry | Problem]:
        """Give the payment that the advice announces, as told only, and its lines."""
        try:
            exponent(self.currency)
            amount = self._minor(self.amount) if self.amount else None
        except MoneyError as error:
            yield Problem.at(
                self.place, "BPR02", error.code, self.amount, message=error.message, mend=error.mend
            )
            return
        day = _day(self.day)
        if amount is not None and day is not None:
            yield self._announced(-amount if self.is_debit else amount, day)
        items, problems = self._read_items()
        yield from problems
        is_net = self._adds_up(items, amount)
        if is_net is None:
            sums = ", ".join(str(item.paid) for item in islice(items, 20))
            yield Problem.at(
                self.place, "BPR02", "total_differs", f"{self.amount}, items {sums} (minor units)"
            )
        if not self.trace:
            yield Problem.at(self.place, "TRN02", "missing_value")
        for item in items:
            yield self._line(item, is_net=is_net is not False)

    def _announced(self, amount: int, day: date) -> PaymentEntry:
        return PaymentEntry(
            amount_minor=amount,
            currency=self.currency,
            booking_date=day,
            source=SOURCE,
            lineage=Lineage(self.place.file, self.place.sha256, self.place.position, "\n".join(self.told)),
            payer_name=self.payer,
            payer_account=self.payer_account,
            end_to_end_id=self.trace,
            status=EntryStatus.INFORMATIONAL,
        )

    def _read_items(self) -> tuple[list[_Read], list[Problem]]:
        read, problems = [], []
        for item, is_loose in (*((one, False) for one in self.items), *((one, True) for one in self.loose)):
            try:
                paid = self._minor(item.paid or "0")
                discount = abs(self._minor(item.discount or "0"))
                adjusted = sum(self._minor(text) for text in item.adjustments)
            except MoneyError as error:
                raw = item.place.raw
                problems.append(
                    Problem.at(item.place, "RMR04", error.code, raw, message=error.message, mend=error.mend)
                )
                continue
            read.append(_Read(item, paid, discount, adjusted, is_loose=is_loose))
        return read, problems

    @staticmethod
    def _adds_up(items: list[_Read], amount: int | None) -> bool | None:
        """Say whether amounts paid are after their adjustments (True) or before (False); None if neither."""
        after = sum(item.paid for item in items)
        if amount is None or after == amount:
            return True
        return False if after + sum(item.adjusted for item in items) == amount else None

    def _line(self, item: _Read, *, is_net: bool) -> RemittanceEntry:
        gross = item.paid + item.discount - (item.adjusted if is_net else 0)
        reasons = ["discount"] if item.discount else []
        reasons += [f"adjustment {code}" for code in item.of.reasons if code]
        return RemittanceEntry(
            lineage=item.of.place,
            currency=self.currency,
            payment_reference=self.trace,
            reference=" ".join(dict.fromkeys(text for text in item.of.references if text)),
            customer_reference=self.payer_id or self.payer,
            amount_minor=gross,
            deduction_minor=(item.discount - item.adjusted) or None,
            reason=", ".join(reasons),
        )

    def _minor(self, text: str) -> int:
        """Read an amount of X12: a decimal that may leave out its whole part."""
        text = text.strip()
        sign = "-" if text.startswith("-") else ""
        digits = text.lstrip("+-")
        return to_minor(
            f"{sign}0{digits}" if digits.startswith(".") else sign + digits.removesuffix("."), self.currency
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """An item with its amounts in minor units."""

    of: _Item
    paid: int
    discount: int
    adjusted: int
    is_loose: bool


def _day(text: str) -> date | None:
    try:
        return (
            date(int(text[:4]), int(text[4:6]), int(text[6:8]))
            if len(text) == 8 and text.isdecimal()
            else None
        )
    except ValueError:
        return None
