"""Signatures: Standard Webhooks for what goes out and comes in, Stripe's own for Stripe.

Verified on the raw bytes, in constant time, with a window for replays; the instant is given, not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from standardwebhooks.webhooks import Webhook

from serving.problems import InvalidRequestError, RequestError

__all__ = [
    "BadSecretError",
    "BadSignatureError",
    "check_secret",
    "signed_headers",
    "verify_standard",
    "verify_stripe",
]

_MOST_SIGNATURES: Final = 10


class BadSignatureError(RequestError):
    """The event is not signed by its sender, or its signature is too old."""

    code = "bad_signature"
    mend = "Send the raw body with a fresh signature made with the secret that was registered."
    status = HTTPStatus.UNAUTHORIZED


class BadSecretError(InvalidRequestError):
    """This is no secret of Standard Webhooks."""

    code = "bad_webhook_secret"
    mend = "Give whsec_ and the base64 of 24 to 64 random bytes."


def check_secret(secret: str) -> None:
    """Raise `BadSecretError` for a secret that signs nothing."""
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise BadSecretError from None
    if not 24 <= len(raw) <= 64:
        raise BadSecretError


def signed_headers(secret: str, message_id: str, at: datetime, body: str) -> dict[str, str]:
    """Sign what goes out."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }


def verify_standard(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime, window: timedelta
) -> str:
    """Verify a Standard-Webhooks event; gives its id. Raises `BadSignatureError`."""
    message_id = headers.get("webhook-id", "")
    at = _instant(headers.get("webhook-timestamp", ""), now, window)
    try:
        expected = Webhook(secret).sign(message_id, at, body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError):
        raise BadSignatureError from None
    given = headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    if not message_id or not _is_among(expected, given):
        raise BadSignatureError
    return message_id


def verify_stripe(secret: str, header: str, body: bytes, now: datetime, window: timedelta) -> None:
    """Verify an event of Stripe (`t=...,v1=...`). Raises `BadSignatureError`."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    stamp = next((value for name, value in parts if name == "t"), "")
    _instant(stamp, now, window)
    expected = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not _is_among(expected, [value for name, value in parts if name == "v1"][:_MOST_SIGNATURES]):
        raise BadSignatureError


def _instant(stamp: str, now: datetime, window: timedelta) -> datetime:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignatureError
    at = datetime.fromtimestamp(int(stamp), now.tzinfo)
    if abs(now - at) > window:
        raise BadSignatureError
    return at


def _is_among(expected: str, given: list[str]) -> bool:
    """Compare with every signature given, each in constant time."""
    return sum(hmac.compare_digest(expected.encode(), one.encode()) for one in given) > 0
