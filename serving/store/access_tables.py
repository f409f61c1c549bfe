"""Who may do what, and the keys of personal data."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.schema import Column

from serving.store.columns import instant, table, text, whole

api_key: Final = table(
    "api_key",
    text("hash", "scopes", "name", null=False),
    instant("created_at", null=False),
    instant("expires_at", "revoked_at", "last_used_at"),
    text("created_by"),
    Index("uq_api_key_hash", "hash", unique=True),
    Index("ix_api_key_id", "id"),
)

subject_key: Final = table(
    "subject_key",
    text("subject", key=True),
    Column("wrapped_key", LargeBinary, nullable=True),
    instant("created_at", null=False),
    instant("erased_at"),
    own_key=True,
)
"""The key under which the personal data of one subject is sealed; erased, what it sealed is unreadable for
ever."""

user: Final = table(
    "app_user",
    text("email", "role", null=False),
    text("name", "password_hash", "issuer", "external_id"),
    instant("created_at", null=False),
    instant("disabled_at", "last_seen_at"),
    UniqueConstraint("book_id", "email"),
)

session: Final = table(
    "app_session",
    text("user_id", "csrf", null=False),
    instant("created_at", "seen_at", "expires_at", null=False),
    instant("ended_at"),
    whole("version", default="1"),
    Index("ix_app_session_user", "book_id", "user_id"),
)
"""The id is the hash of the cookie's secret."""

webhook_source: Final = table(
    "webhook_source",
    text("kind", "sealed_secret", null=False),
    instant("created_at", null=False),
    instant("disabled_at"),
    Index("ix_webhook_source_id", "id"),
)
"""Who may send us signed events, and the secret of the signature, sealed with TIEOUT_SECRET_KEY."""
