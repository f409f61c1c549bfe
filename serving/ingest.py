"""Take rows into the store: each is accepted, unchanged or rejected; again, it changes nothing.

The rows were checked by `features.book`; here they meet what the store holds. Balances that we keep are
never overwritten: what the billing system says about a balance is kept beside ours, and a difference
becomes an entry or a case (see `serving.restatement`). History stays outside our journal: it is inside the
balances with which items and payments come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa

from features.book import Book
from features.book_schema import TABLES, TableSpec
from serving.block_keys import customer_keys, item_keys, item_names, names_of, payment_keys
from serving.history import take_history
from serving.masking import without_card_numbers
from serving.restatement import restate
from serving.row_states import Intake, Refusal, RowState
from serving.store.book_reading import SOURCES
from serving.store.bulk import insert_columns
from serving.store.columns import microseconds
from serving.store.intake_rows import (
    add_keys,
    add_names,
    count_delivery,
    existing_keys,
    forget_customer_keys,
    hashes_by_owner,
    mark_doubtful,
    mark_for_recheck,
    plain_columns,
    replace_keys,
    rows_of,
    settle_doubts,
    update_columns,
    with_effects,
)
from serving.store.schema import customer, instalment, invoice, payment, remittance_line
from serving.store.store import Store, Transaction

ROWS_AT_ONCE: Final = 5_000
"""Rows of a table in one transaction."""
_SPECS: Final = {spec.name: spec for spec in TABLES}
_NOT_HASHED: Final = {"known_at", "stated_open_minor"}


def ingest_book(store: Store, book_id: str, book: Book, now: datetime) -> Intake:
    """Take a checked book, table by table, some thousand rows a transaction; safe to repeat at any time."""
    intake, book = Intake(), without_card_numbers(book)
    for spec in TABLES:
        table = book.table(spec.name)
        # rows without a key of their own are counted against those that are there, so they are taken together
        size = ROWS_AT_ONCE if spec.key else max(table.num_rows, 1)
        for start in range(0, table.num_rows, size):
            part = table.slice(start, size)
            with store.transaction(book_id) as tx:
                take_rows(tx, spec, part, book, intake, now)
    return intake


def ingest_rows(tx: Transaction, book: Book, now: datetime) -> Intake:
    """Take a small checked book in the caller's transaction."""
    intake, book = Intake(), without_card_numbers(book)
    for spec in TABLES:
        if book.table(spec.name).num_rows:
            take_rows(tx, spec, book.table(spec.name), book, intake, now)
    mark_doubtful(tx, payment, book.doubtful_payments.to_pylist())
    mark_doubtful(tx, invoice, book.doubtful_invoices.to_pylist())
    return intake


def take_rows(
    tx: Transaction, spec: TableSpec, part: pa.Table, book: Book, intake: Intake, now: datetime
) -> None:
    """Take some rows of one table."""
    match spec.name:
        case "invoices":
            _take_invoices(tx, part, book, intake, now)
        case "payments":
            _take_payments(tx, part, book, intake, now)
        case "customers":
            _take_customers(tx, part, book, intake)
        case "instalments":
            _take_lines(tx, spec, part, "invoice_id", intake)
        case "remittance_lines":
            _take_lines(tx, spec, part, "payment_id", intake)
        case "allocations":
            take_history(tx, part, intake, now)
        case _:
            _take_keyed(tx, spec, part, book, intake)


