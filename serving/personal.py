"""Personal data: sealed before it is hashed, so that it can be forgotten without breaking the chain.

Names, accounts and texts that must stand in an audit record are sealed with AES-GCM under a key of their
subject alone, and that key is wrapped by a master key kept outside the database. The chain hashes what was
sealed. Destroy the subject's key, and what it sealed is unreadable for ever while every hash still holds.
Card numbers never get that far: they are masked on entry.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from receivables.errors import TieoutError
from serving.audit.checkpoints import refuse_open_file, write_secret
from serving.store import subject_rows
from serving.store.store import Transaction

__all__ = ["MasterKey", "MasterKeyError", "Sealer", "customer_subject", "mask_card_numbers"]

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
SEALED: Final = "sealed.v1:"


class MasterKeyError(TieoutError):
    """The key that wraps the keys of personal data cannot be used."""

    code = "master_key"
    mend = (
        "Restore keys/master.key, readable by its owner only, or give TIEOUT_MASTER_KEY: 32 bytes as base64."
    )


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Wraps the key of every subject; never in the database."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key of another length."""
        if len(self.secret) != KEY_BYTES:
            raise MasterKeyError(f"The master key has {len(self.secret)} bytes, not {KEY_BYTES}.")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read base64."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except ValueError as error:
            raise MasterKeyError("The master key is not base64.") from error

    @classmethod
    def read_or_make(cls, path: Path) -> Self:
        """Read the key file, or make one where there is none; refuse one that others may read."""
        if not path.exists():
            write_secret(path, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        refuse_open_file(path)
        return cls.from_text(path.read_text("ascii").strip())

    def pseudonym(self, *parts: str) -> str:
        """Name somebody without saying who: a keyed hash, equal for equal parts."""
        key = hashlib.sha256(b"tieout-pseudonym-v1\x00" + self.secret).digest()
        return hmac.new(key, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def customer_subject(customer_id: str) -> str:
    """Name the subject of a customer's data."""
    return f"customer:{customer_id}"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens the personal data of one book, in one transaction."""

    tx: Transaction
    master: MasterKey
    _keys: dict[str, bytes | None] = field(default_factory=dict)

    def subject_of(self, customer_id: str | None, payer_account: str | None, payer_name: str | None) -> str:
        """Name whose data a payment carries: the customer's if known, else the payer's."""
        if customer_id:
            return customer_subject(customer_id)
        who = ("account", payer_account) if payer_account else ("name", (payer_name or "").casefold())
        return f"payer:{self.master.pseudonym(self.tx.book_id, *(part or '' for part in who))}"

    def seal(self, subject: str, name: str, text: str, now: datetime) -> str:
        """Seal one text; it opens only for the same book, subject and name."""
        key = self._key(subject) or self._make(subject, now)
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), self._place(subject, name))
        return SEALED + base64.b64encode(nonce + sealed).decode()

    def seal_all(self, subject: str, texts: Mapping[str, str | None], now: datetime) -> dict[str, str]:
        """Seal the texts that are there."""
        return {name: self.seal(subject, name, text, now) for name, text in texts.items() if text}

    def open(self, subject: str, name: str, sealed: str) -> str | None:
        """Open a sealed text; None when its key was destroyed."""
        key = self._key(subject)
        if key is None or not sealed.startswith(SEALED):
            return None
        raw = base64.b64decode(sealed.removeprefix(SEALED))
        try:
            opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._place(subject, name))
        except InvalidTag:
            return None  # sealed under a key that was destroyed, or not here
        return opened.decode()

    def _key(self, subject: str) -> bytes | None:
        if subject not in self._keys:
            wrapped = subject_rows.wrapped_key(self.tx, subject)
            self._keys[subject] = self._unwrap(subject, wrapped) if wrapped else None
        return self._keys[subject]

    def _make(self, subject: str, now: datetime) -> bytes:
        key, nonce = AESGCM.generate_key(8 * KEY_BYTES), os.urandom(NONCE_BYTES)
        place = self._place(subject, "key")
        subject_rows.put_key(
            self.tx, subject, nonce + AESGCM(self.master.secret).encrypt(nonce, key, place), now
        )
        self._keys[subject] = key
        return key

    def _unwrap(self, subject: str, wrapped: bytes) -> bytes:
        try:
            return AESGCM(self.master.secret).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._place(subject, "key")
            )
        except InvalidTag:
            raise MasterKeyError(
                "The master key is not the one that wrapped the keys of this store."
            ) from None

    def _place(self, subject: str, name: str) -> bytes:
        return f"tieout-sealed-v1\x00{self.tx.book_id}\x00{subject}\x00{name}".encode()


# --------------------------------------------------------------------------- card numbers

_CARD: Final = re.compile(
    r"(?<![\w-])(?:"
    r"[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}"  # sixteen digits, alone or in fours
    r"|3[47]\d{2}([ -]?)\d{6}\2\d{5}"  # fifteen of American Express
    r"|3(?:0|6|8)\d{2}([ -]?)\d{6}\3\d{4}"  # fourteen of Diners
    r")(?![\w-])",
    re.ASCII,
)
_ISSUERS: Final = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6(?:011|4[4-9]|5|2)|35(?:2[89]|[3-8])|3[47]|3(?:0[0-5]|[68])"
)
_SHOWN: Final = (6, 4)
"""The first and last digits that may be shown of a card number (PCI DSS 3.4.1)."""


def mask_card_numbers(text: str) -> str:
    """Mask what is surely shaped like a card number: issuer, grouping and check digit must all fit.

    Meant for free text. Structured references are left alone: Luhn digits are usual in them, and masking one
    would hide an invoice.
    """
    return _CARD.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    number = found.group()
    digits = [letter for letter in number if letter.isdigit()]
    if not _ISSUERS.match("".join(digits)) or not _has_luhn_digit(digits):
        return number
    first, last = _SHOWN
    shown, place = [], 0
    for letter in number:
        hidden = letter.isdigit() and first <= place < len(digits) - last
        shown.append("*" if hidden else letter)
        place += letter.isdigit()
    return "".join(shown)


def _has_luhn_digit(digits: list[str]) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
