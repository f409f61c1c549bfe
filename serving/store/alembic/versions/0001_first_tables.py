"""The first tables of the store.

Until the first release these are the tables of the code; that release writes them out here, and from then
on a change is a step of its own.
"""

from __future__ import annotations

from alembic import op

from serving.store.insert_only import guard
from serving.store.schema import INSERT_ONLY, metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table and the triggers of those that only grow."""
    bind = op.get_bind()
    metadata.create_all(bind)
    for name in INSERT_ONLY:
        for statement in guard(name, bind.dialect.name):
            op.execute(statement)
