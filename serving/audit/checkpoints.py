"""Signed checkpoints of the audit chain, kept outside the database.

Whoever can write the database can re-hash the whole chain after changing it. A checkpoint says how long the
chain of a book was and which hash it ended on, signed with a key that is not in the database, in a file that
only grows. Copy the file (and the public key) somewhere the operator of the database cannot write: that copy
is what an outsider verifies against.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from receivables.errors import TieoutError
from serving.audit.record import canonical, instant_text

__all__ = ["Checkpoint", "CheckpointFile", "CheckpointKeyError", "SigningKey", "VerifyingKey"]

DOMAIN: Final = b"tieout-checkpoint-v1\x00"


class CheckpointKeyError(TieoutError):
    """The key that signs audit checkpoints cannot be used."""

    code = "checkpoint_key"
    mend = "Restore the key file, readable by its owner only, or name another one."


class CheckpointFileError(TieoutError):
    """The file of audit checkpoints cannot be read."""

    code = "checkpoint_file"
    mend = "Restore checkpoints.jsonl from its copy outside this machine."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long the chain of a book was at an instant, and which hash it ended on."""

    book: str
    size: int
    head: str
    at: str
    key: str
    signature: str = ""

    def signed_bytes(self) -> bytes:
        """Give the bytes under the signature."""
        fields = {name: value for name, value in asdict(self).items() if name != "signature"}
        return DOMAIN + canonical(fields)


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """The public half: whoever has it can check every checkpoint."""

    public: Ed25519PublicKey

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a PEM file."""
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CheckpointKeyError(f"The public key {path} cannot be read: {error}.") from error
        if not isinstance(key, Ed25519PublicKey):
            raise CheckpointKeyError(f"The public key {path} is no Ed25519 key.")
        return cls(key)

    @property
    def fingerprint(self) -> str:
        """Name the key in sixteen hexadecimal digits."""
        return hashlib.sha256(self.public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]

    def accepts(self, checkpoint: Checkpoint) -> bool:
        """Say whether this key signed the checkpoint as it stands."""
        try:
            signature = base64.b64decode(checkpoint.signature, validate=True)
            self.public.verify(signature, checkpoint.signed_bytes())
        except (InvalidSignature, ValueError):
            return False
        return checkpoint.key == self.fingerprint


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half, in a file of its own that only its owner may read."""

    private: Ed25519PrivateKey

    @classmethod
    def read_or_make(cls, path: Path) -> Self:
        """Read the key, or make one where there is none; its public half is written beside it."""
        if path.exists():
            return cls.read(path)
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_secret(path, pem)
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        path.with_suffix(".pub").write_bytes(public)
        return cls(private)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the key; refuse a file that others may read."""
        refuse_open_file(path)
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise CheckpointKeyError(f"The key {path} cannot be read: {error}.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise CheckpointKeyError(f"The key {path} is no Ed25519 key.")
        return cls(key)

    @property
    def verifying(self) -> VerifyingKey:
        """Give the public half."""
        return VerifyingKey(self.private.public_key())

    def sign(self, book: str, size: int, head: str, at: datetime) -> Checkpoint:
        """Sign how long the chain is and where it ends."""
        bare = Checkpoint(book, size, head, instant_text(at), self.verifying.fingerprint)
        signature = base64.b64encode(self.private.sign(bare.signed_bytes())).decode()
        return Checkpoint(**{**asdict(bare), "signature": signature})


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """The file that only grows: one checkpoint a line."""

    path: Path

    def append(self, checkpoint: Checkpoint) -> None:
        """Write one line and wait until the disk has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = canonical(asdict(checkpoint)) + b"\n"
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(descriptor, (b"\n" if self._ends_torn() else b"") + line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)

    def read(self, book: str | None = None) -> list[Checkpoint]:
        """Read the checkpoints, oldest first; a line that a crash tore is passed over."""
        return [checkpoint for checkpoint in self._lines() if book in (None, checkpoint.book)]

    def newest(self, book: str) -> Checkpoint | None:
        """Give the last checkpoint of a book."""
        found = self.read(book)
        return found[-1] if found else None

    def _lines(self) -> Iterator[Checkpoint]:
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().split(b"\n"), 1):
            if not line:
                continue
            try:
                yield Checkpoint(**json.loads(line))
            except (ValueError, TypeError) as error:
                if not line.startswith(b"{") or not line.endswith(b"}"):
                    continue  # torn by a crash: its append never returned
                raise CheckpointFileError(f"Line {number} of {self.path} is no checkpoint.") from error

    def _ends_torn(self) -> bool:
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; refuse to replace one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    _sync_folder(path.parent)


def refuse_open_file(path: Path) -> None:
    """Refuse a secret that group or others may read or write."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise CheckpointKeyError(f"The key {path} cannot be read: {error}.") from error
    if mode & 0o077:
        raise CheckpointKeyError(f"The key {path} may be read by others (mode {mode & 0o777:o}).")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
