"""A proxy before PostgreSQL that loses answers: it lets a COMMIT through and swallows what comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from random import Random

Upstream = tuple[str, int] | str
"""A host and port, or the path of a socket."""

COMMIT = b"COMMIT\x00"


class Proxy:
    """Forwards connections; loses the answer to a share of commits, and the connection with it."""

    def __init__(self, upstream: Upstream, share: float, seed: int) -> None:
        self.upstream, self.share = upstream, share
        self.dice = Random(seed)
        self.lost = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self.upstream, str) else socket.AF_INET
        server = socket.socket(family)
        server.connect(self.upstream)
        swallow = threading.Event()
        threading.Thread(target=self._back, args=(server, client, swallow), daemon=True).start()
        with suppress(OSError):
            while asked := client.recv(65536):
                if asked.endswith(COMMIT) and self._loses():
                    swallow.set()
                server.sendall(asked)
        server.close()

    def _back(self, server: socket.socket, client: socket.socket, swallow: threading.Event) -> None:
        with suppress(OSError):
            while answer := server.recv(65536):
                if swallow.is_set():
                    break  # the server has committed; nobody hears of it
                client.sendall(answer)
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _loses(self) -> bool:
        with self.lock:
            loses = self.dice.random() < self.share
            self.lost += loses
            return loses


@contextmanager
def losing_proxy(upstream: Upstream, share: float, seed: int) -> Iterator[Proxy]:
    """Run a proxy until the block ends."""
    proxy = Proxy(upstream, share, seed)
    with closing(proxy.listener):
        threading.Thread(target=proxy.serve, daemon=True).start()
        yield proxy
