"""Migrate a database's schema to the newest revision, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from jupyter_sessions.errors import StoreUnusable
from jupyter_sessions.store.tables import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x5E5510  # an arbitrary number: PostgreSQL's advisory lock for migrations


def current(connection: Connection) -> str | None:
    """Return the database's revision, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def config() -> Config:
    """Return Alembic's configuration for the versions in this package."""
    # On use: a database that is up to date, the common case, does not need Alembic.
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def lost(why: str) -> StoreUnusable:
    """Return the error for a database that should have content, but is missing or empty."""
    return StoreUnusable(
        f"The database is missing or empty, but {why}. A new one was not created.",
        hint="Restore the database from a backup. To create a new store, first move "
        "away what is left of the old one.",
    )


def upgrade(
    engine: Engine, reader: Engine, describe_orphaned: Callable[[], str] = lambda: ""
) -> None:
    """Migrate the schema to `REVISION`.

    Parameters
    ----------
    engine, reader
        The database's engines. Usually there is nothing to migrate, which a read can tell, so that
        opening a store does not wait for a writer.
    describe_orphaned
        Describes what is left of an older store; empty for nothing.

    Raises
    ------
    StoreUnusable
        If a newer program has created or changed the database.
    """
    with reader.connect() as connection, connection.begin():
        if current(connection) == REVISION:
            return
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        revision = current(connection)
        if revision == REVISION:
            return
        if revision is None and (found := describe_orphaned()):
            raise lost(found)
        if revision is not None and revision > REVISION:
            raise StoreUnusable(
                f"The database has revision {revision}, but this program only knows "
                f"revisions up to {REVISION}: a newer version has upgraded it.",
                hint="Upgrade jupyter_sessions.",
            )
        from alembic import command

        configuration = config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
