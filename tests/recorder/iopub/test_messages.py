from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jupyter_sessions import schemas
from jupyter_sessions.recorder.iopub import messages
from jupyter_sessions.recorder.iopub.messages import MessageRecorder, Selection
from jupyter_sessions.recorder.iopub.wire import Message, Origin, get_request_id
from jupyter_sessions.recorder.tracker import Tracker
from jupyter_sessions.schemas.commands import KERNEL_RESTARTED

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Kernel:
    """Speaks to a message recorder as a kernel does, a message each second."""

    def __init__(self, selection: Selection | None = None) -> None:
        self.tracker = Tracker()
        self.recorder = MessageRecorder(
            self.tracker, selection or Selection(), kernel="k", notebook="n.ipynb", language="bash"
        )
        self.date = START
        self.now = -100.0
        self.client: tuple[str, ...] = ()

    def say(self, kind: str, parent: str, **content: Any) -> None:
        self.date += timedelta(seconds=1)
        self.now += 1
        message = Message(kind, self.date, Origin(parent, *self.client), 10, content)
        self.recorder.take(message, self.now)

    def begin(self, parent: str, code: str = "code") -> None:
        self.say("execute_input", parent, code=code, execution_count=1)

    def print(self, parent: str, text: str, name: str = "stdout") -> None:
        self.say("stream", parent, name=name, text=text)

    def display(self, parent: str, value: str, kind: str = "display_data", **rest: Any) -> None:
        self.say(kind, parent, data={"text/plain": value}, metadata={}, **rest)

    def end(self, parent: str) -> None:
        self.say("status", parent, execution_state="idle")

    def told(self, at: float = 0.0) -> dict[str, schemas.CommandResponse | None]:
        """Return the last that is told of each command, by its message id."""
        told = self.tracker.take_due(at)
        return {get_request_id(recording.id): recording.response for recording in told}

    def texts(self, command: str, at: float = 0.0) -> list[Any]:
        response = self.told(at)[command]
        assert response is not None
        return [
            output.text if isinstance(output, schemas.Stream) else output.data["text/plain"]
            for output in response.outputs
            if not isinstance(output, schemas.ErrorOutput)
        ]


def test_a_command_says_what_was_run_where_and_when() -> None:
    kernel = Kernel()
    kernel.begin("a", "echo 1")
    kernel.print("a", "1\n")
    kernel.end("a")
    told = kernel.tracker.take_due(0.0)
    assert [get_request_id(each.id) for each in told] == ["a"]
    assert told == [
        schemas.Recording(
            id=told[0].id,
            version=1,
            request=schemas.CommandRequest(
                source="echo 1",
                started=START + timedelta(seconds=1),
                language="bash",
                kernel="k",
                notebook="n.ipynb",
                execution_count=1,
            ),
            response=schemas.CommandResponse(
                status="completed",
                outputs=[schemas.Stream(name="stdout", text="1\n")],
                finished=START + timedelta(seconds=3),
                duration=2.0,
            ),
        )
    ]


def test_commands_that_run_at_the_same_time_keep_their_outputs_apart() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.begin("b")
    kernel.print("b", "of b")
    kernel.print("a", "of a")
    kernel.end("b")
    kernel.end("a")
    told = kernel.told()
    assert {name: r.outputs for name, r in told.items() if r} == {
        "a": [schemas.Stream(name="stdout", text="of a")],
        "b": [schemas.Stream(name="stdout", text="of b")],
    }


def test_text_that_comes_after_the_end_is_told_again() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.end("a")
    assert kernel.texts("a") == []
    kernel.print("a", "late")
    assert kernel.texts("a", at=1.0) == ["late"]


def test_an_update_reaches_a_command_that_has_ended() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.display("a", "1", transient={"display_id": "d"})
    kernel.end("a")
    assert kernel.texts("a") == ["1"]
    kernel.begin("b")
    kernel.display("b", "2", "update_display_data", transient={"display_id": "d"})
    kernel.end("b")
    assert kernel.texts("a", at=1.0) == ["2"]


def test_clear_output_with_wait_waits_for_the_next_output() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.print("a", "1")
    kernel.say("clear_output", "a", wait=True)
    kernel.display("a", "2")
    kernel.end("a")
    assert kernel.texts("a") == ["2"]


