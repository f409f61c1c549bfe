"""The audit chain of a real store: what is done to it behind our back is found."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from serving.audit import record
from serving.audit.chain import append
from serving.audit.checkpoints import Checkpoint, CheckpointFile, CheckpointKeyError, SigningKey
from serving.audit.keeping import AuditFolder, BrokenChainError, export_lines, keep_checkpoint, verify_book
from serving.audit.record import Record, link_hash, make_record
from serving.audit.verify import FindingKind, Verification
from serving.posting import Applied, Booking, CashMoved, Item, Payment, post
from serving.store.store import Store
from tests.stores import NOW, empty_store

RECORDS = 60
POSITIONS = 50
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_audit.py"


@dataclass(frozen=True)
class Kept:
    """A store with a chain, its checkpoints, and a raw connection of the attacker's."""

    store: Store
    folder: AuditFolder
    raw: sqlite3.Connection

    def rows(self) -> list[Record]:
        query = "SELECT seq, prev_hash, hash, kind, body FROM audit WHERE book_id = 'acme' ORDER BY seq"
        return [Record(*row) for row in self.raw.execute(query)]

    def put(self, rows: list[Record]) -> None:
        self.raw.execute("DELETE FROM audit WHERE book_id = 'acme'")
        self.raw.executemany(
            "INSERT INTO audit (book_id, seq, prev_hash, hash, kind, body, created_at)"
            " VALUES ('acme', ?, ?, ?, ?, ?, 0)",
            [(row.seq, row.previous, row.hash, row.kind, row.payload) for row in rows],
        )
        self.raw.commit()

    def verify(self) -> Verification:
        return verify_book(self.store, "acme", self.folder.checkpoints, self.folder.public_key)


