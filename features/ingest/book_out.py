"""The book that a conversion writes into: rows it holds already, rows that are new, files replaced whole.

Nothing is written outside the folder. New rows wait in a hidden folder inside it until the conversion is
done; then each table that gained rows is written anew beside the old one and takes its place in one step.
Payments come last: a conversion that was cut off before them is simply done again.
"""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from features.ingest.problems import Problem
from features.ingest.rows import COLUMNS, Row
from receivables.errors import TieoutError

_WAITING: Final = ".convert"
_PROBLEM_COLUMNS: Final = ("file", "position", "field", "code", "message", "mend", "raw")
_CELL: Final = 1 << 20
REQUIRED: Final = ("invoices", "payments")
"""Tables that a book has even when they are empty."""


class UnusableBookError(TieoutError):
    """The book cannot be written to."""

    code = "unusable_book"
    mend = "Give a new folder, or a book whose tables are CSV files."


def _locked(folder: Path) -> int:
    """Hold the folder for this process alone, as long as the descriptor is open."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UnusableBookError(f"Another conversion is writing into {folder}.") from None
    return descriptor


class BookOut:
    """The tables of one book while a conversion adds to them."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise UnusableBookError(f"{folder} is a file.")
        parquet = [name for name in COLUMNS if (folder / f"{name}.parquet").exists()]
        if parquet:
            raise UnusableBookError(f"{folder} holds {parquet[0]}.parquet, which cannot be added to.")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = _locked(folder)
        self._waiting = folder / _WAITING
        shutil.rmtree(self._waiting, ignore_errors=True)  # what an interrupted conversion left
        self._waiting.mkdir()
        self._files: dict[str, TextIO] = {}
        self._writers: dict[str, Callable[[list[str]], object]] = {}
        self._added: dict[str, int] = {}

    def rows(self, table: str) -> Iterator[Row]:
        """Give the rows that the book holds already."""
        path = self.folder / f"{table}.csv"
        if not path.exists():
            return
        before = csv.field_size_limit(_CELL)
        try:
            with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
                reader = csv.DictReader(file)
                header = reader.fieldnames or []
                missing = [name for name in COLUMNS[table][:1] if name not in header]
                if missing and table in REQUIRED:
                    raise UnusableBookError(f"{path} has no column {missing[0]}.")
                for row in reader:
                    yield {name: text or "" for name, text in row.items() if isinstance(name, str)}
        except csv.Error as error:
            raise UnusableBookError(f"{path} cannot be read as CSV: {error}.") from error
        finally:
            csv.field_size_limit(before)

    def add(self, table: str, row: Row) -> None:
        """Keep a new row until the end."""
        if table not in self._files:
            file = (self._waiting / f"{table}.csv").open("w", encoding="utf-8", errors="replace", newline="")
            self._files[table] = file
            self._writers[table] = csv.writer(file, lineterminator="\n").writerow
            self._added[table] = 0
        self._writers[table]([row.get(name, "") for name in COLUMNS[table]])
        self._added[table] += 1

    def commit(self, change: Mapping[str, Callable[[Row], Row | None]]) -> dict[str, int]:
        """Write every table that gained rows; `change` may alter a new row of a table, or drop it.

        Gives the number of rows added to each table.
        """
        for file in self._files.values():
            file.close()
        added = {}
        for table in (*(name for name in COLUMNS if name != "payments"), "payments"):
            count = self._write(table, change.get(table))
            if count:
                added[table] = count
        return added

    def write_problems(self, problems: list[Problem], files: set[str]) -> None:
        """Write the problems of this conversion; those of files not converted this time stay listed."""
        path = self.folder / "quarantine.csv"
        kept = []
        if path.exists():
            with path.open(encoding="utf-8", newline="", errors="replace") as file:
                kept = [row for row in csv.DictReader(file) if row.get("file", "") not in files]
        if not kept and not problems and not path.exists():
            return
        target = self._waiting / "quarantine.csv"
        with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_PROBLEM_COLUMNS)
            writer.writerows([row.get(name, "") for name in _PROBLEM_COLUMNS] for row in kept)
            writer.writerows([getattr(one, name) for name in _PROBLEM_COLUMNS] for one in problems)
        os.replace(target, path)  # noqa: PTH105 - one step, and the target exists

    def close(self) -> None:
        """Remove what waits."""
        for file in self._files.values():
            file.close()
        shutil.rmtree(self._waiting, ignore_errors=True)
        os.close(self._lock)

    def _write(self, table: str, change: Callable[[Row], Row | None] | None) -> int:
        path = self.folder / f"{table}.csv"
        if table not in self._files:
            if table in REQUIRED and not path.exists():
                self._replace(table, COLUMNS[table], iter(()))
            return 0
        fresh = 0

        def rows() -> Iterator[Row]:
            nonlocal fresh
            yield from self.rows(table)
            for row in self._waiting_rows(table):
                changed = row if change is None else change(row)
                if changed is not None:
                    fresh += 1
                    yield changed

        self._replace(table, self._header(table), rows())
        return fresh

    def _header(self, table: str) -> tuple[str, ...]:
        """Keep the columns of the book in their order, and put those it lacks behind."""
        path = self.folder / f"{table}.csv"
        if not path.exists():
            return COLUMNS[table]
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            header = next(csv.reader(file), [])
        return (*header, *(name for name in COLUMNS[table] if name not in header))

    def _waiting_rows(self, table: str) -> Iterator[Row]:
        before = csv.field_size_limit(_CELL)
        try:
            with (self._waiting / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                for cells in csv.reader(file):
                    yield dict(zip(COLUMNS[table], cells, strict=True))
        finally:
            csv.field_size_limit(before)

    def _replace(self, table: str, header: tuple[str, ...], rows: Iterator[Row]) -> None:
        target = self._waiting / f"{table}.new.csv"
        with target.open("w", encoding="utf-8", errors="replace", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([row.get(name, "") for name in header] for row in rows)
        os.replace(target, self.folder / f"{table}.csv")  # noqa: PTH105 - one step, and the target exists
