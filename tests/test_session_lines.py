"""The lines of a cell that are for sessions are read alike everywhere."""

from __future__ import annotations

import pytest

from jupyter_sessions.session_lines import (
    list_commands,
    manages_sessions,
    replays_commands,
    turns_recording_off,
)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("%session login https://h", ["login"]),
        ('x = 1\n  %session "login" h\n%session\n%session new Rain', ["login", "new"]),
        ("%session\nlogin", []),
        ("%session new 'Rain", ["new"]),
        ("%session ''", [""]),
        ("# %session login\n%sessions login\nprint('%session login')", []),
    ],
)
def test_the_commands_of_a_source_are_listed(source: str, names: list[str]) -> None:
    assert list_commands(source) == names


@pytest.mark.parametrize("source", ["%%session off", "\n %%session  off \nx = 1"])
def test_a_cell_begins_with_off(source: str) -> None:
    assert turns_recording_off(source)


@pytest.mark.parametrize("source", ["%%session\noff", "%%session offer", "x\n%%session off", "off"])
def test_no_other_cell_is_left_out(source: str) -> None:
    assert not turns_recording_off(source)


def test_what_replays_is_work() -> None:
    for source in ("%session replay 3", '%session "replay" 3', "x = 1\n%session replay 1..2"):
        assert replays_commands(source)
        assert not manages_sessions(source)
    assert not replays_commands("%session replayed")
