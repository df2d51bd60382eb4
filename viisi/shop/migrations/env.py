"""What Alembic runs around each step, in the transaction that ``viisi.shop.migrations`` opened."""

from alembic import context

from viisi.shop.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
