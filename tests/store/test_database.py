"""Transactions: in groups, each unit of work by itself, on disk when acknowledged."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select, text, update

from jupyter_sessions import errors
from jupyter_sessions.store import engines, sqlite_library
from jupyter_sessions.store.database import Database, Transaction
from jupyter_sessions.store.tables import settings
from tests.waiting import STARTED_WITHIN

#: A session: its writes are done in order, and in groups, on both databases.
LANE = "a session"


def put(name: str, value: str = "x"):
    """Return work that adds a row."""

    def work(transaction: Transaction) -> str:
        transaction.connection.execute(insert(settings).values(name=name, value=value))
        return name

    return work


def names(store: Database) -> list[str]:
    """Return the rows' names, in the order in which they were added."""
    return store.read(
        lambda tx: list(tx.connection.execute(select(settings.c.name)).scalars())
    ).result(STARTED_WITHIN)


def elsewhere(url: str) -> Engine:
    """Return another way to the same database; two SQLite libraries in one process lock nothing."""
    module = {"module": sqlite_library.sqlite_module()} if url.startswith("sqlite") else {}
    return create_engine(url, **module)


class Held:
    """Work that waits, so that more gathers behind it."""

    def __init__(self, store: Database, lane: str = LANE) -> None:
        self._go = threading.Event()
        self._began = threading.Event()
        self.done = store.write(self._wait, lane=lane)
        assert self._began.wait(STARTED_WITHIN)

    def _wait(self, _transaction: Transaction) -> None:
        self._began.set()
        assert self._go.wait(STARTED_WITHIN)

    def let_go(self) -> None:
        self._go.set()


def test_what_is_acknowledged_is_there_for_another_connection(store):
    store.write(put("a")).result(STARTED_WITHIN)
    engine = elsewhere(store.url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT name FROM settings")).scalars().all()
    engine.dispose()
    assert found == ["a"]


def test_sqlite_syncs_each_commit(sqlite):
    store = Database(sqlite)
    pragmas = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}

    def ask(transaction: Transaction) -> dict[str, object]:
        return {
            name: transaction.connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in pragmas
        }

    assert store.write(ask).result(STARTED_WITHIN) == pragmas
    store.close()


def test_nothing_of_a_group_is_seen_or_acknowledged_before_its_commit(sqlite):
    store = Database(sqlite)
    held = Held(store)
    futures = [store.write(put(str(number))) for number in range(20)]
    assert names(store) == []
    assert not any(future.done() for future in futures)
    held.let_go()
    assert [future.result(STARTED_WITHIN) for future in futures] == [str(n) for n in range(20)]
    store.close()


def test_work_on_a_session_is_done_in_the_order_in_which_it_came(store):
    held = Held(store)
    futures = [store.write(put(f"{number:03}"), lane=LANE) for number in range(600)]
    held.let_go()
    for future in futures:
        future.result(STARTED_WITHIN)
    assert names(store) == [f"{number:03}" for number in range(600)]


def test_work_that_gathers_behind_a_session_on_postgresql_costs_one_commit(postgresql_database):
    store = Database(postgresql_database)
    held = Held(store)
    futures = [
        store.write(
            lambda tx: tx.connection.execute(text("SELECT pg_current_xact_id()")).scalar(),
            lane=LANE,
        )
        for _ in range(40)
    ]
    held.let_go()
    assert len({future.result(STARTED_WITHIN) for future in futures}) == 1
    store.close()


def test_a_session_that_another_server_holds_up_keeps_no_other_waiting(postgresql_database):
    store = Database(postgresql_database)
    held = [Held(store, f"session {number}") for number in range(7)]
    behind = [store.write(put(f"b{n}"), lane=f"session {n % 7}") for n in range(50)]
    assert store.write(put("free"), lane="another").result(STARTED_WITHIN) == "free"
    assert store.write(put("alone")).result(STARTED_WITHIN) == "alone"
    assert not any(future.done() for future in behind)
    for each in held:
        each.let_go()
    for future in behind:
        future.result(STARTED_WITHIN)
    store.close()


def test_closing_while_sessions_are_held_up_finishes_what_was_accepted(postgresql_database):
    store = Database(postgresql_database)
    held = [Held(store, f"session {number}") for number in range(3)]
    futures = [store.write(put(f"{n:03}"), lane=f"session {n % 3}") for n in range(300)]
    closing = threading.Thread(target=store.close)
    closing.start()
    for each in held:
        each.let_go()
    closing.join(STARTED_WITHIN)
    assert {future.result(0) for future in futures} == {f"{n:03}" for n in range(300)}


def test_an_exception_undoes_its_own_work_and_nothing_else(store):
    def fail(transaction: Transaction) -> None:
        put("gone")(transaction)
        transaction.changed.add(7)
        raise KeyError("on purpose")

    told: list[set[int]] = []
    store.listen(told.append)
    held = Held(store)
    before, failed, after = (
        store.write(put("a"), lane=LANE),
        store.write(fail, lane=LANE),
        store.write(put("b"), lane=LANE),
    )
    held.let_go()
    with pytest.raises(KeyError, match="on purpose"):
        failed.result(STARTED_WITHIN)
    before.result(STARTED_WITHIN)
    after.result(STARTED_WITHIN)
    assert sorted(names(store)) == ["a", "b"]
    assert told == []


