"""Requests that wait side by side are recorded in one go: nobody can tell, but by the time.

On SQLite alone: PostgreSQL runs them side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.store.batching import BatchedCall, runs
from tests.conftest import Store
from tests.core.asking import (
    command,
    commands,
    do,
    join,
    log,
    record,
    recorded,
    refused,
    running,
)
from tests.waiting import STARTED_WITHIN


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Give an SQLite file."""
    return f"sqlite:///{tmp_path / 'sessions.db'}"


@contextmanager
def gathered(store: Store):
    """Have all that is asked in the block wait for the writer, and be one group."""
    begun, go = threading.Event(), threading.Event()

    def wait(_transaction: Any) -> None:
        begun.set()
        assert go.wait(STARTED_WITHIN)

    held = store.dispatcher.database.write(wait)
    assert begun.wait(STARTED_WITHIN)
    try:
        yield
    finally:
        go.set()
        held.result(STARTED_WITHIN)


def ask(store: Store, code: str, *recordings: schemas.Recording, by: str = "root") -> Future[Any]:
    """Ask for these to be recorded, and don't wait."""
    request = schemas.RecordCommands(code=code, commands=list(recordings))
    return store.dispatcher.submit(api.RECORD_COMMANDS, request, store.credentials(by))


def numbers(*answers: Future[Any]) -> list[list[int]]:
    """Return what each was answered."""
    return [list(answer.result(STARTED_WITHIN).numbers) for answer in answers]


def told(store: Store, code: str) -> list[tuple[str, Any, str]]:
    """Return the log of what was recorded: kind, number, and by whom."""
    return [
        (event.kind, event.data.get("number"), event.user)
        for event in log(store, code)
        if event.kind.startswith("command.")
    ]


def loads(store: Store) -> Callable[[], int]:
    """Count the statements that load a session, from now on."""
    seen: list[str] = []
    with store.dispatcher.database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(seen.append)
    return lambda: sum("FROM sessions" in statement for statement in seen)


def test_each_gets_its_own_numbers_in_the_order_asked(store, code):
    with gathered(store):
        answers = [
            ask(store, code, *(recorded(store, f"{n}.{i}") for i in range(n))) for n in (1, 3, 2)
        ]
    assert numbers(*answers) == [[1], [2, 3, 4], [5, 6]]
    sources = [entry.source for entry in commands(store, code, order="oldest")]
    assert sources == ["1.0", "3.0", "3.1", "3.2", "2.0", "2.1"]
    assert told(store, code) == [("command.recorded", n, "root") for n in range(1, 7)]
    session = do(store, "root", api.GET_SESSION, code=code)
    assert (session.commands, session.last_command) == (6, "2.1")
    assert [entry.number for entry in commands(store, code, search="3")] == [4, 3, 2]


def test_the_session_is_loaded_once_for_all_of_them(store, code):
    count = loads(store)
    with gathered(store):
        answers = [ask(store, code, recorded(store)) for _ in range(50)]
    numbers(*answers)
    assert count() == 1


def test_an_id_that_comes_in_two_requests_is_one_command_completed_by_the_second(store, code):
    with gathered(store):
        answers = [
            ask(store, code, running(store, "a", "a"), running(store, "b", "b")),
            ask(store, code, recorded(store, "a", uid="a", text="done")),
            ask(store, code, recorded(store, "c", uid="c")),
            ask(store, code, recorded(store, "a", uid="a", text="done")),
        ]
    assert numbers(*answers) == [[1, 2], [1], [3], [1]]
    assert command(store, code, 1).summary.preview == "done"
    assert told(store, code) == [
        ("command.started", 1, "root"),
        ("command.started", 2, "root"),
        ("command.recorded", 1, "root"),
        ("command.recorded", 3, "root"),
    ]


