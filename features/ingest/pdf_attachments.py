"""The files embedded in a PDF, taken out in a process of its own.

A PDF can make any parser run or grow without end, and only a process can be stopped. `take` starts this very
file as a script: it reads a PDF from standard input under limits of memory and time, and writes each embedded
file as a line of JSON (`name`, `size`) and its bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

SECONDS: Final = 20
MEMORY: Final = 1 << 30
MOST_FILES: Final = 100
NAME_LIMIT: Final = 200

ENCRYPTED: Final = 3
BROKEN: Final = 4
TOO_LARGE: Final = 5


class Attachment(NamedTuple):
    """An embedded file."""

    name: str
    data: bytes


class PdfError(Exception):
    """No embedded files could be taken out; `reason` is one of the exit codes above."""

    def __init__(self, reason: int) -> None:
        super().__init__(reason)
        self.reason = reason


def take(pdf: bytes, limit: int) -> list[Attachment]:
    """Take out the embedded files of a PDF, at most `limit` bytes together."""
    command = [sys.executable, "-I", str(Path(__file__).resolve()), str(limit)]
    try:
        done = subprocess.run(command, input=pdf, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - our own file
    except subprocess.TimeoutExpired:
        raise PdfError(TOO_LARGE) from None
    if done.returncode != 0:
        known = done.returncode in {ENCRYPTED, BROKEN, TOO_LARGE}
        raise PdfError(done.returncode if known else TOO_LARGE)
    out = BytesIO(done.stdout)
    found: list[Attachment] = []
    while line := out.readline():
        told = json.loads(line)
        found.append(Attachment(told["name"], out.read(told["size"])))
    return found


def _attachments(reader: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - pypdf is loaded in the other process only
    """Give the embedded files: those of the name tree, then those that only the associated files list."""
    for one in reader.attachment_list:
        yield str(one.name or ""), one.content
    associated = reader.root_object.get("/AF")
    for reference in (associated.get_object() if associated is not None else ()) or ():
        specification = reference.get_object()
        stream = specification["/EF"].get_object()["/F"].get_object()
        yield str(specification.get("/UF") or specification.get("/F") or ""), stream.get_data()


def _plain(name: str) -> str:
    """Keep of a name what can be shown: its last part, without what is not printable."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:NAME_LIMIT] or "attachment"


def _write(pdf: bytes, limit: int, out: BinaryIO) -> int:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, LimitReachedError, PyPdfError

    try:
        reader = PdfReader(BytesIO(pdf), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return ENCRYPTED
        seen: set[bytes] = set()
        for name, data in _attachments(reader):
            limit -= len(data)
            if limit < 0 or len(seen) >= MOST_FILES:
                return TOO_LARGE
            if data not in seen:
                seen.add(data)
                out.write(json.dumps({"name": _plain(name), "size": len(data)}).encode() + b"\n" + data)
    except (LimitReachedError, MemoryError, RecursionError):
        return TOO_LARGE
    except DependencyError:  # AES needs a library that matching does not install
        return ENCRYPTED
    except PyPdfError:
        return BROKEN
    except Exception:  # noqa: BLE001 - whatever a broken file does to the library, it is broken
        return BROKEN
    return 0


def _bound() -> None:
    """Let the system stop this process when it runs or grows too far."""
    try:
        import resource
    except ImportError:  # not on Windows, where only the time is bounded
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _bound()
    import logging

    logging.disable(logging.CRITICAL)
    sys.exit(_write(sys.stdin.buffer.read(), int(sys.argv[1]), sys.stdout.buffer))