def test_outputs_without_a_command_are_nobodys() -> None:
    kernel = Kernel()
    kernel.print("unknown", "x")
    kernel.print("", "x")
    kernel.end("unknown")
    assert kernel.told() == {}


def test_a_failure_that_shows_in_text_alone_is_an_error() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.print("a", "UsageError", "stderr")
    kernel.recorder.fail(Origin("a"))
    kernel.end("a")
    response = kernel.told()["a"]
    assert response is not None
    assert response.status == "error"


def test_a_restart_aborts_what_runs_and_takes_nothing_more_for_what_ran() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.end("a")
    kernel.begin("b")
    kernel.say("status", "", execution_state="starting")
    told = kernel.told()
    assert told["b"] is not None
    assert (told["b"].status, told["b"].note) == ("aborted", KERNEL_RESTARTED)
    kernel.print("a", "x")
    kernel.print("b", "x")
    assert kernel.told(at=9.0) == {}


def test_what_an_output_widget_captures_is_not_an_output_of_the_command() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.print("a", "before")
    kernel.say("comm_open", "a", comm_id="w", data={"state": {"_model_name": "OutputModel"}})
    kernel.say("comm_msg", "a", comm_id="w", data={"method": "update", "state": {"msg_id": "a"}})
    kernel.say("clear_output", "a", wait=False)
    kernel.print("a", "captured")
    kernel.say("comm_msg", "a", comm_id="w", data={"method": "update", "state": {"msg_id": ""}})
    kernel.print("a", ", after")
    kernel.end("a")
    assert kernel.texts("a") == ["before, after"]


def test_an_output_that_can_not_be_read_leaves_a_note() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.say("display_data", "a", data="no bundle")
    kernel.recorder.take(Message("display_data", kernel.date, Origin("a"), 10, None), 0.0)
    kernel.end("a")
    response = kernel.told()["a"]
    assert response is not None
    assert response.note == "2 outputs could not be read, and were not kept."


@pytest.mark.parametrize("content", [{}, {"data": 3}, {"execution_state": 5}, {"comm_id": []}])
@pytest.mark.parametrize(
    "kind", ["status", "stream", "error", "comm_open", "comm_msg", "update_display_data"]
)
def test_a_message_of_a_strange_shape_does_no_harm(kind: str, content: dict[str, Any]) -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.say(kind, "a", **content)
    kernel.print("a", "x")
    kernel.end("a")
    assert kernel.texts("a") == ["x"]


def test_pausing_leaves_out_what_starts_afterwards() -> None:
    selection = Selection()
    kernel = Kernel(selection)
    kernel.begin("before")
    selection.switch(False)
    assert selection.paused
    kernel.begin("paused")
    selection.switch(True)
    kernel.begin("after")
    for command in ("before", "paused", "after"):
        kernel.end(command)
    assert set(kernel.told()) == {"before", "after"}


def test_what_was_paused_at_first_is_recorded_from_when_it_goes_on() -> None:
    selection = Selection(on=False)
    kernel = Kernel(selection)
    kernel.begin("before")
    selection.switch(True)
    kernel.begin("after")
    kernel.end("before")
    kernel.end("after")
    assert set(kernel.told()) == {"after"}


@pytest.mark.parametrize("step", [-3600, -2, 3600])
def test_a_clock_that_is_set_loses_no_command(step: float) -> None:
    selection = Selection()
    kernel = Kernel(selection)
    kernel.begin("a")
    kernel.date += timedelta(seconds=step)
    kernel.end("a")
    selection.switch(False)
    kernel.begin("paused")
    selection.switch(True)
    kernel.date -= timedelta(seconds=2 * step)
    kernel.begin("b")
    kernel.print("b", "x")
    kernel.end("b")
    told = kernel.told()
    assert set(told) == {"a", "b"}
    assert told["a"] is not None
    assert told["a"].duration == max(1.0, step + 1.0)
    assert told["a"].finished >= START


def test_what_ends_by_the_recorders_word_has_run_for_as_long_as_that_saw() -> None:
    kernel = Kernel()  # its clock is not ours
    kernel.begin("a")
    kernel.tracker.end_all(kernel.now + 7, "gone")
    response = kernel.told()["a"]
    assert response is not None
    assert (response.duration, response.finished) == (7.0, START + timedelta(seconds=8))


