"""Noticing what other processes commit."""

from __future__ import annotations

import queue

import pytest
from sqlalchemy import text

from jupyter_sessions.store.change_watch import Watch
from jupyter_sessions.store.database import Database
from tests.waiting import STARTED_WITHIN

OTHER = """
import sys
from sqlalchemy import text
from jupyter_sessions.store.database import Database

store = Database(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    def change(transaction):
        put = text("INSERT INTO settings VALUES ('x', :line)")
        transaction.connection.execute(text("DELETE FROM settings"))
        transaction.connection.execute(put, {"line": line})
        transaction.changed.update(map(int, line.split()))
    store.write(change).result()
    print("done", flush=True)
"""


@pytest.fixture
def watched(database):
    """Give a database that is watched, and what was noticed."""
    store = Database(database)
    noticed: queue.Queue[set[int] | None] = queue.Queue()
    watch = Watch(store.engine, noticed.put)
    yield store, noticed
    watch.stop()
    store.close()


def until_noticed(noticed: queue.Queue[set[int] | None], session: int) -> None:
    """Wait until a session's change is noticed, or one of any session."""
    while True:
        changed = noticed.get(timeout=STARTED_WITHIN)
        if changed is None or session in changed:
            return


def test_what_another_process_commits_is_noticed_each_time(watched, program):
    store, noticed = watched
    other = program(OTHER, store.url)
    assert other.stdout.readline() == "ready\n"
    for session in (7, 8, 9):
        while not noticed.empty():
            noticed.get()
        other.stdin.write(f"{session} 1000\n")
        other.stdin.flush()
        assert other.stdout.readline() == "done\n"
        until_noticed(noticed, session)


def test_what_is_committed_before_the_watch_is_on_its_feet_is_not_missed(database):
    """Who begins to watch, and then looks, has missed nothing."""
    watcher, other = Database(database), Database(database)
    for session in range(1, 6):
        noticed: queue.Queue[set[int] | None] = queue.Queue()
        watch = Watch(watcher.engine, noticed.put)

        def change(transaction, session=session) -> None:
            transaction.connection.execute(text("DELETE FROM settings"))
            transaction.changed.add(session)

        other.write(change).result(STARTED_WITHIN)
        until_noticed(noticed, session)
        watch.stop()
    other.close()
    watcher.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_watch_that_lost_its_connection_looks_again(watched):
    store, noticed = watched
    other = Database(store.url)

    def change(transaction) -> None:
        transaction.changed.add(5)

    other.write(change).result(STARTED_WITHIN)
    until_noticed(noticed, 5)
    other.read(
        lambda tx: tx.connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        ).all()
    ).result(STARTED_WITHIN)
    other.write(change).result(STARTED_WITHIN)
    until_noticed(noticed, 5)
    other.close()


def test_a_watch_ends_when_told(database):
    store = Database(database)
    watch = Watch(store.engine, lambda _: None)
    watch.stop()
    assert not watch._thread.is_alive()
    store.close()