def test_known_and_new_commands_are_told_in_the_order_asked(store, code):
    record(store, code, running(store, "a"), running(store, "b"))
    with gathered(store):
        answers = [
            ask(store, code, recorded(store, uid="b")),
            ask(store, code, running(store, "c")),
            ask(store, code, recorded(store, uid="a")),
        ]
    assert numbers(*answers) == [[2], [3], [1]]
    assert told(store, code)[2:] == [
        ("command.recorded", 2, "root"),
        ("command.started", 3, "root"),
        ("command.recorded", 1, "root"),
    ]


def test_one_that_is_refused_is_refused_alone(store, code):
    join(store, "bob")
    store.grant(code, "bob", "write")
    record(store, code, recorded(store, "roots", uid="taken"))
    with gathered(store):
        before = ask(store, code, recorded(store, "before"), by="bob")
        stolen = ask(
            store, code, recorded(store, "new"), running(store, "taken", "roots"), by="bob"
        )
        late = ask(store, code, recorded(store, "roots", uid="taken", took=9), by="bob")
        after = ask(store, code, recorded(store, "after"), by="bob")
    for answer in (stolen, late):
        with refused(errors.Conflict, match="someone else"):
            answer.result(STARTED_WITHIN)
    assert numbers(before, after) == [[2], [3]]
    found = [(entry.source, entry.user) for entry in commands(store, code, order="oldest")]
    assert found == [("roots", "root"), ("before", "bob"), ("after", "bob")]


def test_a_revoke_between_two_lets_in_the_first_alone(store, code):
    join(store, "bob")
    store.grant(code, "bob", "write")
    with gathered(store):
        first = ask(store, code, recorded(store, "in"), by="bob")
        revoke = store.dispatcher.submit(
            api.REVOKE_ROLES,
            schemas.RevokeRoles(code=code, users=["bob"]),
            store.credentials("root"),
        )
        second = ask(store, code, recorded(store, "out"), by="bob")
    assert numbers(first) == [[1]]
    revoke.result(STARTED_WITHIN)
    with pytest.raises(errors.NoSuchSession):
        second.result(STARTED_WITHIN)
    assert [entry.source for entry in commands(store, code)] == ["in"]


def test_several_people_and_sessions_each_keep_what_is_theirs(store, code):
    join(store, "bob")
    store.grant(code, "bob", "write")
    other = store.new().code
    with gathered(store):
        answers = [
            ask(store, code, recorded(store, "1"), by="bob"),
            ask(store, code, recorded(store, "2")),
            ask(store, other, recorded(store, "3")),
            ask(store, other, recorded(store, "4")),
            ask(store, code, recorded(store, "5"), by="bob"),
        ]
    assert numbers(*answers) == [[1], [2], [1], [2], [3]]
    assert [entry.user for entry in commands(store, code, order="oldest")] == ["bob", "root", "bob"]
    assert [entry.source for entry in commands(store, other, order="oldest")] == ["3", "4"]


def test_what_is_wrong_with_a_request_is_told_only_to_who_may_record(store, code):
    join(store, "bob")
    wrong = recorded(store)
    wrong.request.started = wrong.request.started.replace(tzinfo=None)
    with pytest.raises(errors.NoSuchSession):
        ask(store, code, wrong, by="bob").result(STARTED_WITHIN)
    with refused(errors.BadRequest):
        ask(store, code, wrong).result(STARTED_WITHIN)
    assert commands(store, code) == []


def joint(kind: str | None, *marks: str) -> BatchedCall | None:
    return kind and BatchedCall(kind, marks, None, lambda _transaction, parts: parts)


@pytest.mark.parametrize(
    ("joints", "lengths"),
    [
        ([], []),
        ([joint(None), joint(None)], [1, 1]),
        ([joint("a"), joint("a"), joint("b"), joint("a")], [2, 1, 1]),
        ([joint("a"), joint(None), joint("a"), joint("a")], [1, 1, 2]),
        ([joint("a", "x"), joint("a", "y"), joint("a", "x"), joint("a", "y")], [2, 2]),
        ([joint("a", "x"), joint("b", "x"), joint("b", "x")], [1, 1, 1]),
    ],
)
def test_only_neighbours_of_a_kind_without_a_mark_in_common_are_done_together(joints, lengths):
    assert list(runs(joints)) == lengths
