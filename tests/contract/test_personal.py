"""Personal data on each database: sealed, opened, forgotten; and whole copies of a store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from serving.audit.chain import append, records
from serving.audit.checkpoints import CheckpointKeyError
from serving.audit.keeping import AuditFolder, keep_checkpoint, verify_book
from serving.backup import BackupError, make_backup, restore_backup
from serving.erasure import UnknownSubjectError, apply_retention, erase, plan_retention
from serving.personal import MasterKey, MasterKeyError, Sealer, mask_card_numbers
from serving.posting import post
from serving.store import schema
from serving.store.copying import NotEmptyError
from serving.store.ledger_rows import balances
from serving.store.store import Store, Transaction
from tests.contract.test_ledger import MARCH, one_payment
from tests.stores import NOW, empty_store

MASTER = MasterKey(bytes(range(32)))
MARKER = "Zubermann-Quorx"
"""A made-up name that stands nowhere else."""


def sealed_record(tx: Transaction, customer_id: str | None = "C-1") -> tuple[str, str]:
    sealer = Sealer(tx, MASTER)
    subject = sealer.subject_of(customer_id, "DE00 MARKED", MARKER)
    sealed = sealer.seal(subject, "payer_name", MARKER, NOW)
    append(tx, "decision.made", {"payer_name": sealed}, NOW, subject)
    return subject, sealed


def add_rows(tx: Transaction) -> None:
    """A customer, its item and its payment, as intake would write them."""
    same = {"book_id": tx.book_id, "known_at": NOW, "row_hash": "0"}
    run = tx.connection.execute
    run(insert(schema.customer).values(id="C-1", name=MARKER, aliases=MARKER, **same))
    run(
        insert(schema.customer_account).values(
            book_id=tx.book_id, customer_id="C-1", account=MARKER, known_at=NOW
        )
    )
    run(
        insert(schema.invoice).values(
            id="I-1", customer_id="C-1", currency="EUR", amount_minor=100, issue_date=MARCH, type="invoice",
            invoice_number="I-1", customer_name=MARKER, status="open", opening_minor=100, open_minor=100,
            changed_at=NOW, **same,
        )
    )  # fmt: skip
    run(
        insert(schema.payment).values(
            id="P-1", booking_date=MARCH, currency="EUR", amount_minor=100, payer_name=MARKER,
            payer_account="DE00 MARKED", remittance=f"from {MARKER}", opening_minor=0, unapplied_minor=100,
            state="new", settled_customer_id="C-1", changed_at=NOW, **same,
        )
    )  # fmt: skip
    run(
        insert(schema.remittance_line).values(
            book_id=tx.book_id, payment_id="P-1", line=1, reference=MARKER, known_at=NOW, row_hash="0"
        )
    )
    for side, one in (("C", f"C-1\x1f{MARKER}"), ("P", "P-1"), ("C", "C-12\x1fOther"), ("I", "I-1")):
        run(insert(schema.block_key).values(book_id=tx.book_id, side=side, rule="name", key=7, id=one))


# ---------------------------------------------------------------------------------------------- sealing


def test_what_was_sealed_opens_for_its_place_only(store: Store) -> None:
    with store.transaction("acme") as tx:
        subject, sealed = sealed_record(tx)
        sealer = Sealer(tx, MASTER)
        assert MARKER not in sealed
        assert sealer.open(subject, "payer_name", sealed) == MARKER
        assert sealer.open(subject, "remittance", sealed) is None
        sealer.seal("customer:C-2", "payer_name", "x", NOW)
        assert sealer.open("customer:C-2", "payer_name", sealed) is None
    with store.transaction("other") as tx:
        assert Sealer(tx, MASTER).open(subject, "payer_name", sealed) is None


def test_another_master_key_opens_nothing(store: Store) -> None:
    with store.transaction("acme") as tx:
        subject, sealed = sealed_record(tx)
        with pytest.raises(MasterKeyError, match="not the one"):
            Sealer(tx, MasterKey(bytes(32))).open(subject, "payer_name", sealed)


def test_erasing_a_subject_leaves_the_chain_valid_and_no_text(store: Store, tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path / "audit")
    with store.transaction("acme") as tx:
        add_rows(tx)
        subject, sealed = sealed_record(tx)
        payer, by_payer = sealed_record(tx, customer_id=None)
    keep_checkpoint(store, "acme", folder, NOW)
    with store.transaction("acme") as tx:
        done = erase(tx, "customer:C-1", MASTER, "ada", NOW)
        assert (done.payments, done.keys_destroyed) == (1, 2)
    with store.transaction("acme") as tx:
        sealer = Sealer(tx, MASTER)
        assert sealer.open(subject, "payer_name", sealed) is None
        assert sealer.open(payer, "payer_name", by_payer) is None
        for table in schema.metadata.sorted_tables:
            assert MARKER not in str(tx.connection.execute(select(table)).all())
        assert [row.id for row in tx.connection.execute(select(schema.block_key))] == ["C-12\x1fOther", "I-1"]
        again = sealer.seal(subject, "payer_name", "new data", NOW)  # they come back: a new key
        assert Sealer(tx, MASTER).open(subject, "payer_name", again) == "new data"
        assert Sealer(tx, MASTER).open(subject, "payer_name", sealed) is None
    assert verify_book(store, "acme", folder.checkpoints, folder.public_key).is_intact


def test_after_erasure_no_byte_of_a_sqlite_store_holds_the_name(tmp_path: Path) -> None:
    with empty_store(f"sqlite:///{tmp_path / 'store.db'}", "acme") as store:
        with store.transaction("acme") as tx:
            add_rows(tx)
            sealed_record(tx)
        with store.transaction("acme") as tx:
            erase(tx, "customer:C-1", MASTER, "ada", NOW)
    with closing(sqlite3.connect(tmp_path / "store.db")) as raw:
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not [file for file in tmp_path.iterdir() if MARKER.encode() in file.read_bytes()]


@pytest.mark.parametrize("who", ["account:DE00 MARKED", "customer:C-1"])
def test_a_payer_is_forgotten_by_account_or_customer(store: Store, who: str) -> None:
    with store.transaction("acme") as tx:
        add_rows(tx)
        assert erase(tx, who, MASTER, "ada", NOW).payments == 1
        [row] = tx.connection.execute(select(schema.payment)).all()
        assert (row.payer_name, row.remittance, row.amount_minor) == (None, None, 100)


def test_whom_nobody_knows_cannot_be_erased(store: Store) -> None:
    with store.transaction("acme") as tx, pytest.raises(UnknownSubjectError):
        erase(tx, "Zubermann", MASTER, "ada", NOW)


def test_the_master_key_is_made_once_and_kept_tight(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    made = MasterKey.read_or_make(path)
    assert MasterKey.read_or_make(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.secret not in repr(made).encode()
    path.chmod(0o644)
    with pytest.raises(CheckpointKeyError):
        MasterKey.read_or_make(path)


# ---------------------------------------------------------------------------------------------- card numbers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("card 4111 1111 1111 1111 thanks", "card 4111 11** **** 1111 thanks"),
        ("4111111111111111", "411111******1111"),
        ("5500-0000-0000-0004", "5500-00**-****-0004"),
        ("378282246310005", "378282*****0005"),
        ("RG 2025-004218 und 4111111111111112", "RG 2025-004218 und 4111111111111112"),
        ("DE89370400440532013000", "DE89370400440532013000"),
        ("INV4111111111111111", "INV4111111111111111"),
        ("9999999999999995", "9999999999999995"),
    ],
)
def test_card_numbers_are_masked_and_references_are_not(text: str, masked: str) -> None:
    assert mask_card_numbers(text) == masked


@given(st.text(max_size=200))
def test_masking_twice_is_masking_once_and_keeps_the_length(text: str) -> None:
    once = mask_card_numbers(text)
    assert mask_card_numbers(once) == once
    assert len(once) == len(text)


# ---------------------------------------------------------------------------------------------- retention


def test_the_plan_counts_what_applying_it_removes(store: Store) -> None:
    old = NOW - timedelta(days=4_000)
    with store.transaction("acme") as tx:
        add_rows(tx)
        for key, made in (("old", old), ("young", NOW)):
            tx.connection.execute(
                insert(schema.idempotency).values(
                    book_id="acme", key=key, request_hash="0", status=200, body=MARKER, created_at=made
                )
            )
        planned = plan_retention(tx, NOW)
        assert {step.name: step.rows for step in planned if step.rows} == {"idempotency": 1}
        assert apply_retention(tx, "ada", NOW) == planned
        assert not any(step.rows for step in plan_retention(tx, NOW))
        later = NOW + timedelta(days=4_000)
        assert {step.name for step in plan_retention(tx, later) if step.rows} == {
            "idempotency",
            "payment_texts",
        }
        apply_retention(tx, "ada", later)
        [row] = tx.connection.execute(select(schema.payment)).all()
        assert (row.payer_name, row.amount_minor) == (None, 100)


# ---------------------------------------------------------------------------------------------- backup


@pytest.fixture
def home(tmp_path: Path) -> Path:
    MasterKey.read_or_make(tmp_path / "home" / "keys" / "master.key")
    return tmp_path / "home"


def fill(store: Store) -> None:
    for book in ("acme", "other"):
        with store.transaction(book) as tx:
            add_rows(tx)
            sealed_record(tx)
            post(tx, one_payment(), NOW)


def everything(store: Store) -> list[list[str]]:
    with store.reading("acme") as tx:
        run = tx.connection.execute
        return [sorted(map(str, run(select(table)))) for table in schema.metadata.sorted_tables]


@pytest.mark.parametrize("form", ["native", "portable"])
def test_a_backup_comes_back_whole_and_verified(store: Store, home: Path, tmp_path: Path, form: str) -> None:
    fill(store)
    backup = make_backup(store, home, tmp_path / "backup", NOW, portable=form == "portable")
    target = f"sqlite:///{tmp_path / 'new' / 'store.db'}"
    restored = restore_backup(backup, target, tmp_path / "new")
    assert restored.books == {"acme": 2, "other": 2}
    again = Store(target)
    assert everything(again) == everything(store)
    with again.transaction("acme") as tx, store.reading("acme") as before:
        assert balances(tx) == balances(before)
        assert [record.hash for record in records(tx)] == [record.hash for record in records(before)]
        post(tx, one_payment(), NOW)  # booked before the backup: not again
        assert balances(tx) == balances(before)
    again.close()
    with pytest.raises(NotEmptyError):
        restore_backup(backup, target, tmp_path / "new")


def test_a_portable_backup_moves_a_store_back(
    store: Store, store_url: str, home: Path, tmp_path: Path
) -> None:
    """Into the database it came from, emptied first: the way back for PostgreSQL."""
    fill(store)
    backup = make_backup(store, home, tmp_path / "backup", NOW, portable=True)
    before = everything(store)
    if store.engine.dialect.name == "sqlite":
        store.close()
        for file in tmp_path.glob("store.db*"):
            file.unlink()
    else:
        with store.engine.begin() as connection:
            schema.metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE alembic_version")
    restore_backup(backup, store_url, tmp_path / "new")
    assert everything(store) == before


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_backup_that_was_changed_is_refused(store: Store, home: Path, tmp_path: Path, harm: str) -> None:
    fill(store)
    backup = make_backup(store, home, tmp_path / "backup", NOW, portable=True)
    victim = backup / "audit" / "checkpoints.jsonl"
    victim.write_bytes(victim.read_bytes()[:-9]) if harm == "change" else victim.unlink()
    with pytest.raises(BackupError, match=r"checkpoints\.jsonl"):
        restore_backup(backup, f"sqlite:///{tmp_path / 'new' / 'store.db'}", tmp_path / "new")


def test_a_backup_never_overwrites(store: Store, home: Path, tmp_path: Path) -> None:
    make_backup(store, home, tmp_path / "backup", NOW)
    with pytest.raises(BackupError, match="exists already"):
        make_backup(store, home, tmp_path / "backup", NOW)
