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
def gathered(house: Store):
    """Have all that is asked in the block wait for the writer, and be one group."""
    begun, go = threading.Event(), threading.Event()

    def wait(_transaction: Any) -> None:
        begun.set()
        assert go.wait(STARTED_WITHIN)

    held = house.dispatcher.database.write(wait)
    assert begun.wait(STARTED_WITHIN)
    try:
        yield
    finally:
        go.set()
        held.result(STARTED_WITHIN)


def ask(house: Store, code: str, *recordings: schemas.Recording, by: str = "root") -> Future[Any]:
    """Ask for these to be recorded, and don't wait."""
    request = schemas.RecordCommands(code=code, commands=list(recordings))
    return house.dispatcher.submit(api.RECORD_COMMANDS, request, house.credentials(by))


def numbers(*answers: Future[Any]) -> list[list[int]]:
    """Return what each was answered."""
    return [list(answer.result(STARTED_WITHIN).numbers) for answer in answers]


def told(house: Store, code: str) -> list[tuple[str, Any, str]]:
    """Return the log of what was recorded: kind, number, and by whom."""
    return [
        (event.kind, event.data.get("number"), event.user)
        for event in log(house, code)
        if event.kind.startswith("command.")
    ]


def loads(house: Store) -> Callable[[], int]:
    """Count the statements that load a session, from now on."""
    seen: list[str] = []
    with house.dispatcher.database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(seen.append)
    return lambda: sum("FROM sessions" in statement for statement in seen)


def test_each_gets_its_own_numbers_in_the_order_asked(house, code):
    with gathered(house):
        answers = [
            ask(house, code, *(recorded(house, f"{n}.{i}") for i in range(n))) for n in (1, 3, 2)
        ]
    assert numbers(*answers) == [[1], [2, 3, 4], [5, 6]]
    sources = [entry.source for entry in commands(house, code, order="oldest")]
    assert sources == ["1.0", "3.0", "3.1", "3.2", "2.0", "2.1"]
    assert told(house, code) == [("command.recorded", n, "root") for n in range(1, 7)]
    session = do(house, "root", api.GET_SESSION, code=code)
    assert (session.commands, session.last_command) == (6, "2.1")
    assert [entry.number for entry in commands(house, code, search="3")] == [4, 3, 2]


def test_the_session_is_loaded_once_for_all_of_them(house, code):
    count = loads(house)
    with gathered(house):
        answers = [ask(house, code, recorded(house)) for _ in range(50)]
    numbers(*answers)
    assert count() == 1


def test_an_id_that_comes_in_two_requests_is_one_command_completed_by_the_second(house, code):
    with gathered(house):
        answers = [
            ask(house, code, running(house, "a", "a"), running(house, "b", "b")),
            ask(house, code, recorded(house, "a", uid="a", text="done")),
            ask(house, code, recorded(house, "c", uid="c")),
            ask(house, code, recorded(house, "a", uid="a", text="done")),
        ]
    assert numbers(*answers) == [[1, 2], [1], [3], [1]]
    assert command(house, code, 1).summary.preview == "done"
    assert told(house, code) == [
        ("command.started", 1, "root"),
        ("command.started", 2, "root"),
        ("command.recorded", 1, "root"),
        ("command.recorded", 3, "root"),
    ]


def test_known_and_new_commands_are_told_in_the_order_asked(house, code):
    record(house, code, running(house, "a"), running(house, "b"))
    with gathered(house):
        answers = [
            ask(house, code, recorded(house, uid="b")),
            ask(house, code, running(house, "c")),
            ask(house, code, recorded(house, uid="a")),
        ]
    assert numbers(*answers) == [[2], [3], [1]]
    assert told(house, code)[2:] == [
        ("command.recorded", 2, "root"),
        ("command.started", 3, "root"),
        ("command.recorded", 1, "root"),
    ]


def test_one_that_is_refused_is_refused_alone(house, code):
    join(house, "bob")
    house.grant(code, "bob", "write")
    record(house, code, recorded(house, "roots", uid="taken"))
    with gathered(house):
        before = ask(house, code, recorded(house, "before"), by="bob")
        stolen = ask(
            house, code, recorded(house, "new"), running(house, "taken", "roots"), by="bob"
        )
        late = ask(house, code, recorded(house, "roots", uid="taken", took=9), by="bob")
        after = ask(house, code, recorded(house, "after"), by="bob")
    for answer in (stolen, late):
        with refused(errors.Conflict, match="someone else"):
            answer.result(STARTED_WITHIN)
    assert numbers(before, after) == [[2], [3]]
    found = [(entry.source, entry.user) for entry in commands(house, code, order="oldest")]
    assert found == [("roots", "root"), ("before", "bob"), ("after", "bob")]


def test_a_revoke_between_two_lets_in_the_first_alone(house, code):
    join(house, "bob")
    house.grant(code, "bob", "write")
    with gathered(house):
        first = ask(house, code, recorded(house, "in"), by="bob")
        revoke = house.dispatcher.submit(
            api.REVOKE_ROLES,
            schemas.RevokeRoles(code=code, users=["bob"]),
            house.credentials("root"),
        )
        second = ask(house, code, recorded(house, "out"), by="bob")
    assert numbers(first) == [[1]]
    revoke.result(STARTED_WITHIN)
    with pytest.raises(errors.NoSuchSession):
        second.result(STARTED_WITHIN)
    assert [entry.source for entry in commands(house, code)] == ["in"]


def test_several_people_and_sessions_each_keep_what_is_theirs(house, code):
    join(house, "bob")
    house.grant(code, "bob", "write")
    other = house.new().code
    with gathered(house):
        answers = [
            ask(house, code, recorded(house, "1"), by="bob"),
            ask(house, code, recorded(house, "2")),
            ask(house, other, recorded(house, "3")),
            ask(house, other, recorded(house, "4")),
            ask(house, code, recorded(house, "5"), by="bob"),
        ]
    assert numbers(*answers) == [[1], [2], [1], [2], [3]]
    assert [entry.user for entry in commands(house, code, order="oldest")] == ["bob", "root", "bob"]
    assert [entry.source for entry in commands(house, other, order="oldest")] == ["3", "4"]


def test_what_is_wrong_with_a_request_is_told_only_to_who_may_record(house, code):
    join(house, "bob")
    wrong = recorded(house)
    wrong.request.started = wrong.request.started.replace(tzinfo=None)
    with pytest.raises(errors.NoSuchSession):
        ask(house, code, wrong, by="bob").result(STARTED_WITHIN)
    with refused(errors.BadRequest):
        ask(house, code, wrong).result(STARTED_WITHIN)
    assert commands(house, code) == []


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
