"""Where webhooks may go: public addresses over TLS, never back into our own network (SSRF).

The name is resolved once, every address it has is judged, and the connection is made to the very address that
was judged: a name that changes between look-up and connection gains nothing. Redirects are answers, not ways.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import httpcore
from httpcore._backends.sync import SyncBackend

from serving.problems import InvalidRequestError

__all__ = ["ForbiddenTargetError", "GuardedBackend", "check_url"]

MOST_URL: Final = 2_000


class ForbiddenTargetError(InvalidRequestError):
    """Webhooks may not go there."""

    code = "forbidden_target"
    mend = "Give an https URL without credentials whose name has public addresses only."


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were judged, and to no others."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._inner = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, judge, connect to what was judged."""
        address = judged(host, port, private=self._private)
        return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Refuse: a webhook goes to the network."""
        del timeout, socket_options
        raise ForbiddenTargetError(f"A webhook does not go to a socket ({path}).")


def check_url(url: str, *, private: bool) -> None:
    """Raise `ForbiddenTargetError` for a URL that webhooks may not go to; its name is judged later."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenTargetError("This is not a URL.") from None
    schemes = ("https", "http") if private else ("https",)
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MOST_URL
    if not plain or parts.scheme not in schemes or not parts.hostname or parts.username is not None:
        raise ForbiddenTargetError
    if port == 0:
        raise ForbiddenTargetError
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return
    if not private and not is_public(literal):
        raise ForbiddenTargetError


def judged(host: str, port: int, *, private: bool) -> str:
    """Give an address of the name after judging all of them; raises `ForbiddenTargetError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError(f"{host} has no address") from None
    addresses = [str(one[4][0]) for one in found]
    if not private and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in addresses):
        raise ForbiddenTargetError(f"{host} has an address inside a private network.")
    return addresses[0]


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether an address is one of the public network, also when it is wrapped in another."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if wrapped is not None:
            return is_public(wrapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast and not address.is_reserved


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