def fill(store: Store, number: int, start: int = 0) -> None:
    for place in range(start, start + number):
        with store.transaction("acme") as tx:
            payment = Payment(f"P-{place}", "EUR", 100)
            item = Item(f"I-{place}", "C", "EUR")
            paid = Applied(allocation_id=f"A-{place}", payment=payment, item=item, amount_minor=100)
            day = date(2026, 3, 31)
            post(tx, [Booking(CashMoved(payment), day), Booking(paid, day)], NOW)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with empty_store(f"sqlite:///{tmp_path / 'store.db'}", "acme") as store:
        folder = AuditFolder(tmp_path / "audit")
        for start in range(0, RECORDS, RECORDS // 3):
            fill(store, RECORDS // 3, start)
            keep_checkpoint(store, "acme", folder, NOW + timedelta(minutes=start))
        raw = sqlite3.connect(tmp_path / "store.db")
        for table in ("audit", "journal_entry", "posting"):
            for verb in ("update", "delete"):
                raw.execute(f"DROP TRIGGER {table}_no_{verb}")
        yield Kept(store, folder, raw)
        raw.close()


@pytest.fixture(scope="module")
def outsider() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_audit", VERIFIER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ask(outsider: ModuleType, kept: Kept, folder: Path) -> int:
    """Let the outsider's verifier judge the export."""
    export = folder / "export.ndjson"
    with kept.store.reading("acme") as tx:
        export.write_text("".join(f"{line}\n" for line in export_lines(tx)), encoding="utf-8")
    arguments = [str(export), "--book", "acme", "--checkpoints", str(kept.folder.checkpoints.path)]
    answer: int = outsider.main([*arguments, "--public-key", str(kept.folder.public_key)])
    return answer


# ---------------------------------------------------------------------------------------------- attacks

Attack = Callable[[list[Record], int, Random], list[Record]]


def edit(rows: list[Record], at: int, dice: Random) -> list[Record]:
    payload = json.loads(rows[at].payload)
    payload["body"] = {"forged": dice.getrandbits(32)}
    return [*rows[:at], replace(rows[at], payload=record.canonical(payload).decode()), *rows[at + 1 :]]


def flip(rows: list[Record], at: int, dice: Random) -> list[Record]:
    payload = rows[at].payload
    place = dice.randrange(len(payload))
    other = payload[:place] + chr(ord(payload[place]) ^ 1) + payload[place + 1 :]
    return [*rows[:at], replace(rows[at], payload=other), *rows[at + 1 :]]


def delete(rows: list[Record], at: int, dice: Random) -> list[Record]:
    return rows[:at] + rows[at + 1 :]


def swap(rows: list[Record], at: int, dice: Random) -> list[Record]:
    other = (at + 1 + dice.randrange(len(rows) - 1)) % len(rows)
    first, second = rows[at], rows[other]
    swapped = list(rows)
    swapped[at] = replace(second, seq=first.seq)
    swapped[other] = replace(first, seq=second.seq)
    return swapped


def insert(rows: list[Record], at: int, dice: Random) -> list[Record]:
    later = [replace(row, seq=row.seq + 1) for row in rows[at:]]
    return [*rows[: at + 1], *later]


def truncate(rows: list[Record], at: int, dice: Random) -> list[Record]:
    return rows[:at]


def renumber(rows: list[Record], at: int, dice: Random) -> list[Record]:
    """Delete, and close the gap."""
    return rows[:at] + [replace(row, seq=row.seq - 1) for row in rows[at + 1 :]]


def rehash(rows: list[Record]) -> list[Record]:
    """Make the whole chain agree with itself again, as whoever owns the database can."""
    made: list[Record] = []
    for seq, row in enumerate(rows, 1):
        previous = made[-1].hash if made else record.first_hash("acme")
        made.append(
            Record(seq, previous, link_hash(seq, previous, row.payload.encode()), row.kind, row.payload)
        )
    return made


def rollback_and_go_on(rows: list[Record], at: int, dice: Random) -> list[Record]:
    """Put an old backup back and work on it until the chain is longer than before."""
    made = rows[:at]
    while len(made) < len(rows) + 5:
        previous = made[-1].hash if made else record.first_hash("acme")
        body = {"other": dice.getrandbits(32)}
        made.append(make_record("acme", len(made) + 1, previous, "journal.held", body, NOW))
    return made


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (edit, flip, delete, swap, insert, truncate, renumber, rollback_and_go_on)
}


def then_rehash(attack: Attack) -> Attack:
    return lambda rows, at, dice: rehash(attack(rows, at, dice))


REHASHED = {
    f"{name}_and_rehash": then_rehash(attack)
    for name, attack in ATTACKS.items()
    if name
    not in ("rollback_and_go_on", "flip")  # a flipped payload may be no JSON; the fork is whole already
}


def positions(count: int, dice: Random) -> list[int]:
    return [0, RECORDS - 1, *(dice.randrange(RECORDS) for _ in range(count - 2))]


def find_all(kept: Kept, outsider: ModuleType, folder: Path, attack: Attack, count: int) -> None:
    dice = Random(f"{attack}{count}")
    whole = kept.rows()
    for at in positions(count, dice):
        kept.put(attack(list(whole), at, dice))
        assert not kept.verify().is_intact, f"not found at {at}"
        if at % 5 == 0:
            assert ask(outsider, kept, folder) == outsider.TAMPERED
    kept.put(whole)
    assert kept.verify().is_intact


@pytest.mark.parametrize("name", [*ATTACKS, *REHASHED])
def test_tampering_is_found(kept: Kept, outsider: ModuleType, tmp_path: Path, name: str) -> None:
    find_all(kept, outsider, tmp_path, (ATTACKS | REHASHED)[name], POSITIONS)


@pytest.mark.proof
@pytest.mark.parametrize("name", [*ATTACKS, *REHASHED])
def test_tampering_is_found_at_ten_times_the_positions(
    kept: Kept, outsider: ModuleType, tmp_path: Path, name: str
) -> None:
    find_all(kept, outsider, tmp_path, (ATTACKS | REHASHED)[name], 10 * POSITIONS)


def test_a_whole_database_put_back_is_found(kept: Kept, tmp_path: Path) -> None:
    """The backup verifies against its own checkpoints, and not against the newest one."""
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as old_file:
        kept.raw.backup(old_file)
    fill(kept.store, 3, RECORDS)
    keep_checkpoint(kept.store, "acme", kept.folder, NOW)
    assert kept.verify().is_intact
    with empty_store(f"sqlite:///{tmp_path / 'old.db'}") as old:
        result = verify_book(old, "acme", kept.folder.checkpoints, kept.folder.public_key)
        assert [finding.kind for finding in result.findings] == [FindingKind.SHORTER_THAN_CHECKPOINT]
        with pytest.raises(BrokenChainError):
            keep_checkpoint(old, "acme", kept.folder, NOW)
        fill(old, 10, 2 * RECORDS)
        result = verify_book(old, "acme", kept.folder.checkpoints, kept.folder.public_key)
        assert [finding.kind for finding in result.findings] == [FindingKind.NOT_THE_CHECKED_CHAIN]
        with pytest.raises(BrokenChainError):
            keep_checkpoint(old, "acme", kept.folder, NOW)


# ---------------------------------------------------------------------------------------------- controls


def test_an_honest_chain_is_intact(kept: Kept, outsider: ModuleType, tmp_path: Path) -> None:
    result = kept.verify()
    assert (result.findings, result.size, result.covered, result.checkpoints) == ([], RECORDS, RECORDS, 3)
    assert ask(outsider, kept, tmp_path) == outsider.INTACT


def test_records_after_the_newest_checkpoint_are_said_to_be_uncovered(kept: Kept) -> None:
    fill(kept.store, 2, RECORDS)
    result = kept.verify()
    assert (result.is_intact, result.size, result.covered) == (True, RECORDS + 2, RECORDS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET amount_minor = amount_minor * 2 WHERE entry_id = ?",
        "UPDATE posting SET invoice_id = 'I-other' WHERE entry_id = ? AND invoice_id IS NOT NULL",
        "UPDATE posting SET account = 'Expenses:WriteOffs:Other' WHERE entry_id = ? AND line = 1",
        "UPDATE journal_entry SET booked_on = booked_on + 1 WHERE id = ?",
        "UPDATE journal_entry SET description = 'nothing to see' WHERE id = ?",
        "DELETE FROM posting WHERE entry_id = ? AND line = 1",
    ],
)
def test_a_changed_journal_is_found(kept: Kept, statement: str) -> None:
    ids = [row[0] for row in kept.raw.execute("SELECT id FROM journal_entry ORDER BY seq")]
    changed = kept.raw.execute(statement, (ids[41],)).rowcount
    kept.raw.commit()
    assert changed
    assert {finding.kind for finding in kept.verify().findings} == {FindingKind.STATE_DIFFERS}


