"""People: who they are, what their role lets them do, and the sessions they work in.

Passwords are hashed with argon2id. A session is an opaque secret of which the store keeps a hash, so that
logging out and revoking work at once. One table says which permission each role has; every route of the
pages names one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from receivables.errors import TieoutError
from serving.audit.chain import append
from serving.store import people_rows
from serving.store.store import Store, StoredRow, Transaction

__all__ = [
    "BadUserError",
    "Permission",
    "Person",
    "Role",
    "close_session",
    "log_in",
    "make_user",
    "person_of",
    "set_role",
]

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=10)
LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 200
_hasher: Final = PasswordHasher()
_NOBODY: Final = _hasher.hash(secrets.token_urlsafe(16))
"""Verified against when there is no such user, so that the answer takes as long."""


class Permission(StrEnum):
    """What a page or an action asks for."""

    SEE = "see"
    DECIDE = "decide"
    APPROVE = "approve"
    MANAGE = "manage"


class Role(StrEnum):
    """What somebody is."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    ADMIN = "admin"


ROLES: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: frozenset({Permission.SEE}),
    Role.REVIEWER: frozenset({Permission.SEE, Permission.DECIDE}),
    Role.APPROVER: frozenset({Permission.SEE, Permission.DECIDE, Permission.APPROVE}),
    Role.ADMIN: frozenset({Permission.SEE, Permission.MANAGE}),
}
"""Who runs the users does not decide on money, and who decides does not run the users."""


class BadUserError(TieoutError, ValueError):
    """Such a user cannot be made or changed."""

    code = "bad_user"
    mend = f"Give an e-mail address, a known role and a password of {LEAST_PASSWORD} characters or more."


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at work: a session in force."""

    book_id: str
    user_id: str
    email: str
    name: str
    role: Role
    session_id: str
    csrf: str

    @property
    def who(self) -> str:
        """The person as decisions and the audit quote her."""
        return f"user:{self.user_id}"

    def may(self, permission: Permission) -> bool:
        """Say whether the role has a permission."""
        return permission in ROLES[self.role]


def make_user(
    tx: Transaction,
    email: str,
    role: Role,
    password: str | None,
    now: datetime,
    by: str,
    name: str | None = None,
) -> str:
    """Make a user of the transaction's book; without a password she can only come through single sign-on."""
    address = email.strip().lower()
    if not 3 <= len(address) <= 254 or "@" not in address[1:-1]:
        raise BadUserError(f"{email[:80]!r} is no e-mail address.")
    if password is not None and not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise BadUserError(f"A password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters.")
    if any(one.email == address for one in people_rows.users_of(tx)):
        raise BadUserError(f"{address} is a user of this book already.")
    user_id = f"us_{secrets.token_hex(8)}"
    hashed = None if password is None else _hasher.hash(password)
    called = name or address.partition("@")[0]
    people_rows.add_user(
        tx, id=user_id, email=address, role=role.value, name=called, password_hash=hashed, created_at=now
    )
    append(tx, "user.made", {"user_id": user_id, "role": role.value, "by": by}, now)
    return user_id


def set_role(tx: Transaction, user_id: str, role: Role, now: datetime, by: str) -> None:
    """Give a user another role; her sessions end, so that nobody works on with the old one."""
    if people_rows.find_user(tx, user_id) is None:
        raise BadUserError("There is no such user.")
    people_rows.change_user(tx, user_id, role=role.value)
    people_rows.end_sessions(tx, now, user_id=user_id)
    append(tx, "user.role", {"user_id": user_id, "role": role.value, "by": by}, now)


def disable(tx: Transaction, user_id: str, now: datetime, by: str) -> None:
    """Shut a user out at once."""
    if people_rows.find_user(tx, user_id) is None:
        raise BadUserError("There is no such user.")
    people_rows.change_user(tx, user_id, disabled_at=now)
    people_rows.end_sessions(tx, now, user_id=user_id)
    append(tx, "user.disabled", {"user_id": user_id, "by": by}, now)


def log_in(store: Store, email: str, password: str, now: datetime) -> tuple[str, Person] | None:
    """Open a session; None for anybody whose address and password are not those of one user in force."""
    found = [
        row
        for row in people_rows.find_by_email(store, email.strip().lower()[:254])
        if row.disabled_at is None
    ]
    row = found[0] if found else None
    if (
        not _verified(row.password_hash if row is not None and row.password_hash else _NOBODY, password)
        or row is None
    ):
        return None
    return open_session(store, row, now)


def open_session(store: Store, row: StoredRow, now: datetime) -> tuple[str, Person]:
    """Open a session for a user whose identity is established."""
    secret = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(24)
    with store.transaction(row.book_id) as tx:
        people_rows.add_session(
            tx,
            id=_hash(secret),
            user_id=row.id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
        )
        people_rows.change_user(tx, row.id, last_seen_at=now)
        append(tx, "session.opened", {"user_id": row.id}, now)
    return secret, Person(
        row.book_id, row.id, row.email, row.name or row.email, Role(row.role), _hash(secret), csrf
    )


def person_of(store: Store, secret: str, now: datetime) -> Person | None:
    """Find whose session this is; None for one that ended, idled too long or is too old."""
    row = people_rows.find_session(store, _hash(secret)) if 20 <= len(secret) <= 100 else None
    if row is None or row.ended_at is not None or row.disabled_at is not None:
        return None
    if row.expires_at <= now or row.seen_at + IDLE <= now:
        return None
    if now - row.seen_at > timedelta(minutes=1):
        with store.transaction(row.book_id) as tx:
            people_rows.touch_session(tx, row.id, now)
    return Person(
        row.book_id, row.user_id, row.email, row.name or row.email, Role(row.role), row.id, row.csrf
    )


def close_session(store: Store, person: Person, now: datetime) -> None:
    """Log out."""
    with store.transaction(person.book_id) as tx:
        people_rows.end_sessions(tx, now, session_id=person.session_id)


def is_own_token(person: Person, token: str | None) -> bool:
    """Compare the token against forgery, in constant time."""
    return token is not None and hmac.compare_digest(person.csrf, token)


def _verified(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password[:MOST_PASSWORD])
    except (Argon2Error, InvalidHashError):
        return False


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
