"""What a command has put out while it runs: known before its end, however often told."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Limits
from jupyter_sessions.store import tables
from tests.conftest import Clock, Store
from tests.core.asking import command, commands, counted, do, log, record, recorded, running


@pytest.fixture
def code(store):
    """Give the code of a session of root's."""
    return store.new().code


def text(content):
    return schemas.Stream(name="stdout", text=content)


def test_what_a_running_command_has_put_out_is_shown_counted_and_found(store, code):
    record(store, code, running(store, "u", "go()"))
    assert command(store, code, 1).outputs == []
    record(store, code, running(store, "u", "go()", text("needle\n"), after=2))
    found = command(store, code, 1)
    assert (found.summary.status, found.response) == ("running", None)
    assert found.so_far.outputs == found.outputs == [text("needle\n")]
    assert (found.summary.preview, found.summary.outputs) == ("needle\n", 1)
    assert found.summary.size > 0
    assert [each.number for each in commands(store, code, search="needle")] == [1]
    kinds = [event.kind for event in log(store, code)][1:]
    assert kinds == ["command.started", "command.updated"]


def test_a_first_version_may_have_outputs_already(store, code):
    record(store, code, running(store, "u", "go()", text("early"), after=1))
    assert command(store, code, 1).outputs == [text("early")]


def test_what_is_told_late_undoes_nothing_that_is_newer(store, code):
    old = running(store, "u", "go()", text("one"), after=1)
    new = running(store, "u", "go()", text("one two"), after=2)
    for each in (old, new, old, running(store, "u", "go()"), new):
        record(store, code, each)
    assert command(store, code, 1).outputs == [text("one two")]
    assert [event.kind for event in log(store, code)].count("command.updated") == 1
    record(store, code, running(store, "u", "go()", after=3))
    assert command(store, code, 1).outputs == [], "it has cleared them"

    record(store, code, recorded(store, "go()", uid="u", text="the end"))
    record(store, code, running(store, "u", "go()", text("late"), after=9))
    found = command(store, code, 1)
    assert (found.summary.status, found.so_far) == ("completed", None)
    assert found.outputs == [text("the end")]
    assert commands(store, code, search="late") == []


def test_the_end_counts_whatever_was_told_of_later_moments(store, code):
    record(store, code, running(store, "u", "go()", text("far"), after=99))
    record(store, code, recorded(store, "go()", uid="u", text="end"))
    found = command(store, code, 1)
    assert (found.summary.status, found.outputs) == ("completed", [text("end")])


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_versions_in_one_request_the_newest_counts(store, code, newest_first):
    versions = [
        running(store, "u", "go()"),
        running(store, "u", "go()", text("one"), after=1),
        running(store, "u", "go()", text("two"), after=2),
    ]
    assert record(store, code, *versions[:: -1 if newest_first else 1]) == [1, 1, 1]
    assert command(store, code, 1).outputs == [text("two")]


def test_what_was_erased_while_it_runs_stays_erased(store, code):
    record(store, code, running(store, "u", "go()", text("secret"), after=1))
    do(store, "root", api.FORGET_COMMAND, code=code, number=1)
    record(store, code, running(store, "u", "go()", text("secret too"), after=2))
    assert command(store, code, 1).outputs == []
    assert commands(store, code, search="secret") == []


def test_outputs_past_the_limit_are_left_out_while_it_runs_too(database, tmp_path):
    clock = Clock()
    dispatcher = Dispatcher(database, tmp_path / "blobs", Limits(command=1000), clock=clock)
    store = Store(dispatcher, clock)
    code = store.new().code
    record(store, code, running(store, "u", "go()", text("a" * 500), text("b" * 900), after=1))
    first, second = command(store, code, 1).outputs
    assert first == text("a" * 500)
    assert 300 < len(second.text) < 500
    assert "Output 2 was cut" in commands(store, code)[0].note
    dispatcher.close()


def test_large_outputs_that_newer_ones_replaced_are_swept(store, code, tmp_path):
    for second in (1, 2, 3):
        many = [text(f"{number} {hash((second, number))}\n") for number in range(4000)]
        record(store, code, running(store, "u", "go()", *many, after=second))
    assert command(store, code, 1).outputs == many
    assert counted(store, tables.blobs) == {"blobs": 3}
    store.clock.forward(days=2)
    store.dispatcher.tidy()
    assert counted(store, tables.blobs) == {"blobs": 1}
    assert command(store, code, 1).outputs == many
