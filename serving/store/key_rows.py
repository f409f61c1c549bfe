"""The rows of API keys: the hash of each secret, what it may do, for which book and how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from serving.store.schema import api_key
from serving.store.store import Store, Transaction

__all__ = ["KeyRow", "find_key", "insert_key", "keys_of_book", "note_use", "revoke_key"]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key as it is stored; its secret is not."""

    book_id: str
    id: str
    hash: str
    scopes: tuple[str, ...]
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = None


def insert_key(tx: Transaction, key: KeyRow, created_by: str) -> None:
    """Write a key of the transaction's book."""
    tx.connection.execute(
        insert(api_key).values(
            book_id=tx.book_id,
            id=key.id,
            hash=key.hash,
            scopes=" ".join(key.scopes),
            name=key.name,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            created_by=created_by,
        )
    )


def find_key(store: Store, key_id: str) -> KeyRow | None:
    """Find a key of whichever book: the key says which book its bearer may see."""
    with store.looking() as connection:
        row = connection.execute(select(api_key).where(api_key.c.id == key_id).limit(1)).first()
    return None if row is None else _key(row)


def keys_of_book(tx: Transaction) -> list[KeyRow]:
    """List the keys of the book."""
    query = (
        select(api_key).where(api_key.c.book_id == tx.book_id).order_by(api_key.c.created_at, api_key.c.id)
    )
    return [_key(row) for row in tx.connection.execute(query)]


def revoke_key(tx: Transaction, key_id: str, now: datetime) -> bool:
    """End a key; say whether it was in force."""
    mine = (api_key.c.book_id == tx.book_id) & (api_key.c.id == key_id)
    done = update(api_key).where(mine, api_key.c.revoked_at.is_(None)).values(revoked_at=now)
    return tx.connection.execute(done).rowcount == 1


def note_use(tx: Transaction, used: Mapping[str, datetime]) -> None:
    """Note when keys were last used."""
    for key_id, at in used.items():
        mine = (api_key.c.book_id == tx.book_id) & (api_key.c.id == key_id)
        tx.connection.execute(update(api_key).where(mine).values(last_used_at=at))


def _key(row: Row[tuple[object, ...]]) -> KeyRow:
    return KeyRow(
        row.book_id,
        row.id,
        row.hash,
        tuple(row.scopes.split()),
        row.name,
        row.created_at,
        row.expires_at,
        row.revoked_at,
        row.last_used_at,
    )
