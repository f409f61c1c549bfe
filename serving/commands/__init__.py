"""The commands that need a store, one file a group, each with `register(app)`.

Rooms are imported inside functions; only the standard library and typer are at the top: `tieout --help`
reads all
of them.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the commands of every file of this package."""
    for module in sorted(found.name for found in iter_modules(__path__)):
        import_module(f"{__name__}.{module}").register(app)