def test_an_entry_that_vanished_or_was_slipped_in_is_found(kept: Kept) -> None:
    [last] = kept.raw.execute("SELECT id FROM journal_entry ORDER BY seq DESC LIMIT 1").fetchone()
    kept.raw.execute("UPDATE posting SET entry_id = 'je_forged' WHERE entry_id = ?", (last,))
    kept.raw.execute("UPDATE journal_entry SET id = 'je_forged' WHERE id = ?", (last,))
    kept.raw.commit()
    assert len(kept.verify().findings) == 2


def test_a_checkpoint_of_another_key_book_or_size_is_refused(kept: Kept, tmp_path: Path) -> None:
    newest = kept.folder.checkpoints.newest("acme")
    assert newest
    stranger = SigningKey.read_or_make(tmp_path / "stranger" / "signing.key")
    for forged in (
        stranger.sign("acme", newest.size, newest.head, NOW),
        replace(newest, size=newest.size - 1),
        replace(newest, at="2026-01-01T00:00:00.000000Z"),
        replace(newest, signature=""),
        replace(newest, signature="no base64!"),
    ):
        file = CheckpointFile(tmp_path / f"forged-{abs(hash(forged))}.jsonl")
        file.append(forged)
        result = verify_book(kept.store, "acme", file, kept.folder.public_key)
        assert FindingKind.BAD_SIGNATURE in {finding.kind for finding in result.findings}


