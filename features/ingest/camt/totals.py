"""Balances and control sums of a statement, held against what was read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from features.ingest.camt.parties import account_number
from features.ingest.camt.values import Amount, UnreadableValueError, amount_of, date_of, sign_of, told
from features.ingest.entry import EntryStatus, Lineage, StatementEntry
from features.ingest.problems import Problem
from features.ingest.xml_stream import Node
from receivables.money import MoneyError, to_minor, to_text

_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = "CLBD"


@dataclass(slots=True)
class Tally:
    """What was read of one statement so far."""

    entries: Counter[int] = field(default_factory=Counter)
    """By sign, of every status."""
    booked: Counter[int] = field(default_factory=Counter)
    sums: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By currency and sign, of every status."""
    booked_sums: Counter[tuple[str, int]] = field(default_factory=Counter)
    unread: int = 0
    """Entries whose amount or sign could not be read."""

    def add(self, amount: Amount, sign: int, status: EntryStatus) -> None:
        """Count one entry."""
        self.entries[sign] += 1
        self.sums[amount.currency, sign] += amount.minor
        if status is EntryStatus.BOOKED:
            self.booked[sign] += 1
            self.booked_sums[amount.currency, sign] += amount.minor

    @property
    def currencies(self) -> list[str]:
        """The currencies of the entries, in the order met."""
        return list(dict.fromkeys(currency for currency, _ in self.sums))


def check_statement(
    header: Node, source: str, place: Lineage, tally: Tally
) -> Iterator[StatementEntry | Problem]:
    """Give the statement with its totals, one for each currency, and a problem for each that fails."""
    currency = header.at("Acct", "Ccy").upper()
    opening: dict[str, int] = {}
    closing: dict[str, int] = {}
    for number, balance in enumerate(header.all("Bal"), 1):
        try:
            _take_balance(balance, opening, closing)
        except UnreadableValueError as problem:
            yield Problem.at(place, f"Bal[{number}]/{problem.field}", problem.code, problem.raw)
    names = list(dict.fromkeys([*opening, *closing, *tally.currencies, *([currency] if currency else [])]))
    if currency in names and len(names) > 1:
        names.insert(0, names.pop(names.index(currency)))
    problems = [*_check_balances(opening, closing, place, tally)]
    claims = _Claims(header, names[0] if names else currency, place)
    problems += claims.check(tally)
    yield from problems
    is_claimed = claims.is_made or any(one in closing for one in opening)
    base = StatementEntry(
        account=account_number(header.first("Acct")),
        currency=names[0] if names else "",
        source=source,
        lineage=place,
        statement_id=told(header.at("Id")),
        sequence=told(header.at("ElctrncSeqNb") or header.at("LglSeqNb")),
        entries=sum(tally.entries.values()) + tally.unread,
        claimed_entries=claims.count,
        claimed_credit_minor=claims.credit,
        claimed_debit_minor=claims.debit,
        is_reconciled=not problems if is_claimed else None,
    )
    try:
        base = replace(
            base,
            from_date=date_of(header.first("FrToDt", "FrDtTm") or header.first("FrToDt", "FrDt"), "FrToDt"),
            to_date=date_of(header.first("FrToDt", "ToDtTm") or header.first("FrToDt", "ToDt"), "FrToDt"),
        )
    except UnreadableValueError as problem:
        yield Problem.at(place, problem.field, problem.code, problem.raw)
    for number, name in enumerate(names or [""]):
        yield replace(
            base,
            currency=name,
            lineage=place if number == 0 else replace(place, position=f"{place.position}/{name}"),
            opening_minor=opening.get(name),
            closing_minor=closing.get(name),
            credit_minor=tally.booked_sums[name, 1],
            debit_minor=tally.booked_sums[name, -1],
        )


def _take_balance(balance: Node, opening: dict[str, int], closing: dict[str, int]) -> None:
    code = (balance.at("Tp", "CdOrPrtry", "Cd") or balance.at("Tp", "Cd")).upper()
    if code not in (*_OPENING, _CLOSING):
        return
    amount = amount_of(balance.first("Amt"), "Amt")
    signed = amount.minor * sign_of(balance)
    if code == _CLOSING:
        closing[amount.currency] = signed
    elif code == "OPBD" or amount.currency not in opening:
        opening[amount.currency] = signed


