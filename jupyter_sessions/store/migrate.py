"""Bring a database's schema up to date, in one transaction: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from jupyter_sessions.errors import StoreUnusable
from jupyter_sessions.store.tables import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x5E5510  # any number: PostgreSQL's advisory lock for migrating


def current(connection: Connection) -> str | None:
    """Return the revision that the database is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def config() -> Config:
    """Return Alembic's configuration for the versions in this package."""
    # On use: a database that is up to date, the common case, needs nothing of Alembic.
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return configuration


def lost(why: str) -> StoreUnusable:
    """Return the failure of a database that is missing or empty, and must not be."""
    return StoreUnusable(
        f"The database is missing or empty, and yet {why}. No new one was begun.",
        hint="Restore the database from a backup. To begin a new store, move what is left of the "
        "old one away first.",
    )


def upgrade(engine: Engine, reader: Engine, left: Callable[[], str] = lambda: "") -> None:
    """Bring the schema to `REVISION`.

    Parameters
    ----------
    engine, reader
        The database's ways in. Where nothing is to be done, which is nearly always, reading tells:
        to look at one's sessions waits for no one who writes.
    left
        Says what there is of an older store; empty for nothing.

    Raises
    ------
    StoreUnusable
        When a newer program has made or changed the database.
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
        if revision is None and (found := left()):
            raise lost(found)
        if revision is not None and revision > REVISION:
            raise StoreUnusable(
                f"The database is at revision {revision}, and this program knows {REVISION}: a "
                "newer program has changed it.",
                hint="Upgrade jupyter_sessions.",
            )
        from alembic import command

        configuration = config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
