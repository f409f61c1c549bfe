"""Keys of machines: `tieout_<id>_<secret>`, of which the store keeps a hash.

The secret is 256 random bits, so one SHA-256 is as good as a slow hash and 100,000 times faster. A key
belongs to one book, has scopes, may end, and can be revoked at any time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from receivables.errors import TieoutError
from serving.store.key_rows import KeyRow, find_key, insert_key
from serving.store.store import Store, Transaction

__all__ = [
    "BadKeyRequestError",
    "Caller",
    "Scope",
    "UnknownKeyError",
    "authenticate",
    "make_key",
    "parse_scopes",
]

_KEY: Final = re.compile(r"tieout_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    INGEST = "ingest"
    MATCH = "match"
    POST = "post"
    ADMIN = "admin"


class BadKeyRequestError(TieoutError, ValueError):
    """Such a key cannot be made."""

    code = "bad_key_request"
    mend = f"Give scopes out of {', '.join(Scope)}, separated by commas, and a name of 1 to 100 characters."


class UnknownKeyError(TieoutError, LookupError):
    """There is no such key in force."""

    code = "unknown_key"
    mend = "Look it up with `tieout keys list`."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key in force."""

    book_id: str
    key_id: str
    name: str
    scopes: frozenset[Scope]

    @property
    def who(self) -> str:
        """The caller as decisions and the audit quote it."""
        return f"key:{self.key_id}"


def make_key(
    tx: Transaction,
    scopes: frozenset[Scope],
    name: str,
    now: datetime,
    by: str,
    expires_at: datetime | None = None,
) -> tuple[str, KeyRow]:
    """Make a key for the transaction's book; the text is shown once and cannot be had again."""
    if not scopes or not 0 < len(name) <= 100:
        raise BadKeyRequestError
    key_id = "".join(secrets.choice(_LETTERS) for _ in range(12))
    text = f"tieout_{key_id}_{secrets.token_urlsafe(32)}"
    said = tuple(scope.value for scope in Scope if scope in scopes)
    row = KeyRow(tx.book_id, key_id, _hash(text), said, name, now, expires_at, None)
    insert_key(tx, row, by)
    return text, row


def authenticate(store: Store, text: str, now: datetime) -> Caller | None:
    """Find whose key this is; None for any key that is not in force."""
    parts = _KEY.fullmatch(text)
    if parts is None:
        return None
    row = find_key(store, parts[1])
    # An unknown id costs the same comparison as a wrong secret.
    is_right = hmac.compare_digest(_hash(text), row.hash if row else _hash(""))
    if row is None or not is_right or row.revoked_at is not None:
        return None
    if row.expires_at is not None and row.expires_at <= now:
        return None
    return Caller(row.book_id, row.id, row.name, frozenset(Scope(scope) for scope in row.scopes))


def parse_scopes(text: str) -> frozenset[Scope]:
    """Read scopes separated by commas."""
    try:
        return frozenset(Scope(word.strip()) for word in text.split(",") if word.strip())
    except ValueError:
        raise BadKeyRequestError(f"{text[:80]!r} holds a scope that is not known.") from None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
