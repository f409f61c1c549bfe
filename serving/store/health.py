"""Whether the store can be worked with."""

from __future__ import annotations

from serving.store.errors import StoreError
from serving.store.migrations import check_migrated
from serving.store.store import Store


def readiness(store: Store) -> str:
    """Say `ready`, or the code of what is wrong."""
    try:
        with store.looking():
            pass
        check_migrated(store)
    except StoreError as error:
        return error.code
    return "ready"
