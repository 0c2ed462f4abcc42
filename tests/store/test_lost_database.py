"""A database that is missing, empty or damaged is never taken for a new store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_sessions import errors
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.store.sqlite_library import sqlite_module


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store" / "sessions.db"


def open_store(file: Path) -> Dispatcher:
    return Dispatcher(f"sqlite:///{file}", file.parent / "blobs")


def make_store(file: Path, *, blobs: bool = True, mark: bool = True) -> None:
    store = open_store(file)
    if blobs:
        store.blobs.put(b"published")
    store.close()
    if not mark:
        (file.parent / "sessions.db.made").unlink()


def remove(file: Path) -> None:
    for path in file.parent.glob("sessions.db*"):
        if path.suffix != ".made":
            path.unlink()


def write_zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def begin_empty(file: Path) -> None:
    remove(file)
    connection = sqlite_module().connect(file)
    connection.execute("CREATE TABLE something (a)")
    connection.close()


HARMS = {
    "removed": remove,
    "emptied": lambda file: os.truncate(file, 0),
    "zeros": write_zeros,
    "half": lambda file: os.truncate(file, file.stat().st_size // 8192 * 4096),
    "another": begin_empty,
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(("blobs", "mark"), [(True, True), (True, False), (False, True)])
def test_no_new_store_is_begun_where_there_was_one(
    file: Path, harm: str, blobs: bool, mark: bool
) -> None:
    make_store(file, blobs=blobs, mark=mark)
    HARMS[harm](file)
    before = {path: path.read_bytes() for path in file.parent.rglob("*") if path.is_file()}
    with pytest.raises(errors.StoreUnusable) as refusal:
        open_store(file)
    assert "backup" in refusal.value.hint
    if harm in {"removed", "emptied"}:
        after = {path: path.read_bytes() for path in file.parent.rglob("*") if path.is_file()}
        assert after == before, "nothing was touched"


def test_a_log_without_its_database_is_not_thrown_away(file: Path) -> None:
    make_store(file, blobs=False, mark=False)
    file.unlink()
    log = file.with_name("sessions.db-wal")
    log.write_bytes(b"log" * 1_000)
    with pytest.raises(errors.StoreUnusable, match="log"):
        open_store(file)
    assert log.read_bytes() == b"log" * 1_000


def test_a_new_store_begins_when_all_of_the_old_one_is_away(file: Path) -> None:
    make_store(file)
    file.parent.rename(file.parent.with_name("old"))
    open_store(file).close()


def test_a_database_that_was_made_before_there_were_marks_gets_one(file: Path) -> None:
    make_store(file, mark=False)
    open_store(file).close()
    assert (file.parent / "sessions.db.made").exists()
