"""Rows of people and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update

from serving.store.schema import session, user
from serving.store.store import Store, StoredRow, Transaction


def add_user(tx: Transaction, **values: object) -> None:
    """Write a user of the book."""
    tx.connection.execute(insert(user).values(book_id=tx.book_id, **values))


def users_of(tx: Transaction) -> list[Any]:
    """List the users of the book."""
    query = select(user).where(user.c.book_id == tx.book_id).order_by(user.c.email)
    return list(tx.connection.execute(query))


def find_user(tx: Transaction, user_id: str) -> StoredRow | None:
    """Read a user."""
    return tx.connection.execute(
        select(user).where(user.c.book_id == tx.book_id, user.c.id == user_id)
    ).first()


def find_by_email(store: Store, email: str) -> list[Any]:
    """Find the users with this address, of whichever book."""
    with store.looking() as connection:
        return list(connection.execute(select(user).where(user.c.email == email)))


def change_user(tx: Transaction, user_id: str, **values: object) -> None:
    """Set columns of a user."""
    tx.connection.execute(
        update(user).where(user.c.book_id == tx.book_id, user.c.id == user_id).values(**values)
    )


def add_session(tx: Transaction, **values: object) -> None:
    """Write a session."""
    tx.connection.execute(insert(session).values(book_id=tx.book_id, **values))


def find_session(store: Store, session_id: str) -> StoredRow | None:
    """Read a session with its user, of whichever book: the cookie says which book its bearer may see."""
    query = (
        select(session, user.c.email, user.c.name, user.c.role, user.c.disabled_at)
        .join(user, and_(user.c.book_id == session.c.book_id, user.c.id == session.c.user_id))
        .where(session.c.id == session_id)
    )
    with store.looking() as connection:
        return connection.execute(query).first()


def touch_session(tx: Transaction, session_id: str, now: datetime) -> None:
    """Note that a session was used."""
    mine = and_(session.c.book_id == tx.book_id, session.c.id == session_id)
    tx.connection.execute(update(session).where(mine).values(seen_at=now))


def end_sessions(
    tx: Transaction, now: datetime, *, session_id: str | None = None, user_id: str | None = None
) -> None:
    """End a session, or all of a user's."""
    mine = [session.c.book_id == tx.book_id, session.c.ended_at.is_(None)]
    if session_id is not None:
        mine.append(session.c.id == session_id)
    if user_id is not None:
        mine.append(session.c.user_id == user_id)
    tx.connection.execute(update(session).where(*mine).values(ended_at=now))
