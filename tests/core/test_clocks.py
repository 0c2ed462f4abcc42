"""Clocks that are set, and clocks that differ: what arrives counts, in its order."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from jupyter_sessions import api, schemas
from jupyter_sessions.core.clock_watch import ClockWatch
from tests.conftest import Store
from tests.core.asking import command, commands, do, log, record, recorded, running

STEPS = [timedelta(hours=-1), timedelta(days=400), timedelta(seconds=-2)]


@pytest.fixture
def code(store: Store) -> str:
    return store.new().code


def at(recording: schemas.Recording, step: timedelta) -> schemas.Recording:
    """Give a command's end by a clock that was set meanwhile."""
    assert recording.response is not None
    finished = recording.response.finished + step
    return msgspec.structs.replace(
        recording, response=msgspec.structs.replace(recording.response, finished=finished)
    )


@pytest.mark.parametrize("step", STEPS)
def test_commands_stand_in_the_order_in_which_they_came(store: Store, code: str, step) -> None:
    record(store, code, recorded(store, "a"))
    store.clock.now += step
    record(store, code, recorded(store, "b"))
    assert [each.source for each in commands(store, code, order="oldest")] == ["a", "b"]
    assert [each.number for each in log(store, code)] == [1, 2, 3]


@pytest.mark.parametrize("step", STEPS)
def test_later_outputs_count_whatever_the_clock_says(store: Store, code: str, step) -> None:
    early = recorded(store, "go()", uid="u", text="early")
    record(store, code, msgspec.structs.replace(early, version=1))
    late = at(recorded(store, "go()", uid="u", text="early late"), step)
    record(store, code, msgspec.structs.replace(late, version=2))
    assert command(store, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("step", STEPS)
def test_in_one_request_the_later_word_counts(store: Store, code: str, step) -> None:
    late = at(recorded(store, "go()", uid="u", text="early late"), step)
    record(store, code, recorded(store, "go()", uid="u", text="early"), late)
    assert command(store, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("together", [False, True])
def test_an_earlier_word_that_comes_late_changes_nothing(
    store: Store, code: str, together: bool
) -> None:
    """A request is thought to be lost, the next one is sent, and then the first is carried out."""

    def word(version: int, text: str) -> schemas.Recording:
        made = recorded(store, "go()", uid="u", text=text)
        return msgspec.structs.replace(made, version=version)

    words = [word(2, "early"), word(3, "early late"), word(2, "early")]
    for batch in [words] if together else [[each] for each in words]:
        record(store, code, *batch)
    assert command(store, code, 1).summary.preview == "early late"
    record(store, code, word(0, "not counted"))
    assert command(store, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("step", STEPS)
def test_the_end_of_a_command_counts_though_its_clock_was_put_back(
    store: Store, code: str, step
) -> None:
    record(store, code, running(store, "u", "go()", after=9))
    record(store, code, at(recorded(store, "go()", uid="u", text="done"), step))
    assert command(store, code, 1).summary.status == "completed"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("together", [False, True])
def test_that_a_command_was_aborted_is_a_guess_that_gives_way_to_who_saw_its_end(
    store: Store, code: str, step, together: bool
) -> None:
    ended = recorded(store, "go()", uid="u", text="all")
    guess = at(recorded(store, "go()", uid="u", text="more than all", status="aborted"), step)
    for words in ([guess, ended], [guess], [ended]):
        for batch in [words] if together else [[each] for each in words]:
            record(store, code, *batch)
        found = command(store, code, 1).summary
        assert (found.status, found.preview) == ("completed", "all")


@pytest.mark.parametrize("step", STEPS)
def test_of_two_guesses_the_fuller_one_stays(store: Store, code: str, step) -> None:
    full = recorded(store, "go()", uid="u", text="one two", status="aborted")
    less = at(recorded(store, "go()", uid="u", text="one", status="aborted"), step)
    for each in (less, full, less):
        record(store, code, each)
    assert command(store, code, 1).summary.preview == "one two"


def test_who_was_seen_before_the_clock_was_put_back_is_not_there_for_ever(store: Store, code: str):
    do(store, "root", api.KEEP_PRESENCE, code=code, client="gone", kind="kernel", agent="")
    do(store, "root", api.KEEP_PRESENCE, code=code, client="here", kind="kernel", agent="")
    store.clock.forward(hours=-3)
    do(store, "root", api.KEEP_PRESENCE, code=code, client="here", kind="kernel", agent="")
    assert len(do(store, "root", api.LIST_PRESENCE, code=code).here) == 1


def test_idle_time_counts_from_the_last_use_after_the_clock_was_put_back(store: Store) -> None:
    store.clock.forward(days=20)
    store.add("ann")  # logs in while the clock is ahead
    store.clock.forward(days=-20)
    store.new("ann")
    (login,) = do(store, "ann", api.LIST_LOGINS).items
    assert login.last_used == store.clock()


@pytest.mark.parametrize(("step", "steady"), [(0, True), (-5, True), (90, False), (-3600, False)])
def test_a_clock_that_jumps_is_noticed_once(step: float, steady: bool) -> None:
    wall, passed = [1_000_000.0], [5.0]
    watch = ClockWatch(lambda: wall[0], lambda: passed[0])
    for _ in range(2):
        wall[0] += 3600
        passed[0] += 3600
        assert watch.is_steady()
    wall[0] += 3600 + step
    passed[0] += 3600
    assert watch.is_steady() is steady
    assert watch.is_steady()
