"""Whatever is booked, Beancount's own checker takes the export, and its balances are ours."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

from beancount import loader
from beancount.core.data import Transaction as BeancountEntry
from hypothesis import given
from hypothesis import strategies as st

from receivables.money import to_minor
from serving.journal_export import JOURNAL_COLUMNS, JournalFormat, export_journal
from serving.posting import Booking, EventConflictError, post, reverse
from serving.store.ledger_rows import balances, read_entries
from serving.store.store import Store
from tests.property.test_journal_laws import events
from tests.stores import NOW, empty_store

_numbers = count()
days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
words = st.text(max_size=8)
histories = st.lists(st.tuples(events(), days, words, st.booleans()), max_size=6)


def book(store: Store, name: str, history: list) -> None:  # type: ignore[type-arg]
    store.create_book(name, name, NOW)
    for event, day, word, undo in history:
        try:
            with store.transaction(name) as tx:
                [posted] = post(tx, [Booking(event, day, word.replace("\0", "") or None)], NOW)
                if undo:
                    reverse(tx, posted.entry_id, day, NOW, word.replace("\0", ""))
        except EventConflictError:
            continue  # two made-up events met under one key


def test_beancount_takes_every_journal_and_has_our_balances(tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("journal")  # type: ignore[attr-defined]
    with empty_store(f"sqlite:///{Path(folder) / 'store.db'}") as store:

        @given(histories)
        def holds(history: list) -> None:  # type: ignore[type-arg]
            name = f'book "{next(_numbers)}"'
            book(store, name, history)
            with store.reading(name) as tx:
                text = "".join(export_journal(tx, JournalFormat.BEANCOUNT))
                ours = {key: total for key, total in balances(tx).items() if total}
                entries = list(read_entries(tx))
                rows = list(csv.DictReader(io.StringIO("".join(export_journal(tx, JournalFormat.CSV)))))
            directives, errors, _ = loader.load_string(text)
            assert errors == []
            theirs: defaultdict[tuple[str, str], int] = defaultdict(int)
            for entry in directives:
                for line in entry.postings if isinstance(entry, BeancountEntry) else ():
                    units = line.units
                    assert units is not None
                    assert isinstance(units.number, Decimal)
                    theirs[line.account, units.currency] += to_minor(str(units.number), units.currency)
            assert {key: total for key, total in theirs.items() if total} == ours
            assert sum(isinstance(entry, BeancountEntry) for entry in directives) == len(entries)
            from_csv: defaultdict[tuple[str, str], int] = defaultdict(int)
            for row in rows:
                from_csv[row["account"], row["currency"]] += to_minor(row["amount"], row["currency"])
                assert tuple(row) == JOURNAL_COLUMNS
                assert not row["description"].startswith(("=", "+", "-", "@"))
            assert {key: total for key, total in from_csv.items() if total} == ours
            assert [row["entry_id"] for row in rows] == [row.id for row in entries for _ in row.lines]

        holds()
