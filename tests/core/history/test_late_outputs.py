"""Outputs that come after a command has ended: a thread that prints on, an updated display."""

import msgspec

from jupyter_sessions import api, schemas
from tests.conftest import recording


def send(store, code, *recordings):
    request = schemas.RecordCommands(code=code, commands=list(recordings))
    return store.call("root", api.RECORD_COMMANDS, request).numbers


def text_of(store, code, number):
    command = store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=number))
    return [output.text for output in command.response.outputs]


def events_of(store, code):
    page = store.call("root", api.LIST_EVENTS, schemas.ListEvents(code=code))
    return [event.kind for event in page.items]


def test_later_outputs_of_an_ended_command_replace_those_before_under_its_number(store):
    code, now = store.new().code, store.clock()
    first = recording("go()", at=now, uid="a", text="one\n")
    assert send(store, code, msgspec.structs.replace(first, version=1)) == [1]
    # The command ended when it did: only its outputs are newer.
    late = recording("go()", at=now, uid="a", text="one\ntwo\n")
    assert send(store, code, msgspec.structs.replace(late, version=2)) == [1]
    assert text_of(store, code, 1) == ["one\ntwo\n"]
    assert events_of(store, code) == ["session.created", "command.recorded", "command.updated"]


def test_what_comes_twice_without_a_change_leaves_no_trace(store):
    code, now = store.new().code, store.clock()
    for _ in range(2):
        assert send(store, code, recording("go()", at=now, uid="a", text="one\n")) == [1]
    assert events_of(store, code) == ["session.created", "command.recorded"]


def test_nothing_that_comes_later_under_its_id_alters_a_command(store):
    code, now = store.new().code, store.clock()
    send(store, code, recording("honest()", at=now, uid="a", text="one\n"))
    send(store, code, recording("forged()", at=now, uid="a", text="two\n"))
    command = store.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=1))
    assert command.request.source == "honest()"
    assert text_of(store, code, 1) == ["one\n"]
    assert text_of(store, code, 2) == ["two\n"]
