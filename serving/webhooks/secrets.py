"""Secrets of webhooks: ours are derived from TIEOUT_SECRET_KEY, theirs are stored sealed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from receivables.errors import TieoutError

__all__ = ["SecretSealError", "endpoint_secret", "open_sealed", "seal"]

_NONCE: Final = 12
PREFIX: Final = "whsec_"


class SecretSealError(TieoutError):
    """A sealed secret cannot be opened: TIEOUT_SECRET_KEY is not the one it was sealed with."""

    code = "secret_sealed_otherwise"
    mend = "Start with the key of before, or register the sender of these webhooks again."


def endpoint_secret(secret: SecretStr, book_id: str, endpoint_id: str) -> str:
    """Give the secret with which we sign for an endpoint, as Standard Webhooks writes it."""
    key = _derived(secret, f"webhook out\x00{book_id}\x00{endpoint_id}")
    return PREFIX + base64.b64encode(key).decode()


def seal(secret: SecretStr, book_id: str, text: str) -> str:
    """Seal a secret of somebody else for the store."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_derived(secret, "seal")).encrypt(nonce, text.encode(), book_id.encode())
    return base64.b64encode(nonce + sealed).decode()


def open_sealed(secret: SecretStr, book_id: str, sealed: str) -> str:
    """Open a sealed secret; raises `SecretSealError`."""
    raw = base64.b64decode(sealed)
    try:
        opened = AESGCM(_derived(secret, "seal")).decrypt(raw[:_NONCE], raw[_NONCE:], book_id.encode())
    except InvalidTag:
        raise SecretSealError from None
    return opened.decode()


def _derived(secret: SecretStr, purpose: str) -> bytes:
    return hmac.digest(secret.get_secret_value().encode(), f"tieout {purpose}".encode(), hashlib.sha256)
