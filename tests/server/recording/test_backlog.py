"""What a server keeps of a kernel until the recording process has it on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from jupyter_sessions.recorder.iopub.wire import command_id
from jupyter_sessions.server.recording import backlog as module
from jupyter_sessions.server.recording import protocol
from jupyter_sessions.server.recording.backlog import Backlog, Requests

NOW = datetime.now(UTC) + timedelta(seconds=1)


class Stream:
    """Hands on what it is given."""

    def __init__(self) -> None:
        self.send: Callable[[list[bytes]], None] = lambda _: None

    def on_recv(self, function: Callable[[list[bytes]], None]) -> None:
        """Remember who listens."""
        self.send = function

    def flush(self) -> None:
        """Nothing waits."""


@pytest.fixture
def stream() -> Stream:
    """Give a stream of messages."""
    return Stream()


def message(name: str, request: str, kind: str = "stream", content: bytes = b"{}") -> list[bytes]:
    """Make a message as it comes over a socket."""
    header = f'{{"msg_id": "{name}", "msg_type": "{kind}"}}'.encode()
    parent = f'{{"msg_id": "{request}"}}'.encode()
    return [b"topic", b"<IDS|MSG>", b"signature", header, parent, b"{}", content]


AT = count(1)


def progress(last_message: str, needed: list[str], at: float | None = None) -> protocol.Progress:
    """Make a report of the recording process, by default the latest one."""
    at = next(AT) if at is None else at
    return protocol.Progress(alive=True, last_message=last_message, needed=needed, reported=at)


def describe(frames: list[bytes]) -> str:
    """Return the id of a message, or a mark."""
    return frames[3].split(b'"')[3].decode() if len(frames) > 3 else b" ".join(frames).decode()


def names(backlog: Backlog) -> list[str]:
    """Return what is kept: the ids of messages, and marks."""
    return [describe(each) for each in backlog.list_messages()]


def test_what_is_on_disk_is_let_go_of_but_for_what_belongs_to_a_running_command(
    stream: Stream,
) -> None:
    backlog = Backlog(stream, on=True)
    for name, request in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "b")):
        stream.send(message(name, request))
    backlog.acknowledge(progress("3", ["b"]), NOW)
    assert names(backlog) == ["switch on", "2", "switch on", "4"]
    assert backlog.had_until == NOW
    backlog.acknowledge(progress("4", []), NOW)
    assert names(backlog) == ["switch on", "switch on"]


def test_what_was_not_heard_of_stays(stream: Stream) -> None:
    backlog = Backlog(stream, on=True)
    opened = backlog.had_until
    stream.send(message("1", "a"))
    backlog.acknowledge(progress("0", []), NOW)
    backlog.acknowledge(progress("", []), NOW)
    assert names(backlog) == ["switch on", "switch on", "1"]
    assert backlog.had_until == opened


def test_pauses_stand_where_they_were_asked_for(stream: Stream) -> None:
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a"))
    backlog.switch(False)
    stream.send(message("2", "b"))
    backlog.switch(True)
    backlog.skip("c")
    asked = ["switch off", "2", "switch on", "skip c"]
    assert names(backlog) == ["switch on", "switch on", "1", *asked]
    backlog.acknowledge(progress("2", []), NOW)
    assert names(backlog) == ["switch on", "switch off", "switch on", "skip c"]


def test_where_too_much_comes_what_ran_is_kept_and_the_gap_known(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 2_000)
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    assert not backlog.find_incomplete()
    for number in range(2, 12):
        stream.send(message(str(number), "a", content=b"x" * 500))
    assert names(backlog)[:3] == ["switch on", "1", "switch on"]
    assert names(backlog)[-1] == "11"
    assert backlog.find_incomplete() == {"a"}
    backlog.acknowledge(progress("11", []), NOW)
    assert not backlog.find_incomplete()


def test_a_running_command_with_large_outputs_loses_the_oldest_and_not_the_newest(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 2_000)
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    for number in range(2, 12):
        stream.send(message(str(number), "a", content=b"x" * 500))
        backlog.acknowledge(progress(str(number), ["a"]), NOW)
    stream.send(message("12", "a", "status"))
    assert names(backlog) == ["switch on", "1", "9", "10", "11", "switch on", "12"]
    assert backlog.find_incomplete() == {"a"}


def test_what_is_left_out_stays_left_out_where_too_much_comes(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 2_000)
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    backlog.skip("a")
    backlog.switch(False)
    stream.send(message("2", "b", "execute_input"))
    backlog.switch(True)
    for number in range(3, 12):
        stream.send(message(str(number), "c", content=b"x" * 500))
    assert names(backlog)[:4] == ["switch on", "1", "skip a", "switch on"]
    assert "2" not in names(backlog)


def test_a_command_that_runs_while_recording_is_paused_stays_recorded_where_too_much_comes(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST", 2_000)
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    backlog.switch(False)
    stream.send(message("2", "b", "execute_input"))
    for number in range(3, 12):
        stream.send(message(str(number), "ab"[number % 2], content=b"x" * 500))
    stream.send(message("12", "b", "status"))
    stream.send(message("13", "a", "status"))
    for number in range(14, 20):
        stream.send(message(str(number), "c", content=b"x" * 500))
    assert backlog.find_incomplete() == {"a"}
    assert names(backlog)[:4] == ["switch on", "1", "13", "switch off"]


def test_what_is_put_out_late_for_a_command_that_was_forgotten_is_known_to_be_incomplete(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST_ENDED", 1_000)
    backlog = Backlog(stream, on=True)
    for name in "abc":
        stream.send(message(f"{name}1", name, "execute_input"))
        stream.send(message(f"{name}2", name, content=b"x" * 500))
    backlog.acknowledge(progress("c2", []), NOW)
    assert ended(backlog) == ["c1", "c2"]
    assert not backlog.find_incomplete()
    stream.send(message("a3", "a", "status"))
    stream.send(message("c3", "c"))
    stream.send(message("d1", "unknown"))
    assert not backlog.find_incomplete()
    stream.send(message("b3", "b"))
    assert backlog.find_incomplete() == {"b"}
    backlog.acknowledge(progress("b3", []), NOW)
    assert not backlog.find_incomplete()


def test_a_report_that_a_later_one_has_overtaken_changes_nothing(stream: Stream) -> None:
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    earlier, later = progress("0", []), progress("1", ["a"])
    backlog.acknowledge(later, NOW)
    backlog.acknowledge(earlier, NOW)
    assert names(backlog) == ["switch on", "1", "switch on"]


def ended(backlog: Backlog) -> list[str]:
    """Return what is kept of ended commands: the ids of messages, and marks."""
    return [describe(each) for each in backlog.list_ended()]


def test_recorded_commands_that_have_ended_are_kept_in_the_order_of_their_messages(
    stream: Stream,
) -> None:
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "a", "execute_input"))
    stream.send(message("2", "b", "execute_input"))
    backlog.skip("b")
    backlog.switch(False)
    stream.send(message("3", "c", "execute_input"))
    stream.send(message("4", "a", "status"))
    stream.send(message("5", "info", "status"))
    backlog.acknowledge(progress("4", ["a"]), NOW)
    assert ended(backlog) == ["2", "skip b"]
    backlog.acknowledge(progress("5", []), NOW)
    assert ended(backlog) == ["1", "2", "skip b", "4"]
    stream.send(message("6", "a"))
    backlog.acknowledge(progress("6", ["a"]), NOW)
    assert (ended(backlog), names(backlog)[1]) == (["1", "2", "skip b", "4"], "6")
    backlog.acknowledge(progress("6", []), NOW)
    assert ended(backlog) == ["1", "2", "skip b", "4", "6"]
    stream.send(message("7", "a", "execute_input"))
    backlog.acknowledge(progress("7", []), NOW)
    assert ended(backlog) == ["2", "skip b"]  # another command of this id, left out


def test_the_oldest_ended_commands_are_forgotten_first(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST_ENDED", 1_000)
    backlog = Backlog(stream, on=True)
    for number in range(1, 7, 2):
        stream.send(message(str(number), f"r{number}", "execute_input"))
        stream.send(message(str(number + 1), f"r{number}", content=b"x" * 300))
    backlog.acknowledge(progress("6", []), NOW)
    assert ended(backlog) == ["3", "4", "5", "6"]


def test_requests_with_odd_ids_are_known_again(stream: Stream) -> None:
    backlog = Backlog(stream, on=True)
    stream.send(message("1", "an odd id", "execute_input"))
    backlog.acknowledge(progress("1", [command_id("an odd id")]), NOW)
    assert names(backlog) == ["switch on", "1", "switch on"]


def test_a_request_is_kept_until_others_after_it_were_answered() -> None:
    requests = Requests()
    for name in ("a", "b", "c"):
        requests.note("kernel", {"msg_id": name}, {"code": f"print({name})"})
    requests.note("kernel", {"msg_id": "d"}, {"code": "quiet", "silent": True})
    requests.answered("kernel", "a", "error")
    requests.answered("other", "b", "ok")
    requests.answered("kernel", "c", "aborted")
    found = requests.take("kernel")
    assert [(each.source, each.status) for each in found] == [
        ("print(a)", "error"),
        ("print(b)", ""),
    ]
    assert requests.take("kernel") == []


def test_few_answered_requests_are_kept() -> None:
    requests = Requests()
    for number in range(100):
        requests.note("kernel", {"msg_id": str(number)}, {"code": str(number)})
        requests.answered("kernel", str(number), "ok")
    assert [each.source for each in requests.take("kernel")] == [str(n) for n in range(80, 100)]


def test_how_a_request_ended_is_known_from_its_answer_even_if_that_comes_late() -> None:
    asyncio.run(_ask_how_requests_ended(Requests()))


async def _ask_how_requests_ended(requests: Requests) -> None:
    for name in ("a", "b", "c"):
        requests.note("kernel", {"msg_id": name}, {"code": name})
    requests.answered("kernel", "a", "error")
    asyncio.get_running_loop().call_later(0.05, requests.answered, "kernel", "b", "error")
    assert await requests.failed("kernel", "a", 0)
    assert await requests.failed("kernel", "b", 60)
    assert not await requests.failed("kernel", "c", 0.01)
    assert not await requests.failed("kernel", "unknown", 60)
    requests.take("kernel")
    assert not await requests.failed("kernel", "c", 60)
