"""The migration that learns which commands only manage sessions, on a store that has some."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text

from jupyter_sessions import api
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.store import sqlite_library
from tests.conftest import Store, store  # noqa: F401  # the fixture with people, not this folder's
from tests.core.asking import commands, do, record, recorded

BEFORE = [
    "DROP TABLE damage",
    "ALTER TABLE commands DROP COLUMN checksum",
    "ALTER TABLE sessions DROP COLUMN reopened",
    "ALTER TABLE commands DROP COLUMN version",
    "DROP TABLE done_requests",
    "ALTER TABLE blobs DROP COLUMN digests",
    "ALTER TABLE keys DROP COLUMN confirmed",
    "DROP TABLE second_factors",
    "DROP TABLE recovery_codes",
    "DROP INDEX ix_keys_parent_id",
    "ALTER TABLE groups DROP COLUMN external",
    "DROP INDEX ix_commands_managing",
    "ALTER TABLE commands DROP COLUMN managing",
    "UPDATE sessions SET last_command = '%session history'",
    "UPDATE alembic_version SET version_num = '0005'",
]


def test_commands_of_before_are_told_apart_too(
    store: Store,  # noqa: F811  # the fixture
    database: str,
    tmp_path: Path,
) -> None:
    code, other = store.new().code, store.new().code
    long = f"{'a' * 5000}\n%session history"
    record(store, code, *(recorded(store, each) for each in ["a = 1", long, "%session history"]))
    record(store, other, recorded(store, "%session new x"))
    store.dispatcher.close()
    module = {"module": sqlite_library.sqlite_module()} if database.startswith("sqlite") else {}
    engine = create_engine(database, **module)
    with engine.begin() as connection:
        for statement in BEFORE:
            connection.execute(text(statement))
    engine.dispose()
    store.dispatcher = Dispatcher(database, tmp_path / "blobs", clock=store.clock)
    assert [each.managing for each in commands(store, code)] == [True, False, False]
    sessions = [do(store, "root", api.GET_SESSION, code=each) for each in (code, other)]
    assert [each.last_command for each in sessions] == ["a" * 200, ""]
