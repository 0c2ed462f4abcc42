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


def indexed(house: Store) -> int:
    """Return how many commands the full-text index holds."""

    def count(transaction) -> int:
        key = "rowid" if transaction.is_sqlite else "command_id"
        rows = transaction.connection.execute(text(f"SELECT {key} FROM command_words"))
        return len(rows.all())

    return house.dispatcher.database.read(count).result()


def test_a_removed_session_is_purged_whole_and_others_are_not_touched(house, stored):
    join(house, "bob")
    gone, kept = house.new().code, house.new().code
    for code in (gone, kept):
        house.grant(code, "bob")
        house.record(code, *(f"needle {code} {n}" for n in range(30)), "#" * 10_000)
        publish(house, code, "own.txt", content=code.encode() * 100)
        publish(house, code, "same.txt", content=b"same" * 100)
    do(house, "root", api.REMOVE_SESSION, code=gone)

    house.clock.forward(days=29, hours=23)
    house.dispatcher.tidy()
    assert do(house, "root", api.RESTORE_SESSION, code=gone).state == "active"
    do(house, "root", api.REMOVE_SESSION, code=gone)

    house.clock.forward(days=30)
    stored.age()
    house.dispatcher.tidy()
    with refused(errors.NoSuchSession):
        do(house, "root", api.RESTORE_SESSION, code=gone)
    assert counted(
        house, tables.sessions, tables.members, tables.commands, tables.files, tables.blobs
    ) == {"sessions": 1, "members": 2, "commands": 31, "files": 2, "blobs": 3}
    assert indexed(house) == 31
    assert len(stored.paths()) == 3
    assert content(house, kept, "same.txt") == b"same" * 100
    assert members(house, kept) == {
        "root": ["read", "write", "execute", "admin", "owner"],
        "bob": ["read"],
    }
    found = do(house, "root", api.LIST_COMMANDS, code=kept, search="needle", limit=500).items
    assert len(found) == 30


def test_a_new_session_after_a_purge_finds_nothing_of_the_old_one(house):
    old = house.new().code
    house.record(old, "needle")
    do(house, "root", api.REMOVE_SESSION, code=old)
    house.clock.forward(days=31)
    house.dispatcher.tidy()
    new = house.new().code
    house.record(new, "hay")
    assert do(house, "root", api.LIST_COMMANDS, code=new, search="needle").items == []
    assert [event.number for event in do(house, "root", api.LIST_EVENTS, code=new).items] == [1, 2]


def test_the_content_of_a_young_blob_without_a_row_waits_for_its_row(house, stored):
    house.dispatcher.blobs.put(b"on its way" * 1000)
    house.dispatcher.tidy()
    assert len(stored.paths()) == 1
    stored.age()
    house.dispatcher.tidy()
    assert stored.paths() == []


def test_a_replaced_file_is_kept_for_a_day_and_then_swept(house, stored):
    code = house.new().code
    publish(house, code, "a", content=b"old" * 1000)
    publish(house, code, "a", content=b"new" * 1000)
    stored.age()
    house.dispatcher.tidy()
    assert len(stored.paths()) == 2, "its row is younger than a day"
    house.clock.forward(days=1)
    house.dispatcher.tidy()
    assert len(stored.paths()) == 1
    assert content(house, code, "a") == b"new" * 1000


def test_tidying_closes_what_ran_out_in_every_state_but_closed(house):
    codes = [house.new(idle_timeout=5).code for _ in range(3)]
    do(house, "root", api.DISABLE_SESSION, code=codes[0])
    do(house, "root", api.REMOVE_SESSION, code=codes[1])
    house.clock.forward(minutes=6)
    house.dispatcher.tidy()
    assert do(house, "root", api.RESTORE_SESSION, code=codes[1]).state == "closed"
    assert do(house, "root", api.GET_SESSION, code=codes[0]).state == "disabled"
    assert do(house, "root", api.ENABLE_SESSION, code=codes[0]).state == "closed"
    assert do(house, "root", api.GET_SESSION, code=codes[2]).state == "closed"


def test_keys_that_ended_long_ago_are_dropped(house):
    join(house, "bob")
    house.clock.forward(days=29)
    do(house, "bob", api.MAKE_TICKET)
    house.clock.forward(days=2)
    house.dispatcher.tidy()
    assert counted(house, tables.keys) == {"keys": 1}


def test_health_is_told_to_anyone_and_means_a_write(house):
    told = do(house, "nobody", api.CHECK_HEALTH)
    assert (told.ok, told.writable) == (True, True)
    assert told.database in {"sqlite", "postgresql"}
