from __future__ import annotations

import json
from typing import Any

import pytest
from jupyter_client.session import Session

from jupyter_sessions.recorder.wire import Reader, UnreadableMessage

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
    assert message.parent
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
    assert len(read.parent) == 64
