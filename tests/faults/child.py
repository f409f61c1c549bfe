"""The process that is killed: forked for each run from a server that has everything imported.

The server reads one JSON order a line: the database, the file of acknowledgements, how many payments, which
bug. It answers with the process id; the child waits until its gate is opened, so that a tracer can attach.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from receivables.errors import TieoutError
from tests.faults.planted import PLANTED, careless_sync
from tests.faults.script import opened, script


def work(order: dict[str, Any]) -> None:
    """Run the script on the database, acknowledging each operation by a line."""
    acks = os.open(order["acks"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    perform = PLANTED[order["bug"]]
    with opened(order["url"]) as store, careless_sync(store, order.get("sync", "FULL")):
        with open(order["gate"], "rb"):  # noqa: PTH123 - a named pipe: opening it waits for the other side
            pass
        for op in script(order["payments"]):
            try:
                perform(store, op, partial(_acknowledge, acks, op.id))
            except (SQLAlchemyError, TieoutError):
                continue  # refused, so not acknowledged


def _acknowledge(acks: int, name: str) -> None:
    os.write(acks, f"{name}\n".encode())


def serve() -> None:
    """Fork a child an order, and say how it ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
