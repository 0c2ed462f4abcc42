"""Configure Alembic; the connection, already in a transaction, comes from `migrate.upgrade`."""

from alembic import context

from jupyter_sessions.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The only way to alter a table in SQLite.
    render_as_batch=True,
)
context.run_migrations()
