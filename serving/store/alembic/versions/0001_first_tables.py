"""The first tables of the store."""

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
