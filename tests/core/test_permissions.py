"""The gate while something else goes on: PostgreSQL has many writers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Identified
from tests.core.asking import do, join, log, members, recorded, refused
from tests.waiting import STARTED_WITHIN, until


@pytest.fixture
def meanwhile(store):
    """Give a connection of another process to PostgreSQL, and a wait for someone to wait for it."""
    engine = create_engine(store.dispatcher.database.url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection, lambda: _until_someone_waits(engine)


# On SQLite there is nothing to test here, so PostgreSQL is all that is asked for.
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def _until_someone_waits(engine: Engine) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until(lambda: connection.execute(waiting).scalar(), within=STARTED_WITHIN)


@pytest.fixture
def shared(store):
    join(store, "bob")
    code = store.new("ann").code
    store.grant(code, "bob", "write", by="ann")
    return code


def submit_recording(store, code):
    request = api.RECORD_COMMANDS.request(code=code, commands=[recorded(store)])
    return store.dispatcher.submit(api.RECORD_COMMANDS, request, store.credentials("bob"))


def test_who_is_revoked_while_they_wait_does_not_write_any_more(store, shared, meanwhile):
    connection, someone_waits = meanwhile
    connection.execute(text("SELECT id FROM sessions FOR UPDATE"))
    writing = submit_recording(store, shared)
    someone_waits()
    connection.execute(text("DELETE FROM members WHERE granted_by IS NOT NULL"))
    connection.commit()
    with refused(errors.NoSuchSession):
        writing.result(STARTED_WITHIN)
    assert do(store, "ann", api.GET_SESSION, code=shared).commands == 0


def test_who_loses_a_role_while_they_wait_does_not_act_in_it_any_more(store, shared, meanwhile):
    connection, someone_waits = meanwhile
    connection.execute(text("SELECT id FROM sessions FOR UPDATE"))
    writing = submit_recording(store, shared)
    someone_waits()
    connection.execute(text("UPDATE members SET roles = 1 WHERE granted_by IS NOT NULL"))
    connection.commit()
    with refused(errors.RoleMissing):
        writing.result(STARTED_WITHIN)


def test_a_session_that_gets_another_owner_meanwhile_is_still_there(store, shared, meanwhile):
    connection, someone_waits = meanwhile
    connection.execute(
        text("UPDATE sessions SET owner_id = (SELECT id FROM users WHERE name = 'bob')")
    )
    writing = submit_recording(store, shared)
    someone_waits()
    connection.commit()
    assert writing.result(STARTED_WITHIN).numbers == [1]


def test_numbers_stay_gapless_when_many_write_at_once(store, shared):
    asked = [submit_recording(store, shared) for _ in range(40)]
    assert sorted(n for future in asked for n in future.result().numbers) == list(range(1, 41))
    assert [event.number for event in log(store, shared, "ann")] == list(range(1, 43))


def test_two_first_acts_of_someone_new_at_once_both_succeed(store, meanwhile):
    connection, someone_waits = meanwhile
    connection.execute(
        text(
            "INSERT INTO users (name, folded, display_name, administrator, disabled, created) "
            "VALUES ('zoe', 'zoe', '', false, false, 0)"
        )
    )
    making = store.dispatcher.submit(
        api.CREATE_SESSION, api.CREATE_SESSION.request(label="x"), Identified("zoe")
    )
    someone_waits()
    connection.commit()
    assert making.result(STARTED_WITHIN).owner == "zoe"


def test_an_account_is_removed_while_others_write_in_its_sessions(store, shared, meanwhile):
    join(store, "cleo")
    store.grant(shared, "cleo", by="ann")
    connection, someone_waits = meanwhile
    connection.execute(text("UPDATE sessions SET events = events"))
    request = api.REMOVE_ACCOUNT.request(name="cleo")
    removing = store.dispatcher.submit(api.REMOVE_ACCOUNT, request, store.credentials("root"))
    someone_waits()
    connection.execute(
        text(
            "INSERT INTO events (id, session_id, number, at, kind, data) SELECT "
            "id * 4294967296 + events + 1, id, events + 1, 0, 'test.came', '{}' FROM sessions"
        )
    )
    connection.execute(text("UPDATE sessions SET events = events + 1"))
    connection.commit()
    removing.result(STARTED_WITHIN)
    assert list(members(store, shared, "ann")) == ["ann", "bob"]
    told = log(store, shared, "ann")
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    assert [event.kind for event in told[-2:]] == ["test.came", "member.revoked"]


def test_a_session_used_while_it_is_about_to_run_out_stays_open(store, shared, meanwhile):
    do(store, "ann", api.SET_SESSION_TIMEOUTS, code=shared, idle_timeout=10)
    store.clock.forward(minutes=10)
    connection, someone_waits = meanwhile
    connection.execute(text("UPDATE sessions SET last_used = last_used + 600000000"))
    with ThreadPoolExecutor(1) as pool:
        tidying = pool.submit(store.dispatcher.tidy)
        someone_waits()
        connection.commit()
        tidying.result(STARTED_WITHIN)
    assert do(store, "ann", api.GET_SESSION, code=shared).state == "active"


def test_a_session_restored_while_it_is_about_to_be_purged_stays(store, shared, meanwhile):
    do(store, "ann", api.REMOVE_SESSION, code=shared)
    store.clock.forward(days=31)
    connection, someone_waits = meanwhile
    connection.execute(text("UPDATE sessions SET removed = NULL"))
    with ThreadPoolExecutor(1) as pool:
        tidying = pool.submit(store.dispatcher.tidy)
        someone_waits()
        connection.commit()
        tidying.result(STARTED_WITHIN)
    assert do(store, "ann", api.GET_SESSION, code=shared).state == "active"