def test_a_skipped_command_is_left_out_whether_or_not_its_start_was_seen() -> None:
    kernel = Kernel()
    kernel.begin("a")
    kernel.print("a", "x")
    kernel.recorder.skip(Origin("a"), 0.0)
    kernel.recorder.skip(Origin("b"), 0.0)
    kernel.begin("b")
    kernel.end("a")
    kernel.end("b")
    assert kernel.told() == {}


# ---- message ids that two clients give


def two_of_one_id(kernel: Kernel, *rest: str) -> None:
    """Have the second client run something under the message id of the first."""
    kernel.client = ("s", "2026-01-01T00:00:00+00:00", *rest)
    kernel.begin("a", "one")
    kernel.print("a", "1")
    kernel.end("a")
    kernel.client = ("s", "2026-01-01T00:00:09+00:00", *rest)


def sources(kernel: Kernel, at: float = 0.0) -> dict[str, str]:
    """Return what is told of, by its source."""
    found = {}
    for told in kernel.tracker.take_due(at):
        assert told.response is not None
        found[told.request.source] = "".join(each.text for each in told.response.outputs)
    return found


def test_requests_of_one_message_id_are_commands_of_their_own() -> None:
    kernel = Kernel()
    two_of_one_id(kernel)
    kernel.begin("a", "two")
    kernel.print("a", "2")
    kernel.end("a")
    assert sources(kernel) == {"one": "1", "two": "2"}


def test_even_one_that_is_like_the_first_in_all_but_its_start_is_another_command() -> None:
    kernel = Kernel()
    for _ in range(2):
        kernel.begin("a", "same")
        kernel.print("a", "1")
        kernel.end("a")
    told = kernel.tracker.take_due(0.0)
    assert len({each.id for each in told}) == len(told) == 2
    assert all(each.response and len(each.response.outputs) == 1 for each in told)


def test_what_is_left_out_puts_nothing_under_an_earlier_command_of_its_message_id() -> None:
    selection = Selection()
    kernel = Kernel(selection)
    kernel.begin("a", "one")
    kernel.end("a")
    selection.switch(False)
    kernel.begin("a", "two")
    kernel.print("a", "secret")
    kernel.end("a")
    assert sources(kernel, at=99.0) == {"one": ""}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_skipping_concerns_the_command_that_asks_and_no_other_of_its_message_id(
    named: bool, seen: bool
) -> None:
    kernel = Kernel()
    two_of_one_id(kernel)
    skipped = Origin("a", *(kernel.client if named else ()))
    if not seen:
        kernel.recorder.skip(skipped, kernel.now)
    kernel.begin("a", "two")
    if seen:
        kernel.recorder.skip(skipped, kernel.now)
    kernel.print("a", "2")
    kernel.end("a")
    kernel.client = ("s", "2026-01-01T00:00:10+00:00")
    kernel.begin("a", "three")
    kernel.end("a")
    assert sources(kernel) == {"one": "1", "three": ""}


def test_a_widget_captures_nothing_of_another_client() -> None:
    kernel = Kernel()
    kernel.client = ("s", "2026-01-01T00:00:00+00:00")
    kernel.begin("a", "one")
    kernel.say("comm_open", "a", comm_id="w", data={"state": {"_model_name": "OutputModel"}})
    kernel.say("comm_msg", "a", comm_id="w", data={"method": "update", "state": {"msg_id": "a"}})
    kernel.print("a", "captured")
    kernel.end("a")
    kernel.client = ("s", "2026-01-01T00:00:09+00:00")
    kernel.begin("a", "two")
    kernel.print("a", "2")
    kernel.end("a")
    assert sources(kernel) == {"one": "", "two": "2"}


def test_which_requests_are_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_REMEMBERED", 10)
    kernel = Kernel()
    kernel.begin("long")
    for number in range(100):
        kernel.begin(str(number))
        kernel.end(str(number))
        kernel.tracker.forget_ended()
    kernel.print("long", "still here")
    kernel.end("long")
    assert kernel.texts("long") == ["still here"]
    assert len(kernel.recorder._commands) <= 11
