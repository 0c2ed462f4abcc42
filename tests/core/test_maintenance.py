"""What time does: removed sessions are purged whole, blobs without a row are swept, keys go."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from jupyter_sessions import api, errors
from jupyter_sessions.store import tables
from tests.conftest import Store
from tests.core.asking import content, counted, do, join, members, publish, refused

DAY = 86_400


@pytest.fixture
def stored(tmp_path):
    """Give the blobs' files, and a way to make them look old."""

    class Stored:
        def paths(self) -> list[Path]:
            return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]

        def age(self, days: float = 2) -> None:
            for path in self.paths():
                then = time.time() - days * DAY
                os.utime(path, (then, then))

    return Stored()


def indexed(store: Store) -> int:
    """Return how many commands the full-text index holds."""

    def count(transaction) -> int:
        key = "rowid" if transaction.is_sqlite else "command_id"
        rows = transaction.connection.execute(text(f"SELECT {key} FROM command_words"))
        return len(rows.all())

    return store.dispatcher.database.read(count).result()


def test_a_removed_session_is_purged_whole_and_others_are_not_touched(store, stored):
    join(store, "bob")
    gone, kept = store.new().code, store.new().code
    for code in (gone, kept):
        store.grant(code, "bob")
        store.record(code, *(f"needle {code} {n}" for n in range(30)), "#" * 10_000)
        publish(store, code, "own.txt", content=code.encode() * 100)
        publish(store, code, "same.txt", content=b"same" * 100)
    do(store, "root", api.REMOVE_SESSION, code=gone)

    store.clock.forward(days=29, hours=23)
    store.dispatcher.tidy()
    assert do(store, "root", api.RESTORE_SESSION, code=gone).state == "active"
    do(store, "root", api.REMOVE_SESSION, code=gone)

    store.clock.forward(days=30)
    stored.age()
    store.dispatcher.tidy()
    with refused(errors.NoSuchSession):
        do(store, "root", api.RESTORE_SESSION, code=gone)
    assert counted(
        store, tables.sessions, tables.members, tables.commands, tables.files, tables.blobs
    ) == {"sessions": 1, "members": 2, "commands": 31, "files": 2, "blobs": 3}
    assert indexed(store) == 31
    assert len(stored.paths()) == 3
    assert content(store, kept, "same.txt") == b"same" * 100
    assert members(store, kept) == {
        "root": ["read", "write", "execute", "admin", "owner"],
        "bob": ["read"],
    }
    found = do(store, "root", api.LIST_COMMANDS, code=kept, search="needle", limit=500).items
    assert len(found) == 30


def test_a_new_session_after_a_purge_finds_nothing_of_the_old_one(store):
    old = store.new().code
    store.record(old, "needle")
    do(store, "root", api.REMOVE_SESSION, code=old)
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    new = store.new().code
    store.record(new, "hay")
    assert do(store, "root", api.LIST_COMMANDS, code=new, search="needle").items == []
    assert [event.number for event in do(store, "root", api.LIST_EVENTS, code=new).items] == [1, 2]


def test_the_content_of_a_young_blob_without_a_row_waits_for_its_row(store, stored):
    store.dispatcher.blobs.put(b"on its way" * 1000)
    store.dispatcher.tidy()
    assert len(stored.paths()) == 1
    stored.age()
    store.dispatcher.tidy()
    assert stored.paths() == []


def test_a_replaced_file_is_kept_for_a_day_and_then_swept(store, stored):
    code = store.new().code
    publish(store, code, "a", content=b"old" * 1000)
    publish(store, code, "a", content=b"new" * 1000)
    stored.age()
    store.dispatcher.tidy()
    assert len(stored.paths()) == 2, "its row is younger than a day"
    store.clock.forward(days=1)
    store.dispatcher.tidy()
    assert len(stored.paths()) == 1
    assert content(store, code, "a") == b"new" * 1000


def test_tidying_closes_what_ran_out_in_every_state_but_closed(store):
    codes = [store.new(idle_timeout=5).code for _ in range(3)]
    do(store, "root", api.DISABLE_SESSION, code=codes[0])
    do(store, "root", api.REMOVE_SESSION, code=codes[1])
    store.clock.forward(minutes=6)
    store.dispatcher.tidy()
    assert do(store, "root", api.RESTORE_SESSION, code=codes[1]).state == "closed"
    assert do(store, "root", api.GET_SESSION, code=codes[0]).state == "disabled"
    assert do(store, "root", api.ENABLE_SESSION, code=codes[0]).state == "closed"
    assert do(store, "root", api.GET_SESSION, code=codes[2]).state == "closed"


def test_keys_that_ended_long_ago_are_dropped(store):
    join(store, "bob")
    store.clock.forward(days=29)
    do(store, "bob", api.MAKE_TICKET)
    store.clock.forward(days=2)
    store.dispatcher.tidy()
    assert counted(store, tables.keys) == {"keys": 1}


def test_health_is_told_to_anyone_and_means_a_write(store):
    told = do(store, "nobody", api.CHECK_HEALTH)
    assert (told.ok, told.writable) == (True, True)
    assert told.database in {"sqlite", "postgresql"}
