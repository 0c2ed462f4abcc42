"""Two processes on one SQLite file: safely, or not at all."""

from __future__ import annotations

import sqlite3
import sys
from types import ModuleType

import pytest
from sqlalchemy import text

from jupyter_sessions import errors
from jupyter_sessions.store import sqlite_library
from jupyter_sessions.store.database import Database
from tests.waiting import STARTED_WITHIN


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_what_can_corrupt_a_shared_file_is_known_by_its_version(version, safe):
    assert sqlite_library.safe_to_share(version) is safe


WRITER = """
import sys
from sqlalchemy import insert
from jupyter_sessions.store.database import Database
from tests.waiting import STARTED_WITHIN
from jupyter_sessions.store.tables import settings

url, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = Database(url)
print("ready", flush=True)
sys.stdin.readline()

def put(name):
    return lambda tx: tx.connection.execute(insert(settings).values(name=name, value="x" * 500))

for first in range(0, count, 10):
    group = [store.write(put(f"{who}-{n}")) for n in range(first, first + 10)]
    for n, future in enumerate(group, first):
        future.result(STARTED_WITHIN)
        print(f"{who}-{n}", flush=True)
store.close()
"""


def test_processes_that_write_one_file_at_once_get_no_error_and_lose_nothing(database, program):
    writers = [program(WRITER, database, who, "300") for who in "abc"]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n", writer.communicate()
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    acknowledged: list[str] = []
    for writer in writers:
        out, err = writer.communicate(timeout=STARTED_WITHIN)
        assert (writer.returncode, err) == (0, "")
        acknowledged += out.split()
    assert len(acknowledged) == 900
    store = Database(database)
    found = store.read(
        lambda tx: tx.connection.execute(text("SELECT name FROM settings")).scalars().all()
    ).result()
    assert sorted(found) == sorted(acknowledged)
    if store.is_sqlite:
        check = store.read(
            lambda tx: tx.connection.execute(text("PRAGMA integrity_check")).scalar()
        )
        assert check.result() == "ok"
    store.close()


def test_a_killed_writer_leaves_what_it_acknowledged_and_no_lock(database, program):
    writer = program(WRITER, database, "a", "100000")
    assert writer.stdout.readline() == "ready\n"
    writer.stdin.write("go\n")
    writer.stdin.flush()
    acknowledged = [writer.stdout.readline().strip() for _ in range(50)]
    writer.kill()
    acknowledged += [line for line in writer.communicate()[0].split("\n") if line.endswith("0")]
    store = Database(database)
    found = store.read(
        lambda tx: set(tx.connection.execute(text("SELECT name FROM settings")).scalars())
    ).result()
    assert set(acknowledged) <= found
    store.write(lambda tx: tx.connection.execute(text("DELETE FROM settings"))).result(
        STARTED_WITHIN
    )
    store.close()


HOLDER = """
import sys, time
from pathlib import Path
from jupyter_sessions.store import sqlite_library
lock = sqlite_library.claim(Path(sys.argv[1]), (3, 40, 1))
print("held", flush=True)
sys.stdin.readline()
"""


def test_with_an_old_sqlite_a_second_process_is_refused_while_the_first_one_lives(
    tmp_path, program
):
    path = tmp_path / "sessions.db"
    holder = program(HOLDER, str(path))
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(errors.StoreUnusable, match=r"SQLite 3\.40\.1 can corrupt") as refusal:
        sqlite_library.claim(path, (3, 40, 1))
    assert "pysqlite3" in refusal.value.hint
    assert sqlite_library.claim(path, (3, 51, 3)) is None, "a safe one needs no lock"
    holder.kill()
    holder.wait()
    lock = sqlite_library.claim(path, (3, 40, 1))
    assert lock is not None
    lock.release()


def test_a_store_with_an_old_sqlite_is_one_process_alone_until_it_is_closed(sqlite, monkeypatch):
    monkeypatch.setattr(sqlite_library, "safe_to_share", lambda version: False)
    store = Database(sqlite)
    with pytest.raises(errors.StoreUnusable, match="another process"):
        Database(sqlite)
    store.close()
    Database(sqlite).close()


def test_a_store_that_could_not_be_opened_keeps_no_lock(sqlite, monkeypatch):
    monkeypatch.setattr(sqlite_library, "safe_to_share", lambda version: False)
    store = Database(sqlite)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    store.write(lambda tx: tx.connection.execute(newer)).result(STARTED_WITHIN)
    store.close()
    for _ in range(2):
        with pytest.raises(errors.StoreUnusable, match="9999"):
            Database(sqlite)


def test_a_sqlite_that_is_too_old_for_the_schema_is_told_before_anything_is_made(
    sqlite, monkeypatch, tmp_path
):
    class Old(ModuleType):
        sqlite_version = "3.40.1"
        sqlite_version_info = (3, 40, 1)

    monkeypatch.setattr(sqlite_library, "_newest_module", lambda: Old("old"))
    with pytest.raises(errors.StoreUnusable, match=r"3\.40\.1 is too old") as refusal:
        Database(sqlite)
    assert "pysqlite3" in refusal.value.hint
    assert not (tmp_path / "store").exists()


def test_the_newest_driver_that_is_installed_is_used():
    module = sqlite_library.sqlite_module()
    assert module.sqlite_version_info >= sqlite3.sqlite_version_info
    if sys.platform == "linux":
        assert sqlite_library.safe_to_share(module.sqlite_version_info)


def test_two_processes_that_begin_at_once_on_a_new_file_both_come_up(sqlite, program):
    starts = [program(WRITER, sqlite, who, "10") for who in "abcd"]
    for start in starts:
        out, err = start.communicate("go\n", timeout=STARTED_WITHIN)
        assert (start.returncode, err) == (0, ""), out
