"""Spread independent pieces of numpy and Arrow work over threads; both let go of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def in_threads(work: Callable[[Piece], Answer], pieces: Iterable[Piece], threads: int) -> list[Answer]:
    """Return what ``work`` makes of each piece, in the order of the pieces, however many threads there are.

    Pieces must not share anything that is computed on first use and still missing.
    """
    listed = list(pieces)
    if threads <= 1 or len(listed) <= 1:
        return [work(piece) for piece in listed]
    with ThreadPoolExecutor(min(threads, len(listed))) as pool:
        return list(pool.map(work, listed))
