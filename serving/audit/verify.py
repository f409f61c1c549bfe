"""Whether the chain is whole, and whether it is the chain that the checkpoints saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from serving.audit.checkpoints import Checkpoint, VerifyingKey
from serving.audit.record import HASH_VERSION, AuditBodyError, Record, first_hash, link_hash, parsed

__all__ = ["Finding", "FindingKind", "Verification", "verify_chain"]

MOST_FINDINGS = 100
"""A broken chain is broken at its first finding; the rest only helps to see how far."""


class FindingKind(StrEnum):
    """What is wrong with a chain."""

    GAP = "gap"
    BROKEN_LINK = "broken_link"
    WRONG_HASH = "wrong_hash"
    WRONG_PAYLOAD = "wrong_payload"
    BAD_SIGNATURE = "bad_signature"
    SHORTER_THAN_CHECKPOINT = "shorter_than_checkpoint"
    NOT_THE_CHECKED_CHAIN = "not_the_checked_chain"
    CHECKPOINT_ORDER = "checkpoint_order"
    NO_CHECKPOINT = "no_checkpoint"
    STATE_DIFFERS = "state_differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at which record."""

    kind: FindingKind
    seq: int
    message: str


@dataclass(slots=True)
class Verification:
    """What was found, and how much of the chain a checkpoint covers."""

    book: str
    size: int = 0
    head: str = ""
    covered: int = 0
    checkpoints: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.findings

    def add(self, kind: FindingKind, seq: int, message: str) -> None:
        """Note one thing, up to a limit."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, seq, message))


def verify_chain(
    book: str, records: Iterable[Record], checkpoints: Sequence[Checkpoint], key: VerifyingKey | None
) -> Verification:
    """Walk the chain once, then hold it against every checkpoint of the book."""
    result = Verification(book, head=first_hash(book))
    wanted = {checkpoint.size for checkpoint in checkpoints}
    seen: dict[int, str] = {0: result.head}
    for record in records:
        _check_link(result, record)
        result.size, result.head = result.size + 1, record.hash
        if result.size in wanted:
            seen[result.size] = record.hash
    _check_checkpoints(result, checkpoints, key, seen)
    return result


def _check_link(result: Verification, record: Record) -> None:
    expected = result.size + 1
    if record.seq != expected:
        result.add(FindingKind.GAP, record.seq, f"Record {record.seq} stands where {expected} should be.")
    if record.previous != result.head:
        result.add(
            FindingKind.BROKEN_LINK, record.seq, f"Record {record.seq} does not follow the one before it."
        )
    try:
        hashed = link_hash(record.seq, record.previous, record.payload.encode())
        payload = parsed(record.payload)
    except (ValueError, OverflowError, AuditBodyError) as error:
        result.add(
            FindingKind.WRONG_PAYLOAD, record.seq, f"Record {record.seq} cannot be read: {str(error)[:80]}."
        )
        return
    if hashed != record.hash:
        result.add(
            FindingKind.WRONG_HASH, record.seq, f"Record {record.seq} is not what its hash was made of."
        )
    told = (payload.get("book"), payload.get("kind"), payload.get("v"))
    if told != (result.book, record.kind, HASH_VERSION):
        result.add(FindingKind.WRONG_PAYLOAD, record.seq, f"Record {record.seq} says it is {told}.")


def _check_checkpoints(
    result: Verification, checkpoints: Sequence[Checkpoint], key: VerifyingKey | None, seen: dict[int, str]
) -> None:
    if not checkpoints or key is None:
        result.add(FindingKind.NO_CHECKPOINT, 0, "There is no checkpoint, or no public key to check it with.")
        return
    before = 0
    for checkpoint in checkpoints:
        size = checkpoint.size
        if not key.accepts(checkpoint):
            result.add(
                FindingKind.BAD_SIGNATURE, size, f"The checkpoint at {size} is not signed by this key."
            )
            continue
        if size < before:
            result.add(
                FindingKind.CHECKPOINT_ORDER, size, f"The checkpoint at {size} comes after one at {before}."
            )
        before = max(before, size)
        if size > result.size:
            message = f"A checkpoint saw {size} records, and there are {result.size}: some were cut off."
            result.add(FindingKind.SHORTER_THAN_CHECKPOINT, result.size, message)
        elif seen.get(size) != checkpoint.head:
            message = f"Record {size} is not the one that the checkpoint of {checkpoint.at} saw."
            result.add(FindingKind.NOT_THE_CHECKED_CHAIN, size, message)
        else:
            result.covered = max(result.covered, size)
    result.checkpoints = len(checkpoints)
