"""What the tests of the core share: databases that come up fast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from jupyter_sessions.store import engines
from jupyter_sessions.store.tables import metadata
from tests.conftest import Store, new_postgresql_database
from tests.databases import copy_new_database


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> Iterator[str]:
    """Make one PostgreSQL database with the schema in it, for all tests here in turn."""
    with new_postgresql_database(postgresql) as url:
        engines.open_engines(url).dispose()
        yield url


@pytest.fixture
def code(store: Store) -> str:
    """Give the code of a session of root's."""
    return store.new().code


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database without a row, on each that we know."""
    if request.param == "sqlite":
        copy_new_database(tmp_path / "store")
        yield f"sqlite:///{tmp_path / 'store' / 'sessions.db'}"
        return
    url: str = request.getfixturevalue("migrated_postgresql")
    yield url
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    # No connection stays open, even where this fails.
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables}, command_words RESTART IDENTITY"))
