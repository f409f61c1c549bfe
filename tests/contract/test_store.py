from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from serving.store.errors import NotMigratedError, UnknownBookError
from serving.store.migrations import check_migrated, migrate, newest
from serving.store.outbox_rows import OutboxEvent, append_events
from serving.store.schema import audit, metadata, outbox
from serving.store.store import Store, Transaction
from tests.stores import NOW


def _audit_row(tx: Transaction, seq: int) -> None:
    tx.connection.execute(
        insert(audit).values(
            book_id=tx.book_id, seq=seq, prev_hash="0", hash=f"{seq}", kind="test", body="{}", created_at=NOW
        )
    )


def _outbox_row(tx: Transaction, seq: int) -> None:
    tx.connection.execute(
        insert(outbox).values(book_id=tx.book_id, seq=seq, topic="t", key="k", body="{}", created_at=NOW)
    )


def test_leaving_a_transaction_by_an_exception_undoes_all_of_it(store: Store) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), store.transaction("acme") as tx:  # noqa: PT012
        _audit_row(tx, 1)
        _outbox_row(tx, 1)
        raise RuntimeError("on purpose")
    with store.reading("acme") as tx:
        assert tx.connection.execute(select(func.count()).select_from(audit)).scalar() == 0
        assert tx.connection.execute(select(func.count()).select_from(outbox)).scalar() == 0


def test_a_book_that_is_not_there_is_refused_in_both_directions(store: Store) -> None:
    with pytest.raises(UnknownBookError), store.transaction("nobody"):
        pass
    with pytest.raises(UnknownBookError), store.reading("nobody"):
        pass


def test_making_a_book_twice_makes_it_once(store: Store) -> None:
    assert not store.create_book("acme", "again", NOW)
    assert store.create_book("third", "Third", NOW)
    assert store.books() == ["acme", "other", "third"]


def test_writers_of_a_book_take_turns(store: Store) -> None:
    """Each reads the highest number and writes the next: without turns two would write the same."""
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(10):
                with store.transaction("acme") as tx:
                    last = tx.connection.execute(select(func.max(outbox.c.seq))).scalar() or 0
                    _outbox_row(tx, last + 1)
        except BaseException as error:  # noqa: BLE001 (the assertion below names it)
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.reading("acme") as tx:
        assert tx.connection.execute(select(func.max(outbox.c.seq))).scalar() == 40


@pytest.mark.parametrize("verb", ["update", "delete", "replace"])
def test_what_only_grows_cannot_be_changed(store: Store, verb: str) -> None:
    with store.transaction("acme") as tx:
        _audit_row(tx, 1)
    with pytest.raises(DBAPIError), store.transaction("acme") as tx:  # noqa: PT012 - leaving it raises
        match verb:
            case "update":
                tx.connection.execute(update(audit).values(kind="forged"))
            case "delete":
                tx.connection.execute(delete(audit))
            case _:
                row = {
                    "book_id": "acme",
                    "seq": 1,
                    "prev_hash": "0",
                    "hash": "x",
                    "kind": "forged",
                    "body": "{}",
                }
                new = tx.upsert(audit).values(**row, created_at=NOW)
                tx.connection.execute(
                    new.on_conflict_do_update(index_elements=["book_id", "seq"], set_={"kind": "forged"})
                )
    with store.reading("acme") as tx:
        assert tx.connection.execute(select(audit.c.kind)).scalar() == "test"


def test_instants_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    late = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    with store.transaction("acme") as tx:
        tx.connection.execute(
            insert(outbox).values(book_id="acme", seq=1, topic="t", key="k", body="{}", created_at=late)
        )
    with store.reading("acme") as tx:
        assert tx.connection.execute(select(outbox.c.created_at)).scalar() == late
    with pytest.raises(Exception, match="time zone"), store.transaction("acme") as tx:
        tx.connection.execute(
            insert(outbox).values(
                book_id="acme", seq=2, topic="t", key="k", body="{}", created_at=late.replace(tzinfo=None)
            )
        )


def test_text_sorts_by_its_bytes_everywhere(store: Store) -> None:
    with store.transaction("acme") as tx:
        for seq, topic in enumerate(["b", "B", "ä", "a-1", "a1", "A"]):
            tx.connection.execute(
                insert(outbox).values(
                    book_id="acme", seq=seq, topic=topic, key="k", body="{}", created_at=NOW
                )
            )
    with store.reading("acme") as tx:
        found = list(tx.connection.execute(select(outbox.c.topic).order_by(outbox.c.topic)).scalars())
    assert found == sorted(found, key=lambda text: text.encode())


def test_migrating_twice_changes_nothing_and_gives_the_tables_of_the_code(store: Store) -> None:
    assert migrate(store) == (newest(), newest())
    check_migrated(store)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_store_without_tables_is_refused_with_its_mend(store_url: str) -> None:
    empty = Store(store_url)
    try:
        with pytest.raises(NotMigratedError, match="tieout migrate"):
            check_migrated(empty)
    finally:
        empty.close()


def test_what_a_savepoint_undid_is_forgotten_and_its_numbers_are_free_again(store: Store) -> None:
    with store.transaction("acme") as tx:
        assert append_events(tx, [OutboxEvent("t", "k", "{}")], NOW) == [1]
        with pytest.raises(RuntimeError, match="on purpose"), tx.savepoint():  # noqa: PT012 - leaving it raises
            assert append_events(tx, [OutboxEvent("t", "k", "{}")], NOW) == [2]
            raise RuntimeError("on purpose")
        assert append_events(tx, [OutboxEvent("t", "k", "{}")], NOW) == [2]
    with store.reading("acme") as tx:
        assert tx.connection.execute(select(func.count()).select_from(outbox)).scalar() == 2
