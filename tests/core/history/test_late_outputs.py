"""Outputs that come after a command has ended: a thread that prints on, an updated display."""

import msgspec

from jupyter_sessions import api, schemas
from tests.conftest import recording


def send(house, code, *recordings):
    request = schemas.RecordCommands(code=code, commands=list(recordings))
    return house.call("root", api.RECORD_COMMANDS, request).numbers


def text_of(house, code, number):
    command = house.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=number))
    return [output.text for output in command.response.outputs]


def events_of(house, code):
    page = house.call("root", api.LIST_EVENTS, schemas.ListEvents(code=code))
    return [event.kind for event in page.items]


def test_later_outputs_of_an_ended_command_replace_those_before_under_its_number(house):
    code, now = house.new().code, house.clock()
    first = recording("go()", at=now, uid="a", text="one\n")
    assert send(house, code, msgspec.structs.replace(first, version=1)) == [1]
    # The command ended when it did: only its outputs are newer.
    late = recording("go()", at=now, uid="a", text="one\ntwo\n")
    assert send(house, code, msgspec.structs.replace(late, version=2)) == [1]
    assert text_of(house, code, 1) == ["one\ntwo\n"]
    assert events_of(house, code) == ["session.created", "command.recorded", "command.updated"]


def test_what_comes_twice_without_a_change_leaves_no_trace(house):
    code, now = house.new().code, house.clock()
    for _ in range(2):
        assert send(house, code, recording("go()", at=now, uid="a", text="one\n")) == [1]
    assert events_of(house, code) == ["session.created", "command.recorded"]


def test_nothing_that_comes_later_under_its_id_alters_a_command(house):
    code, now = house.new().code, house.clock()
    send(house, code, recording("honest()", at=now, uid="a", text="one\n"))
    send(house, code, recording("forged()", at=now, uid="a", text="two\n"))
    command = house.call("root", api.GET_COMMAND, schemas.CommandNamed(code=code, number=1))
    assert command.request.source == "honest()"
    assert text_of(house, code, 1) == ["one\n"]
    assert text_of(house, code, 2) == ["two\n"]
