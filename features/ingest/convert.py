"""Files in, a book out: each file is recognised, read, held against what the book has, and added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from features.ingest.book_out import BookOut
from features.ingest.container import expand
from features.ingest.detect import Format, find_format
from features.ingest.entry import (
    Entry,
    EntryStatus,
    InvoiceEntry,
    PaymentEntry,
    RemittanceEntry,
    StatementEntry,
)
from features.ingest.identity import Fate
from features.ingest.ledger import Ledger
from features.ingest.limits import DEFAULT, Limits
from features.ingest.problems import NOTES, Problem, UnusableFileError
from features.ingest.source import Source
from features.ingest.tabular.hints import Hints
from receivables.errors import TieoutError

_FIRST: Final = ("camt.053", "mt940", "camt.054", "camt.052", "mt942")
_REPORTS: Final = frozenset({"camt.052", "mt942"})


class NoFileError(TieoutError):
    """There is nothing to convert."""

    code = "no_file"
    mend = "Name bank statements, gateway reports, e-invoices or remittance advices, or a folder of them."


@dataclass(slots=True)
class FileReport:
    """What became of one file."""

    name: str
    format: str = ""
    sha256: str = ""
    payments: int = 0
    """New in the book."""
    copies: int = 0
    """Payments and invoices that the book had already."""
    not_booked: int = 0
    parts: int = 0
    """Transactions that became remittance lines of a payment the book had already."""
    invoices: int = 0
    remittance_lines: int = 0
    statements: int = 0
    problems: int = 0
    notes: int = 0
    """Lines left out on purpose: pending and informational ones."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was found in it."""
        counts = (self.payments, self.copies, self.not_booked, self.parts, self.invoices)
        return not any((*counts, self.remittance_lines, self.statements, self.problems, self.notes))


@dataclass(slots=True)
class Conversion:
    """What became of all files, and which rows each table of the book gained."""

    files: list[FileReport] = field(default_factory=list)
    added: dict[str, int] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    """By code, notes included."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was set aside but what was left out on purpose."""
        return not set(self.problems) - NOTES

    @property
    def is_nothing_read(self) -> bool:
        """Whether not one file could be used."""
        return bool(self.files) and all(
            not (one.payments or one.copies or one.not_booked or one.parts or one.invoices)
            and not (one.remittance_lines or one.statements)
            for one in self.files
        )