def test_a_failure_of_the_database_undoes_its_own_work_and_nothing_else(store):
    store.write(put("taken"), lane=LANE).result(STARTED_WITHIN)

    def fail(transaction: Transaction) -> None:
        put("gone")(transaction)
        put("taken")(transaction)

    held = Held(store)
    before, failed, after = (
        store.write(put("a"), lane=LANE),
        store.write(fail, lane=LANE),
        store.write(put("b"), lane=LANE),
    )
    held.let_go()
    with pytest.raises(errors.Conflict):
        failed.result(STARTED_WITHIN)
    before.result(STARTED_WITHIN)
    after.result(STARTED_WITHIN)
    assert sorted(names(store)) == ["a", "b", "taken"]


def test_a_defect_in_a_statement_is_told_as_one_and_harms_nobody_else(store):
    held = Held(store)
    before = store.write(put("a"), lane=LANE)
    failed = store.write(lambda tx: tx.connection.execute(text("SELECT * FROM nowhere")), lane=LANE)
    held.let_go()
    with pytest.raises(errors.SessionsError) as refusal:
        failed.result(STARTED_WITHIN)
    assert refusal.value.status >= 500
    before.result(STARTED_WITHIN)
    store.write(put("b"), lane=LANE).result(STARTED_WITHIN)
    assert sorted(names(store)) == ["a", "b"]


def test_a_caller_who_gives_up_stops_nobody_else(store):
    held = Held(store)
    given_up: Future[str] = store.write(put("given up"), lane=LANE)
    given_up.cancel()
    following = store.write(put("following"), lane=LANE)
    held.let_go()
    assert following.result(STARTED_WITHIN) == "following"
    assert store.write(put("later"), lane=LANE).result(STARTED_WITHIN) == "later"


def test_a_listener_that_fails_stops_nobody(store):
    def fail(_changed: set[int]) -> None:
        raise RuntimeError("the loop is closed")

    def change(transaction: Transaction) -> str:
        transaction.changed.add(1)
        return "done"

    store.listen(fail)
    for _ in range(10):
        assert store.write(change).result(STARTED_WITHIN) == "done"


def test_listeners_are_told_before_the_caller_and_no_more_once_they_ended_it(store):
    told: list[set[int]] = []
    end = store.listen(told.append)

    def change(transaction: Transaction) -> None:
        transaction.changed |= {3, 4}

    store.write(change).result(STARTED_WITHIN)
    assert told == [{3, 4}]
    store.write(put("no session changed")).result(STARTED_WITHIN)
    end()
    store.write(change).result(STARTED_WITHIN)
    assert told == [{3, 4}]


def test_a_read_sees_one_state_and_changes_nothing(store):
    store.write(put("a")).result(STARTED_WITHIN)

    def look_twice(transaction: Transaction) -> tuple[int, int]:
        def count() -> int:
            return len(transaction.connection.execute(select(settings.c.name)).all())

        first = count()
        store.write(put("b")).result(STARTED_WITHIN)
        return first, count()

    assert store.read(look_twice).result(STARTED_WITHIN) == (1, 1)
    with pytest.raises(errors.SessionsError):
        store.read(put("c")).result(STARTED_WITHIN)
    assert names(store) == ["a", "b"]


def test_closing_finishes_what_was_accepted_and_takes_nothing_more(database):
    store = Database(database)
    held = Held(store)
    futures = [store.write(put(str(number))) for number in range(30)]
    closing = threading.Thread(target=store.close)
    closing.start()
    held.let_go()
    closing.join(STARTED_WITHIN)
    assert {future.result(0) for future in futures} == {str(n) for n in range(30)}
    for ask in (store.write, store.read):
        with pytest.raises(errors.StoreUnusable):
            ask(put("late")).result(STARTED_WITHIN)
    store.close()
    again = Database(database)
    assert len(names(again)) == 30
    again.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_LOCK_WAIT", 0.2)


def test_a_lock_that_another_process_keeps_is_told_and_waited_for_no_longer_than_said(
    database, impatient
):
    store = Database(database)
    store.write(put("a")).result(STARTED_WITHIN)
    other = elsewhere(database)
    with other.connect() as connection:
        if store.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(update(settings).values(value="locked"))
        blocked = store.write(lambda tx: tx.connection.execute(update(settings).values(value="y")))
        with pytest.raises(errors.StoreBusy) as refusal:
            blocked.result(STARTED_WITHIN)
        assert refusal.value.hint
        assert names(store) == ["a"], "reading goes on"
        connection.rollback()
    other.dispose()
    store.write(put("b")).result(STARTED_WITHIN)
    store.close()


def test_a_disk_that_is_full_loses_nothing_that_was_acknowledged(small_disk: Path):
    store = Database(f"sqlite:///{small_disk / 'sessions.db'}")
    acknowledged = []
    with pytest.raises(errors.StoreFull) as refusal:
        for number in range(1_000):
            name = f"{number:04}"
            store.write(put(name, "x" * 20_000)).result(STARTED_WITHIN)
            acknowledged.append(name)
    assert refusal.value.hint
    assert acknowledged
    assert names(store) == acknowledged
    store.close()
    for filler in small_disk.glob("filler"):
        filler.unlink()
    again = Database(f"sqlite:///{small_disk / 'sessions.db'}")
    assert names(again) == acknowledged
    again.close()


def test_what_did_not_fit_fits_once_there_is_room_again(small_disk: Path):
    filler = small_disk / "filler"
    store = Database(f"sqlite:///{small_disk / 'sessions.db'}")
    filler.write_bytes(b"x" * 2_000_000)
    with pytest.raises(errors.StoreFull):
        store.write(put("large", "x" * 2_500_000)).result(STARTED_WITHIN)
    filler.unlink()
    store.write(put("small", "x" * 10_000)).result(STARTED_WITHIN)
    assert names(store) == ["small"]
    store.close()
