"""What Alembic runs: the connection comes from `serving.store.migrations`."""

from __future__ import annotations

from alembic import context

from serving.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
context.run_migrations()