def with_hashes(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Add the hash of what each row says; when it became known and what it says of a balance do not count."""
    names = [name for name in columns if name not in _NOT_HASHED]
    rows = zip(*(columns[name] for name in names), strict=True)
    columns["row_hash"] = [blake2b(repr(row).encode(), digest_size=16).hexdigest() for row in rows]
    return columns


def picked(columns: dict[str, list[Any]], places: Sequence[int]) -> dict[str, list[Any]]:
    """Keep some rows."""
    return {name: [values[place] for place in places] for name, values in columns.items()}


def only(book: Book, **tables: pa.Table) -> Book:
    """Give a book that holds these tables alone."""
    return replace(book, **{spec.name: tables.get(spec.name, spec.schema.empty_table()) for spec in TABLES})


# --------------------------------------------------------------------------- tables with an id


def _take_invoices(tx: Transaction, part: pa.Table, book: Book, intake: Intake, now: datetime) -> None:
    columns = with_hashes(plain_columns(_SPECS["invoices"], part))
    ids = columns["id"]
    there = rows_of(tx, invoice, ids)
    fresh = [place for place, one in enumerate(ids) if one not in there]
    doubtful = set(book.doubtful_invoices.to_pylist())
    new = picked(columns, fresh)
    new["opening_minor"] = [
        0 if status == "settled" else amount if stated is None else min(stated, amount)
        for amount, stated, status in zip(
            new["amount_minor"], new["stated_open_minor"], new["status"], strict=True
        )
    ]
    new["open_minor"] = list(new["opening_minor"])
    new["doubtful"] = [int(one in doubtful) for one in new["id"]]
    new["changed_at"] = [microseconds(now)] * len(fresh)
    insert_columns(tx, invoice, new)
    settle_doubts(tx, invoice, there, doubtful)
    _write_item_keys(tx, part.take(pa.array(fresh, pa.int64())), book, again=False)
    intake.note("invoices", new["id"], RowState.ACCEPTED)
    intake.items += new["id"]
    same = [
        place
        for place, one in enumerate(ids)
        if one in there and there[one].row_hash == columns["row_hash"][place]
    ]
    intake.note("invoices", (ids[place] for place in same), RowState.UNCHANGED)
    changed = _admissible_changes(tx, columns, there, intake)
    _change_invoices(tx, columns, changed, part, book, now)
    intake.note("invoices", (ids[place] for place in changed), RowState.ACCEPTED)
    stated = picked(columns, sorted(same + changed))
    moved = restate(tx, {one: there[one] for one in stated["id"]}, stated, now)
    intake.note("invoices", moved, RowState.ACCEPTED)
    intake.items += [ids[place] for place in changed] + moved
    if fresh or changed or moved:
        count_delivery(tx)


def _admissible_changes(
    tx: Transaction, columns: dict[str, list[Any]], there: dict[str, Any], intake: Intake
) -> list[int]:
    """Find the items that say something else and may; what money hangs on only while nothing was applied."""
    ids = columns["id"]
    differing = [
        place
        for place, one in enumerate(ids)
        if one in there and there[one].row_hash != columns["row_hash"][place]
    ]
    touched = with_effects(tx, [ids[place] for place in differing])
    out = []
    for place in differing:
        before = there[ids[place]]
        hard = [
            name
            for name in ("amount_minor", "currency", "customer_id", "type")
            if getattr(before, name) != columns[name][place]
        ]
        if hard and (ids[place] in touched or before.open_minor != before.opening_minor):
            intake.refuse(
                Refusal(
                    "invoices",
                    ids[place],
                    "item_in_use",
                    f"The item has allocations, and {' and '.join(hard).replace('_minor', '')} would change.",
                    "Issue a credit memo or debit note for the difference, or reverse the allocations.",
                )
            )
        else:
            out.append(place)
    return out


def _change_invoices(
    tx: Transaction,
    columns: dict[str, list[Any]],
    changed: list[int],
    part: pa.Table,
    book: Book,
    now: datetime,
) -> None:
    if not changed:
        return
    new = picked(columns, changed)
    new["changed_at"] = [microseconds(now)] * len(changed)
    del new["stated_open_minor"]
    before = rows_of(tx, invoice, new["id"])
    # an untouched item whose amount changes is open with its new amount, less what was open to begin with
    new["opening_minor"] = [
        before[one].opening_minor
        if before[one].amount_minor == amount
        else max(0, before[one].opening_minor + amount - before[one].amount_minor)
        for one, amount in zip(new["id"], new["amount_minor"], strict=True)
    ]
    new["open_minor"] = [
        before[one].open_minor + opening - before[one].opening_minor
        for one, opening in zip(new["id"], new["opening_minor"], strict=True)
    ]
    update_columns(tx, invoice, new)
    _write_item_keys(tx, part.take(pa.array(changed, pa.int64())), book, again=True)


def _write_item_keys(tx: Transaction, table: pa.Table, book: Book, *, again: bool) -> None:
    if table.num_rows == 0:
        return
    items = only(book, invoices=table)
    made = list(item_keys(items))
    if again:
        own = [keys for keys in made if keys.side == "I"]
        replace_keys(tx, "I", ("ref", "near", "less"), table["invoice_id"].to_pylist(), own)
        made = [keys for keys in made if keys.side != "I"]
    add_keys(tx, [*made, *customer_keys(items)])
    add_names(tx, item_names(items))


def _take_payments(tx: Transaction, part: pa.Table, book: Book, intake: Intake, now: datetime) -> None:
    columns = with_hashes(plain_columns(_SPECS["payments"], part))
    ids = columns["id"]
    there = rows_of(tx, payment, ids)
    fresh = [place for place, one in enumerate(ids) if one not in there]
    historic = set(book.allocations["payment_id"].to_pylist())
    doubtful = set(book.doubtful_payments.to_pylist())
    new = picked(columns, fresh)
    is_past = [
        one in historic or known is not None for one, known in zip(new["id"], new["resolution"], strict=True)
    ]
    new["state"] = ["history" if past else "new" for past in is_past]
    new["opening_minor"] = [
        amount if not past or stated is None else stated
        for past, amount, stated in zip(is_past, new["amount_minor"], new["stated_open_minor"], strict=True)
    ]
    new["unapplied_minor"] = list(new["opening_minor"])
    new["doubtful"] = [int(one in doubtful) for one in new["id"]]
    new["changed_at"] = [microseconds(now)] * len(fresh)
    insert_columns(tx, payment, new)
    add_keys(tx, payment_keys(only(book, payments=part.take(pa.array(fresh, pa.int64())))))
    settle_doubts(tx, payment, there, doubtful)
    intake.note("payments", new["id"], RowState.ACCEPTED)
    intake.payments += [one for one, past in zip(new["id"], is_past, strict=True) if not past]
    for place, one in enumerate(ids):
        if one not in there:
            continue
        if there[one].row_hash == columns["row_hash"][place]:
            intake.note("payments", [one], RowState.UNCHANGED)
        else:
            intake.refuse(
                Refusal(
                    "payments",
                    one,
                    "payment_changed",
                    "This payment is in the store and says something else.",
                    "A payment never changes: give the correction a payment_id of its own.",
                )
            )


def _take_customers(tx: Transaction, part: pa.Table, book: Book, intake: Intake) -> None:
    columns = with_hashes(plain_columns(_SPECS["customers"], part))
    ids = columns["id"]
    there = rows_of(tx, customer, ids)
    fresh = [place for place, one in enumerate(ids) if one not in there]
    changed = [
        place
        for place, one in enumerate(ids)
        if one in there and there[one].row_hash != columns["row_hash"][place]
    ]
    insert_columns(tx, customer, picked(columns, fresh))
    update_columns(tx, customer, picked(columns, changed))
    before = [there[ids[place]] for place in changed]
    forget_customer_keys(tx, {row.id: names_of(row.name, row.aliases) for row in before})
    touched = part.take(pa.array(fresh + changed, pa.int64()))
    if touched.num_rows:
        add_keys(tx, customer_keys(only(book, customers=touched)))
    intake.note("customers", (ids[place] for place in fresh + changed), RowState.ACCEPTED)
    seen = set(fresh + changed)
    intake.note("customers", (one for place, one in enumerate(ids) if place not in seen), RowState.UNCHANGED)


# --------------------------------------------------------------------------- tables without one


def _take_keyed(tx: Transaction, spec: TableSpec, part: pa.Table, book: Book, intake: Intake) -> None:
    """Take rows whose key is all they say, or nearly: a second version of a rate is refused."""
    columns = plain_columns(spec, part)
    there = existing_keys(tx, spec)
    keys = list(zip(*(columns[name] for name in spec.key), strict=True))
    fresh = [place for place, key in enumerate(keys) if key not in there]
    new = picked(columns, fresh)
    if spec.name == "fx_rates":
        new["id"] = [":".join(map(str, keys[place])) for place in fresh]
    insert_columns(tx, SOURCES[spec.name], new, ignore=True)
    if spec.name == "customer_accounts" and fresh:
        add_keys(tx, customer_keys(only(book, customer_accounts=part.take(pa.array(fresh, pa.int64())))))
    names = [":".join(map(str, key)) for key in keys]
    intake.note(spec.name, (names[place] for place in fresh), RowState.ACCEPTED)
    known = set(fresh)
    intake.note(
        spec.name, (name for place, name in enumerate(names) if place not in known), RowState.UNCHANGED
    )


def _take_lines(tx: Transaction, spec: TableSpec, part: pa.Table, owner: str, intake: Intake) -> None:
    """Take lines of an owner; equal ones count: each is new as often as it stands there more than before."""
    columns = with_hashes(plain_columns(spec, part))
    table = instalment if spec.name == "instalments" else remittance_line
    there = hashes_by_owner(tx, table, owner, columns[owner])
    left = {whose: Counter(hashes) for whose, hashes in there.items()}
    count = {whose: len(hashes) for whose, hashes in there.items()}
    fresh, lines = [], []
    for place, (whose, row_hash) in enumerate(zip(columns[owner], columns["row_hash"], strict=True)):
        if left.get(whose, Counter())[row_hash] > 0:
            left[whose][row_hash] -= 1
            continue
        count[whose] = count.get(whose, 0) + 1
        fresh.append(place)
        lines.append(count[whose])
    new = picked(columns, fresh)
    insert_columns(tx, table, {**new, "line": lines})
    intake.note(spec.name, new[owner], RowState.ACCEPTED)
    intake.note(spec.name, (one for one in columns[owner] if one not in set(new[owner])), RowState.UNCHANGED)
    if spec.name == "remittance_lines":
        mark_for_recheck(tx, [one for one in new[owner] if one in there or one not in set(intake.payments)])


__all__ = ["Intake", "Refusal", "RowState", "ingest_book", "ingest_rows"]
