"""Opening a database: what can be wrong with it, and how that is told."""

from __future__ import annotations

import gc
import shutil
import stat
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from jupyter_sessions import errors
from jupyter_sessions.store import engines
from jupyter_sessions.store.database import Database
from jupyter_sessions.store.tables import REVISION


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "://", "sqlite:", "sqlite://", "mysql+nothing://x/y", "oracle://x",
        "postgresql+nothing://x", "postgresql://user@host/name", "http://example.org",
        "postgresql+psycopg:///x?host=/nowhere",
    ],
)  # fmt: skip
def test_a_url_that_leads_to_no_database_is_told(url):
    with pytest.raises(errors.StoreUnusable) as refusal:
        Database(url)
    assert refusal.value.hint


def test_a_password_in_a_url_is_in_no_error(tmp_path):
    for url in (
        "postgresql+psycopg://me:swordfish@/x?host=/nowhere",
        "postgresql+nothing://me:swordfish@host/x",
        "nonsense:swordfish",
    ):
        with pytest.raises(errors.StoreUnusable) as refusal:
            Database(url)
        assert "swordfish" not in refusal.value.message + refusal.value.hint


@pytest.mark.parametrize(
    "content",
    [b"no database at all\n" * 100, b"\0" * 5_000, b"SQLite format 3\0" + b"\xff" * 5_000],
)
def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "sessions.db"
    path.write_bytes(content)
    with pytest.raises(errors.StoreUnusable, match="damaged") as refusal:
        Database(f"sqlite:///{path}")
    assert "copy" in refusal.value.hint
    assert path.read_bytes() == content


def test_a_database_that_is_damaged_inside_is_told_and_loses_no_more(sqlite):
    store = Database(sqlite)
    for number in range(200):
        store.write(
            lambda tx, number=number: tx.connection.execute(
                text("INSERT INTO settings VALUES (:name, :value)"),
                {"name": str(number), "value": "x" * 1_000},
            )
        ).result()
    store.close()
    path = Path(str(make_url(sqlite).database))
    with path.open("r+b") as file:
        for page in range(3, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)
    harmed = path.read_bytes()
    with pytest.raises(errors.StoreUnusable, match="damaged"):
        Database(sqlite)
    assert path.read_bytes() == harmed


def test_a_place_where_no_database_can_be_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "sessions.db", tmp_path):
        with pytest.raises(errors.StoreUnusable) as refusal:
            Database(f"sqlite:///{path}")
        assert refusal.value.hint


def test_a_database_is_private_to_its_user(sqlite):
    Database(sqlite).close()
    path = Path(str(make_url(sqlite).database))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "a#b.db", "été.db", "a;b=c&d.db"])
def test_a_database_can_be_called_anything(tmp_path, name):
    store = Database(f"sqlite:///{tmp_path / name}")
    assert (
        store.read(
            lambda tx: tx.connection.execute(
                text("SELECT version_num FROM alembic_version")
            ).scalar()
        ).result()
        == REVISION
    )
    store.close()
    assert (tmp_path / name).exists()


def test_a_conflict_is_told_as_one_whatever_the_words_in_it(store):
    def insert_twice(transaction) -> None:
        for _ in range(2):
            transaction.connection.execute(
                text("INSERT INTO settings VALUES ('the disk is full, busy, locked', 'x')")
            )

    with pytest.raises(errors.Conflict):
        store.write(insert_twice).result()


def test_many_sessions_can_change_at_once(store):
    def change(transaction) -> None:
        transaction.changed |= set(range(10**6, 10**6 + 5_000))

    store.write(change).result()


def test_a_failure_of_the_driver_that_nobody_expected_is_told_as_a_defect(store):
    def fail(transaction) -> None:
        driver = transaction.connection.dialect.loaded_dbapi
        raise DBAPIError.instance("SELECT", None, driver.ProgrammingError("odd"), driver.Error)

    with pytest.raises(errors.InternalError) as refusal:
        store.write(fail).result()
    assert "odd" not in refusal.value.message


def test_an_engine_is_let_go_whole(sqlite):
    opened = engines.open_engines(sqlite)
    opened.dispose()
    shutil.rmtree(Path(str(make_url(sqlite).database)).parent)
    engines.open_engines(sqlite).dispose()


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_no_connection_stays_open_where_opening_fails(postgresql_database, monkeypatch):
    from jupyter_sessions.store import migrate

    def fail(writer, reader, left):
        with writer.connect(), reader.connect():
            raise RuntimeError("a defect")

    monkeypatch.setattr(migrate, "upgrade", fail)
    with pytest.raises(RuntimeError):
        engines.open_engines(postgresql_database)
    gc.collect()  # a connection that is deleted while it is open is a warning, and so an error
