"""The door to SWIFT MT files: recognises them and reads message by message, in flat memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from features.ingest.entry import Entry, PaymentEntry, StatementEntry
from features.ingest.limits import Limits
from features.ingest.mt940.fields import END, START, Field, split_fields
from features.ingest.mt940.notice import Notice, is_notice_tag
from features.ingest.mt940.repeats import Repeats
from features.ingest.mt940.statement import Statement
from features.ingest.problems import LimitError, Problem
from features.ingest.source import Source
from features.ingest.text_lines import TextLines, head_lines
from receivables.money import to_text

_STATEMENTS: Final = frozenset({"940", "941", "942", "950"})
_FIRST_FIELD: Final = re.compile(
    r":(?:20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|13[CD]?|34F|90[CD]|NS|23B|32A|50[AFK]?|59[AF]?|9[04]\d):"
)
_ENVELOPE: Final = re.compile(r"\{[12]:[A-Z0-9]")
_TYPE: Final = re.compile(r"\{2:([IO])(\d{3})")
_UETR: Final = re.compile(r"\{121:([0-9a-fA-F-]{36})\}")
_REPORT: Final = re.compile(r"^:(?:34F|90[CD]):|^(?:MT)?942\b", re.MULTILINE)
_STATEMENT: Final = re.compile(r"^:6[02][FM]:", re.MULTILINE)
_BARE: Final = re.compile(r"\d{3}")
_HEAD_LINES: Final = 12


def detect(head: bytes, source: Source) -> bool:  # noqa: ARG001 - every detector takes both
    """Say whether a file is a SWIFT MT file, with or without envelopes."""
    lines = head_lines(head, _HEAD_LINES)
    if not lines:
        return False
    if _ENVELOPE.match(lines[0].lstrip("$ \x01")):
        return True
    return any(_FIRST_FIELD.match(line) for line in lines) and not lines[0].lstrip().startswith(("<", "!"))


def detect_report(head: bytes, source: Source) -> bool:
    """Say whether a file starts with an MT942, which repeats lines of reports before it."""
    if not detect(head, source):
        return False
    text = "\n".join(head_lines(head))
    if (typed := _TYPE.search(text)) is not None:
        return typed.group(2) == "942"
    return _REPORT.search(text) is not None and _STATEMENT.search(text) is None


def read(source: Source, limits: Limits) -> Iterator[Entry | Problem]:
    """Read every message of a file: payments, then the statement that holds them."""
    return _Reading(source, limits).entries()


@dataclass(slots=True)
class _Reading:
    """What is open while a file is read."""

    source: Source
    limits: Limits
    statement: Statement = field(init=False)
    repeats: Repeats = field(init=False)
    notice: Notice | None = None
    kind: str = ""
    is_outgoing: bool = False
    uetr: str = ""
    pages: dict[str, StatementEntry] = field(default_factory=dict)
    """The statement before, by account."""
    was_last_page: dict[str, bool] = field(default_factory=dict)
    has_told: bool = False
    found: int = 0

    def __post_init__(self) -> None:
        self.statement, self.repeats = Statement(self.source), Repeats(self.source)

    def entries(self) -> Iterator[Entry | Problem]:
        """Read the file."""
        lines = TextLines(self.source, self.limits)
        for item in split_fields(lines):
            for one in self._take(item):
                yield self._counted(one)
            if item.tag in ("25", "25P", "60F", "60M"):
                lines.settle_country(self.statement.account, self.statement.currency)
        for one in self._end():
            yield self._counted(one)
        yield from lines.problems()
        if self.found == 0:
            message = "The file looks like a SWIFT message and holds no field that can be read."
            mend = "Export the statement again."
            yield Problem.at(self.source.at("line 1"), "", "no_statement", message=message, mend=mend)

    def _counted(self, one: Entry | Problem) -> Entry | Problem:
        self.found += 1
        if self.found > self.limits.entries:
            raise LimitError(f"{self.source.name} has more than {self.limits.entries} entries.")
        return one

    def _take(self, item: Field) -> Iterator[Entry | Problem]:
        if item.tag == START:
            if not item.lines[0].startswith("{2:"):
                yield from self._end()
            self._begin(item.lines[0])
            return
        if item.tag == END:
            yield from self._end()
            return
        if self._starts_anew(item):
            kind = self.kind
            yield from self._end()
            self.kind = kind
            self.statement.kind = kind if kind in _STATEMENTS else "940"
        if self.notice is None and self.statement.is_empty and self._is_notice():
            self.notice = Notice(self.source, self.kind, self.is_outgoing, self.uetr)
        if self.notice is None and is_notice_tag(item.tag) and self.kind not in _STATEMENTS:
            self._turn_to_notice(item.tag)
        if self.notice is not None:
            self.notice.take(item)
            return
        if item.tag in ("34F", "90C", "90D", "13D") and not self.kind and self.statement.opening is None:
            self.statement.kind = "942"
        elif item.tag in ("60F", "60M") and not self.kind:
            self.statement.kind = "940"
        self.repeats.take(item)
        for one in self.statement.take(item):
            yield from self.repeats.hold(one)

    def _starts_anew(self, item: Field) -> bool:
        """Say whether a field can only be the first of another message, where no envelope says so."""
        if self.notice is not None:
            return item.tag == "20" and "20" in self.notice.fields
        if item.tag == "20":
            return not self.statement.is_empty
        return item.tag in ("60F", "60M") and self.statement.opening is not None

    def _is_notice(self) -> bool:
        return bool(self.kind) and self.kind not in _STATEMENTS

    def _turn_to_notice(self, tag: str) -> None:
        """Take what came before for the start of a notice: no envelope told the type."""
        self.kind = "910" if tag == "32A" and self.statement.account else "103"
        self.notice = Notice(self.source, self.kind, self.is_outgoing, self.uetr)
        for known, text in (("20", self.statement.reference), ("25", self.statement.account)):
            if text and self.statement.place is not None:
                number = int(self.statement.place.position.removeprefix("line "))
                self.notice.take(Field(known, [text], number))
        self.statement = Statement(self.source)

    def _begin(self, text: str) -> None:
        if (found := _TYPE.search(text)) is not None:
            self.kind, self.is_outgoing = found.group(2), found.group(1) == "I"
        elif _BARE.fullmatch(text):
            self.kind = text
        if (uetr := _UETR.search(text)) is not None:
            self.uetr = uetr.group(1).lower()
        self.statement.kind = self.kind if self.kind in _STATEMENTS else "940"

    def _end(self) -> Iterator[Entry | Problem]:
        """Close what is open."""
        notice, self.notice = self.notice, None
        statement, self.statement = self.statement, Statement(self.source)
        self.kind, self.is_outgoing, self.uetr = "", False, ""
        if notice is not None and not notice.is_empty:
            for one in notice.finish():
                if isinstance(one, PaymentEntry) and not self.has_told:
                    self.has_told = True
                    yield _told_once(one)
                if isinstance(one, PaymentEntry):
                    yield Problem.at(one.lineage, "", one.status.value)
                yield one
        for one in statement.finish():
            if isinstance(one, StatementEntry):
                for problem in self._check_chain(one, statement):
                    yield from self.repeats.hold(problem)
            yield from self.repeats.hold(one)
        yield from self.repeats.release()

    def _check_chain(self, entry: StatementEntry, statement: Statement) -> Iterator[Problem]:
        """Compare the opening of a page or statement with the closing of the one before it."""
        before = self.pages.get(entry.account)
        if (
            before is not None
            and before.currency == entry.currency
            and self._follows(before, entry, statement)
        ):
            closing, opening = before.closing_minor, entry.opening_minor
            if closing is not None and opening is not None and closing != opening:
                closed, opened = to_text(closing, entry.currency), to_text(opening, entry.currency)
                message = f"It opens with {opened}, the one before it closed with {closed} {entry.currency}."
                mend = "Check whether a statement or page is missing between the two."
                raw = f"{closed} <> {opened}"
                yield Problem.at(entry.lineage, "60F", "statement_gap", raw, message=message, mend=mend)
        self.pages[entry.account] = entry
        self.was_last_page[entry.account] = statement.is_last_page

    def _follows(self, before: StatementEntry, entry: StatementEntry, statement: Statement) -> bool:
        """Say whether a statement or page claims to be the next one."""
        if not self.was_last_page[entry.account] or not statement.is_first_page:
            return True
        numbers = [one.sequence.partition("/")[0] for one in (before, entry)]
        if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in numbers):
            return False
        return int(numbers[1]) == int(numbers[0]) + 1


def _told_once(entry: PaymentEntry) -> Problem:
    """Say for the whole file that notices are no payments."""
    kind = entry.source.upper()
    message = f"An {kind} tells of a payment and books none."
    mend = "Give the statement that books it (MT940 or camt.053); the notices are listed and not booked."
    return Problem.at(entry.lineage, "", "payment_notice", message=message, mend=mend)
