from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jupyter_client.session import Session

from jupyter_sessions.recorder.iopub.wire import (
    Origin,
    Reader,
    UnreadableMessage,
    command_id,
    execution_id,
    get_request_id,
    instant_text,
    read_origin,
)

KEY = b"secret"


def frames(kind: str, content: dict[str, Any], *, key: bytes = KEY, topic: bytes = b"t") -> Any:
    session = Session(key=key)
    message = session.msg(kind, content, parent=session.msg("execute_request"))
    return [topic, *session.serialize(message)]


def with_content(raw: bytes) -> Any:
    session = Session(key=KEY)
    *head, _ = session.serialize(session.msg("stream", {}))
    parts = [*head[2:], raw]
    return [head[0], session.sign(parts), *parts]


def test_a_message_of_the_kernel_is_read() -> None:
    message = Reader(KEY).read(frames("stream", {"name": "stdout", "text": "x"}))
    assert message is not None
    assert message.type == "stream"
    assert message.origin.msg_id
    assert message.origin.client
    assert message.origin.sent
    assert message.content == {"name": "stdout", "text": "x"}
    assert message.date.tzinfo is not None


def test_a_message_that_tells_nothing_of_a_command_is_not_read_further() -> None:
    assert Reader(KEY).read(frames("debug_event", {})) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        frames("stream", {}, key=b"another"),
        frames("stream", {})[:4],
        [b"nothing"],
        [],
    ],
)
def test_what_is_not_a_message_of_this_kernel_is_refused(spoilt: list[bytes]) -> None:
    with pytest.raises(UnreadableMessage):
        Reader(KEY).read(spoilt)


def test_a_kernel_without_a_key_does_not_sign() -> None:
    message = Reader(b"").read(frames("stream", {"name": "stdout", "text": "x"}, key=b""))
    assert message is not None


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b'{"data": {"application/json": NaN}}', {"data": {"application/json": None}}),
        (b'{"data": [Infinity]}', {"data": [None]}),
        (b'{"text": "\\ud800"}', {"text": "?"}),
        (b'{"text": "\x80"}', {"text": "\ufffd"}),
    ],
)
def test_what_no_standard_allows_is_made_storable(raw: bytes, content: dict[str, Any]) -> None:
    message = Reader(KEY).read(with_content(raw))
    assert message is not None
    assert message.content == content


@pytest.mark.parametrize("raw", [b"[1]", b"{", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"])
def test_content_that_is_not_an_object_is_told_as_unreadable(raw: bytes) -> None:
    message = Reader(KEY).read(with_content(raw))
    assert message is not None
    assert message.content is None


def test_a_msg_id_that_can_not_be_stored_gets_one_that_can() -> None:
    session = Session(key=KEY)
    parent = {"header": {"msg_id": "ümlaut " * 100, "msg_type": "x"}}
    message = session.msg("stream", {}, parent=parent)
    read = Reader(KEY).read(session.serialize(json.loads(json.dumps(message, default=str))))
    assert read is not None
    assert len(command_id(read.origin.msg_id)) == 64


def test_a_request_is_the_same_however_its_date_is_written() -> None:
    sent = datetime(2026, 11, 30, 12, 0, 1, 250_000, tzinfo=UTC)
    header = {"msg_id": "m", "session": "s", "date": sent}
    for written in ("2026-11-30T12:00:01.250Z", "2026-11-30T13:00:01.250000+01:00"):
        assert read_origin(header | {"date": written}) == read_origin(header)
    assert read_origin(header | {"date": "2026-11-30T12:00:01.251Z"}) != read_origin(header)
    assert instant_text("yesterday") == "yesterday"
    assert read_origin({}) == Origin("")


@pytest.mark.parametrize("parent", [{"msg_id": "m", "session": 3, "date": [1]}, {"msg_id": "m"}])
def test_a_parent_of_a_strange_shape_still_names_its_request(parent: dict[str, Any]) -> None:
    session = Session(key=KEY)
    mark, *_ = session.serialize(session.msg("stream", {}))
    told = [session.pack(each) for each in (session.msg_header("stream"), parent, {}, {})]
    read = Reader(KEY).read([mark, session.sign(told), *told])
    assert read is not None
    assert read.origin == Origin("m")


def test_each_execution_has_an_id_of_its_own() -> None:
    origin = Origin("m", "client", "2026")
    start = datetime(2026, 11, 30, tzinfo=UTC)
    ids = {
        execution_id(origin, "process", start, "source"),
        execution_id(origin._replace(client="another"), "process", start, "source"),
        execution_id(origin._replace(sent="2027"), "process", start, "source"),
        execution_id(origin, "restarted", start, "source"),
        execution_id(origin, "process", start.replace(microsecond=1), "source"),
        execution_id(origin, "process", start, "another"),
    }
    assert len(ids) == 6
    assert {get_request_id(each) for each in ids} == {"m"}
    assert all(len(execution_id(Origin(each), "p", start, "")) <= 200 for each in ("x" * 999, "ü"))
