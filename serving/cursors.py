"""Cursors: opaque, signed, and good for one list of one book only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

from pydantic import SecretStr

from serving.problems import BadCursorError

__all__ = ["Cursors"]

_SIGN_BYTES: Final = 12


class Cursors:
    """Makes and reads the cursors of one list."""

    def __init__(self, secret: SecretStr, book_id: str, list_name: str) -> None:
        purpose = f"tieout cursor\x00{book_id}\x00{list_name}".encode()
        self._key = hmac.digest(secret.get_secret_value().encode(), purpose, hashlib.sha256)

    def make(self, position: str) -> str:
        """Make the cursor that continues after `position`."""
        text = position.encode()
        return base64.urlsafe_b64encode(self._sign(text) + text).decode().rstrip("=")

    def read(self, cursor: str | None) -> str | None:
        """Give the position of a cursor; raises `BadCursorError`."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            sign, text = raw[:_SIGN_BYTES], raw[_SIGN_BYTES:]
            if not hmac.compare_digest(sign, self._sign(text)):
                raise BadCursorError
            return text.decode()
        except (ValueError, binascii.Error):
            raise BadCursorError from None

    def _sign(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, hashlib.sha256)[:_SIGN_BYTES]