def convert_files(
    paths: Sequence[Path],
    out: Path,
    *,
    layout: str | None = None,
    account: str | None = None,
    currency: str | None = None,
    limits: Limits = DEFAULT,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Conversion:
    """Convert `paths`, files or folders of files, into the book `out`; what it holds already stays.

    Converting a file again adds nothing, whatever it is called then. Raises `NoFileError` when there is no
    file and `UnusableBookError` when the book cannot be added to. `layout` names the layout of CSV and Excel
    exports; `account` and `currency` stand in where such a file does not name its own.
    """
    hints = Hints.checked(layout, account, currency)
    files = _files(paths, out)
    book = BookOut(out)
    try:
        return _convert(files, book, limits, hints, progress)
    finally:
        book.close()


def _convert(
    files: list[Path],
    book: BookOut,
    limits: Limits,
    hints: Hints,
    progress: Callable[[str, int, int], None],
) -> Conversion:
    ledger, problems, result = Ledger(book), _Problems(limits), Conversion()
    names = {path.name for path in files}
    work: list[tuple[Source, Format]] = []
    seen: set[str] = set()
    for path in files:
        for found in expand(path, limits):
            if isinstance(found, Problem):
                result.files.append(problems.for_file(FileReport(found.file), [found]))
            elif found.sha256 in seen:
                result.files.append(FileReport(found.name, "the same bytes as an earlier file", found.sha256))
            else:
                seen.add(found.sha256)
                names.add(found.name)
                report = FileReport(found.name, sha256=found.sha256)
                try:
                    format_ = find_format(found, limits)
                except UnusableFileError as error:
                    result.files.append(problems.for_file(report, [_whole(found, error)]))
                else:
                    work.append((found, format_))
    for done, (source, format_) in enumerate(sorted(work, key=lambda one: _rank(one[1]))):
        progress("reading files", done, len(work))
        report = FileReport(source.name, format_.name, source.sha256)
        result.files.append(problems.for_file(report, _take(source, format_, limits, hints, ledger, report)))
    progress("writing the book", 0, 0)
    result.added, last = ledger.commit()
    problems.add(last)
    result.problems = problems.counts
    book.write_problems(problems.listed, names | {one.file for one in problems.listed})
    return result


def _take(
    source: Source, format_: Format, limits: Limits, hints: Hints, ledger: Ledger, report: FileReport
) -> Iterator[Problem]:
    """Read one file into the ledger; give its problems."""
    ledger.begin(source)
    try:
        for entry in format_.open(source, limits, hints):
            if isinstance(entry, Problem):
                yield entry
            else:
                yield from _enter(entry, ledger, report)
    except UnusableFileError as error:
        yield _whole(source, error)
    except Exception as error:  # noqa: BLE001 - a file that breaks its reader costs itself, not the others
        said = f"{type(error).__name__} while {source.name} was read as {format_.name}."
        yield _broken(source, said)
    yield from ledger.end(report.name)
    if report.is_empty:
        message = f"{source.name} is {format_.name} and holds nothing that belongs in a book."
        yield Problem.at(
            source.at(""), "", "empty_file", message=message, mend="Nothing to do if that is right."
        )


def _enter(entry: Entry, ledger: Ledger, report: FileReport) -> Iterator[Problem]:
    match entry:
        case PaymentEntry():
            if entry.status is not EntryStatus.BOOKED:
                report.not_booked += 1
                ledger.pass_over(entry)
                return
            fate = ledger.take_payment(entry)
            report.payments += fate is Fate.NEW
            report.copies += fate is Fate.COPY
            report.parts += fate is Fate.PART
        case RemittanceEntry():
            report.remittance_lines += 1
            ledger.take_remittance(entry)
        case InvoiceEntry():
            is_new, problem = ledger.take_invoice(entry)
            report.invoices += is_new
            report.copies += not is_new
            if problem is not None:
                yield problem
        case StatementEntry():
            report.statements += 1
            if entry.source in _REPORTS:
                ledger.end_report()
            ledger.take_statement(entry)
        case _:
            ledger.take_small(entry)
    yield from ledger.cuts()


class _Problems:
    """The problems of a conversion, listed up to a limit for each file and counted all."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.problems
        self.listed: list[Problem] = []
        self.counts: Counter[str] = Counter()

    def for_file(self, report: FileReport, problems: Iterator[Problem] | list[Problem]) -> FileReport:
        """Take the problems of one file."""
        unlisted, last = 0, None
        for problem in problems:
            self.counts[problem.code] += 1
            if problem.code in NOTES:
                report.notes += 1
            else:
                report.problems += 1
            if report.problems + report.notes <= self._limit:
                self.listed.append(problem)
            else:
                unlisted, last = unlisted + 1, problem
        if last is not None:
            mend = "Mend those listed and convert the file again."
            message = f"{unlisted:,} more problems of this file are not listed."
            self.listed.append(Problem(last.file, "", "", "too_many_problems", message, mend))
        return report

    def add(self, problems: list[Problem]) -> None:
        """Take problems that belong to no single file."""
        self.listed += problems
        self.counts.update(one.code for one in problems)


def _files(paths: Sequence[Path], out: Path) -> list[Path]:
    """List the files to convert, folders in the order of their names."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.is_file())
            files += [one for one in inside if not any(part.startswith(".") for part in one.parts)]
        elif path.is_file():
            files.append(path)
        else:
            raise NoFileError(f"{path} does not exist.")
    within = out.resolve()
    for path in files:
        if path.resolve().is_relative_to(within):
            raise NoFileError(f"{path} lies in the book {out} itself.")
    if not files:
        raise NoFileError("There is no file in what was named.")
    return list(dict.fromkeys(files))


def _rank(format_: Format) -> int:
    """Statements first, then notices and reports of the same payments: the statement's version stays."""
    return _FIRST.index(format_.name) if format_.name in _FIRST else 0


def _whole(source: Source, error: UnusableFileError) -> Problem:
    return Problem(source.name, "", "", error.code, error.message, error.mend)


def _broken(source: Source, said: str) -> Problem:
    mend = "Report the file to whoever keeps Tieout; what was read before this place is in the book."
    return Problem(source.name, "", "", "reader_failed", said, mend)
