from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from jupyter_sessions import schemas
from jupyter_sessions.recorder import tracker
from jupyter_sessions.recorder import tracker as tracking
from jupyter_sessions.recorder.tracker import Tracker

STARTED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REQUEST = schemas.CommandRequest(source="1", started=STARTED)
ENDED = STARTED + timedelta(seconds=2)
ONE = schemas.DisplayData(data={"text/plain": "one"}, metadata={})
TWO = schemas.DisplayData(data={"text/plain": "two"}, metadata={})


def responses(recordings: list[schemas.Recording]) -> list[schemas.CommandResponse | None]:
    return [recording.response for recording in recordings]


def test_a_quick_command_is_told_of_once_when_it_has_ended() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    assert tracker.take_due(0.1) == []
    tracker.write("a", "stdout", "x")
    tracker.end("a", now=2.0)
    response = schemas.CommandResponse(
        status="completed",
        outputs=[schemas.Stream(name="stdout", text="x")],
        finished=ENDED,
        duration=2.0,
    )
    recording = schemas.Recording(id="a", request=REQUEST, response=response, version=1)
    assert tracker.take_due(0.2) == [recording]
    assert tracker.due() is None
    assert tracker.take_due(99.0) == []


def test_a_long_command_is_told_of_again_only_when_it_has_put_out_more() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    assert tracker.due() == 0.5
    assert responses(tracker.take_due(0.5)) == [None]
    assert tracker.due() is None
    tracker.write("a", "stdout", "x")
    assert tracker.take_due(1.4) == []
    [told] = tracker.take_due(2.0)
    assert told.response is None
    assert told.so_far == schemas.SoFar(
        outputs=[schemas.Stream(name="stdout", text="x")], until=STARTED + timedelta(seconds=2)
    )
    assert tracker.due() is None
    tracker.end("a", now=2.0)
    [ended] = tracker.take_due(2.0)
    assert ended.response is not None
    assert ended.so_far is None


def told_at(tracker: Tracker, seconds: int, text: str = "x") -> list[int]:
    """Have a command that writes each second, and return when it was told of."""
    tracker.open("a", REQUEST, now=0.0)
    told = []
    for now in range(1, seconds + 1):
        tracker.write("a", "stdout", text)
        if tracker.take_due(float(now)):
            told.append(now)
    return told


def test_what_runs_is_told_of_ever_more_rarely_but_never_less_than_every_15_seconds() -> None:
    told = told_at(Tracker(), 3600)
    gaps = [after - before for before, after in pairwise(told)]
    assert gaps == sorted(gaps)
    assert (gaps[0], gaps[-1]) == (1, 15)
    assert len(told) < 300


def test_no_more_than_so_many_bytes_a_second_are_told_of_what_runs() -> None:
    each = tracker.REPEAT_RATE  # a second of these, each second
    told = told_at(Tracker(), 300, "x" * (each - 1) + "\n")
    assert sum(number * each for number in told) <= 300 * each + told[-1] * each
    assert len(told) > 5


def test_what_a_running_command_has_cleared_is_told_as_cleared() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.write("a", "stdout", "x")
    tracker.take_due(1.0)
    tracker.clear("a", wait=False)
    [told] = tracker.take_due(2.0)
    assert told.so_far is not None
    assert told.so_far.outputs == []


def test_changes_of_an_ended_command_are_told_at_most_once_a_second() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.end("a", now=2.0)
    tracker.take_due(1.0)
    for text in "xyz":
        tracker.write("a", "stdout", text)
    assert tracker.take_due(1.5) == []
    assert tracker.due() == 2.0
    [changed] = tracker.take_due(2.0)
    assert changed.response is not None
    assert changed.response.outputs == [schemas.Stream(name="stdout", text="xyz")]


def test_at_the_end_changes_are_told_without_waiting() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.end("a", now=2.0)
    tracker.take_due(1.0)
    tracker.write("a", "stdout", "x")
    assert len(tracker.take_due(1.0, everything=True)) == 1


