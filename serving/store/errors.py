"""What the store refuses, each with its mend."""

from __future__ import annotations

from receivables.errors import TieoutError


class StoreError(TieoutError):
    """The store cannot do this."""

    code = "store"


class StoreUnavailableError(StoreError):
    """The store does not answer."""

    code = "store_unavailable"
    mend = "Check TIEOUT_DATABASE_URL and that the database is up; nothing was written, so try again."


class NotMigratedError(StoreError):
    """The tables of the store are not those of this version."""

    code = "store_not_migrated"
    mend = "Run `tieout migrate`; stop older processes first if it says so."


class UnknownBookError(StoreError, LookupError):
    """The store has no such book."""

    code = "unknown_book"
    mend = "Ingest a book under this name first, or correct the name."


class UnsupportedDatabaseError(StoreError):
    """Only SQLite and PostgreSQL hold a store."""

    code = "unsupported_database"
    mend = "Give TIEOUT_DATABASE_URL as sqlite:///... or postgresql://..."
