"""The scratch space: JSON values by name, durable, limited, role-checked, told by events."""

from __future__ import annotations

import threading

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Limits
from jupyter_sessions.store.tables import scratch
from tests.conftest import Store
from tests.core.asking import counted, do, join, log, pages, refused


def keep(store: Store, code: str, name: str, value: object, by: str = "root") -> None:
    do(store, by, api.SET_SCRATCH, code=code, name=name, value=value)


def kept(store: Store, code: str, name: str, by: str = "root") -> object:
    return do(store, by, api.GET_SCRATCH, code=code, name=name).value


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**63, -(2**70), 0.1, 1e300, "", "text", "\x00\x1b[31m\r\n", "☂",
        [], {}, [1, [2, {"a": None}]], {"": {"b": [1.5]}, "ключ": "значение"},
    ],
    ids=repr,
)  # fmt: skip
def test_any_json_value_comes_back_as_it_was(store, code, value):
    keep(store, code, "x", value)
    found = kept(store, code, "x")
    assert found == value
    assert type(found) is type(value)


def test_a_value_tells_its_size_who_set_it_and_when(store, code):
    join(store, "bob")
    store.grant(code, "bob", "write")
    keep(store, code, "best", 0.5)
    store.clock.forward(minutes=1)
    keep(store, code, "best", [0.75], by="bob")
    told = do(store, "root", api.GET_SCRATCH, code=code, name="best")
    assert (told.name, told.size, told.user, told.changed) == ("best", 6, "bob", store.clock())
    assert counted(store, scratch) == {"scratch": 1}


def test_names_that_look_the_same_are_the_same(store, code):
    keep(store, code, "Score", 1)
    keep(store, code, "ｓｃｏｒｅ", 2)
    assert [entry.name for entry in do(store, "root", api.LIST_SCRATCH, code=code).items] == [
        "ｓｃｏｒｅ"
    ]
    assert kept(store, code, "SCORE") == 2


@pytest.mark.parametrize(
    "name",
    [".", "..", "a/b", "/a", "a\\b", " a", "a ", "a\nb", "a\0", "a\u202eb", "‥", "℅", "é" * 128],
    ids=repr,
)
def test_a_bad_name_is_refused_by_every_operation(store, code, name):
    for operation in (api.SET_SCRATCH, api.GET_SCRATCH, api.DELETE_SCRATCH):
        value = {"value": 1} if operation is api.SET_SCRATCH else {}
        with refused(errors.BadName):
            do(store, "root", operation, code=code, name=name, **value)
    assert counted(store, scratch) == {"scratch": 0}


def test_what_was_deleted_or_never_set_is_not_found(store, code):
    keep(store, code, "x", 1)
    assert do(store, "root", api.DELETE_SCRATCH, code=code, name="X").name == "x"
    for operation in (api.GET_SCRATCH, api.DELETE_SCRATCH):
        with refused(errors.NotFound, match="'x'"):
            do(store, "root", operation, code=code, name="x")


def test_the_list_is_told_by_name_in_pages_and_without_values(store, code):
    names = [f"n{number:02}" for number in range(7)]
    for name in reversed(names):
        keep(store, code, name, "secret")
    keep(store, store.new().code, "of another session", 1)
    found = pages(
        lambda after: do(store, "root", api.LIST_SCRATCH, code=code, limit=3, after=after)
    )
    assert [[entry.name for entry in page] for page in found] == [names[:3], names[3:6], names[6:]]
    assert not hasattr(found[0][0], "value")


def test_each_change_is_an_event_that_tells_the_name_and_never_the_value(store, code):
    keep(store, code, "x", "a secret value")
    keep(store, code, "x", [1, 2])
    do(store, "root", api.DELETE_SCRATCH, code=code, name="x")
    told = [(event.kind, event.data) for event in log(store, code)][1:]
    assert told == [
        ("scratch.set", {"name": "x", "size": 16}),
        ("scratch.set", {"name": "x", "size": 5}),
        ("scratch.deleted", {"name": "x"}),
    ]


def test_a_value_and_a_session_have_a_limit_and_what_is_refused_changes_nothing(database, tmp_path):
    limits = Limits(scratch_value=3000, scratch=5000)
    dispatcher = Dispatcher(database, tmp_path / "blobs", limits)
    store = Store(dispatcher, None)
    code = store.new().code
    keep(store, code, "a", "x" * 2998)
    with refused(errors.TooLarge, match="at most 3,000"):
        keep(store, code, "b", "x" * 2999)
    keep(store, code, "b", 1)
    before = len(log(store, code))
    with refused(errors.TooLarge, match="larger than 5,000"):
        keep(store, code, "c", 1)
    # In place of what it replaces there is room.
    keep(store, code, "A", "y" * 2900)
    keep(store, store.new().code, "c", "x" * 2998)
    do(store, "root", api.DELETE_SCRATCH, code=code, name="b")
    keep(store, code, "c", 1)
    assert len(log(store, code)) == before + 3
    dispatcher.close()


def test_two_writers_at_once_do_not_get_past_the_limit(database, tmp_path):
    dispatcher = Dispatcher(database, tmp_path / "blobs", Limits(scratch=5 * 1024))
    store = Store(dispatcher, None)
    code = store.new().code
    outcomes: list[bool] = []

    def write(number: int) -> None:
        try:
            keep(store, code, f"n{number}", number)
            outcomes.append(True)
        except errors.TooLarge:
            outcomes.append(False)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True] * 5
    assert counted(store, scratch) == {"scratch": 5}
    dispatcher.close()


def test_a_reader_looks_a_writer_changes_and_a_closed_session_keeps_its_values(store, code):
    join(store, "bob", "cleo", "eve")
    store.grant(code, "bob", "read")
    store.grant(code, "cleo", "execute")
    keep(store, code, "x", 1)
    assert kept(store, code, "x", by="bob") == 1
    with refused(errors.RoleMissing, match="write"):
        keep(store, code, "x", 2, by="bob")
    with refused(errors.RoleMissing, match="read"):
        kept(store, code, "x", by="cleo")
    with refused(errors.NoSuchSession):
        kept(store, code, "x", by="eve")
    do(store, "root", api.CLOSE_SESSION, code=code)
    assert kept(store, code, "x", by="bob") == 1
    with refused(errors.WrongState):
        keep(store, code, "x", 2)


def test_values_survive_the_process_and_go_with_their_session(database, tmp_path, store, code):
    keep(store, code, "x", {"a": 1})
    again = Dispatcher(database, tmp_path / "blobs")
    assert kept(Store(again, None), code, "x") == {"a": 1}
    again.close()
    do(store, "root", api.REMOVE_SESSION, code=code)
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    assert counted(store, scratch) == {"scratch": 0}
