"""The checker that tests of faults rely on finds what is lost, doubled or altered."""

from __future__ import annotations

import msgspec

from jupyter_sessions import api, schemas
from tests.conftest import Store
from tests.faults.oracle import Oracle


def _record(store: Store, code: str, *commands: schemas.Recording) -> list[int]:
    request = schemas.RecordCommands(code=code, commands=list(commands))
    return list(store.call("root", api.RECORD_COMMANDS, request).numbers)


def test_what_is_there_once_and_as_it_was_sent_is_well(store: Store) -> None:
    oracle, code = Oracle("all well", 1), store.new().code
    for name in ("a-0", "a-1", "b-0"):
        oracle.acknowledge(name, *_record(store, code, oracle.make_command(name)))
    assert oracle.compare(store, code, order=True).failures == []


def test_what_is_lost_doubled_or_altered_is_found(store: Store) -> None:
    oracle, code = Oracle("not well", 1), store.new().code
    whole, altered = oracle.make_command("a-1"), oracle.make_command("a-2")
    assert altered.response is not None
    altered.response.outputs = [schemas.Stream(name="stdout", text="something else")]
    oracle.acknowledge("a-0", 1)
    oracle.acknowledge("a-1", *_record(store, code, whole))
    _record(store, code, msgspec.structs.replace(whole, id="another"))
    oracle.acknowledge("a-2", *_record(store, code, altered))
    oracle.acknowledge("a-3", 1 + _record(store, code, oracle.make_command("a-3"))[0])
    counts = oracle.compare(store, code)
    assert counts.lost == ["command a-0 (1)"]
    assert counts.doubled == ["command a-1 ([1, 2])"]
    assert counts.altered == ["command a-3 was 5 and is 4", "command a-2 (3)"]


def test_commands_of_a_writer_out_of_order_are_found(store: Store) -> None:
    oracle, code = Oracle("out of order", 1), store.new().code
    for name in ("a-1", "a-0"):
        oracle.acknowledge(name, *_record(store, code, oracle.make_command(name)))
    assert oracle.compare(store, code).failures == []
    assert oracle.compare(store, code, order=True).wrong == [
        "command a-0 stands after a later one of its writer"
    ]