def test_an_update_reaches_displays_of_other_commands() -> None:
    tracker = Tracker()
    for command in "ab":
        tracker.open(command, REQUEST, now=0.0)
        tracker.add(command, ONE, 10, "shared")
    tracker.end("a", now=2.0)
    tracker.take_due(0.0)
    tracker.update("shared", TWO, 10)
    tracker.end("b", now=2.0)
    told = responses(tracker.take_due(10.0))
    assert [response.outputs for response in told if response] == [[TWO], [TWO]]


def test_displaying_under_a_known_id_updates_what_stands_there() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.add("a", ONE, 10, "id")
    tracker.add("a", TWO, 10, "id")
    tracker.end("a", now=2.0)
    [response] = responses(tracker.take_due(0.0))
    assert response is not None
    assert response.outputs == [TWO, TWO]


def test_an_update_of_nothing_shown_tells_nothing() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.add("a", ONE, 10, "id")
    tracker.clear("a", wait=False)
    tracker.end("a", now=2.0)
    tracker.take_due(0.0)
    tracker.update("id", TWO, 10)
    assert tracker.due() is None


def test_an_error_among_the_outputs_decides_the_status_even_when_cleared() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.add("a", schemas.ErrorOutput(ename="E", evalue="", traceback=[]), 10)
    tracker.clear("a", wait=False)
    tracker.end("a", now=2.0)
    [response] = responses(tracker.take_due(0.0))
    assert response is not None
    assert response.status == "error"


def test_what_runs_when_the_kernel_goes_is_aborted() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.open("b", REQUEST, now=0.0)
    tracker.end("a", now=2.0)
    tracker.end_all(2.0, "gone")
    told = [response for response in responses(tracker.take_due(0.0)) if response]
    assert [(response.status, response.note) for response in told] == [
        ("completed", ""),
        ("aborted", "gone"),
    ]


def test_a_dropped_command_is_not_told_of() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.write("a", "stdout", "secret")
    tracker.drop("a", now=2.0)
    tracker.write("a", "stdout", "more")
    tracker.end("a", now=2.0)
    assert tracker.take_due(9.0, everything=True) == []


def test_a_dropped_command_that_was_told_of_stays_without_outputs() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.write("a", "stdout", "secret")
    tracker.take_due(1.0)
    tracker.drop("a", now=2.0)
    tracker.write("a", "stdout", "more")
    [response] = responses(tracker.take_due(1.0))
    assert response is not None
    assert (response.outputs, response.note) == ([], tracking.OMITTED)


def test_the_same_id_opened_twice_is_one_command() -> None:
    tracker = Tracker()
    tracker.open("a", REQUEST, now=0.0)
    tracker.write("a", "stdout", "x")
    tracker.open("a", REQUEST, now=0.0)
    tracker.end("a", now=2.0)
    [response] = responses(tracker.take_due(0.0))
    assert response is not None
    assert response.outputs == [schemas.Stream(name="stdout", text="x")]


def test_old_commands_are_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "MAX_ENDED", 2)
    tracker = Tracker()
    for number, command in enumerate("abc"):
        tracker.open(command, REQUEST, now=10.0 * number)
        tracker.add(command, ONE, 10, "shared")
        tracker.end(command, now=2.0)
        tracker.take_due(10.0 * number)
    assert [tracker.knows(command) for command in "abc"] == [False, True, True]
    tracker.update("shared", TWO, 10)
    assert [recording.id for recording in tracker.take_due(99.0)] == ["b", "c"]


def test_no_more_is_kept_of_ended_commands_than_their_outputs_may_take() -> None:
    tracker = Tracker(ended_limit=200)
    for number in range(5):
        tracker.open(str(number), REQUEST, now=0.0)
        tracker.write(str(number), "stdout", "x" * 80)
        tracker.end(str(number), now=2.0)
        tracker.take_due(0.0)
    assert [number for number in range(5) if tracker.knows(str(number))] == [3, 4]
