"""Spread independent pieces of numpy and Arrow work over threads; both let go of the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar

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


def beside(work: Callable[[], Answer], threads: int) -> Callable[[], Answer]:
    """Begin a piece of work beside the work at hand; return what waits for its answer."""
    if threads <= 1:
        answer = work()
        return lambda: answer
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future.result


class Behind:
    """Work that runs behind the work at hand, one piece after another, in the order given."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(1) if threads > 1 else None
        self._waiting: list[Future[object]] = []

    def add(self, work: Callable[[], object]) -> None:
        """Do a piece of work later; at once where there is one thread only."""
        if self._pool is None:
            work()
        else:
            self._waiting.append(self._pool.submit(work))

    def wait(self) -> None:
        """Wait until everything is done; raises what a piece raised."""
        waiting, self._waiting = self._waiting, []
        for piece in waiting:
            piece.result()

    def __enter__(self) -> Self:
        """Take work."""
        return self

    def __exit__(self, *failure: object) -> None:
        """End the thread; what has not begun when something failed is dropped."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