def test_without_a_checkpoint_nothing_is_called_intact(kept: Kept, tmp_path: Path) -> None:
    for file, key in (
        (CheckpointFile(tmp_path / "none.jsonl"), kept.folder.public_key),
        (kept.folder.checkpoints, tmp_path / "none.pub"),
    ):
        result = verify_book(kept.store, "acme", file, key)
        assert [finding.kind for finding in result.findings] == [FindingKind.NO_CHECKPOINT]


def test_a_checkpoint_is_written_when_it_is_due(kept: Kept) -> None:
    assert keep_checkpoint(kept.store, "acme", kept.folder, NOW) is None
    fill(kept.store, 1, RECORDS)
    newest = kept.folder.checkpoints.newest("acme")
    assert newest
    young = NOW + timedelta(minutes=40)
    assert keep_checkpoint(kept.store, "acme", kept.folder, young, only_if_due=True) is None
    written = keep_checkpoint(kept.store, "acme", kept.folder, young + timedelta(minutes=5), only_if_due=True)
    assert written == kept.folder.checkpoints.newest("acme")


def test_a_torn_line_of_the_checkpoints_is_passed_over(kept: Kept) -> None:
    with kept.folder.checkpoints.path.open("ab") as file:
        file.write(b'{"at":"2026')
    fill(kept.store, 1, RECORDS)
    keep_checkpoint(kept.store, "acme", kept.folder, NOW)
    assert [checkpoint.size for checkpoint in kept.folder.checkpoints.read()] == [20, 40, 60, 61]
    assert kept.verify().is_intact


def test_a_key_that_others_may_read_is_refused(kept: Kept) -> None:
    assert kept.folder.key.stat().st_mode & 0o777 == 0o600
    kept.folder.key.chmod(0o640)
    with pytest.raises(CheckpointKeyError, match="may be read by others"):
        SigningKey.read(kept.folder.key)


def test_the_verifier_for_outsiders_is_short_and_needs_nothing_of_ours() -> None:
    text = VERIFIER.read_text("utf-8")
    assert len(text.splitlines()) < 200
    assert not any(f"import {room}" in text or f"from {room}" in text for room in ("serving", "receivables"))


def test_a_record_hash_never_changes() -> None:
    """What version 1 hashes is fixed for ever; another way needs another version."""
    made = make_record(
        "acme", 1, record.first_hash("acme"), "golden", {"b": [1, "ü", None, 0.1], "a": 1}, NOW
    )
    assert made.payload == (
        '{"at":"2026-03-31T12:00:00.000000Z","body":{"a":1,"b":[1,"ü",null,0.1]},"book":"acme",'
        '"kind":"golden","v":1}'
    )
    assert made.hash == "c2d760dbc11cd672276dbab8d7608bbf8b11dc126633c7438011137b43b8b2da"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800", {1: 2}, b"x"])
def test_what_has_no_canonical_form_is_refused(kept: Kept, value: object) -> None:
    with kept.store.transaction("acme") as tx, pytest.raises(record.AuditBodyError):
        append(tx, "test", {"value": value}, NOW)


def test_checkpoints_of_other_books_do_not_matter(kept: Kept) -> None:
    stranger = Checkpoint("other", 10_000, "0" * 64, "2026-03-31T12:00:00.000000Z", "key", "sig")
    kept.folder.checkpoints.append(stranger)
    assert kept.verify().is_intact
