"""One link of the audit chain: what is hashed, and how.

A link holds the SHA-256 of a domain, its number, the hash before it and the hash of its payload. The payload
is canonical JSON (RFC 8785) and names its book, so that a link fits one place of one chain only.
`HASH_VERSION` stands in the payload and in the domain: a new way of hashing never makes an old chain look
broken.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from receivables.errors import TieoutError

__all__ = [
    "HASH_VERSION",
    "AuditBodyError",
    "Record",
    "canonical",
    "first_hash",
    "instant_text",
    "make_record",
]

HASH_VERSION: Final = 1
DOMAIN: Final = b"tieout-audit-v1\x00"
GENESIS: Final = b"tieout-audit-genesis-v1\x00"


class AuditBodyError(TieoutError, ValueError):
    """The body of an audit record cannot be written as canonical JSON."""

    code = "audit_body"
    mend = "Use texts, whole numbers up to 2^53, finite numbers, true, false, null, lists and objects."


@dataclass(frozen=True, slots=True)
class Record:
    """One link, as it is stored: hashes as lower-case hexadecimal, the payload as canonical text."""

    seq: int
    previous: str
    hash: str
    kind: str
    payload: str


def canonical(value: object) -> bytes:
    """Write a JSON value in its one canonical form (RFC 8785)."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise AuditBodyError(f"{str(error)[:200]}.") from error


def first_hash(book_id: str) -> str:
    """Give what the first link of a book stands on."""
    return hashlib.sha256(GENESIS + book_id.encode()).hexdigest()


def link_hash(seq: int, previous: str, payload: bytes) -> str:
    """Hash one link."""
    inner = hashlib.sha256(payload).digest()
    return hashlib.sha256(DOMAIN + seq.to_bytes(8, "big") + bytes.fromhex(previous) + inner).hexdigest()


def instant_text(at: datetime) -> str:
    """Write an instant in UTC with microseconds, always in the same number of characters."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_record(
    book_id: str, seq: int, previous: str, kind: str, body: Mapping[str, Any], at: datetime
) -> Record:
    """Make the link that follows `previous`."""
    payload = canonical(
        {"at": instant_text(at), "body": dict(body), "book": book_id, "kind": kind, "v": HASH_VERSION}
    )
    return Record(seq, previous, link_hash(seq, previous, payload), kind, payload.decode())


def parsed(payload: str) -> dict[str, Any]:
    """Read a payload back."""
    value = json.loads(payload)
    if not isinstance(value, dict):
        raise AuditBodyError("The payload is no object.")
    return value
