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
def code(house: Store) -> str:
    return house.new().code


def at(recording: schemas.Recording, step: timedelta) -> schemas.Recording:
    """Give a command's end by a clock that was set meanwhile."""
    assert recording.response is not None
    finished = recording.response.finished + step
    return msgspec.structs.replace(
        recording, response=msgspec.structs.replace(recording.response, finished=finished)
    )


@pytest.mark.parametrize("step", STEPS)
def test_commands_stand_in_the_order_in_which_they_came(house: Store, code: str, step) -> None:
    record(house, code, recorded(house, "a"))
    house.clock.now += step
    record(house, code, recorded(house, "b"))
    assert [each.source for each in commands(house, code, order="oldest")] == ["a", "b"]
    assert [each.number for each in log(house, code)] == [1, 2, 3]


@pytest.mark.parametrize("step", STEPS)
def test_later_outputs_count_whatever_the_clock_says(house: Store, code: str, step) -> None:
    early = recorded(house, "go()", uid="u", text="early")
    record(house, code, msgspec.structs.replace(early, version=1))
    late = at(recorded(house, "go()", uid="u", text="early late"), step)
    record(house, code, msgspec.structs.replace(late, version=2))
    assert command(house, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("step", STEPS)
def test_in_one_request_the_later_word_counts(house: Store, code: str, step) -> None:
    late = at(recorded(house, "go()", uid="u", text="early late"), step)
    record(house, code, recorded(house, "go()", uid="u", text="early"), late)
    assert command(house, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("together", [False, True])
def test_an_earlier_word_that_comes_late_changes_nothing(
    house: Store, code: str, together: bool
) -> None:
    """A request is thought to be lost, the next one is sent, and then the first is carried out."""

    def word(version: int, text: str) -> schemas.Recording:
        made = recorded(house, "go()", uid="u", text=text)
        return msgspec.structs.replace(made, version=version)

    words = [word(2, "early"), word(3, "early late"), word(2, "early")]
    for batch in [words] if together else [[each] for each in words]:
        record(house, code, *batch)
    assert command(house, code, 1).summary.preview == "early late"
    record(house, code, word(0, "not counted"))
    assert command(house, code, 1).summary.preview == "early late"


@pytest.mark.parametrize("step", STEPS)
def test_the_end_of_a_command_counts_though_its_clock_was_put_back(
    house: Store, code: str, step
) -> None:
    record(house, code, running(house, "u", "go()", after=9))
    record(house, code, at(recorded(house, "go()", uid="u", text="done"), step))
    assert command(house, code, 1).summary.status == "completed"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("together", [False, True])
def test_that_a_command_was_aborted_is_a_guess_that_gives_way_to_who_saw_its_end(
    house: Store, code: str, step, together: bool
) -> None:
    ended = recorded(house, "go()", uid="u", text="all")
    guess = at(recorded(house, "go()", uid="u", text="more than all", status="aborted"), step)
    for words in ([guess, ended], [guess], [ended]):
        for batch in [words] if together else [[each] for each in words]:
            record(house, code, *batch)
        found = command(house, code, 1).summary
        assert (found.status, found.preview) == ("completed", "all")


@pytest.mark.parametrize("step", STEPS)
def test_of_two_guesses_the_fuller_one_stays(house: Store, code: str, step) -> None:
    full = recorded(house, "go()", uid="u", text="one two", status="aborted")
    less = at(recorded(house, "go()", uid="u", text="one", status="aborted"), step)
    for each in (less, full, less):
        record(house, code, each)
    assert command(house, code, 1).summary.preview == "one two"


def test_who_was_seen_before_the_clock_was_put_back_is_not_there_for_ever(house: Store, code: str):
    do(house, "root", api.KEEP_PRESENCE, code=code, client="gone", kind="kernel", agent="")
    do(house, "root", api.KEEP_PRESENCE, code=code, client="here", kind="kernel", agent="")
    house.clock.forward(hours=-3)
    do(house, "root", api.KEEP_PRESENCE, code=code, client="here", kind="kernel", agent="")
    assert len(do(house, "root", api.LIST_PRESENCE, code=code).here) == 1


def test_idle_time_counts_from_the_last_use_after_the_clock_was_put_back(house: Store) -> None:
    house.clock.forward(days=20)
    house.add("ann")  # logs in while the clock is ahead
    house.clock.forward(days=-20)
    house.new("ann")
    (login,) = do(house, "ann", api.LIST_LOGINS).items
    assert login.last_used == house.clock()


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
