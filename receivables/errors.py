"""The one family of errors that Tieout raises on purpose."""

from __future__ import annotations

from typing import ClassVar


class TieoutError(Exception):
    """Something in the input or the request cannot be used."""

    code: ClassVar[str] = "error"
    mend: ClassVar[str] = "Read the message and correct the input."

    def __init__(self, message: str | None = None) -> None:
        """Keep `message`, or say the first line of the class's own docstring."""
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)

    def __str__(self) -> str:
        """Say what is wrong and how to mend it, in one line."""
        return f"{self.message} {self.mend}"