def _check_balances(
    opening: dict[str, int], closing: dict[str, int], place: Lineage, tally: Tally
) -> Iterator[Problem]:
    for currency, before in opening.items():
        if currency not in closing:
            continue
        moved = tally.booked_sums[currency, 1] - tally.booked_sums[currency, -1]
        if before + moved == closing[currency]:
            continue
        opened, read, closed = (to_text(one, currency) for one in (before, moved, closing[currency]))
        message = (
            f"Opening {opened} and booked entries of {read} do not add up to closing {closed} {currency}."
        )
        yield Problem.at(place, "Bal", "balance_differs", f"{opened} + {read} <> {closed}", message=message)


class _Claims:
    """The counts and sums of `TxsSummry`."""

    def __init__(self, header: Node, currency: str, place: Lineage) -> None:
        summary = header.first("TxsSummry")
        self.place, self.currency = place, currency
        self.problems: list[Problem] = []
        self.count = self._count(summary, "TtlNtries")
        self.total = self._sum(summary, "TtlNtries")
        self.credits = self._count(summary, "TtlCdtNtries")
        self.credit = self._sum(summary, "TtlCdtNtries")
        self.debits = self._count(summary, "TtlDbtNtries")
        self.debit = self._sum(summary, "TtlDbtNtries")

    @property
    def is_made(self) -> bool:
        """Whether the file claims anything."""
        claimed = (self.count, self.total, self.credits, self.credit, self.debits, self.debit)
        return any(one is not None for one in claimed)

    def check(self, tally: Tally) -> list[Problem]:
        """Compare with everything read, or with the booked entries alone: banks differ in what they count."""
        every = self._differences(tally.entries, tally.sums, tally.unread)
        booked = self._differences(tally.booked, tally.booked_sums, tally.unread)
        return self.problems + (every if every and booked else [])

    def _differences(
        self, counts: Counter[int], sums: Counter[tuple[str, int]], unread: int
    ) -> list[Problem]:
        credit = sum(value for (_, sign), value in sums.items() if sign > 0)
        debit = sum(value for (_, sign), value in sums.items() if sign < 0)
        pairs: list[tuple[str, int | None, int]] = [
            ("TtlNtries/NbOfNtries", self.count, counts[1] + counts[-1] + unread),
            ("TtlCdtNtries/NbOfNtries", self.credits, counts[1]),
            ("TtlDbtNtries/NbOfNtries", self.debits, counts[-1]),
        ]
        if len({currency for currency, _ in sums}) <= 1:  # a sum over currencies is no amount
            pairs += [
                ("TtlNtries/Sum", self.total, credit + debit),
                ("TtlCdtNtries/Sum", self.credit, credit),
                ("TtlDbtNtries/Sum", self.debit, debit),
            ]
        return [
            self._problem(name, claimed, read)
            for name, claimed, read in pairs
            if claimed is not None and claimed != read
        ]

    def _problem(self, name: str, claimed: int, read: int) -> Problem:
        is_sum = name.endswith("Sum") and self.currency
        said, found = (to_text(one, self.currency) if is_sum else str(one) for one in (claimed, read))
        message = f"The file says {said}, its entries make {found}."
        return Problem.at(
            self.place, f"TxsSummry/{name}", "total_differs", f"{said} <> {found}", message=message
        )

    def _count(self, summary: Node | None, name: str) -> int | None:
        text = "" if summary is None else summary.at(name, "NbOfNtries")
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 16:
            return int(text)
        self.problems.append(Problem.at(self.place, f"TxsSummry/{name}/NbOfNtries", "bad_amount", text))
        return None

    def _sum(self, summary: Node | None, name: str) -> int | None:
        text = "" if summary is None else summary.at(name, "Sum")
        if not text or not self.currency:
            return None
        try:
            return to_minor(text, self.currency)
        except MoneyError as error:
            self.problems.append(Problem.at(self.place, f"TxsSummry/{name}/Sum", error.code, text))
            return None
