"""The schema: what the migrations make is what the tables say, all of it or nothing."""

from __future__ import annotations

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from jupyter_sessions import errors
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.errors import SessionsError
from jupyter_sessions.store import migrate, sqlite_library
from jupyter_sessions.store.database import Database
from jupyter_sessions.store.tables import REVISION, metadata
from tests.waiting import STARTED_WITHIN


def test_the_newest_migration_is_the_revision_that_the_tables_name():
    scripts = ScriptDirectory.from_config(migrate.config())
    assert scripts.get_heads() == [REVISION]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True), "they are compared as text"


def test_what_the_migrations_make_is_what_the_tables_say(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": _not_the_full_text_index}
        )
        assert compare_metadata(context, metadata) == []


def _not_the_full_text_index(name, kind, _parents) -> bool:
    return not (kind == "table" and name.startswith("command_words"))


def test_a_database_that_is_up_to_date_is_not_touched(database):
    Database(database).close()
    again = Database(database)
    with again.engine.connect() as connection:
        assert migrate.current(connection) == REVISION
    again.close()


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(database):
    store = Database(database)
    store.write(
        lambda tx: tx.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    ).result()
    store.close()
    for _ in range(2):
        with pytest.raises(errors.StoreUnusable, match=f"9999.*{REVISION}") as refusal:
            Database(database)
        assert "Upgrade" in refusal.value.hint


INTERRUPTED = """
import os, sys
from sqlalchemy import Engine, event
from jupyter_sessions.store.database import Database

made = 0

@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *more):
    global made
    made += "CREATE" in statement.upper()
    if made == int(sys.argv[2]):
        os._exit(9)

Database(sys.argv[1])
"""


@pytest.mark.parametrize("after", [1, 8, 20])
def test_a_migration_that_is_interrupted_leaves_nothing_and_is_done_next_time(
    database, program, after
):
    killed = program(INTERRUPTED, database, str(after))
    assert killed.wait(STARTED_WITHIN) == 9
    module = {"module": sqlite_library.sqlite_module()} if database.startswith("sqlite") else {}
    engine = create_engine(database, **module)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    engine.dispose()
    store = Database(database)
    assert store.read(lambda tx: migrate.current(tx.connection)).result() == REVISION
    store.close()


def test_many_that_open_a_new_database_at_once_all_succeed(database, tmp_path):
    opened: list[Dispatcher | SessionsError] = []
    together = threading.Barrier(6)

    def open_it() -> None:
        together.wait(STARTED_WITHIN)
        try:
            opened.append(Dispatcher(database, tmp_path / "blobs"))
        except SessionsError as error:
            opened.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(STARTED_WITHIN)
    failures = [error for error in opened if isinstance(error, SessionsError)]
    secrets = {one._services.secret for one in opened if isinstance(one, Dispatcher)}
    for one in opened:
        if isinstance(one, Dispatcher):
            one.close()
    assert failures == []
    assert len(secrets) == 1


def test_a_migration_logs_nothing_of_alembic_to_the_user(database, capfd):
    Database(database).close()
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
