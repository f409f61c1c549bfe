# ruff: noqa: INP001 - a file to hand to outsiders, part of no package
r"""Verify an exported Tieout audit chain without Tieout: standard library, and `cryptography` for signatures.

    python verify_audit.py audit.ndjson --checkpoints checkpoints.jsonl --public-key signing.pub

Keep checkpoints.jsonl and signing.pub where the operator of the database cannot write; what is verified is
that the exported chain is the very one those checkpoints saw, with more records after it at most. Exit codes:
0 intact, 4 tampered, 5 nothing wrong inside the chain, but no signed checkpoint vouches for it.

A record's hash is SHA-256("tieout-audit-v1\0" + its number as 8 bytes, most significant first + the hash
before it + SHA-256(payload)); the first one follows SHA-256("tieout-audit-genesis-v1\0" + book). A checkpoint
signs, with Ed25519, "tieout-checkpoint-v1\0" + its other fields as canonical JSON. Read this page first.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RECORD = b"tieout-audit-v1\x00"
GENESIS = b"tieout-audit-genesis-v1\x00"
CHECKPOINT = b"tieout-checkpoint-v1\x00"
INTACT, TAMPERED, NOT_VOUCHED = 0, 4, 5

Accepts = Callable[[dict[str, Any]], bool]


def sha256(content: bytes) -> bytes:
    """Hash."""
    return hashlib.sha256(content).digest()


def walk(export: Path) -> tuple[str, dict[int, str], list[str]]:
    """Recompute every hash; give the book, the hash at every number, and what is wrong."""
    book, hashes, wrong = "", {0: ""}, []
    with export.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                wrong += [f"record {number}: {fault}" for fault in faults(json.loads(text), number, hashes)]
                book = json.loads(text)["book"]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                wrong.append(f"record {number}: cannot be read ({error!r})")
                hashes.setdefault(number, "")
    return book, hashes, wrong


def faults(record: dict[str, Any], number: int, hashes: dict[int, str]) -> list[str]:
    """Say what is wrong with one record, and note its hash."""
    book, seq, payload = record["book"], record["seq"], record["payload"]
    before = hashes[number - 1] or (sha256(GENESIS + book.encode()).hex() if number == 1 else "")
    hashes[number] = record["hash"]
    said = json.loads(payload)
    inner = seq.to_bytes(8, "big") + bytes.fromhex(record["previous"]) + sha256(payload.encode())
    tests = {
        "its number is out of order": seq == number,
        "it does not follow the record before it": record["previous"] == before,
        "it is not what its hash was made of": sha256(RECORD + inner).hex() == record["hash"],
        "it says it is of another book or kind": (said["book"], said["kind"]) == (book, record["kind"]),
        "its hash version is unknown": said["v"] == 1,
    }
    return [fault for fault, holds in tests.items() if not holds]


def canonical(fields: dict[str, Any]) -> bytes:
    """Write flat fields of texts and whole numbers in the form that was signed."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signature_check(public_key: Path) -> Accepts | None:
    """Make the check of a signature; None where `cryptography` is not installed."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None
    key = serialization.load_pem_public_key(public_key.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        return lambda _: False

    def accepts(checkpoint: dict[str, Any]) -> bool:
        fields = {name: value for name, value in checkpoint.items() if name != "signature"}
        try:
            key.verify(base64.b64decode(checkpoint["signature"]), CHECKPOINT + canonical(fields))
        except (InvalidSignature, ValueError, KeyError):
            return False
        return True

    return accepts


def compare(
    book: str, hashes: dict[int, str], file: Path, accepts: Accepts | None
) -> tuple[list[str], list[str]]:
    """Hold the chain against every checkpoint of its book; give what is wrong, and what is only missing."""
    wrong, missing, newest = [], [], -1
    size = max(hashes)
    for text in file.read_text(encoding="utf-8").splitlines():
        try:
            checkpoint = json.loads(text)
        except ValueError:
            missing.append("a line of the checkpoints is torn")
            continue
        if checkpoint["book"] != book:
            continue
        at = checkpoint["size"]
        if accepts is not None and not accepts(checkpoint):
            wrong.append(f"the checkpoint at {at} is not signed by this key")
        elif at > size:
            wrong.append(f"a checkpoint saw {at} records, and there are {size}: some were cut off")
        elif at and hashes[at] != checkpoint["head"]:
            wrong.append(f"record {at} is not the one that the checkpoint of {checkpoint['at']} saw")
        newest = max(newest, at)
    if newest < 0:
        missing.append("there is no checkpoint of this book")
    elif newest < size:
        missing.append(f"records {newest + 1} to {size} are younger than the newest checkpoint")
    return wrong, missing


def main(arguments: list[str] | None = None) -> int:
    """Verify and say so."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("export", type=Path, help="what `tieout audit export` wrote")
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--public-key", type=Path, required=True)
    parser.add_argument("--book", help="whose chain it must be; needed where the export may be empty")
    given = parser.parse_args(arguments)
    book, hashes, wrong = walk(given.export)
    if given.book and book != given.book:
        wrong += [f"the export is of {book!r}"] if book else []
        book = given.book
    accepts = signature_check(given.public_key)
    more, notes = compare(book, hashes, given.checkpoints, accepts)
    wrong += more
    if accepts is None:
        notes.append("signatures were not checked: install `cryptography`")
    for line in wrong or notes:
        sys.stdout.write(f"{line}\n")
    unvouched = accepts is None or any("no checkpoint" in note for note in notes)
    verdict = TAMPERED if wrong else NOT_VOUCHED if unvouched else INTACT
    words = {INTACT: "intact", TAMPERED: "TAMPERED", NOT_VOUCHED: "not vouched for"}[verdict]
    sys.stdout.write(f"{book or '?'}: {max(hashes)} records, {words}\n")
    return verdict


if __name__ == "__main__":
    sys.exit(main())
